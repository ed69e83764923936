"""A step taken operation by operation is the step: forward, back, at any past step, to the last bit."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.small_runs import HARD, SMALL, fields, losses, new_trainer, same, with_branches
from tfviz.training.config import RunConfig
from tfviz.training.record.history import GROUP_PREFIX
from tfviz.training.session import Session
from tfviz.training.stepping.step_places import Of
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.trainer import State, Trainer

PRE_NORM = SMALL.with_values(
    {
        "model.norm_first": True,
        "model.activation": "gelu",
        "model.num_encoder_layers": 2,
        "model.num_decoder_layers": 3,
    }
)
OPTIMIZERS = {
    "sgd": SMALL.with_values({"training.optimizer": "sgd", "training.learning_rate": 0.1}),
    "momentum": SMALL.with_values({"training.optimizer": "momentum", "training.weight_decay": 0.01}),
    "adam": PRE_NORM,
    "adamw with dropout": HARD,
    "adam in float64": HARD.with_values({"training.optimizer": "adam", "training.dtype": "float64"}),
}


def closing(trainer: Trainer) -> Trainer:
    """Its threads end with the test that made it."""
    trainer.models.close()
    return trainer


def everything(stepper: Stepper) -> dict[tuple[str, Of], object]:
    """The bits of all that can be seen at this position, None for what has not been computed yet."""
    of_tensors = {
        (name, "value"): fields(stepper.value(name)) for name in [*stepper.tensors, *stepper.parameters]
    }
    return of_tensors | {
        (name, "gradient"): fields(stepper.gradient(name)) for name in [*stepper.tensors, *stepper.parameters]
    }


@pytest.mark.parametrize("clip_norm", [0.0, 0.05])
@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("config", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_step_operation_by_operation_ends_where_the_trainer_ends(
    config: RunConfig, shards: int, clip_norm: float
) -> None:
    trainer = new_trainer(config.with_values({"training.shards": shards, "training.clip_norm": clip_norm}))
    losses(trainer, 3)
    before = trainer.state()
    stepper = Stepper.following(trainer)
    for _ in stepper.places:
        stepper.forward()
    assert same(trainer.state(), before)
    scalars = dict(zip(trainer.scalar_names, trainer.train_batch(), strict=True))
    assert same(stepper.state(), trainer.state())
    assert stepper.clipping is not None
    assert (stepper.step, stepper.loss) == (4, scalars["loss"])
    assert stepper.clipping.norm == scalars["gradient_norm"]
    assert stepper.clipping.learning_rate == scalars["learning_rate"]
    assert {GROUP_PREFIX + group: norm for group, norm in stepper.clipping.group_norms.items()} == {
        name: scalar for name, scalar in scalars.items() if name.startswith(GROUP_PREFIX)
    }
    assert (stepper.clipping.scale < 1.0) == bool(clip_norm)
    closing(trainer)


@pytest.mark.parametrize("shards", [1, 2])
def test_all_tensors_at_the_end_are_those_of_a_model_that_keeps_them(shards: int) -> None:
    """What was filled with NaN at the start has been overwritten, all of it."""
    stepper = Stepper.following(closing(new_trainer(HARD.with_values({"training.shards": shards}))))
    stepper.run_to_gradients()
    stepped = everything(stepper)
    batch = stepper.batch
    stepper.model.forward(batch.source, batch.target_in, batch.target_out)
    stepper.model.backward()
    for name, tensor in stepper.model.tensors.items():
        assert fields(tensor.value) == stepped[name, "value"], name
        assert fields(tensor.grad) == stepped[name, "gradient"], name
        assert name.endswith("_mask") or np.isfinite(tensor.value).all(), name
        assert tensor.grad is None or np.isfinite(tensor.grad).all(), name
    for name, parameter in stepper.model.parameters.items():
        assert fields(parameter.grad) == stepped[name, "gradient"], name


@pytest.fixture(scope="module", params=[1, 2], ids=["one shard", "two shards"])
def walked(request: pytest.FixtureRequest) -> tuple[Stepper, list[dict[tuple[str, Of], object]], list[State]]:
    """A stepper, and all that was to be seen at every position on the first way forward."""
    trainer = new_trainer(HARD.with_values({"training.shards": request.param, "training.clip_norm": 0.1}))
    losses(trainer, 2)
    stepper = Stepper.following(closing(trainer))
    seen, states = [everything(stepper)], [stepper.state()]
    for _ in stepper.places:
        stepper.forward()
        seen.append(everything(stepper))
        states.append(stepper.state())
    return stepper, seen, states


@settings(deadline=None, max_examples=15)
@given(moves=st.lists(st.integers(-80, 80), min_size=1, max_size=5))
def test_going_forward_and_back_at_random_shows_the_same_bits(
    walked: tuple[Stepper, list[dict[tuple[str, Of], object]], list[State]], moves: list[int]
) -> None:
    stepper, seen, states = walked
    for move in moves:
        expected = min(max(stepper.position + move, 0), len(stepper.places))
        (stepper.forward if move > 0 else stepper.back)(abs(move))
        assert stepper.position == expected
        assert everything(stepper) == seen[expected]
        assert same(stepper.state(), states[expected])
        assert (stepper.loss is None) == (expected < len(stepper.places) // 2 - 1)
        assert (stepper.clipping is None) == (expected < len(stepper.places) - 1)


def test_what_has_been_computed_never_changes_until_the_update(
    walked: tuple[Stepper, list[dict[tuple[str, Of], object]], list[State]],
) -> None:
    stepper, seen, states = walked
    for before, after in pairwise(seen[:-1]):
        assert all(after[key] == bits for key, bits in before.items() if bits is not None)
    for (name, of), bits in seen[-1].items():
        assert bits is not None or stepper.complete_at(name, of) is None
    assert all(same(state, states[0]) for state in states[:-1])


def computed_storage(stepper: Stepper) -> Iterator[tuple[str, Of, np.ndarray]]:
    """Values and gradients that lie in storage of their own, with the storage of every part of the batch."""
    for part in stepper.model.parts:
        for name, tensor in part.program.tensors.items():
            if tensor.value_root is tensor:
                yield name, "value", tensor.data
            if tensor.gradient_root is tensor and tensor.d_data is not None:
                yield name, "gradient", tensor.d_data


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("config", [HARD, PRE_NORM], ids=["post-norm dropout", "pre-norm gelu"])
def test_computed_is_said_of_exactly_what_is_not_nan_any_more(config: RunConfig, shards: int) -> None:
    stepper = Stepper.following(closing(new_trainer(config.with_values({"training.shards": shards}))))
    counts = []
    while stepper.position < len(stepper.places) - 2:
        count = 0
        for name, of, storage in computed_storage(stepper):
            assert stepper.computed(name, of) == (not np.isnan(storage).any()), (name, of, stepper.last)
            count += stepper.computed(name, of)
        for name, parameter in stepper.parameters.items():
            assert parameter.grad is not None
            assert stepper.computed(name, "gradient") == (not np.isnan(parameter.grad).any()), name
            assert (stepper.gradient(name) is None) == np.isnan(parameter.grad).any(), name
        counts.append(count)
        stepper.forward()
    assert counts[0] == 0 and counts == sorted(counts) and counts[-1] > 100


def test_the_gradient_of_a_skip_is_not_computed_before_its_addition_has_run_backward() -> None:
    """It is a view of the sum's gradient, which is there earlier."""
    stepper = Stepper.following(closing(new_trainer()))
    place = stepper.place("encoder.layers.0.residual1", "backward")
    stepper.run_to(stepper.places[place.number - 1])
    name = "encoder.layers.0.fork1.skip"
    assert stepper.gradient("encoder.layers.0.residual1") is not None
    assert stepper.gradient(name) is None and not stepper.computed(name, "gradient")
    stepper.forward()
    assert stepper.gradient(name) is not None


