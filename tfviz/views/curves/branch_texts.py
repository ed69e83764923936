"""Branches in words: what was changed in them, where they left, what a new one could be called."""

from collections.abc import Collection, Mapping

from tfviz.training.branching.branches import Line
from tfviz.views.run.field_editors import value_text
from tfviz.views.run.run_fields import field_label

Changes = Mapping[str, tuple[object, object]]

OWN_NAMES = "Adam"
NO_DIFFERENCE = "unchanged"


def field_name(path: str) -> str:
    """What a field is called in a sentence: the seed decides the batches once the weights are there."""
    name = "Batch seed" if path == "training.seed" else field_label(path)
    return name if name.startswith(OWN_NAMES) else name[:1].lower() + name[1:]


def difference_text(changes: Changes) -> str:
    """ "learning rate 0.001 → 0.01, clip norm 1 → 0.5"."""
    parts = [f"{field_name(path)} {_written(old)} → {_written(new)}" for path, (old, new) in changes.items()]
    return ", ".join(parts) or NO_DIFFERENCE


def branch_difference(line: Line) -> str:
    """All that was changed in a branch since it left its parent; changes later than that say their step."""
    parts = [
        difference_text(changes) + (f" from step {step:,}" if step > line.branch.fork else "")
        for step, changes in line.own_changes
    ]
    return "; ".join(parts) or ("" if line.branch.parent is None else NO_DIFFERENCE)


def origin_text(line: Line, lines: Mapping[int, Line]) -> str:
    """Where a branch left: "main, step 200"; empty for the main branch."""
    parent = line.branch.parent
    return "" if parent is None else f"{lines[parent].branch.name}, step {line.branch.fork:,}"


def proposed_name(changes: Changes, step: int, taken: Collection[str]) -> str:
    """Says what was changed, and more where there is such a name already."""
    name = ", ".join(f"{field_name(path)} {_written(new)}" for path, (_, new) in changes.items()) or "again"
    return unused_name(name, step, taken)


def unused_name(name: str, step: int, taken: Collection[str]) -> str:
    """The name, with what tells it apart where there is such a one already."""
    for proposal in (name, f"{name} from step {step:,}"):
        if proposal not in taken:
            return proposal
    number = 2
    while f"{name} from step {step:,} ({number})" in taken:
        number += 1
    return f"{name} from step {step:,} ({number})"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value_text(value) or "none"
