"""The playground in the window: live, paused, in the past, as the probe of all panels, and only while it is seen."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QPushButton

from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.app.settings import Settings
from tfviz.training.config import RunConfig
from tfviz.training.generation.playground import PlaygroundWish
from tfviz.views.playground.draft import Draft
from tfviz.views.playground.playground_panel import PlaygroundPanel


@pytest.fixture
def panel(driver: Driver) -> PlaygroundPanel:
    """In front, with its first answer."""
    found = driver.bring_to_front(PlaygroundPanel)
    driver.qtbot.waitUntil(lambda: found.played is not None)
    return found


def shown(panel: PlaygroundPanel) -> tuple[int, str]:
    """The step and the sentence of the answer that is shown."""
    assert panel._shown is not None
    snapshot, played = panel._shown
    return snapshot.step, played.wish.sentence


def write(driver: Driver, text: str) -> None:
    edit = driver.find(QLineEdit, "playground_edit")
    edit.selectAll()
    driver.qtbot.keyClicks(edit, text)


def test_it_begins_with_the_sentence_that_is_watched(driver: Driver, panel: PlaygroundPanel) -> None:
    assert shown(panel) == (0, driver.session.probe.source)


def test_typing_while_the_run_is_paused_is_answered_at_once(driver: Driver, panel: PlaygroundPanel) -> None:
    write(driver, "the dog is here")
    driver.qtbot.waitUntil(lambda: shown(panel) == (0, "the dog is here"))
    assert driver.session.step == 0 and driver.session.probe.origin != "typed"


def test_while_training_runs_answers_follow_and_typing_changes_them(
    driver: Driver, panel: PlaygroundPanel
) -> None:
    driver.session.gate.run()
    driver.qtbot.waitUntil(lambda: shown(panel)[0] > 5)
    write(driver, "how are you")
    driver.qtbot.waitUntil(lambda: shown(panel)[1] == "how are you")
    before = shown(panel)[0]
    driver.qtbot.waitUntil(lambda: shown(panel)[0] > before)
    driver.session.gate.pause()


def test_a_past_step_answers_what_is_typed_while_it_is_shown(driver: Driver, panel: PlaygroundPanel) -> None:
    driver.train(12)
    driver.window.controls.go_to(4)
    driver.qtbot.waitUntil(lambda: shown(panel)[0] == 4)
    write(driver, "how are you")
    driver.qtbot.waitUntil(lambda: shown(panel) == (4, "how are you"))
    driver.window.controls.go_to(12)
    driver.qtbot.waitUntil(lambda: shown(panel) == (12, "how are you"))


def test_a_pinned_sentence_is_watched_by_all_panels(driver: Driver, panel: PlaygroundPanel) -> None:
    write(driver, "how are you")
    driver.click_on(driver.find(QPushButton, "playground_pin"))
    assert driver.session.probe.source == "how are you" and driver.session.probe.origin == "typed"

    def watched() -> bool:
        picture = driver.window.bridge.picture
        return (
            picture is not None
            and picture.attention is not None
            and picture.attention.sentence == "how are you"
        )

    driver.qtbot.waitUntil(watched)


def test_kept_sentences_are_there_again_after_a_restart_and_belong_to_their_task(
    driver: Driver, panel: PlaygroundPanel, open_window: Open, store: Path
) -> None:
    write(driver, "how are you")
    driver.click_on(driver.find(QPushButton, "playground_keep"))
    board = panel.parts.board
    placed = board.arrangement.find("tokens")
    assert placed is not None
    driver.click_on(board, placed.chips[2].center())
    driver.press(Qt.Key.Key_M)
    driver.click_on(driver.find(QPushButton, "playground_keep"))
    wanted = [Draft("how are you"), Draft("how are you", (1,))]
    assert panel.parts.kept.drafts == wanted
    driver.window.close()

    again = open_window(settings=Settings(QSettings(str(store), QSettings.Format.IniFormat)))
    kept = again.find(QListWidget, "kept_sentences")
    found = again.bring_to_front(PlaygroundPanel)
    assert found.parts.kept.drafts == wanted
    again.qtbot.waitUntil(kept.isVisible)
    again.click_on(kept.viewport(), kept.visualItemRect(kept.item(1)).center())
    again.qtbot.waitUntil(lambda: found.played is not None and found.played.wish.hidden == (1,))
    again.window.controls.start_run(RunConfig.preset("copy"))
    again.qtbot.waitUntil(lambda: again.session.config.task.name == "copy" and not found.parts.kept.drafts)
    again.window.controls.start_run(RunConfig.preset("identity"))
    again.qtbot.waitUntil(lambda: found.parts.kept.drafts == wanted)


def test_behind_another_tab_nothing_is_asked(driver: Driver, panel: PlaygroundPanel) -> None:
    wanted = driver.session.mailbox
    assert wanted.wanted.playground == PlaygroundWish(driver.session.probe.source)
    driver.window.docks["attention_panel"].raise_()
    driver.qtbot.waitUntil(lambda: wanted.wanted.playground is None)
    driver.train(3)
    assert shown(panel)[0] == 0


def test_keys_of_the_board_are_its_own_while_a_token_is_selected(
    driver: Driver, panel: PlaygroundPanel
) -> None:
    board = panel.parts.board
    placed = board.arrangement.find("tokens")
    assert placed is not None
    driver.click_on(board, placed.chips[1].center())
    assert board.hasFocus()
    driver.press(Qt.Key.Key_Right)
    assert board.selected == ("tokens", 2) and driver.session.step == 0
    driver.press(Qt.Key.Key_M)
    assert panel.drafts.current.hidden == (1,)
    driver.qtbot.waitUntil(lambda: panel.played is not None and panel.played.wish.hidden == (1,))
    driver.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.drafts.current.hidden == ()
    driver.press(Qt.Key.Key_Escape)
    assert board.selected is None


def test_another_run_is_played_with_its_own_words(driver: Driver, panel: PlaygroundPanel) -> None:
    write(driver, "how are you")
    old = driver.session
    driver.window.controls.start_run(old.config.replace("task.name", "reverse"))
    driver.wait_for_new_session(old)
    driver.qtbot.waitUntil(lambda: panel.played is not None)
    assert shown(panel) == (0, "how are you")
    assert "how, are, you" in panel.parts.remark.text()


def test_a_change_of_theme_recolours_what_is_painted(driver: Driver, panel: PlaygroundPanel) -> None:
    driver.window.appearance.choose("light")
    image = panel.parts.board.grab().toImage()
    corner = image.pixelColor(image.width() - 3, image.height() - 3).name()
    assert corner == driver.window.theme.panel
