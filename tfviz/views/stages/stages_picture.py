"""Paints the stages of a head: what stands still once, the cells as one small image each."""

from collections.abc import Collection, Mapping

import numpy
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPixmap

from tfviz.training.stepping.stages import HeadStages
from tfviz.views.grids import cells
from tfviz.views.grids.cells import Scale
from tfviz.views.grids.grid_axes import paint_token
from tfviz.views.parts.byte_image import ByteImage
from tfviz.views.stages.stages_layout import FONT, LABEL, STAGES, Layout, MapPlace, Sizes, Stage
from tfviz.views.stages.stages_reading import MISSING, values_of
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import Theme

CENTRE = Qt.AlignmentFlag.AlignCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
SYMBOLS = {"→": 16, "=": 16, "·": 26}
"""Operators that are larger than words."""
UNMASKED = ("query", "key", "value", "context", "scores")
"""Stages that know nothing of the mask."""


def still_picture(
    layout: Layout, sizes: Sizes, scales: Mapping[str, Scale], size: QSize, ratio: float, theme: Theme
) -> QPixmap:
    """Tokens, operators and the colour bars of what has a scale, on the ground of the panel."""
    pixmap = _pixmap(size, ratio, QColor(theme.panel))
    painter = QPainter(pixmap)
    for stage in STAGES:
        place = layout.maps[stage.name]
        _paint_operator(painter, stage, place, sizes, theme)
        _paint_rows(painter, sizes.rows(stage), place, layout, theme)
        _paint_columns(painter, stage, sizes, place, layout, theme)
        if stage.name in scales:
            _paint_bar(painter, stage, place, scales[stage.name], theme)
    painter.end()
    return pixmap


def mask_picture(
    layout: Layout,
    masked: numpy.ndarray,
    there: Collection[str],
    size: QSize,
    ratio: float,
    theme: Theme,
) -> QPixmap | None:
    """The lines over masked cells of the maps that are `there`, which no colour of a scale has; None where nothing is
    masked."""
    if not masked.any():
        return None
    pixmap = _pixmap(size, ratio, QColor(Qt.GlobalColor.transparent))
    painter = QPainter(pixmap)
    hatch = QBrush(QColor(theme.masked_hatch), Qt.BrushStyle.BDiagPattern)
    for stage in STAGES:
        if stage.name in there and stage.name not in UNMASKED:
            place = layout.maps[stage.name]
            for row, column in numpy.argwhere(masked).tolist():
                painter.fillRect(place.cell(row, column), QColor(theme.masked))
                painter.fillRect(place.cell(row, column), hatch)
    painter.end()
    return pixmap


