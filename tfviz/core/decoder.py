"""The decoder (right half of figure 1 of "Attention Is All You Need"), and the one that stands alone."""

from tfviz.core.attention import cross_attention, self_attention
from tfviz.core.builder import Builder
from tfviz.core.encoder import encoder_layer, feed_forward, sublayer
from tfviz.core.tensor import Features, Saved


def decoder(
    build: Builder, x: Features, memory: Features, target_mask: Saved, memory_mask: Saved
) -> Features:
    """One vector for each target position, from which the next token is predicted."""
    layers = build.config.num_decoder_layers
    memories = build.fork("encoder.memory.fork", memory, tuple(f"reader{number}" for number in range(layers)))
    for number, memory in enumerate(memories):
        x = decoder_layer(build, f"decoder.layers.{number}", x, memory, target_mask, memory_mask)
    return build.layer_norm("decoder.norm", x)


def decoder_alone(build: Builder, x: Features, mask: Saved) -> Features:
    """One vector for each position of a stream that holds source and target: there is no memory to look at."""
    for number in range(build.config.num_decoder_layers):
        x = encoder_layer(build, f"decoder.layers.{number}", x, mask)
    return build.layer_norm("decoder.norm", x)


def decoder_layer(
    build: Builder, path: str, x: Features, memory: Features, target_mask: Saved, memory_mask: Saved
) -> Features:
    x = sublayer(build, path, 1, x, lambda x: self_attention(build, f"{path}.self_attn", x, target_mask))
    x = sublayer(
        build, path, 2, x, lambda x: cross_attention(build, f"{path}.multihead_attn", x, memory, memory_mask)
    )
    return sublayer(build, path, 3, x, lambda x: feed_forward(build, path, x), f"{path}.output")
