"""Checks a few hundred entries of a layer, and shows how far both derivatives are apart."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from tfviz.core.gradient_check import TOLERANCE
from tfviz.training.stepping.hand_check import CellCheck
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.cell_text import LINK, number_text, power_text
from tfviz.views.inspector.check_run import WORST, CheckRun, entries_of
from tfviz.views.inspector.error_plot import ErrorPlot
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.theme import DARK, Theme

SAMPLES = (100, 300, 1000)
COLUMNS = ("entry", "error", "remark", "analytic", "difference")
REMARK, DIFFERENCE = 2, 4
TINY_ROW = 24


@guarded
class CheckLayerBox(QWidget):
    """One check at a time, begun and stopped by its button. `work_wished` and `tensor_wished` as of a page."""

    work_wished = Signal(object, object)
    tensor_wished = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("check_layer_box")
        self.theme = DARK
        self.prefix = ""
        self.run: CheckRun | None = None
        """What is being checked, or was checked last."""
        self.running = False
        self._stepper: Stepper | None = None
        self._build()

    def show_layer(self, stepper: Stepper, prefix: str) -> None:
        """Offer a layer; results of another layer or another step do not stay."""
        if stepper is not self._stepper or prefix != self.prefix:
            self._stepper, self.prefix = stepper, prefix
            self.running, self.run = False, None
        count = entries_of(stepper, prefix)
        self.caption.setText(f"{prefix.removeprefix('transformer.').rstrip('.')}, {count:,} entries")
        self._show()

    def stop(self) -> None:
        """What has been checked so far stays."""
        self.running = False
        self._show()

    def recolour(self, theme: Theme) -> None:
        self.theme = theme
        self.plot.recolour(theme)
        self._show()

    def _start_or_stop(self) -> None:
        if self.running:
            self.stop()
        elif self._stepper is not None:
            count = min(int(self.samples.currentData()), entries_of(self._stepper, self.prefix))
            self.run, self.running = CheckRun(self.prefix, count), True
            self._show()
            self._ask(self.run)

    def _ask(self, run: CheckRun) -> None:
        self.work_wished.emit(run.slice, lambda cells: self._take(run, cells))

    def _take(self, run: CheckRun, cells: list[CellCheck]) -> None:
        if run is not self.run:
            return  # of what nobody looks at any more
        run.cells += cells
        if not cells or len(run.cells) >= run.of:
            self.running = False
        elif self.running:
            self._ask(run)
        self._show()

    def _show(self) -> None:
        run = self.run
        self.button.setText("Stop" if self.running else "Check this layer")
        self.samples.setEnabled(not self.running)
        self.progress.setVisible(run is not None)
        for widget in (self.summary, self.plot, self.table):
            widget.setVisible(run is not None and bool(run.cells))
        if run is None:
            return
        self.progress.setMaximum(run.of)
        self.progress.setValue(len(run.cells))
        kinks = len(run.cells) - len(run.smooth)
        self.summary.setText(
            f"{len(run.cells)} of {run.of} entries: worst error {number_text(run.largest(), 3)}, "
            f"median {number_text(run.median(), 3)}, {run.beyond} above the tolerance"
            + (f"; {run.rounded} by rounding alone, their gradients being very small" if run.rounded else "")
            + (f"; {kinks} met a ReLU kink and do not count" if kinks else "")
            + (f"; {_steps_text(*run.steps)}" if run.cells else "")
        )
        self.plot.show_cells(run.cells)
        self._fill(run.worst)

    def _fill(self, cells: list[CellCheck]) -> None:
        self.table.setRowCount(len(cells))
        for row, cell in enumerate(cells):
            name = cell.name.removeprefix(self.prefix)
            texts = (
                f"{name} [{', '.join(map(str, cell.index))}] {LINK}",
                number_text(cell.error, 3),
                _remark(cell),
                number_text(cell.analytic, 4),
                number_text(cell.numeric, 4),
            )
            for column, text in enumerate(texts):
                self.table.setItem(row, column, self._item(cell, column, text))
        self.table.setColumnHidden(REMARK, not any(map(_remark, cells)))
        self._fit()

    def _fit(self) -> None:
        """Leave out the differences, which look like what they are compared with, where there is no room for them."""
        self.table.setColumnHidden(DIFFERENCE, False)
        wanted = [
            max(self.table.sizeHintForColumn(column), self.table.horizontalHeader().sectionSizeHint(column))
            for column in range(len(COLUMNS))
            if not self.table.isColumnHidden(column)
        ]
        self.table.setColumnHidden(DIFFERENCE, sum(wanted) > self.table.viewport().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _item(self, cell: CellCheck, column: int, text: str) -> QTableWidgetItem:
        item = QTableWidgetItem(text)
        item.setFont(monospace_font(12))
        item.setToolTip(
            f"{cell.name} {list(cell.index)}: analytic {number_text(cell.analytic, 12)}, "
            f"difference {number_text(cell.numeric, 12)}, step size {power_text(cell.step)}; go to this cell"
        )
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        item.setTextAlignment(_side(column))
        if column == 0:
            item.setForeground(self.theme.colour("accent"))
        return item

    def _go_to(self, row: int) -> None:
        if self.run is not None:
            cell = self.run.worst[row]
            self.tensor_wished.emit(Chosen(cell.name, "gradient", cell.index))

    def _build(self) -> None:
        self.caption = label("", "dim")
        self.samples = QComboBox()
        self.samples.setObjectName("check_samples")
        self.samples.setAccessibleName("How many entries are checked")
        self.samples.setToolTip("How many entries of the layer are checked, chosen at random")
        for count in SAMPLES:
            self.samples.addItem(f"{count} entries", count)
        self.samples.setCurrentIndex(1)
        self.button = QPushButton("Check this layer")
        self.button.setObjectName("check_layer")
        self.button.setAccessibleName("Check this layer")
        self.button.setToolTip("Compare both derivatives for entries of all parameters of the layer")
        self.button.clicked.connect(self._start_or_stop)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Entries checked")
        self.summary = paragraph("")
        self.plot = ErrorPlot()
        self.table = self._table()
        row = QHBoxLayout()
        row.addWidget(self.samples)
        row.addWidget(self.button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.caption)
        layout.addLayout(row)
        for widget in (self.progress, self.summary, self.plot, self.table):
            layout.addWidget(widget)

    def _table(self) -> QTableWidget:
        table = QTableWidget(0, len(COLUMNS))
        table.setObjectName("worst_entries")
        table.setAccessibleName("The entries with the largest errors")
        table.setToolTip("The entries with the largest errors: click one, or press Enter, to go there")
        for column, title in enumerate(COLUMNS):
            head = QTableWidgetItem(title)
            head.setTextAlignment(_side(column))
            table.setHorizontalHeaderItem(column, head)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # of an entry both ends tell more
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(TINY_ROW)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setFixedHeight(TINY_ROW * (WORST + 1) + 16)
        table.cellClicked.connect(lambda row, column: self._go_to(row))
        table.cellActivated.connect(lambda row, column: self._go_to(row))
        return table


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _steps_text(least: float, most: float) -> str:
    """The step sizes of the differences: the largest one first, which is tried first."""
    if least == most:
        return f"step size {power_text(most)}"
    return f"step sizes {power_text(most)} to {power_text(least)}"


def _remark(cell: CellCheck) -> str:
    if not cell.smooth:
        return "kink"
    return "rounding" if cell.error > TOLERANCE and not cell.counts else ""
