"""Getting data and pictures out, in formats that need no Qt; png is painted by views/figure_image.py."""

from os import PathLike

from tfviz.training.export import arrays, table
from tfviz.training.export.atlas_figure import atlas_figure
from tfviz.training.export.figure import THEMES, Figure
from tfviz.training.export.head_figure import head_figure
from tfviz.training.export.heads import Head
from tfviz.training.export.svg import write_svg
from tfviz.training.history import History
from tfviz.training.snapshot import Snapshot

__all__ = [
    "FORMATS",
    "IMAGE_FORMATS",
    "THEMES",
    "Head",
    "attention_figure",
    "check_format",
    "export_scalars",
    "export_snapshot",
]

FORMATS = {
    "attention": ("npz", "json", "csv", "png", "svg", "pdf"),
    "scalars": ("csv", "json"),
    "model": ("safetensors",),
}
"""What can be exported -> the formats it can have."""

IMAGE_FORMATS = ("png", "pdf")
"""Those that Qt paints: views.figure_image.export_image writes them."""


def check_format(what: str, format: str) -> None:
    """ValueError with the allowed list where there is no such export."""
    if what not in FORMATS:
        raise ValueError(f"{what!r} cannot be exported; what can: {', '.join(FORMATS)}")
    if format not in FORMATS[what]:
        raise ValueError(f"{what} has no format {format!r}; it has {', '.join(FORMATS[what])}")


def export_snapshot(
    snapshot: Snapshot,
    path: str | PathLike[str],
    what: str,
    format: str,
    head: Head | str | None = None,
    theme: str = "light",
    upper: float = 1.0,
    numbers: bool = False,
) -> None:
    """Write the attention of a snapshot as npz, json, csv or svg.

    `head` ("cross.L0H3") restricts csv and svg to one head; npz and json always hold all. `theme`, `upper` and
    `numbers` are for pictures. ValueError for what cannot be, OSError where the path cannot be written.
    """
    check_format(what, format)
    if what != "attention":
        raise ValueError(f"a snapshot holds attention, not {what}")
    chosen = Head.parse(head) if isinstance(head, str) else head
    if chosen is not None and format in ("npz", "json"):
        raise ValueError(
            f"{format} holds all heads; a single head such as {chosen} goes into csv, png or svg"
        )
    match format:
        case "npz":
            arrays.write_npz(snapshot, path)
        case "json":
            arrays.write_json(snapshot, path)
        case "csv":
            table.write_attention_csv(snapshot, path, chosen)
        case "svg":
            write_svg(attention_figure(snapshot, chosen, theme, upper, numbers), path)
        case _:
            raise ValueError(f"{format} is painted by Qt: tfviz.views.figure_image.export_image")


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
) -> Figure:
    """The figure of one head, or of all of them where none is named."""
    if head is None:
        return atlas_figure(snapshot, theme, upper)
    return head_figure(snapshot, Head.parse(head) if isinstance(head, str) else head, theme, upper, numbers)
