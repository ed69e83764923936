"""The moving marks of the flow map: how much came through residual stream and branch, and what is wrong."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

from tfviz.training.stepping.flow import Flow, Trouble
from tfviz.training.stepping.step_places import Of
from tfviz.views.flow.flow_plan import Plan
from tfviz.views.flow.flow_words import SIGNS, percent
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import Theme

BAR = 30.0
WRITTEN_FROM = 12.0
"""Pixels of a sublayer from which shares are written beside their bars."""

RESIDUAL, BRANCH, NEGATIVE = "text", "accent", "gradient"
"""Tokens of the colours of shares."""

TROUBLE_COLOURS: dict[Trouble, str] = {"vanishing": "warn", "exploding": "bad", "not finite": "not_a_number"}
_WORST: tuple[Trouble, ...] = ("not finite", "exploding", "vanishing")


def paint_shares(painter: QPainter, plan: Plan, flow: Flow, of: Of, theme: Theme) -> None:
    """A bar, split in two, and the two numbers in percent, beside every junction."""
    marks = plan.joins if of == "value" else plan.forks
    bars: dict[str, list[QRectF]] = {RESIDUAL: [], BRANCH: [], NEGATIVE: []}
    written: list[tuple[QPointF, str]] = []
    thick = min(max(0.16 * plan.row, 2.0), 6.0)
    for mark in marks:
        if mark.place.junction is None:
            continue
        shares = flow.shares[mark.place.junction]
        left, y = mark.at.x() + 9, mark.at.y()
        _split(bars, shares, left, y - thick / 2, thick)
        written.append((QPointF(left + BAR + 5, y + 4), " ".join(f"{percent(share):>3}" for share in shares)))
    for token, areas in bars.items():
        if areas:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(theme, token)))
            painter.drawRects(areas)
    if plan.row >= WRITTEN_FROM:
        painter.setFont(monospace_font(10))
        painter.setPen(QColor(theme.dim))
        for at, text in written:
            painter.drawText(at, text)
        if of == "gradient":
            _write_readers(painter, plan, flow)


def _split(
    bars: dict[str, list[QRectF]], shares: tuple[float, ...], left: float, top: float, thick: float
) -> None:
    """Lengths in proportion; a negative share is as long as it is large, in its own colour."""
    whole = sum(map(abs, shares))
    if not math.isfinite(whole) or not whole:
        return
    for token, share in zip((RESIDUAL, BRANCH), shares, strict=True):
        length = BAR * abs(share) / whole
        bars[token if share >= 0 else NEGATIVE].append(QRectF(left, top, length, thick))
        left += length


def _write_readers(painter: QPainter, plan: Plan, flow: Flow) -> None:
    """What each decoder layer gives to the gradient of the memory: below its line, for above it is its name."""
    if flow.chart.memory_fork is None:
        return
    below = QPointF(4, plan.widest_branch / 2 + QFontMetricsF(painter.font()).capHeight() + 2)
    for mark, share in zip(plan.readers, flow.shares[flow.chart.memory_fork], strict=True):
        painter.drawText(mark.at + below, f"{percent(share)} %")


def troubles_along(plan: Plan, troubles: dict[str, Trouble]) -> list[tuple[Trouble, QRectF]]:
    """What is wrong with the streams, neighbouring sublayers of one trouble joined: from the bottom up."""
    found: list[tuple[Trouble, QRectF]] = []
    for run in plan.runs:
        here = {troubles[tensor] for tensor in run.tensors if tensor in troubles}
        worst = next((trouble for trouble in _WORST if trouble in here), None)
        if worst is None:
            continue
        if found and found[-1][0] == worst and _touch(found[-1][1], run.area):
            found[-1] = worst, found[-1][1].united(run.area)
        else:
            found.append((worst, run.area))
    return found


def _touch(one: QRectF, other: QRectF) -> bool:
    return one.left() == other.left() and abs(one.top() - other.bottom()) < 1


def paint_troubles(painter: QPainter, plan: Plan, troubles: dict[str, Trouble], theme: Theme) -> None:
    """A strip beside the stream, with a sign, and in words where it is long enough."""
    painter.setFont(interface_font(11))
    for trouble, area in troubles_along(plan, troubles):
        colour = TROUBLE_COLOURS[trouble]
        painter.fillRect(QRectF(area.left(), area.top() + 1, 3, area.height() - 2), theme.colour(colour))
        painter.fillRect(area.adjusted(3, 1, 0, -1), theme.mix("panel", colour, 0.18))
        painter.setPen(QColor(theme.text))
        if area.height() >= 80:
            painter.save()
            painter.translate(area.right(), area.top())
            painter.rotate(90)
            text = QRectF(0, 0, area.height(), area.width() - 3)
            painter.drawText(text, Qt.AlignmentFlag.AlignCenter, f"{SIGNS[trouble]} {trouble}")
            painter.restore()
        elif area.height() >= 12:
            painter.drawText(area.adjusted(3, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, SIGNS[trouble])
