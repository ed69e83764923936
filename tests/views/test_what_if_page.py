"""The page of what can be broken: it follows the step that is shown, and is left alone while nothing changes."""

import pytest
from pytestqt.qtbot import QtBot

from tests.views.made_branches import FAST, main_line
from tfviz.views.interventions.what_if_page import WhatIfPage


@pytest.fixture
def page(qtbot: QtBot) -> WhatIfPage:
    """Of a run whose learning rate is another one after step 10."""
    made = WhatIfPage()
    qtbot.addWidget(made)
    line = main_line(20)
    line.change(10, FAST)
    made.show_run({0: line}, 0, 20)
    return made


def test_a_row_says_what_it_would_change_at_the_step_that_is_shown(page: WhatIfPage) -> None:
    text = page.row("learning rate times ten").change.text
    assert "0.01 → 0.1" in text()
    page.show_step(9)
    assert "0.001 → 0.01" in text()
    page.show_step(10)
    assert "0.01 → 0.1" in text()


def test_rows_are_written_again_only_where_the_configuration_is_another_one(page: WhatIfPage) -> None:
    change = page.row("learning rate times ten").change
    change.setText("as it was")
    for step in (19, 10, 15, 20):
        page.show_step(step)
        assert change.text() == "as it was"
    page.show_step(9)
    assert change.text() != "as it was"
