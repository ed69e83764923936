"""How single numbers of a step, and the cells they stand in, are written on its pages."""

import math
from collections.abc import Sequence

from tfviz.core.provenance import Cell
from tfviz.views.operations.step_debugger import Chosen

LINK = "\N{NORTH EAST ARROW}"
"""Stands behind a number that leads to the cell it was read from."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

OF = {"value": "", "gradient": "\N{PARTIAL DIFFERENTIAL}L/\N{PARTIAL DIFFERENTIAL} ", "clipped": "clipped "}


def number_text(value: float | None, digits: int = 6) -> str:
    """A number with so many significant digits; what is none is named."""
    if value is None:
        return "not computed yet"
    if value == 0.0:
        return "0"  # also for -0.0
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else "\N{MINUS SIGN}\N{INFINITY}"
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}").replace("e+", "e")


def power_text(value: float) -> str:
    """A power of two, such as "2⁻¹⁰"."""
    return "2" + str(round(math.log2(value))).translate(_RAISED)


def cell_text(cell: Cell) -> str:
    """Such as "∂L/∂ encoder.layers.0.linear1 [0, 2, 5]"."""
    return f"{OF[cell.of]}{cell.tensor} [{', '.join(map(str, cell.indices))}]"


def breakable(text: str) -> str:
    """The same text, which may go on in the next line after every dot of a name."""
    return text.replace(".", ".\N{ZERO WIDTH SPACE}")


def short_cell_text(cell: Cell) -> str:
    """The same with the last part of the name only, or the last two where that says too little."""
    return cell_text(cell._replace(tensor=short_name(cell.tensor)))


def short_name(name: str) -> str:
    """ "linear1" for "encoder.layers.0.linear1", "linear1.weight" for a parameter of it."""
    *_, last = parts = name.split(".")
    return ".".join(parts[-2:]) if last in ("weight", "bias", "skip", "branch") else last


def place_text(axes: Sequence[str], indices: Sequence[int]) -> str:
    """Such as "batch 0 · position 2 · features 5"."""
    return " \N{MIDDLE DOT} ".join(f"{axis} {index}" for axis, index in zip(axes, indices, strict=True))


def cell_of(chosen: Chosen | None) -> Cell | None:
    """The cell that is chosen; None where none is."""
    if chosen is None or chosen.index is None:
        return None
    return Cell(chosen.tensor, chosen.index, chosen.of)