def test_a_parameter_read_in_two_pieces_has_its_gradient_after_the_second() -> None:
    stepper = Stepper.following(closing(new_trainer()))
    name, path = (
        "transformer.decoder.layers.0.multihead_attn.in_proj_weight",
        "decoder.layers.0.multihead_attn",
    )
    passes = [stepper.place(f"{path}.in_proj_{part}", "backward").number for part in ("key_value", "query")]
    assert stepper.complete_at(name, "gradient") == max(passes) + 1
    projection = f"{path}.in_proj_key_value"
    assert (
        stepper.complete_at(projection, "gradient") == stepper.place(f"{path}.scores", "backward").number + 1
    )
    assert stepper.complete_at("source_mask", "gradient") is None
    assert not stepper.computed("source_mask", "gradient")


@pytest.mark.parametrize("shards", [1, 2])
def test_the_gradient_of_the_loss_is_one_as_soon_as_there_is_a_loss(shards: int) -> None:
    stepper = Stepper.following(closing(new_trainer(PRE_NORM.replace("training.shards", shards))))
    stepper.run_to_loss()
    assert stepper.gradient("loss") == [1.0]
    stepper.back()
    assert stepper.gradient("loss") is None
    stepper.run_to_update()
    assert stepper.gradient("loss") == [1.0]


def test_forward_and_backward_of_an_operation_face_each_other() -> None:
    stepper = Stepper.following(closing(new_trainer(PRE_NORM)))
    names = [operation.name for operation in stepper.model.program.operations]
    assert [place.name for place in stepper.places] == [*names, *reversed(names), "clipping", "update"]
    assert [place.number for place in stepper.places] == list(range(len(stepper.places)))
    for place in stepper.places[:-2]:
        assert place.facing is not None
        other = stepper.places[place.facing]
        assert (other.name, other.kind, other.group, other.facing) == (
            place.name, place.kind, place.group, place.number,
        )  # fmt: skip
        assert {place.phase, other.phase} == {"forward", "backward"}
    assert [place.facing for place in stepper.places[-2:]] == [None, None]
    assert str(stepper.place("logits", "backward")) == "logits (backward, Linear)"
    with pytest.raises(KeyError, match="no place 'logits' with phase 'update'"):
        stepper.place("logits", "update")


