"""Branches: which configuration each step was made with, and what a branch takes from the one it left."""

import math

import pytest

from tests.training.small_runs import SMALL
from tfviz.training.branching.branches import (
    CHANGEABLE,
    Line,
    changed,
    changed_together,
    describe,
    first_line,
    shared_past,
)
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.config import RunConfig, difference
from tfviz.training.rules import ConfigurationError
from tfviz.training.run_file.branch import Branch

FAST = SMALL.replace("training.learning_rate", 0.1)
FASTER = SMALL.replace("training.learning_rate", 0.2)
OTHER_SEED = FAST.replace("training.seed", 5)


def new_line(steps: int = 0) -> Line:
    line = first_line(SMALL, ("loss",), Keyframes())
    train(line, steps)
    return line


def train(line: Line, steps: int) -> None:
    for step in range(line.frontier + 1, line.frontier + steps + 1):
        line.history.append(step, loss=1 / step)


def rates(line: Line, steps: int) -> list[float]:
    """The learning rate of each step, from the first on."""
    return [line.config_after(step).training.learning_rate for step in range(steps)]


def test_a_run_begins_with_its_main_branch() -> None:
    line = new_line()
    assert line.branch == Branch(0, "main", None, 0, SMALL)
    assert line.frontier == 0 and line.config_after(0) == SMALL
    assert list(line.interventions) == [] and line.own_configs == []


def test_a_change_holds_for_the_steps_after_it() -> None:
    line = new_line(6)
    line.change(3, FAST)
    line.change(6, FASTER)
    assert rates(line, 8) == [0.01, 0.01, 0.01, 0.1, 0.1, 0.1, 0.2, 0.2]
    assert line.own_configs == [(3, FAST), (6, FASTER)]
    assert list(line.interventions) == [
        (3, {"training.learning_rate": (0.01, 0.1)}),
        (6, {"training.learning_rate": (0.1, 0.2)}),
    ]


def test_of_two_changes_at_one_step_the_last_counts() -> None:
    line = new_line(3)
    line.change(3, FAST)
    line.change(3, OTHER_SEED)
    assert line.config_after(3) == OTHER_SEED and line.own_configs == [(3, OTHER_SEED)]
    line.change(3, SMALL)
    assert line.config_after(3) == SMALL and list(line.interventions) == []


def test_a_change_before_the_first_step_leaves_what_the_run_began_with() -> None:
    line = new_line()
    line.change(0, FAST)
    line.change(0, OTHER_SEED)
    assert line.config_after(0) == line.config_after(5) == OTHER_SEED
    assert line.branch.config == SMALL and line.own_configs == [(0, OTHER_SEED)]
    assert [step for step, _ in line.interventions] == [0]


def test_a_branch_shares_the_past_and_nothing_else() -> None:
    line = new_line(4)
    line.change(4, FAST)
    train(line, 4)
    line.keyframes.add(6, {})
    fork = line.fork(3, "slower", 6)
    assert fork.branch == Branch(3, "slower", 0, 6, FAST)
    assert fork.frontier == 6 and fork.keyframes.steps == (6,)
    assert fork.history["loss"].tolist() == line.history["loss"][:6].tolist()
    assert rates(fork, 8) == [0.01] * 4 + [0.1] * 4 and fork.own_configs == []
    train(fork, 1)
    fork.change(7, FASTER)
    train(line, 3)
    line.change(11, SMALL)
    assert fork.frontier == 7 and line.frontier == 11
    assert fork.own_configs == [(7, FASTER)] and line.own_configs == [(4, FAST), (11, SMALL)]


def test_a_branch_at_the_very_beginning_has_the_whole_future_to_itself() -> None:
    line = new_line(3)
    fork = line.fork(1, "other", 0)
    assert fork.frontier == 0 and fork.history.names == line.history.names
    fork.change(0, FAST)
    assert rates(fork, 3) == [0.1] * 3 and rates(line, 3) == [0.01] * 3
    assert fork.own_configs == [(0, FAST)]


def test_a_change_where_it_left_is_the_branchs_own() -> None:
    line = new_line(5)
    line.change(5, FAST)
    train(line, 2)
    fork = line.fork(1, "x", 5)
    assert fork.own_configs == []  # its parent's change, made before it left
    fork.change(5, FASTER)
    assert fork.own_configs == [(5, FASTER)]
    assert rates(fork, 6)[-1] == 0.2 and rates(line, 6)[-1] == 0.1


def test_what_a_line_was_so_far_does_not_grow() -> None:
    line = new_line(3)
    seen = line.so_far()
    train(line, 2000)
    assert seen.frontier == 3 and seen.history["loss"].tolist() == [1, 1 / 2, 1 / 3]
    assert line.frontier == 2003


