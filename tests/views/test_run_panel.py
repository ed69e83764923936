"""The card "Run": what it shows of a run, and the run that comes of it."""

import gc
import weakref
from html import unescape

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from tests.views.filled_in import button, choose, enter, field, open_run_panel
from tfviz.training.config import RunConfig, with_shards
from tfviz.training.tasks import TASKS
from tfviz.views.run.run_panel import RunPanel
from tfviz.views.style.theme import DARK, LIGHT
from tfviz.views.timeline.timeline import Timeline


@pytest.fixture
def panel(qtbot: QtBot) -> RunPanel:
    return open_run_panel(qtbot)


@pytest.mark.parametrize("name", RunConfig.presets())
def test_what_is_shown_is_what_is_run(panel: RunPanel, qtbot: QtBot, name: str) -> None:
    config = RunConfig.preset(name)
    panel.show_config(config)
    assert panel.config == config
    with qtbot.waitSignal(panel.new_run_requested) as requested:
        qtbot.mouseClick(button(panel), Qt.MouseButton.LeftButton)
    assert requested.args == [config]


def test_changes_against_the_running_configuration_are_marked_and_counted(
    panel: RunPanel, qtbot: QtBot
) -> None:
    assert button(panel).text() == "New run"
    enter(qtbot, panel, "training.learning_rate", "0.5")
    assert button(panel).text() == "New run · 1 change"
    enter(qtbot, panel, "model.d_model", "32")
    assert button(panel).text() == "New run · 2 changes"
    row = next(row for row in panel.form.rows if "model.d_model" in row.paths)
    assert row.label.text().endswith("•") and "is 64 in this run" in row.label.toolTip()
    enter(qtbot, panel, "model.d_model", "64")
    assert button(panel).text() == "New run · 1 change" and not row.label.text().endswith("•")
    panel.show_config(RunConfig.preset("identity"))
    assert button(panel).text() == "New run"


def test_a_name_is_no_change_of_the_run(panel: RunPanel, qtbot: QtBot) -> None:
    enter(qtbot, panel, "name", "second try")
    assert button(panel).text() == "New run"
    assert panel.config is not None and panel.config.name == "second try"


def test_a_preset_fills_the_fields_and_starts_nothing(panel: RunPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.new_run_requested):
        choose(qtbot, panel, "preset", "reverse")
    assert panel.config == RunConfig.preset("reverse")
    presets = panel.findChild(QComboBox, "run_preset")
    assert isinstance(presets, QComboBox) and presets.currentData() == "reverse"
    enter(qtbot, panel, "model.dim_feedforward", "77")
    assert presets.currentIndex() == -1


def test_the_shards_that_a_file_wrote_down_make_no_other_preset_of_a_run(
    panel: RunPanel, qtbot: QtBot
) -> None:
    presets = panel.findChild(QComboBox, "run_preset")
    assert isinstance(presets, QComboBox)
    panel.show_config(with_shards(RunConfig.preset("copy"), 1))
    assert presets.currentData() == "copy"
    enter(qtbot, panel, "training.shards", "2")
    assert presets.currentIndex() == -1
    enter(qtbot, panel, "training.shards", "1")
    assert presets.currentData() == "copy"
    panel.show_config(RunConfig.preset("copy"))
    enter(qtbot, panel, "training.shards", "1")  # that was the user
    assert presets.currentIndex() == -1


def test_open_asks_for_a_run_to_open(panel: RunPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.open_requested):
        qtbot.mouseClick(panel.findChild(QPushButton, "open_run_button"), Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("width", [200, 260, 420])
def test_nothing_reaches_beyond_the_panel_at_any_width(panel: RunPanel, qtbot: QtBot, width: int) -> None:
    panel.form.more.unfold()
    panel.resize(width, 640)
    enter(qtbot, panel, "model.d_model", "30")
    qtbot.wait(1)
    assert panel.width() == width
    right = panel.mapToGlobal(panel.rect().topRight()).x()
    for path in RunConfig.rules():
        editor = field(panel, path)
        if editor.isVisible():
            assert editor.mapToGlobal(editor.rect().topRight()).x() <= right - 12, path
            assert editor.width() >= 30, path


def test_the_panel_recolours_at_run_time(panel: RunPanel, qtbot: QtBot) -> None:
    enter(qtbot, panel, "training.seed", "5")
    row = next(row for row in panel.form.rows if row.paths == ("training.seed",))
    panel.recolour(LIGHT)
    assert LIGHT.warn_text in row.label.styleSheet()
    panel.recolour(DARK)
    assert DARK.warn_text in row.label.styleSheet()


def test_the_wheel_over_a_choice_scrolls_the_panel_instead(panel: RunPanel) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    editor = field(panel, "training.optimizer")
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    editor.wheelEvent(wheel)
    assert not wheel.isAccepted() and panel.config == RunConfig.preset("identity")


def test_the_task_says_what_to_look_for(panel: RunPanel, qtbot: QtBot) -> None:
    tasks = field(panel, "task.name")
    assert isinstance(tasks, QComboBox)
    assert {tasks.itemData(row) for row in range(tasks.count())} == set(TASKS)
    for row in range(tasks.count()):
        told = unescape(tasks.itemData(row, Qt.ItemDataRole.ToolTipRole))
        assert TASKS[tasks.itemData(row)].what_to_look_for in told
    choose(qtbot, panel, "task.name", "reverse")
    assert TASKS["reverse"].what_to_look_for in unescape(tasks.toolTip())


def test_all_presets_are_in_the_menu_under_headings(panel: RunPanel) -> None:
    presets = panel.findChild(QComboBox, "run_preset")
    assert isinstance(presets, QComboBox)
    rows = [(presets.itemText(row), presets.itemData(row)) for row in range(presets.count())]
    assert sorted(name for _, name in rows if name) == sorted(RunConfig.presets())
    headings = [row for row, (_, name) in enumerate(rows) if name is None]
    assert [rows[row][0] for row in headings][:4] == ["FIRST STEPS", "TASKS", "SIZES", "DEEP STACKS"]
    assert headings[0] == 0 and not any(
        presets.model().flags(presets.model().index(row, 0)) for row in headings
    )


def test_no_label_of_the_main_fields_is_cut_in_a_small_window(panel: RunPanel, qtbot: QtBot) -> None:
    panel.resize(228, 640)  # as in a window of 1280
    for name in ("identity", "addition", "brackets", "dates", "translation"):
        panel.show_config(RunConfig.preset(name).replace("training.seed", 77))
        qtbot.wait(1)
        for row in panel.form.rows:
            if row.label.isVisible() and not panel.form.more.holds(row.label):
                shown = row.label.shown_text
                assert "…" not in shown, (name, shown)


@pytest.mark.parametrize("kind", [RunPanel, Timeline])
def test_closed_widgets_can_be_collected(qtbot: QtBot, kind: type[RunPanel] | type[Timeline]) -> None:
    for _ in range(4):
        made = kind()
        made.show()
        made.close()
        kept = weakref.ref(made)
        del made
        gc.collect()
        assert kept() is None
