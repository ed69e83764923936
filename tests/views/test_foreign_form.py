import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from tfviz.training.config import RunConfig
from tfviz.views.run.foreign_form import LONGEST, MOST_ROWS, ForeignForm
from tfviz.views.run.run_panel import RunPanel


def texts(form: ForeignForm) -> list[str]:
    return [label.text() for label in form.widget().findChildren(QLabel)]


@pytest.fixture
def form(qtbot: QtBot) -> ForeignForm:
    made = ForeignForm()
    qtbot.addWidget(made)
    return made


def test_nested_values_are_named_by_what_they_lie_in(form: ForeignForm) -> None:
    form.show_values({"name": "theirs", "model": {"d_model": 16, "heads": [1, 2]}, "on": None})
    assert texts(form) == ["name", "theirs", "model.d_model", "16", "model.heads", "1, 2", "on", "None"]
    form.show_values({})
    assert texts(form) == ["nothing recorded"]


def test_a_huge_configuration_is_cut(form: ForeignForm) -> None:
    form.show_values({f"v{number}": "x" * 1000 for number in range(1000)})
    assert len(texts(form)) == 2 * MOST_ROWS
    assert max(map(len, texts(form))) == LONGEST


def test_markup_is_shown_as_it_was_written(form: ForeignForm, qtbot: QtBot) -> None:
    form.show_values({"<s>": "<b>bold</b>"})
    form.show()
    assert texts(form) == ["<s>", "<b>bold</b>"]
    assert all(label.sizeHint().width() > 10 for label in form.widget().findChildren(QLabel))


def test_the_run_panel_shows_it_in_place_of_the_fields_until_a_preset_is_chosen(qtbot: QtBot) -> None:
    panel = RunPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_foreign({"layers": 3}, "PyTorch")
    button = panel.findChild(QPushButton, "new_run_button")
    assert panel.foreign.isVisible() and not panel.form.isVisible()
    assert not button.isEnabled()
    assert "PyTorch trains this run" in button.toolTip()
    box = panel.findChild(type(panel._preset), "run_preset")
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert panel.form.isVisible() and not panel.foreign.isVisible()
    assert button.isEnabled()
    panel.show_config(RunConfig())
    assert panel.form.isVisible()
