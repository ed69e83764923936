"""The scalars of a step: whoever computes them again, another way, gets the same."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.small_runs import HARD, PAIRS, SMALL, file_config, losses, new_trainer
from tfviz.core.parameters import Parameters
from tfviz.core.schedules import SCHEDULES
from tfviz.core.transformer import Transformer
from tfviz.training.config import RunConfig
from tfviz.training.data.batches import Batch
from tfviz.training.record.history import GROUP_PREFIX, SCALARS
from tfviz.training.trainer import Trainer


def scalars_of(trainer: Trainer, row: list[float]) -> dict[str, float]:
    return dict(zip(trainer.scalar_names, row, strict=True))


def independent(trainer: Trainer, batch: Batch, smoothing: float = 0.0) -> tuple[Transformer, float]:
    """A model of its own, at the trainer's parameters, after a forward and a backward pass over a batch."""
    config = replace(trainer.models.config, dropout=0.0)
    parameters = Parameters(config, trainer.parameters.flat.dtype)
    parameters.flat[...] = trainer.parameters.flat
    model = Transformer(config, *batch.shape, label_smoothing=smoothing, parameters=parameters)
    loss = model.forward(batch.source, batch.target_in, batch.target_out)
    model.backward()
    return model, loss


def counted(model: Transformer, batch: Batch) -> tuple[int, int, int]:
    """Right tokens, all tokens, right sequences: by a loop over the logits, of equal ones the first."""
    logits = model.tensors["logits"].value
    right = total = sequences = 0
    for row, target in enumerate(batch.target_out.tolist()):
        wanted = [token for token in target if token]
        said = [int(np.argmax(logits[row, place])) for place in range(len(wanted))]
        right += sum(one == other for one, other in zip(said, wanted, strict=True))
        total += len(wanted)
        sequences += said == wanted
    return right, total, sequences


def test_the_scalars_of_a_step_are_those_of_its_batch_before_the_update() -> None:
    trainer = new_trainer()
    losses(trainer, 30)
    batch = trainer.task.batch(31, 0)
    model, loss = independent(trainer, batch)
    right, total, sequences = counted(model, batch)
    found = scalars_of(trainer, trainer.train_batch())
    assert trainer.step == 31
    assert found["loss"] == loss
    assert found["token_accuracy"] == right / total and 0 < right < total
    assert found["sequence_accuracy"] == sequences / len(batch)
    assert found["learning_rate"] == 0.01
    assert found["step_time"] > 0
    assert math.isnan(found["validation_loss"]) and math.isnan(found["validation_token_accuracy"])
    assert trainer.scalar_names[: len(SCALARS)] == SCALARS


def test_group_norms_are_those_of_the_groups_parameters() -> None:
    trainer = new_trainer(SMALL.replace("training.dtype", "float64"))
    losses(trainer, 3)
    model, _ = independent(trainer, trainer.task.batch(4, 0))
    found = scalars_of(trainer, trainer.train_batch())
    by_group: dict[str, float] = {}
    for name, entry in trainer.parameters.layout.entries.items():
        squares = float((np.asarray(model.parameters[name].grad) ** 2).sum())
        by_group[entry.group] = by_group.get(entry.group, 0.0) + squares
    assert [GROUP_PREFIX + group for group in by_group] == list(trainer.scalar_names[len(SCALARS) :])
    for group, squares in by_group.items():
        assert found[GROUP_PREFIX + group] == pytest.approx(math.sqrt(squares), rel=1e-9)
    assert found["gradient_norm"] == pytest.approx(math.sqrt(sum(by_group.values())), rel=1e-9)


@pytest.mark.parametrize("clip_norm", [0.0, 0.05, 1e6])
def test_a_longer_gradient_is_clipped_and_its_norm_recorded_as_it_was(clip_norm: float) -> None:
    values = {"training.optimizer": "sgd", "training.clip_norm": clip_norm, "training.dtype": "float64"}
    trainer = new_trainer(SMALL.with_values(values))
    before = trainer.parameters.flat.copy()
    model, _ = independent(trainer, trainer.task.batch(1, 0))
    norm = float(np.linalg.norm(model.gradients))
    assert norm > 0.05
    found = scalars_of(trainer, trainer.train_batch())
    assert found["gradient_norm"] == pytest.approx(norm, rel=1e-9)
    scale = 1.0 if clip_norm in (0.0, 1e6) else clip_norm / (norm + 1e-6)
    assert np.allclose(trainer.parameters.flat, before - 0.01 * scale * model.gradients, rtol=0, atol=1e-14)


