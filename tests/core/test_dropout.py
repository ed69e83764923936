"""Dropout: a mask of its own for every place that drops, the same whenever a step is computed again."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from tfviz.core.gradient_check import check_model, random_parameters, small_config
from tfviz.core.operations import Dropout
from tfviz.core.tensor import Array
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

RATE = 0.3
DROPPING = replace(CONFIG, dropout=RATE)


def masks(model: Transformer, step: int) -> Mapping[str, Array]:
    """The masks of a step, by the name of the place."""
    model.set_step(step)
    model.forward(*BATCH)
    return {name: tensor.value.copy() for name, tensor in model.tensors.items() if name.endswith(".mask")}


def same(first: Mapping[str, Array], second: Mapping[str, Array]) -> list[bool]:
    return [np.array_equal(first[name], second[name]) for name in first]


def model_of(seed: int = 0, shards: int = 1) -> Transformer:
    return Transformer(DROPPING, 3, 5, 4, dtype=np.float64, seed=seed, shards=shards)


def test_every_place_where_torch_drops_has_a_mask_of_its_own() -> None:
    """Attention weights, the branch of every sublayer and the feed-forward activation, in every layer."""
    model = model_of()
    places = {
        name: model.tensors[name].data for name in masks(model, 1)
    }  # in the order in which they are drawn
    encoder, decoder = 1 + 2 + 1, 2 + 3 + 1
    assert len(places) == CONFIG.num_encoder_layers * encoder + CONFIG.num_decoder_layers * decoder
    for (name, mask), (other_name, other) in combinations(places.items(), 2):
        shortest = min(mask.size, other.size)
        assert not np.array_equal(mask.reshape(-1)[:shortest], other.reshape(-1)[:shortest]), (
            name,
            other_name,
        )


def test_each_dropout_keeps_its_mask_until_the_backward_pass() -> None:
    """Two places that share a mask's storage would lose the first one's."""
    model = model_of()
    storage = [
        operation.mask.data for operation in model.program.operations if isinstance(operation, Dropout)
    ]
    assert len(storage) > 10
    assert not any(np.shares_memory(first, second) for first, second in combinations(storage, 2))


@pytest.mark.parametrize("shards", [1, 2])
def test_a_step_s_masks_are_the_same_whatever_ran_before(shards: int) -> None:
    model = model_of(shards=shards)
    first = masks(model, 7)
    for step in (8, 9, 3):
        assert not any(same(first, masks(model, step)))
    assert all(same(first, masks(model, 7)))
    assert all(same(first, masks(model_of(shards=shards), 7)))


def test_another_seed_gives_other_masks() -> None:
    assert not any(same(masks(model_of(seed=0), 7), masks(model_of(seed=1), 7)))


def test_the_parts_of_a_batch_have_masks_of_their_own() -> None:
    model = Transformer(DROPPING, 2, 5, 4, shards=2)
    model.forward(*(ids[:2] for ids in BATCH))
    first, second = (part.program.tensors for part in model.parts)
    for name in first:
        if name.endswith(".mask"):
            assert not np.array_equal(first[name].value, second[name].value), name


def test_a_mask_drops_at_the_rate_and_scales_up_what_it_keeps() -> None:
    config = replace(DROPPING, d_model=32, dim_feedforward=64)
    model = Transformer(config, 16, 12, 12)
    model.forward(*(np.ones((16, 12), int) for _ in range(3)))
    dropped = total = 0
    for name, tensor in model.tensors.items():
        if name.endswith(".mask"):
            kept = tensor.value != 0
            assert np.all(tensor.value[kept] == np.float32(1.0 / (1.0 - RATE)))
            deviation = abs(np.mean(~kept) - RATE) / math.sqrt(RATE * (1.0 - RATE) / kept.size)
            assert deviation < 5.0, name
            dropped, total = dropped + np.sum(~kept), total + kept.size
    assert abs(dropped / total - RATE) < 5.0 * math.sqrt(RATE * (1.0 - RATE) / total)


def test_what_is_dropped_is_zero_and_the_rest_is_scaled() -> None:
    model = model_of()
    model.forward(*BATCH)
    tensors = model.tensors
    before, after = (
        tensors[f"encoder.layers.0.{name}"].value for name in ("activation", "dropped_activation")
    )
    kept = after != 0
    assert after[kept] == pytest.approx(before[kept] / (1.0 - RATE))
    assert np.any(before[~kept] != 0)


def test_a_dropout_mask_is_presented_as_what_it_masks() -> None:
    model = model_of()
    model.forward(*BATCH)
    tensors = model.tensors
    for before, after in (
        ("activation", "dropped_activation"),
        ("self_attn.weights", "self_attn.dropped_weights"),
    ):
        x, mask, y = (tensors[f"encoder.layers.0.{name}"] for name in (before, f"{after}.mask", after))
        assert mask.axes == x.axes == y.axes
        assert np.array_equal(y.value, x.value * mask.value)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
def test_gradients_with_the_masks_of_a_step_agree_with_central_differences(
    norm_first: bool, activation: str
) -> None:
    config = replace(small_config(norm_first, activation), dropout=RATE)
    model = small_model(config)
    model.set_step(11)
    for row in check_model(model, BATCH, samples=2):
        assert row.passed(), row


def test_in_evaluation_nothing_is_dropped() -> None:
    evaluation = small_model(DROPPING, gradients=False)
    plain = Transformer(
        CONFIG, 3, 5, 4, 0.1, np.float64, parameters=random_parameters(DROPPING), gradients=False
    )
    assert evaluation.forward(*BATCH) == plain.forward(*BATCH)
    assert not any(isinstance(operation, Dropout) for operation in evaluation.program.operations)


def test_a_rate_of_zero_costs_nothing() -> None:
    assert not any(isinstance(operation, Dropout) for operation in small_model().program.operations)
