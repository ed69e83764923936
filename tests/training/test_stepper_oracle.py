"""What a stepper shows are the reference's numbers, and the parameters after its update the reference's too."""

from dataclasses import fields

import numpy as np
import pytest

from tests.core.test_oracle import CASES, OPTIMIZER_SETTINGS, assert_agrees, load_case
from tfviz.training.config import RunConfig
from tfviz.training.data.batches import Batch
from tfviz.training.model_settings import ModelSettings
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.tasks import Task
from tfviz.training.tokens.tokenizer import SPECIAL_TOKENS, Tokenizer
from tfviz.training.trainer import Trainer


class OneBatch(Task):
    """The reference's batch, at every step."""

    def __init__(self, config: RunConfig, arrays: dict[str, np.ndarray], sizes: tuple[int, int]) -> None:
        super().__init__(config.task, 0, len(arrays["source"]))
        self.source_tokenizer, self.target_tokenizer = (
            Tokenizer((*SPECIAL_TOKENS, *(f"w{number}" for number in range(size - len(SPECIAL_TOKENS)))))
            for size in sizes
        )
        self.source_width = arrays["source"].shape[1]
        ids = (arrays[name] for name in ("source", "target_in", "target_out"))
        self._batch = Batch(*ids, self.source_tokenizer, self.target_tokenizer)

    def batch(self, step: int, seed: int | None = None) -> Batch:
        return self._batch


def stepper_of(name: str, shards: int, optimizer: str = "sgd") -> tuple[Stepper, dict[str, np.ndarray]]:
    case = load_case(name, shards)
    model = case.model.config
    learning_rate, options = OPTIMIZER_SETTINGS[optimizer]
    values: dict[str, object] = {
        f"model.{field.name}": getattr(model, field.name) for field in fields(ModelSettings)
    }
    values |= {
        f"training.{option}": value
        for option, value in ({"eps": 1e-8, "betas": (0.9, 0.999)} | options).items()
    }
    values |= {
        "training.dtype": "float64", "training.shards": shards, "training.clip_norm": 1.0,
        "training.optimizer": optimizer, "training.learning_rate": learning_rate,
        "training.label_smoothing": case.model.parts[0].loss.smoothing,
    }  # fmt: skip
    config = RunConfig().with_values(values)
    task = OneBatch(config, case.arrays, (model.source_vocabulary, model.target_vocabulary))
    trainer = Trainer(config, task)
    trainer.models.close()
    trainer.parameters.load(case.named("parameter/"))
    return Stepper.following(trainer), case.arrays


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_every_tensor_and_gradient_is_that_of_the_reference_as_soon_as_it_is_computed(
    name: str, shards: int
) -> None:
    stepper, arrays = stepper_of(name, shards)
    references = {
        (tensor, of): array
        for kind, of in (
            ("activation", "value"),
            ("activation_gradient", "gradient"),
            ("gradient", "gradient"),
        )
        for key, array in arrays.items()
        if key.partition("/")[0] == kind and (tensor := key.partition("/")[2])
    }
    assert len(references) > 100
    while stepper.position < len(stepper.places):
        stepper.forward()
        for (tensor, of), reference in references.items():
            if stepper.complete_at(tensor, "value" if of == "value" else "gradient") == stepper.position:
                shown = stepper.value(tensor) if of == "value" else stepper.gradient(tensor)
                assert_agrees(f"{of} of {tensor}", shown, reference)
    assert all(
        stepper.computed(tensor, "value" if of == "value" else "gradient") for tensor, of in references
    )
    assert stepper.clipping is not None
    assert_agrees("loss", np.array(stepper.loss), arrays["loss"])
    assert_agrees("gradient_norm", np.array(stepper.clipping.norm), arrays["gradient_norm"])


@pytest.mark.parametrize("optimizer", OPTIMIZER_SETTINGS)
@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_five_steps_end_where_the_reference_ends(name: str, shards: int, optimizer: str) -> None:
    stepper, arrays = stepper_of(name, shards, optimizer)
    steps = []
    for _ in range(5):
        stepper.run_to_update()
        steps.append(stepper.loss)
        last, stepper = stepper, Stepper(stepper.config, stepper.task, stepper.state())
    prefix = f"after/{optimizer}/"
    after = {key[len(prefix) :]: array for key, array in arrays.items() if key.startswith(prefix)}
    assert_agrees("losses", np.array(steps), after.pop("losses"))
    assert len(after) >= 4
    for parameter, reference in after.items():
        assert_agrees(parameter, last.value(parameter), reference)
