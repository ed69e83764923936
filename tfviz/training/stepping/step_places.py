"""The places of one training step in the order in which they are passed, and what has been computed at each."""

from dataclasses import dataclass
from typing import Literal

from tfviz.core.attention_tensors import Heads
from tfviz.core.transformer import Transformer

Phase = Literal["forward", "backward", "clipping", "update"]
Of = Literal["value", "gradient"]

GROUPS = {
    "tied_embedding": "tied embedding",
    "stream": "stream",
    "stream_mask": "stream",
    "stream_embedding": "target embedding",
    "source_mask": "source embedding",
    "memory_mask": "source embedding",
    "source_embedding": "source embedding",
    "encoder.input": "source embedding",
    "encoder.norm": "encoder norm",
    "target_mask": "target embedding",
    "target_embedding": "target embedding",
    "decoder.input": "target embedding",
    "encoder.memory.fork": "encoder memory",
    "decoder.norm": "decoder norm",
    "encoder.answer": "generator",
    "decoder.answer": "generator",
    "logits": "generator",
    "loss": "loss",
}
"""Where operations belong that are in no layer. The masks stand with the tokens that they are made of or beside."""


@dataclass(frozen=True)
class Place:
    """One thing that a step does: an operation forward or backward, the clipping, or the update."""

    number: int
    name: str
    kind: str
    """The operation's class, "Clipping" or "Update"."""
    phase: Phase
    group: str
    """What it is folded into: "encoder layer 0", "generator", "optimiser"; places of a group follow one another."""
    facing: int | None
    """The number of the same operation's other pass."""

    def __str__(self) -> str:
        """As non_finite.py names a place."""
        return f"{self.name} ({self.phase}, {self.kind})"


def places_of(model: Transformer) -> tuple[Place, ...]:
    """Every operation forward, every operation backward, clipping, update; with two shards each operation once."""
    operations = model.program.operations
    last = 2 * len(operations) - 1
    named = [(operation.name, type(operation).__name__) for operation in operations]
    forward = [
        Place(number, name, kind, "forward", group_of(name), last - number)
        for number, (name, kind) in enumerate(named)
    ]
    backward = [
        Place(last - place.number, place.name, place.kind, "backward", place.group, place.number)
        for place in reversed(forward)
    ]
    clipping = Place(last + 1, "clipping", "Clipping", "clipping", "optimiser", None)
    update = Place(last + 2, "update", "Update", "update", "optimiser", None)
    return (*forward, *backward, clipping, update)


def group_of(operation: str) -> str:
    """The layer of an operation, or the part of the model outside the layers; itself where it belongs to none."""
    stack, _, rest = operation.partition(".layers.")
    if rest:
        return f"{stack} layer {rest.partition('.')[0]}"
    return GROUPS.get(operation, operation)


def positions_of_results(model: Transformer) -> dict[tuple[str, Of], int]:
    """How many places have been passed once a value or gradient is complete; absent where there is no gradient.

    A gradient is complete when all operations that read the tensor have run backward: the queries, keys and values of a
    projection count as readers of the projection, and a parameter that is used in pieces is complete with the last one.
    That of the loss, which nothing reads, is 1 as soon as there is a loss.
    """
    operations = model.program.operations
    values = {name: 0 for name, tensor in model.tensors.items() if tensor.kind == "input"}
    values |= dict.fromkeys(model.parameters, 0)
    gradients: dict[str, int] = {}
    for number, operation in enumerate(operations):
        for tensor in operation.outputs:
            values[tensor.name] = number + 1
        for tensor in operation.inputs:
            if tensor.kind == "parameter" or tensor.gradient_root is not None:
                name = whole_name(tensor.name)
                gradients[name] = max(gradients.get(name, 0), 2 * len(operations) - number)
    gradients[model.parts[0].loss.loss.name] = len(operations)
    for tensor in model.program.tensors.values():
        if isinstance(tensor, Heads):
            _join_heads(values, tensor)
            _join_heads(gradients, tensor)
    return {(name, "value"): position for name, position in values.items()} | {
        (name, "gradient"): position for name, position in gradients.items()
    }


def whole_name(parameter: str) -> str:
    """The parameter of which an operation uses some rows: "weight" for "weight[0:8]"."""
    return parameter.partition("[")[0]


def _join_heads(positions: dict[str, int], heads: Heads) -> None:
    """Heads and the features that they are rows of are the same numbers; operations name one of the two."""
    whole = heads.features.name
    if heads.name in positions:
        positions[whole] = max(positions.get(whole, 0), positions[heads.name])
    else:
        positions[heads.name] = positions[whole]
