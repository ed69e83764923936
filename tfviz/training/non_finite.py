"""Where the first NaN or infinity of a step arose."""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.operations import KeyMask
from tfviz.core.transformer import Transformer
from tfviz.training.batches import Batch


class NonFiniteError(ArithmeticError):
    """A loss or gradient that is NaN or infinite; the parameters are those from before the step."""

    def __init__(self, step: int, loss: float, norm: float, place: str) -> None:
        super().__init__(
            f"step {step} would spoil the parameters: loss {loss:.4g}, gradient norm {norm:.4g}; "
            f"the first NaN or infinity arose in {place}. Training stopped before the update."
        )
        self.step, self.place = step, place


def first_non_finite(model: Transformer, batch: Batch) -> str:
    """Run the step again operation by operation; names the first whose result is not finite.

    The masks' own minus infinities are meant to be there and do not count.
    """
    for name, parameter in model.parameters.items():
        if not np.isfinite(parameter.value).all():
            return f"parameter {name}, before the step"
    found: list[str] = []

    def look(operation: Operation, phase: str) -> None:
        if found or isinstance(operation, KeyMask):
            return
        tensors = operation.outputs if phase == "forward" else operation.inputs
        for tensor in tensors:
            whole = model.tensors.get(tensor.name) or model.parameters[tensor.name]
            array = whole.value if phase == "forward" else whole.grad
            if array is not None and array.dtype.kind == "f" and not np.isfinite(array).all():
                found.append(f"{operation.name} ({phase}, {type(operation).__name__})")
                return

    with np.errstate(all="ignore"):
        model.forward(batch.source, batch.target_in, batch.target_out, look)
        if not found:
            model.backward(look)
    return (
        found[0] if found else "the sum of squares of the gradient, which is too large for its number format"
    )
