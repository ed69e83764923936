"""The configuration of the run: everything can be edited, is checked while one types, and starts a new run."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.views.panel import Panel, label
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.parts.widgets import Throttle, add_heading
from tfviz.views.run.foreign_form import ForeignForm
from tfviz.views.run.parameter_count import parameter_count
from tfviz.views.run.run_fields import preset_groups
from tfviz.views.run.run_form import COMPACT, RunForm
from tfviz.views.style.restyle import restyle
from tfviz.views.style.theme import Theme

BESIDE_NEW_RUN = 48  # pixels of margins around and inside the buttons

Count = Callable[[RunConfig], int | None]


class RunPanel(Panel):
    """The card "Run". It edits a copy: the running configuration is whatever show_config was given last."""

    title = "Run"
    object_name = "run_panel"
    preferred_size = (260, 640)

    new_run_requested = Signal(object)  # RunConfig
    open_requested = Signal()
    data_requested = Signal()
    """The user wants to learn data of their own."""

    def __init__(self, parent: QWidget | None = None, count: Count = parameter_count) -> None:
        super().__init__(parent)
        self.setMinimumWidth(200)
        self._count = count
        self._presets = {RunConfig.preset(name).fingerprint: name for name in RunConfig.presets()}
        self.form = RunForm()
        self._build_preset()
        self._build_fields()
        self._build_foot()
        self._count_throttle = Throttle(self._count_parameters, 4.0, self)
        self.form.checked.connect(self._show_state)
        self.form.data_button.clicked.connect(self.data_requested)
        self.form.show_values(RunConfig())
        self.recolour(self.theme)

    @property
    def config(self) -> RunConfig | None:
        """What the fields say; None while any of them is wrong."""
        return self.form.edited

    def show_config(self, config: RunConfig) -> None:
        """Show the configuration of the run that is open now; edits are dropped, no run is requested."""
        self.form.running = config
        self._show_fields(True)
        self.form.show_values(config)

    def show_foreign(self, values: Mapping[str, Any], trainer: str) -> None:
        """Show what another trainer recorded of its configuration; the fields come back with a preset."""
        self.form.running = None
        self.foreign.show_values(values)
        self._show_fields(False)
        self._preset.setCurrentIndex(-1)
        self._count_label.setText("")
        self._revert.hide()
        self._new_button.setText("New run")
        self._new_button.setEnabled(False)
        self._new_button.setToolTip(f"{trainer} trains this run. Choose a preset for a run of your own")

    def show_change(self, config: RunConfig) -> None:
        """The run goes on with another configuration: shown, unless there are edits, which are compared with it."""
        if self.form.changes() or self.form.errors:
            self.form.running = config
            self.form.check()
        else:
            self.show_config(config)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Put values into fields, beside what the others say; where those do not fit, beside the defaults."""
        try:
            config = (self.config or self.form.running or RunConfig()).with_values(values)
        except ConfigurationError:
            config = RunConfig().with_values(values)
        self._show_fields(True)
        self.form.show_values(config)

    def show_error(self, error: ValueError) -> None:
        """Show at its field what the task or the session said against the configuration, until something is edited."""
        path = error.path if isinstance(error, ConfigurationError) and error.path else "task.path"
        self.form.refuse(path, str(error))

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.form.recolour(theme)
        self._new_button.setStyleSheet(
            f'QPushButton {{ padding: 5px 6px; }} QPushButton[changed="true"] {{ border: 2px solid {theme.warn}; }}'
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name_button()

    # what stands where

    def _build_preset(self) -> None:
        self._preset = QComboBox()
        self._preset.setObjectName("run_preset")
        self._preset.setAccessibleName("Preset")
        self._preset.setToolTip("Fill the fields with a configuration that comes with the program")
        self._preset.setPlaceholderText("custom")
        self._preset.setStyleSheet(COMPACT)
        for title, names in preset_groups().items():
            add_heading(self._preset, title)
            for name in names:
                self._preset.addItem(name.replace("_", " "), name)
                tip = f"<p>{escape(RunConfig.preset(name).description)}</p>"
                self._preset.setItemData(self._preset.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._preset.setCurrentIndex(-1)
        self._preset.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._preset.activated.connect(self._take_preset)
        self._preset_label = label("Preset", "dim")
        self.header.insertWidget(1, self._preset_label)
        self.header.insertWidget(2, self._preset, 20)

    def _build_fields(self) -> None:
        self._scroll = PlainScrollArea(self.form, "run_fields")
        self._scroll.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click beside a field leaves the field
        self.body.addWidget(self._scroll, 1)
        self.foreign = ForeignForm()
        self.foreign.hide()
        self.body.addWidget(self.foreign, 1)

    def _build_foot(self) -> None:
        self._count_label = label("", "dim")
        self._count_label.setObjectName("parameter_count")
        self._revert = QPushButton("Revert")
        self._revert.setObjectName("run_revert")
        self._revert.setProperty("flat", True)
        self._revert.setStyleSheet("QPushButton { padding: 0 6px; min-height: 16px; }")
        self._revert.setToolTip("Show the running configuration again")
        self._revert.clicked.connect(self._show_running)
        line = QHBoxLayout()
        line.addWidget(self._count_label, 1)
        line.addWidget(self._revert)
        self._new_button = QPushButton("New run")
        self._new_button.setObjectName("new_run_button")
        self._new_button.setProperty("primary", True)
        self._new_button.clicked.connect(self._start)
        open_button = QPushButton("Open…")
        open_button.setObjectName("open_run_button")
        open_button.setToolTip("Open a recorded run or a saved model")
        open_button.clicked.connect(self.open_requested)
        self._open_button = open_button
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._new_button, 1)
        buttons.addWidget(open_button)
        self.body.addLayout(line)
        self.body.addLayout(buttons)

    # what happens

    def _show_fields(self, fields: bool) -> None:
        """Or what another trainer recorded in their place."""
        for widget in (self._scroll, self._count_label):
            widget.setVisible(fields)
        self.foreign.setVisible(not fields)

    def _take_preset(self) -> None:
        self._show_fields(True)
        self.form.show_values(RunConfig.preset(self._preset.currentData()))

    def _show_running(self) -> None:
        if self.form.running is not None:
            self.form.show_values(self.form.running)

    def _start(self) -> None:
        self._count_throttle.now()  # what is found wrong late must not be missed by a quick click
        if self.config is not None:
            self.new_run_requested.emit(self.config)

    def _show_state(self) -> None:
        """After an edit: the button says what it would do, and why not."""
        config, changes, errors = self.config, len(self.form.changes()), self.form.errors
        self._name_button()
        self._new_button.setEnabled(config is not None)
        self._new_button.setToolTip(
            f"Start from step 0 with these settings{_counted(changes)}"
            if config
            else "\n".join(errors.values())
        )
        restyle(self._new_button, "changed", bool(changes) and config is not None)
        self._revert.setVisible(self.form.running is not None and (bool(changes) or config is None))
        preset = self._preset_of(config) if config else None
        self._preset.setCurrentIndex(self._preset.findData(preset) if preset else -1)
        restyle(self._count_label, "role", "dim" if config is not None else "error")
        if config is not None:
            self._count_throttle.request()
        else:  # said where it is seen, for the field may be out of sight
            self._count_label.setText(
                "1 field is wrong" if len(errors) == 1 else f"{len(errors)} fields are wrong"
            )
        self._count_label.setToolTip("\n".join(errors.values()))

    def _preset_of(self, config: RunConfig) -> str | None:
        """The preset that these settings are. A run that was opened has its number of shards from its file, which
        wrote down what the size of the model had decided: that makes no other settings of it."""
        running, shards = self.form.running, config.training.shards
        if shards is not None and running is not None and running.training.shards == shards:
            config = config.replace("training.shards", None)
        return self._presets.get(config.fingerprint)

    def _name_button(self) -> None:
        """It says how many fields were changed, in as many words as there is room for."""
        changes = len(self.form.changes())
        texts = ["New run"]
        if changes:
            texts = [f"New run{_counted(changes)}", f"New run · {changes}"]
        room = self.contentsRect().width() - BESIDE_NEW_RUN - self._open_button.sizeHint().width()
        metrics = self._new_button.fontMetrics()
        fitting = (text for text in texts if metrics.horizontalAdvance(text) <= room)
        self._new_button.setText(next(fitting, texts[-1]))

    def _count_parameters(self) -> None:
        if self.config is None:
            return
        try:
            number = self._count(self.config)
        except ValueError as error:
            self.show_error(error)
        else:
            self._count_label.setText("" if number is None else f"{number:,} parameters")


def _counted(changes: int) -> str:
    return f" · {changes} change{'s' if changes > 1 else ''}" if changes else ""
