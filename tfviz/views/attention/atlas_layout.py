"""Where the tiles of all attention heads stand: the arrangement that gives the largest tiles in the space there is."""

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QRect

from tfviz.training.export.heads import Head

SMALLEST_TILE = 24
LARGEST_TILE = 220
# A tile may be this much higher than wide, or wider than high, to fill the space.
LONGEST_SIDE = 1.3
SHORT_NAMES = {"encoder": "Enc", "decoder": "Dec", "cross": "Cross"}
CAPTIONS = {"encoder": "Encoder self", "decoder": "Decoder self", "cross": "Cross"}
TOP = 20
CAPTION = 18
ROW_LABEL = 52
SHORT_ROW_LABEL = 24
GROUP_GAP = 14
SCROLL_BAR = 12


@dataclass(frozen=True)
class Block:
    """The heads of one kind: layers are rows, heads are columns. All in logical pixels."""

    kind: str
    layers: int
    heads: int
    x: int
    y: int
    tile_width: int
    tile_height: int
    gap: int
    row_label: int

    @property
    def columns(self) -> list[int]:
        return [self.x + head * (self.tile_width + self.gap) for head in range(self.heads)]

    @property
    def rows(self) -> list[int]:
        return [self.y + layer * (self.tile_height + self.gap) for layer in range(self.layers)]

    @property
    def right(self) -> int:
        return self.columns[-1] + self.tile_width

    @property
    def bottom(self) -> int:
        return self.rows[-1] + self.tile_height

    def tile(self, layer: int, head: int) -> QRect:
        return QRect(self.columns[head], self.rows[layer], self.tile_width, self.tile_height)

    def head_at(self, x: float, y: float) -> Head | None:
        """The head whose tile (with half the gap around it) holds a point."""
        column = (x - self.x + self.gap / 2) // (self.tile_width + self.gap)
        row = (y - self.y + self.gap / 2) // (self.tile_height + self.gap)
        if 0 <= column < self.heads and 0 <= row < self.layers:
            return Head(self.kind, int(row), int(column))
        return None


@dataclass(frozen=True)
class AtlasLayout:
    """The blocks, one under the other or side by side, and the space they take together."""

    blocks: tuple[Block, ...]
    stacked: bool
    width: int
    height: int

    @property
    def tile(self) -> int:
        """The shorter side of a tile."""
        return min((min(block.tile_width, block.tile_height) for block in self.blocks), default=0)

    def ease(self) -> float:
        """How well it reads: the size of the tiles, and a stack is the more usual picture."""
        return self.tile * (1.25 if self.stacked else 1.0)

    def block(self, kind: str) -> Block | None:
        return next((block for block in self.blocks if block.kind == kind), None)

    def rectangle(self, head: Head) -> QRect | None:
        """The tile of a head, or None where it is not shown."""
        block = self.block(head.kind)
        if block is None or head.layer >= block.layers or head.head >= block.heads:
            return None
        return block.tile(head.layer, head.head)

    def head_at(self, x: float, y: float) -> Head | None:
        return next((head for block in self.blocks if (head := block.head_at(x, y))), None)

    def neighbour(self, head: Head, right: int, down: int) -> Head | None:
        """The nearest head in a direction, one of `right` and `down` being 0, rather far ahead than aside; None at the
        edge. `head` is one that is shown."""
        here = self.rectangle(head)
        assert here is not None

        def distance(other: Head) -> float:
            there = self.rectangle(other)
            assert there is not None
            x, y = there.x() - here.x(), there.y() - here.y()
            along, beside = (x * right, abs(y)) if right else (y * down, abs(x))
            return along + 10 * beside if along > 0 else float("inf")

        nearest = min(self, key=distance)
        return nearest if distance(nearest) < float("inf") else None

    def __iter__(self) -> Iterator[Head]:
        for block in self.blocks:
            for layer in range(block.layers):
                for head in range(block.heads):
                    yield Head(block.kind, layer, head)


