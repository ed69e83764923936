"""Tokens that would break a line, turn what stands beside them or not be seen at all are labelled by signs."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.training.export.conftest import make
from tfviz.app.frame.steady import SteadyLabel
from tfviz.training.export.comparison import Compared
from tfviz.training.export.heads import Head, attention_of
from tfviz.views.attention.head_reading import axes_of, read_cell
from tfviz.views.grids.cells import Scale
from tfviz.views.predictions.chips import Chip
from tfviz.views.style.fonts import monospace_font

ODD = ("<s>", "line\nbreak", "\u202eabc", " ", "\u0301", "</s>")
SEEN = ("<s>", "line␊break", "�abc", "␣", "◌\u0301", "</s>")


def test_the_axes_of_a_head_and_a_cell_that_is_read() -> None:
    attention, head = attention_of(make(ODD)), Head("encoder", 0, 0)
    axes = axes_of(head, Compared(attention), Scale(0.0, 1.0))
    assert axes.rows == axes.columns == SEEN
    reading = read_cell(head, attention, (1, 2), False)
    assert (reading.query_token, reading.key_token) == (SEEN[1], SEEN[2])


def test_chips() -> None:
    assert [Chip(token, expected=token).text for token in ODD] == list(SEEN)
    assert Chip("a", expected="b\n").expected == "b␊"


@pytest.mark.parametrize("token", ["!=", "->", "</s>", "<!--", "==="])
def test_the_characters_of_a_token_are_written_one_by_one(qapp: QApplication, token: str) -> None:
    def written(*texts: str) -> QImage:
        font, image = monospace_font(24), QImage(140, 40, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        painter.setFont(font)
        painter.setPen(QColor("white"))
        place = 5.0
        for text in texts:
            painter.drawText(QPointF(place, 28.0), text)
            place += QFontMetricsF(font).horizontalAdvance(text)
        painter.end()
        return image

    assert written(token) == written(*token)


def test_a_label_of_the_status_bar_has_one_line(qtbot: QtBot) -> None:
    label = SteadyLabel()
    qtbot.addWidget(label)
    label.say("one")
    height = label.sizeHint().height()
    label.say("probe: line\nbreak")
    assert label.text() == "probe: line␊break" and label.sizeHint().height() < 1.5 * height
