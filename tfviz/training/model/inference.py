"""What the model says: teacher-forced, with the right answer so far, and free-running, with its own words so far."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from tfviz.core.transformer import Transformer
from tfviz.training.heads.head_entropies import attention_path
from tfviz.training.model.models import ModelCache
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.stepping.flow import Flow, FlowMeter
from tfviz.training.stepping.stages import HeadStages, StagesWish, measure
from tfviz.training.tasks import Example, Task
from tfviz.training.tokens.tokenizer import END, PADDING, START, Tokenizer

CANDIDATES = 8
"""So many of the most probable tokens are kept for each position."""

Answer = list[tuple[int, np.ndarray]]
"""Tokens, each with the distribution (vocabulary,) that it was chosen from."""

LONGEST = 256
"""Tokens that a typed sentence may have, <s> and </s> included."""


class Reader:
    """Runs sentences through a set of parameters, without disturbing whoever trains them."""

    def __init__(self, models: ModelCache, task: Task) -> None:
        self.models, self.task = models, task
        self._kept: tuple[Example, tuple[list[int], list[int]]] | None = None
        self._last_answer: tuple[list[int], list[int]] = [], []
        self._flow_meter = FlowMeter(models)

    def predict(self, sentences: Sequence[str]) -> list[str]:
        """The model's own answers, greedily decoded up to the task's longest one."""
        decoded = self.free_running([self.encode(sentence) for sentence in sentences])
        return [self.task.target_tokenizer.decode([token for token, _ in answer]) for answer in decoded]

    def encode(self, sentence: str) -> list[int]:
        """Token ids with <s> and </s>. ValueError where the sentence is empty or too long."""
        ids = self.task.source_tokenizer.encode(sentence)
        if len(ids) < 3:
            raise ValueError("the sentence is empty: it needs at least one word")
        longest = self._longest()
        if len(ids) > longest:
            raise ValueError(f"the sentence has {len(ids) - 2} words: at most {longest - 2}")
        return ids

    def _longest(self) -> int:
        """Tokens that a source may have, <s> and </s> included, which the model's positions may limit."""
        config = self.models.config
        if config.positions != "learned":
            return LONGEST
        answer = self.task.target_width - 1 if config.architecture == "decoder" else 0
        return min(LONGEST, config.max_positions - answer)

    def read_attention(self, example: Example) -> Attention:
        """Attention of one pair, as `read` gives it, and nothing else: this is done thirty times a second."""
        if not example.target:
            return self.read(example, free_running=False)[0]
        source, target = self._encoded(example)
        model = self._forward([source], [target], Transformer.attend)
        return self._attention(model, source, target[:-1], example)

    def read(self, example: Example, free_running: bool = True) -> tuple[Attention, Prediction]:
        """Attention and predictions of one pair.

        Where no target is known the decoder is fed the model's own answer, and nothing is called teacher-forced.
        """
        source = self.encode(example.source)
        tokenizer = self.task.target_tokenizer
        answer = self._answer(source, example) if free_running or not example.target else []
        target = tokenizer.encode(example.target) if example.target else _as_target(answer)
        model = self._forward([source], [target])
        attention = self._attention(model, source, target[:-1], example)
        forced = None
        if example.target:
            forced = self._decoded(model.probabilities[0].argmax(axis=-1), model, 0)
        running = self._running(answer) if answer else None
        words = tuple(map(tokenizer.token, target[1:])) if example.target else ()
        return attention, Prediction(
            attention.source_tokens, words, forced, running, example.source, example.target, example.origin
        )

    def read_flow(self, example: Example) -> Flow:
        """How strong activations and gradients of one pair are; without a target that of the model's own answer."""
        source, target = self._encoded(example)
        words = example.target or self.task.target_tokenizer.decode(target)
        source_length, length = self.lengths(len(source), len(target) - 1)
        padded_source = padded([source], source_length)[0].tolist()
        flow = self._flow_meter.measure(padded_source, padded([target], length + 1)[0].tolist())
        return replace(flow, sentence=example.source, target=words, origin=example.origin)

    def read_stages(self, example: Example, wish: StagesWish) -> HeadStages:
        """A head taken apart, teacher-forced; without a known target the decoder is fed the model's own answer."""
        source, target = self._encoded(example)
        model = self.models.inspection(1, *self.lengths(len(source), len(target) - 1))
        (_, source_length), (_, length), _ = model.shapes
        outputs = tuple(map(self.task.target_tokenizer.token, target[1:])) if example.target else ()
        with np.errstate(all="ignore"):
            return measure(
                model,
                (
                    padded([source], source_length),
                    padded([target[:-1]], length),
                    padded([target[1:]], length),
                ),
                wish,
                (
                    tuple(map(self.task.source_tokenizer.token, source)),
                    tuple(map(self.task.target_tokenizer.token, target[:-1])),
                    outputs,
                ),
                (example.source, example.origin),
            )

    def read_answer(
        self, source: Sequence[int], tokens: Sequence[int], example: Example
    ) -> tuple[Attention, Decoded]:
        """Attention and distributions while the model says these tokens, whoever chose them; `example` says of what."""
        model = self._forward([source], [[START, *tokens]])
        attention = self._attention(model, source, [START, *tokens[:-1]], example)
        return attention, self._decoded(np.array(tokens), model, 0)

    def read_forced(self, source: Sequence[int], target: Sequence[int]) -> Decoded:
        """What the model says at each position of a target with <s> and </s> after what is right before it."""
        model = self._forward([source], [target])
        return self._decoded(model.probabilities[0, : len(target) - 1].argmax(axis=-1), model, 0)

    @contextmanager
    def hiding(self, positions: tuple[int, ...]) -> Iterator[None]:
        """Everything that is read meanwhile is read as if these positions of the source, <s> being 0, were padding.

        Nobody looks at them; they still stand in their places. For sources read one at a time.
        """
        self.models.hidden = positions
        try:
            yield
        finally:
            self.models.hidden = ()

    def read_samples(self, examples: Sequence[Example]) -> tuple[Prediction, ...]:
        """Teacher-forced predictions of several pairs in one pass."""
        if not examples:
            return ()
        sources = [self.encode(example.source) for example in examples]
        targets = [self.task.target_tokenizer.encode(example.target) for example in examples]
        model = self._forward(sources, targets)
        chosen = model.probabilities.argmax(axis=-1)
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
        """Source and target of a pair, the latter the model's own answer where none is known. What is known is kept,
        for the same one is read again and again."""
        if not example.target:
            source = self.encode(example.source)
            return source, _as_target(self._answer(source, example))
        if self._kept is None or self._kept[0] != example:
            ids = self.encode(example.source), self.task.target_tokenizer.encode(example.target)
            self._kept = (example, ids)
        return self._kept[1]

    def free_running(
        self, sources: Sequence[Sequence[int]], guesses: Sequence[Sequence[int]] = ()
    ) -> list[Answer]:
        """Greedy decoding: for each source the tokens up to </s>, each with the distribution it was chosen from.

        The causal decoder runs at the full length; what lies behind a token cannot be seen from it. So the answers
        may be guessed in advance: one pass tells how far a guess is the model's own answer, what follows then
        instead, and, for the next guess, what might come after that (Jacobi iteration, Song et al. 2021). The better
        the guesses the fewer passes it takes; the answers are the same to the last bit. Without the causal mask a
        guess would be seen in advance, so there nothing is guessed.
        """
        guessing = self.models.config.causal_mask
        if not guessing:
            guesses = ()
        source_length, length = self.lengths(max(map(len, sources)), self.task.target_width)
        model = self.models.evaluation(len(sources), source_length, length)
        if self.models.config.architecture == "encoder":
            return self._at_once(model, sources)
        prefixes = [[START, *guess][:length] for guess in guesses] or [[START]] * len(sources)
        source, target = padded(sources, model.shapes[0][1]), padded(prefixes, length)
        answers: list[Answer] = [[] for _ in sources]
        with np.errstate(all="ignore"):
            model.forward(source, target, np.zeros_like(target))
            while True:
                rows = zip(answers, target, model.probabilities, strict=True)
                ended = [_follow(*row, guessing) for row in rows]
                if all(ended):
                    return answers
                model.parts[0].target_in.data[...] = target
                model.program.forward_decoder()

    def lengths(self, source: int, target: int) -> tuple[int, int]:
        """Positions of source and target that a program needs which holds at least so many."""
        if self.models.config.architecture != "encoder":
            return source, target
        length = max(source - 1, target)
        return length + 1, length

    @staticmethod
    def _at_once(model: Transformer, sources: Sequence[Sequence[int]]) -> list[Answer]:
        """An encoder alone answers all tokens of a sentence in one pass, and no more than the sentence has."""
        (_, source_length), (rows, length), _ = model.shapes
        nothing = np.full((rows, length), PADDING)
        with np.errstate(all="ignore"):
            model.forward(padded(sources, source_length), nothing, nothing)
        answers: list[Answer] = []
        for source, probabilities in zip(sources, model.probabilities, strict=True):
            chosen = probabilities[: len(source) - 1].argmax(axis=1).tolist()
            count = chosen.index(END) + 1 if END in chosen else len(chosen)
            answers.append([(chosen[place], probabilities[place].copy()) for place in range(count)])
        return answers

    def _answer(self, source: list[int], example: Example) -> Answer:
        """The free-running answer to one sentence; a guess is what it was the last time, else what is right."""
        before, guess = self._last_answer
        if before != source:
            guess = self.task.target_tokenizer.encode(example.target)[1:] if example.target else []
        answer = self.free_running([source], [guess])[0]
        self._last_answer = source, [token for token, _ in answer]
        return answer

    def _forward(
        self,
        sources: Sequence[Sequence[int]],
        targets: Sequence[Sequence[int]],
        run: Callable[[Transformer, np.ndarray, np.ndarray, np.ndarray], object] = Transformer.forward,
    ) -> Transformer:
        source_length, target_length = self.lengths(max(map(len, sources)), max(map(len, targets)) - 1)
        model = self.models.evaluation(len(sources), source_length, target_length)
        inputs = padded([target[:-1] for target in targets], target_length)
        outputs = padded([target[1:] for target in targets], target_length)
        with np.errstate(all="ignore"):
            run(model, padded(sources, source_length), inputs, outputs)
        return model

    def _attention(
        self, model: Transformer, source: Sequence[int], target_in: Sequence[int], example: Example
    ) -> Attention:
        """A decoder alone reads source and target in one stream: both stand in `target_tokens` then."""
        source_tokens = tuple(map(self.task.source_tokenizer.token, source))
        target_tokens = tuple(map(self.task.target_tokenizer.token, target_in))
        if model.config.architecture == "decoder":
            target_tokens = source_tokens + target_tokens[1:]
        places = {"source": len(source_tokens), "target": len(target_tokens)}

        def maps(kind: str, queries: str, keys: str) -> np.ndarray:
            layers = model.config.attentions.get(kind, 0)
            shape = (layers, model.config.nhead, places[queries], places[keys])
            found = np.zeros(shape, np.float32)
            for layer, weights in enumerate(found):
                every = model.tensors[f"{attention_path(kind, layer)}.weights"].value[0]
                weights[...] = every[:, : shape[2], : shape[3]]
            return found

        return Attention(
            maps("encoder", "source", "source"),
            maps("decoder", "target", "target"),
            maps("cross", "target", "source"),
            source_tokens,
            target_tokens,
            *example,
        )

    def _decoded(self, chosen: np.ndarray, model: Transformer, row: int) -> Decoded:
        distributions = model.probabilities[row, : len(chosen)]
        return decoded(chosen, distributions, self.task.target_tokenizer)

    def _running(self, answer: Answer) -> Decoded:
        tokens, distributions = zip(*answer, strict=True)
        return decoded(np.array(tokens), np.stack(distributions), self.task.target_tokenizer)


def _as_target(answer: Answer) -> list[int]:
    """An answer between <s> and </s>, also where it did not come to its end."""
    target = [START, *(token for token, _ in answer)]
    return target if target[-1] == END else [*target, END]


def _follow(answer: Answer, tokens: np.ndarray, probabilities: np.ndarray, guessing: bool) -> bool:
    """Take into an answer what the model says, as far as `tokens` (position,), which it was fed, are its own words.

    The first that is not becomes what it says there; where `guessing` is allowed all that follow do too. True when
    the answer has come to its end.
    """
    if answer and answer[-1][0] == END:
        return True
    first = len(answer)
    said = probabilities[first : len(tokens)].argmax(axis=1)
    for position, token in enumerate(said.tolist(), first):
        answer.append((token, probabilities[position].copy()))
        if token == END:
            return True
        if position + 1 < len(tokens) and tokens[position + 1] != token:
            changed = slice(position + 1, None if guessing else position + 2)
            tokens[changed] = said[position - first : -1][: len(tokens[changed])]
            return False
    return True


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
