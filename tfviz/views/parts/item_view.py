"""A view of pixmap items that C++ paints: the cheapest way to show a changing picture beside a training thread."""

from collections.abc import Container

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from tfviz.views.parts.keys import claims


class ItemView(QGraphicsView):
    """Opaque, top left, without a frame; takes the keyboard focus by Tab only, so that a click leaves the window's keys
    alone. Keys in `own_keys` are the view's while it has the focus, whatever they mean window-wide."""

    own_keys: Container[int] = ()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        # What changes between two frames is copied as one rectangle: Qt cuts several of them out of a pixmap by way of
        # its pool of threads, which take their time from training.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.BoundingRectViewportUpdate)
        # A transparent viewport would have the card behind it painted again with every frame.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.items_scene = QGraphicsScene(self)
        self.items_scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setScene(self.items_scene)

    def set_ground(self, colour: str) -> None:
        """The colour where no item is."""
        self.setBackgroundBrush(QColor(colour))

    def event(self, event: QEvent) -> bool:
        return claims(event, self.own_keys) or super().event(event)
