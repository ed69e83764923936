"""Axes and places of every tensor of a step, in every shape of the model, are called by what lies there."""

from pathlib import Path

import pytest

from tests.training.small_runs import SMALL
from tests.training.test_shapes_of_the_model import SHAPES
from tests.views.inspected import small_stepper
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.tokens.tokenizer import PADDING
from tfviz.views.inspector.tensor_labels import VOCABULARY, TensorLabels
from tfviz.views.inspector.tensor_reading import read


def labels_of(stepper: Stepper, name: str) -> TensorLabels:
    return read(stepper, name).labels


@pytest.fixture(scope="module", params=["encoder-decoder", *SHAPES])
def stepper(request: pytest.FixtureRequest) -> Stepper:
    return small_stepper(SMALL.with_values(SHAPES.get(request.param, {})))


def test_every_place_of_every_tensor_has_a_name(stepper: Stepper) -> None:
    for name in [*stepper.tensors, *stepper.parameters]:
        labels = labels_of(stepper, name)
        for axis, count in enumerate(labels.shape):
            for sentence in (None, 0, 3):
                ticks = labels.ticks(axis, sentence)
                assert len(ticks) == count and all(ticks), (name, labels.title(axis))
                assert all(labels.place(axis, number, sentence) for number in range(count))
        for sentence in range(len(stepper.batch)):
            assert labels.sentence(sentence) in stepper.batch.sentences[sentence]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs of different lengths whose sides have no word in common."""
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    path.write_text("a b c d\tw x y\na\tw\nb c\tx w\nd c b\ty\n", encoding="utf-8")
    return path


def step(path: Path, architecture: str) -> Stepper:
    file = {"task.name": "file", "task.path": str(path), "task.validation": 0}
    return small_stepper(SMALL.with_values(file | {"model.architecture": architecture}))


def test_a_decoder_alone_reads_source_and_target_in_one_stream(apart: Path) -> None:
    stepper = step(apart, "decoder")
    stepper.run_to_loss()
    weights = labels_of(stepper, "decoder.layers.0.self_attn.weights")
    assert [weights.title(axis) for axis in (2, 3)] == ["query (stream)", "key (stream)"]
    logits = labels_of(stepper, "logits")
    assert logits.title(1) == "position (stream)"
    for sentence, (source, target) in enumerate(stepper.batch.sentences):
        stream = ["<s>", *source.split(), "</s>", *target.split()]
        ticks = weights.ticks(3, sentence)
        assert list(ticks[: len(stream)]) == stream and set(ticks[len(stream) :]) <= {"<pad>"}
        answered = len(target.split()) + 1
        assert list(logits.ticks(1, sentence)[:answered]) == ["</s>", *target.split()]
        ids = stepper.value("stream")
        assert ids is not None
        for tick, identifier in zip(ticks, ids[sentence].tolist(), strict=True):
            assert (tick == "<pad>") == (identifier == PADDING)


def test_an_encoder_alone_answers_at_the_tokens_of_the_source() -> None:
    stepper = small_stepper(SMALL.with_values({"model.architecture": "encoder"}))
    logits = labels_of(stepper, "logits")
    assert (logits.title(1), logits.title(2)) == ("position (source)", "vocabulary (target)")
    for sentence, (source, _) in enumerate(stepper.batch.sentences):
        answered = [*source.split(), "</s>"]
        assert list(logits.ticks(1, sentence)[: len(answered)]) == answered


def test_tied_tables_lie_along_the_vocabulary_and_positions_are_places() -> None:
    values = {"model.architecture": "decoder", "model.tied_embeddings": True, "model.positions": "learned"}
    stepper = small_stepper(SMALL.with_values(values))
    for name in ("target_embedding.weight", "target_embedding.weight.generator"):
        labels = labels_of(stepper, name)
        assert (labels.kind(0), labels.kind(1)) == (VOCABULARY, "features")
    labels = labels_of(stepper, "stream_positions.weight")
    assert (labels.title(0), labels.place(0, 7, None)) == ("place", "place 7")
