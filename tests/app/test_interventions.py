"""What may be done to a run in the real window: heads, breaking one thing, noise, single weights, and undoing it."""

import threading
from pathlib import Path

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QMessageBox, QPushButton

from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.app.dialogs.weight_dialog import WeightDialog
from tfviz.training.config import RunConfig
from tfviz.training.export.heads import Head
from tfviz.training.session import Session
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.inspector.inspector_panel import InspectorPanel
from tfviz.views.interventions.intervention_panel import InterventionPanel
from tfviz.views.operations.step_debugger import Chosen

HEAD = Head("cross", 0, 1)


def panel(driver: Driver, page: str) -> InterventionPanel:
    """The panel, in front, with a page chosen as a person would."""
    found = driver.bring_to_front(InterventionPanel)
    driver.qtbot.waitUntil(found.isVisible)
    driver.click_on(driver.find(QPushButton, f"intervention_{page.lower()}"))
    return found


def attention(driver: Driver) -> AttentionPanel:
    return driver.find(AttentionPanel, "attention_panel")


def right_click(driver: Driver, head: Head, entry: str) -> None:
    """Choose an entry of a head's menu in the atlas."""
    atlas = attention(driver).atlas
    rectangle = atlas.layout_of_tiles.rectangle(head)
    assert rectangle is not None
    place = atlas.mapFromScene(rectangle.center())
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, atlas.viewport().mapToGlobal(place))
    QApplication.sendEvent(atlas.viewport(), event)
    choose(driver, entry)


def choose(driver: Driver, entry: str) -> None:
    menu = driver.find(QMenu, "head_menu")
    action = menu.findChild(QAction, entry)
    assert action is not None and action.isEnabled(), entry
    driver.qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    driver.qtbot.waitUntil(lambda: driver.window.findChild(QMenu, "head_menu") is None)


def wait_measured(driver: Driver) -> None:
    driver.qtbot.waitUntil(lambda: not driver.window.interventions.measuring.going, timeout=10_000)


def go_back_to(driver: Driver, step: int) -> None:
    driver.window.controls.go_to(step)
    driver.wait_shown(step)


def test_a_head_is_switched_off_with_the_right_button_and_says_what_that_costs(driver: Driver) -> None:
    driver.train(30)
    healthy = driver.session.head_importance().of(HEAD.setting)
    right_click(driver, HEAD, "head_off")
    driver.qtbot.waitUntil(lambda: driver.session.config.model.heads_off == ("cross.0.1",))
    driver.settle()
    wait_measured(driver)
    assert len(driver.session.branches) == 1
    sign = attention(driver).atlas.signs[HEAD]
    assert sign.done == "off" and sign.change == healthy.change != 0.0
    row = next(row for row in panel(driver, "Heads").heads.table.heads.rows if row.head == HEAD)
    assert (row.done, row.change) == ("off", healthy.change)
    picture = driver.window.bridge.picture
    assert picture is not None and not HEAD.weights(picture.attention).any()
    right_click(driver, HEAD, "head_normal")
    driver.qtbot.waitUntil(lambda: driver.session.config.model.heads_off == ())
    driver.qtbot.waitUntil(lambda: attention(driver).atlas.signs[HEAD].done == "")


def test_in_the_past_a_branch_leaves_with_the_head_uniform_and_is_replayed_to_the_same_bits(
    driver: Driver,
) -> None:
    driver.train(20)
    go_back_to(driver, 12)
    view = attention(driver).head_view
    attention(driver).select(HEAD)
    centre = view.viewport().rect().center()
    QApplication.sendEvent(
        view.viewport(),
        QContextMenuEvent(QContextMenuEvent.Reason.Mouse, centre, view.viewport().mapToGlobal(centre)),
    )
    choose(driver, "head_uniform")
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == 2)
    driver.settle()
    branch = driver.session.line.branch
    assert (branch.name, branch.parent, branch.fork) == ("cross L0H1 uniform", 0, 12)
    driver.train(6)
    with Session(driver.session.lines[0].config_after(0)) as other:
        other.train(12)
        other.change({"model.heads_uniform": ("cross.0.1",)})
        other.train(6)
        mine = driver.session.parameters
        assert all(numpy.array_equal(mine[name], value) for name, value in other.parameters.items())
    wait_measured(driver)


