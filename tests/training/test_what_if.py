"""Every “what if” says where it branches, what it changes, and in which runs it shows nothing."""

from collections.abc import Iterator

import pytest

from tests.training.small_runs import SMALL
from tfviz.core.config import ARCHITECTURES
from tfviz.training.branching.what_if import (
    NewRunNeededError,
    healthy_line,
    what_if_of,
    what_if_preset,
    what_if_presets,
)
from tfviz.training.session import Session

HEALTHY = SMALL.with_values(
    {"training.schedule": "warmup_inverse_sqrt", "training.warmup_steps": 4, "training.validation_every": 0}
)
STEPS = 12


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
        assert (preset.why_not(preset.changed(HEALTHY)) is None) is bool(preset.times), preset.name


def test_a_preset_leaves_where_it_says_and_the_healthy_run_as_it_was(session: Session) -> None:
    here = session.what_if("no 1/sqrt(d)")
    assert (here.fork, here.parent, here.name) == (STEPS, 0, "no 1/sqrt(d) from step 12")
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


def test_the_schedule_stays_without_its_warm_up_where_it_can() -> None:
    what_if = what_if_preset("no warm-up")
    for schedule, left in (
        ("cosine", "cosine"),
        ("constant", "constant"),
        ("warmup_inverse_sqrt", "constant"),
    ):
        config = HEALTHY.with_values({"training.schedule": schedule, "training.steps": 40})
        broken = what_if.changed(config).training
        assert (broken.schedule, broken.warmup_steps) == (left, 0)
        assert what_if.why_not(what_if.changed(config)) is not None


def test_what_is_not_seen_in_a_shape_of_the_model_is_refused_there() -> None:
    missing = {
        shape: {
            one.name for one in what_if_presets() if one.why_not(HEALTHY.replace("model.architecture", shape))
        }
        for shape in ARCHITECTURES
    }
    assert missing == {
        "encoder-decoder": set(),
        "encoder": {
            "no causal mask", "no positions", "no residual", "no warm-up", "zero initialisation", "label shift by one",
        },
        "decoder": {"no padding mask", "no positions", "no residual", "no warm-up"},
    }  # fmt: skip
    with (
        Session(HEALTHY.replace("model.architecture", "decoder")) as session,
        pytest.raises(ValueError, match="what “no positions” shows is not seen in a decoder alone"),
    ):
        session.what_if("no positions")


def test_where_nothing_would_be_seen_nothing_is_changed() -> None:
    """Seen in the numbers: the same bits with and without."""
    for shape, name in (("encoder", "no causal mask"), ("decoder", "no padding mask")):
        config = HEALTHY.replace("model.architecture", shape)
        with Session(config) as one, Session(what_if_preset(name).changed(config)) as other:
            one.train(5)
            other.train(5)
            assert one.history["loss"].tobytes() == other.history["loss"].tobytes()
