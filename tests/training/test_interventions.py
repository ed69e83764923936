"""What may be done to a run that is going on: to its heads, its layers, its optimiser and its single weights."""

from pathlib import Path

import numpy as np
import pytest

from tests.training.small_runs import HARD, RATE, SMALL, fields, scalars
from tfviz.training.branching.edits import WeightEdit, WeightNoise, edit_from_dict, edit_to_dict
from tfviz.training.events import Intervened
from tfviz.training.rules import ConfigurationError
from tfviz.training.session import Session

ADAM = SMALL.replace("training.weight_decay", 0.01)


def values(session: Session, prefix: str) -> dict[str, np.ndarray]:
    layout = session.trainer.parameters.layout
    return {name: session.parameters[name] for name in layout.within(prefix)}


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw"])
def test_what_is_frozen_does_not_move_and_neither_do_its_moments(optimizer: str) -> None:
    with Session(ADAM.replace("training.optimizer", optimizer)) as session:
        session.train(6)
        frozen, free = values(session, "encoder"), values(session, "generator")
        entries = [session.trainer.parameters.layout.entries[name] for name in frozen]

        def moments() -> list[np.ndarray]:
            vectors = session.trainer.optimizer.moments.values()
            return [entry.view(moment).copy() for moment in vectors for entry in entries]

        before = moments()
        session.intervene("training.frozen", ("encoder",))
        session.train(6)
        assert all(np.array_equal(values(session, "encoder")[name], value) for name, value in frozen.items())
        assert all(np.array_equal(one, other) for one, other in zip(moments(), before, strict=True))
        assert not np.array_equal(values(session, "generator")["generator.bias"], free["generator.bias"])
        assert session.history["gradient_norm/encoder.0.self_attn"][-1] > 0.0
        session.intervene("training.frozen", ())
        session.train(1)
        assert not np.array_equal(values(session, "encoder")["transformer.encoder.norm.bias"],
                                  frozen["transformer.encoder.norm.bias"])  # fmt: skip


@pytest.mark.parametrize(
    "part", ["encoder.0", "source_embedding", "transformer.decoder.layers.0.linear1.weight"]
)
def test_a_layer_a_table_and_a_single_matrix_can_be_frozen(part: str) -> None:
    with Session(ADAM.replace("training.frozen", (part,))) as session:
        before, all_before = values(session, part), session.parameters
        session.train(3)
        now = session.parameters
        assert {name for name in now if np.array_equal(now[name], all_before[name])} == set(before)


def test_a_part_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(
        ConfigurationError, match=r"training.frozen has 'attic'.*source_embedding, encoder.0.self_attn"
    ):
        SMALL.replace("training.frozen", ("attic",))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adamw"])
def test_another_optimiser_begins_with_moments_and_updates_at_0(optimizer: str) -> None:
    with Session(SMALL) as session, Session(SMALL.replace("training.optimizer", optimizer)) as fresh:
        session.train(7)
        session.intervene("training.optimizer", optimizer)
        assert [event for event in session.mailbox.events() if isinstance(event, Intervened)]
        fresh.trainer.parameters.flat[...] = session.trainer.parameters.flat
        fresh.trainer.step = 7
        session.train(3)
        for _ in range(3):
            fresh.trainer.train_batch()
        assert session.trainer.optimizer.updates == 3
        assert fields(session.trainer.state()) == fields(fresh.trainer.state())


def test_a_change_of_optimiser_that_is_taken_back_before_the_next_step_changes_nothing() -> None:
    with Session(SMALL) as session, Session(SMALL) as plain:
        session.train(4)
        session.intervene("training.optimizer", "sgd")
        session.intervene("training.optimizer", "adam")
        for each in (session, plain):
            each.train(8 - each.step)
        assert fields(session.trainer.state()) == fields(plain.trainer.state())


def test_shifted_labels_are_the_input_and_validation_knows_the_right_ones() -> None:
    with Session(SMALL.replace("training.label_shift", 1)) as session:
        batch = session.trainer.batch(1)
        assert np.array_equal(batch.target_out, batch.target_in)
        right = session.task.batch(1)
        assert np.array_equal(batch.source, right.source) and not np.array_equal(
            batch.target_out, right.target_out
        )
        session.train(100)
        assert session.loss < 0.1 < 1.0 < session.history["validation_loss"][-1]


def test_a_switched_head_shows_at_once_and_leaves_the_parameters_alone() -> None:
    with Session(SMALL) as session:
        session.train(10)
        before = session.parameters
        session.intervene("model.heads_off", ("cross.0.1",))
        snapshot = session.snapshot()
        assert snapshot.attention is not None
        assert not snapshot.attention.cross[0, 1].any() and snapshot.attention.cross[0, 0].any()
        assert snapshot.config.model.heads_off == ("cross.0.1",)
        assert all(np.array_equal(before[name], value) for name, value in session.parameters.items())


