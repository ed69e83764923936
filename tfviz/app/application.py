"""Starts Qt and the window: to be used, or to be photographed."""

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from types import FrameType
from typing import cast

from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QSettings, QTimer
from PySide6.QtWidgets import QApplication

import tfviz
from tfviz.app import geometry_hook
from tfviz.app.settings import Settings, ThemeChoice
from tfviz.app.user_library import user_library
from tfviz.app.window import MainWindow
from tfviz.app.window_icon import window_icon
from tfviz.training.atomic_file import write_atomically
from tfviz.training.config import RunConfig
from tfviz.training.events import Failed
from tfviz.training.record.opening import open_run
from tfviz.training.session import Session
from tfviz.views.style.fonts import load_fonts

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
SETTLING = 1.0  # seconds after which every throttle of the window has fired


def create_application() -> QApplication:
    """The one QApplication, with the program's fonts; made if there is none."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["tfviz"])
    application.setApplicationName("tfviz")
    application.setApplicationVersion(tfviz.__version__)
    application.setDesktopFileName("tfviz")
    application.setWindowIcon(window_icon())
    load_fonts()
    return application


def create_window(
    config: RunConfig,
    settings: Settings | None = None,
    theme: ThemeChoice | None = None,
    record: bool = True,
) -> MainWindow:
    """A window for a run of this configuration, not yet shown; `window.session` is its session.

    With `record` the run is written to a file in the user's data folder from its first step on.
    A QApplication has to exist. Where the configuration's data cannot be read, `window.session` is a ValueError.
    """
    load_fonts()
    settings = settings or Settings()
    library = user_library(settings) if record else None
    return MainWindow(lambda: Session(config), settings, theme, library)


def run(config: RunConfig, theme: str | None = None, path: str | PathLike[str] | None = None) -> int:
    """Open the window and stay until it is closed; returns the exit code.

    It shows a new run of this configuration, or the recorded one in a run file.
    """
    application = create_application()
    make = (lambda: Session(config)) if path is None else (lambda: open_run(path))
    settings = Settings()
    window = MainWindow(make, settings, cast(ThemeChoice | None, theme), user_library(settings))
    geometry_hook.install(window)
    with _closed_by_signals(window) as caught:
        window.show()
        code = application.exec()
    window.close()
    return EXIT_CODES[caught[0]] if caught else code


def screenshot(
    config: RunConfig, steps: int, out: str | PathLike[str], size: tuple[int, int], theme: str | None = None
) -> int:
    """Train so many steps live in a window that nobody sees, and save what it shows then as png.

    Returns the exit code: 1 where training broke off before. ValueError for data that cannot be read or a size that
    is too small, OSError where the file cannot be written. The user's settings are neither read nor changed.
    """
    application = create_application()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        settings.hint_done = True
        window = create_window(config, settings, cast(ThemeChoice | None, theme), record=False)
        try:
            return _photograph(window, steps, out, size, application)
        finally:
            window.close()


def _photograph(
    window: MainWindow, steps: int, out: str | PathLike[str], size: tuple[int, int], application: QApplication
) -> int:
    failures: list[Failed] = []
    window.bridge.failed.connect(failures.append)
    window.resize(*size)
    window.show()
    session = window.session
    if (window.width(), window.height()) != size:
        raise ValueError(
            f"a window of {size[0]}x{size[1]} is too small; the least is "
            f"{window.minimumSize().width()}x{window.minimumSize().height()}"
        )
    if steps:
        session.gate.run_steps(steps)
    _wait(application, lambda: session.gate.parked and window.bridge.settled)
    until = time.monotonic() + SETTLING
    _wait(application, lambda: time.monotonic() > until)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not window.grab().save(buffer, "PNG"):
        raise OSError("Qt could not write the picture as png")
    write_atomically(out, bytes(buffer.data().data()))
    return 1 if failures else 0


def _wait(application: QApplication, condition: Callable[[], bool]) -> None:
    while not condition():
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)


@contextmanager
def _closed_by_signals(window: MainWindow) -> Iterator[list[signal.Signals]]:
    """Ctrl+C and a request to terminate close the window properly. Gives the list of those that came."""
    caught: list[signal.Signals] = []

    def close(number: int, frame: FrameType | None) -> None:
        caught.append(signal.Signals(number))
        window.close()

    before = {number: signal.signal(number, close) for number in EXIT_CODES}
    heartbeat = QTimer()  # Python looks at signals only while it runs
    heartbeat.start(200)
    heartbeat.timeout.connect(lambda: None)
    try:
        yield caught
    finally:
        heartbeat.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
