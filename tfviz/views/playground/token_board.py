"""Chips of a typed sentence that can be masked, and edited where they stand, above those of its answer."""

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.keys import ENTER
from tfviz.views.predictions.chip_board import ChipBoard
from tfviz.views.predictions.chips import Tone
from tfviz.views.style.fonts import monospace_font

TOKENS = "tokens"
"""The key of the row that can be edited; it begins with <s> and ends with </s>."""
_EDITING = (*ENTER, Qt.Key.Key_F2)
SMALLEST_EDITOR = 72


@guarded
class TokenBoard(ChipBoard):
    """Tokens are told by their number in the sentence, counted from 0 without <s>."""

    edit_wished = Signal(int)
    """A token is to be edited in its place."""
    token_edited = Signal(int, str)
    mask_wished = Signal(int)
    """A token is to be masked, or not masked any more."""
    undo_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # what is clicked is what the keys are for
        self.editor = QLineEdit(self)
        self.editor.setObjectName("token_editor")
        self.editor.setAccessibleName("Another token in this place")
        self.editor.setToolTip("Enter takes the token, Esc leaves it as it was; nothing removes it")
        self.editor.setFont(monospace_font(12))
        self.editor.hide()
        self.editor.returnPressed.connect(self._take)
        self.editor.editingFinished.connect(self.editor.hide)
        self._edited = 0

    def edit(self, token: int, text: str) -> None:
        """Open the editor on a token, with a text in it."""
        area = self._area(token)
        if area is None:
            return
        self._edited = token
        width = max(area.width() + 16, SMALLEST_EDITOR)
        left = max(min(area.left() + 1, self.width() - width), 0)
        self.editor.setGeometry(left, area.top(), width, area.height() + 2)
        self.editor.setText(text)
        self.editor.selectAll()
        self.editor.show()
        self.editor.setFocus()

    def _take(self) -> None:
        text = self.editor.text().strip()
        self.editor.hide()
        self.token_edited.emit(self._edited, text)

    def _area(self, token: int) -> QRect | None:
        placed = self.arrangement.find(TOKENS)
        return placed.chips[token + 1] if placed and token + 1 < len(placed.chips) else None

    def _token(self, place: tuple[str, int] | None) -> int | None:
        """The token of a chip; <s>, </s> and other rows have none."""
        placed = self.arrangement.find(TOKENS)
        if place is None or placed is None or place[0] != TOKENS:
            return None
        return place[1] - 1 if 0 < place[1] < len(placed.chips) - 1 else None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        token = self._token(self._place_at(event.position()))
        if token is not None and event.button() == Qt.MouseButton.LeftButton:
            self.edit_wished.emit(token)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the mouse on a chip, or by the keyboard on the selected one."""
        by_keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        token = self._token(self.selected if by_keyboard else self._place_at(event.pos().toPointF()))
        area = None if token is None else self._area(token)
        if token is None or area is None:
            event.ignore()
            return
        self.chip_clicked.emit(TOKENS, token + 1)
        at = self.mapToGlobal(area.bottomLeft() + QPoint(1, 1)) if by_keyboard else event.globalPos()
        self.menu(token).popup(at)

    def menu(self, token: int) -> QMenu:
        """What can be done with a token."""
        row = self.arrangement.find(TOKENS)
        masked = row is not None and row.row.chips[token + 1].tone is Tone.HIDDEN
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Edit token", lambda: self.edit_wished.emit(token))
        menu.addAction(
            "Unmask token (M)" if masked else "Mask token (M)", lambda: self.mask_wished.emit(token)
        )
        return menu

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            own = event.key() == Qt.Key.Key_M or event.key() in _EDITING
            if event.matches(QKeySequence.StandardKey.Undo):
                event.accept()
                return True
            if own and not event.modifiers() and self._token(self.selected) is not None:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        token = self._token(self.selected)
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_wished.emit()
        elif token is not None and event.key() == Qt.Key.Key_M:
            self.mask_wished.emit(token)
        elif token is not None and event.key() in _EDITING:
            self.edit_wished.emit(token)
        else:
            super().keyPressEvent(event)
