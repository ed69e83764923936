"""Tool tips of what is painted, not made of widgets."""

import html

from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget


class TippedWidget(QWidget):
    """Says in a tool tip what the mouse rests on."""

    def tip_at(self, position: QPointF) -> str:
        """What there is to say at a point, in lines that are no markup; "" where there is nothing."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.tip_at(QPointF(event.pos()))
            lines = "<br>".join(html.escape(line) for line in text.split("\n"))
            # As markup, Qt makes a tip as wide as is comfortable to read.
            QToolTip.showText(event.globalPos(), f"<qt>{lines}</qt>" if text else "", self)
            return True
        return super().event(event)
