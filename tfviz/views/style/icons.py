"""The icons, painted by QPainter in the theme's colours at any device pixel ratio: no picture files."""

from collections.abc import Callable

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QIconEngine, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

Draw = Callable[[QPainter], None]

# Every picture is drawn in a box of 16 x 16 units with a round pen 1.6 wide and a brush of the icon's colour.


def _polygon(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))


def _lines(painter: QPainter, *lines: tuple[float, float, float, float]) -> None:
    painter.drawLines([QLineF(*line) for line in lines])


def _bar(painter: QPainter, x: float, y: float, width: float, height: float) -> None:
    painter.fillRect(QRectF(x, y, width, height), painter.brush())


def _outlined(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _play(painter: QPainter) -> None:
    _polygon(painter, (4.5, 3), (13, 8), (4.5, 13))


def _pause(painter: QPainter) -> None:
    _bar(painter, 3.5, 2.5, 3.2, 11)
    _bar(painter, 9.3, 2.5, 3.2, 11)


def _step(painter: QPainter) -> None:
    _polygon(painter, (3, 3.2), (9.5, 8), (3, 12.8))
    _bar(painter, 11, 2.4, 2, 11.2)


def _step_back(painter: QPainter) -> None:
    _polygon(painter, (13, 3.2), (6.5, 8), (13, 12.8))
    _bar(painter, 3, 2.4, 2, 11.2)


def _rewind(painter: QPainter) -> None:
    _polygon(painter, (8, 3.6), (2.5, 8), (8, 12.4))
    _polygon(painter, (13.8, 3.6), (8.3, 8), (13.8, 12.4))


def _forward(painter: QPainter) -> None:
    _polygon(painter, (8, 3.6), (13.5, 8), (8, 12.4))
    _polygon(painter, (2.2, 3.6), (7.7, 8), (2.2, 12.4))


def _restart(painter: QPainter) -> None:
    brush = painter.brush()
    _outlined(painter)
    painter.drawArc(QRectF(3, 3.4, 10, 10), 65 * 16, 305 * 16)
    painter.setBrush(brush)
    _polygon(painter, (7.6, 1.4), (11.2, 3.6), (7.9, 6.0))


def _stop(painter: QPainter) -> None:
    _bar(painter, 3.5, 3.5, 9, 9)


def _export(painter: QPainter) -> None:
    _outlined(painter)
    _lines(painter, (8, 2, 8, 10), (4.8, 7, 8, 10.2), (11.2, 7, 8, 10.2))
    painter.drawPolyline(
        QPolygonF([QPointF(2.5, 10), QPointF(2.5, 13.6), QPointF(13.5, 13.6), QPointF(13.5, 10)])
    )


def _open(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawPolygon(
        QPolygonF([QPointF(x, y) for x, y in ((2, 13), (2, 3.2), (6, 3.2), (7.6, 5), (14, 5), (14, 13))])
    )


def _save(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawPolygon(
        QPolygonF([QPointF(x, y) for x, y in ((2.5, 2.5), (11, 2.5), (13.5, 5), (13.5, 13.5), (2.5, 13.5))])
    )
    painter.drawRect(QRectF(5, 9, 6, 4.5))
    _lines(painter, (5.4, 5.4, 9.4, 5.4))


def _new(painter: QPainter) -> None:
    _lines(painter, (8, 2.8, 8, 13.2), (2.8, 8, 13.2, 8))


def _theme(painter: QPainter) -> None:
    brush = painter.brush()
    _outlined(painter)
    painter.drawEllipse(QPointF(8, 8), 5.4, 5.4)
    painter.setBrush(brush)
    painter.drawPie(QRectF(2.6, 2.6, 10.8, 10.8), -90 * 16, 180 * 16)


def _pin(painter: QPainter) -> None:
    _polygon(painter, (5.4, 2.4), (10.6, 2.4), (10, 6.8), (12.2, 9.2), (3.8, 9.2), (6, 6.8))
    _lines(painter, (8, 9.4, 8, 14))


def _lock(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(3.6, 7.4, 8.8, 6.2), 1, 1)
    _outlined(painter)
    painter.drawPath(_shackle(0.0))


def _unlock(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(3.6, 7.4, 8.8, 6.2), 1, 1)
    _outlined(painter)
    painter.drawPath(_shackle(1.0))


def _shackle(lift: float) -> QPainterPath:
    path = QPainterPath(QPointF(5.4, 7.2 - lift))
    path.lineTo(5.4, 5.2 - lift)
    path.arcTo(QRectF(5.4, 2.4 - lift, 5.2, 5.6), 180, -180)
    if not lift:
        path.lineTo(10.6, 7.2)
    return path


def _compare(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawRoundedRect(QRectF(2, 3, 5, 10), 1, 1)
    painter.drawRoundedRect(QRectF(9, 3, 5, 10), 1, 1)


def _swap(painter: QPainter) -> None:
    _lines(painter, (2.5, 5, 11, 5), (13.5, 11, 5, 11))
    _polygon(painter, (10.5, 2.6), (13.6, 5), (10.5, 7.4))
    _polygon(painter, (5.5, 8.6), (2.4, 11), (5.5, 13.4))


def _live(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(8, 8), 3.6, 3.6)


def _check(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawPolyline(QPolygonF([QPointF(3, 8.6), QPointF(6.6, 12), QPointF(13, 4.4)]))


def _cross(painter: QPainter) -> None:
    _lines(painter, (4, 4, 12, 12), (12, 4, 4, 12))


def _warning(painter: QPainter) -> None:
    brush = painter.brush()
    _outlined(painter)
    _polygon(painter, (8, 2.4), (14.2, 13.4), (1.8, 13.4))
    painter.setBrush(brush)
    _lines(painter, (8, 6.6, 8, 9.6))
    painter.drawEllipse(QPointF(8, 11.6), 0.3, 0.3)


def _down(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawPolyline(QPolygonF([QPointF(4, 6.4), QPointF(8, 10.4), QPointF(12, 6.4)]))


def _right(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawPolyline(QPolygonF([QPointF(6.4, 4), QPointF(10.4, 8), QPointF(6.4, 12)]))


def _left(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawPolyline(QPolygonF([QPointF(9.6, 4), QPointF(5.6, 8), QPointF(9.6, 12)]))


def _search(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawEllipse(QPointF(7, 7), 4.2, 4.2)
    _lines(painter, (10.2, 10.2, 13.6, 13.6))


def _help(painter: QPainter) -> None:
    _outlined(painter)
    path = QPainterPath(QPointF(5.2, 5.8))
    path.cubicTo(5.2, 1.6, 11, 1.8, 10.8, 5.6)
    path.cubicTo(10.7, 7.8, 8, 7.8, 8, 10)
    painter.drawPath(path)
    painter.drawEllipse(QPointF(8, 12.9), 0.4, 0.4)


def _solo(painter: QPainter) -> None:
    _outlined(painter)
    for x, y, dx, dy in ((2.5, 2.5, 1, 1), (13.5, 2.5, -1, 1), (2.5, 13.5, 1, -1), (13.5, 13.5, -1, -1)):
        _lines(painter, (x, y, x + 3.4 * dx, y), (x, y, x, y + 3.4 * dy))


def _branch(painter: QPainter) -> None:
    _lines(painter, (4.5, 4.6, 4.5, 11.4))
    path = QPainterPath(QPointF(4.5, 9.4))
    path.cubicTo(4.5, 7, 11.5, 8.6, 11.5, 5.8)
    brush = painter.brush()
    _outlined(painter)
    painter.drawPath(path)
    painter.setBrush(brush)
    for x, y in ((4.5, 3.4), (4.5, 12.6), (11.5, 4.2)):
        painter.drawEllipse(QPointF(x, y), 1.2, 1.2)


def _seed(painter: QPainter) -> None:
    _outlined(painter)
    painter.drawRoundedRect(QRectF(2.6, 2.6, 10.8, 10.8), 2.2, 2.2)
    painter.setBrush(painter.pen().color())
    painter.setPen(Qt.PenStyle.NoPen)
    for x, y in ((5.6, 5.6), (10.4, 5.6), (8, 8), (5.6, 10.4), (10.4, 10.4)):
        painter.drawEllipse(QPointF(x, y), 1.0, 1.0)


def _menu(painter: QPainter) -> None:
    _lines(painter, (3, 4, 13, 4), (3, 8, 13, 8), (3, 12, 13, 12))


def _more(painter: QPainter) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    for y in (3.6, 8, 12.4):
        painter.drawEllipse(QPointF(8, y), 1.3, 1.3)


_DRAWINGS: dict[str, Draw] = {
    "play": _play,
    "pause": _pause,
    "step": _step,
    "step_back": _step_back,
    "rewind": _rewind,
    "forward": _forward,
    "restart": _restart,
    "stop": _stop,
    "export": _export,
    "open": _open,
    "save": _save,
    "new": _new,
    "theme": _theme,
    "pin": _pin,
    "lock": _lock,
    "unlock": _unlock,
    "compare": _compare,
    "swap": _swap,
    "live": _live,
    "check": _check,
    "cross": _cross,
    "warning": _warning,
    "down": _down,
    "right": _right,
    "left": _left,
    "search": _search,
    "help": _help,
    "solo": _solo,
    "branch": _branch,
    "seed": _seed,
    "menu": _menu,
    "more": _more,
}

NAMES = tuple(_DRAWINGS)


def paint_icon(painter: QPainter, name: str, rectangle: QRectF, colour: QColor) -> None:
    """Draw the icon into `rectangle` of any painter, as large as it fits."""
    side = min(rectangle.width(), rectangle.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rectangle.center() - QPointF(side / 2, side / 2))
    painter.scale(side / 16, side / 16)
    painter.setPen(
        QPen(colour, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.setBrush(QBrush(colour))
    _DRAWINGS[name](painter)
    painter.restore()


class _Engine(QIconEngine):
    """Paints on demand, so that one icon is sharp at every size and device pixel ratio."""

    def __init__(self, name: str, colour: QColor, disabled: QColor) -> None:
        super().__init__()
        self._name, self._colour, self._disabled = name, colour, disabled

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = self._disabled if mode == QIcon.Mode.Disabled else self._colour
        paint_icon(painter, self._name, QRectF(rect), colour)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._colour, self._disabled)


def icon(name: str, colour: str | QColor, disabled: str | QColor | None = None) -> QIcon:
    """The icon `name` (see NAMES) in `colour`; `disabled` defaults to the same colour at 40 % opacity."""
    if name not in _DRAWINGS:
        raise ValueError(f"icon {name!r} is unknown; there are {', '.join(NAMES)}")
    main = QColor(colour)
    if disabled is None:
        faded = QColor(main)
        faded.setAlphaF(0.4)
    else:
        faded = QColor(disabled)
    return QIcon(_Engine(name, main, faded))
