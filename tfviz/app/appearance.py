"""The theme of the window: the user's choice, or the system's, followed while the program runs."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from tfviz.app.settings import Settings, ThemeChoice
from tfviz.views.style.theme import THEMES, Theme, system_theme


class Appearance(QObject):
    """Gives the application its colours; whoever holds colours of its own waits for `changed`."""

    changed = Signal()
    """There is another theme, which the application has already."""

    def __init__(self, settings: Settings, choice: ThemeChoice | None, parent: QObject) -> None:
        """Before the first widget is made, which would be polished twice. Without a choice, the remembered one."""
        super().__init__(parent)
        self._settings = settings
        self._choice: ThemeChoice = choice or settings.theme
        self.theme: Theme = self._chosen()
        self._colour_application()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    def choose(self, choice: ThemeChoice) -> None:
        """Change the theme and remember it."""
        self._choice = self._settings.theme = choice
        self._apply()

    def toggle(self) -> None:
        """Dark becomes light, and light dark."""
        self.choose("light" if self.theme.is_dark else "dark")

    def _chosen(self) -> Theme:
        return system_theme() if self._choice == "system" else THEMES[self._choice]

    def _apply(self) -> None:
        self.theme = self._chosen()
        self._colour_application()
        self.changed.emit()

    def _colour_application(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self.theme.apply(application)

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._apply()
