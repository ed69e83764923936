"""A head taken apart: its numbers are those of a Transformer of its own, and looking at them changes nothing."""

from dataclasses import fields as fields_of
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.live_sessions import picture, run_steps, started
from tests.training.small_runs import HARD, SMALL, fields, worker_waits
from tests.training.watched_pictures import Clock
from tfviz.core.transformer import Transformer
from tfviz.training import worker as worker_module
from tfviz.training.heads.head_entropies import heads_of
from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.record.followed import FollowedRun
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stages import HeadStages, Moved, StagesWish
from tfviz.training.tasks import Example

CONFIG = HARD.with_values(
    {"training.label_smoothing": 0.1, "training.dtype": "float64", "task.minimum_length": 4}
)
STEPS = 7
HEADS = ("encoder L0H0", "encoder L0H1", "decoder L0H0", "decoder L0H1", "cross L0H0", "cross L0H1")
PATHS = {
    "encoder": "encoder.layers.0.self_attn",
    "decoder": "decoder.layers.0.self_attn",
    "cross": "decoder.layers.0.multihead_attn",
}


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(CONFIG)
    session.train(STEPS)
    return session


def stages(session: Session, head: str = "cross L0H1", position: int | None = None) -> HeadStages:
    found = session.snapshot(Demand(stages=StagesWish(head, position))).stages
    assert found is not None
    return found


def at(session: Session, step: int, head: str = "cross L0H1", position: int | None = None) -> HeadStages:
    """The same of a recorded step."""
    found = session.view(step, demand=replace(WHOLE, stages=StagesWish(head, position)))
    assert found is not None and found.step == step and found.stages is not None
    return found.stages


def independent(session: Session, position: int | None = None) -> Transformer:
    """A model of its own on copies of the parameters, forward and backward on the probe."""
    task, probe = session.task, session.probe
    source = np.array([task.source_tokenizer.encode(probe.source)])
    target = np.array([task.target_tokenizer.encode(probe.target)])
    config = replace(session.trainer.models.config, dropout=0.0)
    model = Transformer(config, 1, source.shape[1], target.shape[1] - 1, 0.1, np.float64)
    model.parameter_values.load(session.parameters)
    target_out = target[:, 1:].copy()
    if position is not None:
        target_out[:, :position] = target_out[:, position + 1 :] = 0
    model.forward(source, target[:, :-1], target_out)
    model.backward()
    return model


@pytest.mark.parametrize("position", [None, 2])
@pytest.mark.parametrize("head", HEADS)
def test_every_stage_is_the_tensor_of_an_independent_transformer(
    session: Session, head: str, position: int | None
) -> None:
    found, model = stages(session, head, position), independent(session, position)
    path, number = PATHS[head.split()[0]], int(head[-1])
    assert (found.head, found.path, found.loss) == (head, path, model.loss)
    assert found.gradients is not None
    for field in fields_of(found.values):
        tensor = model.tensors[f"{path}.{field.name}"]
        assert tensor.grad is not None
        assert np.array_equal(getattr(found.values, field.name), tensor.value[0, number])
        assert np.array_equal(getattr(found.gradients, field.name), tensor.grad[0, number])


@pytest.mark.parametrize("head", HEADS)
def test_the_stages_follow_from_one_another(session: Session, head: str) -> None:
    found = stages(session, head)
    values = found.values
    width = values.query.shape[1]
    assert width == CONFIG.model.d_model // CONFIG.model.nhead
    np.testing.assert_allclose(values.scores, values.query @ values.key.T / np.sqrt(width), atol=1e-12)
    powers = np.exp(np.where(found.masked, -np.inf, values.scores))
    np.testing.assert_allclose(values.weights, powers / powers.sum(axis=1, keepdims=True), atol=1e-12)
    np.testing.assert_allclose(values.context, values.weights @ values.value, atol=1e-12)
    assert values.scores.shape == (len(found.queries), len(found.keys))


def test_only_the_decoder_sees_no_later_key(session: Session) -> None:
    for head in HEADS:
        found = stages(session, head)
        later = np.triu(np.ones(found.masked.shape, bool), 1)
        assert np.array_equal(found.masked, later if head.startswith("decoder") else np.zeros_like(later))


def test_tokens_are_those_of_the_probe(session: Session) -> None:
    words = session.probe.source.split()
    source, target_in = ("<s>", *words, "</s>"), ("<s>", *session.probe.target.split())
    expected = {"encoder": (source, source), "decoder": (target_in,) * 2, "cross": (target_in, source)}
    for head in HEADS:
        found = stages(session, head)
        assert (found.queries, found.keys) == expected[head.split()[0]]
        assert found.targets == (*target_in[1:], "</s>")
        assert (found.sentence, found.origin) == (session.probe.source, session.probe.origin)
        assert found.heads == HEADS == heads_of(session.trainer.models.config)


