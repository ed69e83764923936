"""What every operation of the model is: a differentiable computation between named tensors."""

from tfviz.core.storage import Slot
from tfviz.core.tensor import Tensor
from tfviz.core.workspace import Workspace


class Operation:
    """A computation bound to its tensors: forward() fills the outputs, backward() the gradients of the inputs.

    The constructor names the tensors; bind(), called once when their storage exists, makes every view and buffer
    that the two passes use, so that a step allocates nothing. backward() finds the gradients of the outputs complete
    and writes those of the inputs. Where a value has several readers a Fork stands between, and adds.
    """

    name: str
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    remembers: tuple[Tensor, ...] = ()
    """The tensors whose values backward() reads."""
    in_place: tuple[tuple[Slot, Slot], ...] = ()
    """What it can write over what: pairs of a result and an operand, which may then share their storage."""

    def bind(self, workspace: Workspace) -> None:
        """Make the views and buffers of both passes; scratch comes from the workspace."""

    def forward(self) -> None:
        raise NotImplementedError

    def backward(self) -> None:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"
