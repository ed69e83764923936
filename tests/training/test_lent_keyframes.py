"""A long run has more keyframes in its file than there is memory for: they stay there, and any step is as near."""

from pathlib import Path

import pytest

from tests.training.small_runs import EVERYTHING, HARD, fields, moment, new_trainer
from tfviz.training import run as run_module
from tfviz.training.branching import keyframes as keyframes_module
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session

STATE = sum(array.nbytes for array in new_trainer(HARD).state().values())
STEPS = 60


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with a keyframe every four steps, in a world with room for six of them."""
    path = tmp_path / "run.tfviz"
    monkeypatch.setattr(run_module, "Keyframes", lambda: Keyframes(spacing=4))
    with Session(HARD) as session:
        session.train(STEPS)
        session.save(path)
    monkeypatch.setattr(keyframes_module, "MEMORY", 6 * STATE)
    monkeypatch.setattr(run_module, "Keyframes", lambda: Keyframes(6 * STATE, spacing=4))
    return path


def expected() -> dict[int, object]:
    with Session(HARD) as session:
        moments = {0: fields(session.snapshot(EVERYTHING))}
        session.train(STEPS, lambda: moments.update({session.step: fields(session.snapshot(EVERYTHING))}))
        return moments


def test_all_keyframes_are_within_reach_and_few_in_memory(path: Path) -> None:
    moments = expected()
    with Session.open(path) as opened:
        assert set(range(0, STEPS + 1, 4)) <= set(opened.keyframes.steps)
        assert opened.keyframes.size <= 3 * STATE
        for step in (33, 34, 59, 2, 60, 0, 17, 16):
            assert opened.keyframes.nearest(step)[0] == step - step % 4
            assert fields(opened.view(step)) == moments[step]
        opened.train(30)
        assert opened.keyframes.size <= 6 * STATE
        assert opened.keyframes.nearest(31)[0] == 28


def test_a_branch_reaches_those_of_its_past(path: Path) -> None:
    moments = expected()
    with Session.open(path) as opened:
        opened.go_to(30)
        opened.intervene("training.learning_rate", 0.5)
        opened.train(6)
        assert opened.keyframes.nearest(23)[0] == 20 and opened.keyframes.nearest(59)[0] < 40
        assert fields(opened.view(23)) == moments[23]


def test_saved_again_they_are_all_in_the_new_file(path: Path, tmp_path: Path) -> None:
    with Session.open(path) as opened:
        opened.save(tmp_path / "copy.tfviz")
        copied = RunReader(tmp_path / "copy.tfviz")
        assert copied.keyframe_steps() == RunReader(path).keyframe_steps()
    for step in copied.keyframe_steps():
        assert fields(copied.keyframe(0, step)) == fields(RunReader(path).keyframe(0, step))


@pytest.mark.parametrize("way", ["removed", "another run", "cut"])
def test_without_the_file_every_step_is_still_there_only_farther(path: Path, way: str) -> None:
    moments = expected()
    with Session.open(path) as opened:
        here = moment(opened)
        if way == "removed":
            path.unlink()
        elif way == "another run":
            with Session(HARD.replace("training.seed", 9)) as other:
                other.train(STEPS)
                other.save(path)
        else:
            path.write_bytes(path.read_bytes()[:5000])
        assert opened.keyframes.nearest(33)[0] == 0
        assert fields(opened.view(33)) == moments[33]
        opened.go_to(10)
        opened.go_to(STEPS)
        assert moment(opened) == here
