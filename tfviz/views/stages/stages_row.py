"""The softmax of one row written out: scores, powers, their sum, weights."""

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from tfviz.views.stages.stages_reading import Arithmetic
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import Theme

HINT = (
    "Hover a cell to read it in all stages.\n"
    "Click it to lock its query: the softmax of that row is written out here.\n"
    "“loss of” at the top: one target position alone."
)
LINE = 14
TOP = 42
WIDEST = 330
SUMS = 4  # lines below the keys
NARROW = 210
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_hint(painter: QPainter, area: QRect, theme: Theme) -> None:
    """What to do to see a row."""
    painter.setFont(interface_font(12))
    painter.setPen(QColor(theme.faint))
    # At the upper end, which is in view also where the rest is scrolled to.
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(_column(area).adjusted(0, TOP, 0, 0), int(flags), HINT)


def paint_arithmetic(
    painter: QPainter, area: QRect, row: Arithmetic, locked: bool, key: int | None, theme: Theme
) -> None:
    """A line for each key, as many as there is room for, the largest weights first where that is not for all; the one
    that the mouse is on is marked."""
    area = _column(area)
    _paint_title(painter, area, row, locked, theme)
    lines = max((area.height() - TOP) // LINE - SUMS, 1)
    shown = range(len(row.keys))
    if len(row.keys) > lines:
        shown = sorted(sorted(shown, key=lambda place: -row.weights[place])[: lines - 1])  # type: ignore[assignment]
    digits, font = _digits(area), monospace_font(_size(area))
    edges = [area.left() + area.width() * share // 100 for share in (0, 26, 52, 76, 100)]
    top = area.top() + TOP
    heads = ("key", "score", "exp", "weight")
    _write(painter, edges, top - LINE - 2, heads, theme.dim, interface_font(_size(area)))
    for place in shown:
        if place == key:
            painter.fillRect(QRect(area.left(), top, area.width(), LINE), theme.colour("accent", 0.22))
        masked = math.isinf(row.scores[place]) and row.scores[place] < 0
        score = "masked" if masked else _plain(row.scores[place])
        texts = (
            row.keys[place],
            score,
            f"{row.powers[place]:.{digits}f}",
            f"{row.weights[place]:.{digits}f}",
        )
        _write(painter, edges, top, texts, theme.dim if masked else theme.text, font)
        top += LINE
    if len(shown) < len(row.keys):
        painter.setPen(QColor(theme.dim))
        more = f"… and {len(row.keys) - len(shown)} smaller or masked"
        painter.drawText(QRectF(area.left(), top, area.width(), LINE), int(LEFT), more)
        top += LINE
    _write_sums(painter, area, top, edges, row, theme)


def _write_sums(
    painter: QPainter, area: QRect, top: int, edges: list[int], row: Arithmetic, theme: Theme
) -> None:
    """Below the keys: the sums of powers and weights, and how they were computed."""
    digits, font = _digits(area), monospace_font(_size(area))
    painter.fillRect(QRectF(area.left(), top + 2, area.width(), 1), QColor(theme.line))
    sums = ("sum", "", f"{row.total:.{digits}f}", f"{row.weights.sum():.{digits}f}")
    _write(painter, edges, top + 4, sums, theme.text, font)
    painter.setFont(interface_font(_size(area)))
    painter.setPen(QColor(theme.dim))
    largest = _plain(row.largest) if row.largest >= 0 else f"({_plain(row.largest)})"
    words = (f"exp = exp(score − {largest})", f"weight = exp / {row.total:.{digits}f}")
    for line, text in enumerate(words, 1):
        place_of = QRectF(area.left(), top + 6 + line * LINE, area.width(), LINE)
        painter.drawText(place_of, int(LEFT), text)


def _paint_title(painter: QPainter, area: QRect, row: Arithmetic, locked: bool, theme: Theme) -> None:
    font = interface_font(12, QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    text = f"softmax · query {row.query} {row.token}"
    text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 20)
    painter.drawText(QRectF(area.left(), area.top(), area.width() - 18, 20), int(LEFT), text)
    if locked:
        corner = QPointF(area.right() - 14, area.top() + 3)
        paint_icon(painter, "lock", QRectF(corner.x(), corner.y(), 14, 14), QColor(theme.accent))


def _write(
    painter: QPainter, edges: list[int], top: int, texts: tuple[str, ...], colour: str, font: QFont
) -> None:
    painter.setFont(font)
    painter.setPen(QColor(colour))
    metrics = QFontMetricsF(font)
    for number_of, text in enumerate(texts):
        left, right = edges[number_of], edges[number_of + 1]
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right - left - (0 if number_of else 4))
        flags = RIGHT if number_of else LEFT
        painter.drawText(QRectF(left, top, right - left, LINE), int(flags), text)


def _digits(area: QRect) -> int:
    return 3 if area.width() < NARROW else 4


def _size(area: QRect) -> int:
    """Of the letters."""
    return 10 if area.width() < NARROW else 11


def _column(area: QRect) -> QRect:
    return QRect(area.left(), area.top(), min(area.width() - 4, WIDEST), area.height())


def _plain(value: float) -> str:
    return f"{value:#.3g}".replace("-", "−")
