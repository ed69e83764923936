"""How sharply each head of attention looks: on one key alone its entropy is 0, on n alike it is log n."""

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.operations.mask import PADDING
from tfviz.core.transformer import Transformer

SUBLAYERS = {
    "encoder": ("encoder", "self_attn"),
    "decoder": ("decoder", "self_attn"),
    "cross": ("decoder", "multihead_attn"),
}
"""A kind of attention -> its stack and the name of its sublayer."""

QUERIES = {"encoder": "source", "decoder": "target_in"}
"""A stack -> the tokens whose positions are its queries."""


def head_entropies(model: Transformer) -> dict[str, float]:
    """Mean entropy in nats of every head's attention weights over the queries that are not padding.

    Of the last forward pass of a model that keeps its activations, by head as "cross L0H3".
    """
    found: dict[str, float] = {}
    real = {side: model.tensors[name].value != PADDING for side, name in QUERIES.items()}
    for kind, (stack, sublayer) in SUBLAYERS.items():
        for layer in range(
            model.config.num_encoder_layers if stack == "encoder" else model.config.num_decoder_layers
        ):
            weights = model.tensors[f"{stack}.layers.{layer}.{sublayer}.weights"].value.astype(np.float64)
            logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0.0)
            entropies = -(weights * logs).sum(axis=3).transpose(1, 0, 2)[:, real[stack]]  # (head, query)
            found |= {
                f"{kind} L{layer}H{head}": float(mean) for head, mean in enumerate(entropies.mean(axis=1))
            }
    return found


def heads_of(config: ModelConfig) -> tuple[str, ...]:
    """All heads of a model, as "cross L0H3": kind by kind, layer by layer."""
    return tuple(
        f"{kind} L{layer}H{head}"
        for kind, (stack, _) in SUBLAYERS.items()
        for layer in range(config.num_encoder_layers if stack == "encoder" else config.num_decoder_layers)
        for head in range(config.nhead)
    )


def place_of_head(head: str) -> tuple[str, int]:
    """What the names of its tensors begin with, and its number: of "cross L0H3" decoder.layers.0.multihead_attn, 3."""
    kind, _, place = head.partition(" ")
    stack, sublayer = SUBLAYERS[kind]
    layer, _, number = place.removeprefix("L").partition("H")
    return f"{stack}.layers.{layer}.{sublayer}", int(number)


def weights_of_head(head: str) -> str:
    """The operation that makes the weights of a head: of "cross L0H3" decoder.layers.0.multihead_attn.weights."""
    return f"{place_of_head(head)[0]}.weights"
