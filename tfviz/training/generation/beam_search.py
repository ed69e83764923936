"""Beam search: the answers that are probable as a whole, and the tree of what was tried."""

import math
from dataclasses import dataclass

import numpy as np

from tfviz.training.generation.next_tokens import NextTokens
from tfviz.training.rules import check_fields, setting
from tfviz.training.tokens.tokenizer import END


@dataclass(frozen=True)
class Beam:
    """How wide to search, and how answers of different lengths are compared."""

    width: int = setting(int, 4, "Answers that are followed side by side.", minimum=1, maximum=1024)
    length_penalty: float = setting(
        float,
        0.0,
        "Exponent of the length that the logarithm of the probability is divided by: 0 compares probabilities, 1 "
        "the mean of a token, more favours long answers.",
        minimum=0,
        maximum=10,
    )

    def __post_init__(self) -> None:
        check_fields(self, "")

    def score(self, log_probability: float, length: int) -> float:
        """The higher the better; </s> counts as a token."""
        return log_probability / length**self.length_penalty


@dataclass(frozen=True)
class BeamNode:
    """A token that was tried after those of its parents."""

    number: int
    """Its place in the tree's nodes."""
    parent: int | None
    """None for a first token."""
    position: int
    """From 0."""
    token: int
    probability: float
    """After its parents."""
    log_probability: float
    """Of all tokens up to this one together."""
    kept: bool
    """Whether it was among the best of its position; the others were not followed."""


@dataclass(frozen=True)
class Hypothesis:
    """An answer that the search came to."""

    tokens: tuple[int, ...]
    """With </s> where it ended by itself."""
    node: int
    """Its last token in the tree."""
    log_probability: float
    score: float

    @property
    def ended(self) -> bool:
        """False where the length limit cut it."""
        return self.tokens[-1] == END


@dataclass(frozen=True)
class BeamTree:
    """What was tried, position by position, and what came out of it, best first."""

    nodes: tuple[BeamNode, ...]
    """Parents before their children; of each followed answer the `width` most probable continuations."""
    hypotheses: tuple[Hypothesis, ...]

    def tokens(self, node: int) -> tuple[int, ...]:
        """From the first token to this node's."""
        found: list[int] = []
        place: int | None = node
        while place is not None:
            found.append(self.nodes[place].token)
            place = self.nodes[place].parent
        return tuple(reversed(found))


def beam_search(following: NextTokens, beam: Beam) -> BeamTree:
    """Follow the `width` most probable beginnings until as many answers have ended, or the limit is reached.

    `following` takes at least `width` beginnings. With a width of 1 the answer is the greedy one; with one that keeps
    every beginning it is the best of all.
    """
    nodes: list[BeamNode] = []
    hypotheses: list[Hypothesis] = []
    live: list[BeamNode | None] = [None]
    beginnings: list[tuple[int, ...]] = [()]
    for position in range(following.limit):
        tried = _continuations(live, following.after(beginnings), beam.width)
        best = sorted(tried, key=lambda trial: (-trial[3], beginnings[trial[0]], trial[1]))[: beam.width]
        followed, extended = [], []
        for trial in tried:
            row, token, probability, total = trial
            parent = live[row]
            node = BeamNode(
                len(nodes),
                parent.number if parent else None,
                position,
                token,
                probability,
                total,
                trial in best,
            )
            nodes.append(node)
            tokens = (*beginnings[row], token)
            if node.kept and (token == END or position + 1 == following.limit):
                score = beam.score(total, len(tokens))
                hypotheses.append(Hypothesis(tokens, node.number, total, score))
            elif node.kept:
                followed.append(node)
                extended.append(tokens)
        live, beginnings = [*followed], extended
        if not live or sum(hypothesis.ended for hypothesis in hypotheses) >= beam.width:
            break
    hypotheses.sort(key=lambda hypothesis: (-hypothesis.score, hypothesis.tokens))
    return BeamTree(tuple(nodes), tuple(hypotheses))


def _continuations(
    live: list[BeamNode | None], probabilities: np.ndarray, width: int
) -> list[tuple[int, int, float, float]]:
    """The most probable next tokens of each beginning: row, token, its probability, that of all as a logarithm."""
    found = []
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :width]
    for row, (node, tokens) in enumerate(zip(live, order.tolist(), strict=True)):
        before = node.log_probability if node else 0.0
        for token in tokens:
            probability = float(probabilities[row, token])
            total = before + (math.log(probability) if probability > 0.0 else -math.inf)
            found.append((row, token, probability, total))
    return found
