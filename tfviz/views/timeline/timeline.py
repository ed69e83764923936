"""The timeline: what is recorded of the run, where the clock stands, and a way to go anywhere by mouse."""

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

import numpy
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFont,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.panel import label
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.widgets import Throttle
from tfviz.views.plots.ticks import step_ticks
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import DARK, Theme
from tfviz.views.timeline.live_chip import LiveChip
from tfviz.views.timeline.markers import Marker, paint_keyframe, paint_marker
from tfviz.views.timeline.replay_speed import ReplaySpeed
from tfviz.views.timeline.step_entry import StepEntry

LEFT, RIGHT = 190.0, 234.0  # beside the track: title and step entry; replay speed and live chip
ENTRY_PLACE, ENTRY_WIDTH, SPEED_WIDTH, FIELD_HEIGHT = 82, 84, 76, 28
TRACK_TOP, TRACK_HEIGHT = 15.0, 6.0
LEAST_EXTENT = 100  # steps of an open-ended run that has hardly begun
KEYFRAME_DISTANCE = 12.0
AROUND = 12  # pixels on either side of a place that are painted anew when it moves
NEAR = 6.0  # pixels from a mark at which the pointer is on it


class _Picture(NamedTuple):
    """What the painted parts depend on: places in half pixels, and what changes all."""

    places: tuple[int, ...]
    kind: tuple[object, ...]


