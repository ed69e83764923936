"""What the list of a step's operations is made of: a row for each operation with its two passes, in foldable groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tfviz.training.stepping.step_places import Place

LAYER = ".layers."


class Mark(Enum):
    """Where a pass stands: what has been passed, the one that was passed last, the next one, and what is to come."""

    DONE = "done"
    CURRENT = "the last one that ran"
    NEXT = "the next one"
    WAITING = "not computed yet"


@dataclass(frozen=True)
class Row:
    """An operation; `backward` is None for clipping and update, which only go forward."""

    name: str
    kind: str
    short: str
    """The name without that of its layer."""
    forward: Place
    backward: Place | None

    @property
    def passes(self) -> tuple[Place, ...]:
        return (self.forward,) if self.backward is None else (self.forward, self.backward)


@dataclass(frozen=True)
class Group:
    """Operations of a layer, or of a part of the model outside the layers."""

    title: str
    rows: tuple[Row, ...]


def mark_of(place: Place, position: int) -> Mark:
    """At a position that so many places have been passed."""
    if place.number == position - 1:
        return Mark.CURRENT
    if place.number == position:
        return Mark.NEXT
    return Mark.DONE if place.number < position else Mark.WAITING


def mark_of_group(places: Sequence[Place], position: int) -> Mark:
    """Of several passes together; current where the last or the next one is among them and others are to come."""
    passed = sum(place.number < position for place in places)
    if passed == len(places):
        return Mark.DONE
    if any(place.number in (position - 1, position) for place in places):
        return Mark.CURRENT
    return Mark.WAITING


def grouped(places: Sequence[Place]) -> tuple[Group, ...]:
    """All operations in the order of the forward pass, each with its two places; clipping and update last."""
    groups: dict[str, list[Row]] = {}
    for place in places:
        if place.phase != "backward":
            backward = None if place.facing is None else places[place.facing]
            row = Row(place.name, place.kind, short_name(place.name), place, backward)
            groups.setdefault(place.group, []).append(row)
    return tuple(Group(title, tuple(rows)) for title, rows in groups.items())


def short_name(name: str) -> str:
    """Without the layer: "self_attn.scores" of "encoder.layers.0.self_attn.scores"."""
    _, found, rest = name.partition(LAYER)
    return rest.partition(".")[2] if found else name
