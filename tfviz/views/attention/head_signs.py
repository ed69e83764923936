"""Signs on the tiles of the atlas: which heads are off or uniform, and what the others are worth to the loss."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from tfviz.core.config import ModelConfig
from tfviz.training.export.heads import Head
from tfviz.training.heads.head_importance import Importance
from tfviz.training.model_settings import ModelSettings
from tfviz.views.attention.atlas_layout import AtlasLayout
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import Theme

Done = Literal["", "off", "uniform"]
BAR = 3.0
POSITIVE, NEGATIVE = 225, 30
"""Rows of the signed colour table."""


@dataclass(frozen=True)
class HeadSign:
    """`change` is that of the loss: by what is done to the head, or by switching it off. None: unknown."""

    done: Done = ""
    change: float | None = None


Signs = Mapping[Head, HeadSign]


def done_to(head: Head, model: ModelSettings | ModelConfig) -> Done:
    """What a configuration does to a head."""
    if head.setting in model.heads_off:
        return "off"
    return "uniform" if head.setting in model.heads_uniform else ""


def signs_of(model: ModelSettings, importances: Mapping[str, Importance]) -> dict[Head, HeadSign]:
    """The heads that have a sign. `importances` by the names of the configuration."""
    names = dict.fromkeys((*model.heads_off, *model.heads_uniform, *importances))
    signs = {}
    for name in names:
        head, found = Head.from_setting(name), importances.get(name)
        done = done_to(head, model)
        signs[head] = HeadSign(done, None if found is None else change_by(done, found))
    return signs


def change_by(done: Done, found: Importance) -> float | None:
    """The change of loss by what is done to a head, or by switching it off; None where it was measured otherwise."""
    return found.change if done != "uniform" else found.cost or None


def change_text(change: float) -> str:
    """ "+0.31"; a true minus where the loss falls."""
    text = f"{change:+.2f}" if abs(change) < 9.995 else f"{change:+.3g}"
    return text.replace("-", "−")


def sign_text(sign: HeadSign) -> str:
    """ "off +0.31", "uniform", "+0.02"."""
    return " ".join(
        part for part in (sign.done, "" if sign.change is None else change_text(sign.change)) if part
    )


def paint_signs(painter: QPainter, layout: AtlasLayout, signs: Signs, theme: Theme) -> None:
    """A word in the corner where there is room, a stroke through what is off, two lines over what is uniform; below the
    tile a bar as long as the change of loss, from the left where the head helps, from the right where it harms."""
    changes = [abs(sign.change) for sign in signs.values() if sign.change is not None]
    largest = max(changes, default=0.0) or 1.0
    table = theme.lookup_table(signed=True)
    for head, sign in signs.items():
        rectangle = layout.rectangle(head)
        if rectangle is None:
            continue
        tile = QRectF(rectangle)
        if sign.done:
            _paint_done(painter, tile, sign.done, theme)
        if sign.change is not None:
            length = max(abs(sign.change) / largest * tile.width(), 1.0)
            left = tile.left() if sign.change >= 0 else tile.right() - length
            red, green, blue = table[POSITIVE if sign.change >= 0 else NEGATIVE, :3]
            painter.fillRect(
                QRectF(left, tile.bottom() + 0.5, length, BAR), QColor(int(red), int(green), int(blue))
            )
        _paint_text(painter, tile, sign, theme)


def _paint_done(painter: QPainter, tile: QRectF, done: Done, theme: Theme) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    lines = (
        [(tile.bottomLeft(), tile.topRight())]
        if done == "off"
        else [
            (QPointF(tile.left() + 4, y), QPointF(tile.right() - 4, y))
            for y in (tile.center().y() - 3, tile.center().y() + 3)
        ]
    )
    for colour, width in ((theme.panel, 4.0), (theme.warn, 2.0)):
        painter.setPen(QPen(QColor(colour), width))
        for begin, end in lines:
            painter.drawLine(begin, end)


def _paint_text(painter: QPainter, tile: QRectF, sign: HeadSign, theme: Theme) -> None:
    """The longest text for which there is room; on a ground of its own, for tiles have any colour."""
    painter.setFont(interface_font(10))
    metrics = QFontMetricsF(painter.font())
    number = "" if sign.change is None else change_text(sign.change)
    for text in (sign_text(sign), sign.done, number):
        width = metrics.horizontalAdvance(text) + 6
        if text and width <= tile.width():
            area = QRectF(tile.right() - width, tile.top(), width, 14)
            painter.fillRect(area, QColor(theme.panel))
            painter.setPen(QColor(theme.warn if sign.done else theme.text))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
            return
