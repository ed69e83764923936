"""What a person tries out on the model: a typed sentence, some of its tokens hidden, answered in a chosen way."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tfviz.training.generation.beam_search import BeamTree
from tfviz.training.generation.decoding import Method, speak
from tfviz.training.model.inference import Reader
from tfviz.training.readings import Attention, Prediction


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


class Looks(NamedTuple):
    """What each token of an answer looked at when it was said."""

    kind: str
    """Of attention: "cross" where the model has it, else that of its only stack."""
    weights: np.ndarray
    """(layer, head, token, key) float32"""
    fed: tuple[str, ...]
    """What stood where the token was said: of a decoder the token before it."""
    keys: tuple[str, ...]


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

    @property
    def looks(self) -> Looks | None:
        """None where there is no answer."""
        if self.attention is None or self.prediction is None or self.prediction.free_running is None:
            return None
        maps, count = self.attention, len(self.prediction.free_running.tokens)
        source, target = maps.source_tokens, maps.target_tokens
        if maps.cross.shape[0]:
            return Looks("cross", maps.cross, target, source)
        if maps.decoder_self.shape[0]:  # one stream of source and answer
            return Looks("decoder", maps.decoder_self[:, :, -count:], target[-count:], target)
        rows = slice(1, count + 1)  # an encoder alone answers every token after <s>
        return Looks("encoder", maps.encoder_self[:, :, rows], source[rows], source)


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
