"""What a cell holds: its query, its key, its weight, at places that do not move when the values change."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.attention.head_reading import Reading
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import DARK, Theme

HINT = "Hover a cell to read it, click to lock it"
FIELD_GAP = 14
LONGEST_TOKEN = 14
LINE = 20
# Narrower than this, in pixels, the reading takes two lines.
NARROW = 490
NARROW_COMPARED = 680
CLOSER = 360  # and narrower than this, its fields stand closer together
INDENT = 20.0  # beside the lock
NAME_GAP = 6.0
POSITION = 3  # characters of a position and the space after it
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@guarded
class Readout(QWidget):
    """Paints a Reading, or says how to get one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("head_readout")
        self.setAccessibleName("Attention cell")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = DARK
        self._reading: Reading | None = None
        self._comparing = False

    @property
    def reading(self) -> Reading | None:
        return self._reading

    def show_reading(self, reading: Reading | None) -> None:
        if reading != self._reading:
            self._reading = reading
            self.update()

    def compare(self, comparing: bool) -> None:
        """Make room for readings of two steps, or no longer."""
        if comparing != self._comparing:
            self._comparing = comparing
            self._fit()
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, LINE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        narrow = NARROW_COMPARED if self._comparing else NARROW
        self.setFixedHeight(2 * LINE if self.width() < narrow else LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        reading = self._reading
        if reading is None:
            painter.setFont(interface_font(12))
            painter.setPen(QColor(self._theme.faint))
            painter.drawText(QRectF(0, 0, self.width(), LINE), int(_LEFT), HINT)
            return
        colour = QColor(self._theme.accent if reading.locked else self._theme.faint)
        paint_icon(painter, "lock" if reading.locked else "unlock", QRectF(0, LINE / 2 - 7, 14, 14), colour)
        lines = self.height() // LINE
        fields = self._fields(reading, lines)
        if lines == 1:
            self._paint_fields(painter, 0, fields)
        else:
            self._paint_fields(painter, 0, fields[:2])
            self._paint_fields(painter, LINE, fields[2:])

    def _fields(self, reading: Reading, lines: int) -> list[tuple[str, str, int]]:
        """Names, values and how many characters a value may take, so that nothing moves."""
        words, digit = QFontMetricsF(interface_font(12)), self._digit()
        if reading.compared:
            numbers = [
                ("current", reading.weight_text, 6),
                ("pinned", reading.pinned_text, 6),
                ("difference", reading.difference_text, 6),
            ]
        else:
            numbers = [("weight", reading.weight_text, 6), ("row entropy", f"{reading.entropy:.2f} nats", 9)]
        beside = numbers if lines == 1 else []
        fixed = sum(characters for _, _, characters in beside)
        names = ("query", "key", *(name for name, _, _ in beside))
        taken = INDENT + sum(words.horizontalAdvance(name) + NAME_GAP + FIELD_GAP for name in names)
        letters = int(((self.width() - taken) / digit - fixed) / 2) - POSITION
        letters = min(max(letters, 3), LONGEST_TOKEN)
        return [
            ("query", _place(reading.query, reading.query_token, letters), POSITION + letters),
            ("key", _place(reading.key, reading.key_token, letters), POSITION + letters),
            *numbers,
        ]

    def _paint_fields(self, painter: QPainter, y: float, fields: list[tuple[str, str, int]]) -> None:
        words, numbers, digit = interface_font(12), monospace_font(12), self._digit()
        gap = FIELD_GAP if self.width() >= CLOSER else FIELD_GAP // 2
        x = INDENT
        for name, value, characters in fields:
            painter.setFont(words)
            painter.setPen(QColor(self._theme.dim))
            painter.drawText(QRectF(x, y, 200, LINE), int(_LEFT), name)
            x += QFontMetricsF(words).horizontalAdvance(name) + NAME_GAP
            painter.setFont(numbers)
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QRectF(x, y, 400, LINE), int(_LEFT), value)
            x += characters * digit + gap

    def _digit(self) -> float:
        return QFontMetricsF(monospace_font(12)).horizontalAdvance("0")


def _place(position: int, token: str, letters: int) -> str:
    """A position and its token, at most `letters` of it."""
    shown = token if len(token) <= letters else token[: letters - 1] + "…"
    return f"{position:>2} {shown}"
