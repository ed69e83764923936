"""What stands above the curves: a legend whose entries show values and switch curves, and the smoothing slider."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QSlider, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.keys import MOVES, claims
from tfviz.views.plots.ticks import short_number
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

FONT_SIZES = 13, 11
"""Of a legend, in pixels; the smaller one where there is little room."""
SLIDER_STEPS = 100
STRONGEST = 3.0  # the slider ends at a factor of 1 - 10**-3


@guarded
class LegendButton(QAbstractButton):
    """A dot in the curve's colour, its name and its value; pressing it hides the curve (a ring) or shows it (a dot).

    Two dotted curves of one name have a row of small dots each. Without room for the value it stands in place of the
    name while a step is pointed at."""

    def __init__(
        self,
        name: str,
        colours: Sequence[int],
        short: str,
        sample: str = "0.0000",
        parent: QWidget | None = None,
    ) -> None:
        """`colours` are indices of the theme's series; `short` is what the name is where there is little room, and
        room is kept for a value as wide as `sample`."""
        super().__init__(parent)
        self._names, self._short = (name, short), False
        self.setText(name)
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.value = ""
        self.branch: int | None = None
        """Whose curve it is, where it has the colour of a branch."""
        self.shows_value = True
        self._pointed = False
        self._colours, self._sample, self._theme = tuple(colours), sample, DARK
        self._dots_state: object = None
        self._dots_picture = QPixmap()

    def set_value(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.update()

    def show_branch(self, number: int) -> None:
        """Take the colour of a branch."""
        self.branch = number
        self.update()

    def point(self, pointed: bool) -> None:
        """Somebody points at a step, or no longer."""
        if pointed != self._pointed:
            self._pointed = pointed
            self.update()

    def show_value(self, shown: bool) -> None:
        """Beside the name; without it the entry needs less room."""
        if shown != self.shows_value:
            self.shows_value = shown
            self.updateGeometry()

    def shorten(self, short: bool) -> None:
        """Say less, in smaller letters, or again all of it."""
        if short != self._short:
            self._short = short
            self.setText(self._names[short])
            self.setFont(interface_font(FONT_SIZES[short]))
            self.updateGeometry()

    def width_needed(self, with_value: bool, short: bool) -> int:
        advance = QFontMetrics(interface_font(FONT_SIZES[short])).horizontalAdvance
        name = self._names[short]
        return 21 + (
            advance(f"{name} {self._sample}") if with_value else max(advance(name), advance(self._sample))
        )

    def sizeHint(self) -> QSize:
        return QSize(self.width_needed(self.shows_value, self._short), 22)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        if self.hasFocus() or self.underMouse():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour("accent" if self.hasFocus() else "line")))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.drawPixmap(0, 0, self._dots())
        painter.setPen(theme.colour("text" if self.isChecked() else "faint"))
        text = self.value if self._pointed else self.text()
        if self.shows_value:
            text = f"{self.text()} {self.value}"
        painter.drawText(17, 0, self.width() - 17, self.height(), Qt.AlignmentFlag.AlignVCenter, text)

    def _dots(self) -> QPixmap:
        """The mark of the series, kept: the value beside it changes several times a second."""
        theme, ratio = self._theme, self.devicePixelRatioF()
        names = tuple(theme.series[place] for place in self._colours)
        if self.branch is not None:
            names = (theme.branch(self.branch),)
        state = (names, self.isChecked(), self.height(), ratio)
        if state != self._dots_state:
            self._dots_state, self._dots_picture = (
                state,
                QPixmap(round(17 * ratio), round(self.height() * ratio)),
            )
            self._dots_picture.setDevicePixelRatio(ratio)
            self._dots_picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._dots_picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_dots(painter, names)
            painter.end()
        return self._dots_picture

    def _paint_dots(self, painter: QPainter, names: Sequence[str]) -> None:
        theme, middle = self._theme, QPointF(8.5, self.height() / 2)
        pairs = len(names) == 2
        for row, name in enumerate(names):
            colour = theme.colour(name)
            painter.setPen(QPen(colour, 0.8 if pairs else 1.6))
            painter.setBrush(colour if self.isChecked() else Qt.BrushStyle.NoBrush)
            if pairs:
                for column in (-1, 0, 1):
                    painter.drawEllipse(middle + QPointF(4.5 * column, 5.0 * row - 2.5), 1.3, 1.3)
            else:
                painter.drawEllipse(middle, 4.2, 4.2)


class SmoothingSlider(QSlider):
    """Smoothing factors from 0 to 0.999, finer towards the end: equal distances multiply the averaged steps equally."""

    def __init__(self, factor: float, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, SLIDER_STEPS)
        self.setPageStep(10)
        self.setFixedWidth(64)
        self.setAccessibleName("Smoothing of the training curves")
        self.valueChanged.connect(self._describe)
        self.setValue(round(-math.log10(1.0 - factor) / STRONGEST * SLIDER_STEPS))

    @property
    def factor(self) -> float:
        return 1.0 - 10.0 ** (-STRONGEST * self.value() / SLIDER_STEPS)

    def event(self, event: QEvent) -> bool:
        # While it has the focus the arrow keys are the slider's, not the clock's.
        return claims(event, (*MOVES, Qt.Key.Key_Home, Qt.Key.Key_End)) or super().event(event)

    def _describe(self) -> None:
        steps = round(1.0 / (1.0 - self.factor))
        text = (
            f"Smoothing {self.factor:.3g}: an average over about {steps:,} steps"
            if steps > 1
            else "No smoothing"
        )
        self.setToolTip(text)
        self.setAccessibleDescription(text)


def value_text(value: float) -> str:
    """A recorded value in about six characters; a dash where there is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if 0.01 <= abs(value) < 100 or value == 0:
        return f"{value:.3f}"
    if abs(value) < 0.001:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.1f}" if 100 <= abs(value) < 10_000 else short_number(float(f"{value:.2g}"))
