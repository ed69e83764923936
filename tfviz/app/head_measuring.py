"""What heads are worth, found out in a thread of its own while training and window go on."""

import threading
from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal

from tfviz.training.heads.head_importance import Importance
from tfviz.training.session import Session
from tfviz.views.interventions.head_table import Worth
from tfviz.views.interventions.heads_page import Measuring


class HeadMeasuring(QObject):
    """One measurement at a time; another one takes its place. What is found comes in the window's thread."""

    progressed = Signal(object)
    """A Measuring."""
    found = Signal(str, object)
    """The name of a head in the configuration, and its Worth."""
    _told = Signal(int, object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()
        self._number = 0
        self._last: Measuring | None = None
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def going(self) -> bool:
        return self._last is not None and self._last.going

    def start(self, session: Session, step: int, heads: Sequence[str] | None = None) -> None:
        """Measure these heads, or all, at a recorded step of the branch that is current now."""
        self.stop()
        self._number += 1
        self._ending = threading.Event()
        thread = threading.Thread(
            target=self._run,
            args=(self._number, self._ending, session, step, heads),
            name="tfviz heads",
            daemon=True,
        )
        self._tell(Measuring(0, len(heads or ()), step, going=True))
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        thread.start()

    def stop(self) -> None:
        """Measure no more, once the head that is being measured is done. What was found stays."""
        self._ending.set()
        self._number += 1  # what is still on its way is not wanted
        if self._last is not None and self._last.going:
            last = self._last
            self._tell(
                Measuring(
                    last.done, last.total, last.step, False, last.pairs, last.origin, last.loss,
                    "" if last.loss is not None else "Stopped before the first head",
                )
            )  # fmt: skip

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def _run(
        self, number: int, ending: threading.Event, session: Session, step: int, heads: Sequence[str] | None
    ) -> None:
        def tell(done: int, total: int, found: Importance | None) -> None:
            going = done < total
            measuring = Measuring(
                done, total, step, going, importance.pairs, importance.origin, importance.loss
            )
            self._told.emit(number, measuring, found)

        try:
            importance = session.head_importance(step)
            names = importance.heads if heads is None else heads
            tell(0, len(names), None)
            for place, name in enumerate(names, start=1):
                if ending.is_set():
                    return
                tell(place, len(names), importance.of(name))
        except Exception as error:
            self._told.emit(number, Measuring(0, 0, step, False, problem=str(error)), None)

    def _take(self, number: int, measuring: Measuring, found: Importance | None) -> None:
        if number != self._number:
            return
        if found is not None:
            self.found.emit(found.head, Worth(found, measuring.step))
        self._tell(measuring)

    def _tell(self, measuring: Measuring) -> None:
        self._last = measuring
        self.progressed.emit(measuring)
