"""What the model says: greedy decoding against the slowest way of doing it, and looking that disturbs nobody."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.small_runs import EVERYTHING, HARD, SMALL, file_config, losses, new_trainer, same
from tfviz.core.parameters import Parameters
from tfviz.core.program import Program
from tfviz.core.transformer import Transformer
from tfviz.training.config import RunConfig
from tfviz.training.model.inference import CANDIDATES, LONGEST, Reader, decoded, padded
from tfviz.training.pictures import SAMPLES
from tfviz.training.readings import Decoded
from tfviz.training.session import Session
from tfviz.training.tasks import Example
from tfviz.training.tokens.tokenizer import END, PADDING, START, Tokenizer
from tfviz.training.trainer import Trainer

SENTENCES = ("0 1 2 3", "4", "3 3", "2 0 1", "1 4 4 2")
KNOWING = SMALL.with_values({"model.d_model": 16, "training.batch_size": 16})


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    """A model that has learned something, so that its answers have different lengths."""
    found = new_trainer(KNOWING)
    losses(found, 250)
    return found


def reader_of(trainer: Trainer) -> Reader:
    return Reader(trainer.models, trainer.task)


def logits(trainer: Trainer, source: list[int], target_in: list[int]) -> np.ndarray:
    """(position, vocabulary), by a model that is built for these two sentences alone."""
    config = trainer.models.config
    parameters = Parameters(config, trainer.parameters.flat.dtype)
    parameters.flat[...] = trainer.parameters.flat
    model = Transformer(config, 1, len(source), len(target_in), parameters=parameters, gradients=False)
    ids = np.array([target_in])
    model.forward(np.array([source]), ids, np.ones_like(ids))
    return model.tensors["logits"].value[0].copy()


def slowly(trainer: Trainer, source: list[int]) -> list[tuple[int, np.ndarray]]:
    """Greedy decoding that runs a new model over the whole prefix for every token."""
    prefix, answer = [START], list[tuple[int, np.ndarray]]()
    while len(answer) < trainer.task.target_width and (not answer or answer[-1][0] != END):
        last = logits(trainer, source, prefix)[-1].astype(np.float64)
        chances = np.exp(last - last.max())
        token = int(last.argmax())
        answer.append((token, chances / chances.sum()))
        prefix.append(token)
    return answer


def prefer(trainer: Trainer, token: int) -> None:
    """Let the model say the same token whatever it reads."""
    trainer.parameters["generator.weight"][...] = 0
    trainer.parameters["generator.bias"][...] = 0
    trainer.parameters["generator.bias"][token] = 5


@pytest.mark.parametrize("sentence", SENTENCES)
def test_greedy_decoding_equals_a_loop_that_builds_a_model_for_every_prefix(
    trainer: Trainer, sentence: str
) -> None:
    source = reader_of(trainer).encode(sentence)
    (answer,) = reader_of(trainer).free_running([source])
    expected = slowly(trainer, source)
    assert [token for token, _ in answer] == [token for token, _ in expected]
    for (_, found), (_, chances) in zip(answer, expected, strict=True):
        assert np.allclose(found, chances, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("steps", [0, 5, 30])
def test_a_model_that_knows_little_is_decoded_as_faithfully(steps: int) -> None:
    trainer = new_trainer(HARD.replace("training.dtype", "float64"))
    losses(trainer, steps)
    sources = [reader_of(trainer).encode(sentence) for sentence in SENTENCES]
    for source, answer in zip(sources, reader_of(trainer).free_running(sources), strict=True):
        assert [token for token, _ in answer] == [token for token, _ in slowly(trainer, source)]


def test_the_answers_of_the_trained_model_end_at_different_places(trainer: Trainer) -> None:
    answers = reader_of(trainer).predict(SENTENCES)
    assert len({len(answer.split()) for answer in answers}) > 1  # else the tests above would say little


def test_several_sentences_at_once_are_answered_as_each_one_alone(trainer: Trainer) -> None:
    reader = reader_of(trainer)
    sources = [reader.encode(sentence) for sentence in SENTENCES]
    together = reader.free_running(sources)
    for source, answer in zip(sources, together, strict=True):
        (alone,) = reader.free_running([source])
        assert [token for token, _ in answer] == [token for token, _ in alone]
        for (_, one), (_, other) in zip(answer, alone, strict=True):
            assert np.allclose(one, other, rtol=1e-4, atol=1e-6)
    assert reader.predict(SENTENCES) == [reader.predict([sentence])[0] for sentence in SENTENCES]


@pytest.mark.parametrize("seed", range(5))
def test_an_answer_is_the_same_to_the_last_bit_whatever_was_guessed(trainer: Trainer, seed: int) -> None:
    reader, generator = reader_of(trainer), np.random.default_rng(seed)
    sources = [reader.encode(sentence) for sentence in SENTENCES]
    expected = reader.free_running(sources)
    right = [[token for token, _ in answer] for answer in expected]
    wrong = [generator.integers(0, 9, generator.integers(0, 9)).tolist() for _ in sources]
    half = [tokens[: len(tokens) // 2] + other for tokens, other in zip(right, wrong, strict=True)]
    for guesses in (right, wrong, half):
        for answer, other in zip(expected, reader.free_running(sources, guesses), strict=True):
            assert [token for token, _ in answer] == [token for token, _ in other]
            assert all(np.array_equal(a[1], b[1]) for a, b in zip(answer, other, strict=True))


def test_a_right_guess_takes_one_pass(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = reader_of(trainer)
    source = reader.encode(SENTENCES[0])
    right = [token for token, _ in reader.free_running([source])[0]]
    passes: list[object] = []
    monkeypatch.setattr(Program, "forward_decoder", lambda program: passes.append(program))
    reader.free_running([source], [right])
    assert not passes


def test_what_a_pass_says_after_a_wrong_guess_is_guessed_next(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = new_trainer()
    prefer(trainer, 7)
    passes: list[object] = []
    decode = Program.forward_decoder
    monkeypatch.setattr(Program, "forward_decoder", lambda program: (passes.append(program), decode(program)))
    (answer,) = reader_of(trainer).free_running([[START, 4, END]], [[5]])
    assert {token for token, _ in answer} == {7} and len(answer) > 2
    assert len(passes) == 1


def test_decoding_stops_at_the_end_token() -> None:
    trainer = new_trainer()
    prefer(trainer, END)
    answers = reader_of(trainer).free_running([[START, 4, 5, END], [START, 6, END]])
    assert [[token for token, _ in answer] for answer in answers] == [[END], [END]]
    assert reader_of(trainer).predict(["0 1"]) == [""]


def test_decoding_without_an_end_stops_at_the_tasks_longest_answer() -> None:
    trainer = new_trainer()
    prefer(trainer, 7)
    (answer,) = reader_of(trainer).free_running([[START, 4, END]])
    assert [token for token, _ in answer] == [7] * trainer.task.target_width == [7] * 5
    assert reader_of(trainer).predict(["0"]) == ["3 3 3 3 3"]


def test_a_sentence_that_ends_first_does_not_end_the_others(trainer: Trainer) -> None:
    lengths = [
        len(answer) for answer in reader_of(trainer).free_running([[START, 4, END], [START, 4, 5, 6, 7, END]])
    ]
    assert lengths == [2, 5]


def test_teacher_forced_is_what_the_logits_put_first_after_the_right_words(trainer: Trainer) -> None:
    example = trainer.task.probe()
    _, prediction = reader_of(trainer).read(example, free_running=False)
    source = trainer.task.source_tokenizer.encode(example.source)
    target = trainer.task.target_tokenizer.encode(example.target)
    found = logits(trainer, source, target[:-1])
    forced = prediction.teacher_forced
    assert forced is not None and prediction.free_running is None
    assert forced.tokens == tuple(map(trainer.task.target_tokenizer.token, found.argmax(axis=1)))
    chances = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    assert np.allclose(forced.probabilities, chances.max(axis=1), rtol=1e-4)
    assert prediction.target_tokens == tuple(map(trainer.task.target_tokenizer.token, target[1:]))
    assert prediction.source_tokens[0] == "<s>" and prediction.source_tokens[-1] == "</s>"


def test_samples_are_teacher_forced_as_each_one_alone(trainer: Trainer) -> None:
    reader = reader_of(trainer)
    examples = [trainer.task.example(number) for number in (1, 3, 5)]
    for example, sample in zip(examples, reader.read_samples(examples), strict=True):
        _, alone = reader.read(example)
        forced, expected = sample.teacher_forced, alone.teacher_forced
        assert forced is not None and expected is not None and sample.free_running is None
        assert forced.tokens == expected.tokens and len(forced.tokens) == len(sample.target_tokens)
        assert np.allclose(forced.probabilities, expected.probabilities, rtol=1e-4)
        assert (sample.sentence, sample.target, sample.origin) == tuple(example)
    assert reader.read_samples([]) == ()


def test_attention_is_that_of_the_teacher_forced_pass(trainer: Trainer) -> None:
    example = trainer.task.probe()
    attention, _ = reader_of(trainer).read(example)
    source, target = attention.source_tokens, attention.target_tokens
    assert source == ("<s>", *example.source.split(), "</s>") and target == ("<s>", *example.target.split())
    assert attention.encoder_self.shape == (1, 2, len(source), len(source))
    assert attention.cross.shape == (1, 2, len(target), len(source))
    assert not np.triu(attention.decoder_self, 1).any()  # nobody looks ahead
    for maps in (attention.encoder_self, attention.decoder_self, attention.cross):
        assert np.allclose(maps.sum(axis=-1), 1, atol=1e-5)
    assert (attention.sentence, attention.target, attention.origin) == tuple(example)


def test_attention_keeps_the_layers_apart() -> None:
    trainer = new_trainer(SMALL.with_values({"model.num_encoder_layers": 2, "model.num_decoder_layers": 3}))
    attention, _ = reader_of(trainer).read(trainer.task.probe())
    assert len(attention.encoder_self) == 2 and len(attention.decoder_self) == len(attention.cross) == 3
    for maps in (attention.encoder_self, attention.decoder_self, attention.cross):
        assert len({layer.tobytes() for layer in maps}) == len(maps)


@pytest.mark.parametrize("config", [HARD, HARD.replace("training.shards", 2)], ids=["one part", "two parts"])
def test_looking_never_changes_training(config: RunConfig) -> None:
    unseen, seen = new_trainer(config), Session(config)
    expected = losses(unseen, 30)
    for step in range(30):
        seen.train(1)
        seen.snapshot(EVERYTHING)
        if step % 5 == 0:
            seen.set_probe("0 4 2 2 1 3 0 0")  # another shape
            seen.predict("1 2 3")
            seen.view(step // 2)
    assert seen.history["loss"].tolist() == expected
    assert same(seen.trainer.state(), unseen.state())
    seen.close()
    unseen.models.close()


def test_a_typed_sentence_may_be_longer_than_any_of_the_task() -> None:
    session = Session(SMALL)
    session.set_probe("0 1 2 3 4 0 1 2 3 4")
    snapshot = session.snapshot()
    assert snapshot.attention is not None and snapshot.prediction is not None
    assert len(snapshot.attention.source_tokens) == 12 and len(snapshot.attention.target_tokens) == 11
    assert snapshot.prediction.origin == "typed" and snapshot.prediction.target == "0 1 2 3 4 0 1 2 3 4"
    running = snapshot.prediction.free_running
    assert running is not None and len(running.tokens) <= session.task.target_width
    session.train(3)
    assert session.snapshot().step == 3


def test_white_space_of_a_typed_sentence_does_not_count() -> None:
    session = Session(SMALL)
    session.set_probe("  0 \t 1\n2 ")
    assert session.probe == Example("0 1 2", "0 1 2", "typed")


def test_unknown_words_are_told_and_become_unk(trainer: Trainer) -> None:
    session = Session(SMALL)
    session.set_probe("0 nine 1 <s> nine")
    snapshot = session.snapshot()
    assert snapshot.unknown_words == ("nine", "<s>")
    assert snapshot.prediction is not None
    assert snapshot.prediction.source_tokens == ("<s>", "0", "<unk>", "1", "<unk>", "<unk>", "</s>")
    assert session.predict("0 nine") == session.predict("0 ten")
    with pytest.raises(ValueError, match="unknown word 'nine': not among the 9 tokens"):
        session.predict("0 nine", strict=True)
    session.set_probe(2)
    assert session.snapshot().unknown_words == ()


def test_where_the_task_knows_no_answer_the_models_own_stands_for_it(tmp_path: Path) -> None:
    session = Session(file_config(tmp_path))
    session.set_probe("a1 b2 c")  # not among the pairs
    assert session.probe.target == ""
    attention, prediction = session.reader.read(session.probe, free_running=False)
    assert prediction.target_tokens == () and prediction.target == ""
    assert prediction.teacher_forced is None and prediction.free_running is not None  # nobody taught it
    said = prediction.free_running.tokens
    assert attention.target_tokens == ("<s>", *(said[:-1] if said[-1] == "</s>" else said))
    session.set_probe("a1 b1 c")
    assert session.probe.target == "c a1"


@pytest.mark.parametrize("answer", [END, 5], ids=["nothing", "without an end"])
def test_an_answer_of_any_length_can_stand_for_the_right_one(tmp_path: Path, answer: int) -> None:
    session = Session(file_config(tmp_path))
    prefer(session.trainer, answer)
    session.set_probe("c c c c c c c c")
    attention, prediction = session.reader.read(session.probe)
    count = 1 if answer == END else session.task.target_width
    assert prediction.free_running is not None and len(prediction.free_running.tokens) == count
    assert len(attention.target_tokens) == (1 if answer == END else count + 1)


@pytest.mark.parametrize("sentence", ["", "   ", "\n"])
def test_an_empty_sentence_is_refused(sentence: str) -> None:
    session = Session(SMALL)
    with pytest.raises(ValueError, match="the sentence is empty: it needs at least one word"):
        session.set_probe(sentence)
    with pytest.raises(ValueError, match="empty"):
        session.predict(sentence)
    assert session.probe == session.task.probe()


def test_a_sentence_may_have_so_many_words() -> None:
    reader = reader_of(new_trainer())
    assert len(reader.encode("0 " * (LONGEST - 2))) == LONGEST
    with pytest.raises(ValueError, match=f"the sentence has {LONGEST - 1} words: at most {LONGEST - 2}"):
        reader.encode("0 " * (LONGEST - 1))


def test_the_most_probable_tokens_stand_first_and_equal_ones_in_their_order() -> None:
    tokenizer = Tokenizer(("<pad>", "<s>", "</s>", "<unk>", *"abcdefgh"))
    distributions = np.full((2, 12), 0.05)
    distributions[0, [6, 9]] = 0.25
    distributions[1, 11] = 0.45
    found = decoded(np.array([9, 4]), distributions, tokenizer)
    assert isinstance(found, Decoded)
    assert found.tokens == ("f", "a") and found.probabilities.tolist() == [0.25, 0.05]
    assert found.candidates[0] == ("c", "f", "<pad>", "<s>", "</s>", "<unk>", "a", "b")
    assert found.candidates[1][0] == "h" and len(found.candidates[1]) == CANDIDATES
    assert found.candidate_probabilities[0].tolist() == [0.25, 0.25] + [0.05] * 6


def test_a_small_vocabulary_has_fewer_candidates() -> None:
    found = decoded(
        np.array([1]), np.array([[0.1, 0.6, 0.2, 0.1]]), Tokenizer(("<pad>", "<s>", "</s>", "<unk>"))
    )
    assert found.candidates == (("<s>", "</s>", "<pad>", "<unk>"),)


def test_rows_are_padded_behind() -> None:
    assert padded([[1, 4, 2], [1]], 4).tolist() == [[1, 4, 2, PADDING], [1, *[PADDING] * 3]]


def test_other_sentences_are_shown_beside_the_probe(tmp_path: Path) -> None:
    session = Session(SMALL.replace("task.probe", 5))
    samples = session.snapshot().samples
    assert [sample.origin for sample in samples] == [f"validation {n}/6" for n in (6, 1, 2, 3)]
    assert len(samples) == SAMPLES
    few = Session(file_config(tmp_path, 2))
    assert [sample.origin for sample in few.snapshot().samples] == ["validation 2/2"]
