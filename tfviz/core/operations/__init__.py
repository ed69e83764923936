"""The operations a Transformer is made of, one family a file, each with its forward and its derivation."""

from tfviz.core.operations.activation import GELU, ReLU
from tfviz.core.operations.attention import Scores, Softmax, WeightedSum
from tfviz.core.operations.dropout import Dropout, Randomness
from tfviz.core.operations.embedding import Embedding, PositionalEncoding
from tfviz.core.operations.linear import Linear
from tfviz.core.operations.loss import CrossEntropy
from tfviz.core.operations.mask import KeyMask
from tfviz.core.operations.normalization import LayerNorm
from tfviz.core.operations.residual import Fork, ResidualAdd

__all__ = [
    "GELU",
    "CrossEntropy",
    "Dropout",
    "Embedding",
    "Fork",
    "KeyMask",
    "LayerNorm",
    "Linear",
    "PositionalEncoding",
    "Randomness",
    "ReLU",
    "ResidualAdd",
    "Scores",
    "Softmax",
    "WeightedSum",
]
