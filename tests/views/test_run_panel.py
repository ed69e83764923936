"""The card "Run": every field of the configuration, checked while one types, and the run that comes of it."""

import gc
import weakref
from html import unescape
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError, Rule
from tfviz.training.tasks import TASKS
from tfviz.views.run.field_editors import neighbour, value_text
from tfviz.views.run.parameter_count import parameter_count
from tfviz.views.run.run_panel import RunPanel
from tfviz.views.style.theme import DARK, LIGHT
from tfviz.views.timeline.timeline import Timeline


@pytest.fixture
def panel(qtbot: QtBot) -> RunPanel:
    made = RunPanel()
    qtbot.addWidget(made)
    made.resize(260, 640)
    made.show()
    qtbot.waitExposed(made)
    made.show_config(RunConfig.preset("identity"))
    return made


def field(panel: RunPanel, path: str) -> QWidget:
    found = panel.findChild(QWidget, f"field_{path}")
    assert isinstance(found, QWidget)
    return found


def enter(qtbot: QtBot, panel: RunPanel, path: str, text: str) -> None:
    """Type into a field, as a person would."""
    editor = field(panel, path)
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text) if text else qtbot.keyClick(editor, Qt.Key.Key_Delete)


def choose(qtbot: QtBot, panel: RunPanel, path: str, word: str) -> None:
    editor = field(panel, path) if path != "preset" else panel.findChild(QComboBox, "run_preset")
    assert isinstance(editor, QComboBox)
    editor.setCurrentIndex(editor.findData(word))
    editor.activated.emit(editor.currentIndex())


def button(panel: RunPanel) -> QPushButton:
    found = panel.findChild(QPushButton, "new_run_button")
    assert isinstance(found, QPushButton)
    return found


def error_below(panel: RunPanel, path: str) -> str:
    """Of the row that the field stands in."""
    row = next(row for row in panel.form.rows if path in row.paths)
    found = panel.findChild(QLabel, f"error_{row.paths[0]}")
    assert isinstance(found, QLabel)
    return found.text() if not found.isHidden() else ""


def test_every_field_of_the_configuration_can_be_edited(panel: RunPanel) -> None:
    for path, rule in RunConfig.rules().items():
        assert rule.help.split("<")[0] in unescape(field(panel, path).toolTip())


@pytest.mark.parametrize("name", RunConfig.presets())
def test_what_is_shown_is_what_is_run(panel: RunPanel, qtbot: QtBot, name: str) -> None:
    config = RunConfig.preset(name)
    panel.show_config(config)
    assert panel.config == config
    with qtbot.waitSignal(panel.new_run_requested) as requested:
        qtbot.mouseClick(button(panel), Qt.MouseButton.LeftButton)
    assert requested.args == [config]


