"""What a person tries out on the model: a typed sentence, some of its tokens hidden, answered in a chosen way."""

from dataclasses import dataclass

from tfviz.training.beam_search import BeamTree
from tfviz.training.decoding import Method, speak
from tfviz.training.inference import Reader
from tfviz.training.snapshot import Attention, Prediction


@dataclass(frozen=True)
class PlaygroundWish:
    """What is to be answered, and how."""

    sentence: str
    hidden: tuple[int, ...] = ()
    """Tokens that nobody may look at, counted from 0 without <s>. Those that the sentence lacks count for nothing."""
    method: Method = None
    seed: int = 0
    """Of what is sampled: the same at every step of training, so that what changes is the model."""
    limit: int | None = None
    """The longest answer in tokens, </s> included; at most, and for None, the task's longest."""


@dataclass(frozen=True, eq=False)
class Played:
    """The model's answer at one step, and how it came about."""

    wish: PlaygroundWish
    problem: str = ""
    """Why there is no answer; nothing else is known then."""
    prediction: Prediction | None = None
    """Its free_running is the answer, by whatever method; teacher_forced is there where the right answer is known."""
    attention: Attention | None = None
    """While the model says its answer."""
    ended: bool = True
    """False where the length limit cut the answer."""
    tree: BeamTree | None = None
    """Of a beam search."""
    node_tokens: tuple[str, ...] = ()
    """The tokens of the tree's nodes."""


def play(reader: Reader, wish: PlaygroundWish) -> Played:
    """Answer a sentence, freely and, where the right answer is known, teacher-forced."""
    task = reader.task
    try:
        source = reader.encode(wish.sentence)
    except ValueError as error:
        return Played(wish, str(error))
    words = task.target_tokenizer
    right = task.expected(" ".join(wish.sentence.split())) or ""
    target = words.encode(right) if right else []
    limit = min(wish.limit or task.target_width, task.target_width)
    hidden = tuple(place + 1 for place in wish.hidden if 0 <= place < len(source) - 2)
    with reader.hiding(hidden):
        spoken = speak(reader, wish.sentence, wish.method, wish.seed, limit=limit)
        forced = reader.read_forced(source, target) if 1 < len(target) <= task.target_width + 1 else None
    prediction = Prediction(
        spoken.attention.source_tokens, tuple(map(words.token, target[1:])), forced, spoken.decoded,
        wish.sentence, right, "typed",
    )  # fmt: skip
    nodes = spoken.tree.nodes if spoken.tree else ()
    return Played(
        wish,
        prediction=prediction,
        attention=spoken.attention,
        ended=spoken.ended,
        tree=spoken.tree,
        node_tokens=tuple(words.token(node.token) for node in nodes),
    )
