"""Tensors as people see them: names, axes, shapes, and who may write into them."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core.tensor import Tensor
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

ROWS, SOURCE, TARGET = 3, 5, 4
LENGTHS = {"encoder": (SOURCE, SOURCE), "decoder": (TARGET, TARGET), "cross": (TARGET, SOURCE)}


@pytest.fixture(scope="module", params=[1, 2], ids=["whole", "two parts"])
def model(request: pytest.FixtureRequest) -> Transformer:
    model = small_model(shards=request.param)
    model.forward(*BATCH)
    model.backward()
    return model


def assert_presents(tensor: Tensor, axes: tuple[str, ...], shape: tuple[int, ...]) -> None:
    assert tensor.axes == axes
    assert tensor.value.shape == shape
    assert tensor.grad is not None and tensor.grad.shape == shape


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{stack}.layers.{layer}.{attention}", kind)
        for stack, attention, kind in (
            ("encoder", "self_attn", "encoder"),
            ("decoder", "self_attn", "decoder"),
            ("decoder", "multihead_attn", "cross"),
        )
        for layer in (0, 1)
    ],
)
def test_an_attention_presents_its_tensors_under_the_reference_s_axes(
    model: Transformer, path: str, kind: str
) -> None:
    queries, keys = LENGTHS[kind]
    heads, width = CONFIG.nhead, CONFIG.head_width
    for role, length in (("query", queries), ("key", keys), ("value", keys), ("context", queries)):
        axes = ("batch", "heads", "position", "width")
        assert_presents(model.tensors[f"{path}.{role}"], axes, (ROWS, heads, length, width))
    for role in ("scores", "weights"):
        axes = ("batch", "heads", "query", "key")
        assert_presents(model.tensors[f"{path}.{role}"], axes, (ROWS, heads, queries, keys))
    axes = ("batch", "position", "features")
    assert_presents(model.tensors[f"{path}.output"], axes, (ROWS, queries, CONFIG.d_model))


@pytest.mark.parametrize(
    ("name", "kind"), [("source_mask", "encoder"), ("target_mask", "decoder"), ("memory_mask", "cross")]
)
def test_a_mask_has_the_axes_of_the_weights_that_it_masks(model: Transformer, name: str, kind: str) -> None:
    queries, keys = LENGTHS[kind]
    mask = model.tensors[name]
    assert mask.axes == ("batch", "heads", "query", "key")
    assert mask.value.shape == (ROWS, 1, queries, keys)
    side = BATCH[1] if kind == "decoder" else BATCH[0]
    hidden = np.broadcast_to((side == 0)[:, np.newaxis, np.newaxis], mask.value.shape)
    if kind == "decoder":
        hidden = hidden | np.triu(np.ones((queries, keys), bool), 1)
    assert hidden.any() and np.array_equal(np.isneginf(mask.value), hidden)


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("encoder.layers.0.output", SOURCE),
        ("encoder.layers.1.output", SOURCE),
        ("encoder.memory", SOURCE),
        ("decoder.layers.0.output", TARGET),
        ("decoder.layers.1.output", TARGET),
    ],
)
def test_a_residual_stream_is_a_vector_for_each_position(model: Transformer, name: str, length: int) -> None:
    axes = ("batch", "position", "features")
    assert_presents(model.tensors[name], axes, (ROWS, length, CONFIG.d_model))


def test_the_logits_have_one_number_for_each_token_of_the_target_vocabulary(model: Transformer) -> None:
    axes = ("batch", "position", "vocabulary")
    assert_presents(model.tensors["logits"], axes, (ROWS, TARGET, CONFIG.target_vocabulary))


def test_the_gradient_of_the_loss_by_itself_is_one(model: Transformer) -> None:
    loss = model.tensors["loss"]
    assert_presents(loss, ("loss",), (1,))
    assert loss.value == [pytest.approx(model.loss)] and loss.grad == [1.0]


def test_every_tensor_names_as_many_axes_as_it_has_and_a_known_kind(model: Transformer) -> None:
    for name, tensor in [*model.tensors.items(), *model.parameters.items()]:
        assert tensor.name == name
        assert len(tensor.axes) == tensor.value.ndim, name
        assert tensor.kind in ("input", "parameter", "activation", "saved")
        if tensor.kind in ("activation", "parameter"):
            assert tensor.grad is not None, name
        if tensor.grad is not None:
            assert tensor.grad.shape == tensor.value.shape, name


def test_activations_are_read_only(model: Transformer) -> None:
    for name, tensor in model.tensors.items():
        assert not tensor.value.flags.writeable, name
        assert tensor.grad is None or not tensor.grad.flags.writeable, name
    with pytest.raises(ValueError, match="read-only"):
        model.tensors["logits"].value[...] = 0.0


def test_parameters_are_writable_views_of_the_flat_vectors(model: Transformer) -> None:
    for name, parameter in model.parameters.items():
        assert parameter.grad is not None
        assert parameter.value.flags.writeable and parameter.grad.flags.writeable
        assert np.shares_memory(parameter.value, model.parameter_values.flat), name
        assert np.shares_memory(parameter.grad, model.gradients), name


def test_tokens_are_presented_as_they_came(model: Transformer) -> None:
    for name, ids in zip(("source", "target_in", "target_out"), BATCH, strict=True):
        assert np.array_equal(model.tensors[name].value, ids)


def test_attention_weights_are_distributions_over_the_keys_that_may_be_seen(model: Transformer) -> None:
    for kind, path in (
        ("encoder", "encoder.layers.1.self_attn"),
        ("decoder", "decoder.layers.1.self_attn"),
        ("cross", "decoder.layers.1.multihead_attn"),
    ):
        weights = model.tensors[f"{path}.weights"].value
        keys = BATCH[1] if kind == "decoder" else BATCH[0]
        assert weights.sum(axis=-1) == pytest.approx(1.0)
        padding = np.broadcast_to((keys == 0)[:, None, None, :], weights.shape)
        assert not weights[padding].any()
        if kind == "decoder":
            assert not weights[..., np.triu(np.ones(weights.shape[-2:], bool), 1)].any()


def test_the_scores_are_products_of_query_and_key_over_the_root_of_the_width(model: Transformer) -> None:
    path = "decoder.layers.0.multihead_attn"
    query, key, scores = (model.tensors[f"{path}.{role}"].value for role in ("query", "key", "scores"))
    assert scores == pytest.approx(query @ key.swapaxes(-1, -2) / np.sqrt(CONFIG.head_width), abs=1e-13)


def test_weights_are_presented_before_dropout() -> None:
    model = small_model(replace(CONFIG, dropout=0.5))
    model.forward(*BATCH)
    path = "encoder.layers.0.self_attn"
    assert model.tensors[f"{path}.weights"].value.sum(axis=-1) == pytest.approx(1.0)
    assert (model.tensors[f"{path}.dropped_weights"].value == 0).any()


def test_a_model_for_the_forward_pass_alone_has_no_gradients_of_activations() -> None:
    model = small_model(gradients=False)
    model.forward(*BATCH)
    assert all(tensor.grad is None for tensor in model.tensors.values())
