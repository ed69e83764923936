"""Presets that break one thing: what they change, from where, and what will be seen. They are data in what_if.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tfviz.core.config import ARCHITECTURES
from tfviz.resources import resource_path
from tfviz.training.branching.branches import Line, needs_new_run
from tfviz.training.config import RunConfig

SHAPES = {
    "encoder-decoder": "an encoder-decoder",
    "encoder": "an encoder alone",
    "decoder": "a decoder alone",
}


class NewRunNeededError(ValueError):
    """Other parameters, or others at the start: this cannot be a branch. `config` is that of the run that shows it."""

    def __init__(self, name: str, config: RunConfig) -> None:
        super().__init__(f"“{name}” changes how the parameters begin: it needs a run of its own, from step 0")
        self.config = config


@dataclass(frozen=True)
class WhatIf:
    """One thing to break."""

    name: str
    from_start: bool
    """Whether the branch leaves at step 0; else it leaves at the step that is shown."""
    symptom: str
    """What will be seen, in a sentence."""
    set_to: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    instead: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Path -> value that cannot stay beside the new ones -> what takes its place; any other one stays."""
    architectures: tuple[str, ...] = ARCHITECTURES
    """Those in which the symptom is seen."""

    def values(self, config: RunConfig) -> dict[str, Any]:
        """Path -> new value, for a run that has this configuration."""
        multiplied = {path: config.value(path) * factor for path, factor in self.times.items()}
        exchanged = {
            path: others[old]
            for path, others in self.instead.items()
            if (old := config.value(path)) in others
        }
        return dict(self.set_to) | multiplied | exchanged

    def changed(self, config: RunConfig) -> RunConfig:
        """The configuration with this thing broken; the same one where it is broken already."""
        return config.with_values(self.values(config))

    def needs_new_run(self, config: RunConfig) -> bool:
        """Whether a run of this configuration cannot show it in a branch."""
        return needs_new_run(config, self.changed(config))

    def why_not(self, config: RunConfig) -> str | None:
        """Why it shows nothing in a run of this configuration; None where it does."""
        if self.changed(config) == config:
            return f"“{self.name}” is what this run has already"
        if (shape := config.model.architecture) not in self.architectures:
            return f"what “{self.name}” shows is not seen in {SHAPES[shape]}"
        return None

    def check(self, config: RunConfig) -> None:
        """NewRunNeededError where it cannot be a branch, ValueError where it shows nothing."""
        if reason := self.why_not(config):
            raise ValueError(reason)
        if self.needs_new_run(config):
            raise NewRunNeededError(self.name, self.changed(config))

    def leaves_at(self, line: Line, shown: int) -> int:
        """The step at which its branch leaves a line: the start, or the step that is shown, as far as the line goes."""
        return 0 if self.from_start else min(shown, line.frontier)

    def branch_name(self, step: int) -> str:
        return f"{self.name} from step {step:,}"


@lru_cache(maxsize=1)
def what_if_presets() -> tuple[WhatIf, ...]:
    """All there are, in the order in which they are shown."""
    entries = json.loads(resource_path("what_if.json").read_text(encoding="utf-8"))
    return tuple(
        WhatIf(
            entry["name"],
            entry["from"] == "start",
            entry["symptom"],
            entry.get("values", {}),
            entry.get("factors", {}),
            entry.get("instead", {}),
            tuple(entry.get("architectures", ARCHITECTURES)),
        )
        for entry in entries
    )


def what_if_preset(name: str) -> WhatIf:
    """ValueError names those there are."""
    found = [preset for preset in what_if_presets() if preset.name == name]
    if not found:
        raise ValueError(f"there is no {name!r}: {', '.join(preset.name for preset in what_if_presets())}")
    return found[0]


def what_if_of(line: Line) -> WhatIf | None:
    """What a branch was made to break, by its name; None for any other branch."""
    branch = line.branch
    return next((one for one in what_if_presets() if branch.name == one.branch_name(branch.fork)), None)


def healthy_line(lines: Mapping[int, Line], current: int) -> Line:
    """The branch that nothing is broken in: the current one, or that which the branches that break something left."""
    line = lines[current]
    while what_if_of(line) is not None and line.branch.parent is not None:
        line = lines[line.branch.parent]
    return line
