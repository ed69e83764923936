"""The model as a whole: what its passes change and leave alone, and what it refuses."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tfviz.core.gradient_check import random_batch, small_config
from tfviz.core.optimizers import OPTIMIZERS
from tfviz.core.parallel import Crew
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

NORMS = pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
SHARDS = pytest.mark.parametrize("shards", [1, 2])


def test_a_value_written_into_a_parameter_counts_in_the_next_loss() -> None:
    model = small_model()
    before = model.forward(*BATCH)
    for name, parameter in model.parameters.items():
        stored = parameter.value.copy()
        parameter.value[...] = stored * 1.5 + 0.1
        changed = model.forward(*BATCH)
        assert changed != before, name
        parameter.value[...] = stored
        assert model.forward(*BATCH) == before, name


@SHARDS
def test_forward_leaves_gradients_alone(shards: int) -> None:
    model = small_model(shards=shards)
    model.forward(*BATCH)
    model.backward()
    gradients = model.gradients.copy()
    activations = {name: tensor.grad for name, tensor in model.tensors.items() if tensor.grad is not None}
    activations = {name: grad.copy() for name, grad in activations.items()}
    model.forward(*(ids[::-1] for ids in BATCH))
    assert np.array_equal(model.gradients, gradients)
    for name, grad in activations.items():
        assert np.array_equal(model.tensors[name].grad, grad), name


@NORMS
@SHARDS
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_backward_run_twice_gives_the_same_gradients(activation: str, shards: int, norm_first: bool) -> None:
    model = small_model(replace(small_config(norm_first, activation), dropout=0.2), shards)
    model.forward(*BATCH)
    model.backward()
    gradients = model.gradients.copy()
    model.gradients[...] = np.nan  # what stood there before does not matter
    model.backward()
    assert np.array_equal(model.gradients, gradients)


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_a_batch_of_another_shape_is_refused_naming_both_shapes(wrong: int) -> None:
    batch = list(BATCH)
    batch[wrong] = np.ones((3, 9), int)
    with pytest.raises(ValueError) as refusal:
        small_model().forward(*batch)
    assert "(3, 9)" in str(refusal.value)
    assert str(small_model().shapes) in str(refusal.value)


def test_models_of_other_shapes_share_parameters_and_keep_gradients_of_their_own() -> None:
    model = small_model()
    other = Transformer(CONFIG, 2, 3, 3, dtype=np.float64, parameters=model.parameter_values)
    model.forward(*BATCH)
    model.backward()
    gradients, values = model.gradients.copy(), model.parameter_values.flat.copy()
    before = other.forward(*random_batch(CONFIG, 2, 3, 3))
    other.backward()
    assert np.array_equal(model.gradients, gradients) and np.array_equal(model.parameter_values.flat, values)
    model.parameters["generator.bias"].value[1] += 1.0
    assert other.forward(*random_batch(CONFIG, 2, 3, 3)) != before


@SHARDS
def test_correct_tells_where_the_target_has_the_largest_logit(shards: int) -> None:
    model = small_model(shards=shards)
    source, target_in, target_out = BATCH
    model.forward(*BATCH)
    first_choice = model.tensors["logits"].value.argmax(axis=-1)
    target_out = np.where(target_out == 0, 0, np.where(target_in % 2, first_choice, target_out))
    model.forward(source, target_in, target_out)
    expected = (first_choice == target_out) & (target_out != 0)
    assert np.array_equal(model.correct(), expected)
    assert expected.any()


def test_loss_falls_when_the_parameters_follow_the_gradient() -> None:
    model = Transformer(CONFIG, 3, 5, 4, seed=0)
    optimizer = OPTIMIZERS["sgd"](model.parameter_values.flat)
    losses = []
    for _ in range(20):
        losses.append(model.forward(*BATCH))
        model.backward()
        optimizer.update(model.gradients, 0.01)
    assert all(later < earlier for earlier, later in pairwise(losses))


@pytest.mark.parametrize(("activation", "dropout"), [("relu", 0.1), ("relu", 0.0), ("gelu", 0.1)])
@NORMS
@SHARDS
def test_a_model_that_recycles_its_memory_computes_the_same_to_the_last_bit(
    shards: int, norm_first: bool, activation: str, dropout: float
) -> None:
    config = replace(small_config(norm_first), dropout=dropout, num_decoder_layers=3, activation=activation)
    kept, recycled = (
        Transformer(config, 3, 5, 4, 0.1, np.float64, seed=2, shards=shards, recycle=recycle)
        for recycle in (False, True)
    )
    for model in (kept, recycled):
        for _ in range(2):
            loss = model.forward(*BATCH)
            model.backward()
    assert recycled.loss == loss == kept.loss
    assert np.array_equal(recycled.gradients, kept.gradients)
    assert all(tensor.grad is None for tensor in recycled.tensors.values())
    assert kept.tensors["logits"].grad is not None
    assert np.array_equal(recycled.correct(), kept.correct())
    for name in ("logits", "probabilities", "target_out"):
        assert np.array_equal(recycled.tensors[name].value, kept.tensors[name].value)
    with pytest.raises(RuntimeError, match="keeps no activations"):
        _ = recycled.tensors["encoder.memory"].value


@SHARDS
def test_both_passes_at_once_are_the_two_one_after_the_other(shards: int) -> None:
    config = replace(small_config(norm_first=False), dropout=0.1)
    with Crew(shards) as crew:
        one, other = (
            Transformer(config, 3, 5, 4, 0.1, np.float64, seed=2, shards=shards, recycle=True, crew=crew)
            for _ in range(2)
        )
        for _ in range(2):
            loss = one.forward(*BATCH)
            one.backward()
            assert other.forward_and_backward(*BATCH) == loss
        assert np.array_equal(one.gradients, other.gradients) and one.gradients.any()


def test_the_pass_to_the_last_attention_weights_gives_all_of_them() -> None:
    whole, part = small_model(), small_model()
    whole.forward(*BATCH)
    part.attend(*BATCH)
    names = [name for name in whole.tensors if name.endswith("attn.weights")]
    assert len(names) == 6
    for name in names:
        assert np.array_equal(part.tensors[name].value, whole.tensors[name].value)
    assert not part.tensors["logits"].value.any()


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("wrong", [-1, -3, 99])
def test_a_token_id_that_is_not_in_the_vocabulary_is_refused(place: int, wrong: int) -> None:
    batch = [ids.copy() for ids in BATCH]
    batch[place][0, 1] = wrong
    with pytest.raises(ValueError, match=f"token id {wrong}; the vocabulary has 0 to"):
        small_model().forward(*batch)


def test_token_ids_that_are_no_whole_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="source holds float64 numbers"):
        small_model().forward(BATCH[0].astype(float), BATCH[1], BATCH[2])


def test_a_model_without_gradients_refuses_the_backward_pass() -> None:
    model = small_model(gradients=False)
    model.forward(*BATCH)
    with pytest.raises(RuntimeError, match="forward pass alone"):
        model.backward()
    with pytest.raises(RuntimeError, match="forward pass alone"):
        model.forward_and_backward(*BATCH)
