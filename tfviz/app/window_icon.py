"""The program's icon: a small attention map, painted in every size a desktop asks for."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

SIZES = (16, 24, 32, 48, 64, 128, 256)
CELLS = (
    ("#f5b14c", "#3a2a5e", "#20242e"),
    ("#3a2a5e", "#e0564f", "#5b2d6e"),
    ("#20242e", "#5b2d6e", "#fcde6e"),
)


def window_icon() -> QIcon:
    """Needs a QApplication."""
    icon = QIcon()
    for size in SIZES:
        icon.addPixmap(_picture(size))
    return icon


def _picture(size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#14161b"))
    painter.drawRoundedRect(QRectF(0, 0, size, size), size * 0.18, size * 0.18)
    edge = size * 0.14
    cell = (size - 2 * edge) / 3
    for row, colours in enumerate(CELLS):
        for column, colour in enumerate(colours):
            place = QRectF(edge + column * cell, edge + row * cell, cell, cell)
            painter.setBrush(QColor(colour))
            painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5) if size > 24 else place)
    painter.end()
    return pixmap
