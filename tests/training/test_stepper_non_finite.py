"""A stepper refuses an update that would spoil the parameters, and names where the first wrong number arose."""

import math

import pytest

from tests.training.small_runs import HARD, SMALL, losses, new_trainer, same
from tests.training.test_non_finite import gradients, writing
from tfviz.training.config import RunConfig
from tfviz.training.stepping.non_finite import NonFiniteError
from tfviz.training.stepping.stepper import Stepper

GELU = SMALL.with_values({"model.norm_first": True, "model.activation": "gelu"})


@pytest.mark.parametrize("phase", ["forward", "backward"])
@pytest.mark.parametrize(
    ("config", "part"),
    [(HARD, 0), (HARD, 1), (GELU, 0)],
    ids=["post-norm", "post-norm, second part", "pre-norm"],
)
def test_nan_in_any_result_of_any_operation_is_named_and_the_parameters_untouched(
    config: RunConfig, phase: str, part: int
) -> None:
    trainer = new_trainer(config.replace("training.shards", 2))
    losses(trainer, 2)
    trainer.models.close()
    stepper = Stepper.following(trainer)
    before, tried = stepper.state(), 0
    for operation in stepper.model.parts[part].program.operations:
        for array in (
            [tensor.data for tensor in operation.outputs] if phase == "forward" else gradients(operation)
        ):
            stepper.back(len(stepper.places))
            with writing(stepper.model, operation, phase, array, math.nan):
                with pytest.raises(NonFiniteError) as caught:
                    stepper.run_to_update()
                place = stepper.place(operation.name, phase)
                assert (caught.value.place, caught.value.step) == (str(place), 3)
                assert stepper.last is not None and stepper.last.name == "clipping"
                assert same(stepper.state(), before)
                stepper.run_to(place)
                assert stepper.last == place
                tried += 1
    assert tried > 50
    stepper.back(len(stepper.places))
    stepper.run_to_update()
    trainer.train_batch()
    assert same(stepper.state(), trainer.state())
