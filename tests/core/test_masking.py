"""What the model may not see: the answer, and padding."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core.gradient_check import random_batch, random_parameters, small_config
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

NORMS = pytest.mark.parametrize("norm_first", [False, True], ids=["post_norm", "pre_norm"])


@NORMS
def test_a_target_token_changes_no_logits_before_it_and_those_from_it_on(norm_first: bool) -> None:
    config = replace(small_config(norm_first), target_vocabulary=9)
    source, target_in, target_out = random_batch(config, 2, 5, 6)
    target_in[target_in == 0] = 1
    model = Transformer(config, 2, 5, 6, dtype=np.float64, parameters=random_parameters(config))
    model.forward(source, target_in, target_out)
    logits = model.tensors["logits"].value.copy()
    for position in range(6):
        changed = target_in.copy()
        changed[:, position] = changed[:, position] % 8 + 1
        model.forward(source, changed, target_out)
        now = model.tensors["logits"].value
        assert np.array_equal(now[:, :position], logits[:, :position])
        assert (now[:, position:] != logits[:, position:]).any(axis=-1).all()


@NORMS
def test_more_padding_changes_neither_loss_nor_gradients(norm_first: bool) -> None:
    config = small_config(norm_first)
    tight, wide = small_model(config), Transformer(
        config, 3, 9, 7, 0.1, np.float64, parameters=random_parameters(config)
    )  # fmt: skip
    padded = [np.pad(ids, ((0, 0), (0, extra))) for ids, extra in zip(BATCH, (4, 3, 3), strict=True)]
    assert wide.forward(*padded) == pytest.approx(tight.forward(*BATCH), rel=1e-13)
    tight.backward()
    wide.backward()
    assert wide.gradients == pytest.approx(tight.gradients, abs=1e-14)


@NORMS
def test_the_vector_of_the_padding_token_changes_nothing_and_has_no_gradient(norm_first: bool) -> None:
    model = small_model(small_config(norm_first))
    loss = model.forward(*BATCH)
    model.backward()
    for side in ("source", "target"):
        table = model.parameters[f"{side}_embedding.weight"]
        assert table.grad is not None and not table.grad[0].any()
        table.value[0] = 100.0
    assert model.forward(*BATCH) == loss


def test_the_loss_is_averaged_over_the_tokens_that_are_not_padding() -> None:
    model, single = (
        small_model(),
        Transformer(CONFIG, 1, 5, 4, 0.1, np.float64, parameters=random_parameters(CONFIG)),
    )
    tokens = np.count_nonzero(BATCH[2], axis=1)
    losses = [single.forward(*(ids[row : row + 1] for ids in BATCH)) for row in range(3)]
    assert tokens.tolist() == [4, 3, 2]
    assert model.forward(*BATCH) == pytest.approx(np.average(losses, weights=tokens), rel=1e-13)


def test_a_batch_of_nothing_but_padding_behind_the_start_has_loss_zero() -> None:
    source, target_in, target_out = BATCH
    model = small_model()
    assert model.forward(source, target_in, np.zeros_like(target_out)) == 0.0
    model.backward()
    assert not model.gradients.any()
