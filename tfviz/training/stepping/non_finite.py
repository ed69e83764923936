"""Where the first NaN or infinity of a step arose."""

import math

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.operations import KeyMask
from tfviz.core.tensor import Array
from tfviz.core.transformer import Transformer
from tfviz.training.data.batches import Batch


class NonFiniteError(ArithmeticError):
    """A loss or gradient that is NaN or infinite; the parameters are those from before the step."""

    def __init__(self, step: int, loss: float, norm: float, place: str) -> None:
        super().__init__(
            f"step {step} would spoil the parameters: loss {loss:.4g}, gradient norm {norm:.4g}; "
            f"the first NaN or infinity arose in {place}. Training stopped before the update."
        )
        self.step, self.place = step, place


def first_non_finite(model: Transformer, batch: Batch) -> str:
    """Run the step again operation by operation, in all parts of the batch; names the first whose result is not finite.

    The masks' own minus infinities are meant to be there and do not count.
    """
    for name, parameter in model.parameters.items():
        if not np.isfinite(parameter.value).all():
            return f"parameter {name}, before the step"
    # An observer is told of the first part's operation; its twins do the same in the other parts.
    twins = {same[0]: same for same in zip(*(part.program.operations for part in model.parts), strict=True)}
    found: list[str] = []

    def look(operation: Operation, phase: str) -> None:
        if not found and any(_spoiled(twin, phase) for twin in twins[operation]):
            found.append(f"{operation.name} ({phase}, {type(operation).__name__})")

    with np.errstate(all="ignore"):
        model.forward(batch.source, batch.target_in, batch.target_out, look)
        if not found:
            model.backward(look)
    return (
        found[0] if found else "the sum of squares of the gradient, which is too large for its number format"
    )


class Lookout:
    """Looks at every number of a step as it is computed: an observer that notes whether one was NaN or infinite.

    Most of these reach the loss or the gradient, which are tested anyway. Some do not: a ReLU makes 0 of minus infinity
    and passes no gradient back where it was 0, a softmax makes 0 of minus infinity, a head that is off hides anything.
    """

    def __init__(self) -> None:
        self.found = False

    def __call__(self, operation: Operation, phase: str) -> None:
        if not self.found:
            self.found = _spoiled(operation, phase)


def _spoiled(operation: Operation, phase: str) -> bool:
    """Whether a pass that has just ended left NaN or infinity. Later the storage of a gradient may be another's."""
    if phase == "forward":
        arrays = [tensor.data for tensor in operation.outputs]
    else:
        arrays = [tensor.d_data for tensor in operation.inputs if tensor.d_data is not None]
    if isinstance(operation, KeyMask):
        return any(bool((np.isnan(array) | np.isposinf(array)).any()) for array in arrays)
    return any(_sum_is_wrong(array) and not np.isfinite(array).all() for array in arrays)


def _sum_is_wrong(array: Array) -> bool:
    """Whether the sum of all numbers is NaN or infinite, as it is where one of them is.

    Taken as a product with ones, in a fraction of the time that a test of every number takes.
    """
    if array.dtype.kind != "f":
        return False
    sums = np.ones(len(array), array.dtype) @ array.reshape(len(array), -1)
    return not math.isfinite(np.add.reduce(sums))
