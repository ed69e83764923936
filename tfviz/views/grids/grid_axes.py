"""The still part of a grid of cells: where they stand, what is written on both axes, the colour bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPixmap

from tfviz.training.export.figure import visible
from tfviz.training.tokens.tokenizer import SPECIAL_TOKENS
from tfviz.views.grids.cells import LEVELS, Scale, edges
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import Theme

TOP = 8
BAR_WIDTH = 12
BAR_GAP = 16
BAR_LABELS = 38
BAR_TITLE = 18
AXIS_TITLE = 20
TICK = 5
LABEL, SMALL_LABEL = 12, 11
LONGEST_LABEL = 96
LINE = 15  # what a label needs across its text
APART = 4  # pixels between two labels side by side
OVERHANG = 8  # pixels by which the first and the last label may be wider than their cells, to the outside


@dataclass(frozen=True)
class Axes:
    """What the still part shows."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_title: str
    column_title: str
    scale: Scale
    signed: bool = False
    bar_title: str = ""
    """What the colours mean; weights need none."""
    unit: float = 1.0
    """What the numbers beside the colour bar are multiples of."""
    bar: bool = True


@dataclass(frozen=True)
class Geometry:
    """Where everything stands, in logical pixels. Cell (i, j) fills rows[i]:rows[i + 1] x columns[j]:columns[j + 1]."""

    plot: QRect
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    row_label: int
    """The width of the rows' labels."""
    column_label: int
    """The height of the columns' labels."""
    upright: bool
    """Whether the columns' labels are turned by 90 degrees."""
    every_row: int
    every_column: int
    """Every how many labels one is written, so that none overlap."""
    label: int
    """The size of the columns' labels."""

    @property
    def bar(self) -> QRect:
        return QRect(self.plot.right() + 1 + BAR_GAP, self.plot.top(), BAR_WIDTH, self.plot.height())

    def cell(self, row: int, column: int) -> QRect:
        left, top = self.columns[column], self.rows[row]
        return QRect(left, top, self.columns[column + 1] - left, self.rows[row + 1] - top)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        if not self.plot.contains(int(x), int(y)):
            return None
        column = int(numpy.searchsorted(self.columns, x, "right")) - 1
        row = int(numpy.searchsorted(self.rows, y, "right")) - 1
        return min(row, len(self.rows) - 2), min(column, len(self.columns) - 2)


def geometry(axes: Axes, size: QSize) -> Geometry:
    """The arrangement of a grid in a widget of `size`."""
    metrics = QFontMetricsF(monospace_font(LABEL))
    row_label = _extent(axes.rows, metrics)
    left = AXIS_TITLE + row_label + TICK + 3
    beside = BAR_GAP + BAR_WIDTH + BAR_LABELS + (BAR_TITLE if axes.bar_title else 0) if axes.bar else 8
    width = max(size.width() - left - beside, 20)
    upright, every_column, label = _columns_written(axes.columns, width)
    column_label = _extent(axes.columns, metrics) if upright else LINE
    height = max(size.height() - TOP - TICK - 3 - column_label - AXIS_TITLE, 20)
    width, height = _whole(width, len(axes.columns)), _whole(height, len(axes.rows))
    return Geometry(
        QRect(left, TOP, width, height),
        tuple(left + edge for edge in edges(len(axes.columns), width)),
        tuple(TOP + edge for edge in edges(len(axes.rows), height)),
        row_label,
        column_label,
        upright,
        _every(height, axes.rows, LINE),
        every_column,
        label,
    )


def _columns_written(labels: Sequence[str], width: int) -> tuple[bool, int, int]:
    """Whether the columns' labels are turned, every how many columns there is one, and its size.

    They are turned only where even small ones would run into each other.
    """
    if _are_numbers(labels):
        room = QFontMetricsF(monospace_font(LABEL)).horizontalAdvance(labels[-1]) + 10
        return False, _every(width, labels, room), LABEL
    for size in (LABEL, SMALL_LABEL):
        if _closest(labels, QFontMetricsF(monospace_font(size))) <= width / len(labels):
            return False, 1, size
    return True, _every(width, labels, LINE), LABEL


