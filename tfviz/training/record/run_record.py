"""The record of the session that is open: which file it is written to, and what of it nobody has saved."""

import contextlib
import os
import threading
from pathlib import Path

from tfviz.training.record.run_library import Claim, RunLibrary, run_name
from tfviz.training.run_file import RunFileBusyError, RunFileError, copy_run_file
from tfviz.training.session import Session

Progress = tuple[object, ...]
"""Becomes another value with everything that is worth saving: steps, branches, interventions."""
Signature = tuple[int, int, int, int]


class RunRecord:
    """Begins when the first step was trained, so that a run that is only looked at leaves no file and changes none.

    `begin`, `save` and `finish` take as long as a disk does and follow one another in whatever thread they are called.
    """

    def __init__(self, session: Session, library: RunLibrary | None) -> None:
        """Without a library nothing is recorded, and only what the user saves is written."""
        self.session, self.library = session, library
        self.path: Path | None = None
        """The file that is written now."""
        self.named: Path | None = None
        """The file that the user opened the run from, or saved it to."""
        self._source = session.opened_from
        self._claim: Claim | None = None
        self._busy = threading.Lock()
        self._saved: Progress | None = None
        self._named_signature: Signature | None = None
        if self._source is not None and not self._is_ours(self._source):
            self._name(self._source, progress(session))
        self._start()

    @property
    def name(self) -> str:
        """Of the run, for the title."""
        return self.named.stem if self.named is not None else run_name(self.session.config)

    @property
    def file_to_save(self) -> Path | None:
        """The file of the user's that the run may be saved to again; None where somebody else has changed it."""
        ours = self.named is not None and (
            self.path == self.named or _signature(self.named) == self._named_signature
        )
        return self.named if ours else None

    @property
    def due(self) -> bool:
        """Whether something was trained that goes into no file."""
        if self.library is None or self.path is not None:
            return False
        if self._source is None:
            return any(line.frontier for line in self.session.lines.values())
        return progress(self.session) != self._first

    @property
    def unsaved(self) -> bool:
        """Whether anything would be missing in the file that the user named."""
        if self.path is not None and self.path == self.named:
            return False
        if self.named is None:
            return any(line.frontier for line in self.session.lines.values())
        return progress(self.session) != self._saved

    def begin(self) -> str:
        """Record from now on, with all that was before: in the file that the run came from if that can be, else in
        the library. Returns what the user should know, if anything; OSError or RunFileError where nothing works."""
        with self._busy:
            if not self.due or self.library is None:
                return ""
            note = ""
            if self._source is not None:
                try:
                    self._go_on(self._source)
                    return ""
                except (OSError, RunFileError) as error:
                    note = f"{error}. What follows is recorded as an unsaved run"
                    self.named = None  # that file is none of this run any more
            self.library.clean()
            claim = self.library.new(run_name(self.session.config), self.session.seed)
            try:
                self.session.record(claim.path)
            except BaseException:
                with contextlib.suppress(OSError):
                    claim.discard()
                raise
            self._let_go()
            self._claim, self.path = claim, claim.path
            return note

    def save(self, path: str | os.PathLike[str]) -> None:
        """Copy the run to another file. OSError or RunFileError where it cannot be written; nothing changes then."""
        with self._busy:
            now = progress(self.session)
            source = self._source
            if self.path is None and source is not None and now == self._first and self._is_untouched(source):
                if Path(path).resolve() != source:
                    copy_run_file(source, path)  # with the pictures that the session has not read
            else:
                self.session.save(path)
            self._name(Path(path).resolve(), now)

    def finish(self) -> None:
        """After the session was closed: record what no file has yet, as far as a disk takes it, and let go of the
        file. An unsaved run stays in the library; one that was saved is not needed there."""
        with contextlib.suppress(OSError, RunFileError):
            self.begin()
        self.session.close()
        self._close()

    def _close(self) -> None:
        with self._busy:
            if self.path is not None and self.path == self.named:
                self._name(self.path, progress(self.session))
            finished = self.named is not None and not self.unsaved and self.named.is_file()
            self._source, self.path = self.path or self._source, None
            if self._claim is not None and finished and self._claim.path != self.named:
                with contextlib.suppress(OSError):
                    self._claim.discard()
                self._claim, self._source = None, self.named
            self._let_go()
            self._first = progress(self.session)
            self._signature = _signature(self._source)

    def reopen(self) -> None:
        """The closed session is used again."""
        with self._busy:
            self._start()

    def _name(self, path: Path, now: Progress) -> None:
        self.named, self._saved, self._named_signature = path, now, _signature(path)

    def _start(self) -> None:
        self._first = progress(self.session)
        self._signature = _signature(self._source)
        if self._source is not None and self._is_ours(self._source):
            with contextlib.suppress(OSError, RunFileError):
                self._claim = self.library.claim(self._source) if self.library is not None else None

    def _go_on(self, path: Path) -> None:
        if self._is_ours(path) and self._claim is None:
            raise RunFileBusyError(f"{path} is open in another window")
        if not path.is_file():
            raise FileNotFoundError(f"{path} is no longer there")
        if not self._is_untouched(path):
            raise RunFileError(f"{path} has changed since it was opened")
        self.session.go_on_recording(path)
        self.path = path

    def _is_ours(self, path: Path) -> bool:
        return self.library is not None and self.library.owns(path)

    def _is_untouched(self, path: Path) -> bool:
        return self._signature is not None and _signature(path) == self._signature

    def _let_go(self) -> None:
        claim, self._claim = self._claim, None
        if claim is not None:
            claim.release()


def progress(session: Session) -> Progress:
    """Where all branches of a session are."""
    return tuple(
        (number, line.branch.name, line.frontier, line.configs[-1], len(line.edits))
        for number, line in session.lines.items()
    )


def _signature(path: Path | None) -> Signature | None:
    """What another writer cannot leave as it is; None where there is no file."""
    if path is None:
        return None
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
