"""Every “what if” says where it branches and what it shows, and it shows that, measured here at reduced size."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.training.small_runs import EVERYTHING, SMALL
from tfviz.training.branching.what_if import (
    NewRunNeededError,
    healthy_line,
    what_if_of,
    what_if_preset,
    what_if_presets,
)
from tfviz.training.config import RunConfig
from tfviz.training.session import Session
from tfviz.training.train import exact_answers

HEALTHY = SMALL.with_values(
    {
        "model.d_model": 16, "model.dim_feedforward": 32, "model.num_encoder_layers": 2, "model.num_decoder_layers": 2,
        "task.length": 4, "task.alphabet": 5, "task.validation": 60, "training.batch_size": 16,
        "training.schedule": "warmup_inverse_sqrt", "training.warmup_steps": 40, "training.validation_every": 50,
    }
)  # fmt: skip
STEPS = 300


def test_a_branch_knows_what_is_broken_in_it_and_which_one_is_healthy() -> None:
    with Session(SMALL) as session:
        session.train(4)
        session.what_if("label shift by one")
        session.train(2)
        session.what_if("no positions")
        broken = [
            None if (found := what_if_of(line)) is None else found.name for line in session.lines.values()
        ]
        assert broken == [None, "label shift by one", "no positions"]
        assert healthy_line(session.lines, 2) is session.lines[0] is healthy_line(session.lines, 0)


@pytest.fixture(scope="module")
def healthy() -> Iterator[Session]:
    with Session(HEALTHY) as session:
        session.train(STEPS)
        yield session


@pytest.fixture
def session(healthy: Session) -> Session:
    """The healthy branch at its frontier, whatever was done before."""
    healthy.switch(0)
    return healthy


def share_exact(session: Session) -> float:
    return exact_answers(session, session.task.validation) / len(session.task.validation)


def last_loss(session: Session, steps: int = 20) -> float:
    return float(np.mean(session.history.column("loss")[-steps:]))


def test_the_presets_say_where_they_branch_and_what_is_seen() -> None:
    names = [preset.name for preset in what_if_presets()]
    assert names == [
        "no causal mask", "no padding mask", "no 1/sqrt(d)", "no positions", "no residual", "no norm", "no warm-up",
        "learning rate times ten", "zero initialisation", "label shift by one",
    ]  # fmt: skip
    from_start = {preset.name for preset in what_if_presets() if preset.from_start}
    assert from_start == {
        "no causal mask",
        "no positions",
        "no residual",
        "no norm",
        "no warm-up",
        "zero initialisation",
    }
    for preset in what_if_presets():
        assert preset.symptom.endswith(".") and preset.values(HEALTHY)
        assert preset.needs_new_run(HEALTHY) is (preset.name == "zero initialisation")
        assert preset.why_not(HEALTHY) is None
        assert preset.why_not(preset.changed(HEALTHY)) is None or not preset.times


def test_a_preset_leaves_where_it_says_and_the_healthy_run_as_it_was(session: Session) -> None:
    here = session.what_if("no 1/sqrt(d)")
    assert (here.fork, here.parent, here.name) == (STEPS, 0, "no 1/sqrt(d) from step 300")
    session.switch(0)
    start = session.what_if("no norm")
    assert (start.fork, session.step) == (0, 0) and not session.config.model.layer_norm
    assert session.lines[0].frontier == STEPS and session.lines[0].config_after(STEPS) == HEALTHY


def test_what_is_broken_already_is_refused_and_an_unknown_name_too(session: Session) -> None:
    session.what_if("no padding mask")
    with pytest.raises(ValueError, match="“no padding mask” is what this run has already"):
        session.what_if("no padding mask")
    with pytest.raises(ValueError, match="there is no 'no bias': no causal mask, "):
        session.what_if("no bias")


def test_zero_initialisation_needs_a_run_of_its_own(session: Session) -> None:
    before = len(session.branches)
    with pytest.raises(NewRunNeededError, match="needs a run of its own") as caught:
        session.what_if("zero initialisation")
    assert caught.value.config == HEALTHY.replace("model.initialization", "zero")
    assert len(session.branches) == before


def test_the_healthy_run_has_learned(session: Session) -> None:
    assert share_exact(session) > 0.9


def test_without_the_causal_mask_loss_falls_to_nearly_0_and_answers_are_wrong(session: Session) -> None:
    healthy = last_loss(session)
    session.what_if("no causal mask")
    session.train(STEPS)
    assert last_loss(session) < 0.02 < 2 * healthy
    assert share_exact(session) < 0.3


def test_without_the_padding_mask_an_answer_depends_on_the_padding(session: Session) -> None:
    def spread() -> float:
        model = session.trainer.models
        ids = session.reader.encode("1 2")
        found = []
        for length in (len(ids), 12):
            program = model.evaluation(1, length, 3)
            source = np.zeros((1, length), np.int64)
            source[0, : len(ids)] = ids
            program.forward(source, np.array([[1, 4, 5]]), np.array([[4, 5, 2]]))
            found.append(program.probabilities.copy())
        return float(np.abs(found[0] - found[1]).max())

    assert spread() < 1e-5
    session.what_if("no padding mask")
    assert spread() > 1e-2


def entropy(session: Session) -> float:
    attention = session.snapshot(EVERYTHING).attention
    assert attention is not None
    weights = attention.encoder_self.astype(np.float64)
    return float(-(weights * np.log(weights, out=np.zeros_like(weights), where=weights > 0)).sum(-1).mean())


def test_without_the_scale_attention_is_sharper_at_once(session: Session) -> None:
    before = entropy(session)
    session.what_if("no 1/sqrt(d)")
    assert entropy(session) < 0.8 * before


def test_without_positions_the_order_of_the_source_is_not_seen(session: Session) -> None:
    session.what_if("no positions")
    session.train(150)
    answers = {session.predict(sentence) for sentence in ("1 2 3", "3 1 2", "2 1 3")}
    assert len(answers) == 1 and share_exact(session) < 0.5


def test_without_residuals_positions_become_alike_and_the_loss_stays_high(session: Session) -> None:
    healthy = last_loss(session)
    session.what_if("no residual")
    assert spread_of_memory(session) < 0.1
    session.train(100)
    assert last_loss(session) > 3 * healthy


def spread_of_memory(session: Session) -> float:
    """How far the encoder's vectors of different positions lie apart, against their size."""
    model = session.trainer.models.inspection(1, 5, 4)
    model.forward(np.array([[1, 4, 5, 6, 2]]), np.array([[1, 4, 5, 6]]), np.array([[4, 5, 6, 2]]))
    memory = model.tensors["encoder.memory"].value[0].astype(np.float64)
    return float(memory.std(axis=0).mean() / np.abs(memory).mean())


