"""How the room of the panel of attention is shared between all heads and the enlarged one."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from tfviz.views.attention.atlas_layout import best_width, least_width
from tfviz.views.attention.attention_atlas import AttentionAtlas

WIDEST_ATLAS = 0.38
# ... and with many heads, if their tiles would become too small to read.
WIDEST_CROWDED_ATLAS = 0.6


class AttentionHalves(QSplitter):
    """The atlas at the left, what else there is at the right. A handle that was moved by hand stays."""

    resized = Signal()
    """It has another size: a panel learns of its own before its parts have theirs."""

    def __init__(self, atlas: AttentionAtlas, right: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._atlas = atlas
        self._moved_by_hand = False
        self.setObjectName("attention_splitter")
        self.setHandleWidth(6)
        self.setChildrenCollapsible(False)
        self.addWidget(atlas)
        self.addWidget(right)
        self.setStretchFactor(1, 1)
        atlas.setMinimumWidth(130)
        self.splitterMoved.connect(self._stay)

    def fit(self) -> None:
        """Give the atlas what its tiles need, the enlarged head the rest."""
        if self._moved_by_hand or self.width() <= 0:
            return
        shapes = self._atlas.shapes()
        width, height = self.width(), self.height() - 4
        room = min(max(width * WIDEST_ATLAS, least_width(shapes) + 14), width * WIDEST_CROWDED_ATLAS)
        left = best_width(shapes, height, 160, int(room)) + 8
        self.setSizes([left, width - left])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def _stay(self) -> None:
        self._moved_by_hand = True
