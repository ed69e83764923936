"""The mailbox: the latest picture wins, no event is lost."""

import threading

from tfviz.training.config import RunConfig
from tfviz.training.events import Paused, Warned
from tfviz.training.mailbox import Demand, Mailbox
from tfviz.training.snapshot import Snapshot

CONFIG = RunConfig()


def test_a_picture_can_be_taken_once() -> None:
    mailbox = Mailbox()
    assert mailbox.take() is None and mailbox.taken
    mailbox.put(Snapshot(1, 0, CONFIG))
    assert not mailbox.taken
    taken = mailbox.take()
    assert taken is not None and taken.step == 1
    assert mailbox.take() is None and mailbox.taken


def test_the_latest_picture_wins() -> None:
    mailbox = Mailbox()
    for step in range(5):
        mailbox.put(Snapshot(step, 0, CONFIG))
    taken = mailbox.take()
    assert taken is not None and taken.step == 4


def test_events_are_given_once_in_their_order() -> None:
    mailbox = Mailbox()
    mailbox.post(Paused(3, "steps"))
    mailbox.post(Warned(4, "the disk is full"))
    assert mailbox.events() == [Paused(3, "steps"), Warned(4, "the disk is full")]
    assert mailbox.events() == []


def test_a_demand_joins_what_several_panels_need() -> None:
    assert not Demand()
    assert Demand(attention=True) | Demand(samples=True) == Demand(attention=True, samples=True)
    assert Demand() | Demand(prediction=True) == Demand(prediction=True)
    assert Demand(flow=True) | Demand(attention=True) == Demand(attention=True, flow=True)
    assert Demand(prediction=True) and Demand(flow=True)


def test_the_last_request_is_what_is_wanted() -> None:
    mailbox = Mailbox()
    assert mailbox.wanted == Demand()
    mailbox.request(Demand(attention=True))
    assert mailbox.wanted == Demand(attention=True)


def test_between_two_threads_the_newest_picture_arrives_and_every_event_does() -> None:
    mailbox, count = Mailbox(), 5000

    def write() -> None:
        for step in range(1, count + 1):
            mailbox.put(Snapshot(step, 0, CONFIG))
            mailbox.post(Paused(step))

    writer = threading.Thread(target=write)
    writer.start()
    pictures: list[int] = []
    events: list[int] = []
    while writer.is_alive() or not mailbox.taken:
        taken = mailbox.take()
        if taken is not None:
            pictures.append(taken.step)
        events.extend(event.step for event in mailbox.events())
    writer.join(timeout=10)
    events.extend(event.step for event in mailbox.events())
    assert pictures == sorted(set(pictures)) and pictures[-1] == count
    assert events == list(range(1, count + 1))
