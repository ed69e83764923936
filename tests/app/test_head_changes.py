"""Heads in the real window: switched off or made uniform by their menu, and measured."""

import numpy
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from tests.app.changes import HEAD, attention, choose, go_back_to, panel, right_click, wait_measured
from tests.app.driving import Driver
from tfviz.training.session import Session


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
