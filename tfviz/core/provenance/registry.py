"""Which functions derive the numbers of which operation."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tfviz.core.operation import Operation
from tfviz.core.operations import (
    GELU,
    CrossEntropy,
    Dropout,
    Embedding,
    Fork,
    HeadSwitch,
    Join,
    JoinTokens,
    KeyMask,
    LayerNorm,
    LearnedPositions,
    Linear,
    PositionalEncoding,
    ReLU,
    ResidualAdd,
    Scores,
    Softmax,
    TakePositions,
    Tie,
    WeightedSum,
)
from tfviz.core.provenance import (
    activation,
    attention,
    dropout,
    embedding,
    linear,
    loss,
    mask,
    normalization,
    residual,
    stream,
)
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation
from tfviz.core.tensor import Tensor

Derive = Callable[[Cells, Any, Tensor, Index], Derivation]
"""(cells, operation, one of the operation's tensors as it names it, index) -> how that number was made."""


class Derivations(NamedTuple):
    """For the values of an operation's outputs and the gradients of its inputs; None where these have none."""

    value: Derive
    gradient: Derive | None


DERIVATIONS: dict[type[Operation], Derivations] = {
    CrossEntropy: Derivations(loss.loss_value, loss.loss_gradient),
    Dropout: Derivations(dropout.dropout_value, dropout.dropout_gradient),
    Embedding: Derivations(embedding.embedding_value, embedding.embedding_gradient),
    Fork: Derivations(residual.fork_value, residual.fork_gradient),
    GELU: Derivations(activation.gelu_value, activation.gelu_gradient),
    HeadSwitch: Derivations(attention.switch_value, attention.switch_gradient),
    Join: Derivations(stream.join_value, stream.join_gradient),
    JoinTokens: Derivations(stream.tokens_value, None),
    KeyMask: Derivations(mask.mask_value, None),
    LayerNorm: Derivations(normalization.norm_value, normalization.norm_gradient),
    LearnedPositions: Derivations(embedding.learned_value, embedding.learned_gradient),
    Linear: Derivations(linear.linear_value, linear.linear_gradient),
    PositionalEncoding: Derivations(embedding.position_value, embedding.position_gradient),
    ReLU: Derivations(activation.relu_value, activation.relu_gradient),
    ResidualAdd: Derivations(residual.add_value, residual.add_gradient),
    Scores: Derivations(attention.scores_value, attention.scores_gradient),
    Softmax: Derivations(attention.softmax_value, attention.softmax_gradient),
    TakePositions: Derivations(stream.taken_value, stream.taken_gradient),
    Tie: Derivations(residual.fork_value, residual.fork_gradient),
    WeightedSum: Derivations(attention.weighted_sum_value, attention.weighted_sum_gradient),
}
