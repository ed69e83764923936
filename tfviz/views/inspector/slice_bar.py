"""Which slice of a tensor is seen: the axes that are rows and columns, a slider for every other one, the scale."""

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSlider, QSpinBox, QVBoxLayout, QWidget

from tfviz.views.inspector.tensor_labels import TensorLabels
from tfviz.views.inspector.tensor_scale import Reach
from tfviz.views.inspector.tensor_slice import Slice
from tfviz.views.panel import label
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.guarded import guarded

TWO_IN_A_ROW = 600
"""Pixels of width from which on two sliders stand in one row, for there is seldom height to spare."""
REACHES = ("this slice", "whole tensor", "98 % of slice")


@dataclass(frozen=True, eq=False)
class _Line:
    """The widgets of one axis of which one place is seen."""

    axis: int
    widgets: tuple[QWidget, ...]
    slider: QSlider
    spin: QSpinBox
    words: ElidedLabel


@guarded
class SliceBar(QWidget):
    """Emits what the user has changed; what it shows is set by show_slice, without a signal."""

    slice_changed = Signal(object)
    """A Slice."""
    reach_changed = Signal(object)
    """A Reach."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = _combo("slice_rows", "Axis shown as rows", "Which axis runs downwards")
        self.columns = _combo("slice_columns", "Axis shown as columns", "Which axis runs to the right")
        self.reach = _combo(
            "scale_reach",
            "Colour scale",
            "What the colours reach over: the largest number of this slice or of the whole tensor, or "
            "98 % of the slice's numbers; what lies beyond is marked as out of range",
        )
        self.reach.addItems(REACHES)
        self._rows_label, self._columns_label = label("rows", "dim"), label("columns", "dim")
        axes = QHBoxLayout()
        axes.setSpacing(6)
        for widget in (self._rows_label, self.rows, self._columns_label, self.columns):
            axes.addWidget(widget)
        axes.addStretch(1)
        axes.addWidget(label("scale", "dim"))
        axes.addWidget(self.reach)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._in_a_row = 1
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(axes)
        column.addLayout(self._grid)
        self.lines: list[_Line] = []
        self._seen: Slice | None = None
        self._labels: TensorLabels | None = None
        self.rows.activated.connect(self._choose_rows)
        self.columns.activated.connect(self._choose_columns)
        self.reach.activated.connect(lambda number: self.reach_changed.emit(Reach(number)))

    def show_slice(self, seen: Slice, labels: TensorLabels) -> None:
        """Show which slice is seen."""
        fresh = (
            self._seen is None
            or self._labels is None
            or (self._labels.tensor, seen.others, seen.shape)
            != (self._labels.tensor, self._seen.others, self._seen.shape)
        )
        self._seen, self._labels = seen, labels
        if fresh:
            self._build(seen, labels)
        for line in self.lines:
            place = seen.at[line.axis]
            for control in (line.slider, line.spin):
                with QSignalBlocker(control):
                    control.setValue(place)
            line.words.setText(_words(labels, seen, line.axis, place))
            line.words.setToolTip(line.words.text())
        self._share_out()

    def _build(self, seen: Slice, labels: TensorLabels) -> None:
        two = seen.rows is not None
        for shown in (self._rows_label, self.rows, self._columns_label, self.columns):
            shown.setVisible(two)
        for combo, axis in ((self.rows, seen.rows), (self.columns, seen.columns)):
            combo.clear()
            combo.addItems([labels.kind(number) for number in range(len(seen.axes))])
            combo.setCurrentIndex(axis or 0)
        for line in self.lines:
            for widget in line.widgets:
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self.lines = [self._line(axis, seen, labels) for axis in seen.others]
        self._place_lines()

    def _place_lines(self) -> None:
        """In one column or in two; another time each widget goes to where it stands now."""
        for number, line in enumerate(self.lines):
            row, half = divmod(number, self._in_a_row)
            for column, widget in enumerate(line.widgets):
                self._grid.addWidget(widget, row, 4 * half + column)
        self._share_out()

    def _share_out(self) -> None:
        """Room for sliders, and for words where there are some."""
        for half in range(2):
            lines = self.lines[half :: self._in_a_row] if half < self._in_a_row else []
            self._grid.setColumnStretch(4 * half + 1, 3 if lines else 0)
            self._grid.setColumnStretch(4 * half + 3, 4 if any(line.words.text() for line in lines) else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        in_a_row = 2 if self.width() >= TWO_IN_A_ROW else 1
        if in_a_row != self._in_a_row:
            self._in_a_row = in_a_row
            self._place_lines()

    def _line(self, axis: int, seen: Slice, labels: TensorLabels) -> _Line:
        name, last = labels.kind(axis), seen.shape[axis] - 1
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setMinimumWidth(60)
        spin, words = QSpinBox(), ElidedLabel()
        spin.setMinimumWidth(52)
        for control, kind in ((slider, "slider"), (spin, "number")):
            control.setObjectName(f"slice_{name}_{kind}")
            control.setAccessibleName(f"Place on the axis {name}")
            control.setToolTip(f"Which place of the axis {name} is seen, 0 to {last}")
            control.setRange(0, last)
            control.setEnabled(last > 0)
            control.valueChanged.connect(lambda place: self._place(axis, place))
        return _Line(axis, (label(name, "dim"), slider, spin, words), slider, spin, words)

    def _place(self, axis: int, place: int) -> None:
        if self._seen is not None:
            self.slice_changed.emit(self._seen.placed(axis, place))

    def _choose_rows(self, axis: int) -> None:
        if self._seen is not None:
            self.slice_changed.emit(self._seen.with_rows(axis))

    def _choose_columns(self, axis: int) -> None:
        if self._seen is not None:
            self.slice_changed.emit(self._seen.with_columns(axis))


def _words(labels: TensorLabels, seen: Slice, axis: int, place: int) -> str:
    """What the number beside it does not say: a sentence, a token."""
    text = labels.place(axis, place, seen.sentence)
    return "" if text.endswith(f" {place}") else text


def _combo(name: str, accessible: str, tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setObjectName(name)
    combo.setAccessibleName(accessible)
    combo.setToolTip(f"<p>{tip}</p>")
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    combo.setMinimumWidth(76)  # a few letters, where there is no room for the longest name
    combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return combo
