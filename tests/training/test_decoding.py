"""Ways to an answer: beam search against all answers, samples against their distribution, greedy as before."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.plain_forward import answered
from tests.training.small_runs import SMALL
from tfviz.core.config import ARCHITECTURES
from tfviz.training.generation.beam_search import Beam, BeamTree, beam_search
from tfviz.training.generation.decoding import speak
from tfviz.training.generation.free_running import DECODED_EVERY, decodes_at, free_running_accuracy
from tfviz.training.generation.next_tokens import NextTokens
from tfviz.training.generation.sampling import Sampling, uniform_numbers
from tfviz.training.model.inference import Reader
from tfviz.training.record.history import VALIDATION_SCALARS
from tfviz.training.rules import ConfigurationError
from tfviz.training.session import Session
from tfviz.training.tasks import create_task
from tfviz.training.tokens.tokenizer import END, PADDING, START
from tfviz.training.trainer import Trainer


def reader(steps: int = 30, architecture: str = "encoder-decoder", **changes: object) -> Reader:
    values = {f"task.{name}": value for name, value in changes.items()}
    config = SMALL.with_values(values | {"model.architecture": architecture})
    trainer = Trainer(config, create_task(config))
    for _ in range(steps):
        trainer.train_batch()
    return Reader(trainer.models, trainer.task)


TRAINED = reader()
ALL_TINY = {
    shape: reader(12, shape, alphabet=2, length=4, minimum_length=2, validation=1) for shape in ARCHITECTURES
}
"""Six tokens, special ones among them: few enough to try every answer."""
TINY = ALL_TINY["encoder-decoder"]


def exhaustive(
    read: Reader, source: list[int], limit: int, beam: Beam
) -> list[tuple[tuple[int, ...], float]]:
    """Every answer that ends, or is cut by the limit, with its score by a plain forward pass of each beginning.

    Not those that go on after <pad>, which nothing looks at: the plain forward pass knows no padding.
    """
    config, vocabulary = read.models.config, range(len(read.task.target_tokenizer))
    between = [token for token in vocabulary if token not in (END, PADDING)]
    weights = {name: value.astype(np.float64) for name, value in read.models.parameters.items()}

    def logarithms(beginning: tuple[int, ...]) -> np.ndarray:
        logits = answered(np.array(source), np.array([START, *beginning]), weights, config)[len(beginning)]
        return logits - np.log(np.exp(logits).sum())

    logs = {
        beginning: logarithms(beginning)
        for length in range(limit)
        for beginning in itertools.product(between, repeat=length)
    }
    found = []
    for beginning in logs:
        for token in vocabulary:
            if token == END or len(beginning) + 1 == limit:
                tokens = (*beginning, token)
                total = sum(logs[tokens[:place]][tokens[place]] for place in range(len(tokens)))
                found.append((tokens, total / len(tokens) ** beam.length_penalty))
    return sorted(found, key=lambda answer: -answer[1])


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("source", [[1, 4, 5, 2], [1, 5, 5, 4, 2]])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_beam_that_keeps_everything_finds_what_trying_every_answer_finds(
    penalty: float, source: list[int], architecture: str
) -> None:
    beam, read = Beam(5**2 * 6, penalty), ALL_TINY[architecture]
    tree = beam_search(NextTokens(read, source, beam.width, 3), beam)
    wanted = exhaustive(read, source, 3, beam)
    assert len(tree.hypotheses) == 1 + 5 + 25 * 6 and len(wanted) == 1 + 4 + 16 * 6
    found = [one for one in tree.hypotheses if PADDING not in one.tokens[:-1]]
    assert {one.tokens: one.score for one in found} == pytest.approx(dict(wanted), rel=1e-4)
    assert found[0].tokens == wanted[0][0]


@pytest.mark.parametrize("number", range(1, 7))
def test_a_beam_of_one_and_the_steps_of_greedy_decoding_say_what_greedy_decoding_says(number: int) -> None:
    sentence = TRAINED.task.example(number).source
    greedy = TRAINED.predict([sentence])[0]
    ids = [token for token, _ in TRAINED.free_running([TRAINED.encode(sentence)])[0]]
    for method in (Beam(1), None, Sampling(top_k=1), Sampling(top_p=1e-9)):
        spoken = speak(TRAINED, sentence, method, seed=number)
        assert (spoken.text, list(spoken.tokens)) == (greedy, ids)


def test_a_wider_beam_never_ends_with_a_less_probable_answer_than_the_tree_holds() -> None:
    tree = speak(TRAINED, "0 3 1", Beam(4)).tree
    assert tree is not None
    check_tree(tree, 4)
    assert [found.score for found in tree.hypotheses] == sorted(
        (found.score for found in tree.hypotheses), reverse=True
    )


def check_tree(tree: BeamTree, width: int) -> None:
    """Parents come first, probabilities multiply along the way, and at most `width` of a position are followed."""
    for number, node in enumerate(tree.nodes):
        parent = None if node.parent is None else tree.nodes[node.parent]
        assert node.number == number and node.position == (parent.position + 1 if parent else 0)
        assert parent is None or (parent.kept and parent.number < number and parent.token != END)
        before = parent.log_probability if parent else 0.0
        assert node.log_probability == pytest.approx(before + math.log(node.probability))
    for position in {node.position for node in tree.nodes}:
        level = [node for node in tree.nodes if node.position == position]
        kept = [node for node in level if node.kept]
        assert 1 <= len(kept) <= width
        assert min(node.log_probability for node in kept) >= max(
            (node.log_probability for node in level if not node.kept), default=-math.inf
        )
    for found in tree.hypotheses:
        assert tree.tokens(found.node) == found.tokens and found.ended == (found.tokens[-1] == END)


def test_a_length_penalty_favours_longer_answers() -> None:
    assert Beam(2, 1.0).score(-4.0, 4) == -1.0 and Beam(2).score(-4.0, 4) == -4.0
    lengths = [len(speak(reader(0), "0 1", Beam(8, penalty)).tokens) for penalty in (0.0, 5.0)]
    assert lengths[0] < lengths[1] == TRAINED.task.target_width


PROBABILITIES = np.array([0.05, 0.4, 0.1, 0.25, 0.2, 0.0])


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.05, 0.4, 0.1, 0.25, 0.2, 0]),
        (Sampling(top_k=2), [0, 0.4 / 0.65, 0, 0.25 / 0.65, 0, 0]),
        (Sampling(top_k=50), [0.05, 0.4, 0.1, 0.25, 0.2, 0]),
        (Sampling(top_p=0.6), [0, 0.4 / 0.65, 0, 0.25 / 0.65, 0, 0]),
        (Sampling(top_p=0.01), [0, 1, 0, 0, 0, 0]),
        (Sampling(top_p=1.0), [0.05, 0.4, 0.1, 0.25, 0.2, 0]),
        (Sampling(top_k=3, top_p=0.5), [0, 0.4 / 0.65, 0, 0.25 / 0.65, 0, 0]),
        (Sampling(temperature=0.5), np.array([0.0025, 0.16, 0.01, 0.0625, 0.04, 0]) / 0.275),
        (Sampling(temperature=0.01), [0, 1, 0, 0, 0, 0]),
    ],
)
def test_the_distribution_is_flattened_and_cut_as_asked(sampling: Sampling, expected: object) -> None:
    found = sampling.distribution(PROBABILITIES)
    assert found == pytest.approx(np.asarray(expected), abs=1e-12)
    assert sampling.distribution(np.stack([PROBABILITIES] * 2))[1] == pytest.approx(found)


@pytest.mark.parametrize(
    "sampling",
    [Sampling(), Sampling(temperature=0.7), Sampling(top_k=3), Sampling(temperature=1.5, top_p=0.7)],
)
def test_samples_are_as_frequent_as_their_distribution_says(sampling: Sampling) -> None:
    count = 8_000
    expected = sampling.distribution(PROBABILITIES) * count
    drawn = np.bincount(
        [sampling.choose(PROBABILITIES, number) for number in uniform_numbers(7, 3, count)],
        minlength=len(PROBABILITIES),
    )
    possible = expected > 0
    assert drawn[~possible].sum() == 0
    chi_square = float(((drawn - expected)[possible] ** 2 / expected[possible]).sum())
    assert chi_square < 18.5  # the 0.1 % bound of four degrees of freedom; fewer have a lower one


def test_whole_sampled_answers_are_as_frequent_as_the_model_says() -> None:
    """The first two tokens over many seeds, against the model's own probabilities of each pair."""
    source, count = [1, 4, 5, 2], 700
    following = NextTokens(TINY, source, 1, 2)
    first = following.after([[]])[0].astype(np.float64)
    expected = {(END,): first[END] * count}
    for token in range(len(first)):
        if token != END:
            second = following.after([[token]])[0].astype(np.float64)
            expected |= {(token, other): first[token] * second[other] * count for other in range(len(second))}
    sentence = TINY.task.source_tokenizer.decode(source)
    drawn = [speak(TINY, sentence, Sampling(), seed, 0, 2).tokens for seed in range(count)]
    often = {tokens: number for tokens, number in expected.items() if number >= 5}
    chi_square = sum((drawn.count(tokens) - number) ** 2 / number for tokens, number in often.items())
    assert len(often) >= 6 and chi_square < len(often) + 4 * math.sqrt(2 * len(often))


