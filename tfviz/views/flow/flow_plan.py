"""What the flow map consists of: lines, blocks and marks, and which of them the pointer is at."""

from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF

from tfviz.training.stepping.step_places import Of

WIDEST_STREAM = 8.0


@dataclass(frozen=True)
class Place:
    """What is read, and opened, where the pointer is."""

    title: str
    tensor: str
    junction: str | None = None
    """Where shares are to be read too."""


@dataclass(frozen=True)
class Box:
    """A block with its names, the longest first."""

    kind: str
    names: tuple[str, ...]
    area: QRectF
    place: Place


@dataclass(frozen=True)
class Mark:
    """A point of a stream at which something leaves or joins."""

    at: QPointF
    place: Place


@dataclass(frozen=True)
class Run:
    """The height of a sublayer beside its stream, where trouble is marked."""

    tensors: tuple[str, ...]
    area: QRectF


@dataclass
class Plan:
    """In logical pixels."""

    size: QSizeF
    row: float
    """Height of the lowest sublayers."""
    shares_width: float
    streams: dict[str, list[QLineF]] = field(default_factory=dict)
    """By tensor: what goes up the stacks, and the memory's way."""
    branches: dict[str, list[QLineF]] = field(default_factory=dict)
    boxes: list[Box] = field(default_factory=list)
    """From bottom to top, the encoder's first."""
    joins: list[Mark] = field(default_factory=list)
    forks: list[Mark] = field(default_factory=list)
    readers: list[Mark] = field(default_factory=list)
    """Where decoder layers read the memory, in their order."""
    frames: list[tuple[QRectF, str]] = field(default_factory=list)
    """Of the layers, with their names."""
    feet: list[QRectF] = field(default_factory=list)
    """Where the tokens are named: source, target."""
    runs: list[Run] = field(default_factory=list)

    @property
    def widest_branch(self) -> float:
        """What the width of the strongest signal may be, so that neighbours stay apart."""
        return min(max(0.3 * self.row, 3.0), WIDEST_STREAM)

    def stream(self, tensor: str, *points: QPointF) -> None:
        """Add a way of a tensor through these points."""
        self.streams.setdefault(tensor, []).extend(QLineF(*ends) for ends in pairwise(points))

    def branch(self, tensor: str, *points: QPointF) -> None:
        self.branches.setdefault(tensor, []).extend(QLineF(*ends) for ends in pairwise(points))

    def shared(self, of: Of) -> list[Mark]:
        """Where shares stand: of values where they join, of gradients where they part."""
        return self.joins if of == "value" else [*self.forks, *self.readers]

    def place_at(self, point: QPointF, of: Of) -> Place | None:
        """What is under the pointer: a block before a junction or its shares, those before a line."""
        for box in self.boxes:
            if box.area.adjusted(-1, -1, 1, 1).contains(point):
                return box.place
        marks = (*self.joins, *self.forks, *self.readers)
        away = {(mark.at - point).manhattanLength(): mark for mark in marks}
        if away and min(away) < min(8.0, 0.3 * self.row):
            return away[min(away)].place
        for mark in self.shared(of):
            beside = point - mark.at
            if 6 < beside.x() < self.shares_width and abs(beside.y()) < min(7.0, 0.4 * self.row):
                return mark.place
        for ways in (self.streams, self.branches):
            for tensor, lines in ways.items():
                if any(_near(line, point) for line in lines):
                    return Place("", tensor)
        return None


def _near(line: QLineF, point: QPointF) -> bool:
    area = QRectF(line.p1(), line.p2()).normalized().adjusted(-4, -3, 4, 3)
    return area.contains(point)
