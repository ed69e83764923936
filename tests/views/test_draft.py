"""Sentences that are tried out: masks stay with their tokens, and what was changed can be taken back."""

import pytest

from tfviz.training.tokens.tokenizer import Tokenizer
from tfviz.views.playground.draft import Draft, Drafts

WORDS = Tokenizer.from_sentences(["a b c d e"])


def retyped(draft: Draft, text: str) -> Draft:
    return draft.retyped(text, WORDS.pieces(draft.text), WORDS.pieces(text))


@pytest.mark.parametrize(
    ("text", "hidden", "typed", "kept"),
    [
        ("a b c", (0, 2), "a b c d", (0, 2)),
        ("a b c", (1,), "a b c d", (1,)),
        ("a b c", (0, 2), "a x c", (0, 2)),
        ("a b c", (1,), "a x c", ()),
        ("a b c", (2,), "b c", (1,)),
        ("a b c", (0, 1, 2), "", ()),
        ("a a a", (2,), "a a", ()),
        ("a b", (0, 1), "a   b ", (0, 1)),
    ],
)
def test_masks_stay_with_the_tokens_before_and_behind_what_is_typed(
    text: str, hidden: tuple[int, ...], typed: str, kept: tuple[int, ...]
) -> None:
    draft = retyped(Draft(text, hidden), typed)
    assert draft.text == typed
    assert draft.hidden == kept


def test_a_token_is_replaced_in_its_place_or_taken_out() -> None:
    draft = Draft("a bb  c")
    pieces = WORDS.pieces(draft.text)
    assert draft.edited(pieces[1], "x y") == "a x y  c"
    assert draft.edited(pieces[1], "") == "a  c"
    assert draft.edited(pieces[0], "") == "bb  c"
    assert draft.edited(pieces[2], "") == "a bb"


def test_a_mask_is_put_on_and_taken_off() -> None:
    draft = Draft("a b c").toggled(2).toggled(0)
    assert draft.hidden == (0, 2)
    assert draft.toggled(2).hidden == (0,)


def test_what_is_typed_letter_by_letter_is_taken_back_at_once_and_the_rest_one_by_one() -> None:
    drafts = Drafts()
    drafts.begin(Draft("a"))
    for text in ("a ", "a b", "a b c"):
        drafts.write(Draft(text), typing=True)
    drafts.write(Draft("a b c", (1,)))
    drafts.write(Draft("a b c", (1,)))  # nothing new
    drafts.write(Draft("a b c", (1, 2)))
    seen = []
    while drafts.undoable:
        drafts.undo()
        seen.append(drafts.current)
    assert seen == [Draft("a b c", (1,)), Draft("a b c"), Draft("a")]
    drafts.undo()
    assert drafts.current == Draft("a")