Shapes = dict[str, tuple[int, int]]


def arrange(shapes: Shapes, width: int, height: int) -> AtlasLayout:
    """The best arrangement of the kinds in `shapes` (kind -> layers, heads) in a space; larger than it if the tiles
    would become smaller than SMALLEST_TILE."""
    present = {kind: shape for kind, shape in shapes.items() if min(shape) > 0}
    if not present:
        return AtlasLayout((), True, 0, 0)
    stack = _stacked(present, width, height)
    if len(present) == 1:
        return stack
    row = _side_by_side(present, width, height)
    # Scroll as little as can be, sideways last of all; then the larger tiles; the stack unless it is far worse.
    return max(
        (stack, row), key=lambda one: (min(width - one.width, 0), min(height - one.height, 0), one.ease())
    )


def best_width(shapes: Shapes, height: int, smallest: int, largest: int) -> int:
    """The least width that gives, within 3 %, the largest tiles that any width up to `largest` gives."""
    widths = range(smallest, max(largest, smallest) + 1, 6)
    layouts = [arrange(shapes, width, height) for width in widths]
    sizes = [
        layout.tile if layout.width <= width else 0 for layout, width in zip(layouts, widths, strict=True)
    ]
    best = next(number for number, size in enumerate(sizes) if size >= 0.97 * max(sizes))
    return widths[best] + (SCROLL_BAR if layouts[best].height > height else 0)


def least_width(shapes: Shapes) -> int:
    """What a stack of the smallest tiles needs."""
    return arrange(shapes, 0, 0).width


def _stacked(shapes: Shapes, width: int, height: int) -> AtlasLayout:
    rows, columns = sum(layers for layers, _ in shapes.values()), max(heads for _, heads in shapes.values())
    gap = _gap(rows, columns)
    free_width = width - ROW_LABEL - 2 - (columns - 1) * gap
    free_height = height - TOP - 2 - (rows - len(shapes)) * gap - (len(shapes) - 1) * GROUP_GAP
    tile_width, tile_height = _sides(free_width // columns, free_height // rows)
    blocks, y = [], TOP
    for kind, (layers, heads) in shapes.items():
        blocks.append(Block(kind, layers, heads, ROW_LABEL, y, tile_width, tile_height, gap, ROW_LABEL))
        y = blocks[-1].bottom + GROUP_GAP
    return AtlasLayout(tuple(blocks), True, max(block.right for block in blocks) + 2, blocks[-1].bottom + 2)


def _side_by_side(shapes: Shapes, width: int, height: int) -> AtlasLayout:
    rows, columns = max(layers for layers, _ in shapes.values()), sum(heads for _, heads in shapes.values())
    gap = _gap(rows, columns)
    labels = len(shapes) * SHORT_ROW_LABEL + (len(shapes) - 1) * GROUP_GAP
    free_width = width - labels - 2 - (columns - len(shapes)) * gap
    free_height = height - TOP - CAPTION - 2 - (rows - 1) * gap
    tile_width, tile_height = _sides(free_width // columns, free_height // rows)
    blocks, x = [], SHORT_ROW_LABEL
    for kind, (layers, heads) in shapes.items():
        top = TOP + CAPTION
        blocks.append(Block(kind, layers, heads, x, top, tile_width, tile_height, gap, SHORT_ROW_LABEL))
        x = blocks[-1].right + GROUP_GAP + SHORT_ROW_LABEL
    bottom = max(block.bottom for block in blocks) + 2
    return AtlasLayout(tuple(blocks), False, blocks[-1].right + 2, bottom)


def _gap(rows: int, columns: int) -> int:
    return 5 if max(rows, columns) <= 9 else 3


def _sides(width: int, height: int) -> tuple[int, int]:
    width = min(max(width, SMALLEST_TILE), LARGEST_TILE)
    height = min(max(height, SMALLEST_TILE), LARGEST_TILE)
    return min(width, int(height * LONGEST_SIDE)), min(height, int(width * LONGEST_SIDE))
