"""The page "Change": the way to every setting that may change, and noise on the weights."""

import re
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tfviz.training.branching.edits import NOISE_RULES
from tfviz.training.model_settings import ModelSettings
from tfviz.training.rules import ConfigurationError
from tfviz.views.interventions.parts_tree import parts_of
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.style.restyle import restyle

SETTINGS_TEXT = (
    "Learning rate, schedule, clipping, dropout, another optimiser, frozen parts, masks, norms and positions."
)
WEIGHT_TEXT = (
    "Press . to take a step apart, choose a parameter in the Inspector, click a cell and press "
    "“Edit this weight”."
)
LONG_WORD = re.compile(r"\S{20}(?=\S)")
"""After so many signs a line may break, so that what was pasted does not widen the page."""
NOISE_TEXT = "Normal numbers of this standard deviation are added once to the weights."


class ChangePage(QWidget):
    """Says what is wrong at the field; nothing is done here."""

    settings_wished = Signal()
    noise_wished = Signal(float, object, str)
    """Scale, seed (more than a signal's int can hold), and the part of the model, "" for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[str, ...] = ()
        self._noise: dict[str, Any] = {}  # what the fields say, as long as they make sense
        self.settings_button = QPushButton("Change settings…")
        self.settings_button.setObjectName("change_settings")
        self.settings_button.setAccessibleName("Change settings, or freeze parts")
        self.settings_button.setToolTip(
            "At the newest step in this branch, or in a new one from the step that is shown (B)"
        )
        self.scale, self.seed = (QLineEdit(f"{rule.default:g}") for rule in NOISE_RULES.values())
        self.part = QComboBox()
        self.noise_button = QPushButton("Add noise")
        self.noise_button.setObjectName("add_noise")
        self.noise_button.setAccessibleName("Add noise to the weights")
        self.error = paragraph("", "error")
        self.error.setObjectName("noise_error")
        fields = QGridLayout()
        fields.setHorizontalSpacing(12)
        fields.setVerticalSpacing(6)
        fields.setColumnStretch(1, 1)
        tips = {name: f"{rule.help}: {rule.allowed}" for name, rule in NOISE_RULES.items()} | {
            "part": "Which weights get noise"
        }
        for row, (name, tip) in enumerate(tips.items()):
            field: QLineEdit | QComboBox = getattr(self, name)
            field.setObjectName(f"noise_{name}")
            field.setAccessibleName(f"Noise: {name}")
            field.setToolTip(tip)
            title = label(name.capitalize(), "dim")
            title.setBuddy(field)
            fields.addWidget(title, row, 0)
            fields.addWidget(field, row, 1)
        self._arrange(fields)
        self.settings_button.clicked.connect(self.settings_wished)
        self.noise_button.clicked.connect(self._wish)
        self.scale.textEdited.connect(self._enable)
        self.seed.textEdited.connect(self._enable)
        self._enable()

    def _arrange(self, fields: QGridLayout) -> None:
        """Three groups that scroll where there is no room for all."""
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(8)
        column.addWidget(label("Settings and parts", "title"))
        column.addWidget(paragraph(SETTINGS_TEXT, "faint"))
        column.addWidget(self.settings_button)
        column.addSpacing(10)
        column.addWidget(label("Noise on the weights", "title"))
        column.addWidget(paragraph(NOISE_TEXT, "faint"))
        column.addLayout(fields)
        column.addWidget(self.error)
        column.addWidget(self.noise_button)
        column.addSpacing(10)
        column.addWidget(label("One weight", "title"))
        column.addWidget(paragraph(WEIGHT_TEXT, "faint"))
        column.addStretch(1)
        area = PlainScrollArea(holder, "change_area")
        area.setAccessibleName("Settings and weights")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def show_model(self, model: ModelSettings) -> None:
        """The parts of a model."""
        parts = parts_of(model)
        if parts != self._parts:
            self._parts = parts
            self.part.clear()
            self.part.addItem("all weights", "")
            for part in parts:
                self.part.addItem(part, part)
        self._enable()

    def _enable(self) -> None:
        problems = []
        for name, rule in NOISE_RULES.items():
            field: QLineEdit = getattr(self, name)
            try:
                self._noise[name] = rule.parse(name.capitalize(), field.text())
                restyle(field, "invalid", False)
            except ConfigurationError as problem:
                problems.append(str(problem))
                restyle(field, "invalid", True)
        text = "\n".join(problems)
        self.error.setText(LONG_WORD.sub("\\g<0>\u200b", text))
        self.error.setVisible(bool(text))
        self.noise_button.setEnabled(not text and bool(self._parts))
        self.noise_button.setToolTip(text or "Add it at the step that is shown")

    def _wish(self) -> None:
        self.noise_wished.emit(self._noise["scale"], self._noise["seed"], self.part.currentData())
