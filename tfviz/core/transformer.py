"""The Transformer: an encoder, a decoder, a generator, and the loss (Vaswani et al. 2017)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from tfviz.core import memory
from tfviz.core.builder import Builder
from tfviz.core.config import ModelConfig
from tfviz.core.decoder import decoder, decoder_alone
from tfviz.core.encoder import encoder
from tfviz.core.operations import CrossEntropy, Randomness
from tfviz.core.operations.mask import PADDING, KeyMask
from tfviz.core.parallel import Crew, Work
from tfviz.core.parameters import Parameters
from tfviz.core.program import Observer, Program
from tfviz.core.tensor import Array, Features, Parameter, Tensor, Tokens

STRETCH = 1 << 17
"""Numbers of the gradient that a thread adds up before it takes the next ones."""


class Part:
    """The program of a model for some of the sequences of a batch, with gradients of its own."""

    def __init__(
        self, config: ModelConfig, parameters: Parameters, batch: int, source_length: int, target_length: int,
        label_smoothing: float, randomness: Randomness, gradients: bool, recycle: bool, dropout: float,
    ) -> None:  # fmt: skip
        self.gradients = memory.zeros(parameters.flat.shape, parameters.flat.dtype)
        self.randomness = randomness
        build = Builder(config, parameters, self.gradients, batch, randomness, dropout)
        self.source: Tokens = build.tokens("source", source_length)
        self.target_in: Tokens = build.tokens("target_in", target_length)
        self.target_out: Tokens = build.tokens("target_out", target_length)
        x = MODELS[config.architecture](build, self.source, self.target_in)
        logits = build.generator("logits", x)
        logits.axes = ("batch", "position", "vocabulary")
        self.loss: CrossEntropy = build.cross_entropy("loss", logits, self.target_out, label_smoothing)
        self.program: Program = build.program
        self.program.bind(gradients, recycle)

    def load(self, source: Array, target_in: Array, target_out: Array, tokens: int) -> None:
        """Take in token ids; the loss is averaged over `tokens`."""
        self.source.data[...] = source
        self.target_in.data[...] = target_in
        self.target_out.data[...] = target_out
        self.loss.tokens = tokens


def encoder_and_decoder(build: Builder, source: Tokens, target_in: Tokens) -> Features:
    """Figure 1 of "Attention Is All You Need", from the tokens at the bottom to what the generator reads."""
    build.tied_embeddings("source", "target")
    source_mask = build.key_mask("source_mask", source, source)
    memory_mask = build.key_mask("memory_mask", source, target_in)
    x = build.positions("source", "encoder.input", build.embedding("source", source))
    memory = encoder(build, x, source_mask)

    build.program.begin_decoder()
    target_mask = build.key_mask("target_mask", target_in, target_in, causal=True)
    x = build.positions("target", "decoder.input", build.embedding("target", target_in))
    return decoder(build, x, memory, target_mask, memory_mask)


def encoder_only(build: Builder, source: Tokens, target_in: Tokens) -> Features:
    """Each token of the target is predicted from the source token that stands in its place, <s> left aside."""
    if source.length != target_in.length + 1:
        raise ValueError(
            f"an encoder alone answers each token after <s> with one: a source of {source.length} positions needs a "
            f"target of {source.length - 1}, not {target_in.length}"
        )
    build.tied_embeddings("source")
    source_mask = build.key_mask("source_mask", source, source)
    x = build.positions("source", "encoder.input", build.embedding("source", source))
    x = encoder(build, x, source_mask)
    return build.take_positions("encoder.answer", x, target_in.length)


def decoder_only(build: Builder, source: Tokens, target_in: Tokens) -> Features:
    """As GPT (Radford et al. 2018): one stream of source and target, each position sees itself and those before."""
    build.tied_embeddings("source", "target")
    stream, order = build.join_tokens(source, target_in)
    stream_mask = build.key_mask("stream_mask", stream, stream, causal=True)
    x = build.join(
        "stream_embedding", build.embedding("source", source), build.embedding("target", target_in), order
    )
    x = decoder_alone(build, build.positions("stream", "decoder.input", x), stream_mask)
    return build.take_positions("decoder.answer", x, target_in.length, after=source)


MODELS = {"encoder-decoder": encoder_and_decoder, "encoder": encoder_only, "decoder": decoder_only}


class Transformer:
    """A model bound to one shape of batch: forward and backward passes, parameters, and every tensor by name.

    Several models of one configuration, for other shapes, share `parameters`; each has gradients of its own. With
    `shards` 2 the batch is computed in two parts whose losses and gradients are added in a fixed order: the result
    depends on the number of parts, never on which thread computed them. With `gradients` False only forward() works
    and nothing is dropped, as in evaluation. With `recycle`, which is faster, activations and their gradients share
    memory and are gone as soon as no operation reads them any more: every backward() needs a forward() of its own,
    `grad` is None then, and `value` can be read of tokens, logits, probabilities and the loss alone; nobody can
    observe its passes.
    """

    def __init__(
        self,
        config: ModelConfig,
        batch: int,
        source_length: int,
        target_length: int,
        label_smoothing: float = 0.0,
        dtype: np.typing.DTypeLike = np.float32,
        seed: int = 0,
        parameters: Parameters | None = None,
        shards: int = 1,
        gradients: bool = True,
        recycle: bool = False,
        crew: Crew | None = None,
    ) -> None:
        self.config = config
        self.shapes = ((batch, source_length), (batch, target_length), (batch, target_length))
        self._gradients = gradients
        self.parameter_values = parameters or Parameters(config, dtype, seed)
        cuts = np.linspace(0, batch, min(shards, batch) + 1).astype(int)
        self.rows = [slice(first, last) for first, last in pairwise(cuts.tolist())]
        dropout = config.dropout if gradients else 0.0
        self.parts = [
            Part(config, self.parameter_values, rows.stop - rows.start, source_length, target_length, label_smoothing,
                 Randomness(seed, number), gradients, recycle, dropout)
            for number, rows in enumerate(self.rows)
        ]  # fmt: skip
        self.crew = crew if crew and len(self.parts) > 1 else None
        self.gradients = self.parts[0].gradients
        self._adding_up = [] if len(self.parts) == 1 else self._stretches()
        self.parameters: Mapping[str, Parameter] = {
            name: Parameter(name, entry.view(self.parameter_values.flat), entry.view(self.gradients))
            for name, entry in self.parameter_values.layout.entries.items()
        }
        self.tensors: Mapping[str, Tensor] = {
            name: tensor
            if len(self.parts) == 1
            else Whole([part.program.tensors[name] for part in self.parts])
            for name, tensor in self.parts[0].program.tensors.items()
        }

    def _stretches(self) -> list[Work]:
        """The gradients cut into stretches to be added up."""
        starts = range(0, self.gradients.size, STRETCH)
        return [partial(self._add_up, slice(start, start + STRETCH)) for start in starts]

    @property
    def program(self) -> Program:
        """The operations in order; with two parts, those of the first."""
        return self.parts[0].program

    def set_step(self, step: int) -> None:
        """The training step whose dropout masks the next forward pass draws."""
        for part in self.parts:
            part.randomness.step = step

    def load(self, source: Array, target_in: Array, target_out: Array) -> None:
        """Take in a batch of token ids, each (batch, length). ValueError if a shape or an id is not the model's."""
        given = tuple(np.shape(ids) for ids in (source, target_in, target_out))
        if given != self.shapes:
            raise ValueError(
                f"the batch has shapes {given} (source, target_in, target_out), the model {self.shapes}"
            )
        target_vocabulary = self.config.target_vocabulary
        check_ids("source", source, self.config.source_vocabulary)
        check_ids("target_in", target_in, target_vocabulary)
        check_ids("target_out", target_out, target_vocabulary)
        tokens = max(1, int(np.count_nonzero(target_out)))
        for part, rows in zip(self.parts, self.rows, strict=True):
            part.load(source[rows], target_in[rows], target_out[rows], tokens)

    def forward(
        self, source: Array, target_in: Array, target_out: Array, observer: Observer | None = None,
        lookout: Observer | None = None,
    ) -> float:  # fmt: skip
        """Compute every activation and return the loss; gradients stay as they are.

        The parts keep step for an `observer`, which is told of the first part's operations alone. A `lookout` is told
        of every part's, by the threads that compute them.
        """
        self.load(source, target_in, target_out)
        self._run([part.program.forward for part in self.parts], observer, lookout, "forward")
        return self.loss

    def forward_and_backward(
        self, source: Array, target_in: Array, target_out: Array, lookout: Observer | None = None
    ) -> float:
        """Both passes, as one after the other, and the loss; a part that is done with the first begins the second.

        Lookout: as forward() has it. RuntimeError for a model that was built without gradients.
        """
        self._need_gradients()
        self.load(source, target_in, target_out)
        self._run_side_by_side([partial(part.program.forward_and_backward, lookout) for part in self.parts])
        self._run_side_by_side(self._adding_up)
        return self.loss

    def hide(self, positions: tuple[int, ...]) -> None:
        """Let no query look at these positions of the source in the passes that follow; none hides nothing.

        Of a decoder alone, which reads one stream, only sources without padding begin it position by position.
        """
        for part in self.parts:
            for operation in part.program.operations:
                if isinstance(operation, KeyMask) and operation.tokens is not part.target_in:
                    operation.hidden = positions

    def attend(self, source: Array, target_in: Array, target_out: Array) -> None:
        """Compute every activation up to the attention weights of the last layer, and none of those that follow."""
        self.load(source, target_in, target_out)
        self._run([part.program.forward_attention for part in self.parts], None, None, "forward")

    def backward(self, observer: Observer | None = None, lookout: Observer | None = None) -> None:
        """Compute the gradient of the loss of the last forward pass with respect to every tensor.

        Observer and lookout: as forward() has them. RuntimeError for a model that was built without gradients.
        """
        self._need_gradients()
        self._run([part.program.backward for part in self.parts], observer, lookout, "backward")
        self._run_side_by_side(self._adding_up)

    def _need_gradients(self) -> None:
        if not self._gradients:
            raise RuntimeError("this model was built for the forward pass alone (gradients=False)")

    def _add_up(self, stretch: slice) -> None:
        """Some of the gradients of all parts, in the first one's."""
        total = self.gradients[stretch]
        for part in self.parts[1:]:
            np.add(total, part.gradients[stretch], out=total)

    @property
    def loss(self) -> float:
        """The loss of the last forward pass."""
        return float(sum(part.loss.loss.data[0] for part in self.parts))

    @property
    def probabilities(self) -> Array:
        """What the last forward pass gave every token, (batch, position, vocabulary)."""
        return self.tensors["probabilities"].value

    def correct(self) -> Array:
        """Where the last forward pass puts the target first, (batch, position) bool; padding is never correct."""
        return np.concatenate(
            [part.loss.correct() & (part.target_out.data != PADDING) for part in self.parts]
        )

    def _run(
        self,
        passes: list[Callable[..., None]],
        observer: Observer | None,
        lookout: Observer | None,
        phase: str,
    ) -> None:
        if observer is not None:
            self._run_in_lockstep(observer, phase)
            return
        if lookout is not None:
            passes = [partial(run, lookout) for run in passes]
        self._run_side_by_side(passes)

    def _run_side_by_side(self, works: Sequence[Work]) -> None:
        """In the crew's threads, or one after the other where there is no crew."""
        if self.crew:
            self.crew.share(works)
        else:
            for work in works:
                work()

    def _run_in_lockstep(self, observer: Observer, phase: str) -> None:
        """Each operation in all parts before the next one; the observer is told of the first part's."""
        self.program.need_all()
        rounds = zip(*(part.program.operations for part in self.parts), strict=True)
        for operations in rounds if phase == "forward" else reversed(list(rounds)):
            for operation in operations:
                getattr(operation, phase)()
            observer(operations[0], phase)


