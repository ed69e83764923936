"""Value and gradient of a tensor as two heat maps of the same slice, and the cell that is read in both."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tfviz.training.stepping.step_places import Of
from tfviz.views.grids.causal import Mask
from tfviz.views.grids.cells import Scale
from tfviz.views.grids.grid_axes import Axes
from tfviz.views.inspector.cell_readout import CellReadout, read_cell
from tfviz.views.inspector.mark_legend import NOT_COMPUTED, MarkLegend, marks_in
from tfviz.views.inspector.tensor_map import TensorMap
from tfviz.views.inspector.tensor_reading import Reading
from tfviz.views.inspector.tensor_scale import Reach, scale_of, unit_of, unit_text
from tfviz.views.inspector.tensor_slice import Index, Slice
from tfviz.views.panel import label
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.restyle import restyle
from tfviz.views.style.theme import Theme

SIDE_BY_SIDE = 500
"""Pixels of width from which on the two maps stand side by side."""
UNKNOWN = Scale()


class HalfView(QWidget):
    """A caption with the marks' meaning, and the map."""

    def __init__(self, of: Of, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.of = of
        self.map = TensorMap()
        self.map.setObjectName(f"{of}_map")
        self.map.setAccessibleName(f"{of.capitalize()} of the tensor")
        self.map.setToolTip("")
        self.caption = label(of.capitalize(), "title")
        self.legend = MarkLegend()
        self.legend.setObjectName(f"{of}_marks")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.caption)
        head.addWidget(self.legend, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.map, 1)
        self.scale = UNKNOWN

    def show_slice(self, reading: Reading, seen: Slice, reach: Reach) -> None:
        """Show this half of a tensor."""
        half, sentence = reading.half(self.of), seen.sentence
        labels = reading.labels
        rows = ("",) if seen.rows is None else labels.ticks(seen.rows, sentence)
        row_title = "" if seen.rows is None else labels.title(seen.rows)
        columns, column_title = labels.ticks(seen.columns, sentence), labels.title(seen.columns)
        if half.numbers is None:
            self.scale = UNKNOWN
            axes = Axes(rows, columns, row_title, column_title, UNKNOWN, bar=False)
            exists = "no gradient" not in half.missing
            self.map.show_missing(f"not computed yet: {half.missing}" if exists else half.missing, axes)
            self.legend.show_marks((NOT_COMPUTED,) if exists else (), self.map.table)
        else:
            numbers = seen.cut(half.numbers)
            mask: Mask | None = None if reading.mask is None else seen.cut(reading.mask)
            self.scale = scale = scale_of(half, numbers, mask, reach)
            unit = unit_of(scale)
            axes = Axes(
                rows, columns, row_title, column_title, scale, half.signed, unit_text(unit), unit
            )  # fmt: skip
            self.map.show_numbers(numbers, mask, axes)
            self.legend.show_marks(marks_in(numbers, mask, scale), self.map.table)
        self._describe(reading, seen)

    def emphasise(self, chosen: bool) -> None:
        """Mark it as the half that is looked at, or as the other one."""
        restyle(self.caption, "role", "title" if chosen else "dim")

    def recolour(self, theme: Theme) -> None:
        self.map.recolour(theme)
        self.legend.recolour(theme)
        self.legend.show_marks(self.legend.marks, self.map.table)

    def _describe(self, reading: Reading, seen: Slice) -> None:
        half = reading.half(self.of)
        if half.statistics is None:
            told = half.missing
        else:
            told = f"from {half.statistics.least:.4g} to {half.statistics.most:.4g}"
        self.map.setAccessibleDescription(
            f"{self.of} of {reading.tensor}, {told}; {seen.words(reading.labels)}"
        )


@guarded
class TensorMaps(QWidget):
    """Side by side, or one above the other where there is no room. A locked cell is locked in both."""

    cell_locked = Signal(str, object)
    """ "value" or "gradient", and the index that the user locked there, or None where he let go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.halves = {of: HalfView(of) for of in ("value", "gradient")}
        self.readout = CellReadout()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(10)
        for half in self.halves.values():
            self._row.addWidget(half, 1)
            half.map.lock_changed.connect(lambda half=half: self._lock(half))
            half.map.cell_changed.connect(lambda half=half: self._read(half))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._row, 1)
        self.foot = QHBoxLayout()
        """The cell that is read, and what can be done with it."""
        self.foot.setSpacing(6)
        self.foot.addWidget(self.readout, 1)
        column.addLayout(self.foot)
        self._reading: Reading | None = None
        self._seen: Slice | None = None
        self._showing = False

    def show_slice(self, reading: Reading, seen: Slice, reach: Reach, locked: Index | None, of: Of) -> None:
        """Show a slice, with a cell locked where it lies in the slice; `of` is the half that is looked at."""
        self._reading, self._seen = reading, seen
        self._showing = True
        cell = None if locked is None else seen.cell(locked)
        for half in self.halves.values():
            half.show_slice(reading, seen, reach)
            half.emphasise(half.of == of)
            half.map.lock(cell)
        self._showing = False
        self._read(self.halves[of])

    def recolour(self, theme: Theme) -> None:
        for half in self.halves.values():
            half.recolour(theme)
        self.readout.recolour(theme)

    def _lock(self, half: HalfView) -> None:
        assert self._seen is not None
        cell = half.map.cell if half.map.locked else None
        self.cell_locked.emit(half.of, None if cell is None else self._seen.index(*cell))

    def _read(self, half: HalfView) -> None:
        if self._showing or self._reading is None or self._seen is None:
            return
        cell = half.map.cell
        if cell is None:
            self.readout.show_reading(None)
            return
        index = self._seen.index(*cell)
        self.readout.show_reading(read_cell(self._reading, index, self._seen.sentence, half.map.locked))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= SIDE_BY_SIDE
        directions = QBoxLayout.Direction
        self._row.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
