"""Whose formula is shown: the operation that made what is chosen, or the one that was passed last."""

import inspect
from dataclasses import dataclass
from typing import Any

from tfviz.core import optimizers
from tfviz.core.operation import Operation
from tfviz.training.stepping.step_operations import made_by, read_by
from tfviz.training.stepping.step_places import Phase, Place
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.step_debugger import Chosen


@dataclass(frozen=True)
class Subject:
    """`kind` names the picture; `operation` is None for the clipping and the update, which are none."""

    kind: str
    title: str
    phase: Phase
    operation: Operation | None = None

    @property
    def derivation(self) -> str:
        """What the docstring says."""
        documented = type(self.operation) if self.operation else _code(self.kind, None)[-1]
        return inspect.getdoc(documented) or ""

    @property
    def source(self) -> str:
        """The code, or a sentence where Python cannot find it."""
        try:
            return "\n\n".join(inspect.getsource(part) for part in _code(self.kind, self.operation))
        except OSError:
            return "The source code of this operation is not on this machine."

    @property
    def method(self) -> str:
        """The part of the source that matters at this phase."""
        if self.operation is None:
            return "clip_scale" if self.kind == "Clipping" else "_move"
        return "forward" if self.phase == "forward" else "backward"


def subject_of(stepper: Stepper, chosen: Chosen | None) -> Subject | str:
    """Whose formula is shown, or why none is."""
    if chosen is None:
        place = stepper.last or stepper.next
        return _of_place(stepper, place) if place else "This step has no operations."
    if chosen.tensor in stepper.parameters and chosen.of == "value":
        return _update(stepper, f"moves {chosen.tensor}")
    program = stepper.model.program
    operation = read_by(program, chosen.tensor) if chosen.of == "gradient" else None
    operation = operation or made_by(
        program, chosen.tensor
    )  # also of the loss's gradient, which nothing reads
    if operation is None:
        return f"{chosen.tensor} is read from the batch: no operation makes it."
    return _of_operation(operation, "forward" if chosen.of == "value" else "backward")


def _of_place(stepper: Stepper, place: Place) -> Subject:
    if place.phase == "clipping":
        return Subject("Clipping", "scales all gradients", place.phase)
    if place.phase == "update":
        return _update(stepper, "moves all parameters")
    operation = next(each for each in stepper.model.program.operations if each.name == place.name)
    return _of_operation(operation, place.phase)


def _of_operation(operation: Operation, phase: Phase) -> Subject:
    return Subject(type(operation).__name__, f"{operation.name} ({phase})", phase, operation)


def _update(stepper: Stepper, title: str) -> Subject:
    optimizer = optimizers.OPTIMIZERS[stepper.config.training.optimizer]
    return Subject(optimizer.__name__, title, "update")


def _code(kind: str, operation: Operation | None) -> list[Any]:
    """Classes and functions: an operation with its pieces, where it is computed in such; else the most particular one
    last."""
    if operation is not None:
        return list(dict.fromkeys((type(operation), *map(type, operation.pieces))))
    if kind == "Clipping":
        return [optimizers.gradient_norm, optimizers.clip_scale]
    cls = getattr(optimizers, kind)
    return [each for each in reversed(cls.__mro__) if issubclass(each, optimizers.Optimizer)]
