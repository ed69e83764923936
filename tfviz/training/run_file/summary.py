"""What a run file holds, in one dictionary that JSON can hold: the command `info`."""

import os
from typing import Any

from tfviz.training.run_file.branch import Branch
from tfviz.training.run_file.fingerprint import differences, numerical_fingerprint
from tfviz.training.run_file.reader import RunReader
from tfviz.training.run_file.schema import FORMAT


def run_file_summary(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Errors as RunReader's. Numbers that are not finite are None."""
    reader = RunReader(path)
    here = numerical_fingerprint(reader.fingerprint.get("shards"))
    other = {} if reader.foreign else differences(reader.fingerprint, here)
    return {
        "file": os.fspath(path),
        "bytes": reader.size(),
        "format": FORMAT,
        "name": reader.config.name,
        "description": reader.config.description,
        "trainer": reader.trainer,
        "tfviz": reader.version,
        "created": reader.created,
        "closed": reader.closed,
        "seed": reader.seed,
        "source_vocabulary": len(reader.source_tokens),
        "target_vocabulary": len(reader.target_tokens),
        "branches": [_branch(reader, branch) for branch in reader.branches],
        "fingerprint": reader.fingerprint,
        "computed_differently_here": {name: list(pair) for name, pair in other.items()},
        "config": reader.config.to_dict(),
    }


def _branch(reader: RunReader, branch: Branch) -> dict[str, Any]:
    history = reader.history(branch.number)
    loss = history.last("loss") if "loss" in history else float("nan")
    return {
        "number": branch.number,
        "name": branch.name,
        "parent": branch.parent,
        "fork": branch.fork,
        "steps": len(history),
        "loss": loss if abs(loss) < float("inf") else None,
        "scalars": list(history.names),
        "keyframes": _span(reader.keyframe_steps(branch.number)),
        "snapshots": _span(reader.snapshot_steps(branch.number)),
        "events": sum(event.branch == branch.number for event in reader.events()),
    }


def _span(steps: list[int]) -> dict[str, int | None]:
    return {"count": len(steps), "first": steps[0] if steps else None, "last": steps[-1] if steps else None}
