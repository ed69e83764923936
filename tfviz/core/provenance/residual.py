"""Where the numbers of the residual streams come from."""

from tfviz.core.operations import Fork, ResidualAdd, Tie
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, same_number, summed, term
from tfviz.core.tensor import Tensor


def fork_value(cells: Cells, operation: Fork | Tie, reader: Tensor, index: Index) -> Derivation:
    """Every reader sees x."""
    return same_number(cells.value("x", operation.x, *index))


def fork_gradient(cells: Cells, operation: Fork | Tie, x: Tensor, index: Index) -> Derivation:
    """The sum over the readers: the loss depends on x through all of them."""
    return summed(
        "dL/dx = dL/dy_1 + dL/dy_2 + ..., y_1, y_2, ... the readers of x",
        [
            term(cells.gradient(f"dL/dy_{number}", reader, *index), part=reader.name)
            for number, reader in enumerate(operation.readers, 1)
        ],
    )


def add_value(cells: Cells, operation: ResidualAdd, y: Tensor, index: Index) -> Derivation:
    """y = skip + branch."""
    return summed(
        "y = skip + branch",
        [
            term(cells.value("skip", operation.skip, *index)),
            term(cells.value("branch", operation.branch, *index)),
        ],
    )


def add_gradient(cells: Cells, operation: ResidualAdd, tensor: Tensor, index: Index) -> Derivation:
    """The gradient passes to both unchanged."""
    return same_number(cells.gradient("dL/dy", operation.y, *index))
