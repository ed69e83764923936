"""The Transformer computes what PyTorch computes: reference cases made by torch.nn.Transformer in float64."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tfviz.core.config import ModelConfig
from tfviz.core.optimizers import OPTIMIZERS, clip_scale, gradient_norm
from tfviz.core.transformer import Transformer

FOLDER = Path(__file__).parent / "oracle"
CASES = ["post_norm_relu", "pre_norm_gelu"]

OPTIMIZER_SETTINGS: dict[str, tuple[float, dict[str, object]]] = {
    "sgd": (0.05, {}),
    "momentum": (0.05, {"momentum": 0.9}),
    "adam": (1e-3, {"betas": (0.9, 0.98), "eps": 1e-9}),
    "adamw": (1e-3, {"weight_decay": 0.1}),
}


@dataclass
class Case:
    """A reference case and a model of ours with the same parameters, after one forward and one backward pass."""

    arrays: dict[str, np.ndarray]
    model: Transformer
    loss: float

    @property
    def batch(self) -> tuple[np.ndarray, ...]:
        return tuple(self.arrays[name] for name in ("source", "target_in", "target_out"))

    def named(self, prefix: str) -> dict[str, np.ndarray]:
        return {name[len(prefix) :]: array for name, array in self.arrays.items() if name.startswith(prefix)}


def load_case(name: str, shards: int) -> Case:
    arrays = dict(np.load(FOLDER / f"{name}.npz"))
    stated = json.loads(str(arrays["config"]))
    config = ModelConfig(
        source_vocabulary=stated.pop("source_vocab"),
        target_vocabulary=stated.pop("target_vocab"),
        **{name: stated[name] for name in ModelConfig.__dataclass_fields__ if name in stated},
    )
    model = Transformer(
        config, stated["batch"], stated["source_length"], stated["target_length"], stated["label_smoothing"],
        np.float64, shards=shards,
    )  # fmt: skip
    case = Case(arrays, model, 0.0)
    model.parameter_values.load(case.named("parameter/"))
    case.loss = model.forward(*case.batch)
    model.backward()
    return case


@pytest.fixture(scope="module", params=[(name, shards) for name in CASES for shards in (1, 2)], ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return load_case(*request.param)


def assert_agrees(name: str, ours: np.ndarray | None, reference: np.ndarray) -> None:
    """max|a - b| <= 1e-9 max|b|; where the reference is zero but for rounding, 1e-12 absolute."""
    assert ours is not None, name
    assert ours.shape == reference.shape, name
    largest = np.abs(reference).max()
    assert np.abs(ours - reference).max() <= (1e-9 * largest if largest > 1e-12 else 1e-12), name


def test_the_loss_and_the_logits_are_those_of_the_reference(case: Case) -> None:
    assert_agrees("loss", np.array(case.loss), case.arrays["loss"])
    assert_agrees("logits", case.model.tensors["logits"].value, case.arrays["logits"])


def test_every_activation_is_that_of_the_reference(case: Case) -> None:
    references = case.named("activation/")
    assert len(references) > 40
    for name, reference in references.items():
        assert_agrees(name, case.model.tensors[name].value, reference)


def test_the_gradient_of_every_activation_is_that_of_the_reference(case: Case) -> None:
    references = case.named("activation_gradient/")
    assert len(references) > 40
    for name, reference in references.items():
        assert_agrees(name, case.model.tensors[name].grad, reference)


def test_the_gradient_of_every_parameter_is_that_of_the_reference(case: Case) -> None:
    references = case.named("gradient/")
    assert references.keys() == case.model.parameters.keys()
    for name, reference in references.items():
        assert_agrees(name, case.model.parameters[name].grad, reference)


def test_the_bias_of_the_keys_has_no_gradient(case: Case) -> None:
    """It adds the same to all scores of a query, which the softmax does not notice: zero in theory."""
    width = case.model.config.d_model
    for name, parameter in case.model.parameters.items():
        if name.endswith("in_proj_bias"):
            assert parameter.grad is not None
            assert np.abs(parameter.grad[width : 2 * width]).max() <= 1e-12


def test_the_norm_of_the_gradient_is_that_of_the_reference(case: Case) -> None:
    norm = gradient_norm(case.model.gradients)
    assert_agrees("gradient_norm", np.array(norm), case.arrays["gradient_norm"])


@pytest.mark.parametrize("optimizer", OPTIMIZER_SETTINGS)
@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_five_clipped_steps_end_where_the_reference_ends(name: str, shards: int, optimizer: str) -> None:
    case = load_case(name, shards)
    learning_rate, settings = OPTIMIZER_SETTINGS[optimizer]
    update = OPTIMIZERS[optimizer](case.model.parameter_values.flat, **settings).update
    losses = []
    for _ in range(5):
        losses.append(case.model.forward(*case.batch))
        case.model.backward()
        gradients = case.model.gradients
        update(gradients, learning_rate, clip_scale(gradient_norm(gradients), 1.0))
    after = case.named(f"after/{optimizer}/")
    assert_agrees("losses", np.array(losses), after.pop("losses"))
    assert len(after) >= 4
    for parameter, reference in after.items():
        assert_agrees(parameter, case.model.parameters[parameter].value, reference)
