"""The sum of a cell's terms in float64 beside the number that the step stored, and what helps to read the terms."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from tfviz.core.provenance import Detail, Explanation
from tfviz.core.provenance.explanation import total_of
from tfviz.views.inspector.cell_text import cell_text, number_text
from tfviz.views.inspector.link_button import link_button
from tfviz.views.panel import label, paragraph

MOST_VALUES = 8
"""Numbers of a detail that are written out; its tool tip has all."""
ROUNDED = (
    "The step computes in float32, this page in float64: they may differ from the sixth digit on, sooner where "
    "terms cancel."
)


class SumGrid(QWidget):
    """Rows of a name and a number. `followed` gives the Cell of a detail that was clicked."""

    followed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(16)
        self.grid.setVerticalSpacing(3)
        self.grid.setColumnStretch(1, 1)
        self.texts: dict[str, str] = {}
        """What is shown, by the name of its row."""

    def show_sum(self, explanation: Explanation, rounded: bool) -> None:
        """The float64 total, the stored number, and the difference; `rounded` where the step computes in float32."""
        self._clear()
        if explanation.closing:
            self._add("sum of the terms", number_text(total_of(explanation.terms), 12))
            self._add(explanation.closing, number_text(explanation.total, 12), strong=True)
        else:
            self._add(
                "sum, in float64" if explanation.terms else "in float64",
                number_text(explanation.total, 12),
                strong=True,
            )
        self._add("stored by the step", number_text(explanation.stored, 9))
        if explanation.stored is not None:
            difference = explanation.stored - explanation.total
            self._add("difference", number_text(difference, 3))
            if rounded and difference:
                note = paragraph(ROUNDED, "faint")
                note.setObjectName("rounded_note")
                self.grid.addWidget(note, self.grid.rowCount(), 0, 1, 2)

    def show_details(self, details: tuple[Detail, ...]) -> None:
        """One row each; a single number that was read from a cell leads there."""
        self._clear()
        for detail in details:
            more = len(detail.values) - MOST_VALUES
            text = "   ".join(number_text(value) for value in detail.values[:MOST_VALUES])
            if len(detail.values) == len(detail.cells) == 1:
                self._add_link(detail, text)
            else:
                shown = self._add(detail.name, text + (f"   and {more} more" if more > 0 else ""))
                shown.setToolTip("\n".join(number_text(value, 12) for value in detail.values[:40]))
                shown.setWordWrap(True)

    def _add(self, name: str, text: str, strong: bool = False) -> QLabel:
        number = label(text, "number")
        if strong:
            number.setProperty("strong", True)
        number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._place(name, number, text)
        return number

    def _add_link(self, detail: Detail, text: str) -> None:
        (cell,) = detail.cells
        name, spoken = f"detail_{detail.name}", f"{detail.name} {text}"
        button = link_button(text, name, spoken, f"Read from {cell_text(cell)}: go there")
        button.clicked.connect(lambda: self.followed.emit(cell))
        self._place(detail.name, button, text)

    def _place(self, name: str, widget: QWidget, text: str) -> None:
        row = self.grid.rowCount()
        self.grid.addWidget(label(name, "dim"), row, 0)
        if isinstance(widget, QLabel):
            self.grid.addWidget(widget, row, 1)
        else:
            self.grid.addWidget(widget, row, 1, Qt.AlignmentFlag.AlignLeft)
        self.texts[name] = text

    def _clear(self) -> None:
        self.texts = {}
        while (item := self.grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()  # not at once: it may be the button that was clicked
