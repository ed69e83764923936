"""How an answer is to be decoded: greedily, sampled or with a beam, and how long it may be."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QSpinBox, QWidget

from tfviz.training.generation.beam_search import Beam
from tfviz.training.generation.decoding import Method
from tfviz.training.generation.sampling import Sampling
from tfviz.views.parts.widgets import SegmentedButtons, give_arrows

METHODS = ("Greedy", "Sample", "Beam")
WIDEST = 8
"""More beams side by side are no picture any more."""


class DecodingBar(QWidget):
    """A narrow block of controls. Shows the settings of the chosen way and no others."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.method_buttons = SegmentedButtons(METHODS, "Decoding")
        self.method_buttons.setObjectName("playground_method")
        for index, tip in enumerate(
            (
                "The most probable token each time",
                "Tokens drawn at random from what the model says",
                "The most probable answer as a whole, searched for among several that are followed side by side",
            )
        ):
            self.method_buttons.button(index).setToolTip(tip)
        self.temperature = _real("temperature", "T ", 0.05, 10.0, 1.0, 0.1)
        self.temperature.setToolTip("Temperature: below 1 the probable tokens gain, above 1 the others do")
        self.top_k = _whole("top_k", "top-k ", 0, 999, 0, "any k")
        self.top_k.setToolTip("Only so many of the most probable tokens can be drawn")
        self.top_p = _real("top_p", "top-p ", 0.05, 1.0, 1.0, 0.05)
        self.top_p.setToolTip(
            "Only the most probable tokens can be drawn that have this probability together; 1 is all"
        )
        self.seed_box = _whole("seed", "seed ", 0, 9999, 0)
        self.seed_box.setToolTip("The same seed draws the same way at every step of training")
        self.width_box = _whole("width", "width ", 1, WIDEST, 4)
        self.width_box.setToolTip("Answers that are followed side by side")
        self.limit_box = _whole("limit", "at most ", 0, 1, 0, "any length")
        self.limit_box.setToolTip("The longest answer in tokens, </s> included")
        self._settings = {
            1: (self.temperature, self.top_k, self.top_p, self.seed_box),
            2: (self.width_box,),
        }
        self._lay_out()
        for box in (*self._settings[1], self.width_box, self.limit_box):
            box.valueChanged.connect(self.changed)
        self.method_buttons.chosen.connect(self._choose)
        self._show_settings()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.method_buttons, 0, 0, 1, 2)
        for place, box in enumerate(self._settings[1]):
            grid.addWidget(box, 1 + place // 2, place % 2)
        grid.addWidget(self.width_box, 3, 0, 1, 2)
        grid.addWidget(self.limit_box, 4, 0, 1, 2)

    @property
    def method(self) -> Method:
        match self.method_buttons.index:
            case 1:
                share = self.top_p.value()
                return Sampling(
                    self.temperature.value(), self.top_k.value() or None, share if share < 1.0 else None
                )
            case 2:
                return Beam(self.width_box.value())
            case _:
                return None

    @property
    def seed(self) -> int:
        """0 where nothing is drawn."""
        return self.seed_box.value() if self.method_buttons.index == 1 else 0

    @property
    def limit(self) -> int | None:
        return self.limit_box.value() or None

    def set_longest(self, tokens: int) -> None:
        """The longest answer of the task."""
        self.limit_box.setMaximum(tokens)

    def _choose(self) -> None:
        self._show_settings()
        self.changed.emit()

    def _show_settings(self) -> None:
        for index, boxes in self._settings.items():
            for box in boxes:
                box.setVisible(index == self.method_buttons.index)


def _real(name: str, prefix: str, lowest: float, highest: float, value: float, step: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(lowest, highest)
    box.setSingleStep(step)
    box.setDecimals(2)
    box.setValue(value)
    _dress(box, name, prefix)
    return box


def _whole(name: str, prefix: str, lowest: int, highest: int, value: int, lowest_is: str = "") -> QSpinBox:
    box = QSpinBox()
    box.setRange(lowest, highest)
    box.setValue(value)
    box.setSpecialValueText(lowest_is)
    _dress(box, name, prefix)
    return box


def _dress(box: QSpinBox | QDoubleSpinBox, name: str, prefix: str) -> None:
    box.setObjectName(f"playground_{name}")
    box.setAccessibleName(f"Decoding: {name.replace('_', ' ')}")
    box.setPrefix(prefix)
    give_arrows(box)
    box.setKeyboardTracking(False)
    box.setMinimumWidth(88)
