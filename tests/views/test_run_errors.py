"""What cannot be run is marked and explained at its field, before anything starts."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.views.filled_in import button, choose, enter, error_below, field, open_run_panel
from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.views.run.run_panel import RunPanel
from tfviz.views.style.theme import LIGHT


@pytest.fixture
def panel(qtbot: QtBot) -> RunPanel:
    return open_run_panel(qtbot)


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("model.d_model", "30", "30 is not divisible by nhead 4"),
        ("model.d_model", "many", "'many'; allowed: a whole number"),
        ("model.dropout", "1", "allowed: a number of at least 0 and below 1"),
        ("training.learning_rate", "-0.1", "above 0"),
        ("training.learning_rate", "nan", "above 0"),
        ("training.batch_size", "0", "at least 1"),
        ("training.betas", "0.9", "2 numbers"),
        ("training.epochs", "1.5", "whole number"),
    ],
)
def test_a_wrong_value_is_framed_explained_and_keeps_the_run_from_starting(
    panel: RunPanel, qtbot: QtBot, path: str, text: str, words: str
) -> None:
    enter(qtbot, panel, path, text)
    assert words in error_below(panel, path)
    assert field(panel, path).property("invalid") is True
    assert not button(panel).isEnabled() and panel.config is None
    assert words in button(panel).toolTip()
    with qtbot.assertNotEmitted(panel.new_run_requested):
        qtbot.mouseClick(button(panel), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.findChild(QPushButton, "run_revert"), Qt.MouseButton.LeftButton)
    assert button(panel).isEnabled() and not error_below(panel, path)
    assert field(panel, path).property("invalid") is False


def test_the_frame_of_a_wrong_field_is_red_on_the_screen(panel: RunPanel, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    assert isinstance(application, QApplication)
    LIGHT.apply(application)
    try:
        enter(qtbot, panel, "model.d_model", "31")
        panel.setFocus()
        image = field(panel, "model.d_model").grab().toImage()
        edge = image.pixelColor(image.width() // 2, 0)
        assert edge.red() > edge.green() + 60 and edge.red() > edge.blue() + 60
    finally:
        application.setStyleSheet("")


def test_fields_that_contradict_each_other_are_explained(panel: RunPanel, qtbot: QtBot) -> None:
    choose(qtbot, panel, "task.name", "reverse")
    assert "epochs" in error_below(panel, "training.steps")
    enter(qtbot, panel, "training.epochs", "")
    enter(qtbot, panel, "training.steps", "1000")
    assert panel.config is not None and panel.config.task.name == "reverse"


def test_a_wrong_value_among_the_folded_fields_unfolds_them(panel: RunPanel, qtbot: QtBot) -> None:
    assert not panel.form.more.folded.isVisible()
    enter(qtbot, panel, "training.label_smoothing", "2")
    assert panel.form.more.folded.isVisible() and error_below(panel, "training.label_smoothing")


def test_a_file_that_cannot_be_read_is_explained_at_its_field(
    panel: RunPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    choose(qtbot, panel, "task.name", "file")
    missing = tmp_path / "missing.tsv"
    enter(qtbot, panel, "task.path", str(missing))
    qtbot.waitUntil(lambda: "missing.tsv" in error_below(panel, "task.path"))
    assert not button(panel).isEnabled()
    missing.write_text("a b\tb a\nc d\td c\n", encoding="utf-8")
    enter(qtbot, panel, "task.probe", "1")
    panel.form.check()
    qtbot.waitUntil(lambda: bool(panel._count_label.text()))
    assert button(panel).isEnabled()


def test_an_error_that_only_the_session_finds_is_shown_at_its_field(panel: RunPanel) -> None:
    panel.show_error(
        ConfigurationError("task.probe", "task.probe is 500; allowed: a whole number from 1 to 72")
    )
    assert "500" in error_below(panel, "task.probe") and not button(panel).isEnabled()


def test_what_is_wrong_is_said_also_below_the_fields_that_scroll(panel: RunPanel, qtbot: QtBot) -> None:
    enter(qtbot, panel, "training.learning_rate", "fast")
    assert panel._count_label.text() == "1 field is wrong"
    assert "'fast'" in panel._count_label.toolTip()
    assert panel._count_label.property("role") == "error"
    enter(qtbot, panel, "training.learning_rate", "0.1")
    qtbot.waitUntil(lambda: "parameters" in panel._count_label.text())
    assert panel._count_label.property("role") == "dim" and not panel._count_label.toolTip()


@pytest.mark.parametrize(
    ("preset", "values", "path", "words"),
    [
        ("repeat", {"model.architecture": "encoder"}, "model.architecture", "answers each token with one"),
        (
            "copy",
            {"model.positions": "learned", "model.max_positions": "5"},
            "model.max_positions",
            "12 tokens",
        ),
        (
            "dates",
            {"model.tied_embeddings": True, "model.architecture": "encoder"},
            "model.architecture",
            "answers each token",
        ),
        (
            "copy",
            {"task.validation": "900", "task.alphabet": "3", "task.length": "4"},
            "task.validation",
            "900",
        ),
    ],
)
def test_a_model_that_does_not_fit_its_task_says_so_at_once(
    panel: RunPanel, qtbot: QtBot, preset: str, values: dict[str, object], path: str, words: str
) -> None:
    panel.form.show_values(RunConfig.preset(preset).with_values(values))
    qtbot.waitUntil(lambda: words in error_below(panel, path))
    assert not button(panel).isEnabled()


def test_what_is_tied_in_an_encoder_alone_needs_shared_tokens(
    panel: RunPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("a b\tx y\nb\ty\n", encoding="utf-8")
    values = {"task.name": "file", "task.path": str(path), "model.architecture": "encoder"}
    panel.form.show_values(RunConfig().with_values(values | {"model.tied_embeddings": True}))
    qtbot.waitUntil(lambda: "shared vocabulary" in error_below(panel, "model.tied_embeddings"))
    switch = field(panel, "task.shared_vocabulary")
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(9, switch.height() // 2))
    qtbot.waitUntil(lambda: "parameters" in panel._count_label.text())
    assert button(panel).isEnabled()
