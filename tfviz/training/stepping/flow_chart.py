"""The architecture as figure 1 of "Attention Is All You Need" draws it, in the names of a program's tensors."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tfviz.core.operation import Operation
from tfviz.core.operations import Fork, LayerNorm, Linear, ResidualAdd
from tfviz.core.transformer import Transformer
from tfviz.training.stepping.step_places import Of

Kind = Literal["self_attn", "multihead_attn", "feed_forward"]
StackName = Literal["encoder", "decoder"]

_BLOCKS: dict[Kind, str] = {
    "self_attn": "self_attn.output",
    "multihead_attn": "multihead_attn.output",
    "feed_forward": "linear2",
}
"""What the blocks of a layer put out, in the order of its sublayers."""


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
    fork: str | None
    """None, as `skip` and `join`, in a model without residual connections."""
    branch: str
    skip: str | None
    block: str
    """What the block puts out."""
    norm: str | None
    """What the norm puts out: on the branch below the block (pre-norm), or above the sum (post-norm)."""
    join: str | None
    total: str
    """Residual stream plus branch."""
    output: str
    """What goes on above: the norm's output with post-norm, the total with pre-norm."""
    memory: str | None
    """What the cross attention reads of the encoder."""

    @property
    def streams(self) -> tuple[str, ...]:
        """The tensors of the residual stream, from below to above."""
        own = (self.stream, self.skip, self.total, self.output)
        return tuple(dict.fromkeys(tensor for tensor in own if tensor is not None))

    @property
    def tensors(self) -> tuple[str, ...]:
        own = (*self.streams, self.branch, self.block, self.norm)
        return tuple(dict.fromkeys(tensor for tensor in own if tensor is not None))


@dataclass(frozen=True)
class Stack:
    """The encoder or the decoder, from bottom to top."""

    name: StackName
    embedding: str
    input: str
    """The embedding with positions, if the model has any."""
    sublayers: tuple[Sublayer, ...]
    norm: str | None
    """What the norm on top puts out."""

    @property
    def top(self) -> str:
        """What comes out of the last layer."""
        return self.sublayers[-1].output

    @property
    def output(self) -> str:
        return self.norm or self.top

    @cached_property
    def tensors(self) -> frozenset[str]:
        own = {self.embedding, self.input, self.output}
        return frozenset(own.union(*(sublayer.tensors for sublayer in self.sublayers)))


@dataclass(frozen=True)
class Chart:
    """The stacks, from left to right, and what connects them."""

    stacks: tuple[Stack, ...]
    norm_first: bool
    memory_fork: str | None
    """The junction of the memory's gradient; None where not several layers read it."""
    readers: tuple[str, ...]
    """What each decoder layer reads of the memory."""
    result: str
    """What the generator reads."""
    logits: str
    junctions: tuple[Junction, ...]

    @property
    def sublayers(self) -> tuple[Sublayer, ...]:
        return tuple(sublayer for stack in self.stacks for sublayer in stack.sublayers)

    @cached_property
    def tensors(self) -> frozenset[str]:
        """Everything that is drawn."""
        own = {self.result, self.logits, *self.readers}
        return frozenset(own.union(*(stack.tensors for stack in self.stacks)))

    def stack_of(self, tensor: str) -> Stack:
        """Where a tensor belongs: the memory and its readers to the encoder, what follows the last stack to that."""
        first, last = self.stacks[0], self.stacks[-1]
        return first if tensor in first.tensors or tensor in self.readers else last


def chart_of(model: Transformer) -> Chart:
    """Of a model in which nothing is dropped."""
    operations = {operation.name: operation for operation in model.program.operations}
    names: tuple[StackName, ...] = ("encoder", "decoder")
    stacks = tuple(
        _stack(model, operations, name)
        for name in names
        if any(operation.startswith(f"{name}.layers.") for operation in operations)
    )
    memory_fork = "encoder.memory.fork"
    generator = operations["logits"]
    assert isinstance(generator, Linear)
    return Chart(
        stacks,
        model.config.norm_first,
        memory_fork if memory_fork in operations else None,
        tuple(sublayer.memory for sublayer in stacks[-1].sublayers if sublayer.memory),
        generator.x.name,
        "logits",
        tuple(filter(None, map(_junction, operations.values()))),
    )


def _stack(model: Transformer, operations: dict[str, Operation], name: StackName) -> Stack:
    config = model.config
    layers = config.num_encoder_layers if name == "encoder" else config.num_decoder_layers
    side = "source" if name == "encoder" else "target"
    embedding = next(found for found in ("stream_embedding", f"{side}_embedding") if found in operations)
    entrance = f"{name}.input" if f"{name}.input" in operations else embedding
    sublayers: list[Sublayer] = []
    stream = entrance
    for layer in range(layers):
        path = f"{name}.layers.{layer}"
        kinds = [kind for kind, block in _BLOCKS.items() if f"{path}.{block}" in operations]
        for number, kind in enumerate(kinds, 1):
            sublayers.append(_sublayer(operations, path, layer, number, kind, stream, config.norm_first))
            stream = sublayers[-1].output
    return Stack(name, embedding, entrance, tuple(sublayers), _norm(operations, f"{name}.norm"))


def _sublayer(
    operations: dict[str, Operation], path: str, layer: int, number: int, kind: Kind, stream: str, norm_first: bool,
) -> Sublayer:  # fmt: skip
    block = f"{path}.{_BLOCKS[kind]}"
    branch, skip, total, fork_name, join_name = stream, None, block, None, None
    fork = operations.get(f"{path}.fork{number}")
    if isinstance(fork, Fork):
        branch, skip = (reader.name for reader in fork.readers)
        joins = (operation for operation in operations.values() if isinstance(operation, ResidualAdd))
        join = next(operation for operation in joins if operation.skip.name == skip)
        total, fork_name, join_name = join.y.name, fork.name, join.name
    norm = _norm(operations, f"{path}.norm{number}")
    reading = operations.get(f"{path}.multihead_attn.in_proj_key_value")
    memory = reading.x.name if kind == "multihead_attn" and isinstance(reading, Linear) else None
    output = total if norm_first or norm is None else norm
    return Sublayer(
        layer, kind, stream, fork_name, branch, skip, block, norm, join_name, total, output, memory
    )


def _norm(operations: dict[str, Operation], name: str) -> str | None:
    """What a norm puts out, in a model that has any."""
    norm = operations.get(name)
    return norm.y.name if isinstance(norm, LayerNorm) else None


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