@guarded
class Timeline(QWidget):
    """One painted widget as wide as the window. Steps asked for by the mouse are within the record."""

    step_requested = Signal(int)
    go_live = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else all that is behind is painted, too
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(48)
        self.setMinimumWidth(320)
        self.theme = DARK
        self.first, self.frontier = 0, 0
        self.total: int | None = None
        self.step, self.following = 0, True
        self.keyframes = numpy.empty(0, numpy.int64)
        self.markers: tuple[Marker, ...] = ()
        self.hovered: int | None = None
        self.pinned: int | None = None
        self._dragging = False
        self._layers: dict[str, tuple[object, QPixmap]] = {}
        self.step_entry = StepEntry(self)
        self.step_entry.setGeometry(ENTRY_PLACE, 10, ENTRY_WIDTH, FIELD_HEIGHT)
        self.replay_label = label("Replay", "dim")
        self.replay_label.setParent(self)
        self.replay_speed = ReplaySpeed(self)
        self.replay_speed.resize(SPEED_WIDTH, FIELD_HEIGHT)
        self.live_chip = LiveChip(self)
        self.live_chip.clicked.connect(self.go_live)
        self._describe_throttle = Throttle(self._describe, 1.0, self)

    def sizeHint(self) -> QSize:
        return QSize(1580, 48)

    # what the window says

    def show_range(self, first: int, frontier: int, total: int | None) -> None:
        """Steps first..frontier are recorded; the run ends at `total`, or is open-ended (None)."""
        before = self._picture()
        self.first, self.frontier, self.total = first, frontier, total
        self._update_if_changed(before)

    def show_playhead(self, step: int, following: bool) -> None:
        """The clock's step, and whether it follows the newest one."""
        before = self._picture()
        self.step, self.following = step, following
        self.step_entry.show_step(step)
        if following != self.live_chip.lit:
            self.live_chip.show_lit(following)
        self._update_if_changed(before)

    def set_keyframes(self, steps: Sequence[int] | numpy.ndarray) -> None:
        """The steps from which the run can resume at once."""
        keyframes = numpy.sort(numpy.asarray(steps, numpy.int64))
        if not numpy.array_equal(keyframes, self.keyframes):
            self.keyframes = keyframes
            self.update()

    def set_markers(self, markers: Sequence[Marker]) -> None:
        """Interventions and alerts."""
        if tuple(markers) != self.markers:
            self.markers = tuple(markers)
            self.update()

    def show_pinned(self, step: int | None) -> None:
        """A pin at a step that others are compared with; None takes it away."""
        if step != self.pinned:
            self.pinned = step
            self.update()

    def recolour(self, theme: Theme) -> None:
        self.theme = self.live_chip.theme = theme
        self.update()

    # where steps are

    @property
    def extent(self) -> int:
        """The step at the right end of the track: the end of the run, or a round number beyond the record."""
        if self.total is not None:
            return max(self.total, self.frontier, 1)
        return open_extent(self.frontier)

    @property
    def track(self) -> QRectF:
        """The bar, in widget coordinates."""
        return QRectF(LEFT, TRACK_TOP, self._track_width, TRACK_HEIGHT)

    @property
    def _track_width(self) -> float:
        return max(self.width() - LEFT - RIGHT, 1.0)

    def position(self, step: float) -> float:
        """The x coordinate of a step."""
        return LEFT + step / self.extent * self._track_width

    def step_at(self, x: float) -> int:
        """The recorded step nearest to an x coordinate."""
        step = round((x - self.track.left()) / self.track.width() * self.extent)
        return min(max(step, self.first), self.frontier)

    # what the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._on_track(event.position()):
            marked = self._marked_at(event.position())
            self._dragging = marked is None
            self._request(self.step_at(event.position().x()) if marked is None else marked)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        on_track = self._dragging or self._on_track(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if on_track else Qt.CursorShape.ArrowCursor)
        if self._dragging:
            self._request(self.step_at(event.position().x()))
        self._hover(self._pointed_at(event.position()) if on_track else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hover(self._pointed_at(event.position()) if self._on_track(event.position()) else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        right = self.width() - 2
        self.replay_label.adjustSize()
        for widget in (self.live_chip, self.replay_speed, self.replay_label):
            right -= widget.width() + 10
            widget.move(right, (self.height() - widget.height()) // 2)

    def _on_track(self, position: QPointF) -> bool:
        return self.frontier > 0 and self.track.adjusted(-10, -14, 10, 26).contains(position)

    def _pointed_at(self, position: QPointF) -> int:
        marked = None if self._dragging else self._marked_at(position)
        return self.step_at(position.x()) if marked is None else marked

    def _marked_at(self, position: QPointF) -> int | None:
        """The step of the nearest mark above the track that the pointer is on: a pixel may stand for many steps."""
        if position.y() >= self.track.top() - 1:
            return None
        away = [
            (abs(self.position(marker.step) - position.x()), marker.step)
            for marker in self.markers
            if marker.kind != "branch"
        ]
        distance, step = min(away, default=(math.inf, 0))
        return min(max(step, self.first), self.frontier) if distance <= NEAR else None

    def _request(self, step: int) -> None:
        if step != self.step or self.following:
            self.step_requested.emit(step)

    def _hover(self, step: int | None) -> None:
        if step != self.hovered:
            self.hovered = step
            near = [] if step is None else [marker for marker in self.markers if self._is_near(marker, step)]
            self.setToolTip("".join(f"<p>Step {marker.step:,}: {escape(marker.text)}</p>" for marker in near))
            self.update()

    def _is_near(self, marker: Marker, step: int) -> bool:
        return abs(self.position(marker.step) - self.position(step)) <= NEAR

    # painting

    def _picture(self) -> _Picture:
        """What the painted parts depend on, to half a pixel."""
        places = (round(2 * self.position(step)) for step in (self.first, self.frontier, self.step))
        return _Picture(tuple(places), (self.extent, self.following))

    def _update_if_changed(self, before: _Picture) -> None:
        """Paint anew what lies between the old places and the new ones, or everything."""
        after = self._picture()
        if after.kind != before.kind:
            self.update()
        elif after.places != before.places:
            moved = [
                place
                for pair in zip(before.places, after.places, strict=True)
                if pair[0] != pair[1]
                for place in pair
            ]
            left, right = min(moved) // 2 - AROUND, max(moved) // 2 + AROUND
            self.update(left, 0, right - left, self.height())
        self._describe_throttle.request()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._layer("ground", self._paint_ground, self.hasFocus()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_record(painter)
        painter.drawPixmap(
            0, 0, self._layer("marks", self._paint_marks, self.keyframes.tobytes(), self.markers)
        )
        if self.pinned is not None:
            self._paint_pin(painter, self.pinned)
        self._paint_playhead(painter)
        if self.hovered is not None:
            self._paint_hover(painter, self.hovered)

    def _layer(self, name: str, paint: Callable[[QPainter], None], *causes: object) -> QPixmap:
        """What does not move with the clock, painted when one of its causes changes: the rest is a copy."""
        state = (self.size(), self.devicePixelRatioF(), self.theme.name, self.extent, *causes)
        if name not in self._layers or self._layers[name][0] != state:
            pixmap = QPixmap(self.size() * self.devicePixelRatioF())
            pixmap.setDevicePixelRatio(self.devicePixelRatioF())
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint(painter)
            painter.end()
            self._layers[name] = (state, pixmap)
        return self._layers[name][1]

    def _paint_ground(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), self.theme.colour("background"))
        self._paint_card(painter)
        self._paint_ticks(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.colour("line"))
        painter.drawRoundedRect(self.track, TRACK_HEIGHT / 2, TRACK_HEIGHT / 2)

    def _paint_card(self, painter: QPainter) -> None:
        painter.setPen(QPen(self.theme.colour("accent" if self.hasFocus() else "line")))
        painter.setBrush(self.theme.colour("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setPen(self.theme.colour("text"))
        painter.setFont(interface_font(13, QFont.Weight.DemiBold))
        painter.drawText(QRectF(12, 0, LEFT - 20, self.height()), Qt.AlignmentFlag.AlignVCenter, "Timeline")

    def _paint_ticks(self, painter: QPainter) -> None:
        font = interface_font(11)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self.theme.colour("faint"))
        end = f"{self.extent:,}"
        last_left = self.position(self.extent) - metrics.horizontalAdvance(end) / 2
        for step, text in step_ticks(0, self.extent, max(int(self.track.width() / 110), 2)):
            width = metrics.horizontalAdvance(text)
            if self.position(step) + width / 2 + 12 < last_left:
                painter.drawText(QPointF(self.position(step) - width / 2, 40), text)
        painter.drawText(QPointF(last_left, 40), end)

    def _paint_record(self, painter: QPainter) -> None:
        left, right = self.position(self.first), self.position(self.frontier)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.mix("panel", "accent", 0.55))
        recorded = QRectF(left, TRACK_TOP, right - left, TRACK_HEIGHT)
        painter.drawRoundedRect(recorded, TRACK_HEIGHT / 2, TRACK_HEIGHT / 2)

    def _paint_marks(self, painter: QPainter) -> None:
        middle = self.track.center().y()
        painter.setPen(QPen(self.theme.colour("panel"), 1))
        painter.setBrush(self.theme.colour("warn"))
        places = self.track.left() + self.keyframes * (self.track.width() / self.extent)
        for x in spaced(places, KEYFRAME_DISTANCE):
            paint_keyframe(painter, x, middle)
        for marker in self.markers:
            paint_marker(painter, marker, self.position(marker.step), self.track.bottom(), self.theme)

    def _paint_pin(self, painter: QPainter, step: int) -> None:
        x = round(self.position(step)) + 0.5
        painter.setPen(QPen(self.theme.colour("accent"), 1))
        painter.drawLine(QPointF(x, 7.0), QPointF(x, self.track.bottom() + 5))
        painter.setBrush(self.theme.colour("accent"))
        painter.drawEllipse(QPointF(x, 7.0), 3, 3)

    def _paint_playhead(self, painter: QPainter) -> None:
        centre = QPointF(self.position(self.step), TRACK_TOP + TRACK_HEIGHT / 2)
        painter.setPen(QPen(self.theme.colour("panel"), 2))
        painter.setBrush(self.theme.colour("accent" if self.following else "text"))
        painter.drawEllipse(centre, 8, 8)

    def _paint_hover(self, painter: QPainter, step: int) -> None:
        """The step under the pointer, written over the tick marks."""
        x, font, text = self.position(step), monospace_font(11), f"{step:,}"
        width = QFontMetricsF(font).horizontalAdvance(text) + 10
        area = QRectF(min(max(x - width / 2, LEFT - 30), self.width() - width - 4), 28.5, width, 16)
        painter.setPen(QPen(self.theme.colour("faint")))
        painter.drawLine(QPointF(x, self.track.top() - 5), QPointF(x, area.top()))
        painter.setBrush(self.theme.colour("raised"))
        painter.drawRoundedRect(area, 3, 3)
        painter.setFont(font)
        painter.setPen(self.theme.colour("text"))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)

    def _describe(self) -> None:
        end = f" of {self.total:,}" if self.total is not None else ""
        state = "live" if self.following else f"recorded up to step {self.frontier:,}"
        self.setAccessibleDescription(f"Step {self.step:,}{end}, {state}")


def spaced(places: numpy.ndarray, distance: float) -> list[float]:
    """Of ascending places the first, and then each that is at least so far behind the one before it."""
    kept: list[float] = []
    _, telling = numpy.unique(numpy.floor(places), return_index=True)
    for place in places[telling].tolist():
        if not kept or place - kept[-1] >= distance:
            kept.append(place)
    return kept


def open_extent(frontier: int) -> int:
    """A round number of steps of which the record fills at most nine tenths."""
    needed = max(frontier / 0.9, LEAST_EXTENT)
    power = 10.0 ** math.floor(math.log10(needed))
    return round(
        power * next(factor for factor in (1, 1.5, 2, 3, 5, 7.5, 10) if factor * power >= needed * (1 - 1e-9))
    )
