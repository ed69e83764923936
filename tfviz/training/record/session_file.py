"""The file that a session is written to, from when somebody says so, and copies of the session in other files."""

import os
from collections.abc import Callable, Iterable

from tfviz.training.branching.branches import Line
from tfviz.training.events import Warned
from tfviz.training.gated_thread import GatedThread
from tfviz.training.record.catching_up import catch_up
from tfviz.training.record.recording import Recording
from tfviz.training.run import Run
from tfviz.training.run_file import RunFileError, RunReader
from tfviz.training.snapshot import Snapshot


class SessionFile:
    """Nothing is written before `begin`, `resume` or `go_on`. Any thread may say so."""

    def __init__(self, run: Run, thread: GatedThread, snapshot: Callable[[], Snapshot]) -> None:
        """`snapshot` gives a whole picture of the present step; it is called between two steps."""
        self._run, self._thread, self._snapshot = run, thread, snapshot
        self.recording: Recording | None = None
        """What happens to the run is handed to it, if there is one, between two steps."""

    def begin(self, path: str | os.PathLike[str], overwrite: bool) -> None:
        """As Session.record."""
        run = self._run
        recording = Recording.create(
            path, run.first_config, run.task, run.trainer.shards, self._warn, overwrite
        )

        def take_over() -> Recording | None:
            self._hand_over(recording, run.lines.values())
            former, self.recording = self.recording, recording
            return former

        try:
            former = self._thread.at_boundary(take_over)
        except BaseException:
            recording.close()
            raise
        if former:
            former.close()

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Write to the file from which all branches were just read. OSError, RunFileError."""
        run = self._run
        self.recording = Recording.resume(path, run.lines.values(), run.trainer.shards, self._warn)

    def go_on(self, path: str | os.PathLike[str]) -> None:
        """As Session.go_on_recording."""
        lines, reader = self._run.lines, RunReader(path)
        there = [lines[branch.number] for branch in reader.branches if branch.number in lines]
        recording = Recording.resume(path, there, self._run.trainer.shards, self._warn)

        def take_over() -> None:
            catch_up(recording, reader, self._run.lines)
            self._bring_up_to_date(recording)
            self.recording = recording

        try:
            self._thread.at_boundary(take_over)
        except BaseException:
            recording.close()
            raise

    def save(self, path: str | os.PathLike[str]) -> None:
        """As Session.save."""
        run, recording = self._run, self.recording
        if recording:
            self._thread.at_boundary(lambda: self._bring_up_to_date(recording))
            try:
                recording.copy_to(path)
                return
            except RunFileError:
                if recording.writes(path):
                    raise  # else the record has a problem, but this is another place
        Recording.write(
            path,
            run.first_config,
            run.task,
            run.trainer.shards,
            lambda written: self._thread.at_boundary(
                lambda: self._hand_over(written, [line.so_far() for line in run.lines.values()])
            ),
        )

    def keep_picture(self, snapshot: Snapshot) -> None:
        """One that was taken to be shown, whole; what is behind the frontier was written before."""
        if self.recording and snapshot.step == self._run.line.frontier:
            self.recording.snapshot(self._run.line, snapshot)

    def close(self) -> None:
        """Write the present step, and no more. For when nobody trains any longer."""
        recording, self.recording = self.recording, None
        if recording:
            try:
                self._bring_up_to_date(recording)
            finally:
                recording.close()

    def _hand_over(self, recording: Recording, lines: Iterable[Line]) -> None:
        for line in lines:
            recording.follow(line)
        self._bring_up_to_date(recording)

    def _bring_up_to_date(self, recording: Recording) -> None:
        run = self._run
        recording.keyframe(run.line, run.step, run.trainer.state(), optional=False)
        recording.snapshot(run.line, self._snapshot(), optional=False)

    def _warn(self, text: str, step: int) -> None:
        self._thread.mailbox.post(Warned(step, text))
