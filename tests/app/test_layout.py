"""Docks: what can be moved and hidden, and what is remembered."""

from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QTabBar

from tests.app.conftest import Open
from tests.app.driving import Driver, store_again
from tfviz.app.settings import Settings
from tfviz.training.mailbox import Demand
from tfviz.training.record.run_library import InterruptedRun


def updates(driver: Driver, panel: str) -> int:
    return next(feed.updates for feed in driver.window.bridge.feeds if feed.panel.object_name == panel)


def dock(driver: Driver, panel: str) -> QDockWidget:
    return driver.find(QDockWidget, f"{panel}_dock")


FIRST = ("run_panel", "attention_panel", "prediction_panel", "curve_panel", "gradient_panel")
"""Of each group of tabs; the others stand behind these."""


def test_the_first_panel_of_every_group_of_tabs_is_in_front(driver: Driver) -> None:
    for name in driver.window.panels:
        assert dock(driver, name).visibleRegion().isEmpty() is (name not in FIRST), name


def test_tabs_behind_a_panel_are_named_in_a_row_above_it(driver: Driver) -> None:
    bars = [bar for bar in driver.window.findChildren(QTabBar) if bar.isVisible()]
    named = {tuple(bar.tabText(tab) for tab in range(bar.count())): bar for bar in bars}
    bar = named["Run", "Inside a step"]
    assert bar.geometry().bottom() < dock(driver, "run_panel").geometry().top()
    driver.click_on(bar, bar.tabRect(1).center())
    driver.qtbot.waitUntil(lambda: not dock(driver, "operation_panel").visibleRegion().isEmpty())
    assert dock(driver, "run_panel").visibleRegion().isEmpty()


def test_a_title_is_said_once_by_the_tab_or_by_the_header(driver: Driver) -> None:
    title = driver.window.panels["curve_panel"].title_label
    assert all(not panel.title_label.isVisible() for panel in driver.window.panels.values())
    dock(driver, "head_metrics_panel").close()
    driver.qtbot.waitUntil(title.isVisible)  # no tab beside it, so no row of tabs
    dock(driver, "head_metrics_panel").show()
    driver.qtbot.waitUntil(lambda: not title.isVisible())
    dock(driver, "curve_panel").setFloating(True)
    dock(driver, "curve_panel").raise_()
    driver.qtbot.waitUntil(lambda: not title.isHidden())
    dock(driver, "curve_panel").setFloating(False)
    dock(driver, "curve_panel").raise_()
    driver.qtbot.waitUntil(title.isHidden)


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800)])
def test_no_tab_is_cut_off(open_window: Open, size: tuple[int, int]) -> None:
    driver = open_window(prepare=lambda window: window.resize(*size))
    for bar in driver.window.findChildren(QTabBar):
        for tab in range(bar.count()):
            room = bar.tabRect(tab)
            assert bar.rect().contains(room), bar.tabText(tab)
            assert bar.fontMetrics().horizontalAdvance(bar.tabText(tab)) < room.width() - 16


def test_the_panels_stand_as_in_the_design(driver: Driver) -> None:
    place = {name: dock(driver, name).geometry() for name in driver.window.panels}
    run, attention, prediction = (place[f"{name}_panel"] for name in ("run", "attention", "prediction"))
    curve, gradient = place["curve_panel"], place["gradient_panel"]
    assert run.right() < attention.left() < attention.right() < prediction.left()
    assert run.bottom() == attention.bottom() == prediction.bottom()
    assert all(0 <= panel.top() - prediction.top() < 40 for panel in (run, attention))  # below their tabs
    assert attention.bottom() < curve.top() <= gradient.top() < curve.top() + 40
    assert curve.right() < gradient.left()
    assert attention.width() > run.width() + prediction.width()
    assert curve.bottom() < driver.window.timeline.parentWidget().parentWidget().geometry().bottom()


