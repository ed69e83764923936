"""How the user's own data are split into training and validation, and into tokens."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QSpinBox, QWidget

from tfviz.training.config import RunConfig
from tfviz.training.task_config import LARGEST_BPE, SMALLEST_BPE, TOKENIZER_KINDS
from tfviz.views.panel import label
from tfviz.views.parts.widgets import give_arrows

MOST_SHARE = 50
NUMBER_WIDTH = 88
LARGEST_SEED = 2**31 - 1  # that a field can hold
TOKENS = {"word": "words", "character": "characters", "bpe": "byte pairs"}


class DataOptions(QWidget):
    """A row of editors with the settings that a run begins with."""

    changed = Signal()

    def __init__(self, seed: int) -> None:
        super().__init__()
        rule = RunConfig.rules()["task.bpe_size"]
        self.share, self.seed, self.bpe_size = QSpinBox(), QSpinBox(), QSpinBox()
        self.tokenizer, self.shared = QComboBox(), QCheckBox("one vocabulary")
        for kind in TOKENIZER_KINDS:
            self.tokenizer.addItem(TOKENS[kind], kind)
        numbers = (
            (self.share, "share", "Held out, in percent", (0, MOST_SHARE), 10, "Pairs that no step trains on"),
            (self.seed, "seed", "Seed", (0, LARGEST_SEED), min(seed, LARGEST_SEED), "Chooses those, and all else"),
            (self.bpe_size, "bpe_size", "Size of the vocabulary", (SMALLEST_BPE, LARGEST_BPE), rule.default, rule.help),
        )  # fmt: skip
        for box, name, spoken, span, value, help in numbers:
            box.setObjectName(f"data_{name}")
            box.setAccessibleName(spoken)
            box.setToolTip(help)
            box.setRange(*span)
            box.setValue(value)
            give_arrows(box)
            box.setFixedWidth(NUMBER_WIDTH)
            box.valueChanged.connect(self.changed)
        self.share.setSuffix(" %")
        self.tokenizer.setObjectName("data_tokenizer")
        self.tokenizer.setAccessibleName("Tokens")
        self.tokenizer.setToolTip("How sentences are split")
        self.tokenizer.activated.connect(self._choose_tokenizer)
        self.shared.setObjectName("data_shared")
        self.shared.setToolTip("Source and target have the same tokens")
        self.shared.clicked.connect(self.changed)
        self.bpe_size.hide()
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for name, *editors in (
            ("Held out", self.share),
            ("Seed", self.seed),
            ("Tokens", self.tokenizer, self.bpe_size, self.shared),
        ):
            row.addWidget(label(name, "dim"))
            for editor in editors:
                row.addWidget(editor, 0, Qt.AlignmentFlag.AlignVCenter)
            row.addSpacing(8)
        row.addStretch(1)

    @property
    def values(self) -> tuple[int, int, str, int, bool]:
        """Share in percent, seed, tokenizer, its size, shared."""
        kind = self.tokenizer.currentData()
        return self.share.value(), self.seed.value(), kind, self.bpe_size.value(), self.shared.isChecked()

    def _choose_tokenizer(self) -> None:
        self.bpe_size.setVisible(self.tokenizer.currentData() == "bpe")
        self.changed.emit()
