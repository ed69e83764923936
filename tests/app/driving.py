"""What a person does to the window, for tests: clicks on real buttons, keys, and waiting for what is to be seen."""

from typing import TypeVar

from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tfviz.app.settings import Settings
from tfviz.app.window import MainWindow
from tfviz.training.session import Session
from tfviz.views.clock import Clock
from tfviz.views.panel import Panel

Kind = TypeVar("Kind", bound=QWidget)
PanelKind = TypeVar("PanelKind", bound=Panel)
LEFT = Qt.MouseButton.LeftButton


class Driver:
    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    @property
    def session(self) -> Session:
        return self.window.session

    @property
    def step(self) -> int:
        """That of training."""
        return self.session.step

    @property
    def clock(self) -> Clock:
        return self.window.bridge.clock

    def find(self, kind: type[Kind], name: str) -> Kind:
        found = self.window.findChild(kind, name)
        assert found is not None, f"no {kind.__name__} named {name}"
        return found

    def panel(self, kind: type[PanelKind]) -> PanelKind:
        """The window's panel of a kind."""
        found = self.window.panels[kind.object_name]
        assert isinstance(found, kind)
        return found

    def bring_to_front(self, kind: type[PanelKind]) -> PanelKind:
        """The panel, before those that share its place."""
        self.window.docks[kind.object_name].raise_()
        return self.panel(kind)

    def click(self, action: str) -> None:
        """Click the toolbar button of an action."""
        button = self.window.toolbar.widgetForAction(self.window.commands[action])
        self.click_on(button)

    def click_on(self, widget: QWidget, position: QPoint | None = None) -> None:
        self.qtbot.mouseClick(widget, LEFT, pos=position or widget.rect().center())

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is, shortcuts included."""
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def wait_parked_at(self, step: int) -> None:
        """Wait until nothing is trained, and this step is what everything shows."""
        self.qtbot.waitUntil(lambda: self.session.gate.parked and self.clock.step == step, timeout=10_000)
        self.settle()

    def wait_shown(self, step: int) -> None:
        """Wait until the clock and the picture are at this step, whatever is trained meanwhile."""
        bridge = self.window.bridge

        def shown() -> bool:
            picture = bridge.picture
            pending = any(feed.pending is not None for feed in bridge.feeds if feed.seen)
            here = self.clock.step == step and picture is not None and picture.step == step
            return here and not bridge.past.busy and not pending

        self.qtbot.waitUntil(shown, timeout=10_000)

    def settle(self) -> None:
        """Wait until training is parked and everything on the screen is up to date."""
        window = self.window

        def settled() -> bool:
            session, transport = window.runs.current, window.controls.transport
            if session is None or transport is None or not session.gate.parked or transport.moving:
                return False
            picture = window.bridge.picture
            shown = picture is not None and picture.step == window.bridge.clock.step
            return shown and window.bridge.settled and not window.runs.opening

        self.qtbot.waitUntil(settled, timeout=10_000)

    def train(self, steps: int) -> None:
        """Let so many steps be taken, without the buttons."""
        goal = self.step + steps
        self.session.gate.run_steps(steps)
        self.wait_parked_at(goal)

    def wait_for_new_session(self, old: Session) -> None:
        self.qtbot.waitUntil(lambda: self.window.runs.current is not old, timeout=10_000)
        self.settle()


def store_again(settings: Settings) -> Settings:
    """The same settings, read from the disk as the next start of the program would."""
    return Settings(QSettings(settings._store.fileName(), QSettings.Format.IniFormat))
