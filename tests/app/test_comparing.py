"""Pinning a step in the window: of this run, of another branch, of a file; swapped, released, read again, exported."""

from pathlib import Path

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QSpinBox

from tests.app.driving import Driver
from tests.app.test_export_dialog import export, open_dialog
from tfviz.app.dialogs.export_dialog import ExportDialog
from tfviz.app.dialogs.export_job import ALL_HEADS, MODEL, ONE_HEAD, SCALARS
from tfviz.app.dialogs.pin_dialog import PinDialog
from tfviz.training.config import RunConfig
from tfviz.training.export.comparison import Pinned
from tfviz.training.model.model_file import load_model
from tfviz.training.session import Session
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.parts.compare_bar import Sight
from tfviz.views.plots.step_plot import StepPlot
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.predictions.prediction_rows import FORCED, PINNED


def attention_panel(driver: Driver) -> AttentionPanel:
    return driver.panel(AttentionPanel)


def wait_for_pin(driver: Driver, step: int) -> Pinned:
    """The pinned step, whole."""

    def whole() -> bool:
        pinned = driver.window.comparing.pinned
        if pinned is None or pinned.snapshot.step != step:
            return False
        return pinned.snapshot.attention is not None and pinned.snapshot.prediction is not None

    driver.qtbot.waitUntil(whole, timeout=10_000)
    pinned = driver.window.comparing.pinned
    assert pinned is not None
    return pinned


def wait_for_step(driver: Driver, step: int) -> None:
    """Until the panels show this step."""
    panel = attention_panel(driver)
    driver.qtbot.waitUntil(lambda: panel.step_label.text().startswith(f"step {step} "), timeout=10_000)


def pin_at(driver: Driver, step: int) -> Pinned:
    driver.window.controls.go_to(step)
    wait_for_step(driver, step)
    driver.press(Qt.Key.Key_P)
    return wait_for_pin(driver, step)


def test_p_pins_and_escape_lets_go_and_nothing_is_shown_without_a_pin(driver: Driver) -> None:
    window, panel = driver.window, attention_panel(driver)
    plots = window.findChildren(StepPlot)
    assert len(plots) >= 2
    driver.train(6)

    def marks() -> list[bool]:
        shown = [plot.pinned_line.isVisible() for plot in plots]
        return [panel.compare_bar.isVisible(), window.timeline.pinned is not None, *shown]

    assert not any(marks())
    assert not window.commands["swap_pin"].isEnabled()
    pinned = pin_at(driver, 2)
    assert (pinned.place, pinned.branch) == ("main", 0)
    assert all(marks())
    assert window.timeline.pinned == 2
    assert [plot.pinned_line.value() for plot in plots] == [2.0] * len(plots)
    assert panel.sight is Sight.CURRENT
    driver.press(Qt.Key.Key_Escape)
    assert not any(marks())
    assert window.comparing.pinned is None


def test_escape_takes_the_lock_of_a_cell_before_the_pin(driver: Driver) -> None:
    driver.train(3)
    driver.press(Qt.Key.Key_P)
    wait_for_pin(driver, 3)
    attention_panel(driver).head_view.lock((0, 0))
    driver.press(Qt.Key.Key_Escape)
    assert driver.window.comparing.pinned is not None
    driver.press(Qt.Key.Key_Escape)
    assert driver.window.comparing.pinned is None


def test_a_step_pinned_while_training_runs_gets_its_predictions(driver: Driver) -> None:
    driver.session.gate.run()
    driver.qtbot.waitUntil(lambda: driver.session.frontier > 30)
    driver.click_on(attention_panel(driver).pin_button)
    pinned = driver.window.comparing.pinned
    assert pinned is not None
    wait_for_pin(driver, pinned.snapshot.step)
    driver.session.gate.pause()


def test_x_swaps_the_two_steps_and_back(driver: Driver) -> None:
    driver.train(8)
    pin_at(driver, 3)
    driver.window.controls.go_to(8)
    wait_for_step(driver, 8)
    driver.press(Qt.Key.Key_X)
    wait_for_pin(driver, 8)
    wait_for_step(driver, 3)
    driver.click_on(attention_panel(driver).compare_bar.swap_button)
    wait_for_pin(driver, 3)
    wait_for_step(driver, 8)


