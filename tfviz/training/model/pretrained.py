"""A trained model that only answers: built from what its file holds, whether its data are still there or not."""

import numpy as np

from tfviz.core.parameters import Parameters
from tfviz.training.generation.decoding import Method, speak
from tfviz.training.model.inference import Reader
from tfviz.training.model.model_file import SavedModel
from tfviz.training.model.models import ModelCache
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example, Task, create_task
from tfviz.training.tokens.tokenizers import tokenizer_of

LONGEST_ANSWER = 64
"""Tokens after which an answer is cut where the data, which would say how long one can be, are not at hand."""


class Pretrained:
    """Predictions and attention of a saved model."""

    def __init__(self, model: SavedModel) -> None:
        self.model = model
        self.task: Task = _task(model)
        config = model.config.model.for_tokens(model.source_tokens, model.target_tokens)
        parameters = Parameters(config, model.config.training.dtype)
        parameters.load(model.parameters)
        self.reader = Reader(ModelCache(config, parameters, model.seed), self.task)

    def unknown_words(self, sentence: str) -> list[str]:
        """The words, or characters, that the model reads as <unk>."""
        return self.task.source_tokenizer.unknown(sentence)

    def predict(
        self, sentence: str, strict: bool = False, method: Method = None, seed: int | None = None
    ) -> str:
        """The model's own answer, free-running. ValueError for an unknown word if `strict`.

        A seed for sampling; without one it is that of the model's run.
        """
        unknown = self.unknown_words(sentence)
        if strict and unknown:
            raise ValueError(
                f"unknown {self.task.source_tokenizer.unit} {unknown[0]!r}: not among the "
                f"{len(self.task.source_tokenizer)} tokens of the model"
            )
        if method is None:
            return self.reader.predict([sentence])[0]
        chosen = self.model.seed if seed is None else seed
        return speak(self.reader, sentence, method, chosen, self.model.step).text

    def snapshot(self, sentence: str | None = None) -> Snapshot:
        """Attention and predictions of a sentence, or of the one that the configuration says to watch.

        ValueError where that one cannot be had because the data are not at hand.
        """
        if sentence is None:
            example = self.task.probe()
        else:
            words = " ".join(sentence.split())
            example = Example(words, self.task.expected(words) or "", "typed")
        with np.errstate(all="ignore"):
            attention, prediction = self.reader.read(example)
        unknown = tuple(self.unknown_words(example.source))
        model = self.model
        return Snapshot(model.step, model.seed, model.config, attention, prediction, unknown_words=unknown)


class WithoutData(Task):
    """The task of a model whose data are not at hand: vocabularies, but no pairs."""

    def __init__(self, model: SavedModel, reason: str) -> None:
        training = model.config.training
        super().__init__(model.config.task, training.seed, training.batch_size)
        kind = model.config.task.tokenizer_kind
        self.source_tokenizer = tokenizer_of(kind, model.source_tokens)
        self.target_tokenizer = tokenizer_of(kind, model.target_tokens)
        self.source_width = self.target_width = LONGEST_ANSWER
        self.reason = reason

    def example(self, number: int) -> Example:
        raise ValueError(
            f"the sentence that this model watched is not in its file; give a sentence ({self.reason})"
        )

    def expected(self, sentence: str) -> str | None:
        return None


def _task(model: SavedModel) -> Task:
    try:
        task = create_task(model.config)
    except ValueError as error:
        return WithoutData(model, str(error))
    vocabularies = (task.source_tokenizer.tokens, task.target_tokenizer.tokens)
    if vocabularies != (model.source_tokens, model.target_tokens):
        return WithoutData(model, "its data have other words today")
    return task
