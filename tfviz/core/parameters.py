"""The trained numbers of a model: one flat vector, seen under torch's names and shapes.

Optimisers, clipping, norms and keyframes work on the flat vector; operations and people work on the views.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tfviz.core import memory
from tfviz.core.config import ModelConfig
from tfviz.core.tensor import Array, Parameter, ParameterReader

Initializer = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class Affine:
    """The stored weights of linear layers, [W b], and their gradients: views (output, input + 1).

    `tensors` are the parameters, weight and bias, that they present. Where the weight has other readers too, `reader`
    takes the gradient that comes from here.
    """

    values: Array
    gradients: Array
    tensors: tuple[Parameter | ParameterReader, ...] = ()
    reader: ParameterReader | None = None

    def rows(self, first: int, last: int) -> "Affine":
        """The layers that make some of the outputs."""
        tensors = tuple(tensor.rows(first, last) for tensor in self.tensors if isinstance(tensor, Parameter))
        return Affine(self.values[first:last], self.gradients[first:last], tensors)


@dataclass(frozen=True)
class Entry:
    """Where a parameter lies in the flat vector, and how it begins.

    A weight and its bias share a block (output, input + 1), the bias being the last column.
    """

    name: str
    shape: tuple[int, ...]
    group: str
    start: int
    row_length: int
    column: int
    initialize: Initializer

    def view(self, flat: Array) -> Array:
        rows = self.shape[0]
        block = flat[self.start : self.start + rows * self.row_length].reshape(rows, self.row_length)
        if len(self.shape) == 2:
            return block[:, : self.shape[1]]
        return block[:, self.column]


class Layout:
    """The order of all parameters of a configuration in the flat vector; a group's parameters lie together."""

    def __init__(self, config: ModelConfig) -> None:
        self.entries: dict[str, Entry] = {}
        self.groups: dict[str, slice] = {}
        self.size = 0
        self._group = ""
        self._config = config
        match config.architecture:
            case "encoder-decoder":
                self._embedding("source", "source")
                self._stack("encoder", config.num_encoder_layers, ("self_attn",))
                self._embedding("target", "target")
                self._stack("decoder", config.num_decoder_layers, ("self_attn", "multihead_attn"))
            case "encoder":
                self._embedding("source", "source")
                self._stack("encoder", config.num_encoder_layers, ("self_attn",))
            case "decoder":
                self._embedding("source")
                self._embedding("target", "stream")
                self._stack("decoder", config.num_decoder_layers, ("self_attn",))
        if config.tied_embeddings:
            self._begin("tied_embedding")
            self._tied_table(config.generator_weight, config.target_vocabulary, config.d_model)
        else:
            self._begin("generator")
            self._affine("generator.", config.target_vocabulary, config.d_model, None)
        self._begin("")

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by torch's name."""
        return {name: entry.shape for name, entry in self.entries.items()}

    @property
    def count(self) -> int:
        """How many numbers are trained."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def within(self, prefix: str) -> list[str]:
        """The parameters of a group, a layer or a stack ("encoder.0.self_attn", "encoder.0", "encoder"), or those whose
        names begin so up to a dot; all for "". ValueError where there are none."""

        def is_within(name: str) -> bool:
            return not prefix or name == prefix or name.startswith(prefix.removesuffix(".") + ".")

        found = [name for name, entry in self.entries.items() if is_within(name) or is_within(entry.group)]
        if not found:
            raise ValueError(f"{prefix!r} is no part of the model; its parts are {', '.join(self.groups)}")
        return found

    def _embedding(self, side: str, positions: str = "") -> None:
        """The table of a side's tokens, unless it is the tied one, and where there is one that of `positions`."""
        config = self._config
        name = config.embedding_of(side)
        vocabulary = config.source_vocabulary if side == "source" else config.target_vocabulary
        if not (config.tied_embeddings and name == config.generator_weight):
            self._begin(f"{side}_embedding")
            self._table(name, vocabulary, config.d_model)
        if positions and config.positions == "learned":
            self._begin(f"{positions}_positions")
            self._table(f"{positions}_positions.weight", config.max_positions, config.d_model)

    def _stack(self, stack: str, layers: int, attentions: tuple[str, ...]) -> None:
        width, inner = self._config.d_model, self._config.dim_feedforward
        for layer in range(layers):
            path = f"transformer.{stack}.layers.{layer}"
            for number, attention in enumerate(attentions, 1):
                self._begin(f"{stack}.{layer}.{attention}")
                self._affine(f"{path}.{attention}.in_proj_", 3 * width, width, zeros)
                self._affine(f"{path}.{attention}.out_proj.", width, width, zeros)
                self._norm(f"{path}.norm{number}", width)
            self._begin(f"{stack}.{layer}.feed_forward")
            self._affine(f"{path}.linear1.", inner, width, None)
            self._affine(f"{path}.linear2.", width, inner, None)
            self._norm(f"{path}.norm{len(attentions) + 1}", width)
        self._begin(f"{stack}.norm")
        self._norm(f"transformer.{stack}.norm", width)

    def _begin(self, group: str) -> None:
        if self._group:
            self.groups[self._group] = slice(self.groups[self._group].start, self.size)
        if group:
            self.groups[group] = slice(self.size, self.size)
        self._group = group

    def _add(
        self, name: str, shape: tuple[int, ...], row_length: int, column: int, initialize: Initializer
    ) -> None:
        if self._config.initialization == "zero" and initialize is not ones:
            initialize = zeros
        self.entries[name] = Entry(name, shape, self._group, self.size, row_length, column, initialize)

    def _table(self, name: str, rows: int, columns: int) -> None:
        self._add(name, (rows, columns), columns, 0, normal(1.0 / math.sqrt(columns)))
        self.size += rows * columns

    def _tied_table(self, name: str, rows: int, columns: int) -> None:
        """An embedding that is the generator's weight too: it shares a block with the generator's bias."""
        self._add(name, (rows, columns), columns + 1, 0, normal(1.0 / math.sqrt(columns)))
        self._add("generator.bias", (rows,), columns + 1, columns, uniform(1.0 / math.sqrt(columns)))
        self.size += rows * (columns + 1)

    def _affine(self, path: str, outputs: int, inputs: int, bias: Initializer | None) -> None:
        self._add(path + "weight", (outputs, inputs), inputs + 1, 0, xavier_uniform)
        bias = bias or uniform(1.0 / math.sqrt(inputs))
        self._add(path + "bias", (outputs,), inputs + 1, inputs, bias)
        self.size += outputs * (inputs + 1)

    def _norm(self, path: str, features: int) -> None:
        for suffix, initialize in (("weight", ones), ("bias", zeros)):
            self._add(f"{path}.{suffix}", (features,), 1, 0, initialize)
            self.size += features


