"""The parts of a model as a check list: stacks, their layers, and the parameter groups of these."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from tfviz.core.parameters import Layout
from tfviz.training.model_settings import SOME_VOCABULARY, ModelSettings

CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked
ROLE = Qt.ItemDataRole.UserRole


class PartsTree(QTreeWidget):
    """Ticking a part ticks all that it consists of. Written are the largest parts that are ticked whole."""

    edited = Signal()

    def __init__(self, model: ModelSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setIndentation(16)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._shown: tuple[str, ...] = ()
        self._begun: tuple[str, ...] = ()
        self._others: tuple[str, ...] = ()
        for part in parts_of(model):
            above, _, name = part.rpartition(".")
            item = QTreeWidgetItem(self._items[above] if above else self.invisibleRootItem(), [name])
            item.setData(0, ROLE, part)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
            item.setCheckState(0, UNCHECKED)
            self._items[part] = item
        self.itemChanged.connect(self._tell)

    def written(self) -> tuple[str, ...]:
        """The names of the parts; as they were shown where nothing has been changed."""
        ticked = tuple(self._ticked(self.invisibleRootItem()))
        return self._shown if ticked == self._begun else (*ticked, *self._others)

    def show_value(self, parts: Sequence[str]) -> None:
        """Tick these. Single parameters, which have no line here, stay among the names."""
        self.blockSignals(True)
        for part, item in self._items.items():
            if not item.childCount():
                inside = any(part == one or part.startswith(f"{one}.") for one in parts)
                item.setCheckState(0, CHECKED if inside else UNCHECKED)
        self.blockSignals(False)
        self._shown = tuple(parts)
        self._others = tuple(part for part in parts if part not in self._items)
        self._begun = tuple(self._ticked(self.invisibleRootItem()))
        for item in self._items.values():
            item.setExpanded(item.checkState(0) is Qt.CheckState.PartiallyChecked)

    def tick(self, part: str, ticked: bool) -> None:
        """As a click on its box does."""
        self._items[part].setCheckState(0, CHECKED if ticked else UNCHECKED)

    def _ticked(self, above: QTreeWidgetItem) -> Iterator[str]:
        for place in range(above.childCount()):
            item = above.child(place)
            assert item is not None
            if item.checkState(0) is CHECKED:
                yield item.data(0, ROLE)
            else:
                yield from self._ticked(item)

    def _tell(self) -> None:
        self.edited.emit()


def parts_of(model: ModelSettings) -> tuple[str, ...]:
    """Stacks, layers and groups, in the model's order, each before what it consists of."""
    config = model.model_config(SOME_VOCABULARY, SOME_VOCABULARY, shared=model.architecture == "encoder")
    parts: dict[str, None] = {}
    for group in Layout(config).groups:
        words = group.split(".")
        for length in range(1, len(words) + 1):
            parts[".".join(words[:length])] = None
    return tuple(parts)
