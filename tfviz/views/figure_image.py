"""Figures painted by Qt: the shapes of training/export on any paint device, and as png without a display."""

import math
from functools import cache
from os import PathLike

import numpy
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QImage, QImageWriter, QPainter, QPen

from tfviz.training.atomic_file import write_atomically
from tfviz.training.export import IMAGE_FORMATS, Head, attention_figure
from tfviz.training.export.figure import MONOSPACE, SANS, Cells, Figure, Line, Rectangle, Text
from tfviz.training.snapshot import Snapshot
from tfviz.views.fonts import load_fonts

DOTS_PER_INCH = 96.0  # at scale 1: the unit of a figure is a CSS pixel
FONT_PIXELS = 100
MOST_PIXELS = 120_000_000  # four bytes each


def export_image(
    snapshot: Snapshot,
    path: str | PathLike[str],
    format: str = "png",
    head: Head | str | None = None,
    theme: str = "light",
    upper: float = 1.0,
    numbers: bool = False,
    scale: float = 2.0,
) -> None:
    """Paint the atlas, or one head, into a file; at `scale` 2 an inch on paper has 192 pixels.

    Works with or without a window. ValueError for what cannot be, OSError where the path cannot be written.
    """
    if format not in IMAGE_FORMATS:
        raise ValueError(f"{format!r} is no image format; there is {', '.join(IMAGE_FORMATS)}")
    figure = attention_figure(snapshot, head, theme, upper, numbers)
    write_atomically(path, png(figure, scale))


def png(figure: Figure, scale: float = 2.0) -> bytes:
    """The figure as a png file, with its title, description and resolution in it."""
    image = paint_image(figure, scale)
    image.setText("Title", figure.title)
    image.setText("Description", figure.description)
    image.setText("Software", "tfviz")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    if not writer.write(image):
        raise OSError(f"Qt cannot make the png: {writer.errorString()}")
    return bytes(buffer.data().data())


def paint_image(figure: Figure, scale: float = 2.0) -> QImage:
    """The figure as an opaque image of `scale` pixels a unit."""
    if not 0 < scale < math.inf:
        raise ValueError(f"the scale of an image is {scale}; it must be above 0")
    width, height = math.ceil(figure.width * scale), math.ceil(figure.height * scale)
    if width * height > MOST_PIXELS or max(width, height) > 32_767:
        raise ValueError(
            f"an image of {width} x {height} pixels is too large; choose a smaller scale than {scale:g}"
        )
    ensure_application()
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(figure.background))
    dots_per_metre = round(DOTS_PER_INCH * scale / 0.0254)
    image.setDotsPerMeterX(dots_per_metre)
    image.setDotsPerMeterY(dots_per_metre)
    painter = QPainter(image)
    try:
        painter.scale(scale, scale)
        paint_figure(figure, painter)
    finally:
        painter.end()
    return image


def paint_figure(figure: Figure, painter: QPainter) -> None:
    """Paint the shapes; one unit of the painter is one unit of the figure."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
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
                _paint_cells(shape, painter)


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


def _paint_cells(cells: Cells, painter: QPainter) -> None:
    """One indexed image, each cell stretched without a trace of its neighbours."""
    rows, columns = cells.indices.shape
    stride = (columns + 3) // 4 * 4  # Qt wants rows of whole 32-bit words
    buffer = numpy.zeros((rows, stride), dtype=numpy.uint8)
    buffer[:, :columns] = cells.indices
    image = QImage(buffer.data, columns, rows, stride, QImage.Format.Format_Indexed8)
    image.setColorTable([QColor(*colour).rgb() for colour in cells.table.tolist()])
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(QRectF(cells.x, cells.y, cells.width, cells.height), image)
