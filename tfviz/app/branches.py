"""What the window does with branches: makes, changes, switches and deletes them, and shows them where they belong."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tfviz.app.controls import Controls, Tell
from tfviz.app.dialogs.branch_dialog import BranchDialog, BranchWish
from tfviz.app.dialogs.question import DESTROYS, ask
from tfviz.app.frame.branch_bar import BranchBar
from tfviz.app.runs import Runs
from tfviz.training.branching.branches import Line
from tfviz.training.config import RunConfig
from tfviz.training.counted import counted
from tfviz.training.record.opening import ShownRun
from tfviz.views.bridge import Bridge
from tfviz.views.curves.branch_texts import difference_text
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.style.theme import DARK, Theme


@dataclass(frozen=True, eq=False)
class _Work:
    """What the training thread was asked to do."""

    future: "Future[str | None]"
    """Why the session refused, where it did."""
    text: str
    """What to tell when it is done."""
    moves: bool
    """Whether it leads to another step, which is to be shown."""
    then: Callable[[], object] | None
    """Called when it is done and the session has not refused."""


class Branches(QObject):
    """Everything is done by the training thread, between two steps; the window is told when it is done."""

    config_changed = Signal(object)
    """Training goes on otherwise; a RunConfig says with which settings another run begins that is to be like it."""
    shown = Signal()
    """There are other branches, or another one is current, or was changed."""

    def __init__(
        self,
        runs: Runs,
        controls: Controls,
        bar: BranchBar,
        curves: CurvePanel,
        tell: Tell,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._runs, self._controls, self._tell, self._window = runs, controls, tell, window
        self._bridge: Bridge = controls.bridge
        self._bar, self._curves = bar, curves
        self._theme = DARK
        self._doing: list[_Work] = []
        self._stale = False
        self._config: RunConfig | None = None
        self._bridge.branched.connect(self._arrive)
        self._bridge.at_every_look(self._finish)
        self._bridge.changed.connect(self._count)
        bar.list.switch_wished.connect(self.switch)
        bar.list.deletion_wished.connect(self.ask_to_delete)

    def adopt(self) -> None:
        """Show the branches of the session that is open now."""
        self._doing.clear()
        if self._runs.current is not None:
            self._config = self._runs.current.config
        self.show()

    @property
    def busy(self) -> bool:
        """Whether the training thread has not yet done all that it was asked for."""
        return bool(self._doing)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._bar.recolour(theme)

    def ask(self) -> None:
        """Ask for a branch from the step that the clock shows, or for a change where it follows."""
        session, clock = self._runs.current, self._bridge.clock
        if session is None or not session.running or self._window.findChild(BranchDialog) is not None:
            return
        line = session.line
        dialog = BranchDialog(
            session.lines,
            line.branch.number,
            min(clock.step, line.frontier),
            clock.following and clock.at_end,
            self._theme,
            self._window,
        )
        dialog.wished.connect(lambda wish: self.carry_out(session, wish))
        dialog.open()

    def carry_out(self, session: ShownRun, wish: BranchWish) -> None:
        """Make the branch, or the change; what was trained goes on being trained."""

        def work() -> None:
            if wish.name is not None:
                session.go_to(wish.step)
                session.branch(wish.name)
            else:
                session.go_to(session.frontier)
            if wish.values:
                session.change(wish.values)

        before = session.line.config_after(wish.step)
        changes = {path: (before.value(path), after) for path, after in wish.values.items()}
        if wish.name is None:
            done = f"{session.line.branch.name} goes on with {difference_text(changes)}"
        else:
            left = f"{session.line.branch.name} at step {wish.step:,}"
            done = f"Branch {wish.name} left {left}: {difference_text(changes)}"
        self.do(session, work, done, moves=True)

    def switch(self, number: int) -> None:
        """Go on in another branch, from its newest step."""
        session = self._runs.current
        if session is not None and number in session.lines:
            self._bar.list.close()
            line = session.lines[number]
            text = f"Branch {line.branch.name}, recorded up to step {line.frontier:,}"
            self.do(session, lambda: session.switch(number), text, moves=True)

    def ask_to_delete(self, number: int) -> None:
        """Ask before anything is lost; where the session refuses, say why."""
        session = self._runs.current
        if session is None or number not in session.lines:
            return
        if reason := session.why_kept(number):
            self._bar.list.say(f"{reason[:1].upper()}{reason[1:]}.")
            return
        line = session.lines[number]
        own = line.frontier - line.branch.fork
        self._bar.list.close()
        ask(
            self._window,
            "delete_branch",
            title="delete a branch",
            question=f"Delete the branch “{line.branch.name}”?",
            consequence=f"The {counted(own, 'step')} that only it has will be lost; all others stay.",
            answers=("Delete", "Keep"),
            role=DESTROYS,
            act=lambda: self._delete(session, line),
        )

    def show(self) -> None:
        """Tell all who show branches."""
        session = self._runs.current
        if session is not None:
            current = session.line.branch.number  # first: a branch is listed before it is current
            lines = session.lines
            self._bar.show_branches(lines, current)
            self._curves.show_branches(lines, current)
            config = session.config
            if isinstance(config, RunConfig) and config != self._config:
                self._config = config
                self.config_changed.emit(session.line.settings(config))
            self.shown.emit()

    def _delete(self, session: ShownRun, line: Line) -> None:
        self.do(session, lambda: session.delete(line.branch.number), f"Deleted branch {line.branch.name}")

    def do(
        self,
        session: ShownRun,
        work: Callable[[], object],
        text: str,
        moves: bool = False,
        then: Callable[[], object] | None = None,
    ) -> None:
        """Have the training thread do something, tell `text` when it is done, or why the session refused (ValueError);
        `moves` where the newest step is to be shown after it."""

        def attempt() -> str | None:
            try:
                work()
            except ValueError as refusal:
                return str(refusal)
            return None

        transport = self._controls.transport
        if transport is not None and transport.session is session:
            self._doing.append(_Work(transport.lead(attempt), text, moves, then))

    def _finish(self) -> None:
        """At every look: tell the outcome of what has been done, and show what has changed."""
        done = [work for work in self._doing if work.future.done()]
        self._doing = [work for work in self._doing if work not in done]
        for work in done:
            refusal = work.future.result()
            self._tell(refusal or work.text)
            if work.moves and refusal is None:
                self._go_live()
            if work.then is not None and refusal is None:
                work.then()
        if done or self._stale:
            self._stale = False
            self.show()

    def _go_live(self) -> None:
        """The newest step of the branch that is current now is shown."""
        if self._controls.transport is not None:
            self._controls.transport.go_live()

    def _arrive(self) -> None:
        """Somebody has made another branch current, or changed the configuration of this one."""
        self._stale = True

    def _count(self) -> None:
        if self._bar.list.isVisible():
            self._bar.list.show_numbers()
