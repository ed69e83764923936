"""The futures of a run: each branch has its record, its keyframes, and the configurations it went through."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import cast

from tfviz.training.branching.edits import Edit
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.config import RunConfig, difference
from tfviz.training.record.history import History
from tfviz.training.rules import ConfigurationError
from tfviz.training.run_file.branch import MAIN, Branch

CHANGEABLE = (
    "training.optimizer",
    "training.learning_rate",
    "training.schedule",
    "training.warmup_steps",
    "training.clip_norm",
    "training.weight_decay",
    "training.momentum",
    "training.betas",
    "training.eps",
    "training.seed",
    "training.label_shift",
    "training.frozen",
    "model.dropout",
    "model.causal_mask",
    "model.padding_mask",
    "model.scaled_scores",
    "model.positions",
    "model.residual",
    "model.layer_norm",
    "model.heads_off",
    "model.heads_uniform",
)
"""What may change in the middle of a run, for the parameters stay the same. Another optimiser starts with moments and
updates at 0; another seed draws other batches and dropout masks from there on."""

DONE_TO_PARTS = ("model.heads_off", "model.heads_uniform", "training.frozen")
"""Of these, what is done to parts of a model in the course of a run: it stays with that model."""


@dataclass
class Line:
    """One branch as it is computed: the record up to its frontier, and how to get anywhere in it."""

    branch: Branch
    """Its configuration is the one that it began with."""
    history: History
    keyframes: Keyframes
    configs: list[tuple[int, RunConfig]] = field(default_factory=list)
    """(step, the configuration of the steps after it), in their order; the first is that of step 0, of two of one
    step the later one counts."""
    edits: list[tuple[int, Edit]] = field(default_factory=list)
    """(step after whose update it is made, what is done to the weights), in their order."""

    def so_far(self) -> "Line":
        """As it is now, for whoever reads it while it goes on."""
        return replace(self, history=self.history.so_far())

    @property
    def frontier(self) -> int:
        """The furthest step reached."""
        return len(self.history)

    def check_recorded(self, step: int, frontier: int | None = None) -> None:
        """ValueError for a step that is not recorded here; `frontier` where the record is known to end elsewhere."""
        last = self.frontier if frontier is None else frontier
        if not 0 <= step <= last:
            raise ValueError(f"step {step} is not recorded in branch {self.branch.name}: 0 to {last}")

    def config_after(self, step: int) -> RunConfig:
        """The configuration of the step that follows."""
        return next(config for start, config in reversed(self.configs) if start <= step)

    def settings(self, config: RunConfig) -> RunConfig:
        """Those with which another run begins that is to be like this one while it goes on with a configuration."""
        began = self.configs[0][1]
        return config.with_values({path: began.value(path) for path in DONE_TO_PARTS})

    @property
    def interventions(self) -> Iterator[tuple[int, dict[str, tuple[object, object]]]]:
        """(step after which it happened, path -> (before, after)) of every change of configuration."""
        for (_, before), (step, after) in pairwise(self.configs):
            if changes := difference(before, after):
                yield step, changes

    @property
    def own_configs(self) -> list[tuple[int, RunConfig]]:
        """Those that came after the branch had left its parent, or the run had begun."""
        fork, beginning = self.branch.fork, self.branch.config
        return [
            (step, config)
            for step, config in self.configs[1:]
            if step > fork or (step == fork and config != beginning)
        ]

    @property
    def own_changes(self) -> list[tuple[int, dict[str, tuple[object, object]]]]:
        """(step after which it happened, path -> (before, after)) of the changes that its parent knows nothing of."""
        beginning = cast(RunConfig, self.branch.config)  # another trainer's run has no changes to compare
        own = [(self.branch.fork, beginning), *self.own_configs]
        return [
            (step, changes)
            for (_, before), (step, after) in pairwise(own)
            if (changes := difference(before, after))
        ]

    def edits_at(self, step: int) -> list[Edit]:
        """What is done to the weights after the update that leads to a step."""
        return [edit for place, edit in self.edits if place == step]

    @property
    def own_edits(self) -> list[tuple[int, Edit]]:
        """Those that are written with this branch. The weights of the step where it left are its own business."""
        return [(step, edit) for step, edit in self.edits if step >= self.branch.fork]

    @property
    def intervention_steps(self) -> set[int]:
        """Where something was changed or edited in this branch itself."""
        return {step for step, _ in (*self.own_changes, *self.own_edits)}

    def fork(self, number: int, name: str, step: int) -> "Line":
        """A branch that shares this one's past up to a step."""
        configs = [(start, config) for start, config in self.configs if start <= step]
        edits = [(place, edit) for place, edit in self.edits if place <= step]
        branch = Branch(number, name, self.branch.number, step, configs[-1][1])
        return Line(branch, self._past(step), self.keyframes.up_to(step), configs, edits)

    def undone(self, number: int, name: str, step: int) -> "Line":
        """A branch from just before what was done at the step of an intervention: it shares all that was before that.

        The state of the step itself is left to be computed again.
        """
        before = self.branch.config if step == self.branch.fork else self.config_after(step - 1)
        config = cast(RunConfig, before)  # a session trains no other
        configs = [self.configs[0], *((start, old) for start, old in self.configs[1:] if start < step)]
        if configs[-1][1] != config:
            configs.append((step, config))
        edits = [(place, edit) for place, edit in self.edits if place < step]
        parent = self.branch.parent if step == self.branch.fork else self.branch.number
        branch = Branch(number, name, MAIN if parent is None else parent, step, config)
        return Line(branch, self._past(step), self.keyframes.up_to(step - 1), configs, edits)

    def _past(self, step: int) -> History:
        """A history of its own that has the same steps up to this one."""
        history = History(self.history.names)
        if step:
            history.extend({column: self.history.column(column)[:step] for column in history.names})
        history.update_ratios = self.history.update_ratios.up_to(step)
        history.heads = self.history.heads.up_to(step)
        return history

    def edit(self, step: int, edit: Edit) -> None:
        """Do something to the weights after a step. Other threads see the old edits or the new."""
        self.edits = [*self.edits, (step, edit)]

    def change(self, step: int, config: RunConfig) -> None:
        """Use another configuration for the steps after `step`. Other threads see the old ones or the new."""
        self.configs = [
            self.configs[0],
            *((start, old) for start, old in self.configs[1:] if start < step),
            (step, config),
        ]


