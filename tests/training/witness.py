"""Doings with a session, drawn by chance, and a witness who remembers how each step looked at first."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.training.small_runs import EVERYTHING, HARD, fields, new_trainer, scalars, worker_waits
from tfviz.training.branching.edits import Edit, WeightEdit, WeightNoise
from tfviz.training.config import RunConfig
from tfviz.training.session import Session
from tfviz.training.tasks import create_task
from tfviz.training.trainer import Trainer

MOST_STEPS = 60  # of a branch, so that an example stays short
ROOM = 12  # keyframes that fit the budget, so that some are given up
STATE = sum(array.nbytes for array in new_trainer(HARD).state().values())

RUNS = {
    "one shard": HARD,
    "two shards": HARD.with_values({"training.shards": 2, "training.validation_every": 7}),
    "momentum": HARD.with_values(
        {"training.optimizer": "momentum", "training.clip_norm": 0.1, "model.dropout": 0}
    ),
}
VALUES: dict[str, list[Any]] = {
    "training.learning_rate": [0.001, 0.02],
    "training.clip_norm": [0.0, 0.2],
    "training.seed": [0, 8],
    "model.dropout": [0.0, 0.4],
    "training.schedule": ["constant", "warmup_inverse_sqrt"],
    "training.warmup_steps": [3, 30],
    "training.weight_decay": [0.0, 0.3],
    "training.betas": [(0.8, 0.9), (0.9, 0.98)],
    "training.momentum": [0.5, 0.9],
    "training.eps": [1e-9, 1e-4],
    "training.optimizer": ["sgd", "momentum", "adam", "adamw"],
    "training.label_shift": [0, 1],
    "training.frozen": [(), ("encoder.0",), ("generator", "target_embedding")],
    "model.heads_off": [(), ("encoder.0.1",), ("cross.0.0", "decoder.0.1")],
    "model.heads_uniform": [(), ("encoder.0.0", "cross.0.1")],
    "model.causal_mask": [True, False],
    "model.padding_mask": [True, False],
    "model.scaled_scores": [True, False],
    "model.positions": ["sinusoidal", "none"],
    "model.residual": [True, False],
    "model.layer_norm": [True, False],
}
EDITS: list[Edit] = [
    WeightEdit("generator.bias", (2,), 0.3),
    WeightEdit("transformer.encoder.layers.0.linear1.weight", (3, 1), -1.0),
    WeightNoise(0.01, 4),
    WeightNoise(0.1, 5, "decoder.0"),
]

train = st.tuples(st.sampled_from(["train", "work"]), st.integers(1, 12))
place = st.tuples(st.sampled_from(["go_to", "view"]), st.floats(0, 1))
change = st.sampled_from(sorted(VALUES)).flatmap(
    lambda path: st.tuples(st.just("intervene"), st.just(path), st.sampled_from(VALUES[path]))
)
edit = st.sampled_from(EDITS).map(lambda edit: ("edit", edit))
undo = st.just(("undo",))
other = st.tuples(st.sampled_from(["branch", "switch", "delete"]), st.integers(0, 5))
reopen = st.just(("reopen",))
doings = st.lists(
    st.one_of(train, train, place, change, change, edit, undo, other, reopen), min_size=4, max_size=14
)


class Witness:
    """Does things with a session, and remembers how each step of each branch looked when it was seen first."""

    def __init__(self, config: RunConfig, spacing: int, folder: Path) -> None:
        self.first_config, self.path = config, folder / "run.tfviz"
        self.session = Session(config)
        self.session.keyframes.fix(spacing)
        self.states: dict[object, object] = {}
        self.pictures: dict[object, object] = {}
        self.configs: dict[int, list[RunConfig]] = {0: []}  # branch -> of each step that it has
        self.next: dict[int, RunConfig] = {0: config}  # branch -> of the step after its frontier
        self.forks: dict[int, tuple[int, int]] = {}
        self.left_with: dict[int, RunConfig] = {0: config}  # branch -> configuration when it left
        self.edits: dict[int, list[tuple[int, Edit]]] = {0: []}
        self.remember()

    @property
    def number(self) -> int:
        return self.session.line.branch.number

    def owner(self, number: int, step: int) -> int:
        """The branch that a step belongs to: this one, or one that it left."""
        while number in self.forks and step <= self.forks[number][1]:
            number = self.forks[number][0]
        return number

    def remember(self) -> None:
        """The present state, which must be the one that was seen here before."""
        key = self.key(self.number, self.session.step)
        state = fields(self.session.trainer.state())
        assert self.states.setdefault(key, state) == state

    def key(self, number: int, step: int) -> object:
        """What decides the state of a step: whose it is, and what was done to it there."""
        return self.owner(number, step), step, tuple(self.edits_at(number, step))

    def edits_at(self, number: int, step: int) -> list[Edit]:
        return [edit for place, edit in self.edits[number] if place == step]

    def look(self, picture: object, number: int, step: int) -> None:
        """A picture shows a state through the model of the steps that follow."""
        key = self.key(number, step), self.config_after(number, step).model
        assert self.pictures.setdefault(key, picture) == picture

    def config_here(self) -> RunConfig:
        """That of the next step, by the witness's own account."""
        return self.config_after(self.number, self.session.step)

    def config_after(self, number: int, step: int) -> RunConfig:
        known = self.configs[number]
        return known[step] if step < len(known) else self.next[number]

    def do(self, what: str, *values: Any) -> None:
        getattr(self, what)(*values)
        assert self.session.config == self.config_here()
        assert self.session.frontier == len(self.configs[self.number])

    def train(self, steps: int) -> None:
        steps = min(steps, MOST_STEPS - self.session.step)
        self._expect(steps)
        self.session.train(steps, self.remember)

    def work(self, steps: int) -> None:
        """The same in a thread, with somebody looking."""
        steps = min(steps, MOST_STEPS - self.session.step)
        if steps:
            self._expect(steps)
            self.session.mailbox.request(EVERYTHING)
            self.session.start()
            self.session.gate.run_steps(steps)
            worker_waits(self.session)
            self.session._thread.stop()
            self.remember()

    def _expect(self, steps: int) -> None:
        known = self.configs[self.number]
        known += [self.next[self.number]] * (self.session.step + steps - len(known))

    def go_to(self, part: float) -> None:
        step = round(part * self.session.frontier)
        self.session.go_to(step)
        self.remember()
        self.look(fields(self.session.snapshot(EVERYTHING)), self.number, step)

    def view(self, part: float) -> None:
        for number, line in self.session.lines.items():
            step = round(part * line.frontier)
            self.look(fields(self.session.view(step, number)), number, step)
        self.remember()

    def intervene(self, path: str, value: Any) -> None:
        before = self.config_here()
        after = before.replace(path, value)
        if after != before and self.session.step < self.session.frontier:
            self._forked()
        number = self.session.intervene(path, value).number
        self.next[number] = after if self.session.step == self.session.frontier else self.next[number]

    def edit(self, edit: Edit) -> None:
        if self.session.step < self.session.frontier:
            self._forked()
        match edit:
            case WeightEdit():
                number = self.session.edit(edit.name, edit.index, edit.value).number
            case WeightNoise():
                number = self.session.add_noise(edit.scale, edit.seed, edit.prefix).number
        self.edits[number].append((self.session.step, edit))
        self.remember()

    def undo(self) -> None:
        number, step = self.number, max(self.session.line.intervention_steps, default=None)
        if step is None:
            with pytest.raises(ValueError, match="nothing to undo"):
                self.session.undo()
            return
        parent, fork = self.forks.get(number, (0, 0))
        before = self.left_with[number] if step == fork else self.configs[number][step - 1]
        new = self.session.undo().number
        self.forks[new] = (parent if step == fork else number, step)
        self.configs[new], self.next[new], self.left_with[new] = self.configs[number][:step], before, before
        self.edits[new] = [entry for entry in self.edits[number] if entry[0] < step]
        assert self.session.step == self.session.frontier == step
        self.remember()

    def branch(self, number: int) -> None:
        self._forked()
        self.session.branch(f"branch {number}")

    def _forked(self) -> None:
        """A new branch is about to leave here."""
        step, new = self.session.step, max(self.forks, default=0) + 1
        self.next[new] = self.left_with[new] = self.config_here()
        self.edits[new] = [entry for entry in self.edits[self.number] if entry[0] <= step]
        self.configs[new] = self.configs[self.number][:step]
        self.forks[new] = (self.number, step)

    def switch(self, number: int) -> None:
        numbers = sorted(self.session.lines)
        self.session.switch(numbers[number % len(numbers)])
        self.remember()

    def delete(self, number: int) -> None:
        needed = {0, self.number, *(branch.parent for branch in self.session.branches)}
        free = sorted(set(self.session.lines) - needed)
        if free:
            self.session.delete(free[number % len(free)])

    def reopen(self) -> None:
        self.session.save(self.path)
        record = {number: scalars(line.history) for number, line in self.session.lines.items()}
        self.session.close()
        self.session = Session.open(self.path)
        assert {number: scalars(line.history) for number, line in self.session.lines.items()} == record
        self.forks = {number: left for number, left in self.forks.items() if number in record}
        self.remember()

    def check_all(self) -> None:
        """Every branch again from its first step, by a trainer that knows nothing of keyframes or branches."""
        for number, line in self.session.lines.items():
            trainer = Trainer(self.first_config, create_task(self.first_config))
            trainer.edit(self.edits_at(number, 0))
            for step, config in enumerate(self.configs[number]):
                trainer.reconfigure(config)
                row = trainer.train_batch()
                due = (step + 1) % config.training.validation_every == 0
                validation = trainer.validate()[0] if due else None
                trainer.edit(self.edits_at(number, step + 1))
                key = self.key(number, step + 1)
                if key in self.states:
                    assert self.states[key] == fields(trainer.state())
                assert line.history["loss"][step] == row[0] and line.history["learning_rate"][step] == row[3]
                assert line.history["gradient_norm"][step] == row[4]
                if due:
                    assert line.history["validation_loss"][step] == validation
            trainer.models.close()