def test_a_step_of_another_branch_is_swapped_with_its_branch(driver: Driver) -> None:
    session = driver.session
    driver.train(8)
    pinned = pin_at(driver, 8)

    def leave() -> None:
        session.go_to(4)
        session.change({"training.learning_rate": 0.05})

    session.gate.call(leave).result()
    driver.train(4)
    wait_for_step(driver, 8)
    panel = attention_panel(driver)
    name = session.line.branch.name
    driver.qtbot.waitUntil(lambda: f"current: {name}" in panel.compare_bar.said.text)
    assert "step 8 · main" in panel.compare_bar.said.text
    driver.click_on(panel.compare_bar.sights.button(Sight.DIFFERENCE))
    assert panel.sight is Sight.DIFFERENCE
    driver.press(Qt.Key.Key_X)
    bridge = driver.window.bridge
    driver.qtbot.waitUntil(lambda: session.line.branch.number == 0 and bridge.settled, timeout=10_000)
    before, shown = pinned.snapshot.attention, bridge.picture
    assert before is not None and shown is not None and shown.attention is not None
    assert (shown.attention.cross == before.cross).all()
    swapped = wait_for_pin(driver, 8)
    assert swapped.place == name
    driver.qtbot.waitUntil(lambda: "current: main" in panel.compare_bar.said.text)


def test_another_sentence_is_read_by_the_pinned_step_too(driver: Driver) -> None:
    driver.train(4)
    pin_at(driver, 2)
    predictions = driver.panel(PredictionPanel)
    driver.window.controls.go_to(4)
    predictions.probe_selected.emit(3)
    wanted = driver.session.probe.source

    def both() -> bool:
        pinned = driver.window.comparing.pinned
        attention = pinned.snapshot.attention if pinned is not None else None
        return attention is not None and attention.sentence == wanted

    driver.qtbot.waitUntil(both, timeout=10_000)
    driver.qtbot.waitUntil(lambda: predictions.board.arrangement.find(PINNED + FORCED) is not None)
    driver.click_on(attention_panel(driver).compare_bar.sights.button(Sight.DIFFERENCE))
    assert attention_panel(driver).sight is Sight.DIFFERENCE


def test_a_new_run_is_compared_with_the_step_pinned_before(driver: Driver) -> None:
    driver.train(5)
    driver.press(Qt.Key.Key_P)
    wait_for_pin(driver, 5)
    before = driver.session
    driver.click("new_seed")
    driver.wait_for_new_session(before)
    pinned = driver.window.comparing.pinned
    assert pinned is not None
    assert pinned.branch is None
    assert pinned.place == f"identity seed {before.seed}, before"
    assert driver.window.timeline.pinned is None
    driver.click_on(attention_panel(driver).compare_bar.sights.button(Sight.DIFFERENCE))
    assert attention_panel(driver).sight is Sight.DIFFERENCE
    driver.press(Qt.Key.Key_X)
    assert driver.window.comparing.pinned is pinned


@pytest.fixture
def other(tmp_path: Path, config: RunConfig) -> Path:
    """A file with six steps of the same task from another seed."""
    path = tmp_path / "other.tfviz"
    with Session(config.replace("training.seed", 5)) as session:
        session.train(6)
        session.save(path)
    return path


def open_file(driver: Driver, path: Path) -> PinDialog:
    driver.window.files.choose_to_open = lambda parent, folder, kinds: str(path)
    driver.window.commands["pin_file"].trigger()
    return driver.find(PinDialog, "pin_dialog")


def test_any_step_of_a_file_can_be_pinned(driver: Driver, other: Path) -> None:
    driver.train(4)
    open_file(driver, other)
    accept = driver.find(QPushButton, "pin_accept")
    driver.qtbot.waitUntil(accept.isEnabled)
    step = driver.find(QSpinBox, "pin_step_count")
    assert (step.maximum(), driver.find(QComboBox, "pin_branch").currentText()) == (6, "main")
    step.setValue(3)
    driver.click_on(accept)
    pinned = wait_for_pin(driver, 3)
    assert (pinned.place, pinned.branch, pinned.snapshot.seed) == ("other.tfviz", None, 5)
    with Session.open(other) as session:
        expected = session.view(3)
    assert expected is not None and expected.attention is not None
    assert pinned.snapshot.attention is not None
    assert (pinned.snapshot.attention.cross == expected.attention.cross).all()
    assert not attention_panel(driver).compare_bar.swap_button.isEnabled()
    driver.click_on(attention_panel(driver).compare_bar.sights.button(Sight.DIFFERENCE))
    assert "seeds 0 − 5" in attention_panel(driver).step_label.text()


