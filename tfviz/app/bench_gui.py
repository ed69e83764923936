"""What the live window takes from training: the same session with the window live and with it idle, in turns."""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer

from tfviz.app.application import create_application, create_window
from tfviz.app.interruption import Interruption
from tfviz.app.settings import Settings
from tfviz.app.window import MainWindow
from tfviz.training.benchmark.processor_load import ProcessorLoad
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import Demand

SIZE = 1600, 1000
PAIRS = 10  # of a live and an idle phase
SETTLING = 0.3  # seconds after a change of phase that do not count
FEWEST_STEPS = 12  # of a phase: with fewer its speed would be a guess
BEAT = 10  # milliseconds between two looks at the event loop


@dataclass
class WindowCost:
    """One shape: speeds of the phases in steps a second, in their order; delays of the event loop in seconds."""

    shape: str
    panels: int
    """Panels on the screen."""
    live: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    """A second, in each live phase."""
    delays: list[float] = field(default_factory=list)
    """By how much each beat of the live window came late."""
    foreign_load: float | None = None

    @property
    def ratios(self) -> list[float]:
        """Live over idle speed, for each pair of neighbouring phases."""
        return [live / idle for live, idle in zip(self.live, self.idle, strict=True)]

    def delay(self, share: float) -> float:
        """Seconds within which this share of the beats came."""
        return float(np.quantile(self.delays, share)) if self.delays else 0.0


def measure_window(
    shapes: Sequence[str], seconds: float = 10.0, panel: str | None = None
) -> list[WindowCost]:
    """Measure presets, so many seconds of live training each and as many idle ones; `panel` stands in front."""
    application = create_application()
    costs = []
    for shape in shapes:
        config = RunConfig.preset(shape).replace("training.validation_every", 0)
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
            settings.hint_done = True
            window = create_window(config, settings, record=False)
            try:
                window.resize(*SIZE)
                window.show()
                if panel is not None:
                    window.docks[panel].show()
                    window.docks[panel].raise_()
                with Interruption() as interruption:
                    costs.append(_Measurement(window, shape, interruption).run(seconds / PAIRS))
            finally:
                window.close()
                application.processEvents()
    return costs


class _Measurement:
    def __init__(self, window: MainWindow, shape: str, interruption: Interruption) -> None:
        self.window, self.session, self.interruption = window, window.session, interruption
        self.steps: list[float] = []  # when each step began, by the worker
        self.cost = WindowCost(shape, 0)
        self._due = 0.0
        self._heart = QTimer(window)
        self._heart.setSingleShot(True)
        self._heart.setTimerType(Qt.TimerType.PreciseTimer)
        self._heart.timeout.connect(self._beat)

    def run(self, seconds: float) -> WindowCost:
        self._wait(0.5)  # the first picture, and what a window does once
        self.session.gate.run_until(predicate=self._step)
        self._wait(1.0)
        self.cost.panels = sum(feed.seen for feed in self.window.bridge.feeds)
        with ProcessorLoad() as load:
            for _ in range(PAIRS):
                with self._live():
                    self.cost.live.append(self._speed(seconds, live=True))
                self.cost.idle.append(self._speed(seconds, live=False))
        self.cost.foreign_load = load.foreign
        self.session.gate.pause()
        return self.cost

    @contextmanager
    def _live(self) -> Iterator[None]:
        self.window.bridge.watch(self.session)
        self.window.controls.adopt(self.session)
        yield
        self.window.bridge.watch(None)
        self.session.mailbox.request(Demand())

    def _speed(self, seconds: float, live: bool) -> float:
        """Steps a second of a phase, between the first and the last step that began in it."""
        self._wait(SETTLING)
        if live:
            self._schedule()
        first = len(self.steps)
        self._wait(seconds)
        while len(self.steps) - first < FEWEST_STEPS:
            self._wait(seconds / 4)
        if live:
            self._heart.stop()
            self.cost.pictures.append(self.window.bridge.pictures_per_second())
        times = self.steps[first:]
        return (len(times) - 1) / (times[-1] - times[0])

    def _wait(self, seconds: float) -> None:
        """Let the event loop run for a while. KeyboardInterrupt here, since Qt would swallow it in a slot."""
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()
        if self.interruption:
            raise KeyboardInterrupt

    def _step(self, step: int, loss: float) -> bool:
        self.steps.append(time.perf_counter())
        return False

    def _schedule(self) -> None:
        self._due = time.perf_counter() + BEAT / 1000
        self._heart.start(BEAT)

    def _beat(self) -> None:
        self.cost.delays.append(max(0.0, time.perf_counter() - self._due))
        self._schedule()


def summary(cost: WindowCost) -> dict[str, object]:
    """JSON values."""
    return {
        "shape": cost.shape,
        "panels": cost.panels,
        "live_over_idle": statistics.median(cost.ratios),
        "live_over_idle_range": [min(cost.ratios), max(cost.ratios)],
        "live_steps_per_second": statistics.median(cost.live),
        "idle_steps_per_second": statistics.median(cost.idle),
        "pictures_per_second": statistics.median(cost.pictures),
        "event_loop_delay": {"p50": cost.delay(0.5), "p99": cost.delay(0.99), "max": cost.delay(1.0)},
        "foreign_load": cost.foreign_load,
    }
