"""One export: what is taken of the session at a moment, which choices there are, and how a file is written."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy

from tfviz.training.export import (
    ANIMATION_FORMATS,
    DESCRIPTIONS,
    IMAGE_FORMATS,
    Format,
    Head,
    Pinned,
    StepRange,
    export_scalars,
    export_snapshot,
    export_snapshots,
)
from tfviz.training.model.model_file import save_model
from tfviz.training.record.opening import ShownRun
from tfviz.training.snapshot import Snapshot

ALL_HEADS, ONE_HEAD, SCALARS, MODEL = "all heads", "one head", "scalars", "model"
CHOICES: dict[str, tuple[Format, ...]] = {
    ALL_HEADS: DESCRIPTIONS["attention"],
    ONE_HEAD: tuple(format for format in DESCRIPTIONS["attention"] if format.one_head),
    SCALARS: DESCRIPTIONS["scalars"],
    MODEL: DESCRIPTIONS["model"],
}
"""What can be exported -> its formats."""

DIFFERENCE_FORMATS = ("png", "svg", "pdf")
"""The formats that can show the difference of two steps."""

SOME_FRAMES = 100
"""About so many steps are suggested for an animation."""


class GivenUpError(Exception):
    """The user has thought better of it; nothing was written."""


@dataclass(frozen=True, eq=False)
class Capture:
    """A session at one step, copied: training goes on meanwhile."""

    session: ShownRun
    snapshot: Snapshot
    parameters: dict[str, numpy.ndarray]
    frontier: int

    @classmethod
    def of(cls, session: ShownRun) -> "Capture":
        """For the thread that trains, or while nobody does."""
        return cls(session, session.snapshot(), session.parameters, session.frontier)

    @classmethod
    def at(cls, session: ShownRun, step: int) -> "Capture":
        """A recorded step, computed beside the training. For a thread of its own."""
        if step == session.step and session.gate.parked:
            return session.gate.call(lambda: cls.of(session)).result()
        snapshot = session.view(step)
        if snapshot is None or snapshot.attention is None:
            raise ValueError(f"step {step:,} holds no attention")
        return cls(session, snapshot, session.parameters_at(step), session.frontier)


@dataclass(frozen=True)
class Choice:
    """What, in which format; the rest is for pictures."""

    what: str
    format: Format
    head: Head | None = None
    theme: str = "light"
    numbers: bool = False
    steps: StepRange | None = None
    """None: the captured step alone."""
    pinned: Pinned | None = None
    """The step of which the captured one is the difference; for attention in DIFFERENCE_FORMATS."""


class Job:
    """Writes one file. `cancel` may be called from another thread: a range of steps can take long."""

    def __init__(
        self, capture: Capture, choice: Choice, path: Path, progress: Callable[[int, int], None]
    ) -> None:
        """`progress` is called with how many steps of how many are done."""
        self._capture, self._choice, self._path, self._progress = capture, choice, path, progress
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def run(self) -> None:
        """Write the file, whole or not at all. ValueError for what cannot be, OSError for where it cannot be."""
        capture, choice, path = self._capture, self._choice, self._path
        snapshot, format = capture.snapshot, choice.format.name
        look = {"head": choice.head, "theme": choice.theme, "numbers": choice.numbers}
        both = look | {"pinned": choice.pinned}
        if choice.what == SCALARS:
            export_scalars(capture.session.history, path, format)
        elif choice.what == MODEL:
            if not capture.parameters:
                raise ValueError("the weights of this run are in a form that only its own trainer knows")
            task = capture.session.task
            tokens = task.source_tokenizer.tokens, task.target_tokenizer.tokens
            save_model(path, capture.parameters, snapshot.config, *tokens, snapshot.step, snapshot.seed)
        elif format in ANIMATION_FORMATS:
            from tfviz.views.figures.figure_animation import export_animation

            export_animation(self._snapshots(choice.steps or StepRange()), path, format, **look)  # type: ignore[arg-type]
        elif choice.steps is not None:
            export_snapshots(self._snapshots(choice.steps), path, format, **look)  # type: ignore[arg-type]
        elif format in IMAGE_FORMATS:
            from tfviz.views.figures.figure_image import export_image

            export_image(snapshot, path, format, **both)  # type: ignore[arg-type]
        else:
            export_snapshot(snapshot, path, "attention", format, **both)  # type: ignore[arg-type]

    def _snapshots(self, wanted: StepRange) -> Iterator[Snapshot]:
        """The recorded steps one after the other, computed again beside the training. Of what another trainer recorded
        now and then, each picture once."""
        steps, last = wanted.within(self._capture.frontier), None
        for done, step in enumerate(steps):
            self._progress(done, len(steps))
            snapshot = self._capture.session.view(step, progress=lambda *_: not self._cancelled)
            if snapshot is None or self._cancelled:
                raise GivenUpError
            if snapshot.attention is not None and snapshot.step != last:
                last = snapshot.step
                yield snapshot


def suggested_steps(frontier: int) -> StepRange:
    """From the beginning to now, in about SOME_FRAMES round distances."""
    return StepRange(0, frontier, max(round(frontier / SOME_FRAMES), 1))


def file_name(capture: Capture, choice: Choice) -> str:
    """A name that says what is in the file: "identity-step1284-seed7-cross.L0H3.png"."""
    snapshot = capture.snapshot
    name = snapshot.config.title
    shown = f"step{snapshot.step}"
    if choice.steps is not None:
        last = capture.frontier if choice.steps.last is None else choice.steps.last
        shown = f"steps{choice.steps.first}-{last}"
    elif choice.what == SCALARS:
        shown = "scalars"
    elif choice.pinned is not None:
        shown += f"-minus-step{choice.pinned.snapshot.step}"
    parts = [re.sub(r"[^\w.-]+", "_", name), shown, f"seed{snapshot.seed}"]
    if choice.what == ONE_HEAD and choice.head is not None:
        parts.append(str(choice.head))
    return "-".join(parts) + choice.format.suffix
