"""The gradient check passes on the model as it is, and fails where a backward pass is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core.config import ModelConfig
from tfviz.core.gradient_check import (
    CentralDifference,
    ParameterCheck,
    central_difference,
    check,
    check_model,
    random_batch,
    random_parameters,
    relative_error,
    small_config,
)
from tfviz.core.operations import LayerNorm
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

BIAS = "transformer.encoder.layers.0.linear1.bias"


@pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
def test_every_entry_of_a_small_model_agrees(norm_first: bool) -> None:
    config = replace(small_config(norm_first), num_encoder_layers=1, num_decoder_layers=1)
    rows = list(check(config, random_batch(config, 2, 4, 3), 0.1))
    point = random_parameters(config)
    assert [row.name for row in rows] == list(point)
    assert sum(row.entries for row in rows) == point.flat.size
    assert [row for row in rows if not row.passed()] == []


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
def test_gradients_agree_in_every_variant_of_the_model(
    norm_first: bool, activation: str, smoothing: float
) -> None:
    config = small_config(norm_first, activation)
    for row in check(config, random_batch(config, 3, 5, 4), smoothing, samples=3):
        assert row.passed(), row


def test_gradients_agree_where_three_decoder_layers_read_the_memory() -> None:
    config = replace(CONFIG, num_encoder_layers=1, num_decoder_layers=3)
    for row in check(config, BATCH, samples=2):
        assert row.passed(), row


def test_gradients_agree_where_a_batch_is_computed_in_two_parts() -> None:
    for row in check_model(small_model(shards=2), BATCH, samples=2):
        assert row.passed(), row


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_gradients_agree_where_all_sizes_coincide(activation: str) -> None:
    """Two buffers of one operation may not become one because their shapes happen to be the same."""
    config = ModelConfig(
        8,
        8,
        d_model=8,
        nhead=2,
        num_encoder_layers=1,
        num_decoder_layers=1,
        dim_feedforward=8,
        activation=activation,
    )
    for row in check(config, random_batch(config, 2, 4, 4), 0.1, samples=4):
        assert row.passed(), row


def test_gradients_agree_for_vocabularies_whose_embeddings_are_sorted() -> None:
    config = replace(CONFIG, source_vocabulary=70, target_vocabulary=66)
    batch = random_batch(config, 3, 5, 4)
    model = Transformer(config, 3, 5, 4, dtype=np.float64, parameters=random_parameters(config))
    names = ["source_embedding.weight", "target_embedding.weight", "generator.bias"]
    for row in check_model(model, batch, names, samples=200):
        assert row.passed(), row


def test_a_layer_norm_with_its_gain_outside_the_sums_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Right while every gain is 1, as it is before training: the check moves the gains."""

    def backward(self: LayerNorm) -> None:
        d_y, n, scale = self.y.gradient, self.normalized.data, self.reciprocal_deviation.data
        self.gain.gradient[...] = np.sum(d_y * n, axis=1)
        self.bias.gradient[...] = np.sum(d_y, axis=1)
        inner = d_y - d_y.mean(axis=0) - n * (d_y * n).mean(axis=0)
        self.x.gradient[...] = self.gain.data[:, None] * scale * inner

    monkeypatch.setattr(LayerNorm, "backward", backward)
    at_the_start = Transformer(CONFIG, 3, 5, 4, dtype=np.float64)
    assert all(row.passed() for row in check_model(at_the_start, BATCH, samples=2))
    assert not all(row.passed() for row in check(CONFIG, BATCH, samples=2))


def test_a_gradient_that_is_not_a_number_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def backward(self: LayerNorm) -> None:
        self.x.gradient[...] = np.nan

    monkeypatch.setattr(LayerNorm, "backward", backward)
    rows = {row.name: row for row in check(CONFIG, BATCH, samples=2)}
    assert not rows["source_embedding.weight"].passed()
    assert np.isnan(rows["source_embedding.weight"].worst_error)


