"""What the window does with the step that is taken apart: its keys, where it opens and closes, and who is shown it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer

from tfviz.app.actions import Actions
from tfviz.app.controls import Controls
from tfviz.app.frame.docks import PanelDock
from tfviz.app.problems import Problems
from tfviz.training.counted import all_done
from tfviz.training.events import Failed
from tfviz.training.record.opening import ShownRun
from tfviz.training.stepping.non_finite import NonFiniteError
from tfviz.training.stepping.step_places import Place
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.feed import Feed
from tfviz.views.operations.operation_panel import OperationPanel
from tfviz.views.operations.operation_tensors import result_of
from tfviz.views.operations.step_debugger import Chosen, StepDebugger

IN_FRONT = ("operation_panel", "inspector_panel")
"""What comes to the front when a step is taken apart."""


@dataclass(frozen=True)
class _Moment:
    """Whose step is taken apart: the one that follows this recorded one."""

    session: ShownRun
    branch: int
    step: int


class _Shown:
    """What one panel has been shown of the step."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.version = 0
        self.chosen: Chosen | None = None


class Debugging(QObject):
    """Connects the debugger with actions, panels and the clock.

    The step that is open is the one that follows the step of the clock. Where the clock goes on by that one step, and
    the operations are in view, the next one is opened; wherever else it goes, and when training resumes, it is left.
    After the last step of a run there is none that follows.
    """

    def __init__(
        self,
        controls: Controls,
        commands: Actions,
        docks: dict[str, PanelDock],
        problems: Problems,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._controls, self._commands, self._docks, self._problems = controls, commands, docks, problems
        self._bridge = controls.bridge
        self.debugger = StepDebugger(self)
        self._moment: _Moment | None = None
        self._goal: int | None = None  # the step of the clock at which the next one is to be opened
        self._then: list[Callable[[], object]] | None = (
            None  # once training is parked and a step can be opened
        )
        self._forbidden = ""  # why no step follows, as the panels were told
        self._version = 0  # of what there is to be shown
        self._shown = [_Shown(feed) for feed in self._bridge.feeds]
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)  # after the keys that are waiting: only the last of many positions is shown
        self._soon.timeout.connect(self._show)
        self._connect()

    def _connect(self) -> None:
        debugger = self.debugger
        functions: dict[str, Callable[[], object]] = {
            "step_operation": self.step_forward,
            "step_operation_back": debugger.back,
            "run_to_loss": lambda: self._run(debugger.run_to_loss),
            "run_to_gradients": lambda: self._run(debugger.run_to_gradients),
            "run_to_update": lambda: self._run(debugger.run_to_update),
            "leave_step": self.leave,
            "step_batch": self._finish_step,
        }
        for name, function in functions.items():
            self._commands.connect_action(name, function)
        debugger.opened.connect(self._change)
        debugger.moved.connect(self._change)
        debugger.chosen_changed.connect(self._soon.start)
        debugger.failed.connect(self._fail)
        self._bridge.at_every_look(self._look)
        self._bridge.broken.connect(lambda event: self.open_at(event.step, event.place))
        self._bridge.failed.connect(self._look_into)
        for dock in self._docks.values():
            dock.visibilityChanged.connect(self._soon.start)
            dock.panel.tensor_wished.connect(debugger.choose)
            dock.panel.work_wished.connect(debugger.run)
            dock.panel.action_wished.connect(lambda name: self._commands[name].trigger())
            if isinstance(dock.panel, OperationPanel):
                dock.panel.place_wished.connect(debugger.run_to)
        self._enable()

    @property
    def open(self) -> bool:
        """Whether a step is taken apart, or will be as soon as it is there."""
        return self._moment is not None or self._then is not None

    @property
    def shown_to_all(self) -> bool:
        """Whether every panel that is seen shows the step as it is."""
        return not any(self._is_stale(shown) and self._is_seen(shown) for shown in self._shown)

    def step_forward(self) -> None:
        """One operation; where no step is open, the one that follows is opened at its start."""
        if self.open:
            self._run(self.debugger.forward)
        else:
            self._begin()

    def open_at(self, step: int, place: str) -> None:
        """Take apart the step that follows the recorded one `step`, run to a place, and look at what came of it there.

        `place` is a Place in words, or a name: that of an operation, whose forward pass is meant, "clipping", or
        "update", which is not made yet then. Where the step has no such place, it is opened at its start, with the
        parameter in view that is named instead.
        """
        self.leave()
        session, clock = self._controls.runs.current, self._bridge.clock
        if session is not None and (session.step != step or not clock.following):
            self._controls.go_to(step)
        self._run(lambda: self.debugger.run(lambda stepper: _find(stepper, place), self._go_and_look))

    def leave(self) -> bool:
        """Take the step apart no longer; True if there was one."""
        was_open, self._moment, self._goal, self._then = self.open, None, None, None
        self.debugger.close()
        self._enable()
        return was_open

    def release(self) -> bool:
        """Let go of what is looked at, else of the step; True if there was either."""
        if self.debugger.chosen is not None:
            self.debugger.choose(None)
            return True
        return self.leave()

    def stop(self) -> None:
        """Nothing is left running."""
        self.leave()
        self.debugger.stop()

    def _run(self, order: Callable[[], object]) -> None:
        """Give the order, once there is a step to give it to."""
        if self._moment is not None:
            order()
        elif self._then is not None:
            self._then.append(order)
        else:
            self._begin(order)

    def _look_into(self, event: Failed) -> None:
        """Show where the first number arose that is not finite."""
        if event.place:
            self.open_at(event.step, event.place)

    def _go_and_look(self, found: tuple[Place | None, Chosen | None]) -> None:
        place, chosen = found
        if place is not None:
            before = place.phase == "update"  # whoever asks why it is to be made wants it still to come
            self.debugger.run_to(place.number - before)
        self.debugger.choose(chosen)

    def _begin(self, *orders: Callable[[], object]) -> None:
        """Open the step that follows the one of the clock, as soon as training is parked there."""
        session, transport = self._controls.runs.current, self._controls.transport
        if session is None or transport is None:
            return
        if self._end:
            self._controls.tell(self._end)
            return
        self._bridge.clock.pause()
        if self._bridge.clock.following and transport.training:
            transport.pause()
        self._then = list(orders)
        for name in IN_FRONT:
            if name in self._docks:
                self._docks[name].show()
                self._docks[name].raise_()
        self._enable()
        self._look()

    def _look(self) -> None:
        """At every look: where the clock is now, and whether the step is still the one that follows."""
        session, transport, clock = self._controls.runs.current, self._controls.transport, self._bridge.clock
        self._forbid(self._end)
        if not self.open or session is None or transport is None:
            return
        here = _Moment(session, session.line.branch.number, clock.step)
        parked = session.gate.parked and not transport.moving and session.step == clock.step
        rests = not clock.playing and (parked or not clock.following)
        if self._moment is None or self._arrived(self._moment, here):
            if rests and self._end:
                self.leave()
            elif rests:
                self._open(here)
        elif not self._stays(self._moment, here):
            self.leave()
        if self._moment is not None:
            self._show()
            self._show_opening(self._moment.step + 1)

    @property
    def _end(self) -> str:
        """Why no step follows the one of the clock; empty where one does."""
        session = self._controls.runs.current
        total = None if session is None else session.total_steps
        if total is None or self._bridge.clock.step < total:
            return ""
        return f"{all_done(total)}: none follows that could be taken apart. Go back to an earlier one."

    def _forbid(self, reason: str) -> None:
        if reason != self._forbidden:
            self._forbidden = reason
            for dock in self._docks.values():
                dock.panel.forbid_step(reason)

    def _arrived(self, moment: _Moment, here: _Moment) -> bool:
        """Whether the clock is where the next step is to be opened."""
        return self._goal is not None and here == replace(moment, step=self._goal)

    def _stays(self, moment: _Moment, here: _Moment) -> bool:
        """Whether the clock is still before the step that is open, or on its way to the next one."""
        if self._goal is not None:
            return here == replace(moment, step=here.step) and moment.step <= here.step < self._goal
        transport = self._controls.transport
        resumed = self._bridge.clock.following and transport is not None and transport.training
        return here == moment and not resumed

    def _open(self, moment: _Moment) -> None:
        self._moment, self._goal = moment, None
        self.debugger.open(moment.session, moment.branch, moment.step)
        orders, self._then = self._then or [], None
        for order in orders:
            order()
        self._enable()

    def _finish_step(self) -> None:
        """The clock goes on by one step; with the operations in view so does the debugger."""
        panel = self._docks["operation_panel"].panel if "operation_panel" in self._docks else None
        if self._moment is None or panel is None or not self._is_seen(self._shown_to(panel.object_name)):
            return
        self._goal = (self._moment.step if self._goal is None else self._goal) + 1

    # who is shown what

    def _change(self) -> None:
        self._version += 1
        self._enable()
        self._soon.start()

    def _show(self) -> None:
        """Show those panels that are seen what they have not been shown. Nothing is read while the step moves."""
        for shown in self._shown:
            if not self._is_stale(shown) or not self.debugger.rests or not self._is_seen(shown):
                continue
            if shown.version != self._version:
                shown.version = self._version
                shown.feed.panel.show_stepper(self.debugger.stepper)
            if shown.chosen != self.debugger.chosen:
                shown.chosen = self.debugger.chosen
                shown.feed.panel.show_chosen(self.debugger.chosen)

    def _is_stale(self, shown: _Shown) -> bool:
        return shown.version != self._version or shown.chosen != self.debugger.chosen

    def _show_opening(self, step: int) -> None:
        """Say how far the step is that is being opened, where that takes long."""
        if not self.debugger.opening or self.debugger.progress is None:
            return
        done, of = self.debugger.progress
        for shown in self._shown:
            if isinstance(shown.feed.panel, OperationPanel) and shown.feed.seen:
                shown.feed.panel.show_opening(f"Opening step {step:,}: {done:,} of {of:,} steps recomputed")

    def _is_seen(self, shown: _Shown) -> bool:
        shown.feed.check()
        return shown.feed.seen

    def _shown_to(self, panel: str) -> _Shown:
        return next(shown for shown in self._shown if shown.feed.panel.object_name == panel)

    def _enable(self) -> None:
        for name in ("step_operation_back", "leave_step"):
            self._commands[name].setEnabled(self.open)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, NonFiniteError):
            self._problems.show("This step cannot be finished", str(error))
        elif self.debugger.stepper is None:
            self.leave()
            details = "" if isinstance(error, ValueError) else repr(error)
            self._problems.show("This step cannot be taken apart", str(error), details)
        else:
            self._problems.show("Something in this step could not be computed", str(error), repr(error))


def _find(stepper: Stepper, words: str) -> tuple[Place | None, Chosen | None]:
    """The place that is meant, and what comes of it; of a parameter "before the step" the parameter alone."""
    for place in stepper.places:
        if words in (str(place), place.name):
            return place, result_of(stepper, place)
    name = words.removeprefix("parameter ").removesuffix(", before the step")
    return None, Chosen(name) if name in stepper.parameters else None
