"""Files of a small run, and how many steps are in them."""

from pathlib import Path

from tests.training.small_runs import SMALL
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session


def saved(path: Path, steps: int = 10) -> Path:
    with Session(SMALL) as session:
        session.train(steps)
        session.save(path)
    return path


def steps_in(path: Path, branch: int = 0) -> int:
    return len(RunReader(path).history(branch))
