import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.export.figure import elided, text_width, theme_of, visible, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("word", "word"),
        (" ", "␣"),
        ("  ", "␣␣"),
        ("a\nb\tc", "a␊b␉c"),
        ("\x00", "␀"),
        ("\udc80\uffff", "��"),
        ("\u202ereversed", "�reversed"),
        ("é 我 👍", "é 我 👍"),
        ("\u2028", "�"),
        ("\u200b", "�"),
        ("\u3000 \ufeff", "␣␣�"),
        ("\u0301", "◌\u0301"),
        ("e\u0301", "e\u0301"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_shown_by_a_sign(text, shown):
    assert visible(text) == shown


def test_wide_characters_count_as_wide_and_accents_not_at_all():
    assert text_width("我", 10, monospace=True) > 1.5 * text_width("a", 10, monospace=True)
    assert text_width("e\u0301", 10) == text_width("e", 10)


@given(st.text(max_size=60), st.floats(20, 300), st.booleans())
def test_an_elided_text_fits_and_begins_like_the_text(text, width, monospace):
    short = elided(text, 12, width, monospace)
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
    assert text_width(short, 12, monospace) <= width


@given(st.text(alphabet="ab 我", max_size=200), st.integers(1, 4))
def test_wrapped_lines_fit_and_lose_nothing_but_what_is_elided(text, most):
    lines = wrapped(text, 11, 120, most)
    assert len(lines) <= most
    assert all(text_width(line, 11) <= 120 for line in lines)
    if not any("…" in line for line in lines):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_an_unknown_theme_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="theme 'pink' is unknown: one of light, dark"):
        theme_of("pink")
