"""The environment in .venv beside main.py: made once, completed when the dependencies change, remade when it is broken.

A stamp inside says which requirements were installed, or that the installation is unfinished; while it covers what is
needed, pip is not asked. A set-up that is interrupted or fails leaves no .venv; one that is killed leaves the word
"unfinished", and the next start begins anew. Of two starts at once the second waits for the first.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfviz.launcher import requirements as requirements_script
from tfviz.launcher.pip import install
from tfviz.launcher.process import SetupError, apt_install, is_root, run_apart, say

UNFINISHED = "unfinished"


class Environment:
    """The .venv of the checkout ROOT."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.stamp = self.folder / "tfviz-packages.txt"

    def ensure(self, requirements: Sequence[str]) -> Path:
        """The interpreter of an environment that meets REQUIREMENTS. Raises SetupError when it cannot be had."""
        if self._runs_us():
            self.stamp.unlink(missing_ok=True)  # it promised what this very interpreter does not find
        if not self._covers(requirements):
            try:
                with self._lock(), _ended_by_signals():
                    if not self._covers(requirements):
                        self._set_up(requirements)
            except OSError as error:
                raise SetupError(
                    f"the environment {self.folder} cannot be made: {error}. tfviz needs a folder it can write to; or "
                    f"install the packages into a Python of yours: pip install {' '.join(map(repr, requirements))}"
                ) from error
        return self.python

    def _covers(self, requirements: Sequence[str]) -> bool:
        return set(requirements) <= set(self._stamped()) and self.python.exists()

    def _stamped(self) -> list[str]:
        return self.stamp.read_text(encoding="utf-8").splitlines() if self.stamp.is_file() else []

    def _write_stamp(self, lines: Sequence[str]) -> None:
        self.stamp.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _set_up(self, requirements: Sequence[str]) -> None:
        if self._answers("import sys; sys.exit(sys.version_info < (3, 11))"):
            if not self._lacking(requirements):
                self._write_stamp(requirements)
                return
            if UNFINISHED not in self._stamped() and self._answers("import pip"):
                self._complete(requirements)
                return
        self._make(requirements)

    def _answers(self, code: str) -> bool:
        """Whether the environment's interpreter is there and runs a line of Python without an error."""
        try:
            return subprocess.run([self.python, "-c", code], capture_output=True).returncode == 0
        except OSError:
            return False

    def _lacking(self, requirements: Sequence[str]) -> list[str]:
        command = [str(self.python), "-P", requirements_script.__file__, *requirements]
        answer = subprocess.run(command, capture_output=True, text=True)
        return answer.stdout.split() if answer.returncode == 0 else list(requirements)

    def _complete(self, requirements: Sequence[str]) -> None:
        before = self._stamped()
        say(f"bringing {self.folder} up to date ...")
        self._write_stamp([UNFINISHED])
        try:
            self._install(requirements)
        except SetupError:
            self._write_stamp(
                before
            )  # pip undoes what it cannot finish; after Ctrl+C the next start looks itself
            raise

    def _make(self, requirements: Sequence[str]) -> None:
        create = _creation_command(self._runs_us())
        self._remove()
        say(f"setting up in {self.folder} (once; about 350 MB) ...")
        try:
            self.folder.mkdir()
            self._write_stamp([UNFINISHED])
            code, messages = run_apart([*create, str(self.folder)])
            if code:
                raise SetupError("Python could not make the environment:\n" + "".join(messages).rstrip())
            self._install(requirements)
        except BaseException:
            say(f"removing the unfinished {self.folder}")
            self._remove()
            raise

    def _install(self, requirements: Sequence[str]) -> None:
        install(self.python, requirements)
        if lacking := self._lacking(requirements):
            raise SetupError(
                f"pip reports success, but {', '.join(lacking)} cannot be found in {self.folder}"
            )
        self._write_stamp(requirements)

    def _remove(self) -> None:
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        elif self.folder.exists():
            shutil.rmtree(self.folder)

    def _runs_us(self) -> bool:
        """Whether this process is the environment's own interpreter."""
        return self.folder.exists() and Path(sys.prefix).exists() and self.folder.samefile(sys.prefix)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Held by one set-up at a time: by its process and, should that be killed, by the pip it leaves behind."""
        with open(self.root / ".venv.lock", "w") as file:
            os.set_inheritable(file.fileno(), True)
            if not _locked(file.fileno()):
                say("another start is setting up; waiting for it ...")
                while not _locked(file.fileno()):
                    time.sleep(0.2)
            yield


def _locked(descriptor: int) -> bool:
    """Try to lock an open file; where the file system knows no locks, that counts as success."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let `kill` and a closed terminal end the set-up as Ctrl+C does: with what it began removed."""

    def leave(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        names = []
    before = {name: signal.signal(getattr(signal, name), leave) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _creation_command(inside: bool) -> list[str]:
    """The command that makes an environment, to which its folder is appended.

    INSIDE: the running interpreter belongs to the environment that is about to be removed.
    """
    python = getattr(sys, "_base_executable", sys.executable) if inside else sys.executable
    if _has_venv():
        return [python, "-m", "venv"]
    if importlib.util.find_spec("virtualenv"):
        return [python, "-m", "virtualenv"]
    if program := shutil.which("virtualenv"):
        return [program, "--python", python]
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if apt_install([package]):
        importlib.invalidate_caches()
        return [python, "-m", "venv"]
    command = f"apt-get install -y {package}"
    raise SetupError(
        f"this Python ({sys.executable}) cannot make environments, its modules venv and ensurepip are missing. "
        f"On Debian and Ubuntu: {command if is_root() else 'sudo ' + command}"
    )


def _has_venv() -> bool:
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
