"""Events: small, frozen, told apart by their class."""

import dataclasses

import pytest

from tfviz.training.events import Event, Failed, Finished, Paused, Resumed, Stopped, Warned

EVENTS = [
    Resumed(1),
    Paused(2, "loss"),
    Stopped(3),
    Finished(4, "100 epochs"),
    Warned(5, "unknown word"),
    Failed(6, "broken", "Traceback ..."),
]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_knows_its_step_and_cannot_change(event: Event) -> None:
    assert event.step > 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.step = 7


def test_events_are_told_apart_with_match() -> None:
    def said(event: Event) -> str:
        match event:
            case Paused(step, reason):
                return f"paused at {step} ({reason})"
            case Failed(step, text, _):
                return f"{text} at {step}"
            case _:
                return type(event).__name__

    assert [said(event) for event in EVENTS] == [
        "Resumed",
        "paused at 2 (loss)",
        "Stopped",
        "Finished",
        "Warned",
        "broken at 6",
    ]
