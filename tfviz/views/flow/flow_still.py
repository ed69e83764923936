"""The still part of the flow map, painted once for a size and a theme: layers, blocks, sums, names."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap

from tfviz.views.flow.flow_plan import Box, Plan
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import Theme

SMALLEST_TEXT = 8
LABEL_HEIGHT = 11
_KIND_COLOURS = {
    "self_attn": ("query", 0.22),
    "multihead_attn": ("parameter", 0.26),
    "feed_forward": ("good", 0.20),
    "norm": ("dim", 0.34),
    "embedding": ("warn", 0.20),
    "generator": ("warn", 0.20),
    "loss": ("bad", 0.24),
}


def ground_pixmap(plan: Plan, ratio: float, theme: Theme) -> QPixmap:
    """What lies below the lines: the frames of the layers."""
    pixmap, painter = _begin(plan, ratio, QColor(theme.panel))
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.setBrush(QColor(theme.raised))
    for area, _ in plan.frames:
        painter.drawRoundedRect(area, 4, 4)
    painter.end()
    return pixmap


def still_pixmap(plan: Plan, feet: tuple[str, ...], ratio: float, theme: Theme) -> QPixmap:
    """What lies above the lines; `feet` are the sentences at the bottom."""
    pixmap, painter = _begin(plan, ratio, QColor(Qt.GlobalColor.transparent))
    _paint_layers(painter, plan, theme)
    painter.setFont(interface_font(11))
    painter.setPen(QColor(theme.dim))
    metrics = QFontMetricsF(painter.font())
    for area, text in zip(plan.feet, feet, strict=True):
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 4)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, shown)
    for box in plan.boxes:
        _paint_box(painter, box, theme)
    radius = min(5.0, max(0.1 * plan.row, 1.5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.text), 1.2 if radius > 3 else 0.8))
    painter.setBrush(QColor(theme.panel))
    for join in plan.joins:
        painter.drawEllipse(join.at, radius, radius)
        if radius > 3:
            arm = radius - 2
            painter.drawLine(join.at - QPointF(arm, 0), join.at + QPointF(arm, 0))
            painter.drawLine(join.at - QPointF(0, arm), join.at + QPointF(0, arm))
    painter.end()
    return pixmap


def size_of(plan: Plan) -> QSize:
    return QSize(int(plan.size.width()), int(plan.size.height()))


def _begin(plan: Plan, ratio: float, ground: QColor) -> tuple[QPixmap, QPainter]:
    size = size_of(plan)
    pixmap = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(ground)
    return pixmap, QPainter(pixmap)


def _paint_layers(painter: QPainter, plan: Plan, theme: Theme) -> None:
    painter.setFont(monospace_font(10))
    painter.setPen(QColor(theme.dim))
    metrics = QFontMetricsF(painter.font())
    for number, (area, text) in enumerate(plan.frames):
        apart = math.ceil(LABEL_HEIGHT / max(area.height(), 1.0))  # of low layers not all are named
        if number % apart == 0:
            name = QRectF(area.left() + 3, area.top() + 1, metrics.horizontalAdvance(text) + 4, 13)
            if area.height() < 15:
                name.setHeight(LABEL_HEIGHT)
                name.moveTop(area.center().y() - name.height() / 2)
            painter.fillRect(name, QColor(theme.raised))  # the way of the memory runs below it
            painter.drawText(name, Qt.AlignmentFlag.AlignCenter, text)


def _paint_box(painter: QPainter, box: Box, theme: Theme) -> None:
    token, share = _KIND_COLOURS[box.kind]
    area = box.area
    painter.setPen(QPen(theme.mix("panel", token, min(share + 0.35, 1.0)), 1))
    painter.setBrush(theme.mix("panel", token, share))
    if area.height() < 6:
        painter.fillRect(area, theme.mix("panel", token, share + 0.30))
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    if area.height() < SMALLEST_TEXT:
        return
    painter.setFont(interface_font(min(max(int(area.height()) - 1, SMALLEST_TEXT), 12)))
    metrics = QFontMetricsF(painter.font())
    fitting = [name for name in box.names if metrics.horizontalAdvance(name) <= area.width() - 6]
    if fitting:
        painter.setPen(QColor(theme.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, fitting[0])
