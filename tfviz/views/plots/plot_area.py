"""Which steps and values a plot shows, and where they stand in it."""

from PySide6.QtCore import QPointF, QRectF

Range = tuple[float, float]

LEAST_RANGE = 8.0  # steps


class PlotArea:
    """A rectangle of the scene, in pixels, that shows a range of steps and a range of values (upwards)."""

    def __init__(self) -> None:
        self.rectangle = QRectF(0.0, 0.0, 1.0, 1.0)
        self.steps: Range = (0.0, 1.0)
        self.values: Range = (0.0, 1.0)
        self.most_steps = 1.0
        """The step beyond which nobody can look."""

    def width(self) -> float:
        return self.rectangle.width()

    def height(self) -> float:
        return self.rectangle.height()

    @property
    def steps_per_pixel(self) -> float:
        return (self.steps[1] - self.steps[0]) / self.rectangle.width()

    def show_steps(self, first: float, last: float) -> bool:
        """Show these, or as nearly so as 0..most_steps allows; True if they are others than before."""
        span = min(max(last - first, LEAST_RANGE), self.most_steps)
        first = (first + last - span) / 2
        first = min(max(first, 0.0), self.most_steps - span)
        before, self.steps = self.steps, (first, first + span)
        return self.steps != before

    def x(self, step: float) -> float:
        """Pixels from the left edge."""
        first, last = self.steps
        return (step - first) * (self.rectangle.width() / (last - first))

    def y(self, value: float) -> float:
        """Pixels from the upper edge."""
        low, high = self.values
        return (high - value) * (self.rectangle.height() / (high - low))

    def mapViewToScene(self, point: QPointF) -> QPointF:
        """(step, value) -> (x, y) of the scene."""
        return self.rectangle.topLeft() + QPointF(self.x(point.x()), self.y(point.y()))

    def mapSceneToView(self, point: QPointF) -> QPointF:
        """(x, y) of the scene -> (step, value)."""
        (first, last), (low, high) = self.steps, self.values
        place = point - self.rectangle.topLeft()
        return QPointF(
            first + place.x() * (last - first) / self.rectangle.width(),
            high - place.y() * (high - low) / self.rectangle.height(),
        )
