"""One thing to break, as a row of the panel: what it changes, from where, and what will be seen."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tfviz.training.branching.branches import Line
from tfviz.training.branching.what_if import WhatIf, healthy_line, what_if_of
from tfviz.training.config import RunConfig, difference
from tfviz.views.curves.branch_texts import difference_text
from tfviz.views.panel import paragraph


class WhatIfRow(QFrame):
    """Its button makes the branch, goes to the one that there is, or asks for a run of its own."""

    wished = Signal(object)
    """The WhatIf is to be broken."""
    branch_wished = Signal(int)
    """The branch in which it is broken is to be shown."""

    def __init__(self, what_if: WhatIf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.what_if = what_if
        self._branch: int | None = None
        self.setObjectName(f"what_if_{what_if.name}")
        name = paragraph(what_if.name[:1].upper() + what_if.name[1:], "title")
        self.button = QPushButton("Branch")
        self.button.setObjectName(f"what_if_button_{what_if.name}")
        self.button.setProperty("small", True)
        self.change = paragraph("", "dim")
        symptom = paragraph(what_if.symptom, "faint")
        head = QHBoxLayout()
        head.addWidget(name, 1)
        head.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 6, 6)
        column.setSpacing(3)
        column.addLayout(head)
        column.addWidget(self.change)
        column.addWidget(symptom)
        self.button.clicked.connect(self._press)

    def show_run(self, lines: Mapping[int, Line], current: int, step: int) -> None:
        """What it would do in this run, where this step is shown."""
        what_if, healthy = self.what_if, healthy_line(lines, current)
        config = healthy.config_after(what_if.leaves_at(healthy, step))
        self._branch = _broken(what_if, lines, healthy)
        place = "from step 0" if what_if.from_start else "from this step on"
        reason = what_if.why_not(config)
        needs_run = reason is None and what_if.needs_new_run(config)
        change = difference_text(difference(config, what_if.changed(config)))
        text = reason or f"{change}, {'in a new run' if needs_run else place}"
        self.change.setText(f"{text[:1].upper()}{text[1:]}")
        if self._branch is not None:
            text, tip = ("Current", "This is what is trained now")
            if self._branch != current:
                text, tip = "Go there", "It is broken in a branch already: go on there"
        elif needs_run:
            text, tip = "New run…", "It cannot be a branch: other parameters begin otherwise"
        else:
            text, tip = "Branch", f"Leave {healthy.branch.name} with this broken, and train"
        self.button.setText(text)
        self.button.setToolTip(reason or tip)
        self.button.setAccessibleName(f"{text}: {what_if.name}")
        self.button.setEnabled(reason is None and self._branch != current)

    def _press(self) -> None:
        if self._branch is None:
            self.wished.emit(self.what_if)
        else:
            self.branch_wished.emit(self._branch)


def _broken(what_if: WhatIf, lines: Mapping[int, Line], healthy: Line) -> int | None:
    """The number of the newest branch of the healthy one in which this is broken."""
    numbers = [
        number
        for number, line in lines.items()
        if line.branch.parent == healthy.branch.number and what_if_of(line) == what_if
    ]
    return max(numbers, default=None)


def run_of(config: RunConfig, what_if: WhatIf) -> RunConfig:
    """The run of its own that shows it, named after it."""
    return what_if.changed(config).replace("name", what_if.name)
