"""Figures painted by Qt: the shapes of training/export on any paint device, with or without a display."""

from functools import cache

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QPainter, QPen

from tfviz.training.export.figure import (
    CELL_PIXELS,
    MONOSPACE,
    SANS,
    Cells,
    Figure,
    Line,
    Rectangle,
    Text,
)
from tfviz.views.parts.byte_image import ByteImage
from tfviz.views.style.fonts import load_fonts

DOTS_PER_INCH = 96.0  # the unit of a figure is a CSS pixel
FONT_PIXELS = 100


def paint_figure(figure: Figure, painter: QPainter, as_drawing: bool = False) -> None:
    """Paint the shapes; one unit of the painter is one unit of the figure.

    `as_drawing`: cells are rectangles of their own and not pixels of an image, for devices that keep what is painted.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
    painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    for shape in figure.shapes:
        match shape:
            case Rectangle():
                _paint_rectangle(shape, painter)
            case Line():
                _paint_line(shape, painter)
            case Text():
                _paint_text(shape, painter)
            case Cells():
                if not as_drawing:
                    _paint_cells(shape, painter)
                elif figure.has_rectangles(shape):
                    _paint_rectangles(shape, painter)
                else:
                    _paint_cells(shape, painter, CELL_PIXELS)


def ensure_application() -> None:
    """Fonts need a QGuiApplication; where none runs, one is made that needs no display."""
    if QGuiApplication.instance() is None:
        _offscreen_application()
    load_fonts()


@cache
def _offscreen_application() -> QGuiApplication:
    return QGuiApplication(["tfviz", "-platform", "offscreen"])


def _paint_rectangle(shape: Rectangle, painter: QPainter) -> None:
    area = QRectF(shape.x, shape.y, shape.width, shape.height)
    if shape.fill:
        painter.fillRect(area, QColor(shape.fill))
    if shape.stroke:
        pen = QPen(QColor(shape.stroke), shape.stroke_width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)


def _paint_line(shape: Line, painter: QPainter) -> None:
    pen = QPen(QColor(shape.colour), shape.width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawLine(QLineF(shape.x1, shape.y1, shape.x2, shape.y2))


def _paint_text(shape: Text, painter: QPainter) -> None:
    font = _font(shape.bold, shape.monospace)
    advance = QFontMetricsF(font).horizontalAdvance(shape.text)
    start = {"start": 0.0, "middle": -advance / 2, "end": -advance}[shape.anchor]
    painter.save()
    painter.translate(shape.x, shape.y)
    painter.rotate(shape.rotation)
    painter.scale(shape.size / FONT_PIXELS, shape.size / FONT_PIXELS)
    painter.setFont(font)
    painter.setPen(QColor(shape.colour))
    painter.drawText(QPointF(start, 0.0), shape.text)
    painter.restore()


def _font(bold: bool, monospace: bool) -> QFont:
    """A large font that is scaled down: Qt's own sizes are whole pixels, and hinting would spoil the widths."""
    font = QFont(list(MONOSPACE if monospace else SANS))
    font.setStyleHint(QFont.StyleHint.Monospace if monospace else QFont.StyleHint.SansSerif)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setPixelSize(FONT_PIXELS)
    font.setFeature(QFont.Tag("calt"), 0)  # JetBrains Mono would join the first two characters of </s>
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def _paint_rectangles(cells: Cells, painter: QPainter) -> None:
    """A rectangle for each cell, which the next ones cover a little."""
    rows, columns = cells.indices.shape
    wide, high = cells.reach
    colours = [QColor(*colour) for colour in cells.table.tolist()]
    painter.save()
    painter.translate(cells.x, cells.y)
    painter.scale(cells.cell_width, cells.cell_height)
    for row, indices in enumerate(cells.indices.tolist()):
        height = 1.0 if row == rows - 1 else 1.0 + high
        for column, index in enumerate(indices):
            width = 1.0 if column == columns - 1 else 1.0 + wide
            painter.fillRect(QRectF(column, row, width, height), colours[index])
    painter.restore()


def _paint_cells(cells: Cells, painter: QPainter, pixels: int = 1) -> None:
    """One indexed image, each cell stretched without a trace of its neighbours."""
    indices = cells.indices.repeat(pixels, axis=0).repeat(pixels, axis=1)
    picture = ByteImage.of(indices, [QColor(*colour).rgb() for colour in cells.table.tolist()])
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(QRectF(cells.x, cells.y, cells.width, cells.height), picture.image)
