"""Only what opens a window asks for a screen; only what draws asks for Qt."""

import subprocess
import sys

import pytest

from tests.tools import needs
from tfviz.launcher.display import display_problem, forget_dead_display, needs_qt, platform_plugins


@pytest.mark.parametrize("arguments", [[], ["--theme", "dark"], ["--run", "a.tfviz"]])
def test_without_a_screen_the_window_is_refused_in_one_sentence_naming_what_works(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    problem = display_problem(arguments, {"DISPLAY": ""})
    assert problem is not None
    assert "\n" not in problem
    for command in ("train", "predict", "export", "info", "gradcheck", "bench", "screenshot"):
        assert command in problem


@pytest.mark.parametrize(
    "command", ["train", "predict", "export", "info", "gradcheck", "bench", "screenshot", "test"]
)
def test_other_commands_need_no_screen(command: str) -> None:
    assert display_problem([command], {}) is None


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_any_screen_will_do(name: str) -> None:
    assert display_problem([], {name: ":0"}) is None


@pytest.mark.skipif(sys.platform != "linux", reason="X is asked only on Linux")
def test_a_display_at_which_nobody_answers_is_no_display() -> None:
    environment = {"DISPLAY": ":65432", "HOME": "/"}
    forget_dead_display(environment)
    assert environment == {"HOME": "/"}
    assert display_problem([], environment)


@needs("Xvfb")
def test_a_display_that_answers_is_kept() -> None:
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        display = f":{server.stdout.readline().strip()}"
        environment = {"DISPLAY": display}
        forget_dead_display(environment)
        assert environment == {"DISPLAY": display}
    finally:
        server.terminate()
        server.communicate()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", True),
        ("--preset tiny", True),
        ("screenshot --steps 3", True),
        ("test", True),
        ("bench", False),
        ("bench --gui", True),
        ("train --steps 3", False),
        ("export a.tfviz --format npz --out a.npz", False),
        ("export a.tfviz --format svg --out a.svg", False),
        ("export a.tfviz --format png --out a", True),
        ("export a.tfviz --out figure.PDF", True),
    ],
)
def test_commands_that_draw_need_qt(line: str, expected: bool) -> None:
    assert needs_qt(line.split()) is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, []),
        ({"DISPLAY": ":0"}, ["xcb"]),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, []),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, ["wayland", "xcb"]),
        ({"QT_QPA_PLATFORM": "xcb:nograb"}, ["xcb"]),
    ],
)
def test_the_platform_plugin_follows_the_screen(environment: dict[str, str], expected: list[str]) -> None:
    assert platform_plugins(environment) == expected