def test_a_sample_depends_on_seed_and_step_alone() -> None:
    def spoken(seed: int, step: int) -> tuple[int, ...]:
        return speak(TRAINED, "0 1 2 3", Sampling(temperature=3.0), seed, step).tokens

    assert spoken(1, 5) == spoken(1, 5)
    assert len({spoken(seed, step) for seed in range(4) for step in range(4)}) > 8


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=9), st.floats(0, 1, exclude_max=True),
       st.floats(0.05, 5), st.none() | st.integers(1, 9), st.none() | st.floats(0.01, 1))  # fmt: skip
def test_only_what_can_be_drawn_is_drawn(
    weights: list[float], uniform: float, temperature: float, top_k: int | None, top_p: float | None
) -> None:
    if sum(weights) < 1e-3:
        return
    probabilities = np.array(weights) / sum(weights)
    sampling = Sampling(temperature, top_k, top_p)
    found = sampling.distribution(probabilities)
    assert found.sum() == pytest.approx(1) and found[sampling.choose(probabilities, uniform)] > 0
    assert top_k is None or np.count_nonzero(found) <= top_k


@pytest.mark.parametrize("method", [None, Sampling(temperature=2.0), Beam(3)])
def test_every_token_comes_with_the_attention_it_was_chosen_by(method: Sampling | Beam | None) -> None:
    spoken = speak(TRAINED, "0 3 1 2", method, seed=4)
    following = NextTokens(TRAINED, TRAINED.encode("0 3 1 2"), 1)
    for position, token in enumerate(spoken.tokens):
        choice = spoken.step(position)
        said = following.after([spoken.tokens[:position]])[0]
        assert choice.token == TRAINED.task.target_tokenizer.token(token)
        assert choice.probability == pytest.approx(float(said[token]), rel=1e-5)
        assert choice.candidate_probabilities == pytest.approx(
            np.sort(said)[::-1][: len(choice.candidates)], rel=1e-5
        )
        assert choice.decoder_self.shape == (1, 2, position + 1) and choice.cross.shape == (1, 2, 6)
        for weights in (choice.decoder_self, choice.cross):
            assert weights.sum(axis=-1) == pytest.approx(np.ones((1, 2)), rel=1e-5)


