"""What is tried out on the model: answered in every way, with tokens hidden, live, in the past, and of other runs."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.live_sessions import run_steps, started
from tests.training.small_runs import EVERYTHING, SMALL, fields
from tests.training.watched_pictures import Clock, count_calls
from tfviz.core.operations.embedding import sinusoids
from tfviz.training import worker as worker_module
from tfviz.training.generation.beam_search import Beam
from tfviz.training.generation.decoding import speak
from tfviz.training.generation.playground import Played, PlaygroundWish, play
from tfviz.training.generation.sampling import Sampling
from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.record.followed import FollowedRun
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot

CONFIG = SMALL.with_values({"training.dtype": "float64"})
SENTENCE = "0 2 1 3"
STEPS = 30
Weights = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(CONFIG)
    session.train(STEPS)
    return session


@pytest.fixture
def live() -> Iterator[Session]:
    with started(SMALL) as made:
        yield made


# an independent forward pass of one sentence, post-norm, with keys that nobody looks at


def norm(x: np.ndarray, p: Weights, path: str) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * p[f"{path}.weight"] + p[f"{path}.bias"]


def attention(
    x: np.ndarray, memory: np.ndarray, p: Weights, path: str, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The result, and the weights (head, query, key); `seen` (query, key) says who looks at whom."""
    heads = CONFIG.model.nhead
    weight, bias = np.split(p[f"{path}.in_proj_weight"], 3), np.split(p[f"{path}.in_proj_bias"], 3)
    q, k, v = (
        (read @ w.T + b).reshape(len(read), heads, -1).swapaxes(0, 1)
        for read, w, b in zip((x, memory, memory), weight, bias, strict=True)
    )
    scores = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])) * seen
    weights = scores / scores.sum(-1, keepdims=True)
    merged = (weights @ v).swapaxes(0, 1).reshape(len(x), -1)
    return merged @ p[f"{path}.out_proj.weight"].T + p[f"{path}.out_proj.bias"], weights


