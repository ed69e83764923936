"""A configuration that cannot be built is refused, naming the field and the numbers."""

from typing import Any

import pytest

from tfviz.core.config import ModelConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 30, "nhead": 4}, "d_model 30 is not divisible by nhead 4"),
        ({"d_model": 0}, "d_model 0 is too small: at least 1"),
        ({"nhead": -2}, "nhead -2 is too small: at least 1"),
        ({"num_encoder_layers": 0}, "num_encoder_layers 0"),
        ({"num_decoder_layers": 0}, "num_decoder_layers 0"),
        ({"dim_feedforward": 0}, "dim_feedforward 0"),
        ({"source_vocabulary": 0}, "source_vocabulary 0"),
        ({"d_model": 16.0}, r"d_model must be a whole number, not 16\.0"),
        ({"nhead": True}, "nhead must be a whole number, not True"),
        ({"dropout": 1.0}, r"dropout 1\.0 is out of range: at least 0 and below 1"),
        ({"dropout": -0.1}, r"dropout -0\.1"),
        ({"dropout": float("nan")}, "dropout nan"),
        ({"dropout": "much"}, "dropout 'much'"),
        ({"activation": "tanh"}, "activation 'tanh' is unknown: one of relu, gelu"),
        ({"layer_norm_eps": 0.0}, r"layer_norm_eps 0\.0"),
        ({"layer_norm_eps": float("inf")}, "layer_norm_eps inf"),
        ({"norm_first": 1}, "norm_first must be true or false, not 1"),
        ({"residual": None}, "residual must be true or false, not None"),
        ({"positions": "rotary"}, "positions 'rotary' is unknown: one of sinusoidal, learned, none"),
        ({"architecture": "gpt"}, "architecture 'gpt' is unknown: one of encoder-decoder, encoder, decoder"),
        ({"initialization": "one"}, "initialization 'one' is unknown: one of torch, zero"),
        ({"max_positions": 0}, "max_positions 0 is too small"),
        (
            {"shared_vocabulary": True, "target_vocabulary": 8},
            "source_vocabulary is 9 and target_vocabulary 8",
        ),
        ({"tied_embeddings": True, "architecture": "encoder"}, "tied_embeddings needs a shared vocabulary"),
        (
            {"heads_off": ("cross.2.0",)},
            r"heads_off has 'cross.2.0'; .* decoder.0.0 to decoder.1.3, cross.0.0",
        ),
        ({"heads_uniform": ("L0H3",)}, r"heads_uniform has 'L0H3'; .* encoder.0.0 to encoder.1.3"),
        ({"heads_off": ("cross.0.0",), "architecture": "decoder"}, "are decoder.0.0 to decoder.1.3$"),
        ({"heads_off": "cross.0.0"}, "heads_off must be a tuple of names"),
        ({"heads_off": ("cross.0.0",), "heads_uniform": ("cross.0.0",)}, "which heads_off has too"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelConfig(**{"source_vocabulary": 9, "target_vocabulary": 9, **changes})


def test_the_head_width_is_the_share_of_a_head() -> None:
    assert ModelConfig(9, 9, d_model=48, nhead=3).head_width == 16
