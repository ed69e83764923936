"""What goes wrong is shown once, can be copied, and leaves the window usable."""

import sys
import threading

import numpy
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from tests.app.driving import Driver
from tfviz.app.dialogs.error_dialog import ErrorDialog
from tfviz.views.predictions.chip_board import ChipBoard


def wait_for_dialog(driver: Driver) -> ErrorDialog:
    driver.qtbot.waitUntil(lambda: bool(driver.window.problems.dialogs))
    dialog = driver.window.problems.dialogs[-1]
    assert dialog.isVisible()
    assert not dialog.isModal()
    return dialog


def test_an_exception_in_the_worker_is_shown_and_survived(driver: Driver) -> None:
    driver.train(2)
    trainer = driver.session.trainer

    def fail(*_: object) -> list[float]:
        raise RuntimeError("a wheel came off")

    trainer.train_batch = fail
    driver.click("play_pause")
    dialog = wait_for_dialog(driver)
    assert "RuntimeError: a wheel came off" in dialog.text_label.text()
    assert "Traceback" in dialog.details.toPlainText()
    driver.settle()
    assert driver.session.running
    del trainer.train_batch
    dialog.close()
    driver.click("step_batch")
    driver.wait_parked_at(3)


def test_a_number_that_is_not_finite_stops_training_and_is_explained(driver: Driver) -> None:
    driver.train(2)
    weights = driver.session.trainer.parameters["generator.weight"]
    driver.session.gate.call(lambda: weights.fill(numpy.inf)).result()
    driver.click("play_pause")
    dialog = wait_for_dialog(driver)
    text = dialog.text_label.text()
    assert dialog.title_label.text() == "Training stopped"
    assert "generator.weight" in text
    assert "before the update" in text
    assert "Traceback" not in dialog.details.toPlainText()
    driver.settle()
    assert driver.step == 2
    dialog.close()
    driver.click("step_back")
    driver.wait_parked_at(1)
    picture = driver.window.bridge.picture
    assert picture is not None and picture.attention is not None
    assert numpy.isfinite(picture.attention.cross).all()
    driver.window.commands["train_from_here"].trigger()
    driver.qtbot.waitUntil(lambda: driver.session.frontier > 3)
    assert numpy.isfinite(driver.session.parameters["generator.weight"]).all()


@pytest.mark.qt_no_exception_capture
def test_an_exception_in_a_slot_is_shown_once(driver: Driver, capsys: object) -> None:
    failures: list[int] = []

    def fail() -> None:
        failures.append(1)
        raise KeyError("lost")

    timer = QTimer(driver.window)
    timer.timeout.connect(fail)
    timer.start(5)
    dialog = wait_for_dialog(driver)
    driver.qtbot.waitUntil(lambda: len(failures) >= 5)
    timer.stop()
    assert "KeyError" in dialog.text_label.text()
    assert driver.window.problems.dialogs == [dialog]
    dialog.close()
    driver.train(1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exception_in_any_thread_is_shown(driver: Driver) -> None:
    def fail() -> None:
        raise OSError("the disk has gone")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "the disk has gone" in wait_for_dialog(driver).text_label.text()


def test_details_can_be_copied_and_unfolded(driver: Driver) -> None:
    driver.window.problems.show("Something", "went wrong", "line 1\nline 2")
    dialog = wait_for_dialog(driver)
    assert not dialog.details.isVisible()
    driver.click_on(dialog.details_button)
    assert dialog.details.isVisible()
    driver.click_on(dialog.findChild(QPushButton, "copy_details"))
    copied = QGuiApplication.clipboard().text()
    assert "line 2" in copied
    assert "NumPy" in copied


def test_the_hooks_are_given_back_when_the_window_closes(driver: Driver) -> None:
    hooks = driver.window.problems.hooks
    assert sys.excepthook == hooks._caught
    driver.window.close()
    assert sys.excepthook != hooks._caught
    assert threading.excepthook != hooks._caught_in_thread


@pytest.mark.qt_no_exception_capture
def test_an_exception_while_painting_is_shown_and_survived(driver: Driver) -> None:
    board = driver.window.findChild(ChipBoard, "prediction_chips")
    assert board is not None
    paint = board._paint_row

    def fail(*arguments: object) -> None:
        int(float("nan"))

    board._paint_row = fail
    board.update()
    assert "cannot convert float NaN" in wait_for_dialog(driver).text_label.text()
    board._paint_row = paint
    driver.train(1)
