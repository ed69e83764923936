"""A figure as a pdf page of its own size: rectangles, lines and texts with their fonts, nothing turned into pixels."""

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QColor, QPageSize, QPainter, QPdfWriter

from tfviz.training.export.figure import Figure
from tfviz.views.figures.figure_painter import DOTS_PER_INCH, ensure_application, paint_figure

POINTS_PER_INCH = 72.0
RESOLUTION = 1200  # dots an inch; only the places of things are rounded to it


def pdf(figure: Figure) -> bytes:
    """The figure as a pdf file of one page, with its title; a page is a whole number of points wide and high."""
    ensure_application()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(figure.title)
    writer.setCreator("tfviz")
    writer.setResolution(RESOLUTION)
    size = QSizeF(figure.width, figure.height) * (POINTS_PER_INCH / DOTS_PER_INCH)
    name, match = "figure", QPageSize.SizeMatchPolicy.ExactMatch
    writer.setPageSize(QPageSize(size, QPageSize.Unit.Point, name, match))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(writer)
    if not painter.isActive():
        raise OSError("Qt cannot make the pdf")
    try:
        painter.scale(RESOLUTION / DOTS_PER_INCH, RESOLUTION / DOTS_PER_INCH)
        # A point more than the figure: the page may be rounded up.
        painter.fillRect(QRectF(0, 0, figure.width + 2, figure.height + 2), QColor(figure.background))
        paint_figure(figure, painter, as_drawing=True)
    finally:
        painter.end()
    return bytes(buffer.data().data())