def test_in_a_low_window_the_sides_take_the_whole_height_and_what_is_behind_has_the_room_of_the_centre(
    open_window: Open,
) -> None:
    driver = open_window(prepare=lambda window: window.resize(1280, 800))
    run, attention, prediction, curve, gradient = (dock(driver, name).geometry() for name in FIRST)
    assert run.bottom() == prediction.bottom() == curve.bottom() == gradient.bottom()
    assert run.right() < attention.left() == curve.left() and gradient.right() == attention.right()
    assert attention.right() < prediction.left()
    assert run.height() == prediction.height() > 600 and attention.height() > 420
    assert curve.height() > 165 and abs(curve.width() - gradient.width()) < 40
    for name in ("head_metrics_panel", "optimiser_panel"):
        dock(driver, name).raise_()
        driver.qtbot.waitUntil(lambda name=name: not dock(driver, name).visibleRegion().isEmpty())
        assert dock(driver, name).geometry() == attention
    assert driver.window.panels["curve_panel"].title_label.isVisible()


def test_resetting_the_layout_arranges_it_for_the_size_that_the_window_has_now(driver: Driver) -> None:
    driver.window.resize(1280, 800)
    driver.qtbot.waitUntil(lambda: driver.window.width() == 1280)
    run, curve = (dock(driver, name) for name in ("run_panel", "curve_panel"))
    assert run.geometry().bottom() < curve.geometry().top()  # nothing moves by itself
    driver.window.commands["reset_layout"].trigger()
    driver.qtbot.waitUntil(lambda: run.geometry().bottom() == curve.geometry().bottom())
    assert curve.height() > 165
    driver.window.resize(1600, 1000)
    driver.window.commands["reset_layout"].trigger()
    driver.qtbot.waitUntil(lambda: run.geometry().bottom() < curve.geometry().top())


def test_nothing_is_cut_off_in_a_small_window(driver: Driver) -> None:
    driver.window.resize(1280, 800)
    driver.qtbot.waitUntil(lambda: driver.window.width() == 1280)
    assert driver.window.height() == 800
    button = driver.window.toolbar.menu_button
    assert button.isVisible()
    assert button.mapTo(driver.window, button.rect().topRight()).x() < 1280
    for name in driver.window.panels:
        assert dock(driver, name).geometry().right() < 1280


def test_all_panels_of_a_row_end_level_in_a_small_window_with_a_line_about_unsaved_runs(
    driver: Driver,
) -> None:
    driver.window.resize(1280, 800)
    run = InterruptedRun(Path("lost.tfviz"), 0.0, "identity seed 0", 412)
    driver.window.recovery._offer([run, run])
    bar = driver.window.recovery.bar
    assert bar is not None
    driver.qtbot.waitUntil(lambda: bar.isVisible() and dock(driver, "run_panel").geometry().top() > 140)
    ends = {dock(driver, name).geometry().bottom() for name in FIRST[:3]}
    assert len(ends) == 1
    driver.window.recovery._offer([])


def test_no_panel_covers_another_in_the_smallest_window(driver: Driver) -> None:
    smallest = driver.window.minimumSize()
    driver.window.resize(smallest)
    driver.qtbot.waitUntil(lambda: driver.window.size() == smallest)
    places = [dock(driver, name).geometry() for name in FIRST]
    assert not any(first.intersects(second) for first, second in combinations(places, 2))
    bars = [bar.geometry() for bar in driver.window.findChildren(QTabBar) if bar.isVisible()]
    assert len(bars) == len(FIRST)
    assert not any(bar.intersects(place) for bar in bars for place in places)


def test_a_hidden_panel_gets_no_updates(driver: Driver) -> None:
    dock(driver, "curve_panel").close()
    driver.qtbot.waitUntil(lambda: not driver.window.panels["curve_panel"].isVisible())
    driver.settle()
    driver.qtbot.wait(150)
    before = updates(driver, "curve_panel"), updates(driver, "attention_panel")
    driver.train(30)
    assert updates(driver, "curve_panel") == before[0]
    assert updates(driver, "attention_panel") > before[1]


def test_a_panel_that_comes_back_shows_what_it_missed(driver: Driver) -> None:
    dock(driver, "attention_panel").close()
    driver.qtbot.waitUntil(lambda: not driver.session.mailbox.wanted.attention)
    driver.train(5)
    dock(driver, "attention_panel").toggleViewAction().trigger()
    panel = driver.window.panels["attention_panel"]
    driver.qtbot.waitUntil(lambda: "step 5" in panel.step_label.text())


