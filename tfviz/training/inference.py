"""What the model says: teacher-forced, with the right answer so far, and free-running, with its own words so far."""

from collections.abc import Sequence

import numpy as np

from tfviz.core.transformer import Transformer
from tfviz.training.models import ModelCache
from tfviz.training.snapshot import Attention, Decoded, Prediction
from tfviz.training.tasks import Example, Task
from tfviz.training.tokenizer import END, PADDING, START, Tokenizer

CANDIDATES = 8
"""So many of the most probable tokens are kept for each position."""

LONGEST = 256
"""Tokens that a typed sentence may have, <s> and </s> included."""


class Reader:
    """Runs sentences through a set of parameters, without disturbing whoever trains them."""

    def __init__(self, models: ModelCache, task: Task) -> None:
        self.models, self.task = models, task
        self._kept: tuple[Example, tuple[list[int], list[int]]] | None = None

    def predict(self, sentences: Sequence[str]) -> list[str]:
        """The model's own answers, greedily decoded up to the task's longest one."""
        decoded = self.free_running([self.encode(sentence) for sentence in sentences])
        return [self.task.target_tokenizer.decode([token for token, _ in answer]) for answer in decoded]

    def encode(self, sentence: str) -> list[int]:
        """Token ids with <s> and </s>. ValueError where the sentence is empty or too long."""
        ids = self.task.source_tokenizer.encode(sentence)
        if len(ids) < 3:
            raise ValueError("the sentence is empty: it needs at least one word")
        if len(ids) > LONGEST:
            raise ValueError(f"the sentence has {len(ids) - 2} words: at most {LONGEST - 2}")
        return ids

    def read_attention(self, example: Example) -> Attention:
        """Attention of one pair, as `read` gives it, and nothing else: this is done thirty times a second."""
        if not example.target:
            return self.read(example, free_running=False)[0]
        source, target = self._encoded(example)
        return self._attention(self._forward([source], [target]), source, target[:-1], example)

    def read(self, example: Example, free_running: bool = True) -> tuple[Attention, Prediction]:
        """Attention and predictions of one pair.

        Where no target is known the decoder is fed the model's own answer, and nothing is called teacher-forced.
        """
        source = self.encode(example.source)
        answer = self.free_running([source])[0] if free_running or not example.target else []
        tokenizer = self.task.target_tokenizer
        if example.target:
            target = tokenizer.encode(example.target)
        else:
            target = [START, *(token for token, _ in answer)]
            target = target if target[-1] == END else [*target, END]
        model = self._forward([source], [target])
        attention = self._attention(model, source, target[:-1], example)
        forced = None
        if example.target:
            forced = self._decoded(model.tensors["probabilities"].value[0].argmax(axis=-1), model, 0)
        running = self._running(answer) if answer else None
        words = tuple(map(tokenizer.token, target[1:])) if example.target else ()
        return attention, Prediction(
            attention.source_tokens, words, forced, running, example.source, example.target, example.origin
        )

    def read_samples(self, examples: Sequence[Example]) -> tuple[Prediction, ...]:
        """Teacher-forced predictions of several pairs in one pass."""
        if not examples:
            return ()
        sources = [self.encode(example.source) for example in examples]
        targets = [self.task.target_tokenizer.encode(example.target) for example in examples]
        model = self._forward(sources, targets)
        chosen = model.tensors["probabilities"].value.argmax(axis=-1)
        return tuple(
            Prediction(
                tuple(map(self.task.source_tokenizer.token, source)),
                tuple(map(self.task.target_tokenizer.token, target[1:])),
                self._decoded(chosen[row, : len(target) - 1], model, row), None,
                example.source, example.target, example.origin,
            )
            for row, (example, source, target) in enumerate(zip(examples, sources, targets, strict=True))
        )  # fmt: skip

    def _encoded(self, example: Example) -> tuple[list[int], list[int]]:
        """Source and target of a pair that has both; kept, for the same one is read again and again."""
        if self._kept is None or self._kept[0] != example:
            ids = self.encode(example.source), self.task.target_tokenizer.encode(example.target)
            self._kept = (example, ids)
        return self._kept[1]

    def free_running(self, sources: Sequence[Sequence[int]]) -> list[list[tuple[int, np.ndarray]]]:
        """Greedy decoding: for each source the tokens up to </s>, each with the distribution it was chosen from.

        The causal decoder runs at the full length for every new token; what lies behind it cannot be seen.
        """
        length = self.task.target_width
        model = self.models.evaluation(len(sources), max(map(len, sources)), length)
        source, target = padded(sources, model.shapes[0][1]), np.full((len(sources), length), PADDING)
        target[:, 0] = START
        answers: list[list[tuple[int, np.ndarray]]] = [[] for _ in sources]
        going = set(range(len(sources)))
        with np.errstate(all="ignore"):
            model.forward(source, target, np.zeros_like(target))
            for position in range(length):
                if position:
                    model.parts[0].target_in.data[...] = target
                    model.program.forward_decoder()
                probabilities = model.tensors["probabilities"].value[:, position]
                for row in sorted(going):
                    token = int(probabilities[row].argmax())
                    answers[row].append((token, probabilities[row].copy()))
                    if token == END:
                        going.discard(row)
                    elif position + 1 < length:
                        target[row, position + 1] = token
                if not going:
                    break
        return answers

    def _forward(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> Transformer:
        source_length, target_length = max(map(len, sources)), max(map(len, targets)) - 1
        model = self.models.evaluation(len(sources), source_length, target_length)
        inputs = padded([target[:-1] for target in targets], target_length)
        outputs = padded([target[1:] for target in targets], target_length)
        with np.errstate(all="ignore"):
            model.forward(padded(sources, source_length), inputs, outputs)
        return model

    def _attention(
        self, model: Transformer, source: Sequence[int], target_in: Sequence[int], example: Example
    ) -> Attention:
        def maps(stack: str, attention: str, layers: int) -> np.ndarray:
            names = (f"{stack}.layers.{layer}.{attention}.weights" for layer in range(layers))
            return np.stack([model.tensors[name].value[0] for name in names])

        config = model.config
        return Attention(
            maps("encoder", "self_attn", config.num_encoder_layers),
            maps("decoder", "self_attn", config.num_decoder_layers),
            maps("decoder", "multihead_attn", config.num_decoder_layers),
            tuple(map(self.task.source_tokenizer.token, source)),
            tuple(map(self.task.target_tokenizer.token, target_in)),
            *example,
        )

    def _decoded(self, chosen: np.ndarray, model: Transformer, row: int) -> Decoded:
        distributions = model.tensors["probabilities"].value[row, : len(chosen)]
        return decoded(chosen, distributions, self.task.target_tokenizer)

    def _running(self, answer: list[tuple[int, np.ndarray]]) -> Decoded:
        tokens, distributions = zip(*answer, strict=True)
        return decoded(np.array(tokens), np.stack(distributions), self.task.target_tokenizer)


def decoded(chosen: np.ndarray, distributions: np.ndarray, tokenizer: Tokenizer) -> Decoded:
    """Tokens (position,) with their distributions (position, vocabulary) as panels show them."""
    best = most_probable(distributions)
    return Decoded(
        tuple(map(tokenizer.token, chosen.tolist())),
        distributions[np.arange(len(chosen)), chosen],
        tuple(tuple(map(tokenizer.token, row)) for row in best.tolist()),
        np.take_along_axis(distributions, best, axis=1),
    )


def most_probable(distributions: np.ndarray) -> np.ndarray:
    """The ids of the CANDIDATES most probable tokens (position, candidate), best first, equal ones by their id."""
    negative = -distributions
    if negative.shape[1] <= 8 * CANDIDATES:
        return np.argsort(negative, axis=1, kind="stable")[:, :CANDIDATES]
    few = np.sort(np.argpartition(negative, CANDIDATES, axis=1)[:, :CANDIDATES], axis=1)
    order = np.argsort(np.take_along_axis(negative, few, axis=1), axis=1, kind="stable")
    return np.take_along_axis(few, order, axis=1)


def padded(rows: Sequence[Sequence[int]], length: int) -> np.ndarray:
    """Token ids (row, length), padded behind."""
    array = np.full((len(rows), length), PADDING)
    for row, ids in zip(array, rows, strict=True):
        row[: len(ids)] = ids
    return array