@pytest.mark.parametrize("head", HEADS)
def test_the_losses_of_all_positions_add_up_to_that_of_the_sentence(session: Session, head: str) -> None:
    whole = stages(session, head)
    parts = [stages(session, head, position) for position in range(len(whole.targets))]
    assert [part.position for part in parts] == list(range(len(whole.targets)))
    assert whole.position is None
    assert whole.loss == pytest.approx(np.mean([part.loss for part in parts]), rel=1e-12)
    assert whole.gradients is not None
    for field in fields_of(whole.gradients):
        gradients = [getattr(part.gradients, field.name) for part in parts]
        expected = getattr(whole.gradients, field.name)
        np.testing.assert_allclose(np.mean(gradients, axis=0), expected, rtol=1e-9, atol=1e-14)
        assert any(not np.allclose(gradient, expected) for gradient in gradients)


def test_the_loss_of_one_position_is_that_of_its_token() -> None:
    with Session(SMALL.replace("task.minimum_length", 4)) as session:
        session.train(3)
        forced = session.reader.read(session.probe)[1].teacher_forced
        assert forced is not None
        found = stages(session, position=1)
        tokens, shares = forced.candidates[1], forced.candidate_probabilities[1]
        assert found.loss == pytest.approx(-np.log(shares[tokens.index(found.targets[1])]), rel=1e-5)


def test_of_a_position_in_the_middle_no_later_query_of_the_decoder_has_a_gradient(session: Session) -> None:
    found = stages(session, "decoder L0H0", 1)
    assert found.gradients is not None
    assert found.gradients.context[:2].any() and not found.gradients.context[2:].any()


@pytest.mark.parametrize("head", HEADS)
def test_pressure_is_minus_the_gradient_of_the_scores(session: Session, head: str) -> None:
    found = stages(session, head)
    assert found.gradients is not None and found.pressure is not None
    assert np.array_equal(found.pressure, -found.gradients.scores) and found.pressure.any()
    np.testing.assert_allclose(found.pressure.sum(axis=1), 0, atol=1e-14)
    assert not found.pressure[found.masked].any()


def test_what_moved_is_the_difference_of_two_steps(session: Session) -> None:
    before, after = at(session, 4), at(session, 5)
    assert before.moved is not None
    assert np.array_equal(before.moved.weights, after.values.weights - before.values.weights)
    assert np.array_equal(before.moved.scores, after.values.scores - before.values.scores)
    assert before.moved.weights.any()


def test_after_the_newest_step_nothing_has_moved_yet(session: Session) -> None:
    assert at(session, STEPS).moved is None and stages(session).moved is None
    assert at(session, STEPS - 1).moved is not None


def test_a_recorded_step_gives_what_it_gave_when_it_was_the_newest() -> None:
    with Session(CONFIG) as session:
        for step in range(4):
            now = stages(session)
            session.train(1)
            assert fields_of_stages(at(session, step)) == fields_of_stages(now)
        for step in (3, 1, 2, 0):  # what was looked at came one step further
            assert fields(session.view(step)) == fields(session.view(step))
            assert at(session, step).moved is not None


def fields_of_stages(found: HeadStages) -> object:
    assert found.gradients is not None
    return fields(vars(found.values)), fields(vars(found.gradients)), found.loss


def test_looking_changes_no_bit_of_training() -> None:
    with Session(CONFIG) as seen, Session(CONFIG) as unseen:
        for step in range(8):
            seen.train(1)
            unseen.train(1)
            for head in HEADS:
                stages(seen, head, step % 3)
            at(seen, step)
        assert fields(seen.trainer.state()) == fields(unseen.trainer.state())
        assert seen.history["loss"].tolist() == unseen.history["loss"].tolist()


def test_what_was_taken_stays_as_it_is(session: Session) -> None:
    first = stages(session)
    kept = fields_of_stages(first)
    stages(session, "cross L0H0", 0)
    assert fields_of_stages(first) == kept
    with pytest.raises(ValueError, match="read-only"):
        first.values.scores[0, 0] = 1


def test_a_wish_that_cannot_be_is_the_last_layers_first_head_and_the_whole_sentence(session: Session) -> None:
    for wish in (StagesWish(), StagesWish("cross L7H0", 99), StagesWish("nothing", -1)):
        found = session.snapshot(Demand(stages=wish)).stages
        assert found is not None and (found.head, found.position) == ("cross L0H0", None)


def test_without_a_known_answer_there_is_no_loss() -> None:
    with Session(CONFIG) as session:
        session.train(2)
        session.probe = Example(session.probe.source, "", "typed")
        found = at(session, 1)
        assert found.gradients is None and found.pressure is None and found.targets == ()
        assert np.isnan(found.loss)
        np.testing.assert_allclose(found.values.weights.sum(axis=1), 1)
        assert found.queries[0] == "<s>"


