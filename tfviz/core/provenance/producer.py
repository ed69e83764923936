"""Finds the operation that computed a cell and has it explained."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tfviz.core.attention_tensors import Heads
from tfviz.core.operation import Operation
from tfviz.core.program import Program
from tfviz.core.provenance.cells import Cells, Index, whole_parameter
from tfviz.core.provenance.explanation import Cell, Derivation, Explanation, same_number
from tfviz.core.provenance.registry import DERIVATIONS
from tfviz.core.tensor import Parameter, Tensor
from tfviz.core.transformer import Transformer


def explain(model: Transformer, name: str, index: Index, of: str = "value") -> Explanation:
    """Where the number at `index` of a tensor or a parameter came from, in the last forward and backward pass.

    The model must keep its activations (recycle=False). With two parts the index is into the whole batch and the
    gradient of a parameter the sum over both. ValueError for what the model has not, with a reason.
    """
    if any(tensor.recycled for tensor in model.program.tensors.values()):
        raise ValueError("this model keeps no activations: build it with recycle=False")
    cells = Cells(model)
    array = cells.array(name, of)
    if len(index) != array.ndim or any(
        not 0 <= i < size for i, size in zip(index, array.shape, strict=False)
    ):
        raise ValueError(f"{name} has shape {array.shape}, and no cell {tuple(index)}")
    cell = Cell(name, tuple(int(i) for i in index), of)
    with np.errstate(all="ignore"):  # a run that broke down has infinities, and is looked at all the more
        told = _tell(cells, model.program, cell)
    return Explanation(
        cell,
        operation=told.operation,
        operation_type=told.operation_type,
        phase=told.phase,
        formula=told.derivation.formula,
        terms=told.derivation.terms,
        total=told.derivation.total,
        stored=float(array[cell.indices]),
        closing=told.derivation.closing,
        details=told.derivation.details,
        origin=told.derivation.origin,
    )


class Told(NamedTuple):
    """A derivation, and whose it is."""

    derivation: Derivation
    operation: str = ""
    operation_type: str = ""
    phase: str = ""


@dataclass(frozen=True)
class Use:
    """An operation, one of its tensors as it names it, and a cell's index in that."""

    operation: Operation
    tensor: Tensor
    index: Index


def _tell(cells: Cells, program: Program, cell: Cell) -> Told:
    use = _computed_by(program, cell) if cell.of == "value" else _differentiated_by(program, cell)
    if use is not None:
        derivations = DERIVATIONS[type(use.operation)]
        derive = derivations.value if cell.of == "value" else derivations.gradient
        if derive is None:
            raise ValueError(f"nothing flows backward through {use.operation.name}")
        phase = "forward" if cell.of == "value" else "backward"
        derivation = derive(cells, use.operation, use.tensor, use.index)
        return Told(derivation, use.operation.name, type(use.operation).__name__, phase)
    if cell.tensor in cells.model.parameters:
        return Told(_given(cells, cell, "a parameter: moved by the optimiser"))
    other = _seen_head_by_head(program, cell)
    if other is not None:
        tensor, index = other
        read = cells.value if cell.of == "value" else cells.gradient
        symbol = "x" if cell.of == "value" else "dL/dx"
        view = "a view: a head's queries, keys, values and context are rows of a projection"
        return Told(replace(same_number(read(symbol, tensor, *index)), origin=view))
    if cell.of == "gradient":  # nothing reads it: it is the loss
        begun = _given(cells, cell, "the backward pass begins with it")
        return Told(replace(begun, formula="dL/dL = 1"))
    return Told(_given(cells, cell, "read from the batch"))


def _given(cells: Cells, cell: Cell, origin: str) -> Derivation:
    """A number that no operation computes."""
    return Derivation("", (), float(cells.array(cell.tensor, cell.of)[cell.indices]), origin=origin)


def _computed_by(program: Program, cell: Cell) -> Use | None:
    for operation in program.operations:
        for tensor in operation.outputs:
            if tensor.name == cell.tensor:
                return Use(operation, tensor, cell.indices)
    return None


def _differentiated_by(program: Program, cell: Cell) -> Use | None:
    """The operation that read the cell: there is one, since a Fork stands where there are several."""
    for operation in program.operations:
        for tensor in operation.inputs:
            if isinstance(tensor, Parameter):
                name, first = whole_parameter(tensor)
                row = cell.indices[0] - first
                if name == cell.tensor and 0 <= row < len(tensor.data):
                    return Use(operation, tensor, (row, *cell.indices[1:]))
            elif tensor.name == cell.tensor:
                return Use(operation, tensor, cell.indices)
    return None


def _seen_head_by_head(program: Program, cell: Cell) -> tuple[Tensor, Index] | None:
    """The same cell of the projection that a head reads, or of the head that some rows of a projection are."""
    tensor = program.tensors[cell.tensor]
    if isinstance(tensor, Heads):
        batch, head, position, column = cell.indices
        return tensor.features, (batch, position, tensor.rows.start + head * tensor.width + column)
    for heads in program.tensors.values():
        if isinstance(heads, Heads) and heads.features is tensor:
            batch, position, feature = cell.indices
            if heads.rows.start <= feature < heads.rows.stop:
                head, column = divmod(feature - heads.rows.start, heads.width)
                return heads, (batch, head, position, column)
    return None
