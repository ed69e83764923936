"""What the model says to the probe and to other sentences, token by token, and what else it thought of saying."""

import math
import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tfviz.training.export.comparison import Pinned
from tfviz.training.mailbox import Demand
from tfviz.training.readings import Decoded, Prediction
from tfviz.training.snapshot import Snapshot
from tfviz.views.panel import EmptyState, Panel, label, paragraph
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.parts.widgets import Throttle, give_arrows
from tfviz.views.predictions.candidate_bars import CandidateBars
from tfviz.views.predictions.chip_board import ChipBoard
from tfviz.views.predictions.prediction_rows import (
    FORCED,
    NAMES,
    PINNED,
    RUNNING,
    candidates,
    probe_rows,
    sample_rows,
    summary,
)
from tfviz.views.style.restyle import restyle
from tfviz.views.style.theme import Theme

if TYPE_CHECKING:
    from tfviz.training.record.history import History

SPOKEN_RATE = 1.0
NARROW, NARROWEST = 340, 290
_ORIGIN = re.compile(r"(\w+) (\d+)/(\d+)")


class PredictionPanel(Panel):
    """Chips of source, target and both decodings, bars of the chosen position, other samples, accuracies."""

    title = "Predictions"
    object_name = "prediction_panel"
    rate = 4.0
    demand = Demand(prediction=True, samples=True)
    preferred_size = (350, 640)
    smallest_size = (250, 220)

    probe_edited = Signal(str)
    """A sentence to watch was typed."""
    probe_selected = Signal(int)
    """An example of the data to watch was chosen, by its number from 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.probe_number = QSpinBox()
        self.probe_edit = QLineEdit()
        self.warning = paragraph("", "warning")
        self.board = ChipBoard()
        self.bars = CandidateBars()
        self.samples_caption = label("OTHER SAMPLES", "caption")
        self.samples_board = ChipBoard()
        self.accuracies = {"token": label("–", "number"), "sequence": label("–", "number")}
        self.accuracy_names = {name: label("", "faint") for name in self.accuracies}
        self.accuracy_scope = label("", "faint")
        self._history: History | None = None
        self._step: int | None = None
        self._snapshot: Snapshot | None = None
        self._pinned: Pinned | None = None
        self._origin = ""
        self._problem = ""
        self._chosen = (FORCED, 0)
        self._chosen_sample: tuple[str, int] | None = None
        self._spoken = Throttle(self._describe, SPOKEN_RATE, self)
        self._build()
        self.probe_number.valueChanged.connect(self._select_number)
        self.probe_edit.returnPressed.connect(self._enter_sentence)
        self.probe_edit.textEdited.connect(lambda: self.show_problem(""))
        self.board.chip_clicked.connect(self._choose)
        self.samples_board.chip_clicked.connect(self._choose_sample)

    def _build(self) -> None:
        self.probe_number.setObjectName("probe_number")
        self.probe_number.setAccessibleName("Number of the sentence to watch")
        self.probe_number.setToolTip("Which sentence of the data to watch")
        give_arrows(self.probe_number)
        self.probe_number.setKeyboardTracking(False)
        self.probe_number.setRange(0, 1)
        self.probe_number.setMinimumWidth(138)
        self.probe_number.hide()
        self.add_control(self.probe_number)
        self.probe_edit.setObjectName("probe_edit")
        self.probe_edit.setAccessibleName("Sentence to watch")
        self.probe_edit.setPlaceholderText("Type a sentence, Enter")
        self.probe_edit.setClearButtonEnabled(True)
        self.warning.setObjectName("probe_warning")
        self.warning.hide()
        self.board.setObjectName("prediction_chips")
        self.board.setAccessibleName("Prediction of the watched sentence")
        self.samples_board.setObjectName("sample_chips")
        self.samples_board.setAccessibleName("Predictions of other sentences")
        self._lay_out()

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 2, 4, 2)
        column.setSpacing(10)
        for widget in (self.board, self.bars, self.samples_caption, self.samples_board):
            column.addWidget(widget)
        column.addStretch(1)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState())
        self.stack.addWidget(PlainScrollArea(content))
        line = QHBoxLayout()
        for name, value in self.accuracies.items():
            value.setObjectName(f"{name}_accuracy_label")
            value.setAccessibleName(f"{name} accuracy")
            value.setMinimumWidth(46)
            line.addWidget(self.accuracy_names[name])
            line.addWidget(value)
        line.addStretch(1)
        line.addWidget(self.accuracy_scope)
        self.body.addWidget(self.probe_edit)
        self.body.addWidget(self.warning)
        self.body.addWidget(self.stack, 1)
        self.body.addLayout(line)

    # the panel's interface

    def show_snapshot(self, snapshot: Snapshot) -> None:
        prediction = snapshot.prediction
        if prediction is None:
            return
        self._snapshot = snapshot
        self.stack.setCurrentIndex(1)
        self._show_origin(prediction.origin)
        self._show_warning(snapshot.unknown_words)
        self.board.show_rows(probe_rows(prediction, self._pinned))
        rows = sample_rows(snapshot.samples)
        self.samples_board.show_rows(rows)
        self.samples_caption.setVisible(bool(rows))
        self._show_candidates()
        self._spoken.request()

    def show_pinned(self, pinned: Pinned | None, place: str) -> None:
        self._pinned = pinned
        if pinned is None and self._chosen[0].startswith(PINNED):
            self._chosen = (FORCED, 0)
        if self._snapshot is not None:
            self.show_snapshot(self._snapshot)

    def show_history(self, history: "History") -> None:
        self._history = history
        self._show_accuracies()

    def show_step(self, step: int) -> None:
        """The clock's step, whose accuracies are read."""
        self._step = step
        self._show_accuracies()

    def _show_accuracies(self) -> None:
        """Of the validation set where there is one, else of the last batch."""
        scope, prefix = "validation", "validation_"
        if math.isnan(self._recorded("validation_token_accuracy")):
            scope, prefix = "last batch", ""
        tokens, sequences = (self._recorded(f"{prefix}{name}_accuracy") for name in ("token", "sequence"))
        for name, value in (("token", tokens), ("sequence", sequences)):
            text = "–" if math.isnan(value) else "100 %" if value > 0.9995 else f"{100 * value:.1f} %"
            if text != self.accuracies[name].text():
                self.accuracies[name].setText(text)
        if math.isnan(tokens):
            scope = ""
        if scope != self.accuracy_scope.text():
            self.accuracy_scope.setText(scope)
            for shown in self.accuracies.values():
                shown.setToolTip(f"Share that is right: {scope}")

    def _recorded(self, name: str) -> float:
        """The newest number there was at the clock's step."""
        history = self._history
        return history.last(name, self._step) if history is not None and name in history else math.nan

    def show_problem(self, text: str) -> None:
        """Say why a typed sentence cannot be watched; "" when that is over."""
        self._problem = text
        restyle(self.probe_edit, "invalid", bool(text))
        self._show_warning(self._snapshot.unknown_words if self._snapshot else ())

    def release(self) -> bool:
        if self.probe_edit.hasFocus():
            self.probe_edit.clearFocus()
            return True
        if self._chosen_sample is not None or self._chosen != (FORCED, 0):
            self._chosen, self._chosen_sample = (FORCED, 0), None
            self._show_candidates()
            return True
        return False

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.board.recolour(theme)
        self.samples_board.recolour(theme)
        self.bars.recolour(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.accuracy_scope.setVisible(self.width() >= NARROW)
        for name, shown in self.accuracy_names.items():
            shown.setText(f"{name.capitalize()}{' acc.' if self.width() >= NARROWEST else 's'}")

    # parts of a picture

    def _show_origin(self, origin: str) -> None:
        if origin == self._origin:
            return
        self._origin = origin
        match = _ORIGIN.fullmatch(origin)
        with QSignalBlocker(self.probe_number):
            if match:
                kind, number, count = match[1], int(match[2]), int(match[3])
                # The special text stands for the least value, which is the first example here.
                self.probe_number.setSpecialValueText("")
                self.probe_number.setPrefix(f"{kind} ")
                self.probe_number.setSuffix(f"/{count}")
                self.probe_number.setRange(1, count)
                self.probe_number.setValue(number)
            else:
                self.probe_number.setSpecialValueText("typed")
                self.probe_number.setMinimum(0)
                self.probe_number.setValue(0)
        self.probe_number.setVisible(True)
        self._chosen, self._chosen_sample = (FORCED, 0), None

    def _show_warning(self, unknown: tuple[str, ...]) -> None:
        text = self._problem
        if not text and unknown:
            words = ", ".join(f"“{word}”" for word in unknown)
            text = f"Not in the vocabulary: {words}"
        if text != self.warning.text():
            self.warning.setText(text)
            self.warning.setVisible(bool(text))

    def _show_candidates(self) -> None:
        """The bars of the chosen chip, wherever it is now."""
        snapshot = self._snapshot
        if snapshot is None or snapshot.prediction is None:
            return
        if self._chosen_sample is not None:
            key, position = self._chosen_sample
            sample = snapshot.samples[int(key)] if int(key) < len(snapshot.samples) else None
            decoded = None if sample is None else sample.free_running or sample.teacher_forced
            if sample is not None and decoded is not None:
                self.board.select(None)
                self.samples_board.select(self._chosen_sample)
                self._show_position(decoded, sample, position, "sample")
                return
        key, position = self._chosen
        decodings = _decodings(snapshot.prediction)
        if self._pinned is not None and self._pinned.snapshot.prediction is not None:
            pinned = _decodings(self._pinned.snapshot.prediction)
            decodings |= {PINNED + name: decoded for name, decoded in pinned.items()}
        decoded = decodings.get(key)
        if decoded is None:
            key = RUNNING if decodings[FORCED] is None else FORCED
            decoded = decodings[key]
        self.samples_board.select(None)
        self.board.select((key, position))
        if decoded is None:
            self.bars.show_candidates(None)
        else:
            name = NAMES[key.removeprefix(PINNED)] + (", pinned" if key.startswith(PINNED) else "")
            self._show_position(decoded, snapshot.prediction, position, name)

    def _show_position(self, decoded: Decoded, prediction: Prediction, position: int, name: str) -> None:
        self.bars.show_candidates(candidates(decoded, prediction.target_tokens, position, name))

    def _describe(self) -> None:
        if self._snapshot is not None and self._snapshot.prediction is not None:
            self.board.setAccessibleDescription(summary(self._snapshot.prediction, self._snapshot.step))
        shown = self.bars.candidates
        if shown is not None:
            pairs = list(zip(shown.tokens, shown.probabilities, strict=True))[: self.bars.count]
            told = ", ".join(f"{token} {100 * probability:.0f} %" for token, probability in pairs)
            self.bars.setAccessibleDescription(f"{shown.heading}: {told}")

    # what the user does

    def _choose(self, key: str, position: int) -> None:
        self._chosen, self._chosen_sample = (key, position), None
        self._show_candidates()

    def _choose_sample(self, key: str, position: int) -> None:
        self._chosen_sample = (key, position)
        self._show_candidates()

    def _select_number(self, number: int) -> None:
        if number > 0:
            self.probe_selected.emit(number)

    def _enter_sentence(self) -> None:
        text = self.probe_edit.text().strip()
        if text:
            self.probe_edit.selectAll()
            self.probe_edited.emit(text)


def _decodings(prediction: Prediction) -> dict[str, Decoded | None]:
    """By the keys of their rows."""
    return {FORCED: prediction.teacher_forced, RUNNING: prediction.free_running}