def test_one_who_gives_up_on_what_moved_gets_nothing() -> None:
    with Session(CONFIG) as session:
        session.keyframes.fix(16)
        session.train(STEPS)
        told: list[tuple[int, int]] = []

        def until_the_step_is_there(done: int, of: int) -> bool:
            told.append((done, of))
            return of > 1

        demand = replace(WHOLE, stages=StagesWish())
        assert session.view(3, progress=until_the_step_is_there, demand=demand) is None
        assert told == [(0, 3), (1, 3), (2, 3), (0, 1)]
        assert at(session, 3).moved is not None


def test_agreement_is_of_the_direction_and_of_the_largest_pressures() -> None:
    pressure = np.array([[4.0, -3.0, 0.5, -0.5], [2.0, -1.0, -1.0, 0.0]])
    same = Moved(np.zeros((2, 4)), 0.01 * pressure).agreement(pressure)
    assert (same.followed, same.largest) == (2, 2) and same.cosine == pytest.approx(1)
    against = Moved(np.zeros((2, 4)), -pressure).agreement(pressure)
    assert (against.followed, against.largest) == (0, 2) and against.cosine == pytest.approx(-1)
    half = pressure.copy()
    half[0, 0] *= -1
    assert Moved(np.zeros((2, 4)), half).agreement(pressure).followed == 1
    still = Moved(np.zeros((2, 4)), np.zeros((2, 4))).agreement(pressure)
    assert still.followed == 0 and np.isnan(still.cosine)


def test_two_panels_that_need_a_head_get_the_first_ones() -> None:
    one, other = Demand(stages=StagesWish("cross L0H1")), Demand(attention=True, stages=StagesWish())
    assert one | other == Demand(attention=True, stages=StagesWish("cross L0H1"))
    assert Demand() | one == one and one and not Demand()


def test_while_training_runs_a_head_is_taken_apart_at_most_ten_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert taken_apart(monkeypatch, 0.001, (0.01, 0.09, 0.101, 0.11, 0.2, 0.204)) == [0.101, 0.204]


def test_where_it_takes_long_it_is_rarer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken_apart(monkeypatch, 0.01, (0.101, 0.334, 0.5, 0.667, 0.669)) == [0.334, 0.669]


def taken_apart(monkeypatch: pytest.MonkeyPatch, cost: float, moments: tuple[float, ...]) -> list[float]:
    """At which of these moments a picture has a head, if one takes so many seconds and the last was made at 0."""
    clock, found = Clock(), []
    monkeypatch.setattr(worker_module, "time", clock)
    with started(HARD) as session:
        quick = session.snapshot

        def slow(demand: Demand) -> Snapshot:
            clock.now += cost if demand.stages else 0.0
            return quick(demand)

        monkeypatch.setattr(session, "snapshot", slow)
        session.mailbox.request(Demand(attention=True, stages=StagesWish("decoder L0H0")))
        monkeypatch.setitem(worker_module.PACES, "decoding", (1000.0, 1.0))
        clock.now = -cost
        run_steps(session, 1)
        session.gate.run()
        for moment in moments:
            picture(session)  # which may have been begun a moment before
            clock.now = moment
            first, second = picture(session), picture(session)
            assert first.attention is not None and second.attention is not None
            if first.stages or second.stages:
                found.append(moment)
        session.gate.pause()
        worker_waits(session)
    return found


def test_a_pause_shows_the_head_of_that_very_step() -> None:
    with started(SMALL) as session:
        session.mailbox.request(Demand(stages=StagesWish("encoder L0H1")))
        session.gate.run()
        steps = [picture(session, lambda shown: shown.stages is not None).step for _ in range(3)]
        session.gate.pause()
        worker_waits(session)
        shown = session.mailbox.take()
        assert steps == sorted(set(steps))
        assert shown is not None and shown.step == session.step and shown.stages is not None
        assert shown.stages.head == "encoder L0H1" and shown.stages.moved is None


def test_a_followed_run_takes_heads_apart_where_its_steps_can_be_computed(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(SMALL) as session:
        session.record(path)
        session.train(12)
        expected = at(session, 5)
    with FollowedRun(path) as run:
        shown = run.view(5, demand=replace(WHOLE, stages=StagesWish("cross L0H1")))
        assert shown is not None and shown.stages is not None and shown.attention is not None
        assert fields_of_stages(shown.stages) == fields_of_stages(expected)
        assert shown.stages.moved is not None
        plain = run.view(5)
        assert plain is not None and plain.stages is None
        run.mailbox.request(replace(WHOLE, stages=StagesWish("cross L0H1")))
        run.show()
        newest = run.mailbox.take()
        assert newest is not None and newest.step == 12 and newest.stages is not None
