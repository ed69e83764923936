"""Rules: one description of a field for validation, text and editors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.rules import ConfigurationError, Rule

WHOLE = Rule(int, 1, "", minimum=1, maximum=10)
OPEN = Rule(float, 0.5, "", above=0, below=1)


def test_the_allowed_values_are_said_in_words() -> None:
    assert WHOLE.allowed == "a whole number of at least 1 and of at most 10"
    assert OPEN.allowed == "a number above 0 and below 1"
    assert Rule(bool, True, "").allowed == "true or false"
    assert Rule(str, "a", "", choices=("a", "b")).allowed == "one of a, b"
    assert Rule(int, None, "", minimum=1, optional=True).allowed == "a whole number of at least 1, or none"
    assert Rule(tuple, (0, 0), "", minimum=0).allowed == "2 numbers, each of at least 0"
    assert Rule(str, "", "").allowed == "text"
    assert Rule(float, 0.0, "").allowed == "a number"


def test_the_message_names_field_value_and_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        WHOLE.check("task.length", 11)
    assert str(caught.value) == ("task.length is 11; allowed: a whole number of at least 1 and of at most 10")
    assert caught.value.path == "task.length"


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 0, 11, 10**400, [1], math.nan])
def test_a_whole_number_is_nothing_else(value: object) -> None:
    with pytest.raises(ConfigurationError):
        WHOLE.check("field", value)


@pytest.mark.parametrize("value", [0, 1, 0.0, 1.0, math.nan, math.inf, -math.inf, True, "0.5", None, 10**400])
def test_a_number_is_finite_and_inside_its_open_bounds(value: object) -> None:
    with pytest.raises(ConfigurationError):
        OPEN.check("field", value)


def test_a_whole_number_given_for_a_number_becomes_one() -> None:
    value = Rule(float, 0.0, "").check("field", 3)
    assert value == 3.0 and type(value) is float


@pytest.mark.parametrize(
    "value", [(0.5,), (0.5, 0.5, 0.5), (0.5, "0.5"), (0.5, math.nan), "ab", 0.5, (0.5, 1.0)]
)
def test_two_numbers_are_two_numbers_in_range(value: object) -> None:
    with pytest.raises(ConfigurationError):
        Rule(tuple, (0.0, 0.0), "", minimum=0, below=1).check("field", value)


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(ConfigurationError):
        Rule(str, "", "").check("name", "a\ud800")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("TRUE", True),
        ("on", True),
        ("1", True),
        ("no", False),
        ("False", False),
        (" off ", False),
    ],
)
def test_a_switch_is_read_from_the_usual_words(text: str, value: bool) -> None:
    assert Rule(bool, False, "").parse("field", text) is value


@pytest.mark.parametrize("text", ["", "none", "None", " null "])
def test_an_optional_field_is_emptied_by_a_word(text: str) -> None:
    assert Rule(int, 1, "", optional=True).parse("field", text) is None


@pytest.mark.parametrize(
    ("rule", "text"), [(WHOLE, "1.5"), (WHOLE, "ten"), (OPEN, "half"), (OPEN, "nan"), (WHOLE, "")]
)
def test_a_text_without_meaning_for_the_field_is_quoted_in_the_message(rule: Rule, text: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed: "):
        rule.parse("field", text)


def test_a_long_value_is_shortened_in_the_message() -> None:
    for text in ("x" * 10_000, "1" * 400, "1" * 10_000):  # Python reads at most 4,300 digits
        with pytest.raises(ConfigurationError) as caught:
            WHOLE.parse("field", text)
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["0.9, 0.98", "(0.9,0.98)", "[0.9, 0.98]"])
def test_two_numbers_are_read_with_and_without_brackets(text: str) -> None:
    assert Rule(tuple, (0.0, 0.0), "").parse("field", text) == (0.9, 0.98)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_text(number: float) -> None:
    assert Rule(float, 0.0, "").parse("field", repr(number)) == number


@given(st.text())
def test_any_text_is_either_parsed_or_refused_with_a_sentence(text: str) -> None:
    for rule in (
        WHOLE,
        OPEN,
        Rule(bool, True, ""),
        Rule(tuple, (0, 0), ""),
        Rule(str, "", "", choices=("a",)),
    ):
        try:
            rule.parse("field", text)
        except ConfigurationError as error:
            assert "field" in str(error)
