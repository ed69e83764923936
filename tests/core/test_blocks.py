"""Blocks: nothing is left out, none is too large, and the numbers do not depend on them."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core import blocks as module
from tfviz.core.blocks import BLOCK, blocks
from tfviz.core.config import ModelConfig
from tfviz.core.transformer import Transformer

CONFIG = ModelConfig(
    11, 11, d_model=16, nhead=4, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=24
)
CHANGES: dict[str, dict[str, object]] = {
    "plain": {},
    "dropout": {"dropout": 0.1},
    "switches": {"heads_off": ("encoder.0.1", "cross.0.0"), "heads_uniform": ("decoder.0.1",)},
}


@pytest.mark.parametrize("count", [1, 7, 8, 1000])
@pytest.mark.parametrize("size", [1, 100, BLOCK // 4, BLOCK, BLOCK + 1])
def test_blocks_follow_one_another_over_all_rows_and_none_is_too_large(count: int, size: int) -> None:
    cuts = blocks(count, size)
    assert [row for cut in cuts for row in range(cut.start, cut.stop)] == list(range(count))
    assert all(cut.stop - cut.start == 1 or (cut.stop - cut.start) * size <= BLOCK for cut in cuts)


def test_all_blocks_but_the_last_are_as_large_as_they_may_be() -> None:
    assert blocks(10, BLOCK // 4) == [slice(0, 4), slice(4, 8), slice(8, 10)]


@pytest.mark.parametrize("block", [130, 340], ids=["one head, eight rows", "three heads and one, all rows"])
@pytest.mark.parametrize("recycle", [False, True])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_model_gives_the_same_numbers_in_small_blocks(
    change: dict[str, object], recycle: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, **change)
    ids = np.random.default_rng(0).integers(4, 11, (3, 6))

    def results() -> tuple[float, np.ndarray]:
        model = Transformer(config, 3, 6, 6, dtype=np.float64, recycle=recycle)
        for _ in range(2):
            loss = model.forward(ids, ids, ids)
            model.backward()
        return loss, model.gradients.copy()

    loss, gradients = results()
    monkeypatch.setattr(module, "BLOCK", block)
    blocked_loss, blocked_gradients = results()
    # A norm adds up its blocks' sums, which rounds otherwise; all else does the same to the last bit.
    assert blocked_loss == pytest.approx(loss, rel=1e-12)
    assert gradients.any()
    np.testing.assert_allclose(blocked_gradients, gradients, rtol=1e-10, atol=1e-13)
