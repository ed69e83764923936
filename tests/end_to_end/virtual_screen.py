"""A virtual screen, and the program on it, driven as a person would: keys, mouse, and looking at pixels."""

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).parents[2]
LONG = 60.0
"""Seconds after which something that should happen has failed; a busy machine may take its time."""


class Screen:
    """An X server without a display; its pixels lie in a file."""

    def __init__(self, folder: Path, width: int, height: int) -> None:
        reader, writer = os.pipe()
        size = f"{width}x{height}x24"
        self._server = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writer),
                "-screen",
                "0",
                size,
                "-fbdir",
                str(folder),
                "-nolisten",
                "tcp",
            ],
            pass_fds=[writer],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            self.display = f":{answer.readline().strip()}"
        self._file = folder / "Xvfb_screen0"

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(10)

    def pixels(self) -> numpy.ndarray:
        """(height, width, 3) uint8: what a person would see."""
        content = self._file.read_bytes()
        header = struct.unpack(">25I", content[:100])
        start = header[0] + header[19] * 12  # behind the header and the colour table
        width, height, stride = header[4], header[5], header[12]
        rows = numpy.frombuffer(content, numpy.uint8, height * stride, start).reshape(height, stride)
        return rows[:, : width * 4].reshape(height, width, 4)[:, :, 2::-1].copy()

    def xdotool(self, *arguments: str) -> str:
        environment = os.environ | {"DISPLAY": self.display}
        return subprocess.run(
            ["xdotool", *arguments], env=environment, capture_output=True, text=True, check=True, timeout=LONG
        ).stdout


class Program:
    """tfviz in a process of its own."""

    def __init__(self, screen: Screen, folder: Path, *arguments: str) -> None:
        self.screen = screen
        self._file = folder / "geometry.json"
        self._file.unlink(missing_ok=True)  # of a program before
        environment = os.environ | {
            "DISPLAY": screen.display,
            "QT_QPA_PLATFORM": "xcb",
            "TFVIZ_GEOMETRY": str(self._file),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            "HOME": str(folder),
        }
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.wait(lambda: self.state.get("parked") and "play_pause_button" in self.state["widgets"])
        self._window = screen.xdotool("search", "--onlyvisible", "--name", "tfviz").split()[0]
        self.focus()

    @property
    def state(self) -> dict[str, Any]:
        """What the geometry hook says; empty before it has said anything."""
        try:
            state: dict[str, Any] = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {}
        return state

    def wait(self, condition: Callable[[], Any]) -> None:
        """Until something is so; fails with the program's own words where it has ended or takes too long."""
        until = time.monotonic() + LONG
        while not condition():
            if self.process.poll() is not None or time.monotonic() > until:
                state = {name: value for name, value in self.state.items() if name != "widgets"}
                raise AssertionError(f"waited in vain; last seen: {state}; {self._last_words()}")
            time.sleep(0.03)

    def wait_for(self, **values: object) -> None:
        """Until the state has these values."""
        self.wait(lambda: all(self.state[name] == value for name, value in values.items()))

    def focus(self) -> None:
        """Give the window the keyboard: no window manager does it here, not even when a dialog has closed."""
        self.screen.xdotool("windowfocus", "--sync", self._window)

    def key(self, *keys: str) -> None:
        self.screen.xdotool("key", *keys)

    def type(self, text: str) -> None:
        self.screen.xdotool("type", "--delay", "5", text)

    def place(self, name: str, across: float = 0.5, down: float = 0.5) -> tuple[int, int]:
        """A point of a widget, as shares of its width and height."""
        self.wait(lambda: name in self.state["widgets"])
        x, y, width, height = self.state["widgets"][name]
        return round(x + across * width), round(y + down * height)

    def click(self, name: str, across: float = 0.5, down: float = 0.5) -> None:
        x, y = self.place(name, across, down)
        self.screen.xdotool("mousemove", str(x), str(y), "click", "1")

    def part(self, name: str) -> numpy.ndarray:
        """The pixels of one widget."""
        x, y, width, height = self.state["widgets"][name]
        return self.screen.pixels()[max(y, 0) : y + height, max(x, 0) : x + width]

    def quit(self) -> int:
        """Ctrl+Q; the exit code."""
        self.focus()
        self.key("ctrl+q")
        return self.process.wait(LONG)

    def close(self) -> None:
        """End it whatever happened."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()

    def _last_words(self) -> str:
        if self.process.poll() is None or self.process.stdout is None:
            return "it still runs"
        return f"it ended with {self.process.returncode}: {self.process.stdout.read()[-2000:]}"


def changed(before: numpy.ndarray, after: numpy.ndarray) -> int:
    """How many pixels differ."""
    return int((before != after).any(axis=2).sum())
