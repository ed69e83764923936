"""Every task, tokenizer and shape of the model: gone back in, changed, replayed, stepped through, exported."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.kinds_of_run import MIXTURES, SHAPES, config_of, kinds_of_run
from tests.app.written_files import CHECKS, check_animation, check_model, check_page, check_scalars
from tests.training.small_runs import EVERYTHING, fields, scalars
from tfviz.app.commands.files import read_snapshot, read_snapshots
from tfviz.app.dialogs.export_job import (
    CHOICES,
    DIFFERENCE_FORMATS,
    MODEL,
    ONE_HEAD,
    SCALARS,
    Capture,
    Choice,
    Job,
)
from tfviz.core.config import ARCHITECTURES
from tfviz.training.export import Pinned, StepRange
from tfviz.training.export.heads import all_heads, attention_of
from tfviz.training.generation.beam_search import Beam
from tfviz.training.generation.playground import PlaygroundWish
from tfviz.training.generation.sampling import Sampling
from tfviz.training.mailbox import Demand
from tfviz.training.model.model_file import load_model
from tfviz.training.model.pretrained import Pretrained
from tfviz.training.session import Session
from tfviz.training.stepping.stages import StagesWish
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.task_config import TASK_NAMES, TOKENIZER_KINDS
from tfviz.training.tokens.token_table import token_counts

pytestmark = pytest.mark.usefixtures("qapp")  # else painting makes an application that has no widgets
KINDS = kinds_of_run()
FEW = 8  # cells whose numbers are traced, of values and of gradients

Seen = dict[tuple[int, int], Any]
"""(branch, step) -> what was to be seen there."""


@pytest.fixture(params=KINDS)
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    with Session(config_of(KINDS[request.param], tmp_path)) as made:
        made.keyframes.fix(3)
        yield made


def state(session: Session) -> object:
    return fields(session.trainer.state())


class Life:
    """A run to which everything happens that can happen, with every state as it was seen first."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.states: Seen = {}
        self.train(7)
        session.go_to(3)
        heads, layout = session.trainer.models.config.heads, session.trainer.parameters.layout
        parts, (name, entry) = tuple(layout.groups), next(iter(layout.entries.items()))
        other = "momentum" if session.config.training.optimizer != "momentum" else "adamw"
        for change in (
            lambda: session.intervene("model.heads_off", heads[-1:]),
            lambda: session.edit(name, (0,) * len(entry.shape), 0.25),
            lambda: session.add_noise(0.01, 5, parts[-1]),
            lambda: session.change({"training.frozen": parts[:1], "training.optimizer": other}),
        ):
            self.do(change, 2)
        session.undo()
        self.remember()
        self.train(2)

    def do(self, change: Callable[[], Any], steps: int) -> None:
        """Of the next step at least, something becomes another."""
        former, before = self.session.config, state(self.session)
        change()
        assert self.session.config != former or state(self.session) != before
        self.remember()
        self.train(steps)

    def train(self, steps: int) -> None:
        self.session.train(steps, self.remember)

    def remember(self) -> None:
        self.states[self.session.line.branch.number, self.session.step] = state(self.session)


def walked(session: Session, places: list[tuple[int, int]]) -> tuple[Seen, Seen]:
    """States and pictures of these places, by going to each."""
    states, pictures = {}, {}
    for branch, step in places:
        if session.line.branch.number != branch:
            session.switch(branch)
        session.go_to(step)
        states[branch, step] = state(session)
        pictures[branch, step] = fields(session.snapshot(EVERYTHING))
    return states, pictures


def test_it_goes_back_and_forth_and_is_opened_and_goes_on_to_the_same_bits(
    session: Session, tmp_path: Path
) -> None:
    life = Life(session)
    places = list(life.states)
    random.Random(3).shuffle(places)
    states, pictures = walked(session, places)
    assert states == life.states
    assert (
        len({repr(found) for found in states.values()}) == len(states) - 2
    )  # where a branch leaves, both are there
    for branch, step in places[::3]:
        assert fields(session.view(step, branch)) == pictures[branch, step]
    session.switch(session.branches[-1].number)
    answer = session.predict(session.probe.source)
    record = {number: scalars(line.history) for number, line in session.lines.items()}
    session.save(tmp_path / "run.tfviz")
    session.train(3)
    end = state(session)
    with Session.open(tmp_path / "run.tfviz", record=True) as again:
        assert {number: scalars(line.history) for number, line in again.lines.items()} == record
        assert again.predict(again.probe.source) == answer
        again.train(3)
        assert state(again) == end
    with Session.open(tmp_path / "run.tfviz") as third:
        assert state(third) == end
        assert walked(third, places) == (states, pictures)


def test_every_export_of_a_past_step_is_a_file_that_holds_it(session: Session, tmp_path: Path) -> None:
    session.train(5)
    session.go_to(4)
    session.intervene("model.heads_off", session.trainer.models.config.heads[:1])
    session.train(2)
    capture = Capture.at(session, 5)
    picture = session.view(5)
    assert picture is not None and fields(capture.snapshot) == fields(picture)
    pinned = session.view(1)
    assert pinned is not None
    off, *_, head = all_heads(attention_of(picture))
    assert picture.config.model.heads_off == (off.setting,) and not off.weights(attention_of(picture)).any()
    for what, formats in CHOICES.items():
        for format in formats:
            steps = None if format.one_step else StepRange(0, 6, 3)
            one = head if what == ONE_HEAD else None
            path = tmp_path / f"{what}{format.suffix}"
            write(capture, Choice(what, format, one, numbers=one is not None, steps=steps), path)
            if what == SCALARS:
                check_scalars(path, session.history)
            elif what == MODEL:
                check_model(path, session.parameters_at(5), 5)
            elif steps is not None:
                check_animation(path, 3)
            else:
                CHECKS[format.name](path, picture, one)
                if format.several_steps:
                    write(capture, Choice(what, format, steps=StepRange(2, 6, 2)), path)
                    check_page(path, [found for step in (2, 4, 6) if (found := session.view(step))])
                if format.name in DIFFERENCE_FORMATS:
                    write(capture, Choice(what, format, one, "dark", pinned=Pinned(pinned, "main")), path)
                    CHECKS[format.name](path, picture, one)


