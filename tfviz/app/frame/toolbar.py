"""The bar on top: the transport, how fast, how far, and what can be taken away."""

import math

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import (
    QMenu,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QToolBar,
    QToolButton,
    QWidget,
)

from tfviz.app.actions import Actions
from tfviz.app.frame.pace import FIGURE_SPACE, padded, rate_text, time_text
from tfviz.app.frame.speed_slider import SpeedSlider, speed_text
from tfviz.app.frame.steady import FittingLabel, SteadyLabel
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.opening import ShownRun
from tfviz.views.panel import label
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

MOST_RUN_STEPS = 1_000_000
PROGRESS_UNITS = 1000


class ToolBar(QToolBar):
    """Buttons for the actions, and the widgets between them. `show_step` and `show_facts` say where the run is."""

    def __init__(self, actions: Actions, menu: QMenu, parent: QWidget) -> None:
        super().__init__("Toolbar", parent)
        self.setObjectName("toolbar")
        self.setAccessibleName("Toolbar")
        self.setMovable(False)
        self.setIconSize(QSize(18, 18))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setVisible(False)
        self._actions = actions
        self.brand = label("tfviz", "brand")
        self.speed_slider = SpeedSlider()
        self.speed_label = label("max", "number")
        self.run_steps_count = QSpinBox()
        self.step_label = SteadyLabel(Qt.AlignmentFlag.AlignRight)
        self.progress = QProgressBar()
        self.facts = FittingLabel()
        self.menu_button = QToolButton()
        self._running = False
        self._theme: Theme | None = None
        self._prepare(menu)
        self._fill()
        self.step_label.say("Step 0")
        self.facts.say("starting …", "")

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.menu_button.setIcon(icon("menu", theme.text))
        self._show_running(self._running)

    def show_step(self, step: int, total: int | None, playing: bool) -> None:
        """The clock's step of a run with so many steps (None: open end), and whether it moves."""
        self._show_running(playing)
        self._show_step(step, total)
        self.progress_action.setVisible(total is not None)
        if total is not None:
            self.progress.setValue(PROGRESS_UNITS * step // total)

    def show_facts(self, session: ShownRun, step: int, training: bool, rate: float) -> None:
        """Epoch and batch of the clock's step; steps per second (NaN: unknown) and time left of training."""
        self.facts.say(*facts(session, step, training, rate))

    # what stands where

    def _prepare(self, menu: QMenu) -> None:
        self.brand.setObjectName("brand")
        self.speed_slider.setFixedWidth(100)
        self.speed_slider.speed_changed.connect(lambda speed: self.speed_label.setText(speed_text(speed)))
        self.speed_label.setObjectName("speed_label")
        self.speed_label.setMinimumWidth(QFontMetrics(self.speed_label.font()).horizontalAdvance("891/s") + 4)
        self.run_steps_count.setObjectName("run_steps_count")
        self.run_steps_count.setAccessibleName("Number of steps to run")
        self.run_steps_count.setToolTip("How many steps the button beside it runs")
        self.run_steps_count.setRange(1, MOST_RUN_STEPS)
        self.run_steps_count.setGroupSeparatorShown(True)
        self.run_steps_count.setFixedWidth(66)
        self.run_steps_count.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.step_label.setObjectName("step_label")
        self.step_label.setAccessibleName("Step")
        self.progress.setObjectName("progress")
        self.progress.setAccessibleName("Progress of the run")
        self.progress.setRange(0, PROGRESS_UNITS)
        self.progress.setTextVisible(False)
        self.progress.setMinimumWidth(40)
        self.progress.setMaximumWidth(180)
        self.progress.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.facts.label.setObjectName("facts")
        self.facts.label.setProperty("role", "dim")
        self.menu_button.setObjectName("main_menu")
        self.menu_button.setAccessibleName("Menu")
        self.menu_button.setToolTip("Panels, layout, keys")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(menu)

    def _fill(self) -> None:
        self.addWidget(self.brand)
        self._gap(4)
        for name in ("go_start", "step_back", "play_pause", "step_batch", "restart", "new_seed"):
            self._add(name)
        self._style_play_button()
        self._gap(4)
        self.addWidget(self.run_steps_count)
        self._add("run_steps")
        self._gap(4)
        self.addWidget(label("Speed", "dim"))
        self.addWidget(self.speed_slider)
        self.addWidget(self.speed_label)
        self._gap(4)
        self.addWidget(self.step_label)
        self._gap(2)
        self.progress_action: QAction = self.addWidget(self.progress)
        self._gap(2)
        self.addWidget(self.facts)
        self._add("export").setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add("toggle_theme")
        self.addWidget(self.menu_button)

    def _add(self, name: str) -> QToolButton:
        action = self._actions[name]
        self.addAction(action)
        button = self.widgetForAction(action)
        assert isinstance(button, QToolButton)
        button.setObjectName(f"{name}_button")
        button.setAccessibleName(action.text())
        button.setAccessibleDescription(action.toolTip())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _gap(self, width: int) -> None:
        gap = QWidget()
        gap.setFixedWidth(width)
        self.addWidget(gap)

    def _style_play_button(self) -> None:
        button = self.widgetForAction(self._actions["play_pause"])
        assert isinstance(button, QToolButton)
        self.play_button = button
        button.setProperty("primary", True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFixedSize(98, 34)  # one size for both words

    # what it shows

    def _show_running(self, running: bool) -> None:
        self._running = running
        action = self._actions["play_pause"]
        action.setText("Pause" if running else "Play")
        self.play_button.setAccessibleName(action.text())
        if self._theme is not None:
            name = "pause" if running else "play"
            if self.play_button.property("shown_icon") != (name, self._theme.name):
                self.play_button.setProperty("shown_icon", (name, self._theme.name))
                action.setIcon(icon(name, self._theme.on_accent, self._theme.disabled))

    def _show_step(self, step: int, total: int | None) -> None:
        if total is not None:
            self.step_label.expect(f"Step {total:,} / {total:,}")
        self.step_label.say(f"Step {step:,}" + (f" / {total:,}" if total is not None else ""))


def facts(session: ShownRun, step: int, training: bool, rate: float) -> list[str]:
    """Epoch and batch of a step, speed and time left of training, from all of it to the least."""
    epoch = session.task.epoch(max(step, 1))
    per_epoch = session.task.steps_per_epoch
    where: list[str] = []
    if epoch is not None and per_epoch is not None:
        batch = (step - 1) % per_epoch + 1 if step else 0
        counted = padded(batch, per_epoch) if training else f"{batch:,}"
        where = [f"epoch {epoch:,}", f"batch {counted}/{per_epoch:,}"]
    if not training:
        pace, left = ["read-only" if isinstance(session, FollowedRun) else "paused"], []
    else:
        pace, total = [rate_text(rate)], session.total_steps
        seconds = (total - session.step) / rate if total is not None and rate > 0 else math.nan
        left = [f"ETA {time_text(seconds):{FIGURE_SPACE}<4}"] if total is not None else []
    lists: list[list[str]] = [where + pace + left, where[:1] + pace + left, pace + left, pace, []]
    return list(dict.fromkeys(" · ".join(parts) for parts in lists))
