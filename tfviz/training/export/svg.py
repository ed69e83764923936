"""Figures as SVG: plain rectangles, lines and texts that every browser, Inkscape and LaTeX tool chain understands."""

import base64
from collections.abc import Iterator
from os import PathLike
from xml.sax.saxutils import escape

from tfviz.training.atomic_file import write_atomically
from tfviz.training.export.figure import (
    CELL_PIXELS,
    MONOSPACE,
    SANS,
    Cells,
    Figure,
    Line,
    Rectangle,
    Shape,
    Text,
    hexadecimal,
    visible,
)
from tfviz.training.export.indexed_png import indexed_png


def svg(figure: Figure) -> str:
    """The figure as a complete SVG document."""
    width, height = _number(figure.width), _number(figure.height)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'xml:space="preserve" font-family="{_families(SANS)}">',
        f"<title>{escape(visible(figure.title))}</title>",
        f"<desc>{escape(figure.description)}</desc>",
        f'<rect width="{width}" height="{height}" fill="{figure.background}"/>',
    ]
    for shape in figure.shapes:
        lines += _elements(shape, figure)
    return "\n".join([*lines, "</svg>", ""])


def write_svg(figure: Figure, path: str | PathLike[str]) -> None:
    write_atomically(path, svg(figure).encode("utf-8"))


def _elements(shape: Shape, figure: Figure) -> Iterator[str]:
    match shape:
        case Rectangle():
            yield _rectangle(shape)
        case Line():
            yield (
                f'<line x1="{_number(shape.x1)}" y1="{_number(shape.y1)}" x2="{_number(shape.x2)}" '
                f'y2="{_number(shape.y2)}" stroke="{shape.colour}" stroke-width="{_number(shape.width)}"/>'
            )
        case Text():
            yield _text(shape)
        case Cells():
            yield from _cells(shape) if figure.has_rectangles(shape) else _image(shape)


def _rectangle(shape: Rectangle) -> str:
    stroke = f' stroke="{shape.stroke}" stroke-width="{_number(shape.stroke_width)}"' if shape.stroke else ""
    return (
        f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" width="{_number(shape.width)}" '
        f'height="{_number(shape.height)}" fill="{shape.fill or "none"}"{stroke}/>'
    )


def _text(shape: Text) -> str:
    x, y = _number(shape.x), _number(shape.y)
    attributes = [f'x="{x}" y="{y}" font-size="{_number(shape.size)}" fill="{shape.colour}"']
    if shape.anchor != "start":
        attributes.append(f'text-anchor="{shape.anchor}"')
    if shape.bold:
        attributes.append('font-weight="600"')
    if shape.monospace:
        attributes.append(f'font-family="{_families(MONOSPACE)}" style="font-variant-ligatures:none"')
    if shape.rotation:
        attributes.append(f'transform="rotate({_number(shape.rotation)} {x} {y})"')
    return f"<text {' '.join(attributes)}>{escape(shape.text)}</text>"


def _cells(cells: Cells) -> Iterator[str]:
    """A group in which the unit is one cell, so that rectangles have small whole numbers.

    Each reaches a little under the next ones (Cells.reach).
    """
    move = f"translate({_number(cells.x)} {_number(cells.y)})"
    size = f"scale({_number(cells.cell_width)} {_number(cells.cell_height)})"
    yield f'<g transform="{move} {size}" shape-rendering="crispEdges">'
    yield f"<title>{escape(cells.name)}</title>"
    colours = [hexadecimal(colour) for colour in cells.table]
    rows, columns = cells.indices.shape
    wide, high = (_number(1 + share) for share in cells.reach)
    for row, indices in enumerate(cells.indices.tolist()):
        height = "1" if row == rows - 1 else high
        for column, index in enumerate(indices):
            width = "1" if column == columns - 1 else wide
            yield f'<rect x="{column}" y="{row}" width="{width}" height="{height}" fill="{colours[index]}"/>'
    yield "</g>"


def _image(cells: Cells) -> Iterator[str]:
    pixels = cells.indices.repeat(CELL_PIXELS, axis=0).repeat(CELL_PIXELS, axis=1)
    data = base64.b64encode(indexed_png(pixels, cells.table)).decode()
    yield (
        f'<image x="{_number(cells.x)}" y="{_number(cells.y)}" width="{_number(cells.width)}" '
        f'height="{_number(cells.height)}" preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'xlink:href="data:image/png;base64,{data}"><title>{escape(cells.name)}</title></image>'
    )


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _families(names: tuple[str, ...]) -> str:
    generic = "monospace" if names is MONOSPACE else "sans-serif"
    return ", ".join([*(f"'{name}'" if " " in name else name for name in names), generic])
