"""A program: the operations of a model in order, with all their tensors, built once for one shape of batch."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.storage import Slot, Use, allocate, gradient, value
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
        uses = [_forward_use(operation) for operation in self.operations]
        if gradients:
            uses += [_backward_use(operation) for operation in reversed(self.operations)]
        allocate(uses, list(self.tensors.values()), self.dtype, recycle)
        columns = [tensor.columns for tensor in self.tensors.values() if isinstance(tensor, Features)]
        self.unbuffered = Unbuffered(max(columns, default=0))
        workspace = Workspace(self.dtype)
        for operation in self.operations:
            workspace.begin_operation()
            operation.bind(workspace)
        self._forward = [operation.forward for operation in self.operations]
        self._backward = [operation.backward for operation in reversed(self.operations)]

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
            for run in self._forward[self.decoder_start :]:
                run()

    def forward_attention(self) -> None:
        """Run the operations up to the one that gives the last attention weights."""
        with self.unbuffered:
            for run in self._forward[: self.attention_end]:
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

    @staticmethod
    def _observed(operations: Iterable[Operation], observer: Observer, phase: str) -> None:
        for operation in operations:
            getattr(operation, phase)()
            observer(operation, phase)


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
