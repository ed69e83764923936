"""The trainer: the same run to the last bit whenever it is run, and from wherever it is taken up again."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.small_runs import HARD, SMALL, file_config, losses, new_trainer, same
from tfviz.core.optimizers import Adam, Momentum
from tfviz.core.parallel import Crew, Work
from tfviz.core.parameters import Parameters
from tfviz.core.transformer import Transformer
from tfviz.training.config import RunConfig
from tfviz.training.data.batches import Batch
from tfviz.training.tasks import create_task
from tfviz.training.trainer import Trainer

RUNS = {
    "adam": SMALL,
    "dropout, adamw, warm-up": HARD,
    "sgd": SMALL.replace("training.optimizer", "sgd"),
    "momentum in float64": SMALL.with_values({"training.optimizer": "momentum", "training.dtype": "float64"}),
    "two shards": HARD.replace("training.shards", 2),
    "pre-norm gelu, smoothed": SMALL.with_values(
        {"model.norm_first": True, "model.activation": "gelu", "training.label_smoothing": 0.1}
    ),
}


@pytest.mark.parametrize("config", RUNS.values(), ids=RUNS.keys())
def test_the_same_configuration_gives_the_same_losses_and_parameters(config: RunConfig) -> None:
    one, other = new_trainer(config), new_trainer(config)
    assert losses(one, 12) == losses(other, 12)
    assert same(one.state(), other.state())
    one.models.close()
    other.models.close()


def test_another_seed_gives_another_run() -> None:
    one, other = new_trainer(), new_trainer(SMALL.replace("training.seed", 1))
    assert losses(one, 3) != losses(other, 3)
    assert not np.array_equal(one.parameters.flat, other.parameters.flat)


def test_two_shards_give_the_same_bits_on_one_thread_as_on_two(monkeypatch: pytest.MonkeyPatch) -> None:
    config = RUNS["two shards"]
    with_crew, alone = new_trainer(config), new_trainer(config)
    expected = losses(with_crew, 8)

    passes: list[int] = []

    def in_turn(crew: Crew, works: list[Work]) -> None:
        passes.append(len(works))
        for work in works:
            work()

    monkeypatch.setattr(Crew, "run", in_turn)
    assert losses(alone, 8) == expected
    assert passes == [2, 2, 1] * 8  # the passes, adding up the gradients; an update of one piece
    assert same(alone.state(), with_crew.state())
    with_crew.models.close()
    alone.models.close()


def test_two_shards_learn_what_one_learns_up_to_rounding() -> None:
    config = SMALL.replace("training.dtype", "float64")
    whole, cut = new_trainer(config), new_trainer(config.replace("training.shards", 2))
    assert losses(cut, 6) == pytest.approx(losses(whole, 6), rel=1e-9)
    assert np.allclose(cut.parameters.flat, whole.parameters.flat, rtol=0, atol=1e-9)
    cut.models.close()


def test_every_step_draws_dropout_masks_of_its_own() -> None:
    trainer = new_trainer(HARD)
    losses(trainer, 4)
    batch = trainer.task.batch(5, 0)
    parameters = Parameters(trainer.models.config)
    parameters.flat[...] = trainer.parameters.flat
    model = Transformer(trainer.models.config, *batch.shape, seed=HARD.training.seed, parameters=parameters)
    by_step = {}
    for step in (4, 5, 6):
        model.set_step(step)
        by_step[step] = model.forward(batch.source, batch.target_in, batch.target_out)
    assert losses(trainer, 1) == [by_step[5]]
    assert len(set(by_step.values())) == 3


def test_float64_is_an_option() -> None:
    single, double = new_trainer(), new_trainer(SMALL.replace("training.dtype", "float64"))
    assert single.parameters.flat.dtype == np.float32 and double.parameters.flat.dtype == np.float64
    assert losses(single, 5) == pytest.approx(losses(double, 5), rel=1e-4)
    assert all(array.dtype != np.float32 for array in double.state().values())


def test_the_split_is_the_configurations_or_follows_from_its_sizes() -> None:
    assert new_trainer(SMALL).shards == 1
    larger = RunConfig.preset("medium").replace("training.shards", 1)
    assert new_trainer(larger).shards == 1
    chosen = new_trainer(SMALL.replace("training.shards", 2))
    assert chosen.shards == 2
    chosen.models.close()
    by_size = new_trainer(larger.replace("training.shards", None))
    assert by_size.shards == 2
    by_size.models.close()


@pytest.mark.parametrize("kind", ["copy", "reverse", "file"])
def test_held_out_pairs_are_never_trained_on(tmp_path: Path, kind: str) -> None:
    config = file_config(tmp_path, 3) if kind == "file" else SMALL.replace("task.name", kind)
    task = create_task(config)
    held_out = set(task.validation)
    assert len(held_out) == (3 if kind == "file" else 6)
    for seed in (0, 1):  # another seed of the batches leaves the held-out pairs out as well
        trained = {pair for step in range(1, 60) for pair in task.batch(step, seed).sentences}
        assert trained and not trained & held_out


def test_without_held_out_pairs_there_is_no_validation(tmp_path: Path) -> None:
    assert all(math.isnan(value) for value in new_trainer(file_config(tmp_path)).validate())


def test_validating_changes_nothing() -> None:
    one, other = new_trainer(HARD), new_trainer(HARD)
    expected = losses(one, 6)
    found = []
    for _ in range(6):
        found += losses(other, 1)
        other.validate()
    assert found == expected and same(one.state(), other.state())


CHANGES: dict[str, dict[str, Any]] = {
    "learning rate": {"training.learning_rate": 0.002},
    "schedule": {"training.schedule": "constant"},
    "warm-up": {"training.warmup_steps": 100},
    "clipping": {"training.clip_norm": 0.01},
    "decay": {"training.weight_decay": 0.5},
    "betas": {"training.betas": (0.5, 0.6)},
    "eps": {"training.eps": 0.1},
    "dropout": {"model.dropout": 0.5},
    "seed": {"training.seed": 9},
}


@pytest.mark.parametrize("values", CHANGES.values(), ids=CHANGES.keys())
def test_reconfiguring_keeps_the_state_and_changes_what_follows(values: dict[str, Any]) -> None:
    trainer, unchanged = new_trainer(HARD), new_trainer(HARD)
    losses(trainer, 8)
    losses(unchanged, 8)
    before, held_out = trainer.state(), trainer.task.validation
    changed = HARD.with_values(values)
    trainer.reconfigure(changed)
    assert same(trainer.state(), before) and trainer.config == changed
    assert trainer.task.validation == held_out
    other = Trainer(changed, trainer.task)  # as if it had always been configured so
    other.restore(before)
    assert losses(trainer, 3) == losses(other, 3)
    losses(unchanged, 3)
    assert not same(trainer.state(), unchanged.state())
    assert same(trainer.state(), other.state())


def test_reconfiguring_back_gives_the_old_run_again() -> None:
    trainer, unchanged = new_trainer(HARD), new_trainer(HARD)
    losses(trainer, 4)
    for values in CHANGES.values():
        trainer.reconfigure(HARD.with_values(values))
    trainer.reconfigure(HARD)
    losses(unchanged, 4)
    assert losses(trainer, 4) == losses(unchanged, 4)


def test_reconfiguring_momentum_reaches_the_optimiser() -> None:
    config = RUNS["momentum in float64"]
    trainer = new_trainer(config)
    trainer.reconfigure(config.with_values({"training.momentum": 0.5, "training.weight_decay": 0.25}))
    assert isinstance(trainer.optimizer, Momentum)
    assert (trainer.optimizer.momentum, trainer.optimizer.weight_decay) == (0.5, 0.25)
    adam = new_trainer(HARD)
    adam.reconfigure(HARD.with_values({"training.betas": (0.1, 0.2), "training.eps": 0.5}))
    assert isinstance(adam.optimizer, Adam)
    assert (adam.optimizer.betas, adam.optimizer.eps) == ((0.1, 0.2), 0.5)


def test_an_error_before_the_update_leaves_the_state_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, untouched = new_trainer(HARD), new_trainer(HARD)
    losses(trainer, 2)
    losses(untouched, 2)

    def fail(model: Transformer, batch: Batch) -> tuple[float, float]:
        raise MemoryError("no room")

    with monkeypatch.context() as patched:
        patched.setattr("tfviz.training.trainer.accuracies", fail)
        with pytest.raises(MemoryError):
            trainer.train_batch()
    assert same(trainer.state(), untouched.state())
    assert losses(trainer, 3) == losses(untouched, 3)


@pytest.mark.parametrize("config", RUNS.values(), ids=RUNS.keys())
def test_a_state_is_all_that_the_next_steps_depend_on(config: RunConfig) -> None:
    trainer = new_trainer(config)
    losses(trainer, 5)
    state = trainer.state()
    expected = losses(trainer, 5)
    end = trainer.state()
    other = new_trainer(config)
    for at in (trainer, other):
        at.restore(state)
        assert at.step == 5
        assert losses(at, 5) == expected
        assert same(at.state(), end)
        at.models.close()


def test_a_state_is_a_copy_that_later_steps_leave_alone() -> None:
    trainer = new_trainer(HARD)
    state = trainer.state()
    copies = {name: array.copy() for name, array in state.items()}
    losses(trainer, 3)
    assert same(state, copies)
    trainer.restore(state)
    losses(trainer, 3)
    assert same(state, copies)
