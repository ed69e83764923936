"""What the window does with the pinned step: its actions, its menu, its marks, the way to it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from tfviz.app.actions import Actions
from tfviz.app.controls import Controls
from tfviz.app.dialogs.pin_dialog import PinDialog
from tfviz.app.pins import Pins
from tfviz.app.run_files import KINDS, ChooseFile
from tfviz.app.runs import Runs
from tfviz.training.export.comparison import Pinned
from tfviz.training.record.opening import ShownRun
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.panel import Panel
from tfviz.views.plots.step_plot import StepPlot
from tfviz.views.timeline.timeline import Timeline


class Comparing(QObject):
    """Connects the pins with the parts of the window."""

    def __init__(
        self,
        runs: Runs,
        controls: Controls,
        commands: Actions,
        panels: dict[str, Panel],
        timeline: Timeline,
        choose_file: ChooseFile,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._runs, self._controls, self._commands, self._window = runs, controls, commands, window
        self._timeline, self._choose_file = timeline, choose_file
        self._plots = [plot for panel in panels.values() for plot in panel.findChildren(StepPlot)]
        self._switching: tuple[Future[None], int] | None = None
        self.pins = Pins(runs, controls.bridge, panels.values(), controls.tell, self)
        self.pins.changed.connect(self._show)
        self.pins.step_wanted.connect(self._go)
        controls.probe_changed.connect(self.pins.read_again)
        controls.bridge.at_every_look(self._arrive)
        functions: dict[str, Callable[[], object]] = {
            "pin_step": self.pins.pin,
            "swap_pin": self.pins.swap,
            "release_pin": self.pins.release,
            "pin_file": self._ask,
        }
        for name, function in functions.items():
            commands.connect_action(name, function)
        for panel in panels.values():
            if isinstance(panel, AttentionPanel):
                panel.pin_requested.connect(self.pins.pin)
                panel.swap_requested.connect(self.pins.swap)
                panel.release_requested.connect(self.pins.release)
        self._show()

    @property
    def pinned(self) -> Pinned | None:
        return self.pins.pinned

    @property
    def beside(self) -> Pinned | None:
        """The pinned step with the branch of the present one, as captions name the two."""
        session, pinned = self._runs.current, self.pins.pinned
        return replace(pinned, beside=session.line.branch.name) if session is not None and pinned else None

    def adopt(self, session: ShownRun) -> None:
        """Another run is shown."""
        self._switching = None
        self.pins.adopt(session)

    def release(self) -> bool:
        """Let go of the pinned step; True if there was one."""
        return self.pins.release()

    def close(self) -> None:
        self.pins.close()

    def _show(self) -> None:
        pinned = self.pins.pinned
        own = pinned.snapshot.step if pinned is not None and pinned.branch is not None else None
        self._commands["release_pin"].setEnabled(pinned is not None)
        self._commands["swap_pin"].setEnabled(own is not None)
        self._timeline.show_pinned(own)
        for plot in self._plots:
            plot.show_pinned(own)

    def _go(self, branch: int, step: int) -> None:
        """Show a step of this run, in whichever branch it is."""
        session = self._runs.current
        if session is None:
            return
        if session.line.branch.number == branch:
            self._controls.go_to(step)
        else:
            self._switching = session.gate.call(lambda: session.switch(branch)), step

    def _arrive(self) -> None:
        """At every look: once the branch is there, and everybody has heard of it, go to the step."""
        if self._switching is None or not self._switching[0].done():
            return
        (future, step), self._switching = self._switching, None
        error = future.exception()
        if error is not None:
            self._controls.tell(str(error))
        else:
            QTimer.singleShot(0, self, lambda: self._controls.go_to(step))

    def _ask(self) -> None:
        session = self._runs.current
        if session is None or self._window.findChild(PinDialog) is not None:
            return
        path = self._choose_file(self._window, "", KINDS)
        if path:
            dialog = PinDialog(path, session.probe, self._window)
            dialog.read.connect(self.pins.pin_other)
            dialog.show()
