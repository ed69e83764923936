"""Which two axes of a tensor are seen as rows and columns, and where the others stand."""

from dataclasses import dataclass, replace
from typing import Self

import numpy

from tfviz.core.tensor import Array
from tfviz.views.inspector.tensor_labels import TensorLabels

ACROSS = ("key", "features", "width", "vocabulary", "input")
DOWN = ("query", "position", "batch * position", "output")

Index = tuple[int, ...]


@dataclass(frozen=True)
class Slice:
    """`at` has a place for every axis; those of the rows and columns are where the eye last was.

    Rows are None where the tensor has one axis only: it is seen as one row.
    """

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    rows: int | None
    columns: int
    at: Index

    @classmethod
    def of(cls, axes: tuple[str, ...], shape: tuple[int, ...]) -> Self:
        """The sensible one: what is looked at by what is looked for, positions by features, output by input."""
        if len(axes) == 1:
            return cls(axes, shape, None, 0, (0,))
        columns = _first(axes, ACROSS, default=len(axes) - 1)
        others = [axis for axis in range(len(axes)) if axis != columns]
        names = tuple(axes[axis] for axis in others)
        rows = others[_first(names, DOWN, default=len(others) - 1)]
        return cls(axes, shape, rows, columns, (0,) * len(axes))

    def carried_to(self, axes: tuple[str, ...], shape: tuple[int, ...]) -> "Slice":
        """The same places on the axes that another tensor has too; with the same axes, the same rows and columns."""
        if (axes, shape) == (self.axes, self.shape):
            return self
        known = dict(zip(self.axes, self.at, strict=True))
        at = tuple(min(known.get(axis, 0), size - 1) for axis, size in zip(axes, shape, strict=True))
        fresh = replace(Slice.of(axes, shape), at=at)
        return replace(fresh, rows=self.rows, columns=self.columns) if axes == self.axes else fresh

    @property
    def others(self) -> tuple[int, ...]:
        """The axes of which one place is seen."""
        return tuple(axis for axis in range(len(self.axes)) if axis not in (self.rows, self.columns))

    @property
    def sentence(self) -> int | None:
        """The row of the batch that is seen; None where all are, or the tensor knows no batch."""
        batch = self.axes.index("batch") if "batch" in self.axes else None
        return self.at[batch] if batch in self.others and batch is not None else None

    def cut(self, array: Array) -> Array:
        """(rows, columns) of an array of the whole tensor: a view."""
        places = tuple(
            slice(None) if axis in (self.rows, self.columns) else place for axis, place in enumerate(self.at)
        )
        seen = array[places]
        if self.rows is None:
            return seen[numpy.newaxis]
        return seen if self.rows < self.columns else seen.T

    def index(self, row: int, column: int) -> Index:
        """A cell of the slice as a cell of the tensor."""
        return tuple(
            row if axis == self.rows else column if axis == self.columns else place
            for axis, place in enumerate(self.at)
        )

    def cell(self, index: Index) -> tuple[int, int] | None:
        """A cell of the tensor as (row, column); None where it is not in this slice."""
        if len(index) != len(self.axes) or any(index[axis] != self.at[axis] for axis in self.others):
            return None
        return 0 if self.rows is None else index[self.rows], index[self.columns]

    def words(self, labels: TensorLabels) -> str:
        """Which slice it is: "sentence 3: how are you, heads 1, query by key"."""
        places = [labels.place(axis, self.at[axis], self.sentence) for axis in self.others]
        seen = labels.title(self.columns)
        rows = "" if self.rows is None else f"{labels.title(self.rows)} by "
        return ", ".join([*places, rows + seen])

    def moved_to(self, index: Index) -> "Slice":
        """The slice in which a cell of the tensor lies."""
        return replace(self, at=index)

    def placed(self, axis: int, place: int) -> "Slice":
        """At another place of one axis."""
        return replace(self, at=(*self.at[:axis], place, *self.at[axis + 1 :]))

    def with_rows(self, axis: int) -> "Slice":
        """Another axis as rows; what it was before is exchanged."""
        columns = self.rows if axis == self.columns and self.rows is not None else self.columns
        return replace(self, rows=axis, columns=columns)

    def with_columns(self, axis: int) -> "Slice":
        """Another axis as columns; what it was before is exchanged."""
        return replace(self, columns=axis, rows=self.columns if axis == self.rows else self.rows)


def _first(axes: tuple[str, ...], wanted: tuple[str, ...], default: int) -> int:
    return next((axes.index(name) for name in wanted if name in axes), default)
