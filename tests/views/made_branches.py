"""Branches made by hand, as a session would have them."""

import numpy

from tests.views.made_histories import columns, history
from tfviz.training.branching.branches import Line, first_line
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.config import RunConfig

CONFIG = RunConfig.preset("identity").replace("training.learning_rate", 0.001)
FAST = CONFIG.replace("training.learning_rate", 0.01)


def main_line(steps: int, loss: float = 1.0) -> Line:
    """The main branch of a run whose loss never changes."""
    made = columns(steps)
    line = first_line(CONFIG, history(made).names, Keyframes())
    line.keyframes.add(0, {"step": numpy.array(0)})
    line.history.extend(made | {"loss": numpy.full(steps, loss)})
    return line


def left(parent: Line, number: int, step: int, steps: int, loss: float, name: str = "") -> Line:
    """A branch that leaves at a step with ten times the learning rate, and its own loss up to step `steps`."""
    line = parent.fork(number, name or f"branch {number}", step)
    line.change(step, FAST)
    made = {name: column[step:] for name, column in columns(steps).items()}
    line.history.extend(made | {"loss": numpy.full(steps - step, loss)})
    return line
