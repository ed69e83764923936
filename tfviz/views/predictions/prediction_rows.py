"""From a prediction to what is shown of it: rows of chips, the candidates of a position, a sentence about all."""

from dataclasses import replace

from tfviz.training.export.comparison import Pinned
from tfviz.training.readings import Decoded, Prediction
from tfviz.training.tokens.tokenizer import SPECIAL_TOKENS
from tfviz.views.predictions.candidate_bars import Candidates
from tfviz.views.predictions.chips import Chip, ChipRow, Tone

SOURCE, TARGET, FORCED, RUNNING = "source", "target", "teacher_forced", "free_running"
NAMES = {FORCED: "teacher-forced", RUNNING: "free-running"}
UNKNOWN = "<unk>"
PINNED = "pinned_"  # before the key of a row: the same of the pinned step
NOTHING = "–"


def probe_rows(prediction: Prediction, pinned: Pinned | None = None) -> tuple[ChipRow, ...]:
    """Source, target, and both decodings with the first place where they part; below them those of a pinned step."""
    rows = [ChipRow(SOURCE, "source", tuple(_plain(token) for token in prediction.source_tokens))]
    if prediction.target_tokens:
        rows.append(ChipRow(TARGET, "target", tuple(_plain(token) for token in prediction.target_tokens)))
    parted = first_difference(prediction)
    for key, decoded in ((FORCED, prediction.teacher_forced), (RUNNING, prediction.free_running)):
        if decoded is None:
            continue
        marked: tuple[int, ...] = ()
        note, tone = score(decoded, prediction.target_tokens), "dim"
        if key == RUNNING and parted is not None:
            marked, tone = (parted,), "warn"
            note = f"differs at {parted}" + (f" · {note}" if note else "")
        chips = judged(decoded, prediction.target_tokens)
        rows.append(ChipRow(key, f"{NAMES[key]} (%)", chips, note, tone, marked, selectable=True))
    return (*rows, *(pinned_rows(prediction, pinned) if pinned is not None else ()))


def pinned_rows(prediction: Prediction, pinned: Pinned) -> tuple[ChipRow, ...]:
    """What the pinned step says, with a mark wherever the current one says something else."""
    other = pinned.snapshot.prediction
    heading = ChipRow("pinned", f"Pinned: {pinned.label}", (), capitals=False)
    if other is None:
        return (heading,)
    if other.source_tokens != prediction.source_tokens:
        return (replace(heading, note="another sentence", note_tone="warn"),)
    rows = [heading]
    now = {FORCED: prediction.teacher_forced, RUNNING: prediction.free_running}
    for key, decoded in ((FORCED, other.teacher_forced), (RUNNING, other.free_running)):
        current = now[key]
        if decoded is None or current is None:
            continue
        chips = judged(decoded, other.target_tokens)
        said = [current.tokens[place] if place < len(current.tokens) else "" for place in range(len(chips))]
        differing = [
            place
            for place, (chip, token) in enumerate(zip(chips, said, strict=True))
            if token != (chip.text if place < len(decoded.tokens) else "")
        ]
        chips = tuple(
            replace(chip, current=said[place]) if place in differing else chip
            for place, chip in enumerate(chips)
        )
        count = len(differing) + max(len(current.tokens) - len(chips), 0)
        note, tone = (
            (f"{count} differ" if count > 1 else "1 differs", "warn") if count else ("the same", "dim")
        )
        row = ChipRow(PINNED + key, f"{NAMES[key]} (%)", chips, note, tone, tuple(differing), selectable=True)
        rows.append(row)
    return tuple(rows)


def sample_rows(samples: tuple[Prediction, ...]) -> tuple[ChipRow, ...]:
    """One row for each other sentence; its key is the sample's number."""
    rows = []
    for number, sample in enumerate(samples):
        decoded = sample.free_running or sample.teacher_forced
        if decoded is None:
            continue
        chips = judged(decoded, sample.target_tokens)
        exact = decoded.tokens == sample.target_tokens
        note, tone = score(decoded, sample.target_tokens), "dim" if exact else "bad"
        rows.append(ChipRow(str(number), sample.sentence, chips, note, tone, selectable=True, capitals=False))
    return tuple(rows)


def judged(decoded: Decoded, target: tuple[str, ...]) -> tuple[Chip, ...]:
    """The tokens said, right or wrong; expected ones that were not said any more are missing."""
    chips = []
    for position, (token, probability) in enumerate(
        zip(decoded.tokens, decoded.probabilities.tolist(), strict=True)
    ):
        if not target:
            chips.append(Chip(token, Tone.UNJUDGED, probability))
        elif position < len(target) and token == target[position]:
            chips.append(Chip(token, Tone.RIGHT, probability, token))
        else:
            expected = target[position] if position < len(target) else ""
            chips.append(Chip(token, Tone.WRONG, probability, expected))
    chips += [Chip(NOTHING, Tone.MISSING, None, expected) for expected in target[len(decoded.tokens) :]]
    return tuple(chips)


def score(decoded: Decoded, target: tuple[str, ...]) -> str:
    """How many positions are right, of the longer of answer and target."""
    if not target:
        return ""
    return f"{_right(decoded, target)}/{max(len(decoded.tokens), len(target))}"


def first_difference(prediction: Prediction) -> int | None:
    """The first position at which the two decodings say different tokens; None if they agree or one is missing."""
    if prediction.teacher_forced is None or prediction.free_running is None:
        return None
    forced, running = prediction.teacher_forced.tokens, prediction.free_running.tokens
    for position in range(max(len(forced), len(running))):
        if forced[position : position + 1] != running[position : position + 1]:
            return min(position, max(len(running), len(prediction.target_tokens)) - 1)
    return None


def candidates(decoded: Decoded, target: tuple[str, ...], position: int, name: str) -> Candidates | None:
    """The bars of a position; None beyond what was said."""
    if position >= len(decoded.tokens):
        return None
    expected = target[position] if position < len(target) else ""
    heading = f"Position {position}"
    if expected:
        heading += f" · expected “{expected}”"
    elif target:
        heading += " · target has ended"
    probabilities = tuple(decoded.candidate_probabilities[position].tolist())
    return Candidates(heading, name, decoded.candidates[position], probabilities, expected)


def summary(prediction: Prediction, step: int) -> str:
    """In words, for readers that cannot see colours."""
    parts = [f"Step {step}. Source: {' '.join(prediction.source_tokens)}."]
    if prediction.target_tokens:
        parts.append(f"Target: {' '.join(prediction.target_tokens)}.")
    for name, decoded in (
        ("Teacher-forced", prediction.teacher_forced),
        ("Free-running", prediction.free_running),
    ):
        if decoded is not None:
            right = score(decoded, prediction.target_tokens)
            parts.append(f"{name}: {' '.join(decoded.tokens)}" + (f", {right} right." if right else "."))
    return " ".join(parts)


def _plain(token: str) -> Chip:
    tone = Tone.UNKNOWN if token == UNKNOWN else Tone.SPECIAL if token in SPECIAL_TOKENS else Tone.PLAIN
    return Chip(token, tone)


def _right(decoded: Decoded, target: tuple[str, ...]) -> int:
    return sum(said == wanted for said, wanted in zip(decoded.tokens, target, strict=False))
