"""The page "Numbers" of the inspector: shape and type, statistics of the tensor and of the slice, histograms."""

import math

import numpy
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from tfviz.training.counted import counted
from tfviz.training.stepping.step_places import Of
from tfviz.views.inspector.tensor_reading import Reading
from tfviz.views.inspector.tensor_slice import Slice
from tfviz.views.inspector.tensor_statistics import Statistics
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.plots.histogram import Histogram
from tfviz.views.style.theme import Theme

ROWS = ("min", "max", "mean", "RMS", "zeros", "NaN", "infinite")
ABSENT = "–"
FINITE = "Min, max, mean, RMS and the histogram are of the finite numbers alone."


class NumbersPage(PlainScrollArea):
    """Beside each other: the whole tensor and the slice, of the value and of the gradient."""

    def __init__(self) -> None:
        inside = QWidget()
        super().__init__(inside, "numbers_page", sideways=True)
        self.setAccessibleName("Numbers of the tensor")
        self.shape_label, self.type_label = label("", "number"), paragraph("", "dim")
        self.shape_label.setObjectName("tensor_shape")
        self.type_label.setObjectName("tensor_type")
        self.cells: dict[tuple[str, Of, str], QLabel] = {}
        self.histograms: dict[Of, Histogram] = {
            "value": Histogram("activation"),
            "gradient": Histogram("gradient"),
        }
        self.logarithmic = QCheckBox("log counts")
        self.logarithmic.setObjectName("log_counts")
        self.logarithmic.setAccessibleName("Counts on a logarithmic scale")
        self.logarithmic.setToolTip("Show few numbers beside many: heights are logarithms of the counts")
        self.logarithmic.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.logarithmic.toggled.connect(self._show_histograms)
        self._reading: Reading | None = None
        self.setMinimumSize(200, 80)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.shape_label)
        column.addWidget(self.type_label)
        column.addLayout(self._table())
        self.left_out = paragraph("", "dim")
        self.left_out.setObjectName("numbers_left_out")
        column.addWidget(self.left_out)
        for of, histogram in self.histograms.items():
            histogram.setAccessibleName(f"Histogram of the {of}")
            histogram.setToolTip(f"How many numbers of the {of} lie in each of 64 equal parts of its range")
            head = QHBoxLayout()
            head.addWidget(label(f"{of.capitalize()}, whole tensor", "dim"))
            head.addStretch(1)
            if of == "value":
                head.addWidget(self.logarithmic)
            column.addLayout(head)
            column.addWidget(histogram, 1)

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        halves: tuple[Of, ...] = ("value", "gradient")
        for number, of in enumerate(halves):
            grid.addWidget(label(of.upper(), "caption"), 0, 1 + 2 * number, 1, 2, Qt.AlignmentFlag.AlignRight)
            for place, part in enumerate(("tensor", "slice")):
                column = 1 + 2 * number + place
                grid.setColumnStretch(column, 1)
                grid.addWidget(label(part, "faint"), 1, column, Qt.AlignmentFlag.AlignRight)
                for row, name in enumerate(ROWS):
                    cell = self.cells[name, of, part] = label(ABSENT, "number")
                    cell.setAccessibleName(f"{name} of the {of}, {part}")
                    grid.addWidget(cell, 2 + row, column, Qt.AlignmentFlag.AlignRight)
        for row, name in enumerate(ROWS):
            grid.addWidget(label(name, "dim"), 2 + row, 0)
        return grid

    def show_reading(self, reading: Reading, seen: Slice) -> None:
        """Show the numbers of a tensor and of a slice of it."""
        self._reading = reading
        sizes = " × ".join(map(str, reading.shape))
        names = " × ".join(reading.labels.kind(axis) for axis in range(len(reading.axes)))
        self.shape_label.setText(sizes)
        statistics = reading.value.statistics or reading.gradient.statistics
        count = counted(math.prod(reading.shape), "number")
        dtype = [] if statistics is None else [statistics.dtype]
        self.type_label.setText(" · ".join([names, *dtype, count]))
        for of in self.histograms:
            half = reading.half(of)
            part = None if half.numbers is None else Statistics.of(seen.cut(half.numbers))
            self._fill(of, "tensor", half.statistics)
            self._fill(of, "slice", part)
        self.left_out.setText(_left_out(reading))
        self.left_out.setVisible(bool(self.left_out.text()))
        self._show_histograms()

    def _fill(self, of: Of, part: str, statistics: Statistics | None) -> None:
        texts = _texts(statistics)
        for name, text in zip(ROWS, texts, strict=True):
            self.cells[name, of, part].setText(text)

    def _show_histograms(self) -> None:
        if self._reading is not None:
            for of, histogram in self.histograms.items():
                half = self._reading.half(of)
                histogram.show_statistics(half.statistics, self.logarithmic.isChecked(), half.missing)

    def recolour(self, theme: Theme) -> None:
        for histogram in self.histograms.values():
            histogram.recolour(theme)


def _left_out(reading: Reading) -> str:
    """What of the whole tensor is no finite number, such as "540 of 1,600 values are infinite"; empty where all are."""
    told = []
    for half, name in ((reading.value, "value"), (reading.gradient, "gradient")):
        found = half.statistics
        for count, what in () if found is None else ((found.infinite, "infinite"), (found.nan, "NaN")):
            if count and found is not None:
                verb = "is" if count == 1 else "are"
                told.append(f"{count:,} of {counted(found.count, name)} {verb} {what}")
    return f"{', '.join(told)}. {FINITE}" if told else ""


def _texts(statistics: Statistics | None) -> tuple[str, ...]:
    if statistics is None:
        return (ABSENT,) * len(ROWS)
    sizes = (statistics.least, statistics.most, statistics.mean, statistics.rms)
    counts = (statistics.zeros, statistics.nan, statistics.infinite)
    return tuple(_number(size) for size in sizes) + tuple(f"{count:,}" for count in counts)


def _number(value: float) -> str:
    if numpy.isnan(value):
        return ABSENT
    text = f"{value:.3g}"
    mantissa, _, exponent = text.partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else text).replace("-", "−")
