"""What the axes of a tensor of a training step are called, and each place on them: tokens, sentences, numbers."""

from dataclasses import dataclass

import numpy

from tfviz.training.data.batches import Batch
from tfviz.training.tokens.tokenizer import PADDING

POSITIONS = ("position", "query", "key")
COLUMNS = "batch * position"
VOCABULARY = "vocabulary"
ONE = {"heads": "head", "features": "feature"}
STREAM = "stream"
"""Source and target in one, as a decoder alone reads them."""
_SOURCE_SIDE = ("source", "encoder.", "transformer.encoder.")
_STREAM_SIDE = ("stream", "decoder.")
_READ_FROM_MEMORY = (".multihead_attn.key", ".multihead_attn.value", ".in_proj_key_value")
_CROSS = (".multihead_attn.", "memory_mask")
_TABLES = ("source_embedding.weight", "target_embedding.weight", "generator.weight")
_TOKENS_OUT = ("generator.bias", "logits", "probabilities")
_ANSWERS = ("encoder.answer", "decoder.answer", "logits", "probabilities")
"""Along their positions lie those alone at which something is answered."""


@dataclass(frozen=True, eq=False)
class TensorLabels:
    """Of one tensor, for the batch of the step. Axes are numbers; `sentence` is a place on the batch axis."""

    tensor: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    batch: Batch
    architecture: str = "encoder-decoder"

    def side(self, axis: int) -> str | None:
        """ "source", "target" or "stream" for an axis along which tokens or words of one of them lie."""
        kind = self.kind(axis)
        if kind == VOCABULARY:
            return "source" if self.tensor.startswith("source") else "target"
        if kind not in (*POSITIONS, COLUMNS):
            return None
        if self.tensor in _ANSWERS:
            return {"encoder": "source", "decoder": STREAM}.get(self.architecture, "target")
        if self.architecture == "decoder" and self.tensor.startswith(_STREAM_SIDE):
            return STREAM
        if any(part in self.tensor for part in _CROSS) and kind == "key":
            return "source"
        from_memory = self.tensor.endswith(_READ_FROM_MEMORY)
        return "source" if from_memory or self.tensor.startswith(_SOURCE_SIDE) else "target"

    def kind(self, axis: int) -> str:
        """The axis by what lies along it."""
        if self.tensor.startswith(_TABLES):  # tied ones have a name for each reader behind that of the table
            return "features" if axis else VOCABULARY
        if self.tensor.endswith("_positions.weight"):
            return "features" if axis else "place"
        last = axis == len(self.axes) - 1
        return VOCABULARY if self.tensor in _TOKENS_OUT and last else self.axes[axis]

    def title(self, axis: int) -> str:
        """As it stands beside a picture: "query (target)", "features"."""
        side = self.side(axis)
        return self.kind(axis) if side is None else f"{self.kind(axis)} ({side})"

    def ticks(self, axis: int, sentence: int | None) -> tuple[str, ...]:
        """What is written at the places of an axis; the tokens of a position only where one sentence is shown."""
        count, kind, side = self.shape[axis], self.kind(axis), self.side(axis)
        if kind == VOCABULARY:
            return self._vocabulary(side)
        if kind == COLUMNS:
            return tuple(token for row in range(len(self.batch)) for token in self._tokens(side, row))
        if kind in POSITIONS and sentence is not None:
            return self._tokens(side, sentence)
        return tuple(map(str, range(count)))

    def place(self, axis: int, number: int, sentence: int | None) -> str:
        """One place in words: "sentence 3: how are you", "query 2 are", "heads 1"."""
        kind, side = self.kind(axis), self.side(axis)
        if kind == "batch":
            return f"sentence {number}: {self.sentence(number)}"
        if kind == VOCABULARY:
            return f"{self._vocabulary(side)[number]} ({number})"
        if kind == COLUMNS:
            row, position = divmod(number, self.shape[axis] // len(self.batch))
            return f"sentence {row}, position {position} {self._tokens(side, row)[position]}"
        if kind in POSITIONS and sentence is not None:
            return f"{kind} {number} {self._tokens(side, sentence)[number]}"
        return f"{ONE.get(kind, kind)} {number}"

    def sentence(self, number: int) -> str:
        """The source sentence of a row of the batch; the target where the tensor knows only that."""
        source, target = self.batch.sentences[number]
        return target if all(self.side(axis) == "target" for axis in self._position_axes()) else source

    def token_of(self, value: float) -> str | None:
        """What a token id stands for, in a tensor of token ids; else None."""
        if self.tensor not in ("source", "target_in", "target_out"):
            return None
        tokens = self._vocabulary("source" if self.tensor == "source" else "target")
        return tokens[int(value)] if 0 <= value < len(tokens) else None

    def _position_axes(self) -> list[int]:
        return [axis for axis in range(len(self.axes)) if self.kind(axis) in (*POSITIONS, COLUMNS)]

    def _vocabulary(self, side: str | None) -> tuple[str, ...]:
        tokenizer = self.batch.source_tokenizer if side == "source" else self.batch.target_tokenizer
        return tokenizer.tokens

    def _tokens(self, side: str | None, sentence: int) -> tuple[str, ...]:
        """Along a sentence. Rows of the decoder are named by what it is given, save the answer that it is compared
        with; answers of one stack by the token at which they are given."""
        source = self._words("source", self.batch.source[sentence])
        if side == "source":
            return source[1:] if self.tensor in _ANSWERS else source
        target = self.batch.target_out if self.tensor == "target_out" else self.batch.target_in
        words = self._words("target", target[sentence])
        if side != STREAM:
            return words
        real = int(numpy.count_nonzero(self.batch.source[sentence] != PADDING))
        stream = source[:real] + words[1:] + source[real:]
        return stream[real - 1 :][: len(words)] if self.tensor in _ANSWERS else stream

    def _words(self, side: str, ids: numpy.ndarray) -> tuple[str, ...]:
        vocabulary = self._vocabulary(side)
        return tuple(vocabulary[identifier] for identifier in ids.tolist())