def _are_numbers(labels: Sequence[str]) -> bool:
    """Whether places are counted, rather than named."""
    return labels[0] == "0" and labels[-1] == str(len(labels) - 1)


def _extent(tokens: Sequence[str], metrics: QFontMetricsF) -> int:
    longest = max((metrics.horizontalAdvance(token) for token in tokens), default=0.0)
    return min(int(longest) + 2, LONGEST_LABEL)


def _closest(tokens: Sequence[str], metrics: QFontMetricsF) -> float:
    """How far apart the middles of neighbouring labels must be to be written side by side."""
    widths = [metrics.horizontalAdvance(token) for token in tokens]
    between = [(first + second) / 2 + APART for first, second in pairwise(widths)]
    return max(*between, *(width - 2 * OVERHANG for width in (widths[0], widths[-1])))


def _whole(length: int, count: int) -> int:
    """Cells of equal size where the difference would be seen, unless that leaves much of the space empty."""
    return length - length % count if length >= 6 * count and length % count <= 0.05 * length else length


def _every(length: int, labels: Sequence[str], room: float) -> int:
    """The stride at which each label has `room` pixels; a round one where they are numbers."""
    least = max(-int(-room * len(labels) // length), 1)
    if not _are_numbers(labels):
        return least
    powers = (factor * 10**power for power in range(7) for factor in (1, 2, 5))
    return next(stride for stride in powers if stride >= least)


def axes_pixmap(axes: Axes, place: Geometry, size: QSize, ratio: float, theme: Theme) -> QPixmap:
    """The still part, painted once for an arrangement and a theme."""
    pixmap = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(theme.panel))
    painter = QPainter(pixmap)
    _paint_rows(painter, axes, place, theme)
    _paint_columns(painter, axes, place, theme)
    if axes.bar:
        _paint_bar(painter, axes, place, theme)
    painter.end()
    return pixmap


def _paint_rows(painter: QPainter, axes: Axes, place: Geometry, theme: Theme) -> None:
    painter.setFont(monospace_font(LABEL))
    metrics = QFontMetricsF(painter.font())
    align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for row in range(0, len(axes.rows), place.every_row):
        cell = place.cell(row, 0)
        middle = cell.top() + cell.height() / 2
        area = QRectF(AXIS_TITLE, middle - LINE / 2, place.row_label, LINE)
        paint_token(painter, axes.rows[row], area, align, metrics, theme)
        painter.fillRect(QRectF(place.plot.left() - TICK, int(middle), TICK - 2, 1), QColor(theme.line))
    painter.setFont(interface_font(11))
    painter.setPen(QColor(theme.dim))
    painter.save()
    painter.translate(0, place.plot.bottom() + 1)
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, place.plot.height(), 16), Qt.AlignmentFlag.AlignCenter, axes.row_title)
    painter.restore()


def _paint_columns(painter: QPainter, axes: Axes, place: Geometry, theme: Theme) -> None:
    painter.setFont(monospace_font(place.label))
    metrics = QFontMetricsF(painter.font())
    bottom = place.plot.bottom() + 1
    for column in range(0, len(axes.columns), place.every_column):
        cell = place.cell(0, column)
        middle = cell.left() + cell.width() / 2
        painter.fillRect(QRectF(int(middle), bottom + 2, 1, TICK - 2), QColor(theme.line))
        if place.upright:
            painter.save()
            painter.translate(middle - LINE / 2, bottom + TICK + 3 + place.column_label)
            painter.rotate(-90)
            area = QRectF(0, 0, place.column_label, LINE)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            paint_token(painter, axes.columns[column], area, align, metrics, theme)
            painter.restore()
        else:
            room = max(
                cell.width() * place.every_column + 8, metrics.horizontalAdvance(axes.columns[column]) + 2
            )
            area = QRectF(middle - room / 2, bottom + TICK + 3, room, LINE)
            paint_token(painter, axes.columns[column], area, Qt.AlignmentFlag.AlignCenter, metrics, theme)
    painter.setFont(interface_font(11))
    painter.setPen(QColor(theme.dim))
    top = bottom + TICK + 3 + place.column_label
    area = QRectF(place.plot.left() - 60, top, place.plot.width() + 120, AXIS_TITLE)
    painter.drawText(area, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, axes.column_title)


