"""Starting runs from the window: again, with another seed, with another configuration, from a file."""

from pathlib import Path

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.training.config import RunConfig


def field(driver: Driver, path: str) -> QLineEdit:
    """The run panel's editor of a field of the configuration."""
    found = [row.editors[path] for row in driver.window.panels["run_panel"].form.rows if path in row.editors]
    editor = found[0]
    assert isinstance(editor, QLineEdit)
    return editor


def type_into(driver: Driver, path: str, text: str) -> None:
    editor = field(driver, path)
    editor.selectAll()
    driver.qtbot.keyClicks(editor, text)


def dialog_text(driver: Driver) -> str:
    driver.qtbot.waitUntil(lambda: bool(driver.window.problems.dialogs))
    return driver.window.problems.dialogs[-1].text_label.text()


def test_restart_with_the_same_seed_gives_the_same_losses(driver: Driver) -> None:
    driver.train(10)
    old = driver.session
    losses = old.history["loss"]
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.step == 0
    assert not old.running
    assert "same seed, 0" in driver.window.status.currentMessage()
    driver.train(10)
    assert numpy.array_equal(driver.session.history["loss"], losses)


def test_a_new_seed_is_another_one_and_said(driver: Driver) -> None:
    driver.train(3)
    old = driver.session
    driver.click("new_seed")
    driver.wait_for_new_session(old)
    seed = driver.session.seed
    assert seed != old.seed
    assert f"new seed, {seed}" in driver.window.status.currentMessage()
    assert f"seed {seed}" in driver.window.windowTitle()
    driver.train(3)
    assert not numpy.array_equal(driver.session.history["loss"], old.history["loss"])


def test_restart_while_training_joins_the_old_thread(driver: Driver) -> None:
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 3)
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert not old.running
    assert driver.session.gate.state == "paused"


def test_a_new_run_takes_the_edited_configuration(driver: Driver) -> None:
    old = driver.session
    type_into(driver, "model.d_model", "24")
    driver.click_on(driver.find(QPushButton, "new_run_button"))
    driver.wait_for_new_session(old)
    assert driver.session.config.model.d_model == 24
    driver.click("step_batch")
    driver.wait_parked_at(1)


def test_a_new_run_begins_with_the_settings_of_this_one_and_with_whole_parts(
    driver: Driver, tmp_path: Path
) -> None:
    driver.train(2)
    done = {"model.heads_off": ("cross.0.1",), "training.frozen": ("generator",)}
    driver.session.change(done | {"training.learning_rate": 0.05})
    driver.qtbot.waitUntil(lambda: field(driver, "training.learning_rate").text() == "0.05")
    assert driver.find(QPushButton, "new_run_button").text() == "New run"
    driver.session.save(tmp_path / "run.tfviz")
    for again in (False, True):
        old = driver.session
        if again:
            driver.window.files.open_path(tmp_path / "run.tfviz")
            driver.wait_for_new_session(old)
            assert driver.session.config.model.heads_off == ("cross.0.1",)
            old = driver.session
        driver.click_on(driver.find(QPushButton, "new_run_button"))
        driver.wait_for_new_session(old)
        config = driver.session.config
        assert (config.model.heads_off, config.training.frozen) == ((), ())
        assert config.training.learning_rate == 0.05


def test_a_new_run_keeps_the_heads_off_that_this_one_began_without(
    open_window: Open, config: RunConfig
) -> None:
    driver = open_window(config.replace("model.heads_off", ("cross.0.1",)))
    old = driver.session
    driver.click_on(driver.find(QPushButton, "new_run_button"))
    driver.wait_for_new_session(old)
    assert driver.session.config.model.heads_off == ("cross.0.1",)


def test_a_field_that_cannot_be_is_marked_and_the_run_stays(driver: Driver) -> None:
    old = driver.session
    type_into(driver, "model.d_model", "15")
    editor = field(driver, "model.d_model")
    assert editor.property("invalid")
    assert not driver.find(QPushButton, "new_run_button").isEnabled()
    driver.press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert driver.session is old
    words = " ".join(label.text() for label in driver.window.panels["run_panel"].findChildren(QLabel))
    assert "d_model 15" in words


def test_a_run_that_cannot_be_made_is_explained_and_the_old_one_stays(
    driver: Driver, config: RunConfig, tmp_path: Path
) -> None:
    driver.train(2)
    old = driver.session
    path = str(tmp_path / "nowhere.tsv")
    driver.window.controls.start_run(
        config.with_values({"task.name": "file", "task.path": path, "task.probe": 1})
    )
    assert "nowhere.tsv" in dialog_text(driver)
    assert driver.session is old
    driver.train(1)


