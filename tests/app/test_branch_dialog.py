"""The branch dialog: what it proposes, what it refuses and in which words, and what it asks for in the end."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.views.made_branches import left, main_line
from tfviz.app.dialogs.branch_dialog import BranchDialog, BranchWish
from tfviz.training.branching.branches import CHANGEABLE, Line, first_line
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.config import RunConfig
from tfviz.views.run.field_editors import ChoiceEditor, TextEditor
from tfviz.views.style.theme import DARK

RATE, CLIP = "training.learning_rate", "training.clip_norm"
Open = Callable[..., BranchDialog]


def lines() -> dict[int, Line]:
    main = main_line(400)
    return {0: main, 1: left(main, 1, 200, 300, 2.0, "learning rate 0.01")}


@pytest.fixture
def open_dialog(qtbot: QtBot) -> Open:
    window = QWidget()
    qtbot.addWidget(window)

    def open_one(step: int = 300, newest: bool = False, current: int = 0) -> BranchDialog:
        dialog = BranchDialog(lines(), current, step, newest, DARK, window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.show()
        return dialog

    return open_one


def write(dialog: BranchDialog, qtbot: QtBot, path: str, text: str) -> None:
    """Type over what stands in a field."""
    editor = dialog.findChild(TextEditor, f"field_{path}")
    assert editor is not None
    editor.setFocus()
    editor.selectAll()
    qtbot.keyClicks(editor, text)


def error(dialog: BranchDialog, path: str) -> str:
    found = dialog.findChild(QLabel, f"error_{path}")
    assert found is not None
    return found.text() if found.isVisible() else ""


def wish(dialog: BranchDialog, qtbot: QtBot) -> BranchWish:
    with qtbot.waitSignal(dialog.wished) as asked:
        qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    return asked.args[0]


def test_a_name_is_proposed_from_the_change_until_one_is_typed(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog()
    assert dialog.name.text() == "again"
    write(dialog, qtbot, CLIP, "0.5")
    assert dialog.name.text() == "clip norm 0.5"
    write(dialog, qtbot, RATE, "0.02")
    assert dialog.name.text() == "learning rate 0.02, clip norm 0.5"
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "bold")
    write(dialog, qtbot, RATE, "0.03")
    assert dialog.name.text() == "bold"
    assert wish(dialog, qtbot) == BranchWish(300, "bold", {RATE: 0.03, CLIP: 0.5})


def test_a_proposed_name_differs_from_those_that_there_are(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog()
    write(dialog, qtbot, RATE, "0.01")
    assert dialog.name.text() == "learning rate 0.01 from step 300"


def test_a_name_that_there_is_already_is_refused(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog()
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "main")
    assert dialog.name_error.isVisible()
    assert dialog.name_error.text() == "There is a branch “main” already"
    assert not dialog.accept_button.isEnabled()


def test_a_value_that_cannot_be_is_refused_at_its_field(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog()
    write(dialog, qtbot, RATE, "-1")
    assert error(dialog, RATE) == "training.learning_rate is -1.0; allowed: a number above 0"
    assert not dialog.accept_button.isEnabled() and not dialog.difference.isVisible()
    write(dialog, qtbot, RATE, "fast")
    assert error(dialog, RATE) == "training.learning_rate is 'fast'; allowed: a number above 0"
    write(dialog, qtbot, RATE, "0.5")
    assert error(dialog, RATE) == "" and dialog.accept_button.isEnabled()


def test_fields_that_contradict_each_other_are_refused_together(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog()
    write(dialog, qtbot, "training.warmup_steps", "0")
    schedule = dialog.findChild(ChoiceEditor, "field_training.schedule")
    assert schedule is not None
    schedule.show_value("warmup_inverse_sqrt")
    schedule.edited.emit()
    assert "warmup_inverse_sqrt needs at least 1" in error(dialog, "training.warmup_steps")
    assert not dialog.accept_button.isEnabled()
    write(dialog, qtbot, "training.warmup_steps", "7")
    assert wish(dialog, qtbot).values == {
        "training.schedule": "warmup_inverse_sqrt",
        "training.warmup_steps": 7,
    }


def test_the_difference_is_stated_before_anything_is_done(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog()
    assert not dialog.difference.isVisible() and "repeats it, to the last bit" in dialog.effect.text()
    write(dialog, qtbot, RATE, "0.02")
    write(dialog, qtbot, "training.seed", "5")
    assert dialog.difference.text() == "Batch seed 0 → 5, learning rate 0.001 → 0.02"
    assert dialog.effect.text().startswith("Steps 0 to 300 are shared, and main keeps its own future.")


def test_a_branch_without_a_change_may_be_made(open_dialog: Open, qtbot: QtBot) -> None:
    assert wish(open_dialog(), qtbot) == BranchWish(300, "again", {})


def test_in_the_past_the_branch_itself_cannot_be_changed_and_the_reason_is_given(open_dialog: Open) -> None:
    dialog = open_dialog()
    assert not dialog.where.button(1).isEnabled()
    assert "Step 300 lies in the past" in dialog.where.button(1).toolTip()


def test_at_the_newest_step_the_branch_itself_may_be_changed(open_dialog: Open, qtbot: QtBot) -> None:
    dialog = open_dialog(step=400, newest=True)
    qtbot.mouseClick(dialog.where.button(1), Qt.MouseButton.LeftButton)
    assert not dialog.accept_button.isEnabled() and not dialog.name.isEnabled()
    write(dialog, qtbot, RATE, "0.02")
    assert dialog.accept_button.text() == "Change"
    assert wish(dialog, qtbot) == BranchWish(400, None, {RATE: 0.02})


def test_the_fields_show_the_configuration_of_that_step_of_that_branch(open_dialog: Open) -> None:
    rates = []
    for step in (199, 200):
        editor = open_dialog(step=step, current=1).findChild(TextEditor, f"field_{RATE}")
        assert editor is not None
        rates.append(editor.text())
    assert rates == ["0.001", "0.01"]


def test_only_what_the_optimiser_reads_is_offered(open_dialog: Open) -> None:
    dialog = open_dialog()
    shown = [path for row in dialog.rows if row.label.isVisible() for path in row.paths]
    assert "training.betas" in shown and RATE in shown
    assert "training.momentum" not in shown and "training.weight_decay" not in shown


def test_an_encoder_alone_has_no_causal_mask_to_take_away(qtbot: QtBot) -> None:
    window, alone = QWidget(), first_line(
        RunConfig().replace("model.architecture", "encoder"), ("loss",), Keyframes()
    )  # fmt: skip
    qtbot.addWidget(window)
    dialog = BranchDialog({0: alone}, 0, 0, True, DARK, window)
    dialog.show()
    shown = [path for row in dialog.rows if row.label.isVisible() for path in row.paths]
    assert "model.padding_mask" in shown and "model.causal_mask" not in shown


def test_everything_that_may_change_has_a_field(open_dialog: Open) -> None:
    dialog = open_dialog()
    fields = [path for row in dialog.rows for path in row.paths]
    assert sorted([*fields, "training.frozen"]) == sorted(CHANGEABLE)


def test_another_optimiser_brings_its_fields_and_says_that_it_starts_anew(
    open_dialog: Open, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    method = dialog.findChild(ChoiceEditor, "field_training.optimizer")
    assert method is not None
    method.show_value("momentum")
    method.edited.emit()
    shown = [path for row in dialog.rows if row.label.isVisible() for path in row.paths]
    assert "training.momentum" in shown and "training.betas" not in shown
    assert "its moments and last updates are 0" in dialog.effect.text()
    assert wish(dialog, qtbot).values == {"training.optimizer": "momentum"}


def test_parts_are_frozen_by_ticking_them_and_a_layer_stands_for_its_groups(
    open_dialog: Open, qtbot: QtBot
) -> None:
    dialog = open_dialog()
    tree = dialog.parts
    item = tree.topLevelItem(0)
    assert item is not None and item.text(0) == "source_embedding"
    box = tree.visualItemRect(item)
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(box.left() + 9, box.center().y()))
    assert tree.written() == ("source_embedding",)
    for group in ("self_attn", "feed_forward"):
        tree.tick(f"encoder.0.{group}", True)
    assert dialog.difference.text() == "Frozen parts none → source_embedding, encoder.0"
    assert wish(dialog, qtbot).values == {"training.frozen": ("source_embedding", "encoder.0")}


def test_positions_that_are_learned_are_refused_at_their_field(open_dialog: Open) -> None:
    dialog = open_dialog()
    positions = dialog.findChild(ChoiceEditor, "field_model.positions")
    assert positions is not None
    positions.show_value("learned")
    positions.edited.emit()
    assert "cannot become learned" in error(dialog, "model.positions")
    assert not dialog.accept_button.isEnabled()
