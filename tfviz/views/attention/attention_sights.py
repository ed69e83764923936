"""What the attention panel shows of the current step and the pinned one, and how it is called."""

from tfviz.training.export.comparison import Compared, Pinned, obstacle
from tfviz.training.export.description import steps
from tfviz.training.export.heads import Head
from tfviz.training.readings import Attention
from tfviz.training.snapshot import Snapshot
from tfviz.views.attention.head_reading import Reading, exists, read_cell
from tfviz.views.parts.compare_bar import Sight


class Sights:
    """Without a pinned step there is one sight only, the current step."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        """The current step; one with attention."""
        self.pinned: Pinned | None = None
        self.wanted = Sight.CURRENT

    @property
    def sight(self) -> Sight:
        """What is wanted, or the current step where that cannot be."""
        if self.pinned_attention is None or (self.wanted is Sight.DIFFERENCE and self.obstacle):
            return Sight.CURRENT
        return self.wanted

    @property
    def attention(self) -> Attention | None:
        """Of the current step."""
        return None if self.snapshot is None else self.snapshot.attention

    @property
    def pinned_attention(self) -> Attention | None:
        return None if self.pinned is None else self.pinned.snapshot.attention

    @property
    def obstacle(self) -> str:
        """Why there is no difference of the two; "" where there is one."""
        if self.attention is None or self.pinned_attention is None:
            return "There is nothing to compare yet"
        return obstacle(self.attention, self.pinned_attention)

    @property
    def compared(self) -> Compared | None:
        """What is shown; None before the first picture."""
        attention, pinned, sight = self.attention, self.pinned_attention, self.sight
        if attention is None:
            return None
        if pinned is None or sight is Sight.CURRENT:
            return Compared(attention)
        return Compared(pinned) if sight is Sight.PINNED else Compared(attention, pinned)

    def reading(self, head: Head, cell: tuple[int, int], locked: bool) -> Reading | None:
        """A cell of a head that is shown, at both steps where both have it."""
        attention, pinned, compared = self.attention, self.pinned_attention, self.compared
        if attention is None or compared is None or not exists(head, compared.attention):
            return None
        if pinned is None or self.obstacle:
            return read_cell(head, compared.attention, cell, locked)
        return read_cell(head, attention, cell, locked, pinned)

    def steps(self) -> str:
        """ "step 400", "pinned step 20" or "step 400 − step 20"."""
        if self.snapshot is None:
            return ""
        match self.sight:
            case Sight.PINNED if self.pinned is not None:
                return f"pinned {steps(self.pinned.snapshot)}"
            case Sight.DIFFERENCE:
                return steps(self.snapshot, self.pinned)
            case _:
                return steps(self.snapshot)

    def caption(self) -> list[str]:
        """Steps, seeds, where the sentence comes from: what is less important comes later."""
        shown = [part for part in self._shown() if part is not None]
        if not shown:
            return []
        seeds = list(dict.fromkeys(str(part.seed) for part in shown))
        parts = [self.steps(), f"seed{'s' if len(seeds) > 1 else ''} {' − '.join(seeds)}"]
        attention = shown[0].attention
        return parts + ([attention.origin] if attention is not None and attention.origin else [])

    def _shown(self) -> tuple[Snapshot | None, ...]:
        pinned = None if self.pinned is None else self.pinned.snapshot
        match self.sight:
            case Sight.PINNED:
                return (pinned,)
            case Sight.DIFFERENCE:
                return self.snapshot, pinned
            case _:
                return (self.snapshot,)