def check_ids(name: str, ids: Array, vocabulary: int) -> None:
    """ValueError unless all are whole numbers from 0 to below the size of the vocabulary."""
    ids = np.asarray(ids)
    if ids.dtype == np.int64 and ids.size and np.maximum.reduce(ids.view(np.uint64), axis=None) < vocabulary:
        return  # in one look: as whole numbers without a sign, negative ones are the largest
    if ids.dtype.kind not in "iu":
        raise ValueError(f"{name} holds {ids.dtype} numbers, not token ids")
    if ids.size and not 0 <= ids.min() <= ids.max() < vocabulary:
        wrong = ids.min() if ids.min() < 0 else ids.max()
        raise ValueError(f"{name} holds token id {wrong}; the vocabulary has 0 to {vocabulary - 1}")


class Whole(Tensor):
    """A tensor of a batch that is computed in parts: presents the parts joined along the batch."""

    def __init__(self, parts: list[Tensor]) -> None:
        super().__init__(parts[0].name)
        self.parts = parts
        self.axes = parts[0].axes

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.parts[0].kind

    @property
    def value(self) -> Array:
        if self.parts[0].shared:
            return self.parts[0].value
        return self._join([part.value for part in self.parts])

    @property
    def grad(self) -> Array | None:
        grads = [part.grad for part in self.parts]
        if grads[0] is None or self._is_sum:
            return grads[0]  # a change of one part is one of the sum
        return self._join([grad for grad in grads if grad is not None])

    @property
    def _is_sum(self) -> bool:
        """Whether its value is the sum of the parts', as that of the loss."""
        return not (self.parts[0].shared or any("batch" in name for name in self.axes))

    def _join(self, arrays: list[Array]) -> Array:
        axis = next((number for number, name in enumerate(self.axes) if "batch" in name), None)
        whole = sum(arrays[1:], arrays[0]) if axis is None else np.concatenate(arrays, axis)
        whole.flags.writeable = False
        return whole
