"""The stages of a head in the window: they follow the head that is selected, live, paused and in the past."""

import pytest

from tests.app.driving import Driver
from tfviz.training.export.heads import Head
from tfviz.training.stepping.stages import StagesWish
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.stages.stages_panel import StagesPanel


@pytest.fixture
def panel(driver: Driver) -> StagesPanel:
    """In front."""
    found = driver.bring_to_front(StagesPanel)
    driver.qtbot.waitUntil(lambda: found.stages is not None)
    return found


def shown(panel: StagesPanel) -> tuple[int, str, int | None]:
    assert panel._shown is not None
    snapshot, stages = panel._shown
    return snapshot.step, stages.head, stages.position


def test_a_head_that_is_selected_in_the_attention_panel_is_taken_apart(
    driver: Driver, panel: StagesPanel
) -> None:
    attention = driver.panel(AttentionPanel)
    attention.select(Head("decoder", 0, 1))
    driver.qtbot.waitUntil(lambda: shown(panel) == (0, "decoder L0H1", None))  # paused: at once
    assert driver.session.mailbox.wanted.stages == StagesWish("decoder L0H1")


def test_another_position_of_a_past_step_is_shown_with_what_the_update_moved(
    driver: Driver, panel: StagesPanel
) -> None:
    driver.session.gate.run_steps(6)
    driver.qtbot.waitUntil(lambda: driver.session.gate.state == "paused" and driver.session.step == 6)
    driver.window.controls.go_to(3)
    driver.qtbot.waitUntil(lambda: shown(panel)[0] == 3)
    assert panel.stages is not None and panel.stages.moved is not None
    panel.position_box.setCurrentIndex(2)
    driver.qtbot.waitUntil(lambda: shown(panel)[2] == 1)
    assert shown(panel)[0] == 3 and panel.stages.moved is not None
    driver.window.controls.go_to(6)
    driver.qtbot.waitUntil(lambda: shown(panel)[0] == 6)
    assert panel.stages.moved is None


def test_while_training_runs_the_stages_follow(driver: Driver, panel: StagesPanel) -> None:
    driver.session.gate.run()
    driver.qtbot.waitUntil(lambda: shown(panel)[0] > 5)
    before = shown(panel)[0]
    driver.qtbot.waitUntil(lambda: shown(panel)[0] > before)
    driver.session.gate.pause()


def test_a_title_is_looked_at_in_the_step_that_is_taken_apart(driver: Driver, panel: StagesPanel) -> None:
    panel.view.titles["pressure"].click()
    chosen = driver.window.debugging.debugger.chosen
    assert chosen is not None
    assert (chosen.tensor, chosen.of) == ("decoder.layers.0.multihead_attn.scores", "gradient")