def test_a_file_that_is_none_is_refused_in_a_sentence(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "letter.tfviz"
    path.write_text("Dear reader")
    dialog = open_file(driver, path)
    driver.qtbot.waitUntil(lambda: dialog.message.text().startswith("Not pinned: "))
    assert not dialog.pin_button.isEnabled()
    driver.click_on(dialog.cancel_button)
    assert driver.window.comparing.pinned is None


def test_a_model_that_has_not_learned_the_words_is_refused_in_a_sentence(
    driver: Driver, tmp_path: Path, config: RunConfig
) -> None:
    path = tmp_path / "digits.tfviz"
    with Session(config.with_values({"task.name": "copy", "task.length": 4, "task.alphabet": 5})) as session:
        session.save(path)
    dialog = open_file(driver, path)
    driver.qtbot.waitUntil(dialog.pin_button.isEnabled)
    driver.click_on(dialog.pin_button)
    driver.qtbot.waitUntil(lambda: "is not in the vocabulary of digits.tfviz" in dialog.message.text())
    assert driver.window.comparing.pinned is None
    dialog.close()


def test_the_difference_is_exported_with_both_steps_in_its_name_and_its_text(
    driver: Driver, tmp_path: Path
) -> None:
    driver.train(6)
    pin_at(driver, 2)
    driver.window.commands["go_live"].trigger()
    wait_for_step(driver, 6)
    driver.click_on(attention_panel(driver).compare_bar.sights.button(Sight.DIFFERENCE))
    asked: list[str] = []

    def answer(parent: object, suggestion: str, kinds: str) -> str:
        asked.append(Path(suggestion).name)
        return str(tmp_path / Path(suggestion).name)

    driver.window.choose_path = answer
    dialog = open_dialog(driver, ALL_HEADS, "png")
    difference = dialog.findChild(QCheckBox, "export_difference")
    assert difference is not None
    assert difference.isChecked()
    assert difference.text() == "Difference to step 2 · main"
    dialog.what.setCurrentIndex(dialog.what.findData(SCALARS))
    assert not difference.isEnabled()
    dialog.what.setCurrentIndex(dialog.what.findData(ONE_HEAD))
    dialog.format.setCurrentIndex([choice.partition(" ")[0] for choice in _texts(dialog.format)].index("svg"))
    driver.click_on(dialog.save_button)
    driver.qtbot.waitUntil(lambda: driver.window.status.currentMessage().startswith("Saved "))
    assert asked == ["identity-step6-minus-step2-seed0-cross.L0H0.svg"]
    text = (tmp_path / asked[0]).read_text(encoding="utf-8")
    for part in (
        "step 6 − step 2",
        "step 6 · main · seed 0",
        "less step 2 · main · seed 0",
        "cross layer 0, head 0",
        driver.session.probe.source,
    ):
        assert part in text


def _texts(box: QComboBox) -> list[str]:
    return [box.itemText(place) for place in range(box.count())]


def test_without_a_pin_the_export_knows_no_difference(driver: Driver) -> None:
    driver.train(2)
    dialog = open_dialog(driver, ALL_HEADS, "png")
    box = dialog.findChild(QCheckBox, "export_difference")
    assert box is None or not box.isVisible()
    assert dialog.choice.pinned is None


def test_the_step_that_is_shown_is_exported_also_when_it_lies_in_the_past(
    driver: Driver, tmp_path: Path
) -> None:
    driver.train(6)
    driver.window.controls.go_to(2)
    wait_for_step(driver, 2)
    path = export(driver, ALL_HEADS, "npz", tmp_path / "past.npz")
    shown = driver.session.view(2)
    assert shown is not None
    assert shown.attention is not None
    arrays = numpy.load(path)
    assert int(arrays["step"]) == 2
    assert (arrays["cross"] == shown.attention.cross).all()
    driver.qtbot.waitUntil(lambda: driver.window.findChild(ExportDialog) is None)
    driver.window.status.clearMessage()
    model = load_model(export(driver, MODEL, "safetensors", tmp_path / "past.safetensors"))
    assert model.step == 2
    driver.session.gate.call(lambda: driver.session.go_to(2)).result()
    name = "generator.weight"
    assert (model.parameters[name] == driver.session.parameters[name]).all()
