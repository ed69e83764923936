"""Multi-head attention, written in the builder's vocabulary (figure 2 of "Attention Is All You Need")."""

from tfviz.core.attention_tensors import Heads
from tfviz.core.builder import Builder
from tfviz.core.tensor import Features, Saved


def self_attention(build: Builder, path: str, x: Features, mask: Saved) -> Features:
    """Every position of x looks at the positions of x that the mask allows."""
    projection = build.linear(f"{path}.in_proj", x, build.affine(f"transformer.{path}.in_proj_"), spread=True)
    query, key, value = (
        build.heads(f"{path}.{role}", projection, number * x.features)
        for number, role in enumerate(("query", "key", "value"))
    )
    return attend(build, path, query, key, value, mask)


def cross_attention(build: Builder, path: str, x: Features, memory: Features, mask: Saved) -> Features:
    """Every position of x looks at the positions of the encoder's memory that the mask allows."""
    width = x.features
    affine = build.affine(f"transformer.{path}.in_proj_")
    queries = build.linear(f"{path}.in_proj_query", x, affine.rows(0, width), spread=True)
    keys_and_values = build.linear(
        f"{path}.in_proj_key_value", memory, affine.rows(width, 3 * width), spread=True
    )
    query = build.heads(f"{path}.query", queries, 0)
    key = build.heads(f"{path}.key", keys_and_values, 0)
    value = build.heads(f"{path}.value", keys_and_values, width)
    return attend(build, path, query, key, value, mask)


def attend(build: Builder, path: str, query: Heads, key: Heads, value: Heads, mask: Saved) -> Features:
    """softmax(query key / sqrt(width)) value, the heads merged and projected."""
    scores = build.scores(f"{path}.scores", query, key)
    weights = build.softmax(f"{path}.weights", scores, mask)
    weights = build.dropout(f"{path}.dropped_weights", weights)
    context = build.weighted_sum(f"{path}.context", weights, value)
    return build.linear(f"{path}.output", context, build.affine(f"transformer.{path}.out_proj."))
