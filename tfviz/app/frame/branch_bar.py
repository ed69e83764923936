"""Beside the timeline: the button that makes a branch and, once there are several, the one that lists them."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from tfviz.app.frame.branch_list import BranchList
from tfviz.training.branching.branches import Line
from tfviz.training.run_file.branch import MAIN
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import DARK, Theme

HEIGHT = 48  # the timeline's
WIDEST = 130  # pixels of the name of a branch


class BranchBar(QFrame):
    """A card with one button while there is only the main branch, and two afterwards."""

    def __init__(self, new_branch: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._theme = DARK
        self._current = MAIN
        self.new_button, self.branch_button = QToolButton(), QToolButton()
        self.new_button.setDefaultAction(new_branch)
        self.new_button.setObjectName("new_branch_button")
        self.new_button.setAccessibleName(new_branch.text())
        self.new_button.setIconSize(QSize(18, 18))
        self.branch_button.setObjectName("branch_button")
        self.branch_button.setToolTip("All branches of this run: compare, switch, delete")
        self.branch_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.branch_button.setIconSize(QSize(14, 14))
        self.list = BranchList(self)
        self.branch_button.clicked.connect(lambda: self.list.open_above(self.branch_button))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(2)
        for button in (self.new_button, self.branch_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        self.branch_button.hide()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.list.close()  # a window of its own, which would stay behind

    def show_branches(self, lines: Mapping[int, Line], current: int) -> None:
        """All branches of the run, and the number of the one that is trained."""
        self._current = current
        name = lines[current].branch.name
        metrics = self.branch_button.fontMetrics()
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, WIDEST)
        self.branch_button.setText(shown.replace("&", "&&"))  # no mnemonic
        self.branch_button.setAccessibleName(f"Branch {name}, one of {len(lines)}")
        self.branch_button.setVisible(len(lines) > 1)
        self.list.show_branches(lines, current)
        self._show_colour()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.list.recolour(theme)
        self._show_colour()

    def _show_colour(self) -> None:
        self.branch_button.setIcon(icon("live", self._theme.branch(self._current)))
