"""The window: puts the parts together, and shows in all of them where the run is."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QPushButton, QTabWidget

from tfviz.app.actions import Actions
from tfviz.app.branches import Branches
from tfviz.app.breaking import Breaking
from tfviz.app.comparing import Comparing
from tfviz.app.controls import Controls
from tfviz.app.debugging import Debugging
from tfviz.app.dialogs.export_dialog import ChoosePath, ExportDialog, ask_for_path
from tfviz.app.dialogs.keys_dialog import KeysDialog
from tfviz.app.dialogs.settings_dialog import SettingsDialog
from tfviz.app.following import Following
from tfviz.app.frame.branch_bar import BranchBar
from tfviz.app.frame.docks import PanelDock, Titles, arrange, margin_bar, resize, timeline_bar
from tfviz.app.frame.hint import Hint
from tfviz.app.frame.main_menu import fill_menu
from tfviz.app.frame.progress import Progress
from tfviz.app.frame.recent_menu import RecentMenu
from tfviz.app.frame.recovery_bar import Recovery
from tfviz.app.frame.status import StatusBar
from tfviz.app.frame.toolbar import ToolBar
from tfviz.app.interventions import Interventions
from tfviz.app.key_scope import KeyScope, is_text_field
from tfviz.app.machine import machine_text
from tfviz.app.own_data import OwnData
from tfviz.app.problems import Problems
from tfviz.app.record_keeper import RecordKeeper
from tfviz.app.run_files import RunFiles
from tfviz.app.runs import Maker, Runs
from tfviz.app.settings import LAYOUT_VERSION, Settings, ThemeChoice
from tfviz.app.trying_out import TryingOut
from tfviz.training.events import Finished, Warned
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.opening import ShownRun
from tfviz.training.record.run_library import RunLibrary
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.bridge import Bridge
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.curves.gradient_panel import GradientPanel
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel
from tfviz.views.inspector.inspector_panel import InspectorPanel
from tfviz.views.interventions.intervention_panel import InterventionPanel
from tfviz.views.optimiser.optimiser_panel import OptimiserPanel
from tfviz.views.panels import PANELS
from tfviz.views.parts.compare_bar import Sight
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.run.run_panel import RunPanel
from tfviz.views.stages.stages_panel import StagesPanel
from tfviz.views.style.theme import THEMES, Theme, system_theme
from tfviz.views.timeline.timeline import Timeline

MESSAGE_TIME = 8000  # milliseconds
PREFERRED_SIZE = QSize(1600, 1000)
SMALLEST_SIZE = QSize(900, 600)


class MainWindow(QMainWindow):
    """Shows one session at a time. It is made in the background; `session` waits for it where it must."""

    def __init__(
        self,
        make: Maker,
        settings: Settings | None = None,
        theme: ThemeChoice | None = None,
        library: RunLibrary | None = None,
    ) -> None:
        """Without a library nothing is recorded but what the user saves."""
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("tfviz")
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setMinimumSize(SMALLEST_SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.settings = settings or Settings()
        self._theme_choice: ThemeChoice = theme or self.settings.theme
        self._theme = self._chosen_theme()
        self._theme.apply(_application())  # before the first widget, which would be polished twice
        self.commands = Actions(self)
        self.panels = {panel.object_name: panel for panel in (kind() for kind in PANELS)}
        self.bridge = Bridge(self.panels.values(), self)
        self.problems = Problems(self)
        self.runs = Runs(self)
        self.keeper = RecordKeeper(library, self)
        self.files = RunFiles(self.runs, self.keeper, self.settings, self)
        self.recovery = Recovery(library, self)
        self.controls = Controls(self.runs, self.bridge, self.tell, self)
        self._closed = False
        self.choose_path: ChoosePath = ask_for_path
        """Asks where an export goes; replaced where nobody can answer."""
        self._build()
        self._connect()
        self.key_scope = KeyScope(self.commands.all(), self)
        self._recolour()
        self._restore_layout()
        self.runs.open(make)

    @property
    def session(self) -> ShownRun:
        """The session that is shown, waited for at the start. The error that prevented it where there is none."""
        return self.runs.session

    @property
    def theme(self) -> Theme:
        return self._theme

    def tell(self, text: str) -> None:
        """Say a sentence in the status bar, for a while."""
        self.status.showMessage(text, MESSAGE_TIME)

    # what stands where

    def _build(self) -> None:
        # The toolbar comes first, because Tab goes through widgets in the order in which they were made.
        self.menu = QMenu(self)
        self.toolbar = ToolBar(self.commands, self.menu, self)
        self.toolbar.run_steps_count.setValue(self.settings.run_steps)
        self.docks = {name: PanelDock(panel, self) for name, panel in self.panels.items()}
        self.titles = Titles(self.docks.values(), self)
        self._fill_menu()
        top = Qt.ToolBarArea.TopToolBarArea
        self.addToolBar(top, self.toolbar)
        self.addToolBarBreak(top)
        for area in (top, Qt.ToolBarArea.LeftToolBarArea, Qt.ToolBarArea.RightToolBarArea):
            self.addToolBar(area, margin_bar(area, self))
        self.timeline = Timeline()
        self.branch_bar = BranchBar(self.commands["new_branch"])
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, timeline_bar(self.timeline, self.branch_bar, self))
        self.status = StatusBar(self.commands, self)
        self.setStatusBar(self.status)
        self.progress = Progress(self.bridge, self.toolbar, self.timeline, self.status, self.commands)
        self.following = Following(self.commands, self.status, self.bridge, self)
        self.breaking = Breaking(self.settings, self.commands, self.status, self.bridge, self)
        self.addActions(self.commands.all())
        self.hint: Hint | None = None if self.settings.hint_done else Hint(self.panels["curve_panel"])

    def _fill_menu(self) -> None:
        library = self.keeper.library
        recent = RecentMenu(lambda: self.settings.recent_files, library, self.menu)
        recent.chosen.connect(self.files.open_path)
        self.commands["show_settings"].setEnabled(library is not None)
        panels = [dock.toggleViewAction() for dock in self.docks.values()]
        fill_menu(self.menu, self.commands, recent, panels, self.choose_theme)

    def _connect(self) -> None:
        # Before the transport: which step is left has to be known when the clock goes on.
        self.debugging = Debugging(self.controls, self.commands, self.docks, self.problems, self)
        self.controls.connect_actions(self.commands, self.toolbar)
        self.controls.connect_timeline(self.timeline, self.commands["type_step"])
        curves = self.panels["curve_panel"]
        assert isinstance(curves, CurvePanel)
        self.branches = Branches(self.runs, self.controls, self.branch_bar, curves, self.tell, self)
        self.comparing = Comparing(
            self.runs,
            self.controls,
            self.commands,
            self.panels,
            self.timeline,
            lambda *asked: self.files.choose_to_open(*asked),
            self,
        )
        functions: dict[str, Callable[[], object]] = {
            "new_branch": self.branches.ask,
            "new_run": self._press_new_run,
            "open_run": self.files.open,
            "save_run": self.files.save,
            "save_run_as": self.files.save_as,
            "export": self._export,
            "toggle_theme": lambda: self.choose_theme("light" if self._theme.is_dark else "dark"),
            "full_screen": lambda: self.showNormal() if self.isFullScreen() else self.showFullScreen(),
            "reset_layout": self._reset_layout,
            "release": self._release,
            "show_keys": lambda: KeysDialog(self).show(),
            "show_settings": self._show_settings,
            "quit": self.close,
        }
        for name, function in functions.items():
            self.commands.connect_action(name, function)
        for panel in self.panels.values():
            match panel:
                case CurvePanel() | GradientPanel() | HeadMetricsPanel():
                    panel.step_clicked.connect(self.controls.go_to)
                case OptimiserPanel():
                    panel.step_clicked.connect(self.controls.go_to)
                    panel.breaks_wished.connect(self.breaking.ask)
                case RunPanel():
                    self.own_data = OwnData(panel, self.runs, self)
                    self.commands.connect_action("own_data", self.own_data.ask)
                    self.commands.connect_action("show_tokens", self.own_data.show_tokens)
                    self.branches.config_changed.connect(panel.show_change)
                    panel.new_run_requested.connect(self.controls.start_run)
                    panel.open_requested.connect(self.files.open)
                case PredictionPanel():
                    self.controls.connect_probe(panel)
                case PlaygroundPanel():
                    self.controls.connect_playground(panel)
                    self.trying_out = TryingOut(panel, self.settings)
        attention, stages = self.panels["attention_panel"], self.panels["stages_panel"]
        assert isinstance(attention, AttentionPanel) and isinstance(stages, StagesPanel)
        interventions, inspector = self.panels["intervention_panel"], self.panels["inspector_panel"]
        assert isinstance(interventions, InterventionPanel) and isinstance(inspector, InspectorPanel)
        self.interventions = Interventions(
            self.runs,
            self.controls,
            self.branches,
            interventions,
            attention,
            inspector,
            self.debugging.leave,
            self,
        )
        attention.head_selected.connect(stages.choose_head)
        heads = self.panels["head_metrics_panel"]
        assert isinstance(heads, HeadMetricsPanel)
        attention.head_selected.connect(heads.choose_head)
        heads.head_wished.connect(attention.select)
        self.branches.shown.connect(self.progress.show_record)
        self.runs.opened.connect(stages.forget)
        self.runs.opened.connect(self._adopt)
        self.runs.refused.connect(self._refuse)
        self.recovery.open_requested.connect(self.files.open_path)
        self.following.continue_wished.connect(self.files.open_path)
        self.files.saved.connect(lambda path: self.tell(f"Saved {path}"))
        self.files.failed.connect(lambda title, error: self.problems.show(title, str(error)))
        self.controls.probe_changed.connect(self.progress.show_words)
        self.bridge.looked.connect(self.keeper.look)
        self.bridge.finished.connect(self._tell_finished)
        self.bridge.warned.connect(self._tell_warning)
        self.bridge.failed.connect(self.problems.show_failure)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        if self.hint is not None:
            self.hint.dismissed.connect(self._dismiss_hint)
            self.bridge.changed.connect(self._end_hint)

    # the run

    def _adopt(self, session: ShownRun, message: str) -> None:
        self.debugging.leave()
        self.bridge.watch(session)
        self.controls.adopt(session)
        self.branches.adopt()
        self.interventions.adopt()
        run_panel = self.panels["run_panel"]
        assert isinstance(run_panel, RunPanel)
        if isinstance(session, FollowedRun) and session.foreign:
            run_panel.show_foreign(session.configuration.to_dict(), session.trainer)
        else:
            run_panel.show_config(session.config)
        if self.hint is not None:
            self.hint.show_goal(session.task.what_to_look_for)
        assert self.controls.transport is not None
        self.progress.adopt(session, self.controls.transport)
        if isinstance(session, FollowedRun):
            self.keeper.let_go()
        else:
            self.keeper.adopt(session)
        self.following.adopt(session)
        self.breaking.adopt(session)
        optimiser_panel = self.panels["optimiser_panel"]
        assert isinstance(optimiser_panel, OptimiserPanel)
        optimiser_panel.explain_absence(absence(session))
        self.trying_out.adopt(session)
        self.comparing.adopt(session)
        if message:
            self.tell(message)
        if self.isVisible():
            session.start()

    def _refuse(self, error: Exception) -> None:
        details = "" if isinstance(error, ValueError | OSError) else repr(error)
        self.problems.show("This run cannot be started", str(error), details)

    def _press_new_run(self) -> None:
        button = self.panels["run_panel"].findChild(QPushButton, "new_run_button")
        if button is not None:
            button.click()

    def _end_hint(self) -> None:
        if self.bridge.clock.frontier > 0:
            self._dismiss_hint()

    def _tell_finished(self, event: Finished) -> None:
        self.tell(f"Finished: {event.reason}")

    def _tell_warning(self, event: Warned) -> None:
        self.tell(f"Step {event.step:,}: {event.text}")

    # what the user does to the window

    def _export(self) -> None:
        session, panel = self.runs.current, self.panels["attention_panel"]
        shown = any(dialog.isVisible() for dialog in self.findChildren(ExportDialog))
        if session is None or not session.running or shown:
            return
        assert isinstance(panel, AttentionPanel)
        dialog = ExportDialog(
            session,
            panel.selected,
            self._theme.name,
            self.settings.export_folder,
            lambda *asked: self.choose_path(*asked),
            self,
            None if self.bridge.clock.following else self.bridge.clock.step,
            self.comparing.beside,
            panel.sight is Sight.DIFFERENCE,
        )
        dialog.saved.connect(self._tell_saved)
        dialog.show()

    def _show_settings(self) -> None:
        if self.keeper.library is not None and self.findChild(SettingsDialog) is None:
            SettingsDialog(self.keeper.library, self.settings, self).show()

    def _tell_saved(self, path: str) -> None:
        self.settings.export_folder = str(Path(path).parent)
        self.tell(f"Saved {path}")

    def _release(self) -> None:
        """Esc: out of a text field first, then whatever is locked or selected."""
        focus = QApplication.focusWidget()
        if focus is not None and is_text_field(focus):
            focus.clearFocus()
            return
        for panel in self.panels.values():
            if panel.isVisible() and panel.release():
                return
        if not self.controls.give_up() and not self.debugging.release():
            self.comparing.release()

    def _dismiss_hint(self) -> None:
        if self.hint is not None:
            self.bridge.changed.disconnect(self._end_hint)
            self.hint.remove()
            self.hint = None
            self.settings.hint_done = True

    def choose_theme(self, choice: ThemeChoice) -> None:
        """Change the theme and remember it."""
        self._theme_choice = self.settings.theme = choice
        self._apply_theme()

    def _chosen_theme(self) -> Theme:
        return system_theme() if self._theme_choice == "system" else THEMES[self._theme_choice]

    def _apply_theme(self) -> None:
        self._theme = self._chosen_theme()
        self._theme.apply(_application())
        self._recolour()

    def _recolour(self) -> None:
        """Give every part of the window the theme's colours; the application has them already."""
        self.commands.recolour(self._theme)
        self.toolbar.recolour(self._theme)
        self.timeline.recolour(self._theme)
        self.branches.recolour(self._theme)
        for dock in self.docks.values():
            dock.recolour(self._theme)
        self.recovery.recolour(self._theme)
        self.breaking.recolour(self._theme)
        if self.hint is not None:
            self.hint.recolour(self._theme)

    def _system_changed(self) -> None:
        if self._theme_choice == "system":
            self._apply_theme()

    # layout

    def _restore_layout(self) -> None:
        self.resize(_fitting_size())
        arrange(self, self.docks)
        if self.settings.geometry is not None:
            self.restoreGeometry(self.settings.geometry)
        self._restored = self.settings.layout is not None and self.restoreState(
            self.settings.layout, LAYOUT_VERSION
        )
        self.titles.show()

    def _reset_layout(self) -> None:
        self.settings.forget_layout()
        arrange(self, self.docks)

    # its life

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if event.spontaneous():
            return
        self._closed = False
        self.problems.hooks.install()
        self.key_scope.watch(True)
        self.setFocus()
        QTimer.singleShot(
            500, self, lambda: self.status.show_machine(machine_text())
        )  # not before the first picture
        QTimer.singleShot(700, self, self.recovery.look)
        if not self._restored:
            resize(self, self.docks)  # sizes count only now
            self._restored = True
        if self.runs.current is not None and not self.runs.current.running:
            self._adopt(self.runs.current, "")

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop training and wait for its thread; nothing is left running."""
        super().closeEvent(event)
        if self._closed:
            return  # asked again: the arrangement of a closed window is not worth remembering
        self._closed = True
        self.debugging.stop()
        self.bridge.watch(None)
        self.key_scope.watch(False)
        for dialog in self.findChildren(QDialog):
            dialog.close()
        self.comparing.close()
        self.own_data.close()
        self.interventions.close()
        self.files.close()
        self.runs.close()
        self.keeper.close()
        self.following.stop()
        self.recovery.close()
        self.problems.close()
        self.settings.run_steps = self.toolbar.run_steps_count.value()
        self.settings.geometry = self.saveGeometry()
        self.settings.layout = self.saveState(LAYOUT_VERSION)
        self.settings.save()
        for dock in self.docks.values():
            if dock.isFloating():
                dock.hide()  # a window of its own, which would stay behind


def absence(session: ShownRun) -> str | None:
    """Why the newest update of a run cannot be shown; None where it can."""
    if not isinstance(session, FollowedRun):
        return None
    if session.foreign:
        return f"{session.trainer} trains this run: its updates are not known"
    return f"{session.trainer} trains this run: go to a past step, whose update can be computed"


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application


def _fitting_size() -> QSize:
    """As in the design, or what the screen has room for; an offscreen "screen" has no size that means anything."""
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        return PREFERRED_SIZE
    return PREFERRED_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize())