@pytest.mark.parametrize("method", [None, Sampling(temperature=9.0), Beam(2)])
def test_the_length_limit_cuts_an_answer(method: Sampling | Beam | None) -> None:
    spoken = speak(TRAINED, "0 1 2 3", method, limit=2)
    assert len(spoken.tokens) <= 2 and spoken.ended == (spoken.tokens[-1] == END)
    assert len(spoken.attention.target_tokens) == len(spoken.tokens) == len(spoken.decoded.tokens)
    long = speak(reader(0), "0 1", Sampling(top_k=1), limit=9)
    assert 9 >= len(long.tokens) > TRAINED.task.target_width
    with pytest.raises(ValueError, match="an answer of at most 0 tokens is none; allowed: at least 1"):
        speak(TRAINED, "0 1", method, limit=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sampling(temperature=0), "temperature is 0; allowed: a number above 0"),
        (lambda: Sampling(top_k=0), "top_k is 0; allowed: a whole number of at least 1"),
        (lambda: Sampling(top_p=1.5), "top_p is 1.5; allowed: a number above 0 and of at most 1"),
        (lambda: Beam(0), "width is 0; allowed: a whole number of at least 1"),
        (lambda: Beam(2, -1), "length_penalty is -1; allowed: a number of at least 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert message in str(caught.value)


def test_free_running_accuracy_counts_tokens_at_their_places_and_whole_answers() -> None:
    pairs = [*TRAINED.task.validation, ("0 1", "1 0 0 0")]
    right = tokens = exact = 0
    for source, target in pairs:
        said = [token for token, _ in TRAINED.free_running([TRAINED.encode(source)])[0]]
        wanted = TRAINED.task.target_tokenizer.encode(target)[1:]
        right += sum(place < len(said) and said[place] == token for place, token in enumerate(wanted))
        tokens, exact = tokens + len(wanted), exact + (said == wanted)
    assert 0 < right < tokens
    assert free_running_accuracy(TRAINED, pairs) == pytest.approx((right / tokens, exact / len(pairs)))
    assert all(math.isnan(share) for share in free_running_accuracy(TRAINED, []))


@pytest.mark.parametrize("every", [1, 7, 50, 100, 150, 200, 300, 1000])
def test_validation_decodes_as_often_as_it_may_and_only_where_it_validates(every: int) -> None:
    steps = [step for step in range(every, 3001, every) if decodes_at(step, every)]
    assert steps[0] <= DECODED_EVERY + every
    for one, other in itertools.pairwise(steps):
        assert other - one > DECODED_EVERY - every
    assert len(steps) in (3000 // max(DECODED_EVERY, every), 3000 // max(DECODED_EVERY, every) - 1)


def test_free_running_accuracy_is_recorded_at_some_of_the_validations_and_nowhere_else() -> None:
    with Session(SMALL.replace("training.validation_every", 100)) as session:
        session.train(400)
        forced = session.history["validation_token_accuracy"]
        assert np.flatnonzero(~np.isnan(forced)).tolist() == [99, 199, 299, 399]
        names = VALIDATION_SCALARS[3:]
        assert names == ("validation_free_token_accuracy", "validation_free_sequence_accuracy")
        for name in names:
            found = session.history[name]
            assert np.flatnonzero(~np.isnan(found)).tolist() == [199, 399]
        last = free_running_accuracy(session.reader, session.task.validation)
        assert tuple(session.history[name][399] for name in names) == last