def tag_pixmap(text: str, size: QSize, upright: bool, ratio: float, theme: Theme) -> QPixmap:
    """One label on a plate of `size` that covers those beside it: where not every label is written."""
    pixmap = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(theme.selection))
    painter = QPainter(pixmap)
    painter.setFont(monospace_font(LABEL))
    width, height = size.width(), size.height()
    if upright:
        painter.translate(0, height)
        painter.rotate(-90)
        width, height = height, width
    align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    paint_token(painter, text, QRectF(0, 0, width - 2, height), align, QFontMetricsF(painter.font()), theme)
    painter.end()
    return pixmap


def paint_token(
    painter: QPainter, token: str, area: QRectF, align: Qt.AlignmentFlag, metrics: QFontMetricsF, theme: Theme
) -> None:
    """A label, fainter where it is no word; cut off where there is no room."""
    painter.setPen(QColor(theme.dim if token in SPECIAL_TOKENS else theme.text))
    text = metrics.elidedText(visible(token), Qt.TextElideMode.ElideRight, area.width() + 1)
    painter.drawText(area, int(align), text)


def _paint_bar(painter: QPainter, axes: Axes, place: Geometry, theme: Theme) -> None:
    bar = place.bar
    lookup = theme.lookup_table(axes.signed)
    levels = numpy.rint(numpy.linspace(LEVELS - 1, 0, LEVELS) * 255 / (LEVELS - 1)).astype(int)
    colours = numpy.ascontiguousarray(lookup[levels])
    image = QImage(colours.data, 1, LEVELS, 4, QImage.Format.Format_RGBA8888)
    painter.drawImage(bar.topLeft(), image.convertToFormat(QImage.Format.Format_RGB32).scaled(bar.size()))
    painter.setPen(QColor(theme.line))
    painter.drawRect(bar.adjusted(-1, -1, 0, 0))
    painter.setFont(monospace_font(10))
    painter.setPen(QColor(theme.dim))
    scale = Scale(axes.scale.low / axes.unit, axes.scale.high / axes.unit)
    for value in _bar_values(scale, bar.height()):
        share = (value - scale.low) / (scale.high - scale.low)
        y = bar.bottom() - (bar.height() - 1) * share
        painter.fillRect(QRectF(bar.right() + 2, int(y), 3, 1), QColor(theme.line))
        area = QRectF(bar.right() + 8, y - 7, BAR_LABELS - 8, 14)
        text = _number(value, axes.signed)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
    if axes.bar_title:
        painter.setFont(interface_font(11))
        painter.save()
        painter.translate(bar.right() + BAR_LABELS + BAR_TITLE - 1, bar.top())
        painter.rotate(90)
        area = QRectF(0, 0, bar.height(), 16)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, axes.bar_title)
        painter.restore()


def _bar_values(scale: Scale, height: int) -> list[float]:
    """Both ends of the bar and round numbers between them, as many as there is room for."""
    span = scale.high - scale.low
    most = min(max(height // 40, 1), 6)
    steps = [factor * 10.0**power for power in range(-6, 4) for factor in (1, 2, 5)]
    step = next((step for step in steps if span / step <= most), span)
    between = numpy.arange(numpy.ceil(scale.low / step), numpy.floor(scale.high / step) + 1) * step
    far = [value for value in between if min(value - scale.low, scale.high - value) > 0.4 * step]
    return [scale.low, *(float(value) for value in far), scale.high]


def _number(value: float, signed: bool = False) -> str:
    text = f"{value:{'+' if signed else ''}.3f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "+0") else text.replace("-", "−")
