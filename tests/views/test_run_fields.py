"""Every field of the configuration: how it is typed, when it is there, and what follows from it."""

from html import unescape
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.views.filled_in import button, choose, enter, error_below, field, open_run_panel
from tfviz.training.config import RunConfig
from tfviz.training.rules import Rule
from tfviz.views.run.field_editors import neighbour, value_text
from tfviz.views.run.parameter_count import parameter_count
from tfviz.views.run.run_panel import RunPanel


@pytest.fixture
def panel(qtbot: QtBot) -> RunPanel:
    return open_run_panel(qtbot)


def test_every_field_of_the_configuration_can_be_edited(panel: RunPanel) -> None:
    for path, rule in RunConfig.rules().items():
        assert rule.help.split("<")[0] in unescape(field(panel, path).toolTip())


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


def test_fields_without_meaning_for_the_task_are_hidden(panel: RunPanel, qtbot: QtBot) -> None:
    for path in ("task.length", "task.alphabet", "task.path"):
        assert not field(panel, path).isVisible()
    choose(qtbot, panel, "preset", "reverse")
    assert field(panel, "task.length").isVisible() and not field(panel, "task.path").isVisible()
    choose(qtbot, panel, "task.name", "file")
    assert field(panel, "task.path").isVisible() and "task.path is missing" in error_below(panel, "task.path")


def test_the_number_of_parameters_follows_the_fields(panel: RunPanel, qtbot: QtBot) -> None:
    def counted() -> str:
        return panel._count_label.text()

    config = RunConfig.preset("identity")
    qtbot.waitUntil(lambda: counted() == f"{parameter_count(config):,} parameters")
    enter(qtbot, panel, "model.num_encoder_layers", "5")
    changed = config.replace("model.num_encoder_layers", 5)
    qtbot.waitUntil(lambda: counted() == f"{parameter_count(changed):,} parameters")


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
