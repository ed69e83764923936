"""The user's own data in the window: looked at in a thread, refused in one sentence, and learned."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from tests.app.driving import Driver
from tfviz.app.dialogs import data_dialog
from tfviz.app.dialogs.data_dialog import PASTE, DataDialog
from tfviz.app.dialogs.data_look import Look, Wish
from tfviz.app.dialogs.pair_table import alignment
from tfviz.app.own_data import data_folder
from tfviz.training.data.datasets import load_pairs
from tfviz.views.run.run_panel import RunPanel


@pytest.fixture
def dialog(driver: Driver) -> DataDialog:
    driver.click_on(driver.find(QPushButton, "own_data_button"))
    return driver.find(DataDialog, "data_dialog")


def panel(driver: Driver) -> RunPanel:
    return driver.panel(RunPanel)


def enter_path(driver: Driver, dialog: DataDialog, path: Path) -> None:
    dialog.path.selectAll()
    with driver.qtbot.waitSignal(dialog.looked):
        driver.qtbot.keyClicks(dialog.path, str(path))
    driver.qtbot.waitUntil(lambda: not dialog._busy and not dialog._pause.isActive())


def paste(driver: Driver, dialog: DataDialog, text: str) -> None:
    driver.click_on(dialog.origin.button(PASTE))
    QGuiApplication.clipboard().setText(text)
    dialog.text.selectAll()
    with driver.qtbot.waitSignal(dialog.looked):
        driver.qtbot.keyClick(dialog.text, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    driver.qtbot.waitUntil(lambda: not dialog._busy and not dialog._pause.isActive())


def pairs_file(folder: Path, count: int = 40) -> Path:
    path = folder / "pairs.tsv"
    lines = [f"w{number} x\tx w{number}" for number in range(count)]
    path.write_text("\n".join([*lines, lines[2]]), encoding="utf-8")
    return path


def test_a_file_is_shown_with_what_there_is_to_know(
    driver: Driver, dialog: DataDialog, tmp_path: Path
) -> None:
    enter_path(driver, dialog, pairs_file(tmp_path))
    facts = {name: fact.text() for name, fact in dialog.facts.items()}
    assert facts["Pairs"] == "41: 37 to train on, 4 held out"
    assert facts["Repeated lines"] == "1: line 41"
    assert facts["Longest source"] == "2 tokens, in line 1"
    assert facts["Vocabulary"] == "45 source tokens, 45 target tokens"
    assert facts["Unknown in training"].startswith("8 tokens: w")
    assert dialog.preview.rowCount() == 20 and dialog.message.text() == "The first 20 of 41 pairs"
    assert [dialog.preview.item(1, column).text() for column in range(3)] == ["2", "w1 x", "x w1"]


def test_it_fills_the_run_panel(driver: Driver, dialog: DataDialog, tmp_path: Path) -> None:
    path = pairs_file(tmp_path)
    enter_path(driver, dialog, path)
    dialog.options.share.setValue(25)
    dialog.options.tokenizer.setCurrentIndex(1)
    dialog.options.tokenizer.activated.emit(1)
    driver.qtbot.waitUntil(dialog.use_button.isEnabled)
    old = driver.session
    driver.click_on(dialog.use_button)
    config = panel(driver).config
    assert config is not None and driver.session is old
    task = config.task
    assert (task.name, task.path, task.validation, task.tokenizer, task.probe) == (
        "file", str(path), 10, "character", 1,
    )  # fmt: skip
    driver.qtbot.waitUntil(lambda: not dialog_is_open(driver))


def dialog_is_open(driver: Driver) -> bool:
    found = driver.window.findChild(DataDialog)
    return found is not None and found.isVisible()


def test_pasted_text_is_saved_and_learned_at_once(driver: Driver, dialog: DataDialog) -> None:
    paste(driver, dialog, "שלום עולם\tعالم سلام\ncafe\u0301 <b>x</b>\tx cafe\u0301\na\tb\n")
    assert dialog.preview.item(0, 1).text() == "שלום עולם"
    assert dialog.preview.item(1, 1).text() == "cafe\u0301 <b>x</b>"
    assert dialog.preview.item(0, 1).textAlignment() & Qt.AlignmentFlag.AlignRight
    assert dialog.preview.item(1, 1).textAlignment() & Qt.AlignmentFlag.AlignLeft
    old = driver.session
    driver.click_on(dialog.start_button)
    driver.wait_for_new_session(old)
    driver.train(2)
    assert driver.session.config.task.name == "file" and driver.session.config.name == "pasted-1"
    (saved,) = data_folder().iterdir()
    assert load_pairs(saved)[0] == ("שלום עולם", "عالم سلام")


ALONE = "expected source, tab, target; found 1 column"
BAD = {
    "empty": ("bad.tsv", b"", "is empty; expected lines of source, tab, target"),
    "binary": ("bad.tsv", bytes(range(256)), "is not UTF-8: byte 0x80 at offset 128, in line 3"),
    "picture": ("bad.tsv", b"\x00\x00IHDR\t\x00\n", "line 1: a NUL character; this is no text"),
    "encoding": ("bad.tsv", b"a\tb\ncaf\xe9\tx", "is not UTF-8: byte 0xe9 at offset 7, in line 2"),
    "one column": ("bad.tsv", b"a\tb\nonly\n", f"line 2: {ALONE}: 'only'"),
    "long line": (
        "bad.tsv",
        b"a\tb\n" + b"x" * 10_000_000,
        "line 2: 10000000 characters; at most 10000 are read",
    ),
    "mixed endings": ("bad.tsv", b"a\tb\r\nc\td\re\tf\nalone\r", f"line 4: {ALONE}: 'alone'"),
    "right to left": ("bad.tsv", "a\tb\nשלום עולם\n".encode(), f"line 2: {ALONE}: 'שלום עולם'"),
    "comma": ("bad.csv", b'a,b\n"c,d\n', "line 2: no CSV: unexpected end of data"),
    "JSON": ("bad.jsonl", b'["a", "b"]\n{"source": 1}\n', "line 2: expected {"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_in_one_sentence(
    driver: Driver, dialog: DataDialog, tmp_path: Path, kind: str
) -> None:
    name, content, words = BAD[kind]
    path = tmp_path / name
    path.write_bytes(content)
    enter_path(driver, dialog, path)
    told = dialog.message.text()
    assert words in told, told
    assert dialog.message.property("role") == "error" and "\n" not in told
    assert not dialog.use_button.isEnabled() and not dialog.start_button.isEnabled()
    assert dialog.preview.rowCount() == 0
    enter_path(driver, dialog, pairs_file(tmp_path))
    assert dialog.use_button.isEnabled() and dialog.message.property("role") == "dim"


def test_a_single_pair_is_trained_on(driver: Driver, dialog: DataDialog) -> None:
    paste(driver, dialog, "hello\thallo")
    assert dialog.message.text() == "The only pair" and dialog.start_button.isEnabled()
    assert dialog.facts["Pairs"].text() == "1: 1 to train on, 0 held out"


def test_pairs_that_lie_on_both_sides_of_the_split_are_named(
    driver: Driver, dialog: DataDialog, tmp_path: Path
) -> None:
    """The same source with another target; a pair that is repeated is never on both sides."""
    path = tmp_path / "pairs.tsv"
    lines = [f"w{number % 10}\tt{number}" for number in range(20)]
    path.write_text("\r\n".join([*lines, lines[0]]), encoding="utf-8")
    enter_path(driver, dialog, path)
    facts = {name: fact.text() for name, fact in dialog.facts.items()}
    assert facts["Pairs"] == "21: 18 to train on, 2 held out"
    assert facts["Held out, but source is trained"] == "3: lines 1, 15, 21"
    assert facts["Repeated lines"] == "1: line 21"


def test_the_window_draws_and_answers_while_many_lines_are_read(
    driver: Driver, dialog: DataDialog, tmp_path: Path
) -> None:
    path = tmp_path / "many.tsv"
    path.write_text("".join(f"a{n % 50} b\tc{n}\n" for n in range(60_000)), encoding="utf-8")
    looks: list[bool] = []
    clock = QTimer()
    clock.timeout.connect(lambda: looks.append(dialog._busy))
    clock.start(0)
    enter_path(driver, dialog, path)
    clock.stop()
    assert looks.count(True) > 5
    assert dialog.facts["Pairs"].text() == "60,000: 54,000 to train on, 6,000 held out"
    assert dialog.message.text() == "The first 20 of 60,000 pairs"


def test_the_window_goes_on_while_a_file_is_read_and_the_last_wish_wins(
    driver: Driver, dialog: DataDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, real = threading.Event(), data_dialog.look_at
    threads: list[threading.Thread] = []

    def slow(wish: Wish, earlier: Look | None) -> Look:
        threads.append(threading.current_thread())
        assert go_on.wait(10)
        return real(wish, earlier)

    monkeypatch.setattr(data_dialog, "look_at", slow)
    dialog.path.setText(str(pairs_file(tmp_path)))
    dialog._start_look()
    assert dialog.message.text() == "Reading …" and not dialog.use_button.isEnabled()
    driver.train(2)
    dialog.options.share.setValue(50)
    go_on.set()
    driver.qtbot.waitUntil(dialog.use_button.isEnabled)
    assert dialog.facts["Pairs"].text().endswith("20 held out")
    assert threading.main_thread() not in threads and len(threads) == 2


def test_a_dialog_that_is_closed_while_it_reads_leaves_nothing_behind(
    driver: Driver, dialog: DataDialog, tmp_path: Path
) -> None:
    dialog.path.setText(str(pairs_file(tmp_path)))
    dialog._start_look()
    driver.click_on(dialog.cancel_button)
    driver.qtbot.waitUntil(lambda: not driver.window.own_data._works)
    assert not driver.window.problems.dialogs


def test_text_begins_where_its_script_begins() -> None:
    sides = [
        bool(alignment(text) & Qt.AlignmentFlag.AlignRight) for text in ("abc", "12 שלום", "سلام a", "!")
    ]
    assert sides == [False, True, True, False]
