"""Which commands open a window, and whether there is a screen for it."""

import ctypes
import sys
from collections.abc import Mapping, MutableMapping, Sequence

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
        "there is no display for the window ($DISPLAY and $WAYLAND_DISPLAY name none); these commands need none: "
        "train, predict, export, info, gradcheck, bench, and screenshot to see the window as a picture."
    )


def forget_dead_display(environment: MutableMapping[str, str]) -> None:
    """Remove a $DISPLAY at which no X server answers: Qt would abort the process instead of saying so."""
    name = environment.get("DISPLAY")
    if name and not _x_server_answers(name):
        del environment["DISPLAY"]


def _x_server_answers(name: str) -> bool:
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return True  # not to be had without libX11, which is another matter
    x11.XOpenDisplay.restype = ctypes.c_void_p
    connection = x11.XOpenDisplay(name.encode())
    if connection:
        x11.XCloseDisplay(ctypes.c_void_p(connection))
    return bool(connection)


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
