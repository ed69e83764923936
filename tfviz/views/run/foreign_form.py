"""The configuration of a run that another trainer wrote: whatever it recorded, to be read and not edited."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from tfviz.training.export.figure import visible
from tfviz.views.panel import label, paragraph

MOST_ROWS = 200
LONGEST = 200  # letters of a value


class ForeignForm(QScrollArea):
    """A line for each value, with the names of what it lies in: "model.d_model  16"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("foreign_fields")
        self.setAccessibleName("Configuration as recorded")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Replace what is shown."""
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 4, 6, 4)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        rows = 0
        for rows, (name, value) in enumerate(islice(_flat(values), MOST_ROWS), 1):
            texts = paragraph(visible(name), "dim"), paragraph(visible(_text(value)))
            for column, text in enumerate(texts):
                text.setAlignment(Qt.AlignmentFlag.AlignTop)
                text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                grid.addWidget(text, rows, column)
        if not rows:
            grid.addWidget(label("nothing recorded", "faint"), 0, 0)
        grid.setRowStretch(rows + 1, 1)
        self.setWidget(page)
        page.setAutoFillBackground(False)  # which setWidget has set


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _text(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
