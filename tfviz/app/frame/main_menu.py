"""The menu behind the button at the end of the toolbar: everything that has no button of its own, and most that has."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from tfviz.app.actions import Actions
from tfviz.app.frame.recent_menu import RecentMenu
from tfviz.app.settings import ThemeChoice

THEMES: dict[str, ThemeChoice] = {"As the system": "system", "Dark": "dark", "Light": "light"}
FILES = ("save_run", "save_run_as", "export")
STEPS = ("type_step", "train_from_here", "continue_training", "new_branch", "break_conditions")
OPERATIONS = (
    "step_operation",
    "step_operation_back",
    "run_to_loss",
    "run_to_gradients",
    "run_to_update",
    "leave_step",
)
PIN = ("pin_step", "pin_file", "swap_pin", "release_pin")
PROGRAM = ("show_settings", "show_keys", "quit")


def fill_menu(
    menu: QMenu,
    commands: Actions,
    recent: RecentMenu,
    panels: list[QAction],
    choose_theme: Callable[[ThemeChoice], None],
) -> None:
    """Put all entries into an empty menu; `panels` show and hide them."""
    menu.addActions([commands["new_run"], commands["own_data"], commands["open_run"]])
    menu.addMenu(recent)
    menu.addAction(commands["show_tokens"])
    for group in (FILES, STEPS, PIN):
        menu.addActions([commands[name] for name in group])
        menu.addSeparator()
    menu.addMenu("Inside a step").addActions([commands[name] for name in OPERATIONS])
    menu.addMenu("Panels").addActions(panels)
    menu.addActions([commands["reset_layout"], commands["full_screen"]])
    themes = menu.addMenu("Theme")
    for text, choice in THEMES.items():
        themes.addAction(text).triggered.connect(lambda _=False, choice=choice: choose_theme(choice))
    menu.addSeparator()
    menu.addActions([commands[name] for name in PROGRAM])