def write(capture: Capture, choice: Choice, path: Path) -> None:
    Job(capture, choice, path, lambda done, of: None).run()


def test_a_saved_run_and_a_saved_model_answer_and_are_exported_alike(
    session: Session, tmp_path: Path
) -> None:
    session.train(6)
    run, model = tmp_path / "run.tfviz", tmp_path / "model.safetensors"
    session.save(run)
    choice = Choice(MODEL, CHOICES[MODEL][0])
    write(Capture.at(session, 4), choice, model)
    wanted, last = session.view(4), session.view(6)
    assert wanted is not None and last is not None
    for path, step in ((run, 4), (run, None), (model, 4)):
        found = attention_of(read_snapshot(str(path), step, session.probe.source))
        expected = attention_of(wanted if step else last)
        assert (found.source_tokens, found.sentence) == (expected.source_tokens, expected.sentence)
        assert np.array_equal(found.encoder_self, expected.encoder_self)
    together = [fields(found.attention) for found in read_snapshots(str(run), StepRange(4, 6, 2))]
    assert together == [fields(wanted.attention), fields(last.attention)]
    session.go_to(4)
    assert Pretrained(load_model(model)).predict(session.probe.source) == session.predict(
        session.probe.source
    )


def test_a_stepper_takes_the_step_back_and_forth_and_tells_where_numbers_come_from(session: Session) -> None:
    session.train(4)
    session.go_to(2)
    session.intervene("model.heads_uniform", session.trainer.models.config.heads[:1])
    session.train(3)
    stepper = session.stepper(3)
    assert stepper is not None
    stepper.run_to_gradients()
    end = numbers(stepper)
    stepper.run_to_loss()
    middle = numbers(stepper)
    stepper.back(len(stepper.places) // 5)
    stepper.run_to_loss()
    assert numbers(stepper) == middle
    stepper.run_to_gradients()
    assert numbers(stepper) == end
    trace(stepper)
    stepper.run_to_update()
    session.go_to(4)
    assert fields(stepper.state()) == state(session)
    assert stepper.loss == session.loss


def numbers(stepper: Stepper) -> dict[str, object]:
    """The bits of all that has been computed."""
    names = [*stepper.tensors, *stepper.parameters]
    return {name: (fields(stepper.value(name)), fields(stepper.gradient(name))) for name in names}


def trace(stepper: Stepper) -> None:
    """The terms of random cells sum to what is told, and that is what is stored, up to the rounding of its type."""
    dice = random.Random(1)
    names = dice.choices([*stepper.tensors], k=FEW) + dice.choices([*stepper.parameters], k=FEW)
    for name in names:
        for of, array in (("value", stepper.value(name)), ("gradient", stepper.gradient(name))):
            if array is None:
                continue
            index = tuple(dice.randrange(size) for size in array.shape)
            told = stepper.explain(name, index, of)
            assert told.stored == array[index]
            largest = max((abs(term.product) for term in told.terms), default=0.0)
            exact = 1e-9 if array.dtype == np.float64 else 2e-3
            assert told.stored == pytest.approx(told.total, rel=exact, abs=exact * largest + 1e-7), told
            if told.terms and not told.closing:
                assert told.total == pytest.approx(sum(t.product for t in told.terms), rel=1e-9, abs=1e-9)


def test_whatever_a_panel_asks_for_is_the_same_when_it_is_looked_back_at(session: Session) -> None:
    session.train(4)
    sentence = session.probe.source
    heads = all_heads(attention_of(session.snapshot(EVERYTHING)))
    for number, method in enumerate((None, Sampling(temperature=2.0, top_p=0.9), Beam(3))):
        wish = PlaygroundWish(sentence, (1,) if number else (), method, seed=number)
        head = heads[number % len(heads)].label
        demand = Demand(flow=True, stages=StagesWish(head), optimiser=True, playground=wish)
        now = session.snapshot(demand)
        assert now.stages is not None and now.stages.head == head and now.stages.gradients is not None
        assert now.playground is not None and not now.playground.problem and now.playground.looks is not None
        assert (now.playground.tree is not None) == isinstance(method, Beam)
        session.train(1)
        past = session.view(4, demand=demand)
        assert past is not None and past.playground is not None and past.stages is not None
        assert fields(past.flow) == fields(now.flow) and all_fields(past.optimiser) == all_fields(
            now.optimiser
        )
        assert fields(past.stages.values.scores) == fields(now.stages.values.scores)
        assert fields(past.playground.attention) == fields(now.playground.attention)
        assert fields(past.playground.prediction) == fields(now.playground.prediction)
        session.go_to(4)
    assert [worth.head for worth in session.head_importance().all()] == [head.setting for head in heads]
    for side in token_counts(session.task)[:2]:
        assert sum(line.occurrences for line in side) > 0


def all_fields(found: object) -> object:
    return {name: fields(value) for name, value in vars(found).items()}


def test_the_kinds_are_every_value_of_each_axis_and_mixtures_of_many() -> None:
    assert len(KINDS) == len(TASK_NAMES) + 2 * len(TOKENIZER_KINDS) + len(SHAPES) + MIXTURES
    assert {*ARCHITECTURES} <= {*SHAPES}
