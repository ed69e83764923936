"""What if: break one thing, switch heads off, change settings and weights; and everything that was done so far."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from tfviz.training.branching.branches import Line
from tfviz.training.record.history import History
from tfviz.views.interventions.change_page import ChangePage
from tfviz.views.interventions.done_page import DonePage
from tfviz.views.interventions.head_table import Worth
from tfviz.views.interventions.heads_page import HeadsPage, Measuring
from tfviz.views.interventions.what_if_page import WhatIfPage
from tfviz.views.panel import EmptyState, Panel
from tfviz.views.parts.widgets import SegmentedButtons
from tfviz.views.style.theme import Theme

PAGES = ("Break", "Heads", "Change", "Done")
PAGES_WIDTH = 256
"""Pixels that their buttons need beside nothing else."""


class InterventionPanel(Panel):
    """Four pages. It asks; whoever holds the run does, and tells it of the run's branches as they become others."""

    title = "What if"
    object_name = "intervention_panel"
    rate = 4.0
    preferred_size = (350, 640)
    smallest_size = (250, 220)

    head_wished = Signal(object, object)
    """A Head, and the HeadWish of what is to be done to it."""
    importance_wished = Signal()
    stop_wished = Signal()
    what_if_wished = Signal(object)
    """A WhatIf."""
    branch_wished = Signal(int)
    settings_wished = Signal()
    noise_wished = Signal(float, object, str)
    step_clicked = Signal(int)
    undo_wished = Signal(int)
    """From just before what was done at this step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pages = SegmentedButtons(PAGES, "What to do")
        self.pages.setObjectName("intervention_pages")
        self.breaking, self.heads, self.change, self.done = (
            WhatIfPage(),
            HeadsPage(),
            ChangePage(),
            DonePage(),
        )
        self.stack = QStackedWidget()
        for place, page in enumerate((self.breaking, self.heads, self.change, self.done)):
            self.pages.button(place).setObjectName(f"intervention_{PAGES[place].lower()}")
            self.stack.addWidget(page)
        self.obstacle = EmptyState()
        self.add_control(self.pages)
        self.body.addWidget(self.stack, 1)
        self.body.addWidget(self.obstacle, 1)
        self._line: Line | None = None
        self._forbid("Press Space to start training")
        self.pages.chosen.connect(self.stack.setCurrentIndex)
        self.breaking.wished.connect(self.what_if_wished)
        self.breaking.branch_wished.connect(self.branch_wished)
        self.heads.head_wished.connect(self.head_wished)
        self.heads.importance_wished.connect(self.importance_wished)
        self.heads.stop_wished.connect(self.stop_wished)
        self.change.settings_wished.connect(self.settings_wished)
        self.change.noise_wished.connect(self.noise_wished)
        self.done.step_clicked.connect(self.step_clicked)
        self.done.undo_wished.connect(self.undo_wished)
        tips = ("Break one thing", "Attention heads", "Settings and weights", "What was done, and undo")
        for place, tip in enumerate(tips):
            self.pages.button(place).setToolTip(tip)

    def show_run(self, lines: Mapping[int, Line], current: int, step: int) -> None:
        """The branches of a run as they are now, and where the clock stands."""
        self._forbid("")
        self._line = lines[current]
        self.breaking.show_run(lines, current, step)
        self.change.show_model(self._line.config_after(0).model)
        self.done.show_line(self._line)
        self.show_step(step)

    def show_obstacle(self, text: str) -> None:
        """Why nothing can be done to the run that is shown."""
        self._line = None
        self._forbid(text)

    def _forbid(self, text: str) -> None:
        self.obstacle.set_text(text)
        self.obstacle.setVisible(bool(text))
        for part in (self.pages, self.stack):
            part.setVisible(not text)

    def show_worths(self, worths: Mapping[str, Worth]) -> None:
        """What is known of the heads, by their names in a configuration."""
        self.heads.show_worths(worths)

    def show_measuring(self, measuring: Measuring | None) -> None:
        """How far the heads are measured; None where none is."""
        self.heads.show_measuring(measuring)

    def show_page(self, name: str) -> None:
        """One of PAGES."""
        self.pages.choose(PAGES.index(name))
        self.stack.setCurrentIndex(PAGES.index(name))

    def show_step(self, step: int) -> None:
        if self._line is not None:
            self.breaking.show_step(step)
            self.heads.show_model(self._line.config_after(step).model)

    def show_history(self, history: History) -> None:
        self.breaking.banner.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.pages.tighten(self.header_room < PAGES_WIDTH)

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.heads.recolour(theme)
