"""Whatever the model's shape, switches and parts: a step taken apart is the step, and its numbers add up."""

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.small_runs import SMALL, fields, losses, new_trainer, same
from tests.training.test_step_provenance import assert_tells
from tests.training.test_stepper import everything
from tfviz.core.gradient_check import TOLERANCE
from tfviz.training.config import RunConfig
from tfviz.training.model.inference import Reader
from tfviz.training.stepping.stepper import Stepper

SWITCHES: dict[str, st.SearchStrategy[Any]] = {
    "model.architecture": st.sampled_from(["encoder-decoder", "encoder", "decoder"]),
    "model.norm_first": st.booleans(),
    "model.activation": st.sampled_from(["relu", "gelu"]),
    "model.num_encoder_layers": st.sampled_from([1, 2]),
    "model.num_decoder_layers": st.sampled_from([1, 2]),
    "model.dropout": st.sampled_from([0.0, 0.3]),
    "model.tied_embeddings": st.booleans(),
    "model.positions": st.sampled_from(["sinusoidal", "learned", "none"]),
    "model.residual": st.sampled_from([True, True, False]),
    "model.layer_norm": st.sampled_from([True, True, False]),
    "model.scaled_scores": st.booleans(),
    "model.heads_off": st.sampled_from([(), ("encoder.0.1",), ("decoder.0.0",)]),
    "model.heads_uniform": st.sampled_from([(), ("encoder.0.0",), ("decoder.0.1",)]),
    "training.shards": st.sampled_from([1, 2]),
    "training.label_smoothing": st.sampled_from([0.0, 0.1]),
    "training.clip_norm": st.sampled_from([0.0, 0.05]),
    "training.optimizer": st.sampled_from(["sgd", "momentum", "adam", "adamw"]),
    "training.dtype": st.sampled_from(["float32", "float64"]),
    "training.seed": st.integers(0, 99),
}
CELLS = 12


@st.composite
def configs(draw: st.DrawFn) -> RunConfig:
    """The copied sentences of a batch are of different lengths: there is padding in all of them."""
    values = {path: draw(strategy) for path, strategy in SWITCHES.items()}
    missing = {"encoder": "decoder.", "decoder": "encoder."}.get(values["model.architecture"], "nothing")
    for path in ("model.heads_off", "model.heads_uniform"):
        values[path] = tuple(head for head in values[path] if not head.startswith(missing))
    return SMALL.with_values(values)


def stepper_and_its_trainer(config: RunConfig) -> tuple[Stepper, Any]:
    trainer = new_trainer(config)
    losses(trainer, 2)
    return Stepper.following(trainer), trainer


@settings(max_examples=30)
@given(config=configs(), share=st.floats(0.0, 1.0))
def test_operation_by_operation_it_is_the_step_forward_and_back(config: RunConfig, share: float) -> None:
    stepper, trainer = stepper_and_its_trainer(config)
    assert (stepper.batch.source == 0).any(), "the batch has padding"
    middle = round(share * len(stepper.places))
    seen: object = None
    for _ in stepper.places:
        if stepper.position == middle:
            seen = everything(stepper)
        stepper.forward()
    loss = trainer.train_batch()[0]
    trainer.models.close()
    assert stepper.loss == loss and same(stepper.state(), trainer.state())
    if middle < len(stepper.places):
        stepper.back(len(stepper.places) - middle)
        assert everything(stepper) == seen


@settings(max_examples=30)
@given(config=configs(), seed=st.integers(0, 999))
def test_the_terms_of_random_cells_sum_to_them(config: RunConfig, seed: int) -> None:
    """Within 1e-9 of the float64 pass; beside what was stored where the run is in float32."""
    stepper, trainer = stepper_and_its_trainer(config.replace("training.dtype", "float64"))
    trainer.models.close()
    stepper.run_to_gradients()
    generator = np.random.default_rng(seed)
    names = [*stepper.tensors, *stepper.parameters]
    shown = [
        (name, of, array)
        for name in names
        for of, array in (("value", stepper.value(name)), ("gradient", stepper.gradient(name)))
        if array is not None
    ]
    for number in generator.choice(len(shown), CELLS, replace=False):
        name, of, array = shown[number]
        index = tuple(int(generator.integers(size)) for size in array.shape)
        explanation = stepper.explain(name, index, of)
        assert explanation.stored == array[index]
        assert_tells(explanation, 1e-9)


@settings(max_examples=20)
@given(config=configs(), seed=st.integers(0, 999))
def test_gradients_agree_with_differences(config: RunConfig, seed: int) -> None:
    stepper, trainer = stepper_and_its_trainer(config)
    trainer.models.close()
    for check in stepper.check_layer("", CELLS, seed):
        assert check.error <= TOLERANCE or not check.smooth or not check.counts, check


@settings(max_examples=30)
@given(config=configs())
def test_the_shares_at_every_junction_sum_to_the_whole(config: RunConfig) -> None:
    trainer = new_trainer(config)
    losses(trainer, 2)
    before = fields(trainer.state())
    flow = Reader(trainer.models, trainer.task).read_flow(trainer.task.probe())
    trainer.models.close()
    assert fields(trainer.state()) == before
    assert flow.activations.keys() == flow.chart.tensors
    for junction, shares in flow.shares.items():
        if not any(map(math.isnan, shares)):  # nothing arrives: there is no whole to be shared
            assert math.isclose(
                sum(shares), 1.0, abs_tol=1e-9 if config.training.dtype == "float64" else 1e-5
            ), junction
