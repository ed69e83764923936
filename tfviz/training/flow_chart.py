"""The architecture as figure 1 of "Attention Is All You Need" draws it, in the names of a program's tensors."""

from dataclasses import dataclass
from typing import Literal

from tfviz.core.operation import Operation
from tfviz.core.operations import Fork, Linear, ResidualAdd
from tfviz.core.transformer import Transformer
from tfviz.training.step_places import Of

Kind = Literal["self_attn", "multihead_attn", "feed_forward"]

_SUBLAYERS: dict[str, tuple[Kind, ...]] = {
    "encoder": ("self_attn", "feed_forward"),
    "decoder": ("self_attn", "multihead_attn", "feed_forward"),
}


@dataclass(frozen=True)
class Junction:
    """Where tensors are added up: values where a branch joins its stream, gradients where several read one tensor."""

    name: str
    """Of the operation."""
    of: Of
    total: str
    contributions: tuple[str, ...]
    """The residual stream first where there is one."""


@dataclass(frozen=True)
class Sublayer:
    """A block on a branch beside the residual stream. Tensors, but for `fork` and `join`, which are junctions."""

    layer: int
    kind: Kind
    stream: str
    """What comes from below."""
    fork: str
    branch: str
    skip: str
    block: str
    """What the block puts out."""
    norm: str
    """What the norm puts out: on the branch below the block (pre-norm), or above the sum (post-norm)."""
    join: str
    total: str
    """Residual stream plus branch."""
    output: str
    """What goes on above: the norm's output with post-norm, the total with pre-norm."""
    memory: str | None
    """What the cross attention reads of the encoder."""

    @property
    def tensors(self) -> tuple[str, ...]:
        own = (self.stream, self.branch, self.skip, self.norm, self.block, self.total, self.output)
        return tuple(dict.fromkeys(own))


@dataclass(frozen=True)
class Stack:
    """The encoder or the decoder, from bottom to top."""

    name: Literal["encoder", "decoder"]
    embedding: str
    input: str
    """The embedding with positions."""
    sublayers: tuple[Sublayer, ...]
    output: str
    """Of the norm on top."""
    tensors: frozenset[str]

    @property
    def layers(self) -> int:
        return self.sublayers[-1].layer + 1

    @property
    def top(self) -> str:
        """What the norm on top reads."""
        return self.sublayers[-1].output


@dataclass(frozen=True)
class Chart:
    """Both stacks, and what connects them."""

    encoder: Stack
    decoder: Stack
    norm_first: bool
    memory_fork: str | None
    """The junction of the memory's gradient; None where one layer alone reads it."""
    readers: tuple[str, ...]
    """What each decoder layer reads of the memory."""
    logits: str
    junctions: tuple[Junction, ...]


def chart_of(model: Transformer) -> Chart:
    """Of a model in which nothing is dropped."""
    operations = {operation.name: operation for operation in model.program.operations}
    encoder, decoder = (_stack(model, operations, name) for name in ("encoder", "decoder"))
    readers = tuple(sublayer.memory for sublayer in decoder.sublayers if sublayer.memory)
    memory_fork = next(
        (n for n, o in operations.items() if isinstance(o, Fork) and o.x.name == encoder.output), None
    )
    junctions = tuple(filter(None, map(_junction, operations.values())))
    return Chart(encoder, decoder, model.config.norm_first, memory_fork, readers, "logits", junctions)


def _stack(
    model: Transformer, operations: dict[str, Operation], name: Literal["encoder", "decoder"]
) -> Stack:
    config = model.config
    layers = config.num_encoder_layers if name == "encoder" else config.num_decoder_layers
    joins = {join.skip.name: join for join in operations.values() if isinstance(join, ResidualAdd)}
    sublayers = tuple(
        _sublayer(operations, joins, name, layer, number, kind, config.norm_first)
        for layer in range(layers)
        for number, kind in enumerate(_SUBLAYERS[name], 1)
    )
    embedding = "source_embedding" if name == "encoder" else "target_embedding"
    entrance = f"{name}.input"
    output = operations[f"{name}.norm"].outputs[-1].name
    own = {embedding, entrance, output}.union(*(sublayer.tensors for sublayer in sublayers))
    return Stack(name, embedding, entrance, sublayers, output, frozenset(own))


def _sublayer(
    operations: dict[str, Operation], joins: dict[str, ResidualAdd], stack: str, layer: int, number: int, kind: Kind,
    norm_first: bool,
) -> Sublayer:  # fmt: skip
    path = f"{stack}.layers.{layer}"
    fork = operations[f"{path}.fork{number}"]
    assert isinstance(fork, Fork)
    branch, skip = (reader.name for reader in fork.readers)
    join = joins[skip]
    norm, total = operations[f"{path}.norm{number}"].outputs[-1].name, join.y.name
    memory = None
    if kind == "multihead_attn":
        reading = operations[f"{path}.multihead_attn.in_proj_key_value"]
        assert isinstance(reading, Linear)
        memory = reading.x.name
    return Sublayer(
        layer, kind, fork.x.name, fork.name, branch, skip, join.branch.name, norm, join.name, total,
        total if norm_first else norm, memory,
    )  # fmt: skip


def _junction(operation: Operation) -> Junction | None:
    match operation:
        case Fork():
            readers = [reader.name for reader in operation.readers]
            if readers[-1].endswith(".skip"):
                readers.reverse()
            return Junction(operation.name, "gradient", operation.x.name, tuple(readers))
        case ResidualAdd():
            names = operation.skip.name, operation.branch.name
            return Junction(operation.name, "value", operation.y.name, names)
    return None
