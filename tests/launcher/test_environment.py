"""The environment in .venv is made once; whatever happens to a set-up, the next start copes with what it left."""

import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tfviz.launcher import environment as module
from tfviz.launcher.environment import UNFINISHED, Environment, _creation_command
from tfviz.launcher.process import SetupError

ROOT = Path(__file__).parents[2]
REQUIREMENT = "tfviz-sample>=1,<2"


def sample_wheel(folder: Path, version: str = "1.5") -> None:
    """A package for pip to install without a network."""
    name = f"tfviz_sample-{version}"
    files = {"METADATA": f"Metadata-Version: 2.1\nName: tfviz-sample\nVersion: {version}\n"}
    files["WHEEL"] = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(f"{name}.dist-info/{file}", text)
        wheel.writestr(
            f"{name}.dist-info/RECORD", "".join(f"{name}.dist-info/{file},,\n" for file in [*files, "RECORD"])
        )


def fake_install(python: Path, requirements: Sequence[str]) -> None:
    """What pip leaves behind, without pip."""
    (packages,) = python.parents[1].glob("[Ll]ib/**/site-packages")
    sample_wheel(python.parent)
    with zipfile.ZipFile(python.parent / "tfviz_sample-1.5-py3-none-any.whl") as wheel:
        wheel.extractall(packages)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, with a space in its name, in which environments are made in a moment and need no network."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    monkeypatch.setattr(
        module, "_creation_command", lambda inside: [sys.executable, "-m", "venv", "--without-pip"]
    )
    monkeypatch.setattr(module, "install", fake_install)
    return folder


def never(*_arguments: object) -> None:
    raise AssertionError("pip was asked without need")


def failing(error: BaseException) -> Callable[..., None]:
    def install(python: Path, requirements: Sequence[str]) -> None:
        raise error

    return install