def test_the_demand_follows_what_can_be_seen(driver: Driver) -> None:
    mailbox = driver.session.mailbox
    assert mailbox.wanted == Demand(attention=True, prediction=True, samples=True)
    dock(driver, "prediction_panel").close()
    driver.qtbot.waitUntil(lambda: mailbox.wanted == Demand(attention=True))
    dock(driver, "attention_panel").close()
    driver.qtbot.waitUntil(lambda: mailbox.wanted == Demand())
    dock(driver, "prediction_panel").show()
    dock(driver, "prediction_panel").raise_()
    driver.qtbot.waitUntil(lambda: mailbox.wanted == Demand(prediction=True, samples=True))


def test_a_panel_behind_another_tab_is_not_drawn(driver: Driver) -> None:
    attention, curve = dock(driver, "attention_panel"), dock(driver, "curve_panel")
    dock(driver, "head_metrics_panel").close()  # it would come to the front, and show attention too
    driver.window.tabifyDockWidget(attention, curve)
    curve.raise_()
    driver.qtbot.waitUntil(lambda: not driver.session.mailbox.wanted.attention)
    before = updates(driver, "attention_panel")
    driver.train(20)
    assert updates(driver, "attention_panel") == before
    attention.raise_()
    driver.qtbot.waitUntil(lambda: driver.session.mailbox.wanted.attention)


def test_a_minimised_window_asks_for_nothing(driver: Driver) -> None:
    driver.window.showMinimized()
    driver.qtbot.waitUntil(lambda: driver.session.mailbox.wanted == Demand())
    driver.window.showNormal()
    driver.qtbot.waitUntil(lambda: driver.session.mailbox.wanted.attention)


def test_the_arrangement_is_remembered(open_window: Open, settings: Settings) -> None:
    first = open_window()
    dock(first, "gradient_panel").close()
    first.window.close()
    second = open_window(settings=store_again(settings))
    assert not dock(second, "gradient_panel").isVisible()
    assert dock(second, "curve_panel").isVisible()
    assert store_again(settings).geometry is not None


def test_a_floating_panel_floats_again_at_the_next_start(open_window: Open, settings: Settings) -> None:
    first = open_window()
    dock(first, "gradient_panel").setFloating(True)
    first.window.close()
    first.window.close()
    assert not dock(first, "gradient_panel").isVisible()
    second = open_window(settings=store_again(settings))
    assert dock(second, "gradient_panel").isFloating()
    assert dock(second, "gradient_panel").isVisible()


def test_reset_layout_brings_every_panel_back(driver: Driver) -> None:
    before = {name: dock(driver, name).geometry() for name in FIRST}
    dock(driver, "gradient_panel").close()
    dock(driver, "run_panel").setFloating(True)
    driver.window.tabifyDockWidget(dock(driver, "attention_panel"), dock(driver, "curve_panel"))
    driver.window.commands["reset_layout"].trigger()

    def restored() -> bool:
        return all(
            abs(dock(driver, name).geometry().left() - place.left()) < 12 and dock(driver, name).isVisible()
            for name, place in before.items()
        )

    driver.qtbot.waitUntil(restored)
    assert not dock(driver, "run_panel").isFloating()
    assert all(not dock(driver, name).visibleRegion().isEmpty() for name in FIRST)


def test_an_arrangement_of_another_version_is_left_alone(open_window: Open, settings: Settings) -> None:
    settings._store.setValue("window/layout_1", b"nonsense")
    driver = open_window()
    assert all(dock(driver, name).isVisible() for name in FIRST)


def test_a_dock_floats_and_returns_by_its_menu(driver: Driver) -> None:
    run = driver.window.docks["run_panel"]
    run.title_bar.float_action.trigger()
    driver.qtbot.waitUntil(run.isFloating)
    assert run.title_bar.float_action.text() == "Dock"
    run.title_bar.float_action.trigger()
    assert not run.isFloating()
    run.title_bar.close_action.trigger()
    assert not run.isVisible()


def test_a_double_click_on_a_header_floats_the_panel(driver: Driver) -> None:
    run = driver.window.docks["run_panel"]
    place = run.title_bar.rect().center()
    driver.qtbot.mouseDClick(run.title_bar, Qt.MouseButton.LeftButton, pos=place)
    driver.qtbot.waitUntil(run.isFloating)
