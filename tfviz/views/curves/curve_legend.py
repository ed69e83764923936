"""The legend of the curves: an entry for each, with as much of its name and value as there is room for."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from tfviz.views.curves.curve_header import LegendButton
from tfviz.views.curves.curve_picture import SERIES
from tfviz.views.curves.curve_texts import EXPLANATIONS

GAP = 1
SHORT_NAMES = {
    "train": "train",
    "validation": "valid.",
    "accuracy": "acc.",
    "sequence": "seq.",
    "free": "free",
}


class CurveLegend(QWidget):
    """Entries of series that the run does not have are hidden, and take no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        self.entries: dict[str, LegendButton] = {}
        for name, colours in SERIES.items():
            whole, sample = ("free-running", "0.000/0.000") if name == "free" else (name, "0.0000")
            entry = self.entries[name] = LegendButton(whole, colours, SHORT_NAMES[name], sample)
            entry.setObjectName(f"curve_{name}")
            entry.setAccessibleName(f"Show {whole}")
            entry.setToolTip(EXPLANATIONS[name] + ". Click to hide or show.")
            row.addWidget(entry)
        row.addStretch(1)

    def width_needed(self, short: bool) -> int:
        """With names alone."""
        return sum(entry.width_needed(False, short) + GAP for entry in self._shown)

    def fit(self, room: int, short: bool) -> None:
        """Show values, the last ones first left out, beside the names, which may be short ones."""
        room -= self.width_needed(short)
        for entry in self._shown:
            entry.shorten(short)
            room -= entry.width_needed(True, short) - entry.width_needed(False, short)
            entry.show_value(room >= 0)

    @property
    def _shown(self) -> list[LegendButton]:
        return [entry for entry in self.entries.values() if not entry.isHidden()]
