"""What the window does to a run that is going on: to heads, parts and single weights, and what breaks one thing."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tfviz.app.branches import Branches
from tfviz.app.controls import Controls
from tfviz.app.dialogs.question import ACCEPTS, ask
from tfviz.app.dialogs.weight_dialog import WeightDialog
from tfviz.app.head_measuring import HeadMeasuring
from tfviz.app.runs import Runs
from tfviz.training.branching.what_if import WhatIf, healthy_line
from tfviz.training.config import RunConfig
from tfviz.training.counted import all_done
from tfviz.training.export.heads import Head
from tfviz.training.session import Session
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.attention.head_menu import LEADS_TO, HeadWish
from tfviz.views.curves.branch_texts import unused_name
from tfviz.views.inspector.inspector_panel import InspectorPanel, Weight
from tfviz.views.interventions.head_table import Worth
from tfviz.views.interventions.intervention_panel import InterventionPanel
from tfviz.views.interventions.what_if_row import run_of

ENDED = "Training has ended: nothing can be changed"
BUSY = "The last change is still being made; try again when it is done"


class Interventions(QObject):
    """At the newest step the current branch is changed; at a past one a branch leaves there. The training thread does
    it, between two steps, and what was trained goes on being trained."""

    def __init__(
        self,
        runs: Runs,
        controls: Controls,
        branches: Branches,
        panel: InterventionPanel,
        attention: AttentionPanel,
        inspector: InspectorPanel,
        leave_step: Callable[[], object],
        window: QWidget,
    ) -> None:
        """`leave_step` ends the taking apart of a step, which would show the weights as they were."""
        super().__init__(window)
        self._runs, self._controls, self._branches, self._window = runs, controls, branches, window
        self._panel, self._attention, self._leave_step = panel, attention, leave_step
        self._worths: dict[str, Worth] = {}
        self._runs_at_once = False  # whether the run that is being made is to train by itself
        self.measuring = HeadMeasuring(self)
        self.measuring.found.connect(self._learn)
        self.measuring.progressed.connect(panel.show_measuring)
        runs.refused.connect(self._forget_run)
        branches.shown.connect(self.show)
        attention.head_wished.connect(self.do_to_head)
        inspector.weight_wished.connect(self.ask_for_weight)
        panel.head_wished.connect(self.do_to_head)
        panel.importance_wished.connect(lambda: self.measure(None))
        panel.stop_wished.connect(self.measuring.stop)
        panel.what_if_wished.connect(self.break_one)
        panel.branch_wished.connect(branches.switch)
        panel.settings_wished.connect(branches.ask)
        panel.noise_wished.connect(self.add_noise)
        panel.step_clicked.connect(controls.go_to)
        panel.undo_wished.connect(self.undo)

    @property
    def session(self) -> Session | None:
        """The run, if it is one that can be changed."""
        current = self._runs.current
        return current if isinstance(current, Session) else None

    def adopt(self) -> None:
        """The run that is open now is another one."""
        self.measuring.stop()
        self._worths = {}
        self._panel.show_measuring(None)
        self._show_worths()
        self.show()
        session, self._runs_at_once = (self.session if self._runs_at_once else None), False
        if session is not None:
            session.gate.call(session.gate.run)  # once it is started, paused

    def _forget_run(self) -> None:
        """The run that was to train by itself could not be made."""
        self._runs_at_once = False

    def show(self) -> None:
        """Tell the panels what there is to change."""
        session, current = self.session, self._runs.current
        if session is not None:
            self._attention.forbid_changes("")
            clock = self._controls.bridge.clock
            number = session.line.branch.number  # first: a branch is listed before it is current
            self._panel.show_run(session.lines, number, clock.step)
        elif current is not None:
            text = (
                f"{getattr(current, 'trainer', 'Another program')} trains this run: it cannot be changed here"
            )
            self._attention.forbid_changes(text)
            self._panel.show_obstacle(text)

    def close(self) -> None:
        """End the thread that measures."""
        self.measuring.close()

    # heads

    def do_to_head(self, head: Head, wish: HeadWish) -> None:
        """Change a head, or find out what it is worth; what the change costs is found out too."""
        name, session = head.setting, self.session
        if session is None:
            return
        if wish is HeadWish.WORTH:
            self._panel.show_page("Heads")
            self.measure([name])
            return
        done = LEADS_TO[wish]

        def act() -> None:
            model = session.config.model
            off = [other for other in model.heads_off if other != name] + [name] * (done == "off")
            uniform = [other for other in model.heads_uniform if other != name] + [name] * (done == "uniform")
            session.change({"model.heads_off": tuple(off), "model.heads_uniform": tuple(uniform)})

        self._do_at_clock(f"{head.label} {done or 'back to normal'}", act, lambda: self.measure([name]))

    def measure(self, heads: Sequence[str] | None) -> None:
        """What these heads, or all, are worth at the step that is shown."""
        session, clock = self.session, self._controls.bridge.clock
        if session is None:
            return
        if heads is None:
            self._worths = {}
            self._show_worths()
        step = session.step if clock.following else clock.step
        self.measuring.start(session, min(step, session.frontier), heads)

    def _learn(self, name: str, worth: Worth) -> None:
        self._worths = self._worths | {name: worth}
        self._show_worths()

    def _show_worths(self) -> None:
        self._panel.show_worths(self._worths)
        self._attention.show_importances({name: worth.found for name, worth in self._worths.items()})

    # weights

    def add_noise(self, scale: float, seed: int, part: str) -> None:
        session = self.session
        if session is not None:
            where = part or "all weights"
            self._do_at_clock(f"noise {scale:g} on {where}", lambda: session.add_noise(scale, seed, part))

    def ask_for_weight(self, weight: Weight) -> None:
        """Ask for the new value of a weight of a step that is taken apart."""
        session = self.session
        if session is None or self._window.findChild(WeightDialog) is not None:
            return
        newest = weight.step == session.frontier
        dialog = WeightDialog(weight, session.line.branch.name, newest, self._window)
        dialog.wished.connect(lambda value: self.edit(session, weight, value))
        dialog.open()

    def edit(self, session: Session, weight: Weight, value: float) -> None:
        """Set it: at the step that it was read at."""
        self._leave_step()
        what = f"{weight.place} = {value:g}"
        newest = weight.step == session.frontier
        self._do(session, weight.step, newest, what, lambda: session.edit(weight.name, weight.index, value))

    # breaking one thing, and undoing

    def break_one(self, what_if: WhatIf) -> None:
        """Make the branch and train it; where it needs a run of its own, ask for that first."""
        session, clock = self.session, self._controls.bridge.clock
        if session is None or self._told_to_wait():
            return
        current = session.line
        healthy = healthy_line(session.lines, current.branch.number)
        newest = healthy is current and clock.following and clock.at_end
        step = what_if.leaves_at(healthy, clock.step)
        config = healthy.config_after(step)
        if not what_if.from_start and step == session.total_steps:
            where = f"“{what_if.name}” leaves from the step that is shown"
            self._controls.tell(f"{all_done(step)}, and {where}: go to an earlier one")
            return
        if what_if.needs_new_run(config):
            self._ask_for_run(what_if, healthy.config_after(0))
            return
        number = healthy.branch.number

        def work() -> None:
            if session.line.branch.number != number:
                session.switch(number)
            if not what_if.from_start:
                session.go_to(session.frontier if newest else step)
            session.what_if(what_if.name)

        text = f"“{what_if.name}” left {healthy.branch.name}: both are drawn in the curves"
        self._branches.do(session, work, text, moves=True, then=session.gate.run)

    def undo(self, step: int) -> None:
        """Leave from just before what was done at a step of the current branch."""
        session = self.session
        if session is not None and not self._told_to_wait():
            text = f"Left from just before what was done at step {step:,}; {session.line.branch.name} stays"
            self._branches.do(session, lambda: session.undo(step), text, moves=True)

    def _told_to_wait(self) -> bool:
        """A second press of a button means the same thing as the first: it is not to be done twice."""
        if self._branches.busy:
            self._controls.tell(BUSY)
        return self._branches.busy

    def _ask_for_run(self, what_if: WhatIf, healthy: RunConfig) -> None:
        config = run_of(healthy, what_if)

        def begin() -> None:
            if self._controls.start_run(config, f"New run, “{what_if.name}”: {what_if.symptom}"):
                self._runs_at_once = True

        ask(
            self._window,
            "what_if_run",
            title="what if",
            question=f"Start a new run with “{what_if.name}”?",
            consequence="The parameters begin otherwise, so it cannot be a branch. The present run is closed; what is "
            "recorded of it can be opened again.",
            answers=("Start new run", "Cancel"),
            role=ACCEPTS,
            act=begin,
        )

    # the training thread

    def _do_at_clock(
        self, what: str, act: Callable[[], object], then: Callable[[], object] | None = None
    ) -> None:
        session, clock = self.session, self._controls.bridge.clock
        if session is not None:
            newest = clock.following and clock.at_end
            self._do(session, min(clock.step, session.frontier), newest, what, act, then)

    def _do(
        self,
        session: Session,
        step: int,
        newest: bool,
        what: str,
        act: Callable[[], object],
        then: Callable[[], object] | None = None,
    ) -> None:
        """Do something to the run at its newest step, or after a past one in a new branch named by it."""
        if not session.running:
            self._controls.tell(ENDED)
            return
        line, taken = session.line, {branch.name for branch in session.branches}
        name = unused_name(what, step, taken)

        def work() -> None:
            session.go_to(session.frontier if newest else step)
            if not newest:
                session.branch(name)
            act()

        text = f"{line.branch.name} goes on with {what}"
        if not newest:
            text = f"Branch {name} left {line.branch.name} at step {step:,}"
        self._branches.do(session, work, text, moves=True, then=then)
