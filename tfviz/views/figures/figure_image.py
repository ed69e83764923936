"""Figures as pictures in files: png here, pdf by figure_pdf.py; painted by Qt, which needs no display for it."""

import math
from os import PathLike

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter

from tfviz.training.atomic_file import write_atomically
from tfviz.training.export import IMAGE_FORMATS, Head, Pinned, attention_figure
from tfviz.training.export.figure import Figure
from tfviz.training.snapshot import Snapshot
from tfviz.views.figures.figure_painter import DOTS_PER_INCH, ensure_application, paint_figure
from tfviz.views.figures.figure_pdf import pdf

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
    pinned: Pinned | None = None,
) -> None:
    """Paint the atlas, or one head, into a png or pdf file; with `pinned`, the difference to that step.

    At `scale` 2 an inch of a png on paper has 192 pixels; a pdf is a drawing, which has no pixels.
    Works with or without a window. ValueError for what cannot be, OSError where the path cannot be written.
    """
    if format not in IMAGE_FORMATS:
        raise ValueError(f"{format!r} is no image format; there is {', '.join(IMAGE_FORMATS)}")
    figure = attention_figure(snapshot, head, theme, upper, numbers, pinned)
    write_atomically(path, pdf(figure) if format == "pdf" else png(figure, scale))


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
    width, height = image_size(figure, scale)
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


def image_size(figure: Figure, scale: float, most_pixels: int = MOST_PIXELS) -> tuple[int, int]:
    """Width and height in pixels; ValueError where that is too large."""
    if not 0 < scale < math.inf:
        raise ValueError(f"the scale of an image is {scale}; it must be above 0")
    width, height = math.ceil(figure.width * scale), math.ceil(figure.height * scale)
    if width * height > most_pixels or max(width, height) > 32_767:
        raise ValueError(
            f"an image of {width} x {height} pixels is too large; choose a smaller scale than {scale:g}"
        )
    return width, height
