"""The operations a Transformer is made of, one family a file, each with its forward and its derivation."""

from tfviz.core.operations.activation import GELU, ReLU
from tfviz.core.operations.attention import HeadSwitch, Scores, Softmax, WeightedSum
from tfviz.core.operations.dropout import Dropout, Randomness
from tfviz.core.operations.embedding import Embedding, LearnedPositions, PositionalEncoding
from tfviz.core.operations.linear import Linear
from tfviz.core.operations.loss import CrossEntropy
from tfviz.core.operations.mask import KeyMask
from tfviz.core.operations.normalization import LayerNorm
from tfviz.core.operations.residual import Fork, ResidualAdd
from tfviz.core.operations.stream import Join, JoinTokens, TakePositions
from tfviz.core.operations.tie import Tie

__all__ = [
    "GELU",
    "CrossEntropy",
    "Dropout",
    "Embedding",
    "Fork",
    "HeadSwitch",
    "Join",
    "JoinTokens",
    "KeyMask",
    "LayerNorm",
    "LearnedPositions",
    "Linear",
    "PositionalEncoding",
    "Randomness",
    "ReLU",
    "ResidualAdd",
    "Scores",
    "Softmax",
    "TakePositions",
    "Tie",
    "WeightedSum",
]
