"""Predictions beside attention while training runs: decoded now and then, and never gone in between."""

from pytestqt.qtbot import QtBot

from tests.training.small_runs import HARD, PATIENCE
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.bridge import Bridge
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.predictions.prediction_rows import FORCED, RUNNING


def test_the_row_of_the_free_running_answer_does_not_blink(qtbot: QtBot) -> None:
    attention, predictions = AttentionPanel(), PredictionPanel()
    pictures: list[Snapshot] = []
    rows: list[list[str]] = []
    for panel in (attention, predictions):
        qtbot.addWidget(panel)
        panel.resize(700, 500)
        panel.show()
    bridge = Bridge([attention, predictions])

    def look() -> None:
        if bridge.picture is not None and (not pictures or bridge.picture is not pictures[-1]):
            pictures.append(bridge.picture)
            rows.append([row.key for row in predictions.board._rows])

    bridge.at_every_look(look)
    with Session(HARD) as session:
        session.start()
        bridge.watch(session)
        session.gate.run()
        qtbot.waitUntil(
            lambda: sum(shown.prediction is None for shown in pictures) > 8, timeout=int(1000 * PATIENCE)
        )
        session.gate.pause()
        assert session.gate.wait_parked(PATIENCE)
        bridge.watch(None)
    shown = [found for found in rows if found]
    assert len(shown) > 8 and all({FORCED, RUNNING} <= set(found) for found in shown)
    assert rows[-1]  # once they are there they stay
    first = next(place for place, found in enumerate(rows) if found)
    assert all(rows[first:])
