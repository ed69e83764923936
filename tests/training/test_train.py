import pytest

from tfviz.training.config import RunConfig
from tfviz.training.session import Session
from tfviz.training.train import Log, exact_answers, last_epoch_loss, mean_loss, summary, train

SMALL = {"model.d_model": 8, "model.nhead": 2, "model.dim_feedforward": 8, "training.validation_every": 0}


@pytest.fixture
def session():
    with Session(RunConfig.preset("identity_sgd").with_values(SMALL | {"training.epochs": 3})) as session:
        yield session


def test_training_goes_to_the_end_of_the_run(session):
    train(session)
    assert session.step == 18


def test_training_stops_between_two_steps_when_asked_to(session):
    train(session, interrupted=lambda: session.step == 5)
    assert session.step == 5


def test_a_run_without_end_is_refused():
    with (
        Session(RunConfig.preset("tiny").with_values(SMALL)) as session,
        pytest.raises(ValueError, match="no last step"),
    ):
        train(session)


def test_the_loss_of_an_epoch_is_the_mean_of_its_steps(session):
    lines = []
    train(session, Log(session, every=1, write=lines.append))
    losses = session.history["loss"].reshape(3, 6).mean(axis=1)
    heads = [line for line in lines if line.startswith("Epoch")]
    assert heads == [f"Epoch {number}/3 - Loss: {loss:7.4f}" for number, loss in enumerate(losses, 1)]
    assert last_epoch_loss(session) == pytest.approx(losses[2])
    assert mean_loss(session, 0, 6) == pytest.approx(losses[0])


def test_an_entry_without_epochs_averages_over_the_steps_since_the_last():
    lines = []
    config = RunConfig.preset("tiny").with_values(SMALL | {"training.steps": 7})
    with Session(config) as session:
        train(session, Log(session, every=3, write=lines.append))
        losses = session.history["loss"]
    heads = [line for line in lines if line.startswith("Step")]
    parts = [losses[:1], losses[1:3], losses[3:6], losses[6:]]
    assert heads == [
        f"Step {step}/7 - Loss: {part.mean():7.4f}" for step, part in zip((1, 3, 6, 7), parts, strict=True)
    ]


def test_answers_are_counted_however_many_are_decoded_at_once(session):
    train(session)
    pairs = session.task.pairs
    one_by_one = sum(session.predict(source) == target for source, target in pairs)
    assert exact_answers(session, pairs, at_once=7) == exact_answers(session, pairs) == one_by_one


def test_a_summary_of_nothing_says_so(session):
    assert summary(session, 0, 0.0)[0] == "0 steps in 0.0 s"
