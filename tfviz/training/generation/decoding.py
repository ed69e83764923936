"""Ways to an answer: the most probable token each time, tokens drawn at random, the most probable whole."""

from dataclasses import dataclass

import numpy as np

from tfviz.training.generation.beam_search import Beam, BeamTree, beam_search
from tfviz.training.generation.next_tokens import NextTokens
from tfviz.training.generation.sampling import Sampling, uniform_numbers
from tfviz.training.model.inference import Reader
from tfviz.training.readings import Attention, Decoded
from tfviz.training.tasks import Example
from tfviz.training.tokens.tokenizer import END

Method = Sampling | Beam | None
"""None is greedy."""


@dataclass(frozen=True, eq=False)
class TokenStep:
    """One token of an answer at the moment when it was chosen."""

    token: str
    probability: float
    candidates: tuple[str, ...]
    """The most probable tokens, best first."""
    candidate_probabilities: np.ndarray
    decoder_self: np.ndarray
    """(layer, head, key) float32: what it looked at among <s> and the tokens before it."""
    cross: np.ndarray
    """(layer, head, key) float32: what it looked at in the source."""


@dataclass(frozen=True, eq=False)
class Spoken:
    """An answer with how the model came to it, token by token."""

    tokens: tuple[int, ...]
    """With </s> where it ended by itself."""
    text: str
    decoded: Decoded
    attention: Attention
    """Rows are the tokens that the decoder was fed: <s>, then the answer's own without the last."""
    tree: BeamTree | None = None
    """Of a beam search."""

    @property
    def ended(self) -> bool:
        """False where the length limit cut the answer."""
        return self.tokens[-1] == END

    def step(self, position: int) -> TokenStep:
        """The choice of one token, counted from 0."""
        decoded, attention = self.decoded, self.attention
        row = (
            position + attention.decoder_self.shape[2] - len(self.tokens)
        )  # behind the source where both are a stream
        return TokenStep(
            decoded.tokens[position],
            float(decoded.probabilities[position]),
            decoded.candidates[position],
            decoded.candidate_probabilities[position],
            attention.decoder_self[:, :, row, : row + 1],
            attention.cross[:, :, position],
        )


def speak(
    reader: Reader,
    sentence: str,
    method: Method = None,
    seed: int = 0,
    step: int = 0,
    limit: int | None = None,
) -> Spoken:
    """The answer to a sentence, of at most `limit` tokens (the task's longest one without), and how it came about.

    Sampling depends on seed and step alone. ValueError where the sentence is empty or too long, or the limit is not
    positive.
    """
    source = reader.encode(sentence)
    tree = None
    if isinstance(method, Beam):
        tree = beam_search(NextTokens(reader, source, method.width, limit), method)
        tokens = tree.hypotheses[0].tokens
    else:
        tokens = _one_by_one(NextTokens(reader, source, 1, limit), method, seed, step)
    attention, decoded = reader.read_answer(source, tokens, Example(sentence, "", "typed"))
    return Spoken(tokens, reader.task.target_tokenizer.decode(tokens), decoded, attention, tree)


def _one_by_one(following: NextTokens, method: Sampling | None, seed: int, step: int) -> tuple[int, ...]:
    uniform = uniform_numbers(seed, step, following.limit)
    tokens: list[int] = []
    while len(tokens) < following.limit and (not tokens or tokens[-1] != END):
        probabilities = following.after([tokens])[0]
        greedy = int(probabilities.argmax())
        tokens.append(method.choose(probabilities, uniform[len(tokens)]) if method else greedy)
    return tuple(tokens)
