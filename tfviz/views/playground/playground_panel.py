"""The playground: a typed sentence with its tokens, the model's answer at once, and how it came to it."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from tfviz.training.generation.playground import Played, PlaygroundWish
from tfviz.training.mailbox import Demand
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Task
from tfviz.training.tokens.tokenizer import Piece, Tokenizer
from tfviz.views.panel import Panel
from tfviz.views.parts.widgets import Throttle
from tfviz.views.playground.answer_map import reading
from tfviz.views.playground.draft import Draft, Drafts
from tfviz.views.playground.playground_layout import PlaygroundLayout
from tfviz.views.playground.playground_rows import (
    answer_looks,
    answer_rows,
    head_names,
    remark,
    token_row,
    token_text,
)
from tfviz.views.playground.token_board import TOKENS
from tfviz.views.predictions.prediction_rows import RUNNING
from tfviz.views.style.theme import Theme

ASKING_RATE = 4.0
"""Times a second that what is typed becomes another question, at most."""


class PlaygroundPanel(Panel):
    """Tokens are split here at every keystroke; the answer comes with the next picture. What is asked is the panel's
    demand, so that a panel that is not seen asks nothing."""

    title = "Playground"
    object_name = "playground_panel"
    rate = 4.0
    preferred_size = (930, 640)
    smallest_size = (470, 240)

    probe_pinned = Signal(str)
    """The sentence is to be the one that all panels watch."""
    kept_changed = Signal(object)
    """All kept sentences, as Drafts, after the user has added or removed one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drafts = Drafts()
        self.parts = PlaygroundLayout()
        self._tokenizer: Tokenizer | None = None
        self._split: Callable[[str], list[Piece]] = _nothing
        self._offered = ""  # the sentence that nobody typed
        self._shown: tuple[Snapshot, Played] | None = None
        self._head = ""  # that was chosen; it may be one that the present model does not have
        self._selected: int | None = None
        self._revealed: int | None = None
        self._asking = Throttle(self._ask, ASKING_RATE, self)
        for control in (self.parts.state, self.parts.reveal_button, self.parts.head_box):
            self.add_control(control)
        self.body.addWidget(self.parts, 1)
        self._connect()
        self._show_draft()

    def _connect(self) -> None:
        parts = self.parts
        parts.sentence_edit.textEdited.connect(self._type)
        parts.undo_button.clicked.connect(self.undo)
        parts.keep_button.clicked.connect(lambda: parts.kept.keep(self.drafts.current))
        parts.pin_button.clicked.connect(lambda: self.probe_pinned.emit(self.drafts.current.text))
        parts.reveal_button.clicked.connect(self._reveal)
        parts.kept.activated.connect(self._write)
        parts.kept.changed.connect(self.kept_changed)
        parts.decoding.changed.connect(self._asking.request)
        parts.board.chip_clicked.connect(self._select)
        parts.board.edit_wished.connect(self._begin_edit)
        parts.board.token_edited.connect(self._edit)
        parts.board.mask_wished.connect(lambda token: self._write(self.drafts.current.toggled(token)))
        parts.map.row_clicked.connect(lambda row: self._select(RUNNING, row))
        parts.head_box.currentIndexChanged.connect(self._choose_head)
        parts.view_buttons.chosen.connect(parts.show_view)
        parts.board.undo_wished.connect(self.undo)

    # the panel's interface

    @property
    def wish(self) -> PlaygroundWish | None:
        """What is asked; None where there is nothing to ask."""
        return self.demand.playground

    @property
    def played(self) -> Played | None:
        """The answer that is shown."""
        return None if self._shown is None else self._shown[1]

    def use_task(self, task: Task | None, sentence: str = "") -> None:
        """Another run is shown from now on; without a task its sentences cannot be read. `sentence` is tried out where
        nobody has typed another one."""
        self._tokenizer = task.source_tokenizer if task else None
        self._split = lru_cache(maxsize=2)(self._tokenizer.pieces) if self._tokenizer else _nothing
        self._shown, self._revealed, self._selected = None, None, None
        self.parts.board.select(None)
        if task is not None:
            self.parts.decoding.set_longest(task.target_width)
        if self.drafts.current.text == self._offered:
            self._offered = sentence
            self.drafts.begin(Draft(sentence))
        self.parts.show_known(task is not None)
        self._show_draft()
        self._show_answer()
        self._asking.now()

    def show_kept(self, drafts: Sequence[Draft]) -> None:
        """The sentences that were kept of the task, in place of those that are listed."""
        self.parts.kept.show_drafts(drafts)
        self.parts.kept.mark(self.drafts.current)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        played = snapshot.playground
        if played is None or played.wish != self.wish:
            return
        self._shown = snapshot, played
        self._show_answer()

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.parts.recolour(theme)

    def release(self) -> bool:
        """Close the editor of a token, show the whole answer again, or select nothing any more."""
        if self.parts.board.editor.isVisible():
            self.parts.board.editor.hide()
            return True
        if self._revealed is not None:
            self._revealed = None
        elif self._selected is None and self.parts.board.selected is None:
            return False
        self._selected = None
        self.parts.board.select(None)
        self._show_answer()
        return True

    def undo(self) -> None:
        """Back to the sentence and the masks before the last change."""
        self.drafts.undo()
        self._show_draft()
        self._asking.request()

    # the sentence

    @property
    def _pieces(self) -> list[Piece]:
        """The tokens of the present text, which is split once: this text and the one before it are remembered."""
        return self._split(self.drafts.current.text)

    def _type(self, text: str) -> None:
        if self._tokenizer is None:
            return
        draft = self.drafts.current.retyped(text, self._pieces, self._split(text))
        self._write(draft, typing=True)

    def _begin_edit(self, token: int) -> None:
        pieces = self._pieces
        if token < len(pieces):
            self.parts.board.edit(token, self.drafts.current.text[pieces[token].start : pieces[token].stop])

    def _edit(self, token: int, said: str) -> None:
        pieces, draft = self._pieces, self.drafts.current
        if token < len(pieces):
            text = draft.edited(pieces[token], said)
            self._write(draft.retyped(text, pieces, self._split(text)))
        self.parts.board.setFocus()

    def _write(self, draft: Draft, typing: bool = False) -> None:
        self.drafts.write(draft, typing)
        self._show_draft()
        self._asking.request()

    def _show_draft(self) -> None:
        draft, pieces, parts = self.drafts.current, self._pieces, self.parts
        if parts.sentence_edit.text() != draft.text:
            parts.sentence_edit.setText(draft.text)
        parts.undo_button.setEnabled(self.drafts.undoable)
        for button in (parts.keep_button, parts.pin_button):
            button.setEnabled(bool(pieces))
        parts.show_remark(remark(draft, pieces, self._tokenizer.unit if self._tokenizer else ""))
        parts.kept.mark(draft)
        self._show_rows()

    def _ask(self) -> None:
        draft, decoding = self.drafts.current, self.parts.decoding
        wish = None
        if self._pieces:
            wish = PlaygroundWish(draft.text, draft.hidden, decoding.method, decoding.seed, decoding.limit)
        if wish != self.wish:
            self.demand = Demand(playground=wish)
            self._revealed = None
        self._show_state()

    # the answer

    def _show_answer(self) -> None:
        """What has come, if anything has; without a change of what is chosen."""
        played = self.played
        if played is None:
            self._offer_heads([])
            self.parts.show_tree(None, ())
        else:
            if played.looks is not None:
                self._offer_heads(head_names(played.looks))
            self.parts.show_tree(played.tree, played.node_tokens)
        self._show_rows()
        self._show_map()
        self._show_state()

    def _offer_heads(self, names: list[str]) -> None:
        box = self.parts.head_box
        if [box.itemText(number) for number in range(box.count())] != names:
            with QSignalBlocker(box):
                box.clear()
                box.addItems(names)
                if self._head in names:
                    box.setCurrentIndex(names.index(self._head))

    def _choose_head(self) -> None:
        self._head = self.parts.head_box.currentText()
        self._show_map()

    def _show_rows(self) -> None:
        rows = [token_row(self.drafts.current, self._pieces)]
        if self.played is not None:
            rows += answer_rows(self.played, self._revealed)
        self.parts.board.show_rows(rows)

    def _show_map(self) -> None:
        if self._shown is None:
            self.parts.map.show_looks(None, None)
            self.parts.reading.say("")
            return
        snapshot, played = self._shown
        head = self.parts.head_box.currentText()
        title = f"{head} · step {snapshot.step:,} · seed {snapshot.seed} · “{played.wish.sentence}”"
        looks = answer_looks(played, head, self._revealed, title)
        selected = self._selected if looks and self._selected is not None else None
        self.parts.map.show_looks(looks, selected)
        text = ""
        if looks is not None and selected is not None and selected < looks.rows:
            text = f"{token_text(played, selected)} · {reading(looks, selected, None)}"
        self.parts.reading.say(text or "Select a token of the answer to see what it looked at")

    def _show_state(self) -> None:
        wish, played = self.wish, self.played
        said = played.prediction.free_running if played and played.prediction else None
        self.parts.show_reveal(self._revealed, len(said.tokens) if said else 0)
        if wish is None:
            text = "Type a sentence" if self._tokenizer else ""
        elif played is None or self._shown is None or played.wish != wish:
            text = "Waiting for the model"
        elif played.problem:
            text = f"No answer: {played.problem}"
        else:
            text = f"Answer at step {self._shown[0].step:,}, seed {self._shown[0].seed}"
        self.parts.state.say(text)

    def _select(self, row: str, position: int) -> None:
        self.parts.board.select((row, position))
        if row != TOKENS:
            self._selected = position
            self._show_map()
            self.parts.scroll_to(position)

    def _reveal(self) -> None:
        """One token more; behind the last one the whole answer stands as before."""
        played = self.played
        if played is None or played.prediction is None or played.prediction.free_running is None:
            return
        count = len(played.prediction.free_running.tokens)
        self._revealed = 1 if self._revealed is None else self._revealed + 1
        if self._revealed > count:
            self._revealed = None
        self._selected = None if self._revealed is None else self._revealed - 1
        self.parts.board.select(None if self._selected is None else (RUNNING, self._selected))
        self._show_answer()
        if self._selected is not None:
            self.parts.scroll_to(self._selected)


def _nothing(text: str) -> list[Piece]:
    """The tokens of a text that cannot be read."""
    return []
