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


def attention_path(kind: str, layer: int) -> str:
    """What the names of an attention's tensors begin with."""
    stack, sublayer = SUBLAYERS[kind]
    return f"{stack}.layers.{layer}.{sublayer}"


def tokens_of(architecture: str) -> dict[str, tuple[str, str]]:
    """Kind of attention -> the tensors of tokens that are its queries and its keys."""
    target = "stream" if architecture == "decoder" else "target_in"
    return {"encoder": ("source", "source"), "decoder": (target, target), "cross": (target, "source")}


def head_entropies(model: Transformer) -> dict[str, float]:
    """Mean entropy in nats of every head's attention weights over the queries that are not padding.

    Of the last forward pass of a model that keeps its activations, by head as "cross L0H3".
    """
    found: dict[str, float] = {}
    for kind, layers in model.config.attentions.items():
        real = model.tensors[tokens_of(model.config.architecture)[kind][0]].value != PADDING
        for layer in range(layers):
            weights = model.tensors[f"{attention_path(kind, layer)}.weights"].value.astype(np.float64)
            logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0.0)
            entropies = -(weights * logs).sum(axis=3).transpose(1, 0, 2)[:, real]  # (head, query)
            found |= {
                f"{kind} L{layer}H{head}": float(mean) for head, mean in enumerate(entropies.mean(axis=1))
            }
    return found


def heads_of(config: ModelConfig) -> tuple[str, ...]:
    """All heads of a model, as "cross L0H3": kind by kind, layer by layer."""
    return tuple(
        f"{kind} L{layer}H{head}"
        for kind, layers in config.attentions.items()
        for layer in range(layers)
        for head in range(config.nhead)
    )


def place_of_head(head: str) -> tuple[str, int]:
    """What the names of its tensors begin with, and its number: of "cross L0H3" decoder.layers.0.multihead_attn, 3."""
    kind, _, place = head.partition(" ")
    layer, _, number = place.removeprefix("L").partition("H")
    return attention_path(kind, int(layer)), int(number)


def weights_of_head(head: str) -> str:
    """The operation that makes the weights of a head: of "cross L0H3" decoder.layers.0.multihead_attn.weights."""
    return f"{place_of_head(head)[0]}.weights"