def test_without_norms_the_loss_begins_above_that_of_guessing(session: Session) -> None:
    session.what_if("no norm")
    session.train(5)
    guessing = np.log(len(session.task.target_tokenizer))
    assert session.history["loss"][0] > 1.2 * guessing
    healthy = session.lines[0].history["loss"][0]
    assert session.history["loss"][0] > healthy


def test_without_warm_up_the_first_updates_have_the_full_rate(session: Session) -> None:
    session.what_if("no warm-up")
    session.train(3)
    assert session.history["learning_rate"].tolist() == [0.01] * 3
    assert session.lines[0].history["learning_rate"][2] < 0.001


def test_ten_times_the_learning_rate_throws_the_loss_up(session: Session) -> None:
    healthy = last_loss(session)
    session.what_if("learning rate times ten")
    session.train(60)
    assert session.history["loss"][STEPS : STEPS + 10].max() > 3 * healthy
    assert last_loss(session) > 3 * healthy


def test_with_everything_at_0_heads_stay_uniform_and_the_source_is_not_read() -> None:
    config: RunConfig = what_if_preset("zero initialisation").changed(HEALTHY)
    with Session(config) as session:
        session.train(100)
        attention = session.snapshot(EVERYTHING).attention
        assert attention is not None
        length = len(attention.source_tokens)
        assert attention.cross == pytest.approx(1.0 / length) and attention.encoder_self == pytest.approx(
            1.0 / length
        )
        assert session.predict("1 2 3") == session.predict("4 0")
        assert share_exact(session) < 0.1 and last_loss(session) > 0.5


def test_with_shifted_labels_loss_falls_and_validation_rises(session: Session) -> None:
    before = float(session.history["validation_loss"][STEPS - 1])
    session.what_if("label shift by one")
    session.train(150)
    assert last_loss(session) < 0.05
    assert session.history["validation_loss"][STEPS + 149] > 10 * before
    assert share_exact(session) < 0.1
