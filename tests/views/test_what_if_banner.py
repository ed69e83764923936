"""How a broken branch compares with the one that it left: the newest numbers of both, read without a whole run."""

import math

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.views.made_branches import left, main_line
from tfviz.training.branching.branches import Line
from tfviz.training.branching.what_if import what_if_preset
from tfviz.training.record.history import History
from tfviz.views.interventions.what_if_banner import Newest, WhatIfBanner


def validated(steps: int, values: dict[int, float]) -> History:
    """A history with a validation loss after some of its steps."""
    made = History()
    for step in range(1, steps + 1):
        made.append(step, loss=1.0, validation_loss=values.get(step, math.nan))
    return made


@pytest.fixture
def lines() -> dict[int, Line]:
    main = main_line(80)
    name = what_if_preset("learning rate times ten").branch_name(20)
    return {0: main, 1: left(main, 1, 20, 80, 3.0, name)}


def number(banner: WhatIfBanner, name: str) -> str:
    found = banner.findChild(QLabel, f"what_if_{name}")
    assert found is not None
    return found.text()


def test_the_newest_numbers_of_both_stand_side_by_side(qtbot: QtBot, lines: dict[int, Line]) -> None:
    banner = WhatIfBanner()
    qtbot.addWidget(banner)
    banner.show_run(lines, 1)
    assert (number(banner, "loss_here"), number(banner, "loss_there")) == ("3", "1")
    assert number(banner, "validation_here") == "not yet"
    lines[1].history.append(81, loss=3.0, validation_loss=math.inf)
    lines[0].history.append(81, loss=1.0, validation_loss=0.25)
    banner.refresh()
    assert (number(banner, "validation_here"), number(banner, "validation_there")) == ("∞", "0.25")
    banner.show_run(lines, 0)
    assert banner.isHidden()


def test_the_newest_value_up_to_a_step_is_read_and_stays_until_there_is_another_one() -> None:
    read = Newest("validation_loss", validated(40, {10: 0.5, 30: 0.25}))
    assert math.isnan(read(9)) and read(10) == 0.5 and read(29) == 0.5 and read(40) == 0.25
    assert read(20) == 0.5  # a step before those that were read
    assert math.isnan(Newest("nothing", validated(3, {}))(3))


def test_rows_that_were_read_are_not_read_again() -> None:
    made = validated(40, {10: 0.5})
    read = Newest("validation_loss", made)
    assert read(20) == 0.5
    made._state.cells[made.names.index("validation_loss"), 14] = 9.0
    assert read(40) == 0.5
