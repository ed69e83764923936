import pytest

from tfviz.training.export import StepRange


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("0:500:100", [0, 100, 200, 300, 400, 500]),
        ("1:500:100", [1, 101, 201, 301, 401]),
        (":500:250", [0, 250, 500]),
        ("::300", [0, 300, 600]),
        ("597:", [597, 598, 599, 600]),
        (" 7:9 ", [7, 8, 9]),
        ("9:9:9", [9]),
        (":2:", [0, 1, 2]),
    ],
)
def test_steps_run_from_the_first_to_the_last_at_a_distance(text, steps):
    assert list(StepRange.parse(text).within(600)) == steps


@pytest.mark.parametrize(
    "text", ["", "5", "1,2", "a:b:c", "1:2:3:4", "-1:5:1", "1.5:3", "٣:٤", "1:" + "9" * 40]
)
def test_what_is_no_range_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write first:last:distance, such as 0:500:10, :500:10 or ::100"):
        StepRange.parse(text)


def test_an_empty_range_is_refused_with_its_ends():
    with pytest.raises(ValueError, match="steps 50:10:1 are none: the first, 50, is after the last, 10"):
        StepRange.parse("50:10")


def test_a_distance_of_nothing_is_refused():
    with pytest.raises(
        ValueError, match="steps 0:500:0: the first must be at least 0, the distance at least 1"
    ):
        StepRange.parse("0:500:0")


@pytest.mark.parametrize(("text", "step"), [("0:601:10", 601), ("700:", 700), ("700:800", 700)])
def test_steps_beyond_the_record_are_refused_with_what_there_is(text, step):
    with pytest.raises(ValueError, match=f"step {step} is not recorded: 0 to 600"):
        StepRange.parse(text).within(600)


def test_too_many_are_refused_with_a_distance_that_would_do():
    with pytest.raises(
        ValueError, match=r"steps 0:10000:1 are 10,001 pictures, more than 2,000: 0:10000:6 would do"
    ):
        StepRange.parse("0:10000").within(10_000)
    with pytest.raises(ValueError, match="::501 would do".replace("::", "0::")):
        StepRange.parse("::2").within(1_000_000)
    for frontier in (1999, 2000, 3999, 4000, 123_457):
        every = -(-(frontier + 1) // 2000)
        assert len(StepRange(0, None, every).within(frontier)) <= 2000