VALUES = {
    "training.learning_rate": 0.5,
    "training.schedule": "constant",
    "training.warmup_steps": 9,
    "training.clip_norm": 0,
    "training.weight_decay": 0.1,
    "training.momentum": 0.5,
    "training.betas": (0.5, 0.5),
    "training.eps": 0.5,
    "training.seed": 77,
    "model.dropout": 0.5,
    "training.optimizer": "sgd",
    "training.label_shift": 1,
    "training.frozen": ("encoder.0",),
    "model.heads_off": ("encoder.0.1",),
    "model.heads_uniform": ("cross.0.0",),
    "model.causal_mask": False,
    "model.padding_mask": False,
    "model.scaled_scores": False,
    "model.positions": "none",
    "model.residual": False,
    "model.layer_norm": False,
}


@pytest.mark.parametrize("path", CHANGEABLE)
def test_these_may_change_in_the_middle_of_a_run(path: str) -> None:
    before = SMALL.with_values({"training.schedule": "warmup_inverse_sqrt", "training.warmup_steps": 3})
    assert difference(before, changed(before, path, VALUES[path])).keys() == {path}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model.d_model", 16),
        ("model.tied_embeddings", True),
        ("model.architecture", "decoder"),
        ("model.initialization", "zero"),
        ("training.batch_size", 2),
        ("task.length", 5),
        ("name", "x"),
    ],
)
def test_the_rest_is_chosen_at_the_start(path: str, value: object) -> None:
    with pytest.raises(
        ConfigurationError, match=f"{path} cannot change in the middle of a run; what can: "
    ) as caught:
        changed(SMALL, path, value)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.learning_rate", -1.0),
        ("training.learning_rate", math.nan),
        ("training.learning_rate", "fast"),
        ("model.dropout", 1.0),
        ("training.betas", (0.9,)),
        ("training.schedule", "cosine"),  # without a last step
        ("training.colour", "red"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_field(path: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        changed(SMALL, path, value)
    assert caught.value.path == path


def test_a_text_is_read_as_the_fields_type() -> None:
    assert changed(SMALL, "training.learning_rate", "0.1") == FAST


def test_a_branch_is_described_by_what_changed() -> None:
    assert describe(difference(SMALL, FAST)) == "learning_rate 0.1"
    assert describe(difference(SMALL, OTHER_SEED)) == "seed 5, learning_rate 0.1"
    assert describe({}) == "unchanged"
    assert describe(difference(SMALL, RunConfig.replace(SMALL, "model.dropout", 0.5))) == "dropout 0.5"


def test_a_branch_knows_its_own_changes_and_not_those_that_it_was_left_with() -> None:
    main = new_line(9)
    main.change(3, FAST)
    branch = main.fork(1, "same", 5)
    assert main.own_changes == [(3, {"training.learning_rate": (0.01, 0.1)})] and branch.own_changes == []
    branch.change(5, FASTER)
    train(branch, 2)
    branch.change(7, OTHER_SEED)
    assert branch.own_changes == [
        (5, {"training.learning_rate": (0.1, 0.2)}),
        (7, {"training.learning_rate": (0.2, 0.1), "training.seed": (0, 5)}),
    ]


def test_fields_that_are_allowed_together_only_change_together() -> None:
    path, values = (
        "training.schedule",
        {"training.warmup_steps": 5, "training.schedule": "warmup_inverse_sqrt"},
    )
    assert changed_together(SMALL, values).training.warmup_steps == 5
    with pytest.raises(ConfigurationError, match="needs at least 1"):
        changed(SMALL, path, "warmup_inverse_sqrt")
    with pytest.raises(ConfigurationError, match="cannot change in the middle of a run"):
        changed_together(SMALL, {"training.learning_rate": 0.1, "training.batch_size": 3})


def test_what_two_branches_share_ends_where_the_first_of_them_left() -> None:
    branches = {
        branch.number: branch
        for branch in (
            Branch(),
            Branch(1, "one", 0, 100),
            Branch(2, "late", 0, 200),
            Branch(3, "of one", 1, 150),
            Branch(4, "of one, of the main branch's steps", 1, 50),
        )
    }
    shared = {
        (first, second): shared_past(branches, first, second)
        for first in branches
        for second in branches
        if first < second
    }
    assert shared == {
        (0, 1): 100, (0, 2): 200, (0, 3): 100, (0, 4): 50, (1, 2): 100, (1, 3): 150, (1, 4): 50,
        (2, 3): 100, (2, 4): 50, (3, 4): 50,
    }  # fmt: skip
    assert all(shared_past(branches, second, first) == step for (first, second), step in shared.items())
