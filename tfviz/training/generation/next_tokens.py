"""What may come next, after several beginnings of an answer to one sentence."""

from collections.abc import Sequence

import numpy as np

from tfviz.training.model.inference import Reader, padded
from tfviz.training.tokens.tokenizer import START


class NextTokens:
    """One source, encoded once; then any beginnings of answers, up to `most` of them at a time."""

    def __init__(self, reader: Reader, source: Sequence[int], most: int, limit: int | None = None) -> None:
        """ValueError where the limit, the longest answer in tokens with </s>, is not positive."""
        self.limit = reader.task.target_width if limit is None else limit
        if self.limit < 1:
            raise ValueError(f"an answer of at most {self.limit} tokens is none; allowed: at least 1")
        if reader.models.config.architecture == "encoder":
            self.limit = min(self.limit, len(source) - 1)  # it answers each token after <s> with one
        source_length, self._length = reader.lengths(len(source), self.limit)
        self._model = reader.models.evaluation(most, source_length, self._length)
        self._source = padded([source] * most, source_length)
        self._most, self._encoded = most, False

    def after(self, beginnings: Sequence[Sequence[int]]) -> np.ndarray:
        """Probabilities (beginning, vocabulary) of the token that follows each; <s> is not part of a beginning.

        All must be shorter than the limit, and nobody may use the reader in between, which would encode another source.
        """
        rows = [[START, *tokens] for tokens in beginnings] + [[START]] * (self._most - len(beginnings))
        target = padded(rows, self._length)
        with np.errstate(all="ignore"):
            if self._encoded:  # the decoder alone has something new to read
                self._model.parts[0].target_in.data[...] = target
                self._model.program.forward_decoder()
            else:
                self._model.forward(self._source, target, np.zeros_like(target))
                self._encoded = True
        places = [len(tokens) for tokens in beginnings]
        return self._model.probabilities[np.arange(len(places)), places].copy()