def forward(
    p: Weights, source: list[int], target_in: list[int], hidden: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (position, vocabulary), and the weights of cross attention (head, query, key)."""

    def embedded(ids: list[int], side: str) -> np.ndarray:
        table = p[f"{side}_embedding.weight"]
        return math.sqrt(table.shape[1]) * table[ids] + sinusoids(len(ids), table.shape[1])

    def fed(x: np.ndarray, path: str) -> np.ndarray:
        inner = np.maximum(x @ p[f"{path}.linear1.weight"].T + p[f"{path}.linear1.bias"], 0.0)
        return inner @ p[f"{path}.linear2.weight"].T + p[f"{path}.linear2.bias"]

    encoder, decoder = "transformer.encoder.layers.0", "transformer.decoder.layers.0"
    keys = np.array([place not in hidden for place in range(len(source))])
    x = embedded(source, "source")
    x = norm(x + attention(x, x, p, f"{encoder}.self_attn", keys[None])[0], p, f"{encoder}.norm1")
    x = norm(x + fed(x, encoder), p, f"{encoder}.norm2")
    memory = norm(x, p, "transformer.encoder.norm")
    y = embedded(target_in, "target")
    earlier = np.tri(len(target_in), dtype=bool)
    y = norm(y + attention(y, y, p, f"{decoder}.self_attn", earlier)[0], p, f"{decoder}.norm1")
    looked, cross = attention(y, memory, p, f"{decoder}.multihead_attn", keys[None])
    y = norm(y + looked, p, f"{decoder}.norm2")
    y = norm(norm(y + fed(y, decoder), p, f"{decoder}.norm3"), p, "transformer.decoder.norm")
    logits = y @ p["generator.weight"].T + p["generator.bias"]
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), cross


@pytest.mark.parametrize("hidden", [(), (1,), (0, 3), (0, 1, 2, 3)])
def test_hidden_tokens_are_seen_by_nobody_as_an_independent_computation_says(
    session: Session, hidden: tuple[int, ...]
) -> None:
    played = play(session.reader, PlaygroundWish(SENTENCE, hidden))
    assert played.prediction is not None and played.attention is not None
    said, forced = played.prediction.free_running, played.prediction.teacher_forced
    assert said is not None and forced is not None
    words = session.task.target_tokenizer
    source = session.reader.encode(SENTENCE)
    places = [place + 1 for place in hidden]
    answer = [words.tokens.index(token) for token in said.tokens]
    probabilities, cross = forward(session.parameters, source, [1, *answer[:-1]], places)
    np.testing.assert_allclose(said.probabilities, probabilities[np.arange(len(answer)), answer], rtol=1e-9)
    np.testing.assert_allclose(played.attention.cross[0], cross, rtol=1e-5, atol=1e-7)
    assert answer == probabilities.argmax(axis=1).tolist()
    right = words.encode(SENTENCE)
    probabilities, _ = forward(session.parameters, source, right[:-1], places)
    np.testing.assert_allclose(forced.probabilities, probabilities.max(axis=1), rtol=1e-9)


def test_what_is_hidden_is_seen_again_by_whoever_reads_next(session: Session) -> None:
    before = fields(session.snapshot(EVERYTHING))
    session.snapshot(Demand(playground=PlaygroundWish(session.probe.source, (0, 1))))
    assert fields(session.snapshot(EVERYTHING)) == before
    shown = play(session.reader, PlaygroundWish(SENTENCE, (0, 17, -1)))
    assert shown.attention is not None
    assert (shown.attention.cross[..., 1] == 0).all() and (shown.attention.cross[..., 2] > 0).all()


def test_without_anything_hidden_the_answers_are_those_of_the_probe(session: Session) -> None:
    session.set_probe(SENTENCE)
    prediction = session.snapshot(EVERYTHING).prediction
    played = play(session.reader, PlaygroundWish(f"  {SENTENCE} "))
    assert prediction is not None and played.prediction is not None and played.ended
    assert played.prediction.target_tokens == prediction.target_tokens
    for mine, other in (
        (played.prediction.teacher_forced, prediction.teacher_forced),
        (played.prediction.free_running, prediction.free_running),
    ):
        assert mine is not None and other is not None and mine.tokens == other.tokens
        np.testing.assert_allclose(mine.probabilities, other.probabilities, rtol=1e-9)


@pytest.mark.parametrize("method", [None, Sampling(1.5, top_k=4), Beam(3)])
def test_every_way_to_an_answer_is_that_of_decoding(session: Session, method: Sampling | Beam | None) -> None:
    played = play(session.reader, PlaygroundWish(SENTENCE, (), method, seed=9, limit=3))
    spoken = speak(session.reader, SENTENCE, method, seed=9, limit=3)
    assert played.prediction is not None and played.prediction.free_running is not None
    assert played.prediction.free_running.tokens == spoken.decoded.tokens
    assert played.ended == spoken.ended and played.tree == spoken.tree
    nodes = spoken.tree.nodes if spoken.tree else ()
    words = session.task.target_tokenizer
    assert played.node_tokens == tuple(words.token(node.token) for node in nodes)


def test_no_answer_is_longer_than_the_longest_of_the_task(session: Session) -> None:
    played = play(session.reader, PlaygroundWish(SENTENCE, (), Sampling(100.0), seed=3, limit=500))
    assert played.prediction is not None and played.prediction.free_running is not None
    assert len(played.prediction.free_running.tokens) <= session.task.target_width


@pytest.mark.parametrize("sentence", ["", "  ", "0 " * 400])
def test_a_sentence_that_cannot_be_read_is_a_problem_and_no_error(session: Session, sentence: str) -> None:
    played = session.snapshot(Demand(playground=PlaygroundWish(sentence))).playground
    assert played is not None and played.problem.startswith("the sentence") and played.prediction is None


def test_an_unknown_sentence_is_answered_without_a_right_answer(session: Session) -> None:
    played = play(session.reader, PlaygroundWish("0 zebra"))
    assert played.prediction is not None and played.prediction.source_tokens[2] == "<unk>"
    long = play(
        session.reader, PlaygroundWish("0 1 " * 20)
    )  # the right answer is longer than any of the task
    assert long.prediction is not None and long.prediction.free_running is not None
    assert long.prediction.teacher_forced is None


def test_a_model_that_says_nothing_finite_is_still_answered_for() -> None:
    session = Session(SMALL)
    session.trainer.parameters.flat[:] = np.nan
    for method in (None, Sampling(), Beam(2)):
        played = play(session.reader, PlaygroundWish(SENTENCE, (), method))
        assert played.prediction is not None and played.prediction.free_running is not None
        assert np.isnan(played.prediction.free_running.probabilities).all()


# who asks, and when


def answer(played: Played | None) -> tuple[object, ...]:
    assert played is not None and played.prediction is not None
    said = played.prediction.free_running
    assert said is not None and played.attention is not None
    return said.tokens, said.probabilities.tolist(), played.attention.cross.tolist()


def test_a_past_step_answers_as_it_did_then(session: Session) -> None:
    wish = PlaygroundWish(SENTENCE, (1,), Sampling(2.0), seed=5)
    young = Session(CONFIG)
    young.train(11)
    then = answer(young.snapshot(Demand(playground=wish)).playground)
    seen = session.view(11, demand=replace(WHOLE, playground=wish))
    assert seen is not None and answer(seen.playground) == then
    assert answer(session.snapshot(Demand(playground=wish)).playground) != then


def test_while_training_runs_the_playground_is_answered_now_and_then_and_never_more_often(
    live: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    live.mailbox.request(Demand(playground=PlaygroundWish(SENTENCE)))
    run_steps(live, 1)  # and a picture at the pause
    made = count_calls(live, monkeypatch)
    clock.now += 0.24
    live.mailbox.take()
    run_steps(live, 20)
    assert len(made) == 1  # of the pause
    clock.now += 1
    live.mailbox.take()
    run_steps(live, 20)
    assert len(made) == 3 and all(demand.playground for demand in made)
    assert worker_module.PACES["playground"][1] <= 0.05


def test_another_sentence_does_not_wait_for_what_the_answers_before_have_cost(
    live: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    live.mailbox.request(Demand(playground=PlaygroundWish(SENTENCE)))
    original = live.snapshot

    def slow(demand: Demand | None = None) -> Snapshot:
        clock.now += 0.1
        return original(demand)

    monkeypatch.setattr(live, "snapshot", slow)
    run_steps(live, 1)
    made = count_calls(live, monkeypatch)

    def go_on(seconds: float) -> int:
        """How many answers there are in 20 steps, beside that of the pause."""
        clock.now += seconds
        live.mailbox.take()
        before = len(made)
        run_steps(live, 20)
        return len(made) - before - 1

    assert go_on(1.0) == 0  # the same sentence: a tenth of a second is a fiftieth of five
    live.mailbox.request(Demand(playground=PlaygroundWish("1 0")))
    assert go_on(0.3) == 0  # less than half a second after the last one
    assert go_on(0.3) == 0
    live.mailbox.request(Demand(playground=PlaygroundWish("1 0 1")))
    assert go_on(0.6) == 1


def test_a_paused_run_answers_as_soon_as_it_is_asked(live: Session) -> None:
    run_steps(live, 3)
    live.mailbox.take()
    wish = PlaygroundWish("1 0")
    live.mailbox.request(Demand(playground=wish))
    live.gate.call(live.show).result()
    shown = live.mailbox.take()
    assert shown is not None and shown.step == 3 and shown.playground is not None
    assert shown.playground.wish == wish


def test_of_two_wishes_the_first_counts() -> None:
    one, other = Demand(playground=PlaygroundWish("a")), Demand(True, playground=PlaygroundWish("b"))
    both = one | other
    assert both.attention and both.playground == PlaygroundWish("a") and bool(one)


def test_a_run_that_another_tfviz_trains_is_played_with_too(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    wish = PlaygroundWish(SENTENCE, (2,), Beam(2))
    with Session(SMALL) as trained:
        trained.record(path)
        trained.train(6)
        expected = trained.view(4, demand=replace(WHOLE, playground=wish))
    assert expected is not None
    with FollowedRun(path) as followed:
        seen = followed.view(4, demand=replace(WHOLE, playground=wish))
    assert seen is not None and answer(seen.playground) == answer(expected.playground)
