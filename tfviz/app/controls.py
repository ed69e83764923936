"""What the window's actions do to the run: the transport, a new run, another sentence to watch."""

import random
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from tfviz.app.actions import Actions
from tfviz.app.frame.toolbar import ToolBar
from tfviz.app.runs import Runs
from tfviz.app.transport import TEN, Transport
from tfviz.training.config import RunConfig
from tfviz.training.counted import all_done
from tfviz.training.record.opening import ShownRun
from tfviz.training.session import Session
from tfviz.views.bridge import Bridge
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.timeline.timeline import Timeline

SEEDS = 10_000
Tell = Callable[[str], None]


class Controls(QObject):
    """Connects actions and widgets to the session that is open; `tell` says a sentence to the user."""

    probe_changed = Signal()
    """Another sentence is watched."""

    def __init__(self, runs: Runs, bridge: Bridge, tell: Tell, parent: QObject) -> None:
        super().__init__(parent)
        self.runs, self.bridge, self.tell = runs, bridge, tell
        self.transport: Transport | None = None
        bridge.at_every_look(self._observe)

    def connect_actions(self, commands: Actions, toolbar: ToolBar) -> None:
        """The actions of the transport and of the runs, and the widgets beside them."""
        self._speed = lambda: toolbar.speed_slider.speed
        toolbar.speed_slider.speed_changed.connect(self._set_speed)
        for name, function in {
            "play_pause": self._play_pause,
            "step_batch": lambda: self._forward(1),
            "step_ten": lambda: self._forward(TEN),
            "run_steps": lambda: self._forward(toolbar.run_steps_count.value()),
            "step_back": lambda: self._back(1),
            "back_ten": lambda: self._back(TEN),
            "go_start": lambda: self.go_to(0),
            "go_live": self._go_live,
            "train_from_here": self._train_from_here,
            "pause_training": self._pause,
            "restart": self._restart,
            "new_seed": self._new_seed,
        }.items():
            commands.connect_action(name, function)

    def connect_timeline(self, timeline: Timeline, type_step: QAction) -> None:
        """The mouse on the track, the entry of a step, which `type_step` gives the focus, and the replay's speed."""
        timeline.step_requested.connect(self.go_to)
        timeline.go_live.connect(self._go_live)
        timeline.step_entry.step_typed.connect(self._go_to_typed)
        timeline.step_entry.refused.connect(
            lambda text: self.tell(f"“{text}” is no step: type a whole number" if text else "Type a step")
        )
        type_step.triggered.connect(timeline.step_entry.begin)
        timeline.replay_speed.speed_chosen.connect(self._set_replay_speed)
        self._set_replay_speed(timeline.replay_speed.speed)

    def connect_probe(self, panel: PredictionPanel) -> None:
        """The sentence to watch, typed or chosen by number."""
        self._probe_panel = panel
        panel.probe_edited.connect(self._watch)
        panel.probe_selected.connect(self._watch)

    def connect_playground(self, panel: PlaygroundPanel) -> None:
        """A sentence that was tried out is to be watched."""
        panel.probe_pinned.connect(self._pin)

    def adopt(self, session: ShownRun) -> None:
        """Drive this session from now on; the bridge watches it already."""
        self.transport = Transport(session, self.bridge.clock)
        session.gate.speed = self._speed()

    def start_run(self, config: RunConfig, message: str = "") -> bool:
        """Replace the session by a new one at step 0; False, which is told, where another one is on its way."""
        message = message or f"New run: {config.name or config.task.name}, seed {config.training.seed}"
        begun = self.runs.open(lambda: Session(config), message)
        if not begun:
            self.tell("Another run is being prepared; try again when it is there")
        return begun

    def go_to(self, step: int) -> None:
        """Show a recorded step."""
        if self.transport is not None:
            self.transport.go_to(step)
            self.bridge.look()  # what the user asks for does not wait for the next look

    def give_up(self) -> bool:
        """Compute a step that takes long no longer; True if there was one."""
        given_up, picture = self.bridge.give_up(), self.bridge.picture
        if given_up and picture is not None:
            self.tell(f"Given up: the picture is that of step {picture.step:,}")
        return given_up

    def _go_to_typed(self, step: int) -> None:
        self.go_to(step)
        if step > self.bridge.clock.frontier:
            self.tell(f"Step {step:,} is not recorded yet: the newest is {self.bridge.clock.frontier:,}")

    def _set_replay_speed(self, speed: float) -> None:
        self.bridge.clock.speed = speed

    def _observe(self) -> None:
        if self.transport is not None:
            self.transport.observe()

    def _play_pause(self) -> None:
        if self.transport is not None and not self._is_over(self.transport):
            self.transport.play_pause()

    def _forward(self, steps: int) -> None:
        if self.transport is not None and not self._is_over(self.transport):
            self.transport.forward(steps)
            self.bridge.look()

    def _back(self, steps: int) -> None:
        if self.transport is not None:
            self.transport.back(steps)
            self.bridge.look()

    def _train_from_here(self) -> None:
        if self.transport is not None:
            self.transport.train_from_here()

    def _go_live(self) -> None:
        if self.transport is not None:
            self.transport.go_live()

    def _pause(self) -> None:
        if self.transport is not None:
            self.transport.pause()

    def _is_over(self, transport: Transport) -> bool:
        """Whether nothing is left to train; says so."""
        total = transport.session.total_steps
        over = transport.clock.following and transport.complete and not transport.training
        if over and total is not None:
            self.tell(f"{all_done(total)}. A new run with more steps goes further.")
        return over

    def _set_speed(self, speed: float | None) -> None:
        if self.transport is not None:
            self.transport.session.gate.speed = speed

    def _restart(self) -> None:
        if self.runs.current is not None:
            config = self.runs.current.line.config_after(0)
            self.start_run(config, f"Started again from step 0 with the same seed, {config.training.seed}")

    def _new_seed(self) -> None:
        if self.runs.current is not None:
            config = self.runs.current.line.config_after(0)
            seed = random.SystemRandom().randrange(SEEDS - 1)
            seed += seed >= config.training.seed  # any but the present one
            self.start_run(
                config.replace("training.seed", seed), f"Started again from step 0 with a new seed, {seed}"
            )

    def _watch(self, probe: str | int) -> None:
        problem = self._watch_or_why(probe)
        if problem is not None:
            self._probe_panel.show_problem(problem)

    def _pin(self, sentence: str) -> None:
        problem = self._watch_or_why(sentence)
        self.tell(f"All panels watch “{sentence}”" if problem is None else f"Not watched: {problem}")

    def _watch_or_why(self, probe: str | int) -> str | None:
        """Watch a sentence; why that cannot be, where it cannot."""
        session = self.runs.current
        if session is None:
            return "no run is open"
        try:
            session.set_probe(probe)
        except ValueError as error:
            return str(error)
        self._probe_panel.show_problem("")
        self.probe_changed.emit()
        self.bridge.show_again()
        return None
