"""The tree of a beam search, drawn: tokens position by position from left to right, followed and given up."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from tfviz.training.counted import counted
from tfviz.training.generation.beam_search import BeamNode, BeamTree
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.tipped_widget import TippedWidget
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import DARK, Theme

NODE_WIDTH, NODE_HEIGHT, COLUMN, ROW, TOP = 112, 22, 142, 27, 4
MARGIN = 3


@dataclass(frozen=True)
class PlacedNode:
    node: BeamNode
    token: str
    area: QRectF
    best: bool
    """Whether it is part of the answer."""


def place_nodes(tree: BeamTree, tokens: tuple[str, ...]) -> tuple[PlacedNode, ...]:
    """By their number; in a column the children of a higher parent come first, then the more probable ones."""
    best: set[int] = set()
    node: int | None = tree.hypotheses[0].node
    while node is not None:
        best.add(node)
        node = tree.nodes[node].parent
    rows: dict[int | None, int] = {None: 0}
    layers: dict[int, list[BeamNode]] = {}
    for tried in tree.nodes:
        layers.setdefault(tried.position, []).append(tried)
    for layer in layers.values():
        layer.sort(key=lambda tried: (rows[tried.parent], -tried.probability, tried.token))
        rows.update({tried.number: row for row, tried in enumerate(layer)})
    return tuple(
        PlacedNode(
            tried,
            token,
            QRectF(MARGIN + tried.position * COLUMN, TOP + rows[tried.number] * ROW, NODE_WIDTH, NODE_HEIGHT),
            tried.number in best,
        )
        for tried, token in zip(tree.nodes, tokens, strict=True)
    )


@guarded
class BeamView(TippedWidget):
    """As large as the tree; whoever has it scrolls. Each node says its token and the logarithm of the probability of
    everything up to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("playground_beam")
        self.setAccessibleName("Tree of the beam search")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._theme = DARK
        self.placed: tuple[PlacedNode, ...] = ()

    def show_tree(self, tree: BeamTree | None, tokens: tuple[str, ...]) -> None:
        self.placed = place_nodes(tree, tokens) if tree else ()
        right = max((placed.area.right() for placed in self.placed), default=0.0)
        bottom = max((placed.area.bottom() for placed in self.placed), default=0.0)
        self.setMinimumSize(math.ceil(right) + MARGIN, math.ceil(bottom) + MARGIN)
        self.setAccessibleDescription(summary(tree, self.placed) if tree else "")
        self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.fillRect(event.rect(), QColor(theme.panel))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        exposed = QRectF(event.rect())
        for placed in sorted(self.placed, key=lambda placed: (placed.best, placed.node.kept)):
            if placed.node.parent is not None:
                self._paint_line(painter, self.placed[placed.node.parent].area, placed, exposed)
        for placed in self.placed:
            if placed.area.intersects(exposed):
                self._paint_node(painter, placed)

    def _paint_line(self, painter: QPainter, parent: QRectF, placed: PlacedNode, exposed: QRectF) -> None:
        start = QPointF(parent.right(), parent.center().y())
        end = QPointF(placed.area.left(), placed.area.center().y())
        if not QRectF(start, end).normalized().adjusted(-2, -2, 2, 2).intersects(exposed):
            return
        middle = (start.x() + end.x()) / 2
        path = QPainterPath(start)
        path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._pen(placed))
        painter.drawPath(path)

    def _pen(self, placed: PlacedNode) -> QPen:
        if placed.best:
            return QPen(QColor(self._theme.accent), 2.5)
        if placed.node.kept:
            return QPen(QColor(self._theme.accent), 1.2)
        return QPen(QColor(self._theme.disabled), 1, Qt.PenStyle.DashLine)

    def _paint_node(self, painter: QPainter, placed: PlacedNode) -> None:
        theme, area, kept = self._theme, placed.area, placed.node.kept
        painter.setBrush(QColor(theme.selection if placed.best else theme.raised if kept else theme.panel))
        painter.setPen(self._pen(placed))
        painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        inside = area.adjusted(8, 0, -7, 0)
        score = score_text(placed.node.log_probability)
        painter.setFont(monospace_font(10))
        painter.setPen(QColor(theme.dim if kept else theme.faint))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignRight | middle), score)
        room = inside.width() - QFontMetricsF(painter.font()).horizontalAdvance(score) - 6
        painter.setFont(monospace_font(12, QFont.Weight.DemiBold if placed.best else QFont.Weight.Normal))
        painter.setPen(QColor(theme.text if kept else theme.faint))
        token = QFontMetricsF(painter.font()).elidedText(placed.token, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft | middle), token)

    def tip_at(self, position: QPointF) -> str:
        return next((node_text(placed) for placed in self.placed if placed.area.contains(position)), "")


@guarded
class BeamLegend(QWidget):
    """What the frames and lines of the tree mean, in one line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(20)
        self.setAccessibleName("Legend of the beam tree")
        self._theme = DARK

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setFont(interface_font(11))
        metrics, x = QFontMetricsF(painter.font()), 2.0
        for text, pen in (
            ("the answer", QPen(QColor(theme.accent), 2.5)),
            ("followed", QPen(QColor(theme.accent), 1.2)),
            ("given up", QPen(QColor(theme.disabled), 1, Qt.PenStyle.DashLine)),
            ("numbers: log-probability", None),
        ):
            if pen is not None:
                painter.setPen(pen)
                painter.drawLine(QPointF(x, 10), QPointF(x + 22, 10))
                x += 28
            width = metrics.horizontalAdvance(text)
            painter.setPen(QColor(theme.dim))
            painter.drawText(QRectF(x, 0, width + 2, 20), int(Qt.AlignmentFlag.AlignVCenter), text)
            x += width + 16


def score_text(log_probability: float) -> str:
    """With a real minus sign."""
    if math.isinf(log_probability):
        return "−∞"
    return f"{log_probability:.2f}".replace("-", "−")


def node_text(placed: PlacedNode) -> str:
    node = placed.node
    fate = "part of the answer" if placed.best else "followed" if node.kept else "given up"
    return (
        f"“{placed.token}” at position {node.position}: {100 * node.probability:.1f} % after those before it, "
        f"log-probability {score_text(node.log_probability)} together, {fate}"
    )


def summary(tree: BeamTree, placed: tuple[PlacedNode, ...]) -> str:
    """In words: the answers that the search came to."""
    answers = []
    for hypothesis in tree.hypotheses:
        tokens, node = [], placed[hypothesis.node]
        while True:
            tokens.append(node.token)
            if node.node.parent is None:
                break
            node = placed[node.node.parent]
        answers.append(f"{' '.join(reversed(tokens))} ({score_text(hypothesis.log_probability)})")
    return f"{counted(len(placed), 'token')} tried. Answers, best first: {'; '.join(answers)}"