def test_an_edited_weight_is_there_at_once_and_in_the_branch_alone() -> None:
    with Session(SMALL) as session:
        session.train(10)
        session.go_to(6)
        old = session.parameters["generator.bias"][2]
        branch = session.edit("generator.bias", (2,), 0.75)
        assert branch.name == "generator.bias[2] = 0.75 from step 6" and branch.fork == 6
        assert session.parameters["generator.bias"][2] == 0.75
        session.train(3)
        session.go_to(6)
        assert session.parameters["generator.bias"][2] == 0.75
        session.switch(0)
        session.go_to(6)
        assert session.parameters["generator.bias"][2] == old


def test_edits_at_the_frontier_stay_in_the_branch_in_their_order() -> None:
    with Session(SMALL) as session:
        session.train(5)
        session.edit("generator.bias", (2,), 0.75)
        session.add_noise(0.1, 3, "generator")
        session.edit("generator.bias", (0,), -1.0)
        assert len(session.branches) == 1
        bias = session.parameters["generator.bias"]
        assert bias[0] == -1.0 and bias[2] != 0.75
        session.train(4)
        session.go_to(3)
        session.go_to(5)
        assert np.array_equal(session.parameters["generator.bias"], bias)


def test_noise_has_its_scale_and_belongs_to_the_seed() -> None:
    with Session(HARD) as session:
        before = session.parameters
        session.add_noise(0.1, 3)
        noise = np.concatenate([(value - before[name]).ravel() for name, value in session.parameters.items()])
        assert noise.std() == pytest.approx(0.1, rel=0.1) and abs(noise.mean()) < 0.02
        for seed, same in ((3, True), (4, False)):
            with Session(HARD) as other:
                other.add_noise(0.1, seed)
                assert np.array_equal(other.trainer.parameters.flat, session.trainer.parameters.flat) is same


@pytest.mark.parametrize(
    ("name", "index", "value", "message"),
    [
        ("attic", (0,), 1.0, "no parameter 'attic'"),
        ("generator.bias", (0, 1), 1.0, r"has shape \(9,\), and no number at \(0, 1\)"),
        ("generator.bias", (-1,), 1.0, "no number at"),
        ("generator.bias", (0,), float("nan"), "it must be finite"),
        ("generator.bias", (0,), 1e300, "no weight of float32"),
    ],
)
def test_an_edit_that_cannot_be_changes_nothing(
    name: str, index: tuple[int, ...], value: float, message: str
) -> None:
    with Session(SMALL) as session:
        session.train(4)
        session.go_to(2)
        before = session.trainer.state()
        with np.errstate(over="ignore"), pytest.raises(ValueError, match=message):
            session.edit(name, index, value)
        for scale, prefix in ((-1.0, ""), (0.1, "attic")):
            with pytest.raises(ValueError):
                session.add_noise(scale, 0, prefix)
        assert fields(session.trainer.state()) == fields(before) and len(session.branches) == 1


def test_what_was_done_last_is_undone_by_a_branch_from_just_before() -> None:
    with Session(SMALL) as session:
        session.train(6)
        state = fields(session.trainer.state())
        session.edit("generator.bias", (2,), 0.75)
        session.intervene(RATE, 0.5)
        session.train(3)
        branch = session.undo()
        assert (branch.parent, branch.fork, session.step) == (0, 6, 6)
        assert fields(session.trainer.state()) == state and session.config == SMALL
        assert session.lines[0].frontier == 9
        with pytest.raises(ValueError, match="nothing to undo"):
            session.undo()


def edited_at_4_changed_at_7(session: Session) -> object:
    """Nine steps; returns the state before anything was done."""
    session.train(4)
    state = fields(session.trainer.state())
    session.edit("generator.bias", (2,), 0.75)
    session.train(3)
    session.intervene(RATE, 0.5)
    session.train(2)
    return state


def test_any_step_at_which_the_branch_was_changed_can_be_undone_and_no_other() -> None:
    with Session(SMALL) as session:
        state = edited_at_4_changed_at_7(session)
        with pytest.raises(ValueError, match="nothing to undo at step 5"):
            session.undo(5)
        branch = session.undo(4)
        assert (branch.parent, branch.fork, session.config) == (0, 4, SMALL)
        assert fields(session.trainer.state()) == state and not session.line.edits
        assert session.lines[0].frontier == 9 and len(session.lines[0].edits) == 1


