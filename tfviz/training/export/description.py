"""What every exported picture and file says about itself: step, seed, sentence, run, and how the decoder was fed."""

from tfviz.training.export.comparison import Pinned
from tfviz.training.export.heads import Head
from tfviz.training.snapshot import Snapshot

TEACHER_FORCED, FREE_RUNNING = "teacher-forced", "free-running"


def decoding(snapshot: Snapshot) -> str:
    """ "teacher-forced" where the decoder was fed the target, "free-running" where it was fed its own words."""
    prediction = snapshot.prediction
    fed_itself = prediction is not None and prediction.teacher_forced is None and prediction.free_running
    return FREE_RUNNING if fed_itself else TEACHER_FORCED


def prediction_tokens(snapshot: Snapshot) -> tuple[str, ...]:
    """The predicted tokens, of the decoding that `decoding` names; empty where none was captured."""
    if snapshot.prediction is None:
        return ()
    decoded = snapshot.prediction.teacher_forced or snapshot.prediction.free_running
    return decoded.tokens if decoded else ()


def sentence(snapshot: Snapshot) -> str:
    """The source sentence as text."""
    if snapshot.attention is not None and snapshot.attention.sentence:
        return snapshot.attention.sentence
    if snapshot.prediction is not None:
        return snapshot.prediction.sentence
    tokens = snapshot.attention.source_tokens if snapshot.attention is not None else ()
    return " ".join(tokens)


def target(snapshot: Snapshot) -> str:
    """The expected sentence as text; empty where none is known."""
    if snapshot.attention is not None and snapshot.attention.target:
        return snapshot.attention.target
    return snapshot.prediction.target if snapshot.prediction is not None else ""


def origin(snapshot: Snapshot) -> str:
    """Where the sentence comes from, such as "validation 1/64"; may be empty."""
    if snapshot.attention is not None and snapshot.attention.origin:
        return snapshot.attention.origin
    return snapshot.prediction.origin if snapshot.prediction is not None else ""


def steps(snapshot: Snapshot, pinned: Pinned | None = None) -> str:
    """ "step 400", or "step 400 − step 20" of a difference."""
    parts = (snapshot, pinned.snapshot) if pinned else (snapshot,)
    return " − ".join(f"step {part.step:,}" for part in parts)


def caption(snapshot: Snapshot, head: Head | None = None, pinned: Pinned | None = None) -> tuple[str, ...]:
    """Lines for under a picture: what is shown and of which run; what is subtracted from it; the sentence."""
    shown = f"{head.kind} layer {head.layer}, head {head.head}" if head else "all heads"
    step = f"step {snapshot.step:,}" + (f" · {pinned.beside}" if pinned is not None and pinned.beside else "")
    facts = [shown, step, f"seed {snapshot.seed}", decoding(snapshot)]
    if snapshot.config.name:
        facts.append(f"run {snapshot.config.name}")
    source, wanted, place = sentence(snapshot), target(snapshot), origin(snapshot)
    text = f"“{source}”" + (f" → “{wanted}”" if wanted else "")
    lines = [" · ".join(facts)]
    if pinned is not None:
        lines.append(f"less {pinned.label} · seed {pinned.snapshot.seed} · {decoding(pinned.snapshot)}")
    return *lines, (f"{place}: " if place else "") + text