@pytest.mark.parametrize("schedule", ["constant", "warmup_inverse_sqrt", "cosine"])
def test_the_learning_rate_is_the_schedules(schedule: str) -> None:
    values = {"training.schedule": schedule, "training.warmup_steps": 3, "training.steps": 10}
    trainer = new_trainer(SMALL.with_values(values))
    rates = [scalars_of(trainer, trainer.train_batch())["learning_rate"] for _ in range(10)]
    expected = SCHEDULES[schedule](0.01, 3, 10)
    assert rates == [expected(step) for step in range(1, 11)]
    assert rates[0] == pytest.approx(0.01 / 3) and max(rates) == pytest.approx(0.01)


@pytest.mark.parametrize(("first", "accuracy_counts"), [(4, 4), (5, 5)])
def test_of_equally_likely_tokens_the_first_one_is_what_the_model_says(
    first: int, accuracy_counts: int
) -> None:
    trainer = new_trainer()
    trainer.parameters["generator.weight"][...] = 0
    trainer.parameters["generator.bias"][...] = 0
    trainer.parameters["generator.bias"][first:] = 1  # a tie of this token and all behind it
    batch = trainer.task.batch(1, 0)
    tokens = batch.target_out[batch.target_out > 0]
    found = scalars_of(trainer, trainer.train_batch())
    assert found["token_accuracy"] == np.mean(tokens == accuracy_counts)
    assert found["sequence_accuracy"] == 0


def test_padding_is_never_counted_as_right() -> None:
    trainer = new_trainer()
    trainer.parameters["generator.weight"][...] = 0
    trainer.parameters["generator.bias"][...] = 0  # all tokens tie, <pad> is the first
    found = scalars_of(trainer, trainer.train_batch())
    assert found["token_accuracy"] == found["sequence_accuracy"] == 0


def test_the_last_batch_of_an_epoch_is_as_short_as_the_data_leave_it(tmp_path: Path) -> None:
    trainer = new_trainer(file_config(tmp_path))
    seen: list[tuple[str, str]] = []
    for step in (1, 2, 3):
        batch = trainer.task.batch(step, 0)
        model, loss = independent(trainer, batch)
        seen += batch.sentences
        right, total, _ = counted(model, batch)
        found = scalars_of(trainer, trainer.train_batch())
        assert (found["loss"], found["token_accuracy"]) == (loss, right / total)
        assert len(batch) == (2 if step == 3 else 4)
    assert sorted(seen) == sorted(PAIRS)
    assert losses(trainer, 3) == losses_from(file_config(tmp_path), 3, 3)


def losses_from(config: RunConfig, skipped: int, steps: int) -> list[float]:
    trainer = new_trainer(config)
    losses(trainer, skipped)
    return losses(trainer, steps)


def test_a_run_ends_at_its_steps_or_epochs_whichever_come_first(tmp_path: Path) -> None:
    finite = file_config(tmp_path)
    assert new_trainer(finite).total_steps is None
    assert new_trainer(finite.replace("training.epochs", 7)).total_steps == 21
    assert new_trainer(finite.with_values({"training.epochs": 7, "training.steps": 5})).total_steps == 5


@pytest.mark.parametrize("size", [64, 4, 1])
def test_validation_is_the_loss_and_accuracy_over_all_held_out_pairs(size: int) -> None:
    trainer = new_trainer(HARD.replace("training.dtype", "float64"))  # with dropout, which must not be felt
    losses(trainer, 20)
    pairs = trainer.task.validation
    assert len(pairs) == 6
    whole = trainer.task.collate(pairs)
    model, loss = independent(trainer, whole)
    right, total, sequences = counted(model, whole)
    assert trainer.validate(size) == pytest.approx((loss, right / total, sequences / 6), rel=1e-12)


def test_validation_is_not_smoothed() -> None:
    trainer = new_trainer(SMALL.replace("training.label_smoothing", 0.3))
    whole = trainer.task.collate(trainer.task.validation)
    assert trainer.validate()[0] == pytest.approx(independent(trainer, whole)[1], rel=1e-5)
    smoothed = independent(trainer, trainer.task.batch(1, 0), 0.3)[1]
    assert trainer.train_batch()[0] == smoothed
