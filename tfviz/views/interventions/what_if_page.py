"""The page "Break": every thing there is to break, and how the branch compares in which one is broken."""

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tfviz.training.branching.branches import Line
from tfviz.training.branching.what_if import healthy_line, what_if_presets
from tfviz.training.config import RunConfig
from tfviz.views.interventions.what_if_banner import WhatIfBanner
from tfviz.views.interventions.what_if_row import WhatIfRow
from tfviz.views.parts.plain_scroll_area import PlainScrollArea


class WhatIfPage(QWidget):
    """Rows under a banner; the rows scroll."""

    wished = Signal(object)
    """A WhatIf."""
    branch_wished = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: Mapping[int, Line] = {}
        self._current = 0
        self._healthy: Line | None = None
        self._config: RunConfig | None = (
            None  # of the healthy line, after the step that the rows were shown for
        )
        self.banner = WhatIfBanner()
        self.rows = [WhatIfRow(what_if) for what_if in what_if_presets()]
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        for row in self.rows:
            inner.addWidget(row)
            row.wished.connect(self.wished)
            row.branch_wished.connect(self.branch_wished)
        inner.addStretch(1)
        area = PlainScrollArea(holder, "what_if_area")
        area.setAccessibleName("What can be broken")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.banner)
        column.addWidget(area, 1)

    def show_run(self, lines: Mapping[int, Line], current: int, step: int) -> None:
        """The branches of a run, and the step that is shown."""
        self.banner.show_run(lines, current)
        self._lines, self._current = lines, current
        self._healthy, self._config = healthy_line(lines, current), None
        self.show_step(step)

    def show_step(self, step: int) -> None:
        """Another step is shown: what can be broken is another thing where the configuration is another one there."""
        if self._healthy is None:
            return
        config = self._healthy.config_after(step)
        if config is not self._config:
            self._config = config
            for row in self.rows:
                row.show_run(self._lines, self._current, step)

    def row(self, name: str) -> WhatIfRow:
        return next(row for row in self.rows if row.what_if.name == name)
