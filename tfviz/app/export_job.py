"""One export: what is taken of the session at a moment, which choices there are, and how a file is written."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy

from tfviz.training.export import DESCRIPTIONS, FORMATS, IMAGE_FORMATS, Head, export_scalars, export_snapshot
from tfviz.training.history import History
from tfviz.training.model_file import save_model
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.tokenizer import Tokenizer

ALL_HEADS, ONE_HEAD, SCALARS, MODEL = "all heads", "one head", "scalars", "model"
CHOICES = {
    ALL_HEADS: tuple(format.name for format in DESCRIPTIONS["attention"] if format.one_step),
    ONE_HEAD: tuple(
        format.name for format in DESCRIPTIONS["attention"] if format.one_step and format.one_head
    ),
    SCALARS: FORMATS["scalars"],
    MODEL: FORMATS["model"],
}
"""What can be exported of one step -> its formats."""

PICTURES = tuple(format.name for format in DESCRIPTIONS["attention"] if format.picture)


@dataclass(frozen=True, eq=False)
class Capture:
    """A session at one step, copied: training goes on meanwhile."""

    snapshot: Snapshot
    parameters: dict[str, numpy.ndarray]
    history: History
    """Grows on; its rows up to now are what is written."""
    source: Tokenizer
    target: Tokenizer

    @classmethod
    def of(cls, session: Session) -> "Capture":
        """For the thread that trains, or while nobody does."""
        task = session.task
        parts = (session.snapshot(), session.parameters, session.history)
        return cls(*parts, task.source_tokenizer, task.target_tokenizer)


@dataclass(frozen=True)
class Choice:
    """What, in which format; the rest is for pictures."""

    what: str = ALL_HEADS
    format: str = "png"
    head: Head | None = None
    theme: str = "light"
    numbers: bool = False


def file_name(capture: Capture, choice: Choice) -> str:
    """A name that says what is in the file: "identity-step1284-seed7-cross.L0H3.png"."""
    snapshot = capture.snapshot
    name = snapshot.config.name or snapshot.config.task.name
    parts = [re.sub(r"[^\w.-]+", "_", name), f"step{snapshot.step}", f"seed{snapshot.seed}"]
    if choice.what == ONE_HEAD and choice.head is not None:
        parts.append(str(choice.head))
    if choice.what == SCALARS:
        parts[1:2] = ["scalars"]
    return "-".join(parts) + f".{choice.format}"


def write(capture: Capture, choice: Choice, path: Path) -> None:
    """Write the file, whole or not at all. ValueError for what cannot be, OSError for where it cannot be."""
    if choice.what == SCALARS:
        export_scalars(capture.history, path, choice.format)
    elif choice.what == MODEL:
        snapshot = capture.snapshot
        tokens = capture.source.tokens, capture.target.tokens
        save_model(path, capture.parameters, snapshot.config, *tokens, snapshot.step, snapshot.seed)
    else:
        head = choice.head if choice.what == ONE_HEAD else None
        if choice.format in IMAGE_FORMATS:
            from tfviz.views.figure_image import export_image

            export_image(capture.snapshot, path, choice.format, head, choice.theme, numbers=choice.numbers)
        else:
            export_snapshot(
                capture.snapshot, path, "attention", choice.format, head, choice.theme, numbers=choice.numbers
            )