def test_the_first_start_makes_it_and_the_second_asks_nobody(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = Environment(checkout).ensure([REQUIREMENT])
    assert python.exists()
    assert (checkout / ".venv" / "tfviz-packages.txt").read_text().splitlines() == [REQUIREMENT]
    monkeypatch.setattr(module, "install", never)
    monkeypatch.setattr(subprocess, "Popen", never)
    assert Environment(checkout).ensure([REQUIREMENT]) == python


@pytest.mark.parametrize(
    "error", [SetupError("no network"), KeyboardInterrupt(), OSError("disk full"), SystemExit(143)]
)
def test_a_first_set_up_that_fails_or_is_interrupted_leaves_nothing(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(module, "install", failing(error))
    with pytest.raises(SetupError if isinstance(error, OSError) else type(error)):
        Environment(checkout).ensure([REQUIREMENT])
    assert not (checkout / ".venv").exists()


def test_a_failed_update_leaves_the_environment_as_it_was(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment(checkout)
    python = environment.ensure([REQUIREMENT])
    monkeypatch.setattr(environment, "_answers", lambda code: True)  # as though pip were there
    monkeypatch.setattr(module, "install", failing(SetupError("no network")))
    with pytest.raises(SetupError, match="no network"):
        environment.ensure([REQUIREMENT, "another>=1"])
    monkeypatch.setattr(module, "install", never)
    assert environment.ensure([REQUIREMENT]) == python


def test_an_unfinished_one_that_lacks_something_is_made_anew(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.ensure([REQUIREMENT])
    environment.stamp.write_text(UNFINISHED)
    (checkout / ".venv" / "rest").touch()
    (metadata,) = (checkout / ".venv").rglob("METADATA")
    metadata.unlink()
    environment.ensure([REQUIREMENT])
    assert not (checkout / ".venv" / "rest").exists()


@pytest.mark.parametrize("stamp", [UNFINISHED, "", None])
def test_one_that_has_everything_is_taken_as_it_is(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, stamp: str | None
) -> None:
    environment = Environment(checkout)
    environment.ensure([REQUIREMENT])
    environment.stamp.unlink() if stamp is None else environment.stamp.write_text(stamp)
    monkeypatch.setattr(module, "install", never)
    environment.ensure([REQUIREMENT])
    assert environment.stamp.read_text().splitlines() == [REQUIREMENT]


def test_one_without_its_python_is_made_anew(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.ensure([REQUIREMENT]).unlink()
    assert subprocess.run([environment.ensure([REQUIREMENT]), "-c", "pass"]).returncode == 0


def test_a_file_in_its_place_is_replaced(checkout: Path) -> None:
    (checkout / ".venv").write_text("something else")
    assert Environment(checkout).ensure([REQUIREMENT]).exists()


def test_a_package_that_pip_only_claims_to_have_installed_is_named(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "install", lambda python, requirements: None)
    with pytest.raises(SetupError, match=r"tfviz-sample>=1,<2 cannot be found"):
        Environment(checkout).ensure([REQUIREMENT])


def test_a_folder_that_cannot_be_written_to_is_said(checkout: Path) -> None:
    (checkout / ".venv.lock").mkdir()  # refuses also root, whom permissions do not stop
    with pytest.raises(
        SetupError, match=r"cannot be made: .* install the packages into a Python of yours: pip install"
    ):
        Environment(checkout).ensure([REQUIREMENT])


def test_the_second_of_two_starts_waits_and_finds_the_work_done(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, waiting, installs = threading.Event(), threading.Event(), []

    def install_once_the_other_waits(python: Path, requirements: Sequence[str]) -> None:
        installs.append(python)
        inside.set()
        assert waiting.wait(20)
        fake_install(python, requirements)

    def say(text: str) -> None:
        if "another start is setting up; waiting for it" in text:
            waiting.set()

    monkeypatch.setattr(module, "install", install_once_the_other_waits)
    monkeypatch.setattr(module, "say", say)
    starts = [threading.Thread(target=Environment(checkout).ensure, args=([REQUIREMENT],)) for _ in range(2)]
    starts[0].start()
    assert inside.wait(20)
    starts[1].start()
    for start in starts:
        start.join(30)
    assert len(installs) == 1


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_set_up_its_programs_and_its_traces(checkout: Path, name: str) -> None:
    program = f"""
import signal
import sys
from pathlib import Path
from tfviz.launcher import environment, pip
signal.signal(signal.SIGINT, signal.default_int_handler)  # a program started in the background may ignore it
from tfviz.launcher.process import run_apart
environment._creation_command = lambda inside: [sys.executable, "-m", "venv", "--without-pip"]
child = "import time; print('begun', flush=True); time.sleep(60); print('survived')"
grandparent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
environment.install = lambda python, requirements: run_apart([sys.executable, "-c", grandparent, child])
environment.Environment(Path({str(checkout)!r})).ensure(["numpy"])
"""
    start = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert start.stdout is not None
    assert start.stdout.readline() == "begun\n"
    start.send_signal(getattr(signal, name))
    code = start.wait(20)
    assert code in (-signal.SIGINT, 128 + getattr(signal, name))
    assert not (checkout / ".venv").exists()
    assert start.stdout.read() == ""  # comes to its end when the last of the programs has ended
    start.stdout.close()


def test_with_the_real_venv_and_the_real_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "a checkout"
    checkout.mkdir()
    sample_wheel(tmp_path)
    for variable, value in {"NO_INDEX": "1", "FIND_LINKS": str(tmp_path), "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{variable}", value)
    monkeypatch.setenv("PIP_USER", "1")  # a habit of some configurations, which pip refuses in an environment
    environment = Environment(checkout)
    python = environment.ensure([REQUIREMENT])
    code = "from importlib.metadata import version; print(version('tfviz-sample'))"
    assert subprocess.run([python, "-c", code], capture_output=True, text=True).stdout == "1.5\n"
    with pytest.raises(SetupError, match=r"(?s)pip could not install the packages:.*tfviz-sample"):
        environment.ensure(["tfviz-sample>=2"])
    assert environment.stamp.read_text().splitlines() == [REQUIREMENT]


class TestPythonWithoutVenv:
    """Debian's Python without python3-venv: virtualenv will do, else apt, else a sentence."""

    @pytest.fixture(autouse=True)
    def without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
        monkeypatch.setattr(module.shutil, "which", lambda name: None)
        monkeypatch.setattr(module, "apt_install", lambda packages: False)
        monkeypatch.setattr(module, "is_root", lambda: False)

    def test_virtualenv_is_used_where_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module.shutil, "which", lambda name: f"/bin/{name}")
        assert _creation_command(False) == ["/bin/virtualenv", "--python", sys.executable]
        monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: name == "virtualenv" or None)
        assert _creation_command(False) == [sys.executable, "-m", "virtualenv"]

    def test_root_gets_the_package_of_this_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        monkeypatch.setattr(module, "apt_install", lambda packages: not asked.extend(packages))
        assert _creation_command(False) == [sys.executable, "-m", "venv"]
        assert asked == [f"python3.{sys.version_info.minor}-venv"]

    def test_anybody_else_is_told_the_command_and_keeps_what_was_there(self, tmp_path: Path) -> None:
        (tmp_path / ".venv").mkdir()
        with pytest.raises(
            SetupError, match=rf"sudo apt-get install -y python3\.{sys.version_info.minor}-venv"
        ):
            Environment(tmp_path).ensure([REQUIREMENT])
        assert (tmp_path / ".venv").is_dir()
