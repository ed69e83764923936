"""Every “what if” shows what it says, clause by clause: a healthy run and the broken branch beside it are trained."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.benchmarks.what_if_table import COLUMNS, HEALTHY, line, rows_of
from tests.training.claims import CLAIMS, Claim, numbers
from tests.training.small_runs import SMALL
from tfviz.training.branching.what_if import what_if_presets
from tfviz.training.config import RunConfig
from tfviz.training.session import Session

SHALLOW = SMALL.with_values(
    {
        "model.d_model": 16, "model.dim_feedforward": 32, "model.num_encoder_layers": 2, "model.num_decoder_layers": 2,
        "task.length": 4, "task.alphabet": 5, "task.validation": 60, "training.batch_size": 16,
        "training.schedule": "warmup_inverse_sqrt", "training.warmup_steps": 40, "training.validation_every": 50,
    }
)  # fmt: skip
DEEP = SHALLOW.with_values(
    {
        "model.num_encoder_layers": 8, "model.num_decoder_layers": 8, "task.length": 3, "task.alphabet": 4,
        "task.validation": 20, "training.seed": 1, "training.learning_rate": 0.009, "training.schedule": "cosine",
        "training.warmup_steps": 250, "training.steps": 500,
    }
)  # fmt: skip
"""With norms after the sums; learns, thanks to its warm-up."""
ENDED = SHALLOW.with_values({"training.schedule": "cosine", "training.steps": 500})
"""Left when a tenth of its steps are still to come, where its rate is a fortieth of what it was."""
STEPS = {"shallow": 360, "deep": 500, "ended": 450}
MORE = {"shallow": 150, "deep": 0, "ended": 50}
"""Of the healthy run, and of a branch that leaves it at its newest step."""
CONNECTING = {"", "for", "and"}
LONGER = {"task.length": 6, "task.minimum_length": 2}
TASKS: dict[str, dict[str, Any]] = {
    "encoder-decoder": LONGER, "encoder": {"task.name": "sort"} | LONGER, "decoder": {},
}  # fmt: skip


class Runs:
    """Healthy runs, each trained once, and what was measured of them and of their broken branches."""

    def __init__(self) -> None:
        self._healthy: dict[tuple[str, str], Session] = {}
        self._numbers: dict[tuple[str, str, str], dict[str, tuple[float, float]]] = {}

    def config(self, architecture: str, run: str) -> RunConfig:
        if run != "shallow":
            return {"deep": DEEP, "ended": ENDED}[run]
        return SHALLOW.with_values({"model.architecture": architecture} | TASKS[architecture])

    def healthy(self, architecture: str, run: str) -> Session:
        key = architecture, run
        if key not in self._healthy:
            self._healthy[key] = Session(self.config(architecture, run))
            self._healthy[key].train(STEPS[run])
        return self._healthy[key]

    def numbers(self, name: str, architecture: str, claim: Claim) -> tuple[float, float]:
        """The healthy number and the broken one."""
        key = name, architecture, claim.run
        if key not in self._numbers:
            healthy = self.healthy(architecture, claim.run)
            self._numbers[key] = numbers(healthy, name, claim.run, STEPS[claim.run], MORE[claim.run])
        return self._numbers[key][claim.words]

    def close(self) -> None:
        for session in self._healthy.values():
            session.close()


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    made = Runs()
    yield made
    made.close()


def test_every_symptom_is_measured_word_for_word() -> None:
    assert list(CLAIMS) == [what_if.name for what_if in what_if_presets()]
    for what_if in what_if_presets():
        rest = what_if.symptom
        for claim in CLAIMS[what_if.name]:
            assert claim.words in rest, (what_if.name, claim.words)
            rest = rest.replace(claim.words, "", 1)
        assert set(re.split(r"[ ,;:.]+", rest)) <= CONNECTING, (what_if.name, rest)


@pytest.mark.parametrize(
    ("name", "architecture", "claim"),
    [
        pytest.param(what_if.name, architecture, claim, id=f"{architecture}, {what_if.name}: {claim.words}")
        for what_if in what_if_presets()
        for architecture in what_if.architectures
        for claim in CLAIMS[what_if.name]
    ],
)
def test_what_is_said_is_seen(runs: Runs, name: str, architecture: str, claim: Claim) -> None:
    healthy, broken = runs.numbers(name, architecture, claim)
    config = runs.config(architecture, claim.run)
    assert claim.holds(healthy, broken, config), f"healthy {healthy:.4g}, broken {broken:.4g}"


def test_the_table_of_whole_presets_has_a_row_for_each_thing_that_is_said() -> None:
    name = "learning rate times ten"
    with Session(SHALLOW) as session:
        session.train(60)
        rows = list(rows_of(name, {"shallow": session}, {"shallow": 30}))
    assert [row.words for row in rows] == [claim.words for claim in CLAIMS[name] if claim.run == "shallow"]
    assert rows[0].healthy < rows[0].broken
    assert str(rows[0]).count("|") == len(COLUMNS) + 1 == line(COLUMNS).count("|")
    assert set(HEALTHY) == {claim.run for claims in CLAIMS.values() for claim in claims}
