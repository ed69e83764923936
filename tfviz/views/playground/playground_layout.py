"""Where the parts of the playground stand, and the controls between them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tfviz.training.generation.beam_search import BeamTree
from tfviz.views.panel import EmptyState, label, paragraph
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.parts.widgets import SegmentedButtons
from tfviz.views.playground.answer_map import ROW, AnswerMap
from tfviz.views.playground.beam_view import BeamLegend, BeamView
from tfviz.views.playground.decoding_bar import DecodingBar
from tfviz.views.playground.draft import LONGEST_TEXT
from tfviz.views.playground.kept_sentences import KeptSentences
from tfviz.views.playground.token_board import TokenBoard
from tfviz.views.style.theme import Theme

SIDE_WIDTH = 204
LEAST_TREE = 190
UNKNOWN_RUN = (
    "Another program trains this run: its words and its model are not known, nothing can be tried out."
)


class PlaygroundLayout(QStackedWidget):
    """The sentence above; kept ones and how to decode at the left, tokens and answers beside them, and attention or the
    tree below these. `state`, `reveal_button` and `head_box` are for the header of the panel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence_edit = QLineEdit()
        self.undo_button = _button(
            "undo", "Undo", "Back to the sentence and the masks before the last change"
        )
        self.keep_button = _button(
            "keep", "Keep", "Put the sentence, with its masks, on the list of this task"
        )
        self.pin_button = _button(
            "pin", "Pin as probe", "Make this sentence, without its masks, the one that all panels watch"
        )
        self.remark = paragraph("", "warning")
        self.kept = KeptSentences()
        self.board = TokenBoard()
        self.decoding = DecodingBar()
        self.state = ElidedLabel("")
        self.reveal_button = _button(
            "reveal", "Token by token", "Show the answer one token at a time, each with what it looked at"
        )
        self.head_box = QComboBox()
        self.view_buttons = SegmentedButtons(("Attention", "Beam tree"), "Below the answer")
        self.view_buttons.setVisible(False)
        self.map = AnswerMap()
        self.reading = ElidedLabel("")
        self.tree = BeamView()
        self.legend = BeamLegend()
        self.view_stack = QStackedWidget()
        self._name()
        self._build()

    def _name(self) -> None:
        self.sentence_edit.setObjectName("playground_edit")
        self.sentence_edit.setAccessibleName("Sentence to try out")
        self.sentence_edit.setToolTip("The model answers while you type")
        self.sentence_edit.setPlaceholderText("Type a sentence to try out")
        self.sentence_edit.setClearButtonEnabled(True)
        for clear in self.sentence_edit.findChildren(QToolButton):
            clear.setAccessibleName("Clear the sentence")
            clear.setToolTip("Clear the sentence")
        self.sentence_edit.setMaxLength(LONGEST_TEXT)
        self.remark.setObjectName("playground_remark")
        self.remark.hide()
        self.board.setObjectName("playground_chips")
        self.board.setAccessibleName(
            "Tokens of the sentence and answers; M masks a token, Enter edits it, Ctrl+Z takes it back"
        )
        self.state.setObjectName("playground_state")
        self.head_box.setObjectName("playground_head")
        self.head_box.setAccessibleName("Head whose attention is shown")
        self.head_box.setToolTip("Whose attention is shown below")
        self.head_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.view_buttons.setObjectName("playground_view")
        self.view_buttons.button(0).setToolTip("What every token of the answer looked at")
        self.view_buttons.button(1).setToolTip("What the beam search tried")
        self.reading.setObjectName("playground_reading")

    def _build(self) -> None:
        self._build_views()
        line = _row(self.sentence_edit, self.undo_button, self.keep_button, self.pin_button, stretched=0)
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 2, 4, 2)
        inner.setSpacing(8)
        inner.addWidget(self.board)
        inner.addWidget(self.view_stack, 1)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self._side())
        self.scroll_area = PlainScrollArea(content, "playground_scroll")
        middle.addWidget(self.scroll_area, 1)
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        outer.addLayout(line)
        outer.addWidget(self.remark)
        outer.addLayout(middle, 1)
        self.addWidget(EmptyState(UNKNOWN_RUN))
        self.addWidget(page)
        self.setCurrentIndex(1)
        self.show_tree(None, ())

    def _build_views(self) -> None:
        """What the answer looked at, or the tree of the beam search."""
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.map)
        column.addWidget(self.reading)
        column.addStretch(1)
        tree = QWidget()
        tree_column = QVBoxLayout(tree)
        tree_column.setContentsMargins(0, 0, 0, 0)
        tree_column.setSpacing(2)
        tree_column.addWidget(self.legend)
        scroll = PlainScrollArea(self.tree, "playground_tree_scroll", sideways=True)
        scroll.setMinimumHeight(LEAST_TREE)
        tree_column.addWidget(scroll, 1)
        self.view_stack.addWidget(below)
        self.view_stack.addWidget(tree)

    def _side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(SIDE_WIDTH)
        side_column = QVBoxLayout(side)
        side_column.setContentsMargins(0, 0, 0, 0)
        side_column.setSpacing(5)
        side_column.addWidget(self.kept, 1)
        side_column.addWidget(label("DECODING", "caption"))
        side_column.addWidget(self.decoding)
        side_column.addWidget(self.view_buttons)
        return side

    def show_known(self, known: bool) -> None:
        """Whether sentences of this run can be read at all."""
        self.setCurrentIndex(1 if known else 0)

    def show_remark(self, text: str) -> None:
        self.remark.setText(text)
        self.remark.setVisible(bool(text))

    def show_tree(self, tree: BeamTree | None, tokens: tuple[str, ...]) -> None:
        """The tree of a beam search; where there is none, attention alone can be seen."""
        self.tree.show_tree(tree, tokens)
        if (tree is not None) is self.view_buttons.isHidden():
            self.view_buttons.setVisible(tree is not None)
            self.view_buttons.choose(0 if tree is None else 1)
            self.show_view()

    def show_view(self) -> None:
        """What is chosen: attention, of one head or another, or the tree."""
        self.view_stack.setCurrentIndex(self.view_buttons.index)
        self.head_box.setVisible(self.view_buttons.index == 0)

    def scroll_to(self, row: int) -> None:
        """Where there is not room for all, bring a row of the map to where it is seen."""
        content = self.scroll_area.widget()
        if self.view_buttons.index == 0 and content is not None:
            place = self.map.mapTo(content, self.map.cell(row, 0).center().toPoint())
            self.scroll_area.ensureVisible(0, place.y(), 0, ROW)

    def show_reveal(self, revealed: int | None, count: int) -> None:
        """How much of the answer is shown."""
        self.reveal_button.setEnabled(count > 0)
        if revealed is None:
            self.reveal_button.setText("Token by token")
        elif revealed < count:
            self.reveal_button.setText(f"Next token ({revealed} of {count})")
        else:
            self.reveal_button.setText("Whole answer")

    def recolour(self, theme: Theme) -> None:
        for part in (self.board, self.map, self.tree, self.legend):
            part.recolour(theme)


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(f"playground_{name}")
    button.setAccessibleName(text)
    button.setToolTip(tip)
    button.setProperty("small", True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _row(*widgets: QWidget, stretched: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for place, widget in enumerate(widgets):
        row.addWidget(widget, int(place == stretched))
    return row
