"""The trained numbers: where they lie, how they begin, and how others are taken in."""

import math
from itertools import pairwise

import numpy as np
import pytest

from tfviz.core.config import ModelConfig
from tfviz.core.parameters import Parameters

CONFIG = ModelConfig(
    50, 40, d_model=32, nhead=4, num_encoder_layers=2, num_decoder_layers=3, dim_feedforward=48
)


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return Parameters(CONFIG, np.float64, seed=3)


def test_names_and_shapes_are_torch_s(parameters: Parameters) -> None:
    shapes = parameters.layout.shapes
    assert shapes["source_embedding.weight"] == (50, 32)
    assert shapes["target_embedding.weight"] == (40, 32)
    assert shapes["transformer.encoder.layers.1.self_attn.in_proj_weight"] == (96, 32)
    assert shapes["transformer.encoder.layers.1.self_attn.in_proj_bias"] == (96,)
    assert shapes["transformer.decoder.layers.2.multihead_attn.out_proj.weight"] == (32, 32)
    assert shapes["transformer.decoder.layers.2.linear1.weight"] == (48, 32)
    assert shapes["transformer.decoder.layers.2.linear2.bias"] == (32,)
    assert shapes["transformer.decoder.layers.2.norm3.weight"] == (32,)
    assert shapes["transformer.encoder.norm.bias"] == (32,)
    assert shapes["generator.weight"] == (40, 32)
    assert "transformer.encoder.layers.0.norm3.weight" not in shapes
    assert len(shapes) == 2 + 2 * 12 + 3 * 18 + 2 * 2 + 2
    assert {name: value.shape for name, value in parameters.items()} == shapes


def test_every_number_of_the_flat_vector_belongs_to_exactly_one_parameter() -> None:
    parameters = Parameters(CONFIG)
    parameters.flat[...] = 0
    for value in parameters.values():
        value += 1
    assert (parameters.flat == 1).all()
    assert parameters.layout.count == parameters.layout.size == parameters.flat.size


def test_a_parameter_is_a_view_of_the_flat_vector() -> None:
    parameters = Parameters(CONFIG)
    for name, value in parameters.items():
        value[...] = 7.0
        assert np.shares_memory(value, parameters.flat) and (parameters[name] == 7.0).all()
    assert (parameters.flat == 7.0).all()


def test_groups_lie_one_behind_the_other_and_cover_the_vector(parameters: Parameters) -> None:
    slices = list(parameters.layout.groups.values())
    assert slices[0].start == 0 and slices[-1].stop == parameters.flat.size
    assert all(first.stop == second.start for first, second in pairwise(slices))
    assert all(group.stop > group.start for group in slices)
    assert list(parameters.layout.groups) == [
        "source_embedding",
        *(f"encoder.{layer}.{part}" for layer in range(2) for part in ("self_attn", "feed_forward")),
        "encoder.norm",
        "target_embedding",
        *(
            f"decoder.{layer}.{part}"
            for layer in range(3)
            for part in ("self_attn", "multihead_attn", "feed_forward")
        ),
        "decoder.norm",
        "generator",
    ]


def test_a_parameter_lies_in_its_own_group() -> None:
    parameters = Parameters(CONFIG)
    for name, entry in parameters.layout.entries.items():
        parameters.flat[...] = 0
        parameters[name][...] = 1
        assert (
            np.count_nonzero(parameters.flat[parameters.layout.groups[entry.group]]) == parameters[name].size
        )


def test_matrices_begin_xavier_uniform(parameters: Parameters) -> None:
    matrices = [name for name, value in parameters.items() if value.ndim == 2 and "embedding" not in name]
    assert len(matrices) == 2 * 4 + 3 * 6 + 1
    for name in matrices:
        value = parameters[name]
        bound = math.sqrt(6.0 / sum(value.shape))
        assert 0.98 * bound < np.abs(value).max() <= bound, name
        assert abs(value.mean()) < 5 * bound / math.sqrt(3 * value.size), name
        assert value.std() == pytest.approx(bound / math.sqrt(3), rel=0.1), name


def test_embeddings_begin_normal_with_variance_one_over_the_width(parameters: Parameters) -> None:
    for side in ("source", "target"):
        value = parameters[f"{side}_embedding.weight"]
        assert value.std() == pytest.approx(1.0 / math.sqrt(32), rel=0.06)
        assert abs(value.mean()) < 5 / math.sqrt(32 * value.size)
        assert np.abs(value).max() > 2.5 / math.sqrt(32)  # beyond any uniform of this deviation


def test_norms_begin_as_the_identity_and_attention_biases_at_zero(parameters: Parameters) -> None:
    for name, value in parameters.items():
        if "norm" in name:
            assert (value == (1.0 if name.endswith("weight") else 0.0)).all(), name
        elif name.endswith(("in_proj_bias", "out_proj.bias")):
            assert not value.any(), name


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("transformer.encoder.layers.0.linear1.bias", 32),
        ("transformer.encoder.layers.0.linear2.bias", 48),
        ("generator.bias", 32),
    ],
)
def test_other_biases_begin_uniform_within_one_over_the_root_of_the_inputs(
    parameters: Parameters, name: str, inputs: int
) -> None:
    bound = 1.0 / math.sqrt(inputs)
    assert 0.8 * bound < np.abs(parameters[name]).max() <= bound


def test_no_two_parameters_begin_alike(parameters: Parameters) -> None:
    random = [value.reshape(-1)[:8] for name, value in parameters.items() if value.std() > 0]
    assert len({part.tobytes() for part in random}) == len(random)


def test_a_seed_gives_the_same_values_in_float32_and_float64_up_to_rounding(parameters: Parameters) -> None:
    assert np.array_equal(Parameters(CONFIG, np.float32, seed=3).flat, parameters.flat.astype(np.float32))


def test_another_seed_gives_other_values(parameters: Parameters) -> None:
    assert np.array_equal(Parameters(CONFIG, np.float64, seed=3).flat, parameters.flat)
    assert not np.array_equal(Parameters(CONFIG, np.float64, seed=4).flat, parameters.flat)


def test_loading_takes_in_every_value(parameters: Parameters) -> None:
    other = Parameters(CONFIG, np.float64, seed=4)
    other.load({name: value.copy() for name, value in parameters.items()})
    assert np.array_equal(other.flat, parameters.flat)


def broken(parameters: Parameters, name: str, value: np.ndarray | None) -> dict[str, np.ndarray]:
    arrays = {each: array + 1.0 for each, array in parameters.items() if each != name}
    return arrays if value is None else arrays | {name: value}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("generator.bias", None, r"missing \['generator\.bias'\]"),
        ("head.bias", np.zeros(3), r"unknown \['head\.bias'\]"),
        ("generator.bias", np.zeros(41), r"generator\.bias has shape \(41,\), the model needs \(40,\)"),
        ("generator.bias", np.zeros((40, 1)), r"\(40, 1\), the model needs \(40,\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_and_nothing_is_changed(
    parameters: Parameters, name: str, value: np.ndarray | None, message: str
) -> None:
    other = Parameters(CONFIG, np.float64, seed=4)
    before = other.flat.copy()
    with pytest.raises(ValueError, match=message):
        other.load(broken(parameters, name, value))
    assert np.array_equal(other.flat, before)
