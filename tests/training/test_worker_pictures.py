"""The worker's pictures: whole ones at a pause, and while training runs as often as they are taken and cheap."""

from collections.abc import Iterator

import pytest

from tests.training.live_sessions import picture, run_steps, started
from tests.training.small_runs import (
    EVERYTHING,
    HARD,
    fields,
    in_worker,
    worker_waits,
)
from tests.training.watched_pictures import Clock, count_calls
from tfviz.training import worker as worker_module
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.worker import PACES


@pytest.fixture
def session() -> Iterator[Session]:
    with started(HARD) as made:
        yield made


@pytest.mark.parametrize(
    "demand", [EVERYTHING, Demand(attention=True), Demand(prediction=True), Demand(flow=True)]
)
def test_the_picture_of_a_pause_is_of_that_very_step_and_complete(session: Session, demand: Demand) -> None:
    session.mailbox.request(demand)
    for count in (1, 4):
        run_steps(session, count)
        shown = session.mailbox.take()
        assert shown is not None and shown.step == session.step
        assert fields(shown) == fields(in_worker(session, lambda: session.snapshot(demand)))
        if demand.prediction:
            assert shown.prediction is not None and shown.prediction.free_running is not None
        if demand.attention:
            assert shown.attention is not None


def test_without_a_viewer_no_pictures_are_made_while_training_runs(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count_calls(session, monkeypatch)
    run_steps(session, 40)
    assert len(made) == 1 and session.step == 40  # that of the pause


def test_a_picture_that_was_not_taken_is_not_followed_by_another(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.mailbox.request(EVERYTHING)
    made = count_calls(session, monkeypatch)
    run_steps(session, 40)
    assert len(made) == 2  # one that waited for a viewer all the time, and that of the pause
    shown = session.mailbox.take()
    assert shown is not None and shown.step == 40


def test_a_viewer_that_looks_sees_ever_newer_steps(session: Session) -> None:
    session.mailbox.request(Demand(attention=True))
    session.gate.run()
    steps = [picture(session).step for _ in range(20)]
    session.gate.pause()
    worker_waits(session)
    assert steps == sorted(set(steps))


def test_free_running_is_decoded_a_few_times_a_second_and_attention_as_often_as_it_is_taken(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    session.mailbox.request(EVERYTHING)
    run_steps(session, 1)
    session.gate.run()
    picture(session, lambda shown: shown.step > 1)
    pictures = [picture(session) for _ in range(10)]  # no time passes: attention alone
    assert all(
        shown.attention is not None and shown.prediction is None and not shown.samples for shown in pictures
    )
    clock.now += PACES["decoding"][0] - 0.01
    assert [picture(session).prediction for _ in range(3)] == [None] * 3
    clock.now += 0.02
    decoded = picture(session, lambda shown: shown.prediction is not None)
    assert decoded.prediction is not None and decoded.prediction.free_running is not None and decoded.samples
    assert [picture(session).prediction for _ in range(3)] == [None] * 3
    session.gate.pause()
    worker_waits(session)
    last = picture(session, lambda shown: shown.step == session.step)
    assert last.prediction is not None  # a pause is worth one at any time


def test_decoding_that_takes_long_is_rarer(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    made = count_calls(session, monkeypatch)
    quick = session.snapshot

    def slow(demand: Demand) -> Snapshot:
        clock.now += 0.3 if demand.prediction else 0.0
        return quick(demand)

    monkeypatch.setattr(session, "snapshot", slow)
    session.mailbox.request(EVERYTHING)
    run_steps(session, 1)
    for wait, pictures in ((1.0, 0), (0.3 / PACES["decoding"][1], 1)):
        clock.now += wait
        before = len([demand for demand in made if demand.prediction])
        session.gate.run()
        picture(session)
        picture(session)
        session.gate.pause()
        worker_waits(session)
        whole = len([demand for demand in made if demand.prediction]) - before
        assert whole == pictures + 1  # and that of the pause


def test_predictions_alone_are_as_rare(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    session.mailbox.request(Demand(prediction=True, samples=True))
    run_steps(session, 1)
    made = count_calls(session, monkeypatch)
    session.mailbox.take()
    run_steps(session, 20)
    assert len(made) == 1  # of the pause
    clock.now += 1
    session.mailbox.take()
    run_steps(session, 20)
    assert len(made) == 3


def test_the_flow_is_measured_ten_times_a_second_and_attention_as_often_as_it_is_taken(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    session.mailbox.request(Demand(attention=True, flow=True))
    run_steps(session, 1)
    shown = picture(session)
    assert shown.flow is not None and shown.attention is not None  # a pause is worth one at any time
    session.gate.run()
    clock.now += PACES["flow"][0] - 0.01
    assert [picture(session).flow for _ in range(5)] == [None] * 5
    clock.now += 0.02
    measured = picture(session, lambda shown: shown.flow is not None)
    assert measured.attention is not None and measured.step > 1
    assert [picture(session).flow for _ in range(3)] == [None] * 3


def test_a_flow_that_takes_long_is_measured_more_rarely(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    quick = session.snapshot

    def slow(demand: Demand) -> Snapshot:
        clock.now += 0.02 if demand.flow else 0.0
        return quick(demand)

    monkeypatch.setattr(session, "snapshot", slow)
    session.mailbox.request(Demand(flow=True))
    run_steps(session, 1)
    for wait, measured in ((0.5, 0), (0.7, 1)):  # 0.02 is three hundredths of 0.67
        clock.now += wait
        session.mailbox.take()
        made = count_calls(session, monkeypatch)
        run_steps(session, 20)
        assert len([demand for demand in made if demand.flow]) == measured + 1  # and that of the pause


@pytest.mark.parametrize("threads", [1, 3])
def test_attention_that_takes_long_or_keeps_several_threads_waiting_is_rarer(
    session: Session, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    monkeypatch.setattr(Session, "shards", threads)
    quick = session.snapshot

    def slow(demand: Demand) -> Snapshot:
        clock.now += 0.02
        return quick(demand)

    monkeypatch.setattr(session, "snapshot", slow)
    monkeypatch.setitem(PACES, "decoding", (1000.0, 1.0))
    session.mailbox.request(Demand(attention=True))
    run_steps(session, 1)
    session.mailbox.take()
    run_steps(session, 5)  # the first of these steps leaves a picture
    due = threads * 0.02 / PACES["attention"][1]
    for wait, pictures in ((due - 0.1, 0), (0.2, 1)):
        clock.now += wait
        session.mailbox.take()
        made = count_calls(session, monkeypatch)
        run_steps(session, 5)
        assert len(made) == pictures + 1  # and that of the pause


def test_nothing_but_the_flow_is_computed_where_nothing_else_is_wanted(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.mailbox.request(Demand(flow=True))
    made = count_calls(session, monkeypatch)
    run_steps(session, 3)
    shown = picture(session)
    assert shown.flow is not None and shown.attention is None
    assert set(made) == {Demand(flow=True)}


def test_every_prediction_that_is_shown_is_decoded_both_ways(session: Session) -> None:
    session.mailbox.request(EVERYTHING)
    session.gate.run()
    for _ in range(30):
        shown = picture(session).prediction
        if shown is not None:  # else a panel keeps the row it has: nothing blinks
            assert shown.free_running is not None and shown.teacher_forced is not None
