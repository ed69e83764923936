"""Speed and time left, in numbers and in words of constant width."""

import math

import pytest

from tfviz.app.frame.pace import FIGURE_SPACE, Pace, padded, rate_text, time_text


def test_the_rate_is_steps_over_time() -> None:
    pace = Pace()
    for look in range(21):
        pace.look(look / 10, look * 5)
    assert pace.rate == pytest.approx(50)


def test_the_rate_follows_a_change_within_two_seconds() -> None:
    pace = Pace()
    for look in range(30):
        pace.look(look / 10, look)
    for look in range(20):
        pace.look(3 + look / 10, 29 + look * 10)
    assert pace.rate == pytest.approx(100)


def test_nothing_is_known_at_first_or_after_a_reset() -> None:
    pace = Pace()
    assert math.isnan(pace.rate)
    pace.look(0, 0)
    pace.look(0.05, 10)
    assert math.isnan(pace.rate)
    pace.look(1, 10)
    assert not math.isnan(pace.rate)
    pace.reset()
    assert math.isnan(pace.rate)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0.5, " 0.5 steps/s"), (9.96, "  10 steps/s"), (131.2, " 131 steps/s"), (12345, "12,345 steps/s")],
)
def test_a_rate_in_words(rate: float, text: str) -> None:
    assert rate_text(rate).replace(FIGURE_SPACE, " ") == text


def test_an_unknown_rate_is_a_dash() -> None:
    assert rate_text(math.nan).strip(FIGURE_SPACE) == "– steps/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (27.2, "0:28"),
        (725, "12:05"),
        (11099, "3:04:59"),
        (math.nan, "–"),
        (math.inf, "–"),
        (-3, "0:00"),
    ],
)
def test_a_time_in_words(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_a_padded_count_has_as_many_characters_as_the_largest() -> None:
    assert len(padded(7, 12345)) == len("12,345")
    assert padded(12345, 12345) == "12,345"
    assert padded(12345, 7) == "12,345"