def test_the_places_of_a_group_follow_one_another() -> None:
    stepper = Stepper.following(closing(new_trainer(PRE_NORM)))
    groups = [place.group for place in stepper.places if place.phase == "forward"]
    runs = [group for number, group in enumerate(groups) if number == 0 or groups[number - 1] != group]
    assert runs == [
        "source embedding", "encoder layer 0", "encoder layer 1", "encoder norm", "target embedding", "encoder memory",
        "decoder layer 0", "decoder layer 1", "decoder layer 2", "decoder norm", "generator", "loss",
    ]  # fmt: skip
    assert {place.group for place in stepper.places[-2:]} == {"optimiser"}


def test_the_phases_can_be_run_to_from_either_side() -> None:
    stepper = Stepper.following(closing(new_trainer()))
    assert stepper.last is None and stepper.next == stepper.places[0] and stepper.loss is None
    stepper.run_to_update()
    assert stepper.next is None and stepper.last is not None and stepper.last.name == "update"
    stepper.forward()
    assert stepper.position == len(stepper.places)
    stepper.run_to_loss()
    assert str(stepper.last) == "loss (forward, CrossEntropy)" and stepper.loss is not None
    assert stepper.clipping is None and stepper.update_ratios() is None
    stepper.run_to_gradients()
    assert stepper.last is not None and stepper.last.phase == "backward"
    assert stepper.next is not None and stepper.next.name == "clipping"
    stepper.back(1000)
    assert stepper.position == 0


def test_the_ratios_of_an_update_are_known_before_it_is_made() -> None:
    trainer = new_trainer(HARD)
    losses(trainer, 2)
    stepper = Stepper.following(closing(trainer))
    stepper.run_to(stepper.place("clipping", "clipping"))
    before = stepper.state()
    ratios = stepper.update_ratios()
    assert same(stepper.state(), before)
    stepper.run_to_update()
    assert stepper.update_ratios() == ratios
    assert ratios is not None and list(ratios) == list(trainer.groups)
    for group, rows in trainer.groups.items():
        old, new = before["parameters"][rows], stepper.state()["parameters"][rows]
        assert ratios[group] == pytest.approx(np.linalg.norm(new - old) / np.linalg.norm(old), rel=1e-5)
    assert same(dict(stepper.before), before)


@pytest.mark.parametrize("shards", [1, 2])
def test_any_recorded_step_of_any_branch_can_be_stepped_through_as_it_was_taken(
    shards: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the configuration was changed on the way, and without moving the session."""
    monkeypatch.setattr(
        "tfviz.training.branching.keyframes.REPLAY", 60.0
    )  # no keyframe at every step, however slow it is
    with with_branches(HARD.with_values({"training.shards": shards})) as session:
        states = {}
        for branch in session.branches:
            session.switch(branch.number)
            for step in (0, 5, 10, 11, 16, session.frontier - 1):
                session.go_to(step + 1)
                states[branch.number, step] = session.trainer.state(), session.history["loss"][step]
        session.go_to(7)
        before = session.trainer.state()
        for (number, step), (state, loss) in states.items():
            stepper = session.stepper(step, number)
            assert stepper is not None and stepper.step == step + 1
            stepper.run_to_update()
            assert same(stepper.state(), state)
            assert stepper.loss == loss
        assert session.step == 7 and same(session.trainer.state(), before)
        assert session.stepper(6, progress=lambda done, of: False) is None
        with pytest.raises(ValueError, match="step 99 is not recorded"):
            session.stepper(99)


def test_at_the_frontier_it_takes_the_step_that_comes_next() -> None:
    with Session(HARD) as session:
        session.train(5)
        stepper = session.stepper(5)
        assert stepper is not None
        stepper.run_to_update()
        session.train(1)
        assert same(stepper.state(), session.trainer.state())


@pytest.mark.parametrize("shards", [1, 2])
def test_arrays_that_are_given_out_cannot_be_written_to(shards: int) -> None:
    stepper = Stepper.following(closing(new_trainer(SMALL.with_values({"training.shards": shards}))))
    stepper.run_to_gradients()
    for name in ("logits", "generator.weight"):
        for array in (stepper.value(name), stepper.gradient(name)):
            assert array is not None
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0.0


def test_a_name_that_does_not_exist_is_an_error() -> None:
    stepper = Stepper.following(closing(new_trainer()))
    with pytest.raises(KeyError, match="no tensor and no parameter 'nobody'"):
        stepper.value("nobody")
