"""The button at the end of the timeline: it says whether the newest step is shown, and returns there."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.style.theme import DARK


@guarded
class LiveChip(QAbstractButton):
    """A lit dot while the clock follows the newest step; pressing it returns there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("live_chip")
        self.setText("live")
        self.setAccessibleName("Go live")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.resize(62, 26)
        self.theme = DARK
        self.lit = True
        self.show_lit(True)

    def show_lit(self, lit: bool) -> None:
        self.lit = lit
        self.setToolTip("Showing the newest step" if lit else "Return to the newest step (End)")
        self.setAccessibleDescription(self.toolTip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = "accent" if self.hasFocus() else "good" if self.lit else "line"
        painter.setPen(QPen(theme.colour(edge, 0.55 if self.lit and not self.hasFocus() else 1.0)))
        fill = (
            theme.mix("panel", "good", 0.14)
            if self.lit
            else theme.colour("hover" if self.underMouse() else "raised")
        )
        painter.setBrush(fill)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.setPen(QPen(theme.colour("good" if self.lit else "faint"), 1.4))
        painter.setBrush(theme.colour("good") if self.lit else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(15, self.height() / 2), 4, 4)
        painter.setPen(theme.colour("text" if self.lit else "dim"))
        painter.drawText(self.rect().adjusted(26, -1, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