class Parameters(Mapping[str, Array]):
    """All parameter values of a model: `flat` is the vector, parameters[name] a writable view of it.

    They begin as torch.nn.Transformer's do: matrices Xavier uniform (Glorot and Bengio 2010), attention biases 0, other
    biases uniform within 1 / sqrt(inputs), norms 1 and 0; embeddings and learned positions N(0, 1 / d_model). With
    initialization "zero" all but the norms' gains are 0.
    """

    def __init__(self, config: ModelConfig, dtype: np.typing.DTypeLike = np.float32, seed: int = 0) -> None:
        self.config = config
        self.layout = Layout(config)
        self.flat = memory.zeros(self.layout.size, dtype)
        generator = np.random.Generator(np.random.Philox(key=[seed, 0x696E6974]))
        for entry in self.layout.entries.values():
            entry.view(self.flat)[...] = entry.initialize(generator, entry.shape)

    def __getitem__(self, name: str) -> Array:
        return self.layout.entries[name].view(self.flat)

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.entries)

    def __len__(self) -> int:
        return len(self.layout.entries)

    def affine(self, path: str, gradients: Array) -> Affine:
        """The block [W b] behind "path.weight" and "path.bias" (or "path_weight": give the path up to the suffix)."""
        return self.block(path + "weight", gradients)

    def block(self, weight: str, gradients: Array) -> Affine:
        """The block [W b] that begins with the weight of this name."""
        entry = self.layout.entries[weight]
        rows, end = entry.shape[0], entry.start + entry.shape[0] * entry.row_length
        values, d_values = (flat[entry.start : end].reshape(rows, -1) for flat in (self.flat, gradients))
        return Affine(values, d_values)

    def load(self, arrays: Mapping[str, Array]) -> None:
        """Copy in a value for every parameter. ValueError names what is missing, unknown or of another shape."""
        shapes = self.layout.shapes
        missing, unknown = shapes.keys() - arrays.keys(), arrays.keys() - shapes.keys()
        if missing or unknown:
            raise ValueError(f"parameters do not fit: missing {sorted(missing)}, unknown {sorted(unknown)}")
        for name, shape in shapes.items():
            if arrays[name].shape != shape:
                raise ValueError(f"{name} has shape {arrays[name].shape}, the model needs {shape}")
        for name in shapes:
            self[name][...] = arrays[name]


def zeros(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape)


def ones(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.ones(shape)


def xavier_uniform(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    limit = math.sqrt(6.0 / sum(shape))
    return generator.uniform(-limit, limit, shape)


def uniform(limit: float) -> Initializer:
    return lambda generator, shape: generator.uniform(-limit, limit, shape)


def normal(deviation: float) -> Initializer:
    return lambda generator, shape: generator.normal(0.0, deviation, shape)
