"""Steps of a run file beside the run that is shown: any step of tfviz's own, of another trainer's what was recorded."""

from pathlib import Path

import numpy
import pytest

from tests.training.small_runs import SMALL
from tfviz.training.record.other_run import OtherRun
from tfviz.training.run_file import RunFileError, RunWriter
from tfviz.training.session import Session
from tfviz.training.tasks import Example

TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "a", "b")
NOTHING = Example("", "", "")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Eight steps, and a branch that left at the fourth and went to the sixth."""
    path = tmp_path / "other.tfviz"
    with Session(SMALL) as session:
        session.train(8)
        session.go_to(4)
        session.branch("aside")
        session.train(2)
        session.save(path)
    return path


def test_any_step_of_any_branch_reads_the_sentence_that_is_asked_for(path: Path) -> None:
    run = OtherRun(path)
    assert run.computable
    assert [(branch.name, run.last_step(branch.number)) for branch in run.branches] == [
        ("main", 8),
        ("aside", 6),
    ]
    assert [run.place(branch.number) for branch in run.branches] == ["other.tfviz", "other.tfviz, aside"]
    with Session(SMALL) as session:
        probe = session.task.example(3)
        session.train(5)
        session.probe = probe
        expected = session.snapshot()
    found = run.view(5, 0, probe)
    run.close()
    assert found is not None
    assert (found.step, found.attention.sentence) == (5, probe.source)
    assert (found.attention.cross == expected.attention.cross).all()
    assert found.prediction.free_running.tokens == expected.prediction.free_running.tokens


def test_the_file_stays_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    run = OtherRun(path)
    run.view(7, 0, NOTHING)
    run.close()
    assert path.read_bytes() == before


def test_a_word_that_its_model_does_not_know_is_refused_in_a_sentence(path: Path) -> None:
    run = OtherRun(path)
    with pytest.raises(ValueError, match=r"“zebra” is not in the vocabulary of other\.tfviz"):
        run.view(2, 0, Example("zebra", "zebra", "typed"))
    run.close()


def test_a_step_beyond_the_record_is_refused_and_reading_can_be_given_up(path: Path) -> None:
    run = OtherRun(path)
    with pytest.raises(ValueError, match="step 9 is not recorded"):
        run.view(9, 0, NOTHING)
    assert run.view(3, 0, NOTHING, lambda done, of: False) is None
    run.close()


def test_of_another_trainer_the_picture_recorded_last_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "theirs.tfviz"
    with RunWriter(path, {"name": "theirs", "seed": 5}, TOKENS, TOKENS) as writer:
        for step in range(1, 21):
            writer.scalars(step, loss=1 / step)
            if step % 5 == 0:
                square, low = numpy.full((1, 2, 3, 3), 1 / 3), numpy.full((1, 2, 2, 2), 0.5)
                cross = numpy.full((1, 2, 2, 3), 1 / 3)
                writer.snapshot(step, ["<s>", "a", "</s>"], ["<s>", "b", "</s>"], square, low, cross)
            writer.flush()
    run = OtherRun(path)
    assert not run.computable
    assert run.last_step(0) == 20
    found = run.view(13, 0, Example("anything", "at all", "typed"))
    assert found is not None
    assert found.step == 10
    with pytest.raises(ValueError, match="no attention up to step 4"):
        run.view(4, 0, NOTHING)


def test_what_is_no_run_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        OtherRun(tmp_path / "missing.tfviz")
    (tmp_path / "letter.tfviz").write_text("Dear reader")
    with pytest.raises(RunFileError):
        OtherRun(tmp_path / "letter.tfviz")