def test_a_typed_value_reaches_the_new_run(panel: RunPanel, qtbot: QtBot) -> None:
    enter(qtbot, panel, "training.learning_rate", "0.03")
    enter(qtbot, panel, "training.betas", "0.8, 0.95")
    enter(qtbot, panel, "training.epochs", "")
    enter(qtbot, panel, "training.steps", "500")
    choose(qtbot, panel, "training.optimizer", "adamw")
    panel.form.more.unfold()
    switch = field(panel, "model.norm_first")
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(9, switch.height() // 2))
    assert panel.config is not None
    training = panel.config.training
    assert (training.learning_rate, training.betas, training.epochs, training.steps) == (
        0.03,
        (0.8, 0.95),
        None,
        500,
    )
    assert training.optimizer == "adamw" and panel.config.model.norm_first


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


def test_fields_without_meaning_for_the_task_are_hidden(panel: RunPanel, qtbot: QtBot) -> None:
    for path in ("task.length", "task.alphabet", "task.path"):
        assert field(panel, path).isHidden() or not field(panel, path).isVisible()
    choose(qtbot, panel, "preset", "reverse")
    assert field(panel, "task.length").isVisible() and not field(panel, "task.path").isVisible()
    choose(qtbot, panel, "task.name", "file")
    assert field(panel, "task.path").isVisible() and "task.path is missing" in error_below(panel, "task.path")


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


def test_the_number_of_parameters_follows_the_fields(panel: RunPanel, qtbot: QtBot) -> None:
    def counted() -> str:
        return panel._count_label.text()

    config = RunConfig.preset("identity")
    qtbot.waitUntil(lambda: counted() == f"{parameter_count(config):,} parameters")
    enter(qtbot, panel, "model.num_encoder_layers", "5")
    changed = config.replace("model.num_encoder_layers", 5)
    qtbot.waitUntil(lambda: counted() == f"{parameter_count(changed):,} parameters")


def test_what_is_wrong_is_said_also_below_the_fields_that_scroll(panel: RunPanel, qtbot: QtBot) -> None:
    enter(qtbot, panel, "training.learning_rate", "fast")
    assert panel._count_label.text() == "1 field is wrong"
    assert "'fast'" in panel._count_label.toolTip()
    assert panel._count_label.property("role") == "error"
    enter(qtbot, panel, "training.learning_rate", "0.1")
    qtbot.waitUntil(lambda: "parameters" in panel._count_label.text())
    assert panel._count_label.property("role") == "dim" and not panel._count_label.toolTip()


def test_the_count_is_that_of_the_session() -> None:
    from tfviz.training.session import Session

    for name in ("identity", "reverse"):
        config = RunConfig.preset(name)
        with Session(config) as session:
            assert parameter_count(config) == session.parameter_count


def test_large_files_are_not_counted_while_typing(tmp_path: Path) -> None:
    path = tmp_path / "large.tsv"
    path.write_text("a\tb\n" * 600_000, encoding="utf-8")
    config = RunConfig().with_values({"task.name": "file", "task.path": str(path)})
    assert parameter_count(config) is None


def test_up_and_down_step_a_number(panel: RunPanel, qtbot: QtBot) -> None:
    editor = field(panel, "training.batch_size")
    editor.setFocus()
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert panel.config is not None and panel.config.training.batch_size == 17
    rate = field(panel, "training.learning_rate")
    assert isinstance(rate, QLineEdit)
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    assert rate.text() == "0.005"
    qtbot.keyClick(rate, Qt.Key.Key_Down)
    qtbot.keyClick(rate, Qt.Key.Key_Down)
    assert rate.text() == "0.001"


def test_a_number_never_steps_out_of_its_range() -> None:
    whole = Rule(int, 1, "", minimum=1, maximum=3)
    assert (
        neighbour(whole, "1", -1) is None
        and neighbour(whole, "3", 1) is None
        and neighbour(whole, "2", 1) == "3"
    )
    share = Rule(float, 0.0, "", minimum=0, below=1)
    assert neighbour(share, "0.5", 1) is None and neighbour(share, "0", 1) == "0.1"
    assert neighbour(whole, "x", 1) is None


def test_values_are_written_as_one_would_type_them() -> None:
    assert [value_text(value) for value in (None, 1e-9, 0.001, 1.0, (0.9, 0.98), 7, "adam")] == [
        "",
        "1e-09",
        "0.001",
        "1",
        "0.9, 0.98",
        "7",
        "adam",
    ]


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
    assert LIGHT.warn in row.label.styleSheet()
    panel.recolour(DARK)
    assert DARK.warn in row.label.styleSheet()


def test_the_wheel_over_a_choice_scrolls_the_panel_instead(panel: RunPanel) -> None:
    from PySide6.QtCore import QPoint, QPointF
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


@pytest.mark.parametrize(
    ("preset", "shown"),
    [
        ("identity", "tokenizer shared_vocabulary"),
        ("copy", "minimum_length length alphabet"),
        ("addition", "minimum_length length alphabet"),
        ("brackets", "minimum_length length alphabet depth"),
        ("dates", "alphabet examples tokenizer shared_vocabulary"),
        ("translation", "minimum_length length alphabet examples tokenizer shared_vocabulary"),
    ],
)
def test_a_task_has_the_fields_that_it_reads(panel: RunPanel, qtbot: QtBot, preset: str, shown: str) -> None:
    panel.form.more.unfold()
    choose(qtbot, panel, "preset", preset)
    names = [path for path in RunConfig.rules() if path.startswith("task.")]
    visible = {path.removeprefix("task.") for path in names if field(panel, path).isVisible()}
    assert visible == {"name", "validation", "probe", *shown.split()}


def test_a_size_is_asked_for_where_pieces_of_words_are_learned(panel: RunPanel, qtbot: QtBot) -> None:
    assert not field(panel, "task.bpe_size").isVisible()
    choose(qtbot, panel, "task.tokenizer", "bpe")
    enter(qtbot, panel, "task.bpe_size", "300")
    assert panel.config is not None
    assert (panel.config.task.tokenizer_kind, panel.config.task.bpe_size) == ("bpe", 300)
    enter(qtbot, panel, "task.bpe_size", "12")
    assert "260" in error_below(panel, "task.bpe_size") and not button(panel).isEnabled()


def test_a_shape_has_the_layers_and_masks_that_exist_in_it(panel: RunPanel, qtbot: QtBot) -> None:
    layers = "model.num_encoder_layers", "model.num_decoder_layers"
    panel.form.breaks.unfold()
    for shape, shown in (
        ("encoder", [True, False]),
        ("decoder", [False, True]),
        ("encoder-decoder", [True, True]),
    ):
        choose(qtbot, panel, "model.architecture", shape)
        assert [field(panel, path).isVisible() for path in layers] == shown
        assert field(panel, "model.causal_mask").isVisible() == (shape != "encoder")
        assert panel.config is not None and panel.config.model.architecture == shape


def test_what_breaks_a_model_is_folded_away_and_counted(panel: RunPanel, qtbot: QtBot) -> None:
    fold = panel.form.breaks
    assert not field(panel, "model.residual").isVisible() and fold.button.text() == "What breaks it"
    qtbot.mouseClick(fold.button, Qt.MouseButton.LeftButton)
    for path in ("model.residual", "model.layer_norm"):
        switch = field(panel, path)
        qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(9, switch.height() // 2))
    choose(qtbot, panel, "model.initialization", "zero")
    assert fold.button.text() == "What breaks it · 3"
    assert panel.config is not None
    model = panel.config.model
    assert (model.residual, model.layer_norm, model.initialization) == (False, False, "zero")
    panel.show_config(RunConfig.preset("identity"))
    assert fold.button.text() == "What breaks it"


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
