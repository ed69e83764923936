"""What every operation of the model is: a differentiable computation between named tensors."""

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from tfviz.core.storage import Slot
from tfviz.core.tensor import Tensor
from tfviz.core.workspace import Workspace


class Piece(Protocol):
    """What can be run both ways: an operation or a piece of one."""

    def forward(self) -> None: ...

    def backward(self) -> None: ...


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

    @property
    def pieces(self) -> Sequence[Piece]:
        """What it is computed in, one after the other, once it is bound: itself."""
        return (self,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class PieceByPiece(Operation):
    """An operation that is computed in pieces, each of its own numbers.

    Where several follow one another in as many pieces, the n-th piece of one needs of the others the n-th alone.
    """

    _pieces: Sequence[Piece]

    def bind_pieces(
        self, make: Callable[[Self, slice, Workspace], Piece], cuts: Sequence[slice], workspace: Workspace
    ) -> None:
        """For bind(): make a piece for each cut, with all its views and buffers. They share their scratch."""
        self._pieces = [make(self, cut, workspace.begin()) for cut in cuts]

    @property
    def pieces(self) -> Sequence[Piece]:
        return self._pieces

    def forward(self) -> None:
        for piece in self._pieces:
            piece.forward()

    def backward(self) -> None:
        for piece in self._pieces:
            piece.backward()
