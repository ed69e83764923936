"""The formula of an operation with the shapes that its tensors have in this step."""

import re
from collections.abc import Mapping

from tfviz.core.operation import Operation
from tfviz.core.operations import Linear, Scores
from tfviz.core.tensor import Tensor
from tfviz.training.stepping.step_places import Phase

FORWARD = {
    "CrossEntropy": ["probabilities = softmax(logits)", "loss = mean of -log probabilities at target"],
    "Dropout": ["y = x * mask"],
    "Embedding": ["x = sqrt(d_model) table at tokens"],
    "Fork": ["every reader = x"],
    "GELU": ["y = x * P(x)"],
    "HeadSwitch": ["weights = p, save for heads that are off or uniform"],
    "Join": ["stream = source and target, by order"],
    "JoinTokens": ["stream = source, then target"],
    "KeyMask": ["mask = -infinity where tokens are padding"],
    "LayerNorm": ["y = gain * normalized + bias", "normalized = (x - mean) * reciprocal_deviation"],
    "LearnedPositions": ["y = x + the first rows of table"],
    "Linear": ["y = W \N{DOT OPERATOR} x + b"],
    "PositionalEncoding": ["y = x + positions"],
    "ReLU": ["y = max(x, 0)"],
    "ResidualAdd": ["y = skip + branch"],
    "Scores": ["scores = query \N{DOT OPERATOR} key / sqrt(width)"],
    "Softmax": ["weights = softmax(scores + mask)"],
    "TakePositions": ["y = positions of x"],
    "Tie": ["every reader = x"],
    "WeightedSum": ["context = weights \N{DOT OPERATOR} value"],
}
BACKWARD = {
    "CrossEntropy": ["d_logits = (probabilities - target as one-hot) / tokens"],
    "Dropout": ["d_x = d_y * mask"],
    "Embedding": ["d_table = sqrt(d_model) sum of d_x by tokens"],
    "Fork": ["d_x = sum over the readers"],
    "GELU": ["d_x = d_y * (P(x) + x * P'(x))"],
    "HeadSwitch": ["d_p = d_weights, and 0 for heads that are off or uniform"],
    "Join": ["d_source = d_stream by order", "d_target = d_stream by order"],
    "JoinTokens": [],
    "KeyMask": [],
    "LayerNorm": [
        "d_gain = sum of d_y * normalized",
        "d_bias = sum of d_y",
        "d_x = reciprocal_deviation * (gain * d_y - means)",
    ],
    "LearnedPositions": ["d_table = sum of d_y over the sequences", "d_x = d_y"],
    "Linear": [
        "d_W = d_y \N{DOT OPERATOR} x",
        "d_b = sum of d_y",
        "d_x = W \N{DOT OPERATOR} d_y",
    ],
    "PositionalEncoding": ["d_x = d_y"],
    "ReLU": ["d_x = d_y where y > 0, else 0"],
    "ResidualAdd": ["d_skip = d_y", "d_branch = d_y"],
    "Scores": [
        "d_query = d_scores \N{DOT OPERATOR} key / sqrt(width)",
        "d_key = d_scores \N{DOT OPERATOR} query / sqrt(width)",
    ],
    "Softmax": ["d_scores = weights * (d_weights - sum of d_weights * weights)"],
    "TakePositions": ["d_x = d_y at these positions, else 0"],
    "Tie": ["d_x = sum over the readers"],
    "WeightedSum": [
        "d_weights = d_context \N{DOT OPERATOR} value",
        "d_value = weights \N{DOT OPERATOR} d_context",
    ],
}
"""By an operation's class. Words that its tensors are called, or these with d_ before them, get their shapes."""


def roles(operation: Operation) -> dict[str, Tensor]:
    """An operation's tensors by what it calls them."""
    named = {role: tensor for role, tensor in vars(operation).items() if isinstance(tensor, Tensor)}
    if isinstance(operation, Linear):
        weight, bias = operation.affine.tensors
        return {"x": operation.x, "W": weight, "b": bias, "y": operation.y}
    readers: tuple[Tensor, ...] = getattr(operation, "readers", ())
    return named | {f"reader {number}": tensor for number, tensor in enumerate(readers, 1)}


def shape_lines(tensors: Mapping[str, Tensor], operation: Operation, phase: Phase) -> list[str]:
    """Such as "scores (16, 4, 12, 12) = query (16, 4, 12, 8) · key (16, 4, 12, 8) / sqrt(width)", given all tensors."""
    kind = type(operation).__name__
    shapes = {role: shape_text(tensors, tensor) for role, tensor in roles(operation).items()}
    words = re.compile(rf"(?<!P\()(?<!P'\()\b(d_)?({'|'.join(map(re.escape, shapes))})\b(?!['(])")

    def with_shape(found: re.Match[str]) -> str:
        derivative = "\N{PARTIAL DIFFERENTIAL}" if found[1] else ""
        return f"{derivative}{found[2]} {shapes[found[2]]}"

    lines = (FORWARD if phase == "forward" else BACKWARD)[kind]
    if isinstance(operation, Scores) and operation.scale == 1.0:
        lines = [line.replace(" / sqrt(width)", "") for line in lines]
    return [words.sub(with_shape, line) for line in lines]


def shape_text(tensors: Mapping[str, Tensor], tensor: Tensor) -> str:
    """The shape of the whole batch, or of those rows of a parameter that are used."""
    whole = tensor if tensor.kind == "parameter" else tensors[tensor.name]
    return f"({', '.join(map(str, whole.value.shape))})"
