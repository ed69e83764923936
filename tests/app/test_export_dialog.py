"""Exports from the window: every format, the step on the screen, and what happens when a file cannot be written."""

import csv
import json
import threading
from pathlib import Path

import numpy
import pytest
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtWidgets import QComboBox, QLabel

from tests.app.driving import Driver
from tfviz.app.dialogs.export_dialog import ExportDialog
from tfviz.app.dialogs.export_job import ALL_HEADS, CHOICES, MODEL, ONE_HEAD, SCALARS
from tfviz.training.model.model_file import load_model


def open_dialog(driver: Driver, what: str, format: str) -> ExportDialog:
    driver.click("export")

    def visible() -> list[ExportDialog]:  # one that was closed may not have been deleted yet
        return [dialog for dialog in driver.window.findChildren(ExportDialog) if dialog.isVisible()]

    driver.qtbot.waitUntil(lambda: len(visible()) == 1)
    dialog = visible()[0]
    driver.qtbot.waitUntil(dialog.save_button.isEnabled)
    dialog.what.setCurrentIndex(dialog.what.findData(what))
    choose_format(dialog, format)
    return dialog


def choose_format(dialog: ExportDialog, format: str) -> None:
    names = [choice.name for choice in CHOICES[dialog.what.currentData()]]
    dialog.format.setCurrentIndex(names.index(format))
    assert dialog.chosen_format.name == format


def export(driver: Driver, what: str, format: str, path: Path) -> Path:
    """The whole way; the path that the status bar names."""
    driver.window.choose_path = lambda parent, suggestion, kinds: str(path)
    dialog = open_dialog(driver, what, format)
    driver.click_on(dialog.save_button)
    message = driver.window.status.currentMessage
    driver.qtbot.waitUntil(lambda: message().startswith("Saved "))
    return Path(message().removeprefix("Saved "))


def is_valid(path: Path, what: str) -> bool:
    """Whether a file is what its name says, at step 3."""
    match path.suffix:
        case ".npz":
            return int(numpy.load(path)["step"]) == 3
        case ".json" if what == SCALARS:
            return "loss" in path.read_text()
        case ".json":
            return json.loads(path.read_text())["step"] == 3
        case ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))
            return len(rows) == 4 if what == SCALARS else len(rows) > 30
        case ".png":
            return not QImage(str(path)).isNull()
        case ".svg":
            return path.read_text(encoding="utf-8").rstrip().endswith("</svg>")
        case ".safetensors":
            return load_model(path).step == 3
        case ".pdf":
            return path.read_bytes().startswith(b"%PDF")
        case ".html":
            return "</html>" in path.read_text(encoding="utf-8")
        case ".gif":
            return QImageReader(str(path)).imageCount() == 4
        case _:
            return False


CASES = [(what, format.name) for what, formats in CHOICES.items() for format in formats]


@pytest.mark.parametrize(("what", "format"), CASES)
def test_each_format_writes_a_valid_file(driver: Driver, tmp_path: Path, what: str, format: str) -> None:
    driver.train(3)
    path = export(driver, what, format, tmp_path / f"file.{format}")
    assert path == tmp_path / f"file.{format}"
    assert is_valid(path, what)
    assert (
        driver.window.findChild(ExportDialog) is None or not driver.window.findChild(ExportDialog).isVisible()
    )


def test_the_suggested_name_says_run_step_seed_and_head(driver: Driver) -> None:
    driver.train(3)
    asked: list[str] = []

    def refuse(parent: object, suggestion: str, kinds: str) -> str:
        asked.append(suggestion)
        return ""

    driver.window.choose_path = refuse
    dialog = open_dialog(driver, ALL_HEADS, "png")
    driver.click_on(dialog.save_button)
    dialog.what.setCurrentIndex(dialog.what.findData(ONE_HEAD))
    driver.click_on(dialog.save_button)
    dialog.what.setCurrentIndex(dialog.what.findData(SCALARS))
    driver.click_on(dialog.save_button)
    assert asked == [
        "identity-step3-seed0.png",
        "identity-step3-seed0-cross.L0H0.png",
        "identity-scalars-seed0.csv",
    ]
    assert dialog.isVisible()


def test_the_head_that_is_selected_is_suggested(driver: Driver) -> None:
    panel = driver.window.panels["attention_panel"]
    from tfviz.training.export.heads import Head

    panel.select(Head("encoder", 0, 1))
    dialog = open_dialog(driver, ONE_HEAD, "svg")
    assert dialog.head.currentText() == "encoder L0H1"


def test_a_missing_suffix_is_added(driver: Driver, tmp_path: Path) -> None:
    assert export(driver, ALL_HEADS, "json", tmp_path / "snapshot") == tmp_path / "snapshot.json"


