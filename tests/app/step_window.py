"""A window in which a step is taken apart: what the tests of the step debugger do in it and wait for."""

from PySide6.QtCore import Qt

from tests.app.driving import Driver
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.step_debugger import StepDebugger

WEIGHTS = "encoder.layers.0.self_attn.weights"


class Window:
    """A window, and the step that is open in it."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.debugging = driver.window.debugging
        self.debugger: StepDebugger = self.debugging.debugger

    @property
    def stepper(self) -> Stepper:
        assert self.debugger.stepper is not None
        return self.debugger.stepper

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            self.driver.press(key)

    def settle(self) -> None:
        """Wait until the step rests, and whoever is seen has been shown it."""
        self.driver.qtbot.waitUntil(
            lambda: (
                self.debugger.stepper is not None and not self.debugger.busy and self.debugging.shown_to_all
            ),
            timeout=10_000,
        )

    def begin(self) -> None:
        self.press(Qt.Key.Key_Period)
        self.settle()

    def wait_left(self) -> None:
        """Wait until no step is open, and whoever is seen has been told."""
        self.driver.qtbot.waitUntil(
            lambda: self.debugger.stepper is None and not self.debugging.open and self.debugging.shown_to_all
        )


def is_in_front(driver: Driver, panel: str) -> bool:
    return not driver.window.docks[panel].visibleRegion().isEmpty()
