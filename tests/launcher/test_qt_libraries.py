"""A system library that Qt lacks is named, with the command that installs it here."""

import sys
from pathlib import Path

import pytest

from tfviz.launcher import qt_libraries
from tfviz.launcher.process import SetupError
from tfviz.launcher.qt_libraries import explanation, missing_libraries, provide_libraries

CURSOR = "libxcb-cursor.so.0"


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """System libraries to be absent in this test: a Qt in TMP_PATH whose files load only if the set is empty."""
    names: set[str] = set()
    users = {
        "libEGL.so.1": "libQt6Widgets.so.6",
        CURSOR: "libqxcb.so",
        "libwayland-client.so.0": "libqwayland.so",
    }

    def load_failure(library: str) -> str | None:
        name = Path(library).name
        return (
            name
            if name in names
            else next((lib for lib, user in users.items() if user == name and lib in names), None)
        )

    for file in (
        "lib/libQt6Widgets.so.6",
        "plugins/platforms/libqxcb.so",
        "plugins/platforms/libqwayland.so",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.setattr(qt_libraries, "_qt_folder", lambda: tmp_path)
    monkeypatch.setattr(qt_libraries, "_load_failure", load_failure)
    monkeypatch.setattr(qt_libraries, "is_root", lambda: False)
    monkeypatch.setattr(qt_libraries, "apt_install", lambda packages: False)
    return names


def tools(monkeypatch: pytest.MonkeyPatch, *present: str) -> None:
    monkeypatch.setattr(qt_libraries.shutil, "which", lambda name: name if name in present else None)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt brings all it needs")
def test_here_nothing_is_missing() -> None:
    assert missing_libraries([]) == []


def test_a_library_that_does_not_exist_is_named_by_its_file() -> None:
    assert qt_libraries._load_failure("libno-such-thing.so.7") == "libno-such-thing.so.7"


def test_a_library_of_a_file_that_qt_uses_is_missing_only_when_that_file_is_needed(lacking: set[str]) -> None:
    lacking.add(CURSOR)
    assert missing_libraries([]) == []
    assert missing_libraries(["xcb"]) == [CURSOR]


def test_everything_absent_is_named_at_once(lacking: set[str]) -> None:
    lacking |= {"libEGL.so.1", "libGL.so.1", CURSOR, "libxkbcommon-x11.so.0"}
    assert missing_libraries(["xcb"]) == ["libGL.so.1", "libEGL.so.1", CURSOR, "libxkbcommon-x11.so.0"]


def test_one_platform_that_loads_is_enough(lacking: set[str]) -> None:
    lacking.add(CURSOR)
    assert missing_libraries(["wayland", "xcb"]) == []
    lacking.add("libwayland-client.so.0")
    assert len(missing_libraries(["wayland", "xcb"])) == 1


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("apt-get", "sudo apt-get install -y libegl1 libxcb-cursor0"),
        ("dnf", "sudo dnf install -y libglvnd-egl xcb-util-cursor"),
        ("pacman", "sudo pacman -S --needed libglvnd xcb-util-cursor"),
        ("zypper", "sudo zypper install -y Mesa-libEGL1 libxcb-cursor0"),
    ],
)
def test_the_command_is_the_one_of_the_distribution(
    lacking: set[str], monkeypatch: pytest.MonkeyPatch, tool: str, command: str
) -> None:
    lacking |= {"libEGL.so.1", CURSOR}
    tools(monkeypatch, tool)
    with pytest.raises(SetupError) as raised:
        provide_libraries(["xcb"])
    assert str(raised.value).splitlines() == [
        f"Qt needs system libraries that are missing: libEGL.so.1, {CURSOR}. Install them with:",
        f"    {command}",
    ]


def test_an_unknown_library_is_named_without_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    tools(monkeypatch, "dnf")
    assert "the packages that contain libnew.so.1" in explanation([CURSOR, "libnew.so.1"])


def test_alpine_and_the_unknown_distribution_get_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    tools(monkeypatch, "apk")
    assert "musl" in explanation([CURSOR])
    tools(monkeypatch)
    assert "your distribution's package manager" in explanation([CURSOR])


def test_what_can_be_installed_is_installed(lacking: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lacking |= {"libEGL.so.1", CURSOR}
    installed: list[str] = []

    def apt_install(packages: list[str]) -> bool:
        installed.extend(packages)
        lacking.clear()
        return True

    monkeypatch.setattr(qt_libraries, "apt_install", apt_install)
    provide_libraries(["xcb"])
    assert installed == ["libegl1", "libxcb-cursor0"]
