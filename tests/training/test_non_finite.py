"""A NaN or infinity is named where it arose, whatever the operation, and spoils nothing."""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest

from tests.training.small_runs import HARD, SMALL, losses, new_trainer, same
from tfviz.core.operation import Operation
from tfviz.core.transformer import Transformer
from tfviz.training.config import RunConfig
from tfviz.training.stepping.non_finite import NonFiniteError, first_non_finite
from tfviz.training.trainer import Trainer

GELU = SMALL.with_values({"model.norm_first": True, "model.activation": "gelu"})
KINDS = {
    "CrossEntropy", "Dropout", "Embedding", "Fork", "GELU", "KeyMask", "LayerNorm", "Linear", "PositionalEncoding",
    "ReLU", "ResidualAdd", "Scores", "Softmax", "WeightedSum",
}  # fmt: skip


def models_of(trainer: Trainer) -> tuple[Transformer, Transformer]:
    """The model that the next step will use, and the one with which it is looked at where something is wrong."""
    batch = trainer.task.batch(trainer.step + 1, trainer.config.training.seed)
    return trainer.models.training(*batch.shape), trainer.models.observed_training(*batch.shape)


@contextmanager
def writing(
    model: Transformer, operation: Operation, phase: str, array: np.ndarray, value: float
) -> Iterator[None]:
    """While it lasts, a pass of this operation ends with wrong numbers in one of its arrays."""
    original = getattr(operation, phase)

    def spoil() -> None:
        original()
        array[...] = value

    def use(run: object) -> None:
        setattr(operation, phase, run)
        for part in model.parts:
            program = part.program
            program._forward = [each.forward for each in program.operations]
            program._backward = [each.backward for each in reversed(program.operations)]

    use(spoil)
    yield
    use(original)


@contextmanager
def writing_in_both(
    models: tuple[Transformer, Transformer], operations: tuple[Operation, ...], phase: str,
    arrays: tuple[np.ndarray, ...], value: float,
) -> Iterator[None]:  # fmt: skip
    """The same where two models compute the same operation."""
    with ExitStack() as stack:
        for model, operation, array in zip(models, operations, arrays, strict=True):
            stack.enter_context(writing(model, operation, phase, array, value))
        yield


def results(operation: Operation, phase: str) -> list[np.ndarray]:
    return [tensor.data for tensor in operation.outputs] if phase == "forward" else gradients(operation)


def gradients(operation: Operation) -> list[np.ndarray]:
    """What an operation's backward pass computes."""
    found = [tensor.d_data for tensor in operation.inputs if tensor.d_data is not None]
    return [*found, operation.affine.gradients] if hasattr(operation, "affine") else found


def wrongly_named(config: RunConfig, phase: str, value: float, part: int = 0) -> tuple[list[str], set[str]]:
    """Spoil every result of every operation, one at a time: what is then named wrongly, and which kinds were tried."""
    trainer = new_trainer(config)
    losses(trainer, 2)
    models, before = models_of(trainer), trainer.state()
    wrong, kinds = [], set()
    for twins in zip(*(model.parts[part].program.operations for model in models), strict=True):
        name, kind = twins[0].name, type(twins[0]).__name__
        for arrays in zip(*(results(operation, phase) for operation in twins), strict=True):
            kinds.add(kind)
            found = "nothing"
            with writing_in_both(models, twins, phase, arrays, value):
                try:
                    trainer.train_batch()
                except NonFiniteError as error:
                    found = error.place
            if found != f"{name} ({phase}, {kind})":
                wrong.append(f"{name} ({phase}, {kind}): {found}")
            if not same(trainer.state(), before):
                wrong.append(f"{name} has spoiled the state")
                trainer.restore(before)
    untouched = new_trainer(config)
    losses(untouched, 2)
    assert losses(trainer, 2) == losses(untouched, 2)  # and nothing of it remains in any buffer
    for each in (trainer, untouched):
        each.models.close()
    return wrong, kinds


@pytest.mark.parametrize("config", [HARD, GELU], ids=["post-norm relu dropout", "pre-norm gelu"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_wrong_number_in_the_output_of_any_operation_is_named(config: RunConfig, value: float) -> None:
    wrong, kinds = wrongly_named(config, "forward", value)
    assert wrong == []
    assert kinds == KINDS - ({"GELU"} if config is HARD else {"ReLU", "Dropout"})


@pytest.mark.parametrize("config", [HARD, GELU], ids=["post-norm relu dropout", "pre-norm gelu"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_wrong_number_in_any_gradient_is_named(config: RunConfig, value: float) -> None:
    wrong, kinds = wrongly_named(config, "backward", value)
    assert wrong == []
    assert kinds == KINDS - {"KeyMask"} - ({"GELU"} if config is HARD else {"ReLU", "Dropout"})


@pytest.mark.parametrize("phase", ["forward", "backward"])
@pytest.mark.parametrize("part", [0, 1])
def test_a_wrong_number_in_either_half_of_a_batch_is_named(phase: str, part: int) -> None:
    assert wrongly_named(HARD.replace("training.shards", 2), phase, math.nan, part)[0] == []


def test_a_healthy_step_has_no_such_place() -> None:
    trainer = new_trainer(HARD)
    batch = trainer.task.batch(1, 0)
    assert "sum of squares" in first_non_finite(models_of(trainer)[1], batch)


def test_a_spoiled_parameter_is_named_before_any_operation() -> None:
    trainer = new_trainer()
    name = "transformer.decoder.layers.0.linear1.weight"
    trainer.parameters[name][2, 3] = math.nan
    with pytest.raises(NonFiniteError, match=f"step 1 .* arose in parameter {name}, before the step"):
        trainer.train_batch()
    assert trainer.step == 0


def test_a_gradient_too_long_for_its_number_format_is_said_to_be_so() -> None:
    trainer = new_trainer()
    models = models_of(trainer)
    twins = tuple(model.program.operations[-1] for model in models)
    arrays = tuple(gradients(operation)[0] for operation in twins)
    with (
        writing_in_both(models, twins, "backward", arrays, 1e30),
        pytest.raises(NonFiniteError) as caught,
    ):
        trainer.train_batch()
    assert "too large for its number format" in caught.value.place


def test_the_message_says_step_loss_norm_and_place() -> None:
    error = NonFiniteError(7, math.nan, math.inf, "logits (forward, Linear)")
    assert str(error) == (
        "step 7 would spoil the parameters: loss nan, gradient norm inf; the first NaN or infinity arose in "
        "logits (forward, Linear). Training stopped before the update."
    )
    assert isinstance(error, ArithmeticError) and (error.step, error.place) == (7, "logits (forward, Linear)")


def test_a_learning_rate_far_too_high_ends_in_a_named_place_with_the_last_good_state() -> None:
    trainer = new_trainer(SMALL.with_values({"training.optimizer": "sgd", "training.learning_rate": 1e30}))
    before = trainer.state()
    with pytest.raises(NonFiniteError) as caught:
        for _ in range(20):
            before = trainer.state()
            trainer.train_batch()
    assert same(trainer.state(), before)
    assert caught.value.step == trainer.step + 1
