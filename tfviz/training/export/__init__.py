"""Getting data and pictures out, in formats that need no Qt.

What Qt paints is next door: png and pdf in views/figures/figure_image.py, gif in views/figures/figure_animation.py.
"""

from collections.abc import Iterable
from os import PathLike

from tfviz.training.export import arrays, table
from tfviz.training.export.atlas_figure import atlas_figure
from tfviz.training.export.comparison import Compared, Pinned
from tfviz.training.export.figure import THEMES, Figure
from tfviz.training.export.formats import (
    ANIMATION_FORMATS,
    DESCRIPTIONS,
    FORMATS,
    IMAGE_FORMATS,
    Format,
    check_format,
    check_steps,
)
from tfviz.training.export.head_figure import head_figure
from tfviz.training.export.heads import Head
from tfviz.training.export.html import write_html
from tfviz.training.export.steps import StepRange
from tfviz.training.export.svg import write_svg
from tfviz.training.record.history import History
from tfviz.training.snapshot import Snapshot

__all__ = [
    "ANIMATION_FORMATS",
    "DESCRIPTIONS",
    "FORMATS",
    "IMAGE_FORMATS",
    "THEMES",
    "Compared",
    "Format",
    "Head",
    "Pinned",
    "StepRange",
    "attention_figure",
    "check_format",
    "check_steps",
    "export_scalars",
    "export_snapshot",
    "export_snapshots",
]


def export_snapshot(
    snapshot: Snapshot,
    path: str | PathLike[str],
    what: str,
    format: str,
    head: Head | str | None = None,
    theme: str | None = None,
    upper: float = 1.0,
    numbers: bool = False,
    pinned: Pinned | None = None,
) -> None:
    """Write the attention of a snapshot as npz, json, csv, svg or html.

    `head` ("cross.L0H3") restricts csv and svg to one head and is large at first in html; npz and json always hold
    all. `theme`, `upper` and `numbers` are for pictures; without a theme svg is light, html as the reader's system.
    With `pinned` an svg shows the difference to that step; the other formats hold single steps.
    ValueError for what cannot be, OSError where the path cannot be written.
    """
    check_format(what, format)
    if what != "attention":
        raise ValueError(f"a snapshot holds attention, not {what}")
    check_steps(what, format, several=False)
    if pinned is not None and format != "svg":
        raise ValueError(f"{format} holds single steps; a difference of two goes into png, svg or pdf")
    chosen = Head.parse(head) if isinstance(head, str) else head
    if chosen is not None and format in ("npz", "json"):
        raise ValueError(
            f"{format} holds all heads; a single head such as {chosen} goes into csv, svg, png, pdf or gif"
        )
    match format:
        case "npz":
            arrays.write_npz(snapshot, path)
        case "json":
            arrays.write_json(snapshot, path)
        case "csv":
            table.write_attention_csv(snapshot, path, chosen)
        case "svg":
            write_svg(attention_figure(snapshot, chosen, theme or "light", upper, numbers, pinned), path)
        case "html":
            write_html([snapshot], path, chosen, theme, upper, numbers)
        case _:
            raise ValueError(f"{format} is painted by Qt: tfviz.views.figures.figure_image.export_image")


def export_snapshots(
    snapshots: Iterable[Snapshot],
    path: str | PathLike[str],
    format: str = "html",
    head: Head | str | None = None,
    theme: str | None = None,
    upper: float = 1.0,
    numbers: bool = False,
) -> None:
    """Write the attention of several steps as one html page; the snapshots are taken one after the other.

    What their iterator raises passes through and leaves no file behind. ValueError for what cannot be, OSError where
    the path cannot be written.
    """
    check_steps("attention", format, several=True)
    if format in ANIMATION_FORMATS:
        raise ValueError(f"{format} is painted by Qt: tfviz.views.figures.figure_animation.export_animation")
    chosen = Head.parse(head) if isinstance(head, str) else head
    write_html(snapshots, path, chosen, theme, upper, numbers)


def export_scalars(history: History, path: str | PathLike[str], format: str) -> None:
    """Write the scalars of every step as csv or json."""
    check_format("scalars", format)
    write = table.write_scalars_csv if format == "csv" else table.write_scalars_json
    write(history, path)


def attention_figure(
    snapshot: Snapshot,
    head: Head | str | None = None,
    theme: str = "light",
    upper: float = 1.0,
    numbers: bool = False,
    pinned: Pinned | None = None,
) -> Figure:
    """The figure of one head, or of all of them where none is named; with `pinned`, of the difference to that step.

    ValueError where the two cannot be subtracted.
    """
    if head is None:
        return atlas_figure(snapshot, theme, upper, pinned)
    chosen = Head.parse(head) if isinstance(head, str) else head
    return head_figure(snapshot, chosen, theme, upper, numbers, pinned)
