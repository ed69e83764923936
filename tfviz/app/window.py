"""The window: puts the parts together, and shows in all of them where the run is."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QTabWidget

from tfviz.app.actions import Actions
from tfviz.app.appearance import Appearance
from tfviz.app.branches import Branches
from tfviz.app.breaking import Breaking
from tfviz.app.comparing import Comparing
from tfviz.app.controls import Controls
from tfviz.app.debugging import Debugging
from tfviz.app.dialogs.export_dialog import ChoosePath, ask_for_path
from tfviz.app.dialogs.keys_dialog import KeysDialog
from tfviz.app.dialogs.settings_dialog import SettingsDialog
from tfviz.app.exporting import Exporting
from tfviz.app.following import Following
from tfviz.app.frame.arrangement import Arrangement
from tfviz.app.frame.branch_bar import BranchBar
from tfviz.app.frame.docks import PanelDock, Titles, margin_bar, timeline_bar
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
from tfviz.app.panel_links import PanelLinks, panel_of
from tfviz.app.problems import Problems
from tfviz.app.record_keeper import RecordKeeper
from tfviz.app.run_files import RunFiles
from tfviz.app.runs import Maker, Runs
from tfviz.app.settings import Settings, ThemeChoice
from tfviz.app.trying_out import TryingOut
from tfviz.training.events import Finished, Warned
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.opening import ShownRun
from tfviz.training.record.run_library import RunLibrary
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.bridge import Bridge
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.inspector.inspector_panel import InspectorPanel
from tfviz.views.interventions.intervention_panel import InterventionPanel
from tfviz.views.panels import PANELS
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.run.run_panel import RunPanel
from tfviz.views.stages.stages_panel import StagesPanel
from tfviz.views.style.theme import Theme
from tfviz.views.timeline.timeline import Timeline

MESSAGE_TIME = 8000  # milliseconds
SMALLEST_SIZE = QSize(960, 690)


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
        self.appearance = Appearance(self.settings, theme, self)
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
        self.arrangement = Arrangement(self, self.docks, self.settings)
        self.titles.show()
        self.runs.open(make)

    @property
    def session(self) -> ShownRun:
        """The session that is shown, waited for at the start. The error that prevented it where there is none."""
        return self.runs.session

    @property
    def theme(self) -> Theme:
        return self.appearance.theme

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
        fill_menu(self.menu, self.commands, recent, panels, self.appearance.choose)

    def _connect(self) -> None:
        # Before the transport: which step is left has to be known when the clock goes on.
        self.debugging = Debugging(self.controls, self.commands, self.docks, self.problems, self)
        self.controls.connect_actions(self.commands, self.toolbar)
        self.controls.connect_timeline(self.timeline, self.commands["type_step"])
        self._make_parts()
        self._connect_actions()
        self.branches.shown.connect(self.progress.show_record)
        self.runs.opened.connect(panel_of(self.panels, StagesPanel).forget)
        self.runs.opened.connect(self._adopt)
        self.runs.refused.connect(self._refuse)
        self.recovery.open_requested.connect(self.files.open_path)
        self.following.continue_wished.connect(self.files.open_path)
        self.files.saved.connect(lambda path: self.tell(f"Saved {path}"))
        self.files.failed.connect(lambda title, error: self.problems.show(title, str(error)))
        self.controls.probe_changed.connect(self.progress.show_words)
        self.bridge.at_every_look(self.keeper.look)
        self.bridge.finished.connect(self._tell_finished)
        self.bridge.warned.connect(self._tell_warning)
        self.bridge.failed.connect(self.problems.show_failure)
        self.appearance.changed.connect(self._recolour)
        if self.hint is not None:
            self.hint.dismissed.connect(self._dismiss_hint)
            self.bridge.changed.connect(self._end_hint)

    def _make_parts(self) -> None:
        """What does things to runs, each with the panels that ask for it."""
        runs, controls, commands, panels = self.runs, self.controls, self.commands, self.panels
        attention = panel_of(panels, AttentionPanel)
        self.branches = Branches(
            runs, controls, self.branch_bar, panel_of(panels, CurvePanel), self.tell, self
        )
        self.comparing = Comparing(
            runs,
            controls,
            commands,
            panels,
            self.timeline,
            lambda *asked: self.files.choose_to_open(*asked),
            self,
        )
        self.own_data = OwnData(panel_of(panels, RunPanel), runs, self)
        self.trying_out = TryingOut(panel_of(panels, PlaygroundPanel), self.settings)
        self.links = PanelLinks(panels, controls, self.files, self.breaking, self.branches)
        self.interventions = Interventions(
            runs,
            controls,
            self.branches,
            panel_of(panels, InterventionPanel),
            attention,
            panel_of(panels, InspectorPanel),
            self.debugging.leave,
            self,
        )
        self.exporting = Exporting(
            runs,
            controls,
            self.comparing,
            attention,
            self.appearance,
            self.settings,
            lambda *asked: self.choose_path(*asked),
            self,
        )

    def _connect_actions(self) -> None:
        functions: dict[str, Callable[[], object]] = {
            "new_branch": self.branches.ask,
            "new_run": self.links.press_new_run,
            "open_run": self.files.open,
            "save_run": self.files.save,
            "save_run_as": self.files.save_as,
            "own_data": self.own_data.ask,
            "show_tokens": self.own_data.show_tokens,
            "export": self.exporting.ask,
            "toggle_theme": self.appearance.toggle,
            "full_screen": lambda: self.showNormal() if self.isFullScreen() else self.showFullScreen(),
            "reset_layout": lambda: self.arrangement.reset(),
            "release": self._release,
            "show_keys": lambda: KeysDialog(self).show(),
            "show_settings": self._show_settings,
            "quit": self.close,
        }
        for name, function in functions.items():
            self.commands.connect_action(name, function)

    # the run

    def _adopt(self, session: ShownRun, message: str) -> None:
        self.debugging.leave()
        self.bridge.watch(session)
        self.controls.adopt(session)
        self.branches.adopt()
        self.interventions.adopt()
        self.links.adopt(session)
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
        self.trying_out.adopt(session)
        self.comparing.adopt(session)
        if message:
            self.tell(message)
        if self.isVisible():
            session.start()

    def _refuse(self, error: Exception) -> None:
        details = "" if isinstance(error, ValueError | OSError) else repr(error)
        self.problems.show("This run cannot be started", str(error), details)

    def _end_hint(self) -> None:
        if self.bridge.clock.frontier > 0:
            self._dismiss_hint()

    def _tell_finished(self, event: Finished) -> None:
        self.tell(f"Finished: {event.reason}")

    def _tell_warning(self, event: Warned) -> None:
        self.tell(f"Step {event.step:,}: {event.text}")

    # what the user does to the window

    def _show_settings(self) -> None:
        if self.keeper.library is not None and self.findChild(SettingsDialog) is None:
            SettingsDialog(self.keeper.library, self.settings, self).show()

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

    def _recolour(self) -> None:
        """Give every part of the window the theme's colours; the application has them already."""
        self.commands.recolour(self.theme)
        self.toolbar.recolour(self.theme)
        self.timeline.recolour(self.theme)
        self.branches.recolour(self.theme)
        for dock in self.docks.values():
            dock.recolour(self.theme)
        self.recovery.recolour(self.theme)
        self.breaking.recolour(self.theme)
        if self.hint is not None:
            self.hint.recolour(self.theme)

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
        self.arrangement.show()
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
        self.arrangement.remember()
        self.settings.save()
        for dock in self.docks.values():
            if dock.isFloating():
                dock.hide()  # a window of its own, which would stay behind