def test_an_entry_beside_the_kink_of_a_relu_is_checked_at_another_value() -> None:
    model = small_model()
    move_to_kink(model, unit=3)
    values = model.parameter_values.flat.copy()
    assert not central_difference(model, BATCH, BIAS, (3,)).smooth
    assert central_difference(model, BATCH, BIAS, (4,)).smooth
    (row,) = check_model(model, BATCH, [BIAS])
    assert row.passed() and row.redrawn == 1 and row.entries == CONFIG.dim_feedforward
    assert np.array_equal(model.parameter_values.flat, values)


def move_to_kink(model: Transformer, unit: int) -> None:
    """Move the bias of a hidden unit so that its input at the first position of the first sentence is 0."""
    model.forward(*BATCH)
    inputs = model.tensors["encoder.layers.0.linear1"].value
    model.parameters[BIAS].value[unit] -= inputs[0, 0, unit]


def test_one_cell_can_be_checked_and_the_model_is_left_as_it_was() -> None:
    model = small_model()
    loss = model.forward(*BATCH)
    model.backward()
    values, logits = model.parameter_values.flat.copy(), model.tensors["logits"].value.copy()
    name, index = "transformer.decoder.layers.1.multihead_attn.in_proj_weight", (2, 5)
    difference = central_difference(model, BATCH, name, index)
    assert isinstance(difference, CentralDifference) and difference.smooth
    grad = model.parameters[name].grad
    assert grad is not None
    assert relative_error(grad[index], difference.numeric, np.abs(grad).max()) <= 1e-6
    assert np.array_equal(model.parameter_values.flat, values)
    assert model.loss == loss and np.array_equal(model.tensors["logits"].value, logits)


def test_parameters_are_restored_when_a_check_is_broken_off() -> None:
    model = small_model()
    values = model.parameter_values.flat.copy()
    rows = check_model(model, BATCH)
    next(rows)
    rows.close()
    assert np.array_equal(model.parameter_values.flat, values)


def test_the_sampled_entries_belong_to_the_seed() -> None:
    model, names = small_model(), [BIAS, "generator.weight"]
    first, again, other = (list(check_model(model, BATCH, names, samples=2, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert [(row.name, row.entries) for row in first] == [(name, 2) for name in names]


def test_the_check_leaves_nothing_at_its_initial_value() -> None:
    config = small_config()
    for name, value in random_parameters(config).items():
        assert not np.isin(value, (0.0, 1.0)).any(), name


def test_the_random_batch_has_padding_on_both_sides() -> None:
    for ids in random_batch(CONFIG, 3, 5, 4):
        assert (ids[1:, -1] == 0).all() and (ids[0] != 0).all() and (ids[:, 0] != 0).all()


def test_a_model_in_float32_is_refused() -> None:
    model = Transformer(CONFIG, 3, 5, 4)
    with pytest.raises(ValueError, match="float64, not float32"):
        next(check_model(model, BATCH))
    with pytest.raises(ValueError, match="float64, not float32"):
        central_difference(model, BATCH, BIAS, (0,))


@pytest.mark.parametrize(
    ("analytic", "numeric", "largest", "error"),
    [
        (0.0, 0.0, 0.0, 0.0),
        (2.0, 1.0, 2.0, 0.5),
        (1e-9, 0.0, 1.0, 1e-6),  # small beside the tensor's largest: judged by a thousandth of that
        (0.0, 1e-9, 0.0, 1.0),  # a gradient forgotten altogether
    ],
)
def test_the_error_is_relative_to_the_entry_or_a_thousandth_of_the_largest(
    analytic: float, numeric: float, largest: float, error: float
) -> None:
    assert relative_error(analytic, numeric, largest) == pytest.approx(error)


def test_a_row_passes_up_to_the_tolerance_and_not_when_it_is_not_a_number() -> None:
    row = ParameterCheck("name", 1, 1e-6, (0,), 1.0, 1.0, 0)
    assert row.passed() and not row.passed(1e-7)
    assert not replace(row, worst_error=float("nan")).passed()