def test_a_head_is_changed_while_training_runs_and_training_goes_on(driver: Driver) -> None:
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 10)
    right_click(driver, HEAD, "head_off")
    driver.qtbot.waitUntil(lambda: driver.session.config.model.heads_off == ("cross.0.1",))
    then = driver.step
    driver.qtbot.waitUntil(lambda: driver.step > then + 5)
    assert len(driver.session.branches) == 1
    wait_measured(driver)
    driver.click("play_pause")
    driver.settle()


def test_every_head_is_measured_in_a_table_that_sorts_and_as_marks_in_the_atlas(driver: Driver) -> None:
    driver.train(25)
    shown = panel(driver, "Heads")
    driver.click_on(shown.heads.measure_button)
    wait_measured(driver)
    expected = {found.head: found for found in driver.session.head_importance().all()}
    signs = attention(driver).atlas.signs
    assert {head.setting: sign.change for head, sign in signs.items()} == {
        name: found.change for name, found in expected.items()
    }
    assert shown.heads.state.text().startswith("6 of 6 heads · ")
    assert shown.heads.measure_button.text() == "Importance of every head"
    table = shown.heads.table
    header = table.horizontalHeader()
    for _ in range(2):
        place = QPoint(header.sectionViewportPosition(2) + 20, header.height() // 2)
        driver.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    changes = [row.change for row in table.heads.rows]
    assert changes == sorted(changes, key=float, reverse=True) and len(set(changes)) > 1


def test_measuring_can_be_stopped_and_keeps_what_it_has(driver: Driver) -> None:
    driver.train(3)
    shown = panel(driver, "Heads")
    driver.click_on(shown.heads.measure_button)
    assert shown.heads.measure_button.text() == "Stop" and shown.heads.progress.isVisible()
    driver.click_on(shown.heads.measure_button)
    assert shown.heads.measure_button.text() == "Importance of every head"
    assert not driver.window.interventions.measuring.going and not shown.heads.progress.isVisible()


def test_one_thing_is_broken_in_a_branch_from_the_start_and_another_beside_it(driver: Driver) -> None:
    driver.train(60)
    shown = panel(driver, "Break")
    for number, name in enumerate(("no causal mask", "no positions"), start=1):
        button = shown.breaking.row(name).button
        assert button.text() == "Branch"
        button.click()
        driver.qtbot.waitUntil(lambda number=number: driver.session.line.branch.number == number)
        driver.qtbot.waitUntil(lambda: driver.session.frontier > 60, timeout=10_000)
        driver.click("play_pause")
        driver.settle()
        line = driver.session.line
        assert (line.branch.parent, line.branch.fork) == (0, 0)
    advice = driver.find(QLabel, "what_if_advice")
    assert advice.isVisible() and "Compare: Source tokens that are equal" in advice.text()
    assert driver.session.config.model.positions == "none" and driver.session.config.model.causal_mask
    row = shown.breaking.row("no causal mask")
    assert row.button.text() == "Go there"
    assert shown.breaking.row("no positions").button.text() == "Current"
    row.button.click()
    driver.qtbot.waitUntil(lambda: driver.session.line.branch.number == 1)
    driver.settle()


def test_what_is_not_seen_in_a_shape_of_the_model_cannot_be_pressed_and_says_why(
    open_window: Open, config: RunConfig
) -> None:
    driver = open_window(config.replace("model.architecture", "decoder"))
    driver.train(2)
    rows = panel(driver, "Break").breaking
    row = rows.row("no positions")
    assert row.change.text() == "What “no positions” shows is not seen in a decoder alone"
    assert not row.button.isEnabled() and row.button.toolTip().endswith("a decoder alone")
    assert rows.row("no causal mask").button.isEnabled()


def test_a_run_that_has_ended_is_broken_from_an_earlier_step(open_window: Open, config: RunConfig) -> None:
    driver = open_window(config.replace("training.steps", 8))
    driver.train(8)
    button = panel(driver, "Break").breaking.row("learning rate times ten").button
    driver.click_on(button)
    assert driver.window.status.currentMessage() == (
        "All 8 steps are done, and “learning rate times ten” leaves from the step that is shown: go to an earlier one"
    )
    assert len(driver.session.branches) == 1
    go_back_to(driver, 5)
    driver.click_on(button)
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == 2)
    driver.qtbot.waitUntil(lambda: driver.session.frontier == 8, timeout=10_000)
    driver.settle()
    assert driver.session.line.branch.fork == 5