def test_a_window_whose_first_run_cannot_be_made_stays_usable(
    open_window: Open, config: RunConfig, tmp_path: Path
) -> None:
    path = str(tmp_path / "nowhere.tsv")
    driver = open_window(config.with_values({"task.name": "file", "task.path": path, "task.probe": 1}))
    assert "nowhere.tsv" in dialog_text(driver)
    with pytest.raises((ValueError, OSError), match="nowhere"):
        _ = driver.window.session
    for name in ("play_pause", "step_batch", "step_back", "restart", "new_seed", "export", "save_run"):
        driver.window.commands[name].trigger()
    driver.window.controls.start_run(config)
    driver.qtbot.waitUntil(lambda: driver.window.runs.current is not None)
    driver.train(1)


def test_what_was_trained_before_the_window_is_shown_is_seen_in_it(open_window: Open) -> None:
    driver = open_window(prepare=lambda window: window.session.train(4))
    assert driver.find(QLabel, "step_label").text() == "Step 4"
    assert driver.window.bridge.picture.step == 4
    driver.train(1)


def test_a_sentence_typed_is_watched(driver: Driver) -> None:
    edit = driver.find(QLineEdit, "probe_edit")
    driver.qtbot.keyClicks(edit, "how are you")
    driver.qtbot.keyClick(edit, Qt.Key.Key_Return)
    bridge = driver.window.bridge
    driver.qtbot.waitUntil(lambda: bridge.picture.prediction.sentence == "how are you")
    assert bridge.picture.attention.source_tokens == ("<s>", "how", "are", "you", "</s>")


def test_a_sentence_that_is_too_long_is_explained_at_its_field(driver: Driver) -> None:
    edit = driver.find(QLineEdit, "probe_edit")
    edit.setText("you " * 300)
    driver.qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert "300 words" in driver.find(QLabel, "probe_warning").text()
    driver.train(1)


def test_a_saved_run_is_opened_again_with_its_record(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    driver.train(7)
    losses = driver.session.history["loss"]
    driver.window.files.choose_to_save = lambda parent, suggestion, kinds: str(path)
    driver.window.files.choose_to_open = lambda parent, folder, kinds: str(path)
    driver.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    driver.qtbot.waitUntil(lambda: driver.window.status.currentMessage() == f"Saved {path}")
    old = driver.session
    driver.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    driver.wait_for_new_session(old)
    assert driver.step == 7
    assert numpy.array_equal(driver.session.history["loss"], losses)
    driver.train(1)


def test_a_file_that_is_no_run_is_refused_in_a_sentence(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "nonsense.tfviz"
    path.write_text("nonsense")
    driver.window.files.choose_to_open = lambda parent, folder, kinds: str(path)
    old = driver.session
    driver.window.commands["open_run"].trigger()
    assert "nonsense.tfviz" in dialog_text(driver)
    assert driver.session is old


def test_thinking_better_of_opening_and_saving_changes_nothing(driver: Driver) -> None:
    driver.window.files.choose_to_open = driver.window.files.choose_to_save = lambda *asked: ""
    old = driver.session
    driver.window.commands["open_run"].trigger()
    driver.window.commands["save_run"].trigger()
    assert driver.session is old
    assert not driver.window.runs.opening


def test_where_a_run_cannot_be_saved_a_dialog_says_why(driver: Driver, tmp_path: Path) -> None:
    driver.window.files.choose_to_save = lambda *asked: str(tmp_path / "missing" / "run.tfviz")
    driver.window.commands["save_run"].trigger()
    assert "missing" in dialog_text(driver)


def test_every_named_widget_of_the_design_is_there(driver: Driver) -> None:
    names = {
        "run_panel", "attention_panel", "prediction_panel", "curve_panel", "gradient_panel", "timeline",
        "speed_slider", "step_label", "head_view", "attention_atlas", "probe_edit", "run_steps_count",
    }  # fmt: skip
    assert names <= {widget.objectName() for widget in driver.window.findChildren(QWidget)}
    actions = {
        "play_pause", "step_batch", "step_back", "restart", "go_live", "new_run", "export", "toggle_theme",
        "pause_training", "new_seed", "run_steps", "open_run", "save_run", "quit",
    }  # fmt: skip
    assert actions <= {action.objectName() for action in driver.window.actions()}
