"""Gradient norms of all parameter groups over the steps, reduced to one number for each group and pixel column."""

import numpy

from tfviz.training.record.history import GROUP_PREFIX, History
from tfviz.views.plots.curve_data import (
    GrowingArray,
    Pyramid,
    all_finite,
    block_rows,
    block_size,
    finite_only,
)

WITNESSES = ("step_time", "learning_rate")
SHORT = {"self_attn": "self", "multihead_attn": "cross", "feed_forward": "ffn"}


class GroupNorms:
    """The largest norm of every group in every block of steps, as a power of ten: no explosion is averaged away.

    A norm that is NaN or infinite is broken; one that nobody recorded is missing.
    """

    groups: tuple[str, ...]
    _length: int
    _columns: list[numpy.ndarray]
    _pyramid: Pyramid
    _broken: list[GrowingArray]

    def __init__(self) -> None:
        self._history: History | None = None
        self._forget(())

    def __len__(self) -> int:
        return self._length

    def update(self, history: History) -> bool:
        """Take what was appended; True if anything changed."""
        groups, length = history.groups, len(history)
        another = history is not self._history or length < self._length or groups != self.groups
        if another:
            self._forget(groups)
            self._history = history
        if length == self._length or not groups:
            return another
        columns = [history.column(GROUP_PREFIX + group)[:length] for group in groups]
        self._pyramid.update(columns)
        self._note_broken(history, columns, length)
        self._columns, self._length = columns, length
        return True

    def norm(self, group: int, step: int) -> float:
        """What was recorded; NaN outside of the record."""
        return float(self._columns[group][step - 1]) if 1 <= step <= self._length else numpy.nan

    def image(self, first: float, last: float, columns: int) -> tuple[numpy.ndarray, numpy.ndarray, int, int]:
        """(exponents, broken, start, size): float32 and bool (group, block).

        Block i begins after step start + i * size.
        Exponents are log10 of the largest norm: NaN where nothing was recorded, -inf for a norm of zero.
        """
        size = block_size(last - first, columns)
        start, stop = block_rows(first, last, size, self._length)
        exponents = self._pyramid.read(start, stop, size)
        broken = numpy.zeros(exponents.shape, bool)
        edges = start + 1 + size * numpy.arange(exponents.shape[1] + 1)
        for row, steps in enumerate(self._broken):
            if len(steps):
                positions = numpy.searchsorted(steps.values[0], edges)
                broken[row] = positions[1:] > positions[:-1]
        return exponents, broken, start, size

    def _forget(self, groups: tuple[str, ...]) -> None:
        self.groups = groups
        self._length = 0
        self._columns = []
        self._pyramid = Pyramid(numpy.fmax, max(len(groups), 1), numpy.float32, finite_only, _exponents)
        self._broken = [GrowingArray(dtype=numpy.int64) for _ in groups]

    def _note_broken(self, history: History, columns: list[numpy.ndarray], length: int) -> None:
        if all_finite(numpy.stack([column[self._length :] for column in columns])):
            return
        recorded = numpy.zeros(length - self._length, bool)
        for name in WITNESSES:
            if name in history:
                recorded |= ~numpy.isnan(history.column(name)[self._length : length])
        for steps, column in zip(self._broken, columns, strict=True):
            new = column[self._length :]
            if not all_finite(new):
                broken = numpy.isinf(new) | (numpy.isnan(new) & recorded)
                steps.extend(numpy.flatnonzero(broken) + self._length + 1)


def short_name(group: str) -> str:
    """A group's name for narrow places: "encoder.0.self_attn" is "enc0 self"."""
    parts = group.split(".")
    if len(parts) == 3 and parts[0] in ("encoder", "decoder") and parts[1].isdigit():
        return f"{parts[0][:3]}{parts[1]} {SHORT.get(parts[2], parts[2])}"
    for long, short in (
        ("encoder.", "enc "), ("decoder.", "dec "), ("_embedding", " emb"), ("_positions", " pos"),
    ):  # fmt: skip
        group = group.replace(long, short)
    return group


def layer_names(groups: tuple[str, ...]) -> list[tuple[str, float]]:
    """(name, middle row) of the layers, whose groups follow each other, and of the groups that belong to none."""
    rows: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        layer, _, part = short_name(group).partition(" ")
        rows.setdefault(layer if layer[-1:].isdigit() else f"{layer} {part}".strip(), []).append(row)
    return [(name, (places[0] + places[-1] + 1) / 2) for name, places in rows.items()]


def _exponents(values: numpy.ndarray) -> numpy.ndarray:
    with numpy.errstate(divide="ignore"):
        result: numpy.ndarray = numpy.log10(values)
    return result
