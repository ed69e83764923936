"""All attention heads on one page: a block for each kind of attention, a row for each layer, a column for each head."""

import math
from dataclasses import dataclass

import numpy

from tfviz.training.export import description
from tfviz.training.export.comparison import Compared, Pinned
from tfviz.training.export.figure import Figure, FigureTheme, Shape, Text, theme_of
from tfviz.training.export.heads import KINDS, Head, attention_of, axis_names
from tfviz.training.export.heat_map import BAR_SPACE, MARGIN, Scale, colour_bar, heat_map, page, title_line
from tfviz.training.snapshot import Snapshot

NAMES = {"encoder": "encoder self-attention", "decoder": "decoder self-attention", "cross": "cross-attention"}
PAGE_WIDTH = 920.0  # what the maps together fill, roughly
TILE_SMALLEST, TILE_LARGEST = 44.0, 120.0
GAP = 6.0
BLOCK_GAP = 26.0
HEADING = 54.0  # name of the kind, its axes, numbers of the heads
ROW_LABEL = 30.0
TITLE_SPACE = 44.0
PREFERRED_SHAPE = 1.2  # width to height


@dataclass(frozen=True)
class _Block:
    """The heads of one kind, and where on the page they stand."""

    kind: str
    weights: numpy.ndarray
    """(layer, head, query, key)."""
    tile: float
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        return ROW_LABEL + self.weights.shape[1] * (self.tile + GAP) - GAP

    @property
    def height(self) -> float:
        return HEADING + self.weights.shape[0] * (self.tile + GAP) - GAP

    def moved(self, x: float, y: float) -> "_Block":
        return _Block(self.kind, self.weights, self.tile, x, y)


def atlas_figure(
    snapshot: Snapshot, theme: str = "light", upper: float = 1.0, pinned: Pinned | None = None
) -> Figure:
    """The figure of all heads; the colours run from 0 to `upper` for all of them.

    With `pinned`, of their differences to that step, the colours from -`upper` to `upper`.
    """
    colours = theme_of(theme)
    compared = Compared(attention_of(snapshot), attention_of(pinned.snapshot) if pinned else None)
    scale = Scale.of(colours, upper, pinned is not None)
    blocks = _arranged(compared)
    if not blocks:
        raise ValueError(f"the snapshot of step {snapshot.step} holds no attention heads")
    right, bottom = max(b.x + b.width for b in blocks), max(b.y + b.height for b in blocks)
    title = "attention of all heads"
    steps = description.steps(snapshot, pinned)
    page_width = right + 18 + BAR_SPACE + MARGIN - 14
    shapes = title_line(title, steps, page_width - MARGIN, colours)
    for block in blocks:
        shapes += _drawn(block, axis_names(block.kind, compared.attention), scale, colours)
    top = MARGIN + TITLE_SPACE + HEADING
    clipped = any(bool((abs(block.weights) > upper).any()) for block in blocks)
    shapes += colour_bar(right + 18, top, min(bottom - top, 260.0), scale, colours, clipped)
    lines = description.caption(snapshot, None, pinned)
    return page(shapes, page_width, bottom, f"{title}, {steps}", lines, colours)


def _arranged(compared: Compared) -> list[_Block]:
    """The blocks below each other or side by side: whichever makes the better page."""
    weights = {kind: compared.weights(kind) for kind in KINDS}
    weights = {kind: array for kind, array in weights.items() if array.size}
    candidates = [_stacked(weights), _side_by_side(weights)] if weights else [[]]
    return min(candidates, key=_badness)


def _badness(blocks: list[_Block]) -> float:
    width = max((block.x + block.width for block in blocks), default=1.0)
    height = max((block.y + block.height for block in blocks), default=1.0)
    return abs(math.log(width / height / PREFERRED_SHAPE))


def _stacked(weights: dict[str, numpy.ndarray]) -> list[_Block]:
    tile = _tile(weights, max(array.shape[1] for array in weights.values()))
    blocks: list[_Block] = []
    y = MARGIN + TITLE_SPACE
    for kind, array in weights.items():
        blocks.append(_Block(kind, array, tile, MARGIN, y))
        y += blocks[-1].height + BLOCK_GAP
    return blocks


def _side_by_side(weights: dict[str, numpy.ndarray]) -> list[_Block]:
    tile = _tile(weights, sum(array.shape[1] for array in weights.values()))
    blocks: list[_Block] = []
    x = MARGIN
    for kind, array in weights.items():
        blocks.append(_Block(kind, array, tile, x, MARGIN + TITLE_SPACE))
        x += blocks[-1].width + BLOCK_GAP
    return blocks


def _tile(weights: dict[str, numpy.ndarray], columns: int) -> float:
    """The side of a head's map: what fits the page, but at least a pixel for each token, up to twice the largest."""
    tokens = max(max(array.shape[2:]) for array in weights.values())
    fitting = min(TILE_LARGEST, max(TILE_SMALLEST, PAGE_WIDTH / columns - GAP))
    return float(round(max(fitting, min(tokens, 2 * TILE_LARGEST))))


def _drawn(block: _Block, names: tuple[str, str], scale: Scale, theme: FigureTheme) -> list[Shape]:
    name = NAMES[block.kind]
    axes = f"rows: query ({names[0]}), columns: key ({names[1]})"
    shapes: list[Shape] = [Text(block.x, block.y + 11, name, 12.0, theme.text, bold=True)]
    shapes.append(Text(block.x, block.y + 25, axes, 10.0, theme.dim))
    for number in range(block.weights.shape[1]):
        middle = block.x + ROW_LABEL + number * (block.tile + GAP) + block.tile / 2
        shapes.append(Text(middle, block.y + HEADING - 7, f"H{number}", 10.5, theme.dim, "middle"))
    for layer, heads in enumerate(block.weights):
        y = block.y + HEADING + layer * (block.tile + GAP)
        label = Text(block.x + ROW_LABEL - 8, y + block.tile / 2 + 4, f"L{layer}", 10.5, theme.dim, "end")
        shapes.append(label)
        for number, weights in enumerate(heads):
            x = block.x + ROW_LABEL + number * (block.tile + GAP)
            head = Head(block.kind, layer, number)
            shapes += heat_map(weights, x, y, block.tile, block.tile, scale, theme, head.label)
    return shapes
