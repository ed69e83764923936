"""Where every number is watched, one that is not finite stops the step also where loss and gradient do not show it."""

import math

import numpy as np
import pytest

from tests.training.small_runs import HARD, SMALL, losses, new_trainer, same
from tests.training.test_non_finite import gradients, models_of, writing
from tfviz.core.operation import Operation
from tfviz.core.operations import Linear, Tie
from tfviz.training.config import RunConfig
from tfviz.training.record.history import History
from tfviz.training.stepping.break_conditions import NonFinite
from tfviz.training.stepping.breaks import BreakError, Breaks
from tfviz.training.stepping.non_finite import NonFiniteError

SWITCHED = SMALL.with_values(
    {
        "model.norm_first": True,
        "model.activation": "gelu",
        "model.positions": "learned",
        "model.heads_off": ("encoder.0.1", "cross.0.0"),
        "model.heads_uniform": ("decoder.0.1",),
    }
)
STREAM = HARD.with_values({"model.architecture": "decoder", "task.name": "copy", "training.shards": 2})
ENCODER = SMALL.with_values({"model.architecture": "encoder", "model.activation": "relu"})
TIED = SMALL.with_values({"model.tied_embeddings": True, "training.shards": 2})
CONFIGS = {
    "post-norm, relu, dropout": HARD,
    "pre-norm, gelu, heads off": SWITCHED,
    "decoder alone, two parts": STREAM,
    "encoder alone": ENCODER,
    "tied, two parts": TIED,
}
VALUES = (math.nan, math.inf, -math.inf)


def one_cell(array: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Any one of its numbers, as an array that can be written to."""
    index = tuple(int(generator.integers(size)) for size in array.shape)
    return array[tuple(slice(at, at + 1) for at in index)]


def results(operation: Operation, phase: str) -> list[np.ndarray]:
    """What a pass of an operation computes, but for token ids."""
    if phase == "forward":
        return [
            tensor.data
            for tensor in operation.outputs
            if tensor.data.dtype.kind == "f" and not isinstance(operation, Tie)  # its results are a parameter
        ]
    if isinstance(operation, Linear) and operation.affine.reader is not None:
        return [tensor.d_data for tensor in operation.inputs if tensor.d_data is not None]
    return gradients(operation)


@pytest.mark.parametrize("phase", ["forward", "backward"])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_one_wrong_number_in_any_result_is_named_and_the_state_untouched(
    config: RunConfig, phase: str
) -> None:
    trainer = new_trainer(config)
    losses(trainer, 2)
    _, model = models_of(trainer)
    before, generator = trainer.state(), np.random.default_rng(5)
    breaks, history = Breaks(), History(trainer.scalar_names)
    breaks.conditions = (NonFinite(),)
    wrong, hidden, tried, kinds = [], 0, 0, set()
    for operation in model.parts[-1].program.operations:
        expected = f"{operation.name} ({phase}, {type(operation).__name__})"
        for array in results(operation, phase):
            tried += 1
            for value in VALUES if config is HARD else VALUES[tried % 3 :][:1]:
                if type(operation).__name__ == "KeyMask" and value == -math.inf:
                    continue  # that is what a mask is made of
                kinds.add(type(operation).__name__)
                found = "nothing"
                with writing(model, operation, phase, one_cell(array, generator), value):
                    try:
                        trainer.train_batch(
                            lambda plan: breaks.test(trainer, history, plan), breaks.watch_numbers
                        )
                    except NonFiniteError as error:
                        found = error.place
                    except BreakError as error:
                        found, hidden = error.hit.place, hidden + 1
                        breaks.forget()
                if found != expected or not same(trainer.state(), before):
                    wrong.append(f"{value} in {expected}: {found}")
                    trainer.restore(before)
    trainer.models.close()
    assert wrong == []
    assert len(kinds) > 8
    assert hidden or config is TIED, "what loss and gradient do not show is what this is for"
