"""Where the numbers of a stream of source and target come from, and where its answers go."""

from tfviz.core.operations import Join, JoinTokens, TakePositions
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, constant, same_number, summed, term
from tfviz.core.tensor import Features, Tensor, Tokens


def tokens_value(cells: Cells, operation: JoinTokens, tensor: Tensor, index: Index) -> Derivation:
    """A token of the source or of the target; `order` says which."""
    batch, position = index
    place = int(cells.values(operation.order)[batch, position])
    if tensor is operation.order:
        whose = "the source's" if place < operation.source.length else "source_length + the target's"
        return summed(f"order = {whose} position", [term(constant("position", place))])
    side, place = _source(operation.source, operation.target, place)
    return same_number(cells.value("token", side, batch, place))


def join_value(cells: Cells, operation: Join, stream: Tensor, index: Index) -> Derivation:
    """A vector of the source or of the target."""
    batch, position, feature = index
    order = int(cells.values(operation.order)[batch, position])
    side, place = _source(operation.source, operation.target, order)
    return same_number(cells.value("x", side, batch, place, feature))


def join_gradient(cells: Cells, operation: Join, tensor: Tensor, index: Index) -> Derivation:
    """That of the position in the stream where the vector went; <s> of the target went nowhere."""
    batch, place, feature = index
    place += 0 if tensor is operation.source else operation.source.length
    found = (cells.values(operation.order)[batch] == place).nonzero()[0]
    if not len(found):
        return summed("dL/dtarget[0] = 0, for the stream leaves it out", [term(constant("0", 0.0))])
    return same_number(cells.gradient("dL/dstream", operation.stream, batch, int(found[0]), feature))


def taken_value(cells: Cells, operation: TakePositions, y: Tensor, index: Index) -> Derivation:
    """y[i] = x[first + i]."""
    batch, position, feature = index
    return same_number(
        cells.value("x", operation.x, batch, _first(cells, operation, batch) + position, feature)
    )


def taken_gradient(cells: Cells, operation: TakePositions, x: Tensor, index: Index) -> Derivation:
    """That of y where the position was taken, else 0."""
    batch, position, feature = index
    taken = position - _first(cells, operation, batch)
    if not 0 <= taken < operation.y.length:
        return summed("dL/dx = 0, for nothing is predicted from this position", [term(constant("0", 0.0))])
    return same_number(cells.gradient("dL/dy", operation.y, batch, taken, feature))


def _first(cells: Cells, operation: TakePositions, batch: int) -> int:
    if operation.source is None:
        return 1
    return max(int((cells.values(operation.source)[batch] != 0).sum()) - 1, 0)


def _source(source: Features | Tokens, target: Tensor, place: int) -> tuple[Tensor, int]:
    """The side that a place of `order` belongs to, and the position there."""
    return (source, place) if place < source.length else (target, place - source.length)
