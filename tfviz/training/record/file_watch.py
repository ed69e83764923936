"""The thread that looks at a run file which another program writes: what is new in it, and how its writer is."""

import threading
from collections.abc import Callable

from tfviz.training.record.file_writer import FileWriter, Life
from tfviz.training.record.recorded import extent
from tfviz.training.run_file import RunFileError, RunReader

LOOK = 0.25
"""Seconds between two looks at the file."""


class FileWatch:
    """Between start() and stop() the reader is kept up to date, and others are told of what it finds."""

    def __init__(
        self,
        reader: RunReader,
        writer: FileWriter,
        name: str,
        grown: Callable[[], object],
        ended: Callable[[str], None],
        warned: Callable[[str], None],
    ) -> None:
        """`name` is the writer's, in words. In the thread, `grown` is called for whatever is new, `ended` when the
        writer has closed the file and `warned` when it cannot go on: both with a sentence."""
        self._reader, self._writer, self._name = reader, writer, name
        self._grown, self._ended, self._warned = grown, ended, warned
        self._writer.look(reader.closed, grown=False)
        self._extent = extent(reader)
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._ending.clear()
        self._thread = threading.Thread(target=self._watch, name="tfviz file watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def lose(self, error: Exception) -> None:
        """The file cannot be read: said once, until it can be again; that it is gone, only after a while."""
        text = str(error)
        if isinstance(error, FileNotFoundError):
            if not self._writer.missing():
                return
            text = f"{self._reader.path} is gone; what was read of it can still be seen"
        if self._writer.lose():
            self._warned(text)

    def _watch(self) -> None:
        while not self._ending.wait(LOOK):
            try:
                self._reader.refresh()
                before, self._extent = self._extent, extent(self._reader)
                grown = self._extent != before
                self._tell(self._writer.look(self._reader.closed, grown))
            except (RunFileError, OSError) as error:
                self.lose(error)
            else:
                if grown:
                    self._grown()

    def _tell(self, change: Life | None) -> None:
        if change is Life.ENDED:
            self._ended(f"{self._name} has closed {self._reader.path}")
        elif change is Life.KILLED:
            self._warned(f"{self._name} ended without closing {self._reader.path}")
