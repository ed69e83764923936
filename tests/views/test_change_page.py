"""The page of changes: what is typed for the noise is taken or refused by the rules that the run itself has."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tfviz.training.branching.edits import NOISE_RULES
from tfviz.training.config import RunConfig
from tfviz.views.interventions.change_page import ChangePage
from tfviz.views.parts.plain_scroll_area import PlainScrollArea

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot: QtBot) -> ChangePage:
    made = ChangePage()
    qtbot.addWidget(made)
    made.show_model(RunConfig.preset("identity").model)
    made.show()
    return made


def paste(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


@pytest.mark.parametrize("digits", [17, 400, 10_000])
def test_a_seed_of_too_many_digits_is_refused_in_a_sentence(
    page: ChangePage, qtbot: QtBot, digits: int
) -> None:
    paste(qtbot, page.seed, "9" * digits)
    assert page.error.text().endswith(f"allowed: {NOISE_RULES['seed'].allowed}")
    assert len(page.error.text()) < 210 and not page.noise_button.isEnabled()
    assert (
        page.findChild(PlainScrollArea).widget().minimumSizeHint().width() < 300
    )  # it does not widen the page
    paste(qtbot, page.seed, "7")
    assert page.error.text() == "" and page.noise_button.isEnabled()


def test_the_largest_seed_is_wished_as_it_is_typed(page: ChangePage, qtbot: QtBot) -> None:
    paste(qtbot, page.seed, str(2**53 - 1))
    paste(qtbot, page.scale, "0.5")
    with qtbot.waitSignal(page.noise_wished) as wished:
        qtbot.mouseClick(page.noise_button, LEFT)
    assert wished.args == [0.5, 2**53 - 1, ""]