def test_the_folder_is_remembered(driver: Driver, tmp_path: Path) -> None:
    export(driver, ALL_HEADS, "json", tmp_path / "snapshot.json")
    asked: list[str] = []
    driver.window.choose_path = lambda parent, suggestion, kinds: asked.append(suggestion) or ""
    dialog = open_dialog(driver, ALL_HEADS, "png")
    driver.click_on(dialog.save_button)
    assert Path(asked[0]).parent == tmp_path


def test_a_file_that_cannot_be_written_is_explained_and_nothing_is_left(
    driver: Driver, tmp_path: Path
) -> None:
    folder = tmp_path / "missing"
    driver.window.choose_path = lambda *asked: str(folder / "file.png")
    dialog = open_dialog(driver, ALL_HEADS, "png")
    driver.click_on(dialog.save_button)
    driver.qtbot.waitUntil(lambda: dialog.message.isVisible())
    assert "missing" in dialog.message.text()
    assert dialog.save_button.isEnabled()
    assert not folder.exists()


def test_weights_that_are_not_finite_are_not_saved(driver: Driver, tmp_path: Path) -> None:
    driver.session.gate.call(
        lambda: driver.session.trainer.parameters["generator.weight"].fill(numpy.inf)
    ).result()
    driver.window.choose_path = lambda *asked: str(tmp_path / "model.safetensors")
    dialog = open_dialog(driver, MODEL, "safetensors")
    driver.click_on(dialog.save_button)
    driver.qtbot.waitUntil(lambda: dialog.message.isVisible())
    assert list(tmp_path.glob("*.safetensors*")) == []


def test_an_export_while_training_runs_holds_one_step(driver: Driver, tmp_path: Path) -> None:
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 3)
    driver.window.choose_path = lambda *asked: str(tmp_path / "file.npz")
    dialog = open_dialog(driver, ALL_HEADS, "npz")
    caption = dialog.findChild(QLabel, "export_caption").text()
    driver.qtbot.waitUntil(lambda: driver.step > dialog.capture.snapshot.step + 5)
    driver.click_on(dialog.save_button)
    driver.qtbot.waitUntil(lambda: (tmp_path / "file.npz").exists())
    assert caption.startswith(f"Step {int(numpy.load(tmp_path / 'file.npz')['step']):,} · seed 0")


def test_an_animation_takes_the_steps_that_are_asked_for(driver: Driver, tmp_path: Path) -> None:
    driver.train(20)
    driver.window.choose_path = lambda parent, suggestion, kinds: str(tmp_path / Path(suggestion).name)
    dialog = open_dialog(driver, ONE_HEAD, "gif")
    assert dialog.steps.text() == "0:20:1"
    dialog.steps.setText("0:99:5")
    driver.click_on(dialog.save_button)
    assert "step 99 is not recorded" in dialog.message.text()
    dialog.steps.setText("0:20:5")
    driver.click_on(dialog.save_button)
    path = tmp_path / "identity-steps0-20-seed0-cross.L0H0.gif"
    driver.qtbot.waitUntil(path.exists)
    assert QImageReader(str(path)).imageCount() == 5
    assert driver.step == 20


def test_closing_the_dialog_gives_up_an_animation(driver: Driver, tmp_path: Path) -> None:
    driver.train(60)
    driver.window.choose_path = lambda *asked: str(tmp_path / "file.gif")
    dialog = open_dialog(driver, ALL_HEADS, "gif")
    driver.click_on(dialog.save_button)
    driver.qtbot.waitUntil(lambda: "of 61 steps" in dialog.message.text())
    driver.click_on(dialog.cancel_button)
    assert list(tmp_path.glob("*.gif*")) == []


def test_the_head_field_is_for_one_head_and_colours_are_for_pictures(driver: Driver) -> None:
    dialog = open_dialog(driver, ALL_HEADS, "npz")
    assert not dialog.head.isEnabled()
    assert not dialog.findChild(QComboBox, "export_theme").isEnabled()
    dialog.what.setCurrentIndex(dialog.what.findData(ONE_HEAD))
    choose_format(dialog, "svg")
    assert dialog.head.isEnabled()
    assert dialog.theme.isEnabled()
    assert dialog.numbers.isEnabled()


def test_closing_the_window_waits_for_a_file_that_is_being_written(driver: Driver, tmp_path: Path) -> None:
    driver.train(2)
    driver.window.choose_path = lambda *asked: str(tmp_path / "file.csv")
    dialog = open_dialog(driver, ALL_HEADS, "csv")
    driver.click_on(dialog.save_button)
    driver.window.close()
    assert (tmp_path / "file.csv").stat().st_size > 0
    assert "tfviz background" not in {thread.name for thread in threading.enumerate()}