def test_one_thing_after_the_other_is_undone_though_a_branch_has_left_in_between() -> None:
    with Session(SMALL) as session:
        state = edited_at_4_changed_at_7(session)
        first = session.undo(7)
        assert (first.parent, first.fork, len(session.line.edits)) == (0, 7, 1)
        with pytest.raises(ValueError, match="nothing to undo in branch 'main, undone at step 7'"):
            session.undo()
        with pytest.raises(ValueError, match="nothing to undo at step 6"):
            session.undo(6)
        second = session.undo(4)
        assert (second.name, second.parent, second.fork) == ("main, undone at step 4", 0, 4)
        assert fields(session.trainer.state()) == state and not session.line.edits
        assert [len(line.edits) for line in session.lines.values()] == [1, 1, 0]


def test_undoing_at_the_beginning_of_a_run_gives_its_beginning() -> None:
    with Session(SMALL) as session:
        state = fields(session.trainer.state())
        session.add_noise(0.1, 0)
        session.branch("twin")
        session.undo()
        assert fields(session.trainer.state()) == state


def test_a_reopened_run_has_its_edits_and_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    with Session(HARD) as session:
        session.record(tmp_path / "run.tfviz")
        session.train(9)
        session.edit("generator.bias", (2,), 0.1)
        session.change({"training.optimizer": "momentum", "training.frozen": ("encoder",)})
        session.train(7)
        session.go_to(12)
        session.add_noise(0.02, 5)
        session.train(5)
        session.go_to(9)
        middle = fields(session.trainer.state())
        session.switch(1)
        session.train(4)
        end = fields(session.trainer.state())
    with Session.open(tmp_path / "run.tfviz") as opened:
        assert [len(line.edits) for line in opened.lines.values()] == [1, 2]
        assert fields(opened.trainer.state()) == end
        opened.go_to(9)
        assert fields(opened.trainer.state()) == middle


def test_a_reopened_branch_from_before_an_edit_does_not_begin_with_it(tmp_path: Path) -> None:
    """Although the only state of its first step that the file has is the parent's, which was edited there."""
    path = tmp_path / "run.tfviz"
    for steps in (0, 8):
        with Session(HARD) as session:
            session.train(steps)
            session.edit("generator.bias", (2,), 0.75)
            session.save(path)
        with Session.open(path) as session:
            session.undo()
            before = fields(session.trainer.state())
            session.edit("generator.bias", (1,), 0.5)
            session.save(path)
        for reopened in (Session.open(path), Session.open(path)):
            with reopened:
                assert [len(line.edits) for line in reopened.lines.values()] == [1, 1]
                assert (
                    reopened.parameters["generator.bias"][1]
                    == 0.5
                    != reopened.parameters["generator.bias"][2]
                )
                assert reopened.parameters["generator.bias"][2] != 0.75
                reopened.undo()
                assert fields(reopened.trainer.state()) == before


def test_a_run_that_is_recorded_on_keeps_the_edits_made_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.train(5)
        session.edit("generator.bias", (2,), 0.1)
        session.save(path)
    with Session.open(path) as session:
        session.edit("generator.bias", (1,), 0.2)
        session.go_on_recording(path)
        session.train(3)
        end, record = fields(session.trainer.state()), scalars(session.history)
    with Session.open(path) as session:
        assert len(session.line.edits) == 2
        assert fields(session.trainer.state()) == end and scalars(session.history) == record


@pytest.mark.parametrize("edit", [WeightEdit("a.b", (1, 2), 0.1 + 0.2), WeightNoise(1e-3, 7, "encoder.0")])
def test_an_edit_survives_being_written_down(edit: WeightEdit | WeightNoise) -> None:
    assert edit_from_dict(edit_to_dict(edit)) == edit


def test_a_stepper_takes_the_step_of_a_run_with_everything_done_to_it() -> None:
    with Session(HARD) as session:
        session.train(6)
        session.change(
            {"training.optimizer": "momentum", "training.frozen": ("encoder",), "training.label_shift": 1,
             "model.layer_norm": False, "model.heads_off": ("cross.0.0",)}
        )  # fmt: skip
        session.edit("generator.bias", (1,), 0.3)
        stepper = session.stepper(6)
        session.train(1)
        assert stepper is not None
        stepper.run_to_update()
        assert fields(stepper.state()) == fields(session.trainer.state())
        told = stepper.explain("transformer.encoder.layers.0.linear1.bias", (1,))
        assert told.total == told.stored and "frozen" in told.formula
        assert stepper.gradient("transformer.encoder.norm.bias") is None  # nothing reads it
