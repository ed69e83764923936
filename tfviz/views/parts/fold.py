"""A part of a form that can be folded away under its title."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QToolButton, QVBoxLayout, QWidget

from tfviz.views.style.icons import icon
from tfviz.views.style.theme import DARK, Theme


class Fold(QWidget):
    """A button with an arrow; what it opens stands below it. Folded at first."""

    def __init__(self, title: str, name: str, help: str, layout: QLayout) -> None:
        super().__init__()
        self._title, self._theme = title, DARK
        self.setProperty("scrolled", True)
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setObjectName(name)
        self.button.setAccessibleName(title)
        self.button.setToolTip(help)
        self.button.setStyleSheet("QToolButton { padding: 3px 6px 3px 0; background: transparent; }")
        self.folded = QWidget()
        self.folded.setLayout(layout)
        self.folded.hide()
        self.button.toggled.connect(self.folded.setVisible)
        self.button.toggled.connect(self._turn)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.button)
        column.addWidget(self.folded)

    def unfold(self) -> None:
        self.button.setChecked(True)

    def holds(self, widget: QWidget) -> bool:
        """Whether a widget stands in the part that can be folded away."""
        return self.folded.isAncestorOf(widget)

    def count(self, number: int) -> None:
        """Say in the title how many things in it are not as usual."""
        self.button.setText(f"{self._title} · {number}" if number else self._title)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._turn()

    def _turn(self) -> None:
        self.button.setIcon(icon("down" if self.button.isChecked() else "right", self._theme.dim))
