"""Work in a thread, its outcome in the window's thread."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from tfviz.app.background import Background


def test_the_result_comes_in_the_thread_of_the_window(qtbot: QtBot) -> None:
    here, there, results = threading.get_ident(), [], []
    work = Background(lambda: there.append(threading.get_ident()) or 42)
    work.done.connect(lambda result: results.append((result, threading.get_ident())))
    with qtbot.waitSignal(work.done):
        work.start()
    assert results == [(42, here)]
    assert there[0] != here
    assert not work.running


def test_an_error_is_told_instead_of_a_result(qtbot: QtBot) -> None:
    def fail() -> None:
        raise ValueError("no")

    work = Background(fail)
    with qtbot.waitSignal(work.failed) as caught, qtbot.assertNotEmitted(work.done):
        work.start()
    assert str(caught.args[0]) == "no"


def test_waiting_tells_at_once_and_only_once(qtbot: QtBot) -> None:
    results: list[object] = []
    work = Background(lambda: "there")
    work.done.connect(results.append)
    work.start()
    work.wait()
    assert results == ["there"]
    qtbot.wait(30)
    assert results == ["there"]


def test_a_cancelled_work_is_joined_and_tells_nothing(qtbot: QtBot) -> None:
    go = threading.Event()
    work = Background(go.wait)
    work.start()
    go.set()
    with qtbot.assertNotEmitted(work.done, wait=30):
        work.cancel()
    assert not any(thread.name == "tfviz background" for thread in threading.enumerate())


@pytest.mark.parametrize("count", [20])
def test_many_at_once_all_arrive(qtbot: QtBot, count: int) -> None:
    results: list[int] = []
    works = [Background(lambda number=number: number) for number in range(count)]
    for work in works:
        work.done.connect(results.append)
        work.start()
    qtbot.waitUntil(lambda: len(results) == count)
    assert sorted(results) == list(range(count))
