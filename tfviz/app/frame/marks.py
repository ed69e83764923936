"""What happened to the run besides steps: interventions, branches, roles of heads, alerts, as marks of the timeline."""

from PySide6.QtCore import QObject

from tfviz.app.frame.branch_marks import branch_marks
from tfviz.training.branching.branches import Line
from tfviz.training.events import BreakHit, Failed, Warned
from tfviz.training.record.opening import ShownRun
from tfviz.views.bridge import Bridge
from tfviz.views.curves.branch_texts import difference_text
from tfviz.views.timeline.markers import Marker

MOST_ALERTS = 200
"""A run that warns all the time is marked where it began to, not everywhere."""


class Marks(QObject):
    """Collects alerts while they come; the rest is in the record."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._session: ShownRun | None = None
        self._alerts: dict[int, list[Marker]] = {}  # by the branch that was trained then
        bridge.warned.connect(self._note)
        bridge.failed.connect(self._note)
        bridge.broken.connect(self._note)

    def adopt(self, session: ShownRun) -> None:
        """Collect what happens to this session from now on."""
        if session is not self._session:
            self._session = session
            self._alerts.clear()

    def of(self, line: Line) -> list[Marker]:
        """Everything there is to mark in a branch, by step."""
        marks = [
            Marker(step, "intervention", f"{difference_text(changes)} from here on")
            for step, changes in line.interventions
        ]
        marks += [Marker(taken.step, "role", taken.sentence) for taken in line.history.heads.taken]
        marks += [Marker(step, "intervention", str(edit)) for step, edit in line.edits]
        marks += self._alerts.get(line.branch.number, [])
        if self._session is not None:
            marks += branch_marks(self._session.lines, line.branch.number)
        return sorted(marks, key=lambda mark: mark.step)

    def _note(self, event: Warned | Failed | BreakHit) -> None:
        if self._session is not None:
            alerts = self._alerts.setdefault(self._session.line.branch.number, [])
            if len(alerts) < MOST_ALERTS:
                alerts.append(Marker(event.step, "alert", event.text))
