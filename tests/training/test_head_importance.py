"""What a head is worth: the change of loss shown is what an independent forward pass finds."""

from itertools import islice

import numpy as np
import pytest

from tests.core.plain_forward import answered
from tests.training.small_runs import SMALL, fields
from tfviz.training.session import Session


def plain_loss(session: Session, off: str) -> float:
    """Of all validation pairs, token by token, from copies of the parameters."""
    p = {name: value.astype(np.float64) for name, value in session.parameters.items()}
    total, tokens = 0.0, 0
    for source, target in session.task.validation:
        ids = np.array(session.task.source_tokenizer.encode(source))
        target_ids = np.array(session.task.target_tokenizer.encode(target))
        logits = answered(ids, target_ids[:-1], p, session.trainer.models.config, off)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        total -= logits[np.arange(len(logits)), target_ids[1:]].sum()
        tokens += len(logits)
    return total / tokens


@pytest.mark.parametrize(
    ("architecture", "norm_first"),
    [
        ("encoder-decoder", False),
        ("encoder", False),
        ("encoder", True),
        ("decoder", False),
        ("decoder", True),
    ],
)
def test_the_change_of_loss_is_that_of_an_independent_forward_pass(
    architecture: str, norm_first: bool
) -> None:
    shape = {
        "model.architecture": architecture,
        "model.norm_first": norm_first,
        "model.num_encoder_layers": 2,
    }
    with Session(SMALL.with_values(shape)) as session:
        session.train(60)
        importance = session.head_importance()
        healthy = plain_loss(session, "")
        assert importance.loss == pytest.approx(healthy, rel=1e-5)
        for found in importance.all():
            change = plain_loss(session, found.head) - healthy
            assert abs(change) > 1e-5
            assert found.change == pytest.approx(change, rel=2e-3, abs=1e-5)


def test_all_heads_are_measured_one_after_another_and_whoever_stops_is_done() -> None:
    with Session(SMALL) as session:
        session.train(5)
        importance = session.head_importance()
        heads = ("encoder.0.0", "encoder.0.1", "decoder.0.0", "decoder.0.1", "cross.0.0", "cross.0.1")
        assert importance.heads == heads and importance.pairs == 6 and importance.origin == "validation"
        assert [found.head for found in islice(importance.all(), 2)] == ["encoder.0.0", "encoder.0.1"]
        assert [found.head for found in importance.all()] == list(heads)


def test_training_goes_on_undisturbed_and_does_not_disturb() -> None:
    with Session(SMALL) as session, Session(SMALL) as alone:
        session.train(5)
        importance = session.head_importance()
        before = importance.of("cross.0.0")
        session.train(5)
        assert importance.of("cross.0.0") == before
        alone.train(10)
        assert fields(session.trainer.state()) == fields(alone.trainer.state())


def test_a_head_that_is_off_or_uniform_is_weighed_against_the_model_in_which_it_works() -> None:
    with Session(SMALL) as session:
        session.train(20)
        healthy = session.head_importance()
        session.change({"model.heads_off": ("cross.0.0",)})
        off = session.head_importance().of("cross.0.0")
        assert off.change == off.cost == healthy.of("cross.0.0").change != 0.0
        assert healthy.of("cross.0.0").cost == 0.0
        session.change({"model.heads_off": (), "model.heads_uniform": ("encoder.0.1",)})
        uniform = session.head_importance()
        found = uniform.of("encoder.0.1")
        assert found.change == healthy.of("encoder.0.1").change
        assert found.cost == uniform.loss - healthy.loss != 0.0


def test_a_past_step_is_weighed_with_its_parameters_and_its_heads() -> None:
    with Session(SMALL) as session:
        session.train(8)
        then = session.head_importance().of("cross.0.0")
        session.change({"model.heads_off": ("cross.0.0",)})
        session.train(5)
        assert session.head_importance(8).of("cross.0.0") == then._replace(cost=then.change)
        with pytest.raises(ValueError, match="step 14 is not recorded"):
            session.head_importance(14)


def test_a_head_that_does_not_exist_is_refused() -> None:
    with Session(SMALL) as session, pytest.raises(ValueError, match=r"heads_off has 'cross\.4\.0'"):
        session.head_importance().of("cross.4.0")
