"""Attention over a range of steps as a gif: a figure for each step, painted by Qt without a display."""

import dataclasses
from collections.abc import Iterable
from os import PathLike

import numpy
from PySide6.QtGui import QImage

from tfviz.training.atomic_file import atomic_file
from tfviz.training.export import ANIMATION_FORMATS, Head, attention_figure
from tfviz.training.export.figure import Figure, theme_of
from tfviz.training.export.gif import GifWriter
from tfviz.training.export.palette import FigurePalette
from tfviz.training.export.steps import MOST_FRAMES
from tfviz.training.snapshot import Snapshot
from tfviz.views.figures.figure_image import image_size, paint_image

SECONDS = 0.1
SHORTEST, LONGEST = 0.02, 60.0  # browsers show anything quicker than 0.02 at 0.1
HOLD = 1.5  # seconds that the last frame stays longer, so that one sees where the story ends
MOST_FRAME_PIXELS = 16_000_000
LONG_STEP = 8_888_888  # its caption takes as many lines as that of any step


def export_animation(
    snapshots: Iterable[Snapshot],
    path: str | PathLike[str],
    format: str = "gif",
    head: Head | str | None = None,
    theme: str = "light",
    upper: float = 1.0,
    numbers: bool = False,
    scale: float = 1.0,
    seconds: float = SECONDS,
) -> int:
    """Paint the atlas, or one head, of each snapshot into a gif that repeats, `seconds` for each; returns their number.

    The snapshots are taken one after the other and not kept. What their iterator raises passes through and leaves no
    file behind: the way to give up. ValueError for what cannot be, OSError where the path cannot be written.
    """
    if format not in ANIMATION_FORMATS:
        raise ValueError(f"{format!r} is no animation format; there is {', '.join(ANIMATION_FORMATS)}")
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"a step is shown for {SHORTEST} to {LONGEST:g} seconds, not {seconds:g}")
    palette = FigurePalette(theme_of(theme))
    gif, count, last = None, 0, None
    with atomic_file(path) as file:
        for snapshot in snapshots:
            if count == MOST_FRAMES:
                raise ValueError(f"an animation has at most {MOST_FRAMES:,} steps")
            figure = attention_figure(snapshot, head, theme, upper, numbers)
            if gif is None:
                width, height = _size(snapshot, head, theme, scale)
                comment = f"tfviz, first frame: {figure.title}\n{figure.description}"
                gif = GifWriter(file, width, height, palette.colours, comment)
            if last is not None:
                gif.add(last, seconds)
            last = _frame(figure, scale, palette, (height, width), snapshot.step)
            count += 1
        if gif is None or last is None:
            raise ValueError("there is no step to show")
        gif.add(last, seconds + HOLD)
        gif.close()
    return count


def _size(snapshot: Snapshot, head: Head | str | None, theme: str, scale: float) -> tuple[int, int]:
    """Width and height in pixels that hold the figure of every step."""
    longest = dataclasses.replace(snapshot, step=max(LONG_STEP, snapshot.step))
    figures = (attention_figure(one, head, theme) for one in (snapshot, longest))
    sizes = [image_size(figure, scale, MOST_FRAME_PIXELS) for figure in figures]
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _frame(
    figure: Figure, scale: float, palette: FigurePalette, shape: tuple[int, int], step: int
) -> numpy.ndarray:
    """The figure as indices of the palette, on a page of this shape (height, width)."""
    found = palette.indices(_pixels(paint_image(figure, scale)))
    if found.shape[0] > shape[0] or found.shape[1] > shape[1]:
        raise ValueError(
            f"step {step} shows a longer sentence than the first: choose steps that show the same one"
        )
    frame = numpy.zeros(shape, dtype=numpy.uint8)
    frame[: found.shape[0], : found.shape[1]] = found
    return frame


def _pixels(image: QImage) -> numpy.ndarray:
    """(row, column) uint32, 0xRRGGBB."""
    rows = numpy.frombuffer(image.constBits(), numpy.uint32).reshape(image.height(), image.width())
    return rows & 0xFFFFFF
