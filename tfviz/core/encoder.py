"""The encoder (left half of figure 1 of "Attention Is All You Need")."""

from collections.abc import Callable

from tfviz.core.attention import self_attention
from tfviz.core.builder import Builder
from tfviz.core.tensor import Features, Saved


def encoder(build: Builder, x: Features, source_mask: Saved) -> Features:
    """The memory: one vector for each source position, made by layer upon layer."""
    for number in range(build.config.num_encoder_layers):
        x = encoder_layer(build, f"encoder.layers.{number}", x, source_mask)
    return build.layer_norm("encoder.norm", x, "encoder.memory")


def encoder_layer(build: Builder, path: str, x: Features, source_mask: Saved) -> Features:
    x = sublayer(build, path, 1, x, lambda x: self_attention(build, f"{path}.self_attn", x, source_mask))
    return sublayer(build, path, 2, x, lambda x: feed_forward(build, path, x), f"{path}.output")


def sublayer(
    build: Builder,
    path: str,
    number: int,
    x: Features,
    function: Callable[[Features], Features],
    name: str = "",
) -> Features:
    """x plus what the function makes of it, normalised after the sum (post-norm) or before the function (pre-norm)."""
    norm = f"{path}.norm{number}"
    branch, skip = build.skip_past(f"{path}.fork{number}", x)
    if build.config.norm_first:
        branch = function(build.layer_norm(norm, branch))
        branch = build.dropout(f"{path}.dropout{number}", branch)
        return build.residual_add(name or f"{path}.residual{number}", skip, branch)
    branch = build.dropout(f"{path}.dropout{number}", function(branch))
    return build.layer_norm(norm, build.residual_add(f"{path}.residual{number}", skip, branch), name)


def feed_forward(build: Builder, path: str, x: Features) -> Features:
    """Two linear layers with a non-linearity between, at every position alike (section 3.3 of the paper)."""
    hidden = build.linear(f"{path}.linear1", x, build.affine(f"transformer.{path}.linear1."))
    hidden = build.activation(f"{path}.activation", hidden)
    hidden = build.dropout(f"{path}.dropped_activation", hidden)
    return build.linear(f"{path}.linear2", hidden, build.affine(f"transformer.{path}.linear2."))
