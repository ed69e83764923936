"""Which commands open a window, and whether there is a screen for it."""

import sys
from collections.abc import Mapping, Sequence

_DRAWN_FORMATS = ("png", "pdf", "gif")


def command_of(arguments: Sequence[str]) -> str | None:
    """The command in the program's arguments; None is the window."""
    return arguments[0] if arguments and not arguments[0].startswith("-") else None


def display_problem(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Why the window cannot be opened, in a sentence; None when it can, or when the command needs none."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if (
        sys.platform != "linux"
        or command_of(arguments) is not None
        or any(environment.get(name) for name in screens)
    ):
        return None
    return (
        "there is no display for the window ($DISPLAY and $WAYLAND_DISPLAY are empty); these commands need none: "
        "train, predict, export, info, gradcheck, bench, and screenshot to see the window as a picture."
    )


def needs_qt(arguments: Sequence[str]) -> bool:
    """Whether a command draws, be it on a screen or into a file."""
    command = command_of(arguments)
    if command == "export":
        return any(argument.lower().endswith(_DRAWN_FORMATS) for argument in arguments)
    return command in (None, "screenshot", "test") or "--gui" in arguments


def platform_plugins(environment: Mapping[str, str]) -> list[str]:
    """Qt's plugins for this screen, of which one has to load: "wayland", "xcb". Empty: Qt itself is enough."""
    chosen = environment.get("QT_QPA_PLATFORM", "")
    if chosen:
        wanted = [name.split(":")[0] for name in chosen.split(";")]
        return [name for name in ("wayland", "xcb") if name in wanted]
    screens = {"wayland": "WAYLAND_DISPLAY", "xcb": "DISPLAY"}
    return [plugin for plugin, variable in screens.items() if environment.get(variable)]
