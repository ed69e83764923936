"""Rows of tokens as chips: what a chip says, what a row says, and where in a width they stand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache

from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetricsF

from tfviz.training.export.figure import visible
from tfviz.views.style.fonts import monospace_font

CHIP_HEIGHT = 26
SMALLEST_CHIP = 27
LONGEST_CHIP = 118
PADDING = 14
GAP = 3
NOTE = 15
CAPTION = 19
MARKER = 6  # above a chip that is pointed at
ROW_GAP = 9
LINE_GAP = 5


class Tone(Enum):
    """What the colour of a chip means; each also has a mark or a look of its own."""

    PLAIN = "plain"
    SPECIAL = "special"
    UNKNOWN = "unknown"
    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"
    UNJUDGED = "unjudged"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Chip:
    """One token. `probability` also sets how strong the colour is; None writes no number. `expected` is what should
    stand here, "" where that is not known."""

    text: str
    tone: Tone = Tone.PLAIN
    probability: float | None = None
    expected: str = ""
    current: str | None = None
    """What the current step says here, where that is compared and something else; "" where it says nothing."""
    mark: str = ""
    """A short word below the chip instead of the number."""
    detail: str = ""
    """Another line of what the chip has to say."""

    def __post_init__(self) -> None:
        for name in ("text", "expected"):
            object.__setattr__(self, name, visible(getattr(self, name)))

    @cached_property
    def note(self) -> str:
        if self.mark or self.probability is None:
            return self.mark
        return "NaN" if math.isnan(self.probability) else f"{100 * self.probability:.0f}"

    def tip(self, position: int) -> str:
        """Plain text that says all there is to say."""
        said = f"position {position}: {self.text}"
        if self.probability is not None:
            said += f"  {100 * self.probability:.1f} %"
        if self.current is not None:
            said += f"\nthe current step says {self.current or 'nothing'}"
        if self.detail:
            said += f"\n{self.detail}"
        match self.tone:
            case Tone.UNKNOWN:
                return f"{said}\na word that is not in the vocabulary"
            case Tone.HIDDEN:
                return f"{said}\nmasked: nobody looks at it, as if it were padding"
            case Tone.RIGHT:
                return f"{said}\nas expected"
            case Tone.WRONG | Tone.MISSING:
                return (
                    f"{said}\nexpected {self.expected}" if self.expected else f"{said}\nthe target has ended"
                )
            case _:
                return said


@dataclass(frozen=True)
class ChipRow:
    """A caption, a note at its right end, and chips. `marked` are the chips that a small triangle points at."""

    key: str
    caption: str
    chips: tuple[Chip, ...]
    note: str = ""
    note_tone: str = "dim"
    marked: tuple[int, ...] = ()
    selectable: bool = False
    capitals: bool = True

    @property
    def numbered(self) -> bool:
        """Whether any chip has a number below it."""
        return any(chip.note for chip in self.chips)


@dataclass(frozen=True)
class PlacedRow:
    """Where a row's caption and chips stand."""

    row: ChipRow
    caption: QRect
    chips: tuple[QRect, ...]
    bottom: int

    @property
    def outline(self) -> tuple[object, ...]:
        """Equal where neither the row's parts nor its neighbours have moved."""
        return self.row.key, self.caption, self.chips, self.bottom

    @property
    def area(self) -> QRect:
        """What is painted for this row, in pixels of the widget, the frames around its chips included."""
        top = self.caption.top() - 1
        return QRect(0, top, self.caption.width() + 4, self.bottom - top + 4)


@dataclass(frozen=True)
class Arrangement:
    """All rows in a width, and the height they take."""

    rows: tuple[PlacedRow, ...] = field(default=())
    height: int = 0

    def chip_at(self, x: float, y: float) -> tuple[str, int] | None:
        """(key of the row, position) of the chip at a point, its number included."""
        for placed in self.rows:
            below = NOTE if placed.row.numbered else 0
            for position, chip in enumerate(placed.chips):
                if chip.adjusted(-GAP // 2, 0, GAP // 2, below).contains(int(x), int(y)):
                    return placed.row.key, position
        return None

    def find(self, key: str) -> PlacedRow | None:
        return next((placed for placed in self.rows if placed.row.key == key), None)


def arrange(rows: Sequence[ChipRow], width: int) -> Arrangement:
    """Rows under each other; a row that is too long goes on in a further line."""
    placed, y = [], 0
    for row in rows:
        placed.append(_placed(row, y, width))
        y = placed[-1].bottom + ROW_GAP
    return Arrangement(tuple(placed), max(y - ROW_GAP, 0))


@lru_cache(maxsize=4096)
def _width(text: str) -> int:
    width = int(QFontMetricsF(monospace_font(12)).horizontalAdvance(text)) + PADDING
    return min(max(width, SMALLEST_CHIP), LONGEST_CHIP)


def _placed(row: ChipRow, y: int, width: int) -> PlacedRow:
    caption = QRect(0, y, width, CAPTION if row.caption else 0)
    above = MARKER if row.marked else 0
    x, y = 0, caption.bottom() + 1 + above
    line = CHIP_HEIGHT + (NOTE if row.numbered else 0) if row.chips else 0
    chips = []
    for chip in row.chips:
        wide = min(_width(chip.text), width)
        if x + wide > width and x > 0:
            x, y = 0, y + line + LINE_GAP + above
        chips.append(QRect(x, y, wide, CHIP_HEIGHT))
        x += wide + GAP
    return PlacedRow(row, caption, tuple(chips), y + line)
