"""One attention head enlarged: every weight a cell, tokens on both axes."""

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from tfviz.views.grids.grid_view import Cell, GridView
from tfviz.views.parts.guarded import guarded


@guarded
class HeadView(GridView):
    """A double click means the head, not the cell that its first click has locked."""

    soloed = Signal()
    menu_wished = Signal(QPoint)
    """Where on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("head_view")
        self.setAccessibleName("Attention of one head")
        self._locked_before_click: Cell | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._locked_before_click = self._locked
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.lock(self._locked_before_click)
        self.soloed.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wished.emit(event.globalPos())