def test_what_cannot_be_a_branch_is_a_new_run_after_asking(driver: Driver) -> None:
    driver.train(3)
    old = driver.session
    button = panel(driver, "Break").breaking.row("zero initialisation").button
    assert button.text() == "New run…"
    button.click()
    driver.click_on(driver.find(QPushButton, "what_if_run_cancel"))
    assert driver.session is old
    driver.qtbot.waitUntil(lambda: driver.window.findChild(QMessageBox, "what_if_run") is None)
    button.click()
    driver.click_on(driver.find(QPushButton, "what_if_run_accept"))
    driver.qtbot.waitUntil(lambda: driver.window.runs.current is not old, timeout=10_000)
    driver.qtbot.waitUntil(lambda: driver.step > 2)
    assert driver.session.config.model.initialization == "zero"
    driver.click("play_pause")
    driver.settle()


def test_only_the_run_that_was_asked_for_trains_by_itself_and_not_one_that_was_on_its_way(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def make(config: RunConfig) -> Session:
        asked.wait(10)
        return Session(config)

    old = driver.session
    monkeypatch.setattr("tfviz.app.controls.Session", make)
    panel(driver, "Break").breaking.row("zero initialisation").button.click()
    driver.window.commands["restart"].trigger()
    driver.click_on(driver.find(QPushButton, "what_if_run_accept"))
    asked.set()
    assert "Another run is being prepared" in driver.window.status.currentMessage()
    driver.wait_for_new_session(old)
    assert driver.step == 0 and driver.session.gate.state == "paused"
    assert driver.session.config.model.initialization != "zero"


def test_a_run_that_could_not_be_made_leaves_the_next_one_as_still_as_any(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(config: RunConfig) -> Session:
        raise ValueError("no room")

    old = driver.session
    panel(driver, "Break").breaking.row("zero initialisation").button.click()
    with monkeypatch.context() as refusing, driver.qtbot.waitSignal(driver.window.runs.refused):
        refusing.setattr("tfviz.app.controls.Session", refuse)
        driver.click_on(driver.find(QPushButton, "what_if_run_accept"))
    driver.window.problems.dialogs[0].close()
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.step == 0 and driver.session.gate.state == "paused"


def test_what_was_done_is_listed_leads_to_its_step_and_is_undone_in_a_branch(driver: Driver) -> None:
    driver.train(10)
    right_click(driver, HEAD, "head_off")
    driver.qtbot.waitUntil(lambda: bool(driver.session.config.model.heads_off))
    driver.settle()
    driver.train(10)
    shown = panel(driver, "Done").done
    assert [shown.list.item(row).text() for row in range(shown.list.count())] == [
        "Step 10\nheads off none → cross.0.1"
    ]
    marks = [mark.text for mark in driver.window.timeline.markers if mark.kind == "intervention"]
    assert marks == ["heads off none → cross.0.1 from here on"]
    place = shown.list.visualItemRect(shown.list.item(0)).center()
    driver.qtbot.mouseClick(shown.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert driver.clock.step == 10
    driver.click_on(shown.undo_button)
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == 2)
    driver.settle()
    assert driver.session.step == 10 and driver.session.config.model.heads_off == ()
    assert driver.session.lines[0].frontier == 20
    assert shown.empty.isVisible()
    wait_measured(driver)


def test_two_things_are_undone_one_after_the_other(driver: Driver) -> None:
    driver.train(4)
    right_click(driver, HEAD, "head_off")
    driver.qtbot.waitUntil(lambda: bool(driver.session.config.model.heads_off))
    wait_measured(driver)
    driver.train(4)
    shown = panel(driver, "Change")
    driver.click_on(shown.change.noise_button)
    driver.qtbot.waitUntil(lambda: bool(driver.session.line.edits))
    driver.settle()
    driver.click_on(driver.find(QPushButton, "intervention_done"))
    for left, step in ((1, 8), (0, 4)):
        driver.click_on(shown.done.undo_button)
        driver.qtbot.waitUntil(lambda left=left: shown.done.list.count() == left)
        driver.settle()
        assert driver.session.step == step
    assert driver.session.config.model.heads_off == () and shown.done.empty.isVisible()


def test_noise_is_added_and_wrong_numbers_are_named(driver: Driver) -> None:
    driver.train(5)
    shown = panel(driver, "Change").change
    before = driver.session.parameters
    scale, seed = driver.find(QLineEdit, "noise_scale"), driver.find(QLineEdit, "noise_seed")
    for field, text, problem in (
        (scale, "-1", "Scale is '-1'; allowed: a number of at least 0"),
        (seed, "x", "Seed is 'x'; allowed: a whole number from 0 to 2^53 − 1"),
    ):
        right = field.text()
        field.selectAll()
        driver.qtbot.keyClicks(field, text)
        assert shown.error.text() == problem and not shown.noise_button.isEnabled()
        field.selectAll()
        driver.qtbot.keyClicks(field, right)
    shown.part.setCurrentIndex(shown.part.findData("generator"))
    driver.click_on(shown.noise_button)
    driver.qtbot.waitUntil(lambda: bool(driver.session.line.edits))
    driver.settle()
    after = driver.session.parameters
    changed = {name for name in before if not numpy.array_equal(before[name], after[name])}
    assert changed == {"generator.weight", "generator.bias"}
    assert [mark.text for mark in driver.window.timeline.markers if mark.kind == "intervention"] == [
        "noise 0.01 on generator, seed 0"
    ]


@pytest.mark.parametrize("past", [False, True])
def test_a_locked_weight_is_edited(driver: Driver, past: bool) -> None:
    driver.train(6)
    if past:
        go_back_to(driver, 4)
    step = 4 if past else 6
    inspector = driver.bring_to_front(InspectorPanel)
    driver.press(Qt.Key.Key_Period)
    debugger = driver.window.debugging.debugger
    driver.qtbot.waitUntil(lambda: debugger.stepper is not None)
    debugger.choose(Chosen("generator.bias", "value", (3,)))
    driver.qtbot.waitUntil(inspector.edit_button.isVisible)
    old = float(driver.session.parameters_at(step)["generator.bias"][3])
    driver.click_on(inspector.edit_button)
    dialog = driver.find(WeightDialog, "weight_dialog")
    assert dialog.old.text() == repr(old)
    dialog.new.selectAll()
    driver.qtbot.keyClicks(dialog.new, "much")
    assert dialog.error.text() == "New value is 'much'; allowed: a finite number"
    assert not dialog.accept_button.isEnabled()
    dialog.new.selectAll()
    driver.qtbot.keyClicks(dialog.new, "0.75")
    driver.click_on(dialog.accept_button)
    driver.qtbot.waitUntil(lambda: bool(driver.session.line.edits))
    driver.settle()
    assert driver.session.parameters["generator.bias"][3] == 0.75
    assert len(driver.session.branches) == 1 + past and driver.session.step == step
    assert driver.session.line.branch.fork == (4 if past else 0)


def test_a_run_that_others_train_says_why_nothing_can_be_changed(
    open_window: Open, tmp_path: Path, config: RunConfig
) -> None:
    path = tmp_path / "run.tfviz"
    with Session(config) as writer:
        writer.record(path)
        writer.train(5)
        driver = open_window()
        driver.window.files.open_path(path)
        driver.qtbot.waitUntil(lambda: driver.window.runs.current.step == 5, timeout=10_000)
        found = driver.find(InterventionPanel, "intervention_panel")
        assert "trains this run: it cannot be changed here" in found.obstacle.label.text()
        assert not found.obstacle.isHidden() and found.stack.isHidden()
