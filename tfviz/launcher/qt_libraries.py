"""The system libraries that Qt links and pip does not bring, on Linux: which are missing, and where they come from.

Qt's own libraries are loaded to find out, which costs nothing: the program loads them next.
"""

import ctypes
import importlib.util
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from tfviz.launcher.process import SetupError, apt_install, is_root

# library: its package for apt-get, dnf, pacman, zypper
_PACKAGES: dict[str, tuple[str, ...]] = {
    "libGL.so.1": ("libgl1", "libglvnd-glx", "libglvnd", "Mesa-libGL1"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl", "libglvnd", "Mesa-libEGL1"),
    "libX11.so.6": ("libx11-6", "libX11", "libx11", "libX11-6"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon", "libxkbcommon0"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs", "dbus", "libdbus-1-3"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig", "fontconfig", "libfontconfig1"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2", "glib2", "libglib-2_0-0"),
}
_PLUGIN_PACKAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "xcb": {
        "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor", "libxcb-cursor0"),
        "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm", "libxcb-icccm4"),
        "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms", "libxcb-keysyms1"),
        "libxcb-shape.so.0": ("libxcb-shape0", "libxcb", "libxcb", "libxcb-shape0"),
        "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", *["libxkbcommon-x11"] * 2, "libxkbcommon-x11-0"),
    },
    "wayland": {
        "libwayland-client.so.0": (
            "libwayland-client0",
            "libwayland-client",
            "wayland",
            "libwayland-client0",
        ),
        "libwayland-cursor.so.0": (
            "libwayland-cursor0",
            "libwayland-cursor",
            "wayland",
            "libwayland-cursor0",
        ),
    },
}
_INSTALL_COMMANDS = ("apt-get install -y", "dnf install -y", "pacman -S --needed", "zypper install -y")


def provide_libraries(plugins: Sequence[str]) -> None:
    """Return when Qt and one of its platform PLUGINS load; what lacks is installed where possible (apt, root).

    Raises SetupError that names the libraries and the exact command to install them.
    """
    libraries = missing_libraries(plugins)
    if libraries and apt_install(_packages(libraries, 0)):
        libraries = missing_libraries(plugins)
    if libraries:
        raise SetupError(explanation(libraries))


def missing_libraries(plugins: Sequence[str]) -> list[str]:
    """The system libraries that keep Qt, or the best of its platform PLUGINS, from loading; empty when all is well."""
    qt = _qt_folder()
    if qt is None:
        return []  # a PySide6 of the distribution, which brought its libraries along
    lacking = _unloadable(qt / "lib" / "libQt6Widgets.so.6", _PACKAGES)
    choices = [
        _unloadable(file, _PLUGIN_PACKAGES[plugin])
        for plugin in plugins
        for file in (qt / "plugins" / "platforms").glob(f"libq{plugin}*.so")
    ]
    return list(dict.fromkeys(lacking + min(choices, key=len, default=[])))


def explanation(libraries: Sequence[str]) -> str:
    """What is missing and the command that installs it on this distribution."""
    text = f"Qt needs system libraries that are missing: {', '.join(libraries)}."
    for column, command in enumerate(_INSTALL_COMMANDS):
        if shutil.which(command.split()[0]):
            packages = _packages(libraries, column)
            unknown = [library for library in libraries if library not in _known()]
            if packages:
                text += (
                    f" Install them with:\n    {'' if is_root() else 'sudo '}{command} {' '.join(packages)}"
                )
            if unknown:
                text += f"\nand the packages that contain {', '.join(unknown)}."
            return text
    if shutil.which("apk"):
        return text + " PySide6 is not published for Alpine's musl; use a distribution with glibc."
    return text + " Install them with your distribution's package manager."


def _known() -> dict[str, tuple[str, ...]]:
    return {**_PACKAGES, **_PLUGIN_PACKAGES["xcb"], **_PLUGIN_PACKAGES["wayland"]}


def _packages(libraries: Sequence[str], column: int) -> list[str]:
    return list(dict.fromkeys(_known()[library][column] for library in libraries if library in _known()))


def _qt_folder() -> Path | None:
    specification = importlib.util.find_spec("PySide6")
    folders = specification.submodule_search_locations if specification else None
    folder = Path(folders[0]) / "Qt" if folders else None
    return folder if folder is not None and folder.is_dir() else None


def _unloadable(library: Path, candidates: Iterable[str]) -> list[str]:
    """What keeps LIBRARY from loading: the one its loader names, and all of CANDIDATES, to name everything at once."""
    named = _load_failure(str(library))
    if named is None:
        return []
    return list(dict.fromkeys([*(name for name in candidates if _load_failure(name)), named]))


def _load_failure(library: str) -> str | None:
    """None when LIBRARY loads, otherwise the file it lacks: the message is "libEGL.so.1: cannot open shared ..."."""
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return str(error).split(":")[0]
    return None
