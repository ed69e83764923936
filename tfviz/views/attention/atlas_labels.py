"""What is written beside the tiles of the atlas: layers beside rows, heads above columns, and the kind of a block."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from tfviz.views.attention.atlas_layout import CAPTION, CAPTIONS, SHORT_NAMES, AtlasLayout, Block
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import Theme


def paint_labels(painter: QPainter, layout: AtlasLayout, theme: Theme) -> None:
    """Blocks that stand under each other have the names of their columns once, and that of their kind in each row."""
    for number, block in enumerate(layout.blocks):
        size = 11 if min(block.tile_width, block.tile_height) >= 30 else 9
        painter.setFont(interface_font(size))
        painter.setPen(QColor(theme.dim))
        if number == 0 or not layout.stacked:
            _name_columns(painter, block)
        _name_rows(painter, block, SHORT_NAMES[block.kind] + " " if layout.stacked else "L")
        if not layout.stacked:
            _name_block(painter, block)


def _name_columns(painter: QPainter, block: Block) -> None:
    for head, x in enumerate(block.columns):
        area = QRectF(x - 4, block.y - 18, block.tile_width + 8, 14)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, f"H{head}")


def _name_rows(painter: QPainter, block: Block, prefix: str) -> None:
    for layer, y in enumerate(block.rows):
        area = QRectF(block.x - block.row_label, y, block.row_label - 7, block.tile_height)
        painter.drawText(
            area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{prefix}{layer}"
        )


def _name_block(painter: QPainter, block: Block) -> None:
    painter.setFont(interface_font(11, QFont.Weight.DemiBold))
    area = QRectF(block.x, block.y - 20 - CAPTION, max(block.right - block.x, 90), CAPTION)
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, CAPTIONS[block.kind])
