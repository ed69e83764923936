"""The same numbers again: by seed, in parts, on threads, in another precision."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core.gradient_check import small_config
from tfviz.core.optimizers import OPTIMIZERS
from tfviz.core.parallel import Crew
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

NORMS = pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
SHARDS = pytest.mark.parametrize("shards", [1, 2])


@NORMS
def test_two_parts_give_the_loss_gradients_and_tensors_of_the_whole(norm_first: bool) -> None:
    config = small_config(norm_first)
    whole, parts = small_model(config), small_model(config, shards=2)
    assert parts.forward(*BATCH) == pytest.approx(whole.forward(*BATCH), rel=1e-13)
    whole.backward()
    parts.backward()
    assert parts.gradients == pytest.approx(whole.gradients, abs=1e-14)
    assert parts.tensors.keys() == whole.tensors.keys()
    for name, tensor in whole.tensors.items():
        assert parts.tensors[name].axes == tensor.axes
        assert parts.tensors[name].value == pytest.approx(tensor.value, abs=1e-13), name
        if tensor.grad is not None:
            assert parts.tensors[name].grad == pytest.approx(tensor.grad, abs=1e-13), name


def test_there_are_no_more_parts_than_sequences() -> None:
    model = Transformer(CONFIG, 1, 5, 4, shards=2)
    assert len(model.parts) == 1
    assert np.isfinite(model.forward(*(ids[:1] for ids in BATCH)))


def train(model: Transformer, steps: int = 4) -> bytes:
    """Every number of a short training, as bytes."""
    optimizer = OPTIMIZERS["adam"](model.parameter_values.flat)
    record = b""
    for step in range(steps):
        model.set_step(step)
        record += np.float64(model.forward(*BATCH)).tobytes()
        model.backward()
        optimizer.update(model.gradients, 1e-2)
        record += model.gradients.tobytes() + model.parameter_values.flat.tobytes()
    return record


@SHARDS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_seed_gives_the_same_bits(dtype: type, shards: int) -> None:
    config = replace(CONFIG, dropout=0.1)
    first, again, other = (
        Transformer(config, 3, 5, 4, dtype=dtype, seed=seed, shards=shards) for seed in (7, 7, 8)
    )
    record = train(first)
    assert record == train(again)
    assert record != train(other)


def test_who_computes_a_part_does_not_change_a_bit() -> None:
    config = replace(CONFIG, dropout=0.1)
    with Crew(2) as crew:
        together = train(Transformer(config, 3, 5, 4, seed=7, shards=2, crew=crew))
    assert together == train(Transformer(config, 3, 5, 4, seed=7, shards=2))


@NORMS
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_float32_is_close_to_float64(activation: str, norm_first: bool) -> None:
    config = small_config(norm_first, activation)
    exact, fast = small_model(config), Transformer(config, 3, 5, 4, 0.1, np.float32)
    fast.parameter_values.load(
        {name: value.astype(np.float32) for name, value in exact.parameter_values.items()}
    )
    assert fast.forward(*BATCH) == pytest.approx(exact.forward(*BATCH), rel=1e-6)
    fast.backward()
    exact.backward()
    assert fast.gradients.dtype == fast.tensors["logits"].value.dtype == np.float32
    assert fast.gradients == pytest.approx(exact.gradients, abs=2e-6 * np.abs(exact.gradients).max())


def test_no_tensor_is_wider_than_the_model_s_type() -> None:
    model = Transformer(replace(CONFIG, dropout=0.1, activation="gelu"), 3, 5, 4, 0.1, np.float32)
    model.forward(*BATCH)
    model.backward()
    for name, tensor in model.tensors.items():
        if tensor.kind != "input":
            assert tensor.value.dtype == np.float32, name
            assert tensor.grad is None or tensor.grad.dtype == np.float32, name
