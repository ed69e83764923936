"""Following a run file that a second process writes, is killed while writing, or whose file goes away."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import pytest

from tests.training.second_process import foreign_trainer, has_begun, tfviz_train
from tests.training.small_runs import SMALL, same
from tfviz.training.events import Finished, Warned
from tfviz.training.mailbox import Demand
from tfviz.training.record.file_writer import Life, ago
from tfviz.training.record.followed import FollowedRun, ReadOnlyError
from tfviz.training.record.opening import open_run
from tfviz.training.session import Session

EVERYTHING = Demand(True, True, True)


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def followed(path: Path, steps: int = 1) -> FollowedRun:
    """A run that a second process has begun to write, with so many steps in the file, being looked at."""
    wait_until(lambda: has_begun(path))
    run = FollowedRun(path)
    run.mailbox.request(EVERYTHING)
    run.start()
    wait_until(lambda: run.frontier >= steps)
    return run


def warnings(run: FollowedRun) -> list[str]:
    return [event.text for event in run.mailbox.events() if isinstance(event, Warned)]


@pytest.fixture
def own_file(tmp_path: Path) -> Iterator[Path]:
    """A recorded run of tfviz, 40 steps, closed."""
    path = tmp_path / "own.tfviz"
    with Session(SMALL) as session:
        session.record(path)
        session.train(40)
    yield path


def test_what_a_second_process_writes_is_seen_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path), followed(path, 50) as run:
        assert run.foreign
        history, before = run.history, run.frontier
        wait_until(lambda: run.frontier >= before + 100)
        assert run.history is history
        assert numpy.array_equal(history["loss"][:100], 10 / numpy.arange(1, 101))
        wait_until(lambda: run.step == run.frontier)
        pictures = [run.mailbox.take()]
        wait_until(lambda: not run.mailbox.taken)
        pictures.append(run.mailbox.take())
        assert all(picture is not None and picture.attention is not None for picture in pictures)
        assert pictures[0].step < pictures[1].step
        assert run.description.startswith("written by PyTorch nn.Transformer, ")
        assert " steps, last " in run.description


def test_who_has_gone_back_stays_there_while_the_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path), followed(path, 60) as run:
        run.gate.call(lambda: run.go_to(15)).result(10)
        before = run.frontier
        wait_until(lambda: run.frontier > before + 20)
        assert run.step == 15
        assert run.view(15).step == 10


def test_a_writer_that_closes_its_file_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path, steps=80), followed(path) as run:
        wait_until(lambda: run.writer.life is Life.ENDED)
        wait_until(lambda: run.frontier == 80)
        ends = [event for event in run.mailbox.events() if isinstance(event, Finished)]
        assert [event.reason for event in ends] == [f"PyTorch nn.Transformer has closed {path}"]
        assert run.description == "written by PyTorch nn.Transformer, 80 steps, finished"


def test_a_writer_that_is_killed_is_found_out_and_told_of_once(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path) as process, followed(path, 50) as run:
        assert run.writer.life is Life.WRITING
        process.kill()
        wait_until(lambda: run.writer.life is Life.KILLED)
        time.sleep(0.6)  # further looks find it so again
        assert warnings(run) == [f"PyTorch nn.Transformer ended without closing {path}"]
        assert run.description.endswith(" steps, broken off")
        assert run.view(run.frontier).attention is not None
    assert FollowedRun(path).writer.life is Life.KILLED


def test_a_file_that_goes_is_told_of_once_and_what_was_read_stays(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path, steps=50) as process, followed(path) as run:
        process.wait(30)
        wait_until(lambda: run.writer.life is Life.ENDED and run.frontier == 50)
        run.mailbox.events()
        path.unlink()
        wait_until(lambda: run.writer.life is Life.LOST)
        run.gate.call(run.show).result(10)
        assert warnings(run) == [f"{path} is gone; what was read of it can still be seen"]
        assert len(run.history) == 50
        assert run.view(20).attention is None


def test_a_file_in_whose_place_another_run_comes_is_told_of(tmp_path: Path, own_file: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path, steps=20) as process, followed(path) as run:
        process.wait(30)
        wait_until(lambda: run.writer.life is Life.ENDED)
        own_file.replace(path)
        wait_until(lambda: run.writer.life is Life.LOST)
        assert warnings(run) == [f"{path} holds another run now; open it again"]


def test_pictures_of_an_own_run_are_those_that_its_session_would_show(own_file: Path) -> None:
    with Session.open(own_file) as session, FollowedRun(own_file) as run:
        assert run.frontier == session.frontier == 40
        assert run.config == session.config
        for step in (0, 7, 33, 40, 12):
            seen, shown = run.view(step), session.view(step)
            assert seen is not None and shown is not None
            assert seen.step == step
            assert numpy.array_equal(seen.attention.cross, shown.attention.cross)
        run.go_to(12)
        session.go_to(12)
        assert all(
            numpy.array_equal(run.parameters[name], values) for name, values in session.parameters.items()
        )


def test_a_step_of_an_own_run_is_taken_apart_as_its_session_would(own_file: Path) -> None:
    with Session.open(own_file) as session, FollowedRun(own_file) as run:
        for step in (0, 12, 39, 40):
            seen, known = run.stepper(step), session.stepper(step)
            assert seen is not None and known is not None
            for stepper in (seen, known):
                stepper.run_to_update()
            assert seen.loss == known.loss
            assert same(seen.state(), known.state())
        with pytest.raises(ValueError, match="step 41 is not recorded"):
            run.stepper(41)


def test_branches_and_interventions_are_seen_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "own.tfviz"
    with Session(SMALL) as session:
        session.record(path)
        session.train(20)
        with followed(path) as run:
            wait_until(lambda: run.frontier == 20)
            main = run.lines[0]
            session.change({"training.learning_rate": 0.5})
            session.train(5)
            session.go_to(10)
            session.change({"training.learning_rate": 0.25})
            session.train(7)
            wait_until(lambda: run.line.branch.number == 1 and run.frontier == 17)
            assert run.lines[0] is main
            assert [line.branch.name for line in run.lines.values()] == [
                branch.name for branch in session.branches
            ]
            assert run.config == session.config
            assert [list(line.interventions) for line in run.lines.values()] == [
                list(line.interventions) for line in session.lines.values()
            ]
            for branch, step in ((1, 15), (0, 23), (1, 9)):
                seen, shown = run.view(step, branch), session.view(step, branch)
                assert seen is not None and shown is not None
                assert numpy.array_equal(seen.attention.cross, shown.attention.cross)
            run.gate.call(lambda: run.switch(0)).result(10)
            assert (run.step, run.frontier, run.history) == (25, 25, main.history)
            with pytest.raises(ValueError, match="no branch 7"):
                run.switch(7)


def test_nothing_in_a_followed_run_can_be_changed(own_file: Path) -> None:
    with FollowedRun(own_file) as run:
        for change in (
            lambda: run.change({"training.learning_rate": 0.1}),
            lambda: run.branch("mine"),
            lambda: run.set_probe("how are you"),
        ):
            with pytest.raises(ReadOnlyError, match="another tfviz trains this run"):
                change()
        assert "not deleted" in run.why_kept(0)


def test_an_own_run_is_followed_while_it_is_written_and_a_session_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with tfviz_train(path) as process:
        with followed(path, 20) as run:
            assert not run.foreign and not run.can_be_continued
            wait_until(lambda: run.view(run.frontier) is not None)
        opened = open_run(path)
        assert isinstance(opened, FollowedRun)
        opened.close()
        process.kill()
        process.wait()
    with open_run(path) as session:
        assert isinstance(session, Session)
        assert session.frontier >= 20
        session.train(1)


def test_a_foreign_run_is_followed_when_it_is_finished_too(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path, steps=10) as process:
        process.wait(30)
    with open_run(path) as run:
        assert isinstance(run, FollowedRun)
        assert run.description == "written by PyTorch nn.Transformer, 10 steps, finished"
        assert run.parameters == {}
        with pytest.raises(ValueError, match="cannot be computed here"):
            run.stepper(3)


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0.0 s"), (0.44, "0.4 s"), (42.3, "42 s"), (150, "2 min"), (7300, "2 h")]
)
def test_how_long_ago_is_said_in_the_unit_that_fits(seconds: float, text: str) -> None:
    assert ago(seconds) == text
