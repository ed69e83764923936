"""A program: the operations of a model in order, with all their tensors, built once for one shape of batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import numpy as np

from tfviz.core.operation import Operation, Piece, PieceByPiece
from tfviz.core.storage import Slot, Use, allocate, gradient, joined, value
from tfviz.core.tensor import Features, Tensor
from tfviz.core.workspace import Workspace

Observer = Callable[[Operation, str], None]
SomeTensor = TypeVar("SomeTensor", bound=Tensor)


class Program:
    """A flat list of operations. forward() is a loop over it, backward() the loop reversed."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.operations: list[Operation] = []
        self.tensors: dict[str, Tensor] = {}
        self.decoder_start = self.attention_end = 0
        self.unbuffered = Unbuffered(0)
        self._names: set[str] = set()
        self._recycle = False

    def tensor(self, tensor: SomeTensor) -> SomeTensor:
        """Take in a tensor, whose name must be new."""
        if tensor.name in self.tensors:
            raise ValueError(f"the program has a tensor {tensor.name!r} already")
        self.tensors[tensor.name] = tensor
        return tensor

    def begin_decoder(self) -> None:
        """From here on the operations depend on the target, those before only on the source."""
        self.decoder_start = len(self.operations)

    def end_attention(self) -> None:
        """All attention weights are computed by the operations up to here, unless this is called again."""
        self.attention_end = len(self.operations)

    def append(self, operation: Operation) -> None:
        """Add an operation, whose name must be new among the operations."""
        if operation.name in self._names:
            raise ValueError(f"the program has an operation {operation.name!r} already")
        self._names.add(operation.name)
        self.operations.append(operation)

    def bind(self, gradients: bool, recycle: bool = False) -> None:
        """Allocate every tensor, with gradients or without, and let the operations make their views."""
        self._recycle = recycle
        uses = _uses(self.operations, _forward_use)
        if gradients:
            uses += _uses(self.operations[::-1], _backward_use)
        allocate(uses, list(self.tensors.values()), self.dtype, recycle)
        columns = [tensor.columns for tensor in self.tensors.values() if isinstance(tensor, Features)]
        self.unbuffered = Unbuffered(max(columns, default=0))
        workspace = Workspace(self.dtype)
        for operation in self.operations:
            operation.bind(workspace.begin())
        self._forward = _forward_of(self.operations)
        self._decoder = _forward_of(self.operations[self.decoder_start :])
        self._attention = _forward_of(self.operations[: self.attention_end])
        self._backward = [piece.backward for _, piece in in_turn(self.operations[::-1])]

    def forward(self, observer: Observer | None = None) -> None:
        """Run every operation. An observer is called with each operation and "forward" after it ran."""
        with self.unbuffered:
            if observer is None:
                for run in self._forward:
                    run()
            else:
                self._observed(self.operations, observer, "forward")

    def forward_decoder(self) -> None:
        """Run the operations that depend on the target again, as after another token."""
        with self.unbuffered:
            for run in self._decoder:
                run()

    def forward_attention(self) -> None:
        """Run the operations up to the one that gives the last attention weights."""
        with self.unbuffered:
            for run in self._attention:
                run()

    def backward(self, observer: Observer | None = None) -> None:
        """Run every operation backward, last first. An observer is called with each and "backward" after it ran."""
        with self.unbuffered:
            if observer is None:
                for run in self._backward:
                    run()
            else:
                self._observed(reversed(self.operations), observer, "backward")

    def forward_and_backward(self, observer: Observer | None = None) -> None:
        """Both passes, as one after the other."""
        self.forward(observer)
        self.backward(observer)

    def need_all(self) -> None:
        """RuntimeError where memory is recycled: some tensors have room for a piece only then."""
        if self._recycle:
            raise RuntimeError("a model that recycles its memory cannot be observed")

    def _observed(self, operations: Iterable[Operation], observer: Observer, phase: str) -> None:
        self.need_all()
        for operation in operations:
            getattr(operation, phase)()
            observer(operation, phase)


def in_turn(operations: Sequence[Operation]) -> Iterator[tuple[Operation, Piece]]:
    """The pieces of all operations in the order in which they are computed, each with the operation it belongs to.

    Of several that are computed piece by piece and follow one another, all do their first piece, while that is in the
    processor's cache, then all their second.
    """
    for group in _groups(operations):
        for pieces in zip(*(operation.pieces for operation in group), strict=True):
            yield from zip(group, pieces, strict=True)


def _forward_of(operations: Sequence[Operation]) -> list[Callable[[], None]]:
    return [piece.forward for _, piece in in_turn(operations)]


def _groups(operations: Sequence[Operation]) -> list[Sequence[Operation]]:
    """Operations that take turns, piece by piece; all others alone."""
    groups: list[Sequence[Operation]] = []
    for by_piece, together in groupby(operations, lambda operation: isinstance(operation, PieceByPiece)):
        neighbours = tuple(together)
        groups += [neighbours] if by_piece else [(operation,) for operation in neighbours]
    return groups


def _uses(operations: Sequence[Operation], use_of: Callable[[Operation], Use]) -> list[Use]:
    """What is used at the same time: by one operation, or by several that take turns."""
    return [joined(use_of(operation) for operation in group) for group in _groups(operations)]


def _forward_use(operation: Operation) -> Use:
    return _use(operation, values=(*operation.inputs, *operation.outputs), gradients=())


def _backward_use(operation: Operation) -> Use:
    return _use(operation, values=operation.remembers, gradients=(*operation.outputs, *operation.inputs))


def _use(operation: Operation, values: tuple[Tensor, ...], gradients: tuple[Tensor, ...]) -> Use:
    """Slots under the names of their roots, each once."""
    touched = [value(root) for tensor in values if (root := tensor.value_root)]
    touched += [gradient(root) for tensor in gradients if (root := tensor.gradient_root)]
    in_place: dict[Slot, list[Slot]] = {}
    for result, operand in operation.in_place:
        in_place.setdefault(result.root, []).append(operand.root)
    return Use(list(dict.fromkeys(touched)), in_place)


class Unbuffered:
    """While it lasts NumPy computes long rows that it broadcasts or skips between where they lie.

    By default it first copies them together into buffers of 8192 numbers, which takes two to three times as long as
    rows of our training batches do; only for shorter ones, as of a single sentence, it is the faster way. Conversions
    between number types need the buffers in any case; operations have none.
    """

    LONG = 160
    """Numbers of a row from which on the buffers do not pay."""

    def __init__(self, row: int) -> None:
        """`row` is how many numbers the rows have."""
        self._wanted = 16 if row >= self.LONG else 8192
        self._size = self._wanted

    def __enter__(self) -> None:
        self._size = np.setbufsize(self._wanted)

    def __exit__(self, *error: object) -> None:
        np.setbufsize(self._size)
