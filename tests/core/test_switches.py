"""What can be left out of a model, or put another way: its gradients are right, and it does what the switch says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tfviz.core.config import ModelConfig
from tfviz.core.gradient_check import FLOOR, TOLERANCE, check, check_model, random_batch
from tfviz.core.parameters import Parameters
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

SHARED = replace(CONFIG, target_vocabulary=7, shared_vocabulary=True)
VARIANTS: dict[str, dict[str, Any]] = {
    "no causal mask": {"causal_mask": False},
    "no padding mask": {"padding_mask": False},
    "no masks": {"causal_mask": False, "padding_mask": False},
    "not scaled": {"scaled_scores": False},
    "no positions": {"positions": "none"},
    "learned positions": {"positions": "learned", "max_positions": 7},
    "no residual": {"residual": False},
    "no norm": {"layer_norm": False},
    "nothing around the layers": {"residual": False, "layer_norm": False, "positions": "none"},
    "heads switched": {"heads_off": ("encoder.0.1", "cross.1.0"), "heads_uniform": ("encoder.0.0", "decoder.1.1")},
    "tied": {"tied_embeddings": True},
    "tied, shared": {"tied_embeddings": True, "shared_vocabulary": True, "target_vocabulary": 7},
    "encoder": {"architecture": "encoder"},
    "encoder, tied": {
        "architecture": "encoder", "tied_embeddings": True, "shared_vocabulary": True, "target_vocabulary": 7,
    },
    "decoder": {"architecture": "decoder"},
    "decoder, tied, learned": {"architecture": "decoder", "tied_embeddings": True, "positions": "learned"},
    "decoder, all in one table": {
        "architecture": "decoder", "tied_embeddings": True, "shared_vocabulary": True, "target_vocabulary": 7,
    },
}  # fmt: skip


@pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_agree_with_central_differences(variant: str, norm_first: bool) -> None:
    """At random gains and biases, with padding on both sides.

    Without residuals gradients vanish on the way, and are rounding errors of others: those are judged by the largest.
    """
    config = replace(CONFIG, norm_first=norm_first, **VARIANTS[variant])
    rows = list(check(config, random_batch(config, 3, 5, 4), 0.1, samples=2))
    assert [row.name for row in rows] == list(Parameters(config))
    floor = 0.0 if config.residual else FLOOR * max(abs(row.analytic) for row in rows)
    wrong = [row for row in rows if not row.passed()]
    assert [row for row in wrong if not abs(row.analytic - row.numeric) <= TOLERANCE * floor] == []


@pytest.mark.parametrize("variant", ["heads switched", "tied", "decoder, tied, learned"])
def test_gradients_agree_where_a_batch_is_computed_in_two_parts(variant: str) -> None:
    model = small_model(replace(CONFIG, **VARIANTS[variant]), shards=2)
    assert [row for row in check_model(model, BATCH, samples=2) if not row.passed()] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_model_that_recycles_its_memory_computes_the_same_bits(variant: str) -> None:
    config = replace(CONFIG, dropout=0.2, **VARIANTS[variant])
    batch = random_batch(config, 3, 5, 4)
    found = []
    for recycle in (False, True):
        model = Transformer(config, 3, 5, 4, seed=1, parameters=Parameters(config), recycle=recycle)
        model.set_step(2)
        model.forward(*batch)
        model.backward()
        found.append((model.loss, model.gradients.copy(), model.tensors["logits"].value.copy()))
    assert found[0][0] == found[1][0]
    assert np.array_equal(found[0][1], found[1][1]) and np.array_equal(found[0][2], found[1][2])


def test_with_every_switch_at_its_default_the_program_has_no_other_operation() -> None:
    kinds = {type(operation).__name__ for operation in small_model().program.operations}
    assert kinds.isdisjoint({"HeadSwitch", "LearnedPositions", "Tie", "JoinTokens", "Join", "TakePositions"})


def logits(config: ModelConfig, batch: tuple[np.ndarray, ...] = BATCH) -> np.ndarray:
    model = small_model(config)
    model.forward(*batch)
    return model.tensors["logits"].value.copy()


def test_without_the_causal_mask_the_answer_is_seen_in_advance() -> None:
    source, target_in, target_out = BATCH
    other = target_in.copy()
    other[0, 3] = other[0, 3] % 5 + 1
    for causal in (True, False):
        config = replace(CONFIG, causal_mask=causal)
        same = np.array_equal(logits(config)[0, :3], logits(config, (source, other, target_out))[0, :3])
        assert same is causal


def test_without_the_padding_mask_padding_is_looked_at() -> None:
    hidden, seen = small_model(), small_model(replace(CONFIG, padding_mask=False))
    for model in (hidden, seen):
        model.forward(*BATCH)
    weights = [model.tensors["encoder.layers.0.self_attn.weights"].value[2] for model in (hidden, seen)]
    padding = BATCH[0][2] == 0
    assert not weights[0][..., padding].any() and (weights[1][..., padding] > 0).all()


def test_scores_that_are_not_scaled_are_larger_by_the_root_of_the_width() -> None:
    plain, raw = small_model(), small_model(replace(CONFIG, scaled_scores=False))
    for model in (plain, raw):
        model.forward(*BATCH)
    name = "encoder.layers.0.self_attn.scores"
    assert raw.tensors[name].value == pytest.approx(plain.tensors[name].value * CONFIG.head_width**0.5)


def test_without_positions_the_order_of_the_source_does_not_matter() -> None:
    source, target_in, target_out = (ids[:1] for ids in BATCH)
    shuffled = source[:, [2, 0, 1, 4, 3]]
    for positions in ("none", "sinusoidal"):
        model = Transformer(replace(CONFIG, positions=positions), 1, 5, 4, dtype=np.float64)
        first, second = (model.forward(ids, target_in, target_out) for ids in (source, shuffled))
        assert (first == pytest.approx(second, rel=1e-12)) is (positions == "none")


def test_a_head_that_is_off_has_no_weights_and_no_context() -> None:
    model = small_model(replace(CONFIG, heads_off=("cross.1.0",)))
    model.forward(*BATCH)
    path = "decoder.layers.1.multihead_attn"
    assert not model.tensors[f"{path}.weights"].value[:, 0].any()
    assert not model.tensors[f"{path}.context"].value[:, 0].any()
    own = model.tensors[f"{path}.own_weights"].value
    assert np.array_equal(model.tensors[f"{path}.weights"].value[:, 1], own[:, 1]) and own[:, 0].any()


def test_a_uniform_head_looks_at_every_allowed_key_alike() -> None:
    model = small_model(replace(CONFIG, heads_uniform=("decoder.0.1",)))
    model.forward(*BATCH)
    weights = model.tensors["decoder.layers.0.self_attn.weights"].value[0, 1]
    assert weights == pytest.approx(np.tri(4) / np.arange(1, 5)[:, None])


def test_learned_positions_are_added_and_end_where_the_table_ends() -> None:
    config = replace(CONFIG, positions="learned", max_positions=5)
    model = small_model(config)
    model.forward(*BATCH)
    table = model.parameters["source_positions.weight"].value
    x, y = model.tensors["source_embedding"].value, model.tensors["encoder.input"].value
    assert np.array_equal(y, x + table)
    with pytest.raises(ValueError, match="max_positions 5 is too small for a sequence of 6 tokens"):
        Transformer(config, 3, 6, 4)


def test_a_tied_table_has_the_gradient_of_all_its_readers() -> None:
    """As an untied model at the same point gives them, one by one."""
    tied = small_model(replace(SHARED, tied_embeddings=True))
    untied = small_model(SHARED)
    for name, parameter in untied.parameters.items():
        weights = ("source_embedding.weight", "generator.weight")
        parameter.value[...] = tied.parameters["target_embedding.weight" if name in weights else name].value
    for model in (tied, untied):
        model.forward(*BATCH)
        model.backward()
    assert tied.loss == pytest.approx(untied.loss, rel=1e-13)
    parts = [
        untied.parameters[f"{name}.weight"].grad
        for name in ("source_embedding", "target_embedding", "generator")
    ]
    total = tied.parameters["target_embedding.weight"].grad
    assert total is not None and total == pytest.approx(
        sum(part for part in parts if part is not None), abs=1e-13
    )


def test_what_is_tied_is_counted_once() -> None:
    layouts = [Parameters(replace(SHARED, tied_embeddings=tied), np.float64).layout for tied in (False, True)]
    assert layouts[0].count - layouts[1].count == 2 * 7 * CONFIG.d_model
    assert "tied_embedding" in layouts[1].groups and "generator" not in layouts[1].groups


def test_zero_initialisation_leaves_the_gains_of_the_norms_alone() -> None:
    for name, value in Parameters(replace(CONFIG, initialization="zero")).items():
        assert (value == (1.0 if ".norm" in name and name.endswith("weight") else 0.0)).all(), name


@pytest.mark.parametrize("changes", [{"residual": False}, {"layer_norm": False}, {"causal_mask": False}])
def test_a_switch_changes_no_parameter(changes: dict[str, Any]) -> None:
    assert np.array_equal(Parameters(CONFIG).flat, Parameters(replace(CONFIG, **changes)).flat)
