"""The flow map in words: what its parts are called, what a place reads, what there is to be seen."""

import math

from tfviz.training.stepping.flow import Flow, Trouble
from tfviz.training.stepping.flow_chart import Chart, Kind, Stack, Sublayer
from tfviz.training.stepping.step_places import Of

BLOCKS: dict[tuple[str, Kind], tuple[str, ...]] = {
    ("encoder", "self_attn"): ("Multi-head attention", "Attention", "Attn"),
    ("encoder", "feed_forward"): ("Feed forward", "Feed"),
    ("decoder", "self_attn"): ("Masked multi-head attention", "Masked attention", "Masked", "Attn"),
    ("decoder", "multihead_attn"): ("Multi-head cross attention", "Cross attention", "Cross"),
    ("decoder", "feed_forward"): ("Feed forward", "Feed"),
}
"""Names of the blocks, for as much room as there is."""

_KINDS: dict[Kind, str] = {
    "self_attn": "self-attention",
    "multihead_attn": "cross attention",
    "feed_forward": "feed-forward",
}
_NAMES: dict[Of, str] = {"value": "activation", "gradient": "gradient"}
SIGNS: dict[Trouble, str] = {"vanishing": "↓", "exploding": "↑", "not finite": "✕"}


def block_title(stack: Stack, sublayer: Sublayer) -> str:
    return f"{stack.name} L{sublayer.layer} {_KINDS[sublayer.kind]}"


def tensor_title(chart: Chart, tensor: str) -> str:
    """What a line is called."""
    if tensor in chart.readers and tensor != chart.stacks[0].output:
        return f"memory as decoder layer {chart.readers.index(tensor)} reads it"
    if tensor == chart.logits:
        return "logits"
    for stack in chart.stacks:
        names = {
            stack.embedding: stack.embedding.replace("_", " "),
            stack.input: f"{stack.name} input: embedding with positions",
            stack.norm: f"{stack.name}: norm on top",
        }
        if tensor in names:
            return names[tensor]
        for sublayer in stack.sublayers:
            ways = {
                sublayer.skip: "residual stream beside it",
                sublayer.branch: "branch into it",
                sublayer.norm: "after the norm",
                sublayer.total: "after the sum",
                sublayer.block: "branch out of it",
            }
            if tensor in ways:
                return f"{block_title(stack, sublayer)}: {ways[tensor]}"
    return "what the generator reads"


def tokens_read(flow: Flow) -> tuple[str, ...]:
    """What stands below each stack."""
    names = {"source_embedding": f"source: {flow.sentence}", "target_embedding": f"target: {flow.target}"}
    both = f"{flow.sentence} → {flow.target}"
    return tuple(names.get(stack.embedding, both) for stack in flow.chart.stacks)


def number(value: float) -> str:
    """Three digits, or what it is instead of a number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    text = f"{value:.2e}" if not 1e-3 <= abs(value) < 1e4 else f"{value:.3g}"
    return text.replace("-", "−").replace("e−0", "e−").replace("e+0", "e")


def percent(share: float) -> str:
    return "–" if not math.isfinite(share) else f"{100 * share:.0f}".replace("-", "−").replace("−0", "0")


def shares_text(flow: Flow, junction: str) -> str:
    """What each contribution gives, in words."""
    shares = flow.shares[junction]
    if junction == flow.chart.memory_fork:
        parts = [f"layer {layer} {percent(share)} %" for layer, share in enumerate(shares)]
    else:
        parts = [
            f"{name} {percent(share)} %" for name, share in zip(("residual", "branch"), shares, strict=True)
        ]
    return "shares: " + ", ".join(parts)


def reading(flow: Flow, title: str, tensor: str, junction: str | None) -> str:
    """Everything that is known of a place, in one line."""
    if tensor == "loss":
        return f"loss {number(flow.loss)}"
    parts = [
        title or tensor_title(flow.chart, tensor),
        f"activation {number(flow.activations[tensor])}",
        f"gradient {number(flow.gradients[tensor])}",
    ]
    for of, name in _NAMES.items():
        trouble = flow.troubles(of).get(tensor)
        if trouble:
            parts.append(f"{name} {SIGNS[trouble]} {trouble}")
    if junction is not None:
        parts.append(shares_text(flow, junction))
    return " · ".join(parts)


def summary(flow: Flow, of: Of) -> str:
    """The state of the whole map in a line."""
    chart, strengths = flow.chart, flow.strengths(of)
    if of == "gradient":
        title, ends = "Gradient RMS", {"loss end": chart.result}
        ends |= {f"bottom of the {stack.name}": stack.input for stack in reversed(chart.stacks)}
    else:
        title, ends = "Activation RMS", {}
        for stack in chart.stacks:
            ends |= {f"bottom of the {stack.name}": stack.input, f"top of the {stack.name}": stack.top}
    troubles = flow.troubles(of)
    texts = []
    for trouble, sign in SIGNS.items():
        places = {tensor for tensor, found in troubles.items() if found == trouble}
        if places:
            where = "" if places & _main_way(flow) else ", none in a stream"
            texts.append(f"{sign} {trouble} at {len(places)} of {len(strengths)} places{where}")
    numbers = ", ".join(f"{place} {number(strengths[tensor])}" for place, tensor in ends.items())
    return " · ".join([*texts, f"{title}: {numbers}"])


def _main_way(flow: Flow) -> frozenset[str]:
    """What lies on no branch: a signal that fails there is missing in all that follows."""
    chart = flow.chart
    branches = {
        tensor
        for stack in chart.stacks
        for sublayer in stack.sublayers
        for tensor in sublayer.tensors
        if tensor not in sublayer.streams
    }
    return chart.tensors - branches - set(chart.readers)
