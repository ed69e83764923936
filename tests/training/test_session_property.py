"""Time travel to the last bit: whatever is done with a run, every step of every branch is what it was at first."""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.small_runs import EVERYTHING, HARD, PATIENCE, fields, scalars
from tests.training.witness import ROOM, RUNS, STATE, VALUES, Witness, doings
from tfviz.training.branching import keyframes
from tfviz.training.branching.branches import CHANGEABLE
from tfviz.training.session import Session

ROOT = Path(__file__).parents[2]


def test_the_examples_cover_whatever_may_change() -> None:
    assert set(VALUES) == set(CHANGEABLE)


@settings(max_examples=25)
@given(config=st.sampled_from(sorted(RUNS)), spacing=st.integers(2, 9), doings=doings)
def test_every_step_of_every_branch_is_what_it_was_at_first(
    config: str, spacing: int, doings: list[tuple[Any, ...]]
) -> None:
    with mock.patch.object(keyframes, "MEMORY", ROOM * STATE), tempfile.TemporaryDirectory() as folder:
        witness = Witness(RUNS[config], spacing, Path(folder))
        try:
            for what, *values in doings:
                witness.do(what, *values)
            witness.check_all()
        finally:
            witness.session.close()


def story(session: Session) -> None:
    """A run with branches, changes and returns."""
    session.train(18)
    session.intervene("training.learning_rate", 0.02)
    session.train(20)
    session.go_to(11)
    session.intervene("training.seed", 3)
    session.train(17)
    session.go_to(21)
    session.intervene("model.dropout", 0.4)
    session.train(9)
    session.change({"training.optimizer": "momentum", "training.frozen": ("encoder.0",)})
    session.add_noise(0.01, 3)
    session.train(7)
    session.edit("generator.bias", (1,), 0.5)
    session.intervene("model.heads_off", ("cross.0.1",))
    session.train(4)
    session.undo()
    session.train(3)


def digest(session: Session) -> dict[str, str]:
    """Every fifth step and the last one of every branch, and what is trained then, as a short text each."""
    found = {}
    for number, line in session.lines.items():
        session.switch(number)
        for step in sorted({*range(0, line.frontier, 5), line.frontier}):
            session.go_to(step)
            value = fields(
                (session.trainer.state(), session.snapshot(EVERYTHING), scalars(line.history, step))
            )
            found[f"{number}/{step}"] = hashlib.sha256(repr(value).encode()).hexdigest()
    session.train(5)
    value = fields(session.trainer.state())
    return found | {"five steps more": hashlib.sha256(repr(value).encode()).hexdigest()}


PROGRAM = """
import json, sys
from tfviz import blas
blas.use_one_thread()
from tests.training.small_runs import HARD
from tests.training.test_session_property import digest, story
from tfviz.training.session import Session
with Session.open(sys.argv[1]) if len(sys.argv) > 1 else Session(HARD) as session:
    if len(sys.argv) == 1:
        story(session)
    print(json.dumps(digest(session)))
"""


def elsewhere(*arguments: str) -> dict[str, str]:
    """What another process makes of a run file, or of the story that it tells itself."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("way", ["opened there", "trained there"])
def test_another_process_computes_the_same_bits(tmp_path: Path, way: str) -> None:
    with Session(HARD) as session:
        story(session)
        session.save(tmp_path / "run.tfviz")
        expected = digest(session)
    arguments = [str(tmp_path / "run.tfviz")] if way == "opened there" else []
    assert elsewhere(*arguments) == expected
    assert len(set(expected.values())) > 12  # branches share what was before them


@settings(max_examples=3)
@given(config=st.sampled_from(sorted(RUNS)), doings=doings)
def test_another_process_opens_whatever_was_done_to_the_same_bits(
    config: str, doings: list[tuple[Any, ...]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        witness = Witness(RUNS[config], 7, Path(folder))
        try:
            for what, *values in doings:
                witness.do(what, *values)
            witness.session.save(witness.path)
            assert elsewhere(str(witness.path)) == digest(witness.session)
            witness.check_all()
        finally:
            witness.session.close()


def test_a_run_beside_another_is_as_it_is_alone() -> None:
    with Session(HARD) as alone, Session(HARD) as one, Session(RUNS["two shards"]) as two:
        alone.train(20)
        for _ in range(20):
            one.train(1)
            two.train(1)
        assert scalars(one.history) == scalars(alone.history)
