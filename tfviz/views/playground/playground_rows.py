"""From a draft and its answer to what is shown of them: chips, what a token looked at, sentences in words."""

from collections.abc import Sequence
from dataclasses import replace

import numpy

from tfviz.training.export.figure import visible
from tfviz.training.generation.beam_search import Beam
from tfviz.training.generation.decoding import Method
from tfviz.training.generation.playground import Looks, Played
from tfviz.training.generation.sampling import Sampling
from tfviz.training.tokens.tokenizer import END, START, UNKNOWN, Piece
from tfviz.views.playground.answer_map import AnswerLooks
from tfviz.views.playground.draft import Draft
from tfviz.views.playground.token_board import TOKENS
from tfviz.views.predictions.chips import Chip, ChipRow, Tone
from tfviz.views.predictions.prediction_rows import FORCED, RUNNING, probe_rows

ALL_HEADS = "mean of all heads"


def token_row(draft: Draft, pieces: Sequence[Piece]) -> ChipRow:
    """The tokens of the sentence as the task's tokenizer splits it, between <s> and </s>."""
    chips = [Chip("<s>", Tone.SPECIAL, detail=f"id {START}")]
    for place, piece in enumerate(pieces):
        unknown = piece.identifier == UNKNOWN
        detail = f"read as <unk>, id {UNKNOWN}" if unknown else f"id {piece.identifier}"
        tone, mark = (Tone.UNKNOWN, "unk?") if unknown else (Tone.PLAIN, "")
        if place in draft.hidden:
            tone, mark = Tone.HIDDEN, "mask"
        chips.append(Chip(piece.text, tone, mark=mark, detail=detail))
    chips.append(Chip("</s>", Tone.SPECIAL, detail=f"id {END}"))
    count = len(pieces)
    return ChipRow(
        TOKENS, "tokens", tuple(chips), f"{count} token{'' if count == 1 else 's'}", selectable=True
    )


def remark(draft: Draft, pieces: Sequence[Piece], unit: str) -> str:
    """What is unknown and what is masked, in words; nothing where nothing is."""
    unknown = list(dict.fromkeys(piece.text for piece in pieces if piece.identifier == UNKNOWN))
    parts = []
    if unknown:
        parts.append(f"Unknown {unit}{'' if len(unknown) == 1 else 's'}, read as <unk>: {', '.join(unknown)}")
    masked = [pieces[place].text for place in draft.hidden if place < len(pieces)]
    if masked:
        parts.append(f"Masked, so that nobody looks there: {', '.join(masked)}")
    return ". ".join(parts)


def answer_rows(played: Played, revealed: int | None) -> tuple[ChipRow, ...]:
    """The right answer, the teacher-forced one and the model's own, of which `revealed` tokens are shown, or all."""
    prediction = played.prediction
    if prediction is None or prediction.free_running is None:
        return ()
    rows = []
    for row in probe_rows(prediction)[1:]:
        if row.key == FORCED:
            row = replace(row, selectable=False)
        if row.key == RUNNING:
            note = (
                row.note if played.ended else f"cut after {len(prediction.free_running.tokens)} · {row.note}"
            )
            row = replace(row, caption=f"free-running, {method_text(played.wish.method)} (%)", note=note)
            if revealed is not None:
                marked = tuple(place for place in row.marked if place < revealed)
                row = replace(row, chips=row.chips[:revealed], marked=marked, note="token by token")
        rows.append(row)
    return tuple(rows)


def method_text(method: Method) -> str:
    """As short as it can be said."""
    match method:
        case Sampling(temperature, top_k, top_p):
            parts = [f"sampled at T {temperature:g}"]
            parts += [f"top-k {top_k}"] if top_k else []
            parts += [f"top-p {top_p:g}"] if top_p else []
            return ", ".join(parts)
        case Beam(width):
            return f"beam of {width}"
        case _:
            return "greedy"


def head_names(looks: Looks) -> list[str]:
    """All that can be chosen: the mean first, then every head."""
    layers, heads = looks.weights.shape[:2]
    names = [f"{looks.kind} L{layer}H{head}" for layer in range(layers) for head in range(heads)]
    return [ALL_HEADS, *names]


def answer_looks(played: Played, head: str, revealed: int | None, title: str) -> AnswerLooks | None:
    """Of one head, or the mean of all where there is none of that name."""
    looks, prediction = played.looks, played.prediction
    if looks is None or prediction is None or prediction.free_running is None:
        return None
    names = head_names(looks)[1:]
    layers, heads, tokens, keys = looks.weights.shape
    flat = looks.weights.reshape(layers * heads, tokens, keys)
    weights = flat[names.index(head)] if head in names else numpy.mean(flat, axis=0)
    hidden = frozenset(place + 1 for place in played.wish.hidden if place + 1 < keys)
    words = (prediction.free_running.tokens, looks.fed, looks.keys)
    said, fed, keys_shown = (tuple(map(visible, tokens)) for tokens in words)
    return AnswerLooks(weights, said, fed, keys_shown, hidden, revealed, title)


def token_text(played: Played, position: int) -> str:
    """A token of the answer with its probability and the next best."""
    prediction = played.prediction
    if prediction is None or prediction.free_running is None:
        return ""
    said = prediction.free_running
    if position >= len(said.tokens):
        return ""
    text = f"Token {position} “{said.tokens[position]}” {100 * said.probabilities[position]:.1f} %"
    others = [
        f"“{token}” {100 * probability:.1f} %"
        for token, probability in zip(
            said.candidates[position], said.candidate_probabilities[position].tolist(), strict=True
        )
        if token != said.tokens[position]
    ]
    return f"{text} · else {', '.join(others[:3])}" if others else text