def paint_maps(
    painter: QPainter, layout: Layout, stages: HeadStages, scales: Mapping[str, Scale], theme: Theme
) -> None:
    """The cells of all maps, and words where there is no map."""
    for stage in STAGES:
        place, values = layout.maps[stage.name], values_of(stages, stage.name)
        if values is None:
            painter.setFont(interface_font(11))
            painter.setPen(QColor(theme.dim))
            painter.drawText(place.plot, int(CENTRE | Qt.TextFlag.TextWordWrap), MISSING[stage.name])
        else:
            _paint_cells(painter, values, place, scales[stage.name], theme, stage.signed)
        painter.setPen(QColor(theme.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place.plot.adjusted(-1, -1, 0, 0))


def _paint_cells(
    painter: QPainter, values: numpy.ndarray, place: MapPlace, scale: Scale, theme: Theme, signed: bool
) -> None:
    rows, columns = values.shape
    out = numpy.empty(values.shape, numpy.uint8)
    with numpy.errstate(all="ignore"):
        cells.quantise(values, scale, numpy.empty(values.shape, numpy.float32), out)
    image = ByteImage.of(out, cells.colour_table(theme, signed))
    painter.drawPixmap(QRectF(place.plot), image.pixmap(), QRectF(0, 0, columns, rows))
    painter.setFont(monospace_font(FONT))
    painter.setPen(QColor("#000000"))
    for row, column in numpy.argwhere(~numpy.isfinite(values)).tolist():
        area = place.cell(row, column)
        if area.width() >= 20 and area.height() >= 10:
            painter.drawText(area, int(CENTRE), "NaN" if numpy.isnan(values[row, column]) else "∞")


def _pixmap(size: QSize, ratio: float, ground: QColor) -> QPixmap:
    pixmap = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(ground)
    return pixmap


def _paint_operator(painter: QPainter, stage: Stage, place: MapPlace, sizes: Sizes, theme: Theme) -> None:
    painter.setPen(QColor(theme.dim))
    lines = [line.replace("{width}", str(sizes.width)) for line in stage.operator]
    middle = place.operator.center().y()
    for number, line in enumerate(lines):
        painter.setFont(interface_font(SYMBOLS.get(line, FONT)))
        top = middle - 9 * len(lines) + 18 * number
        painter.drawText(QRectF(place.operator.left(), top, place.operator.width(), 18), int(CENTRE), line)


def _paint_rows(
    painter: QPainter, tokens: tuple[str, ...], place: MapPlace, layout: Layout, theme: Theme
) -> None:
    painter.setFont(monospace_font(FONT))
    metrics = QFontMetricsF(painter.font())
    for row in range(0, len(tokens), _every(place.plot.height(), len(tokens))):
        middle = place.row(row).top() + place.row(row).height() / 2
        area = QRectF(place.plot.left() - layout.row_label, middle - LABEL / 2, layout.row_label - 4, LABEL)
        paint_token(painter, tokens[row], area, RIGHT, metrics, theme)


def _paint_columns(
    painter: QPainter, stage: Stage, sizes: Sizes, place: MapPlace, layout: Layout, theme: Theme
) -> None:
    top = place.plot.bottom() + 3
    if stage.columns == "width":
        painter.setFont(interface_font(FONT))
        painter.setPen(QColor(theme.faint))
        area = QRectF(place.plot.left(), top, place.plot.width(), LABEL)
        painter.drawText(area, int(LEFT), "0")
        painter.drawText(area, int(RIGHT), str(sizes.width - 1))
        return
    painter.setFont(monospace_font(FONT))
    metrics = QFontMetricsF(painter.font())
    every = _every(place.plot.width(), len(sizes.keys)) if layout.upright else 1
    for column in range(0, len(sizes.keys), every):
        cell = place.cell(0, column)
        middle = cell.left() + cell.width() / 2
        if layout.upright:
            painter.save()
            painter.translate(middle - LABEL / 2, top + layout.column_label - 3)
            painter.rotate(-90)
            area = QRectF(0, 0, layout.column_label - 3, LABEL)
            paint_token(painter, sizes.keys[column], area, RIGHT, metrics, theme)
            painter.restore()
        else:
            paint_token(
                painter, sizes.keys[column], QRectF(cell.left(), top, cell.width(), LABEL), CENTRE, metrics, theme
            )  # fmt: skip


def _paint_bar(painter: QPainter, stage: Stage, place: MapPlace, scale: Scale, theme: Theme) -> None:
    """The two ends of the scale in numbers, the colours between them."""
    painter.setFont(monospace_font(FONT))
    painter.setPen(QColor(theme.dim))
    low, high = _end(scale.low), _end(scale.high)
    area = QRectF(place.bar)
    painter.drawText(area, int(LEFT), low)
    painter.drawText(area, int(RIGHT), high)
    metrics = QFontMetricsF(painter.font())
    left = area.left() + metrics.horizontalAdvance(low) + 5
    width = area.right() - metrics.horizontalAdvance(high) - 5 - left
    if width < 8:
        return
    bar = QRectF(left, area.top() + 3, width, area.height() - 6)
    painter.drawImage(bar, cells.colour_bar(theme, stage.signed))


def _end(value: float) -> str:
    """A round number, short also where it is very small."""
    text = f"{value:g}" if abs(value) >= 0.01 or not value else f"{value:.0e}".replace("e-0", "e-")
    return text.replace("-", "−")


def _every(length: int, count: int) -> int:
    """Every how many tokens one is written, so that none overlap."""
    return max(-(-LABEL * count // length), 1)


def frame(painter: QPainter, area: QRect, colour: QColor, edge: QColor) -> None:
    """Around a cell or a row, to be seen on any colour."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(edge)
    painter.drawRect(area.adjusted(-1, -1, 0, 0))
    painter.setPen(colour)
    painter.drawRect(area.adjusted(0, 0, -1, -1) if area.width() > 4 and area.height() > 4 else area)