def first_line(config: RunConfig, names: tuple[str, ...], keyframes: Keyframes) -> Line:
    """The main branch at its beginning."""
    return Line(Branch(MAIN, "main", None, 0, config), History(names), keyframes, [(0, config)])


def existing(lines: Mapping[int, Line], number: int) -> Line:
    """The branch of a number. ValueError, with all that there are, if there is none."""
    if number not in lines:
        names = ", ".join(f"{line.branch.number} ({line.branch.name})" for line in lines.values())
        raise ValueError(f"there is no branch {number}: {names}")
    return lines[number]


def changed(config: RunConfig, path: str, value: object) -> RunConfig:
    """The configuration after an intervention. ConfigurationError for what can be chosen at the start only."""
    return changed_together(config, {path: value})


def changed_together(config: RunConfig, values: Mapping[str, object]) -> RunConfig:
    """The same for several fields, of which one may not be allowed without the other."""
    after = config.with_values(values)
    for path in values:
        if path not in CHANGEABLE:
            raise ConfigurationError(
                path, f"{path} cannot change in the middle of a run; what can: {', '.join(CHANGEABLE)}"
            )
    if needs_new_run(config, after):
        raise ConfigurationError(
            "model.positions",
            "model.positions cannot become learned, or cease to be, in the middle of a run: they are parameters",
        )
    return after


def needs_new_run(before: RunConfig, after: RunConfig) -> bool:
    """Whether one cannot become the other in the middle of a run."""
    changes = difference(before, after)
    return bool(changes.keys() - set(CHANGEABLE)) or "learned" in changes.get("model.positions", ())


def describe(changes: dict[str, tuple[object, object]]) -> str:
    """A name for a branch: what was changed."""
    return (
        ", ".join(f"{path.rpartition('.')[2]} {after}" for path, (_, after) in changes.items()) or "unchanged"
    )


def shared_past(branches: Mapping[int, Branch], first: int, second: int) -> int:
    """The last step up to which the records of two different branches are the same, because it was taken once."""
    one, other = _way(branches, first), _way(branches, second)
    return int(max(min(one[number], other[number]) for number in one.keys() & other.keys()))


def _way(branches: Mapping[int, Branch], number: int) -> dict[int, float]:
    """Where a branch comes from: its own number and those of its ancestors -> up to which step its record is theirs."""
    way, branch, reach = {number: math.inf}, branches[number], math.inf
    while branch.parent is not None:
        reach = min(reach, branch.fork)
        way[branch.parent] = reach
        branch = branches[branch.parent]
    return way
