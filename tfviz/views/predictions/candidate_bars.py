"""The most probable tokens of one position as bars."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import DARK, Theme

HEADING = 26
LINE = 22
BAR = 7
TOKEN = 84
PERCENT = 54
MARK = 16
GAP = 8
"""Pixels between the heading and the note, which is left out where it has no room."""


@dataclass(frozen=True)
class Candidates:
    """What the model thought at one position, best first; `expected` is "" where no target is known."""

    heading: str
    note: str
    tokens: tuple[str, ...]
    probabilities: tuple[float, ...]
    expected: str = ""


@guarded
class CandidateBars(QWidget):
    """Token, bar, percent; the first is the model's choice, the expected one has a check mark."""

    def __init__(self, count: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("candidate_bars")
        self.setAccessibleName("Most probable tokens")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else all that is behind is painted, too
        self._theme = DARK
        self.count = count
        self._candidates: Candidates | None = None

    @property
    def candidates(self) -> Candidates | None:
        return self._candidates

    def show_candidates(self, candidates: Candidates | None) -> None:
        if candidates != self._candidates:
            self._candidates = candidates
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, HEADING + self.count * LINE)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, HEADING + self.count * LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        candidates = self._candidates
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.colour("panel"))
        if candidates is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        painter.setFont(interface_font(13, QFont.Weight.DemiBold))
        painter.setPen(theme.colour("text"))
        head = QRectF(0, 0, self.width(), HEADING - 4)
        painter.drawText(
            head, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), candidates.heading
        )
        taken = painter.fontMetrics().horizontalAdvance(candidates.heading)
        painter.setFont(interface_font(11))
        painter.setPen(theme.colour("dim"))
        if taken + GAP + painter.fontMetrics().horizontalAdvance(candidates.note) <= self.width():
            painter.drawText(
                head, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), candidates.note
            )
        pairs = zip(candidates.tokens, candidates.probabilities, strict=True)
        for number, (token, probability) in list(enumerate(pairs))[: self.count]:
            self._paint_line(painter, number, token, probability, candidates.expected)

    def _paint_line(
        self, painter: QPainter, number: int, token: str, probability: float, expected: str
    ) -> None:
        theme, y = self._theme, HEADING + number * LINE
        right = token == expected
        painter.setFont(monospace_font(12))
        painter.setPen(theme.colour("text"))
        shown = QFontMetricsF(painter.font()).elidedText(token, Qt.TextElideMode.ElideRight, TOKEN - MARK - 8)
        painter.drawText(QRectF(0, y, TOKEN - MARK, LINE), int(Qt.AlignmentFlag.AlignVCenter), shown)
        if right:
            paint_icon(
                painter, "check", QRectF(TOKEN - MARK - 2, y + LINE / 2 - 5, 10, 10), theme.colour("good")
            )
        track = QRectF(TOKEN, y + (LINE - BAR) / 2, max(self.width() - TOKEN - PERCENT, 10), BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(track, BAR / 2, BAR / 2)
        length = track.width() * min(max(probability, 0.0), 1.0)
        if length > 0.5:
            painter.setBrush(theme.colour("accent" if number == 0 else "good" if right else "faint"))
            painter.save()
            painter.setClipRect(QRectF(track.left(), track.top(), length, BAR).adjusted(0, -1, 0, 1))
            painter.drawRoundedRect(track.adjusted(0, 0, min(length - track.width(), 0), 0), BAR / 2, BAR / 2)
            painter.restore()
        painter.setFont(monospace_font(11))
        painter.setPen(theme.colour("dim"))
        area = QRectF(track.right(), y, PERCENT, LINE)
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, int(align), f"{100 * probability:.1f} %")
