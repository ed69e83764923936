"""The panel of a step's operations on the screen, and a small step that is brought to a place in it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL, new_trainer
from tests.views.on_screen import exposed
from tfviz.training.config import RunConfig
from tfviz.training.stepping.step_places import Place
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.operation_panel import OperationPanel

SCORES = "encoder.layers.0.self_attn.scores"
LEFT = Qt.MouseButton.LeftButton


def open_operations(qtbot: QtBot) -> OperationPanel:
    return exposed(qtbot, OperationPanel(), 250, 700)


def stepper_of(config: RunConfig = SMALL) -> Stepper:
    trainer = new_trainer(config)
    trainer.models.close()
    return Stepper.following(trainer)


def at(panel: OperationPanel, stepper: Stepper, name: str, phase: str = "forward") -> Place:
    place = stepper.place(name, phase)
    stepper.run_to(place)
    panel.show_stepper(stepper)
    return place


def text(panel: OperationPanel, name: str) -> str:
    return panel.findChild(QLabel, name).text()
