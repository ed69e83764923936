"""A panel is told at its rate; where training needs all cores, one that takes long to show is told less often."""

import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from tfviz.training.record.history import History
from tfviz.views.feed import ROOM, Feed
from tfviz.views.panel import Panel


class Costly(Panel):
    """Takes so many seconds of its thread each time."""

    title = object_name = "costly"
    rate = 10.0
    cost = 0.0

    def show_history(self, history: History) -> None:
        ends = time.thread_time() + self.cost
        while time.thread_time() < ends:
            pass


def updates(panel: Panel, shards: int, states: list[str]) -> list[int]:
    """At which of the panel's turns, a step after another, it is told; the gate is in these states."""
    run = SimpleNamespace(shards=shards, gate=SimpleNamespace(state=""), history=[])
    feed, told = Feed(panel), []
    for turn, state in enumerate(states):
        run.gate.state = state
        run.history.append(0.0)
        if feed.take_turn(100.0 + turn / panel.rate, cast(Any, run), turn):
            told.append(turn)
    return told


@pytest.fixture
def costly(qtbot: QtBot) -> Costly:
    panel = Costly()
    qtbot.addWidget(panel)
    panel.cost = (
        2.5 * ROOM / panel.rate / (1 - 0.8**12)
    )  # so that the average after twelve turns is 2.5 of them
    return panel


def test_beside_one_training_thread_a_panel_has_every_turn(costly: Costly) -> None:
    assert updates(costly, 1, ["running"] * 30) == list(range(30))


def test_beside_several_one_that_takes_long_has_fewer_and_more_so_the_longer_it_takes(costly: Costly) -> None:
    told = updates(costly, 2, ["running"] * 90)
    assert {after - before for before, after in pairwise(told[20:])} <= {2, 3, 4}
    costly.cost *= 3
    assert len(updates(costly, 2, ["running"] * 90)) < 0.6 * len(told)


def test_one_that_takes_no_time_has_every_turn_beside_several_too(costly: Costly) -> None:
    costly.cost = 0.0
    assert updates(costly, 2, ["running"] * 30) == list(range(30))


def test_as_soon_as_training_pauses_nothing_is_left_out(costly: Costly) -> None:
    told = updates(costly, 2, ["running"] * 60 + ["paused"] * 5)
    assert told[-5:] == list(range(60, 65))
