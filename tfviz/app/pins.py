"""The pinned step: taken from what is shown or from a file, read again for another sentence, exchanged, let go."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from tfviz.app.background import Background
from tfviz.app.runs import Runs
from tfviz.training.branching.past import Progress
from tfviz.training.export.comparison import Pinned
from tfviz.training.record.opening import ShownRun
from tfviz.training.record.other_run import OtherRun
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example
from tfviz.views.bridge import Bridge
from tfviz.views.panel import Panel

Read = Callable[[Progress], Snapshot | None]
"""Reads the pinned step with the sentence that is watched now; in a thread of its own."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where a pinned step is read again; None where that is over."""

    read: Read | None = None
    other: OtherRun | None = None


class Pins(QObject):
    """Holds one pinned step at most, and tells the panels of it."""

    changed = Signal()
    """Another step is pinned, or none, or the pinned one reads another sentence, or the branch is another one."""
    step_wanted = Signal(object, object)
    """The number of a branch of this run, and the step of it that is to be shown."""

    def __init__(
        self,
        runs: Runs,
        bridge: Bridge,
        panels: Iterable[Panel],
        tell: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._runs, self._bridge, self._panels, self._tell = runs, bridge, list(panels), tell
        self.pinned: Pinned | None = None
        self._source = Source()
        self._session: ShownRun | None = None
        self._place = ""
        self._work: Background | None = None
        self._again = False
        bridge.branched.connect(self._follow_branch)

    # what the user does

    def pin(self) -> None:
        """Pin the step that is shown."""
        found = self._shown()
        if found is None:
            self._tell("There is no step to pin yet")
            return
        self._take(*found)
        self._tell(f"Pinned {found[0].label}. Go to another step to compare the two; Esc lets go")

    def pin_other(self, run: OtherRun, branch: int, step: int, snapshot: Snapshot) -> None:
        """Pin a step of another run file, read already; the file is closed when it is let go."""
        read = self._reader_of(run, branch, step)
        self._take(Pinned(snapshot, run.place(branch)), Source(read, run))

    def swap(self) -> None:
        """Show the pinned step, and pin the one that is shown now."""
        pinned, found = self.pinned, self._shown()
        if pinned is None or found is None:
            return
        if pinned.branch is None:
            self._tell(f"{pinned.place} is another run: open its file to go to that step")
            return
        self._take(*found)
        self.step_wanted.emit(pinned.branch, pinned.snapshot.step)

    def release(self) -> bool:
        """Let go; True if a step was pinned."""
        if self.pinned is None:
            return False
        self._take(None, Source())
        return True

    # what happens to the run

    def adopt(self, session: ShownRun) -> None:
        """Another run is shown: what was pinned stays, as a step of another run."""
        former, self._session = self._session, session
        if self.pinned is not None and self.pinned.branch is not None and former is not None:
            run = f"{former.config.title} seed {former.seed}, before"
            self._take(replace(self.pinned, place=run, branch=None), Source())
        elif self.pinned is not None:
            self.read_again()
        self._follow_branch()

    def read_again(self) -> None:
        """Another sentence is watched: the pinned step has to read it, too."""
        self._again = True
        if self._work is None:
            self._begin()

    def close(self) -> None:
        """Wait for what is being read."""
        self._again = True
        if self._work is not None:
            self._work.cancel()
            self._work = None
        if self._source.other is not None:
            self._source.other.close()
        self._source = Source()

    # how it is done

    def _shown(self) -> tuple[Pinned, Source] | None:
        """The step that the panels show, and how it is read again. Its picture may still be incomplete."""
        session, picture, clock = self._runs.current, self._bridge.picture, self._bridge.clock
        if session is None or picture is None:
            return None
        if picture.step != clock.step and not clock.following:
            picture = Snapshot(clock.step, session.seed, session.config)  # it is on its way
        branch, step = session.line.branch, picture.step
        source = Source(lambda progress: session.view(step, branch.number, progress))
        return Pinned(picture, branch.name, branch.number), source

    def _reader_of(self, run: OtherRun, branch: int, step: int) -> Read:
        def read(progress: Progress) -> Snapshot | None:
            session = self._runs.current
            probe = session.probe if session is not None else Example("", "", "")
            return run.view(step, branch, probe, progress)

        return read

    def _take(self, pinned: Pinned | None, source: Source) -> None:
        former, self._source = self._source, source
        if former.other is not None and former.other is not source.other:
            self._close_later(former.other)
        self.pinned = pinned
        self._show()
        if pinned is not None and (pinned.snapshot.attention is None or pinned.snapshot.prediction is None):
            self.read_again()

    def _close_later(self, run: OtherRun) -> None:
        """It may be at work: that is given up, and waited for."""
        self._again = True
        if self._work is not None:
            self._work.cancel()
            self._end_work()
        run.close()
        self._again = False

    def _begin(self) -> None:
        self._again = False
        source = self._source
        if source.read is None:
            return
        read = source.read
        self._work = Background(lambda: read(lambda done, of: not self._again), self)
        self._work.done.connect(lambda snapshot: self._arrive(source, snapshot))
        self._work.failed.connect(lambda error: self._fail(source, error))
        self._work.start()

    def _arrive(self, source: Source, snapshot: Snapshot | None) -> None:
        self._end_work()
        if snapshot is not None and source is self._source and self.pinned is not None and not self._again:
            self.pinned = replace(self.pinned, snapshot=snapshot)
            self._show()
        if self._again or source is not self._source:
            self._begin()

    def _fail(self, source: Source, error: Exception) -> None:
        self._end_work()
        if source is self._source:
            self._tell(f"The pinned step cannot be read: {error}")
        if self._again or source is not self._source:
            self._begin()

    def _end_work(self) -> None:
        if self._work is not None:
            self._work.deleteLater()
            self._work = None

    def _follow_branch(self) -> None:
        session = self._session
        place = session.line.branch.name if session is not None else ""
        if place != self._place:
            self._place = place
            self._show()

    def _show(self) -> None:
        for panel in self._panels:
            panel.show_pinned(self.pinned, self._place)
        self.changed.emit()
