"""Python source to read, with quiet colours."""

import keyword
import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.theme import DARK, Theme

LINES = 26
"""Lines of source that are seen at a time."""
TOKENS = {"comment": "faint", "text": "good", "keyword": "accent", "name": "parameter", "number": "warn"}
"""Kinds of words and the tokens of their colours."""
_WORDS = re.compile(
    r"(?P<comment>#.*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<name>(?<=def )\w+|(?<=class )\w+|@\w+)"
    rf"|(?P<keyword>\b(?:{'|'.join(keyword.kwlist)}|self)\b)"
    r"|(?P<number>\b\d[\d._e]*\b)"
)
_QUOTES = '"""'
_INSIDE = 1  # a block's state: a docstring goes on


class PythonColours(QSyntaxHighlighter):
    """Docstrings over several lines, and words of one."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.formats: dict[str, QTextCharFormat] = {}

    def recolour(self, theme: Theme) -> None:
        for kind, token in TOKENS.items():
            self.formats[kind] = QTextCharFormat()
            self.formats[kind].setForeground(QColor(getattr(theme, token)))
        self.formats["name"].setFontWeight(QFont.Weight.Bold)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        start = 0
        self.setCurrentBlockState(0)
        while start < len(text) or self.previousBlockState() == _INSIDE:
            inside = start == 0 and self.previousBlockState() == _INSIDE
            quotes = 0 if inside else text.find(_QUOTES, start)
            end = len(text) if quotes < 0 else quotes
            for found in _WORDS.finditer(text[:end], start):
                self.setFormat(found.start(), found.end() - found.start(), self.formats[str(found.lastgroup)])
            if quotes < 0:
                return
            close = text.find(_QUOTES, quotes if inside else quotes + 3)
            start = len(text) if close < 0 else close + 3
            self.setFormat(quotes, start - quotes, self.formats["text"])
            if close < 0:
                self.setCurrentBlockState(_INSIDE)
                return
            if start == 0:
                return


class SourceView(QPlainTextEdit):
    """Read-only; the keyboard scrolls it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("source_view")
        self.setAccessibleName("Source code of the operation")
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFont(monospace_font(12))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES + 16)
        self.colours = PythonColours(self.document())
        self.recolour(DARK)

    def show_source(self, source: str, method: str) -> None:
        """With the definition of a method, if it has one of this name, at the top."""
        if source != self.toPlainText():
            self.setPlainText(source)
        found = self.document().find(f"def {method}(")
        if not found.isNull():
            self.moveCursor(QTextCursor.MoveOperation.End)
            found.clearSelection()
            self.setTextCursor(found)
            self.verticalScrollBar().setValue(found.blockNumber())

    def recolour(self, theme: Theme) -> None:
        self.colours.recolour(theme)
