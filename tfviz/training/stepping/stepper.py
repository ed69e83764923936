"""A debugger for one training step: operation by operation through forward, backward, clipping and update.

It computes beside the run, on parameters, optimiser and tensors of its own, and what it computes is what the run
computes, to the last bit. Going back means going forward from the start of the step again.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Self

import numpy as np

from tfviz.core import memory
from tfviz.core.operation import Operation
from tfviz.core.optimizers import clip_scale
from tfviz.core.provenance import Explanation
from tfviz.core.tensor import Array, Parameter, Tensor
from tfviz.training.config import RunConfig
from tfviz.training.stepping.hand_check import CellCheck, HandCheck
from tfviz.training.stepping.non_finite import NonFiniteError, first_non_finite
from tfviz.training.stepping.step_places import Of, Place, places_of, positions_of_results, whole_name
from tfviz.training.stepping.step_provenance import StepProvenance
from tfviz.training.stepping.updates import update_ratios
from tfviz.training.tasks import Task
from tfviz.training.trainer import State, Trainer


@dataclass(frozen=True)
class Clipping:
    """What is known between the backward pass and the update."""

    norm: float
    group_norms: Mapping[str, float]
    scale: float
    """What the update multiplies the gradients by; 1 where nothing is clipped."""
    learning_rate: float


class Stepper:
    """The step that follows a state. `position` places have been passed; `places` are all there are.

    `value` and `gradient` give what has been computed at this position, and None for what has not; an array that was
    given out may be a view, which going on or back writes to. `tensors` and
    `parameters` are the model's own, for names, axes and shapes; their storage is full of NaN where nothing has been
    computed yet, but views of other tensors' storage may be filled before their own operation has run. With two shards
    a place stands for both, and tensors are those of the whole batch.
    """

    def __init__(self, config: RunConfig, task: Task, state: State) -> None:
        self._trainer = Trainer(config, task)
        self._trainer.models.close()  # operations are run one by one: no threads
        self._trainer.restore(state)
        self._trainer.begin_optimizer()
        self._start = self._trainer.state()
        self.step = self._trainer.step + 1
        """The number of the step that is taken."""
        self.config, self.task = config, task
        self.batch = self._trainer.batch(self.step)
        self.model = self._trainer.models.observed_training(*self.batch.shape)
        self.places = places_of(self.model)
        self.tensors: Mapping[str, Tensor] = self.model.tensors
        self._gradients = memory.zeros(self.model.gradients.shape, self.model.gradients.dtype)
        entries = self._trainer.parameters.layout.entries
        self.parameters: Mapping[str, Parameter] = {
            name: Parameter(
                name, _read_only(self._trainer.parameters[name]), _read_only(entry.view(self._gradients))
            )
            for name, entry in entries.items()
        }
        self._complete_at = positions_of_results(self.model)
        self._never_read = [name for name in entries if (name, "gradient") not in self._complete_at]
        self._twins = list(zip(*(part.program.operations for part in self.model.parts), strict=True))
        self._restart()

    @classmethod
    def following(cls, trainer: Trainer) -> Self:
        """For the step that a trainer takes next. The caller sees to it that the trainer stands still meanwhile."""
        return cls(trainer.config, trainer.task, trainer.state())

    @property
    def position(self) -> int:
        """How many places have been passed; len(places) after the update."""
        return self._position

    @property
    def last(self) -> Place | None:
        """The place that was passed last; None at the start of the step."""
        return self.places[self._position - 1] if self._position else None

    @property
    def next(self) -> Place | None:
        """The place that is passed next; None after the update."""
        return self.places[self._position] if self._position < len(self.places) else None

    def place(self, name: str, phase: str) -> Place:
        """The place of an operation's pass, of "clipping" or "update". KeyError where there is none."""
        for place in self.places:
            if (place.name, place.phase) == (name, phase):
                return place
        raise KeyError(f"the step has no place {name!r} with phase {phase!r}")

    def forward(self, n: int = 1) -> None:
        """Pass the next n places, or those that are left. NonFiniteError instead of an update that would spoil."""
        self._go_to(min(self._position + n, len(self.places)))

    def back(self, n: int = 1) -> None:
        """Go back by n places, or to the start."""
        self._go_to(max(self._position - n, 0))

    def run_to(self, place: Place) -> None:
        """Go, forward or back, to where this place is the one that was passed last."""
        self._go_to(place.number + 1)

    def run_to_loss(self) -> None:
        """Go to the end of the forward pass."""
        self._go_to(len(self._twins))

    def run_to_gradients(self) -> None:
        """Go to the end of the backward pass."""
        self._go_to(2 * len(self._twins))

    def run_to_update(self) -> None:
        """Finish the step."""
        self._go_to(len(self.places))

    def complete_at(self, name: str, of: Of) -> int | None:
        """The position from which on a value or gradient has been computed; None for a gradient that does not exist.

        KeyError for a name that is neither a tensor's nor a parameter's.
        """
        if (name, "value") not in self._complete_at:
            raise KeyError(f"the step has no tensor and no parameter {name!r}")
        return self._complete_at.get((name, of))

    def computed(self, name: str, of: Of = "value") -> bool:
        """Whether a tensor's or a parameter's value or gradient has been computed at this position."""
        position = self.complete_at(name, of)
        return position is not None and self._position >= position

    def value(self, name: str) -> Array | None:
        """The value under the reference's axes, read-only; None where it has not been computed yet.

        A parameter's is the updated one after the update; `before` keeps the old one.
        """
        return self._tensor(name).value if self.computed(name, "value") else None

    def gradient(self, name: str) -> Array | None:
        """The gradient, not clipped, read-only; None where it has not been computed yet or does not exist."""
        return self._tensor(name).grad if self.computed(name, "gradient") else None

    @property
    def loss(self) -> float | None:
        """The loss of the batch; None where it has not been computed yet."""
        return self.model.loss if self.computed("loss") else None

    @property
    def clipping(self) -> Clipping | None:
        """Norms, scale and learning rate; None before the clipping."""
        return self._clipping

    @property
    def before(self) -> Mapping[str, Array]:
        """The state that the step starts from: parameters, moments, step. Not to be written to."""
        return MappingProxyType(self._start)

    def state(self) -> State:
        """Copies of parameters, optimiser state and step at this position: the run's own after the update."""
        return self._trainer.state()

    def update_ratios(self) -> dict[str, float] | None:
        """Length of the change over length of the weights, by parameter group; None before the clipping.

        Known before the update is made: it is tried and taken back. Weights that are all 0 give NaN or infinity.
        """
        if self._clipping is None:
            return None
        tried = self.next is not None
        if tried:
            self._update(self._clipping)
        ratios = update_ratios(self._trainer, self._start["parameters"], self._trainer.parameters.flat)
        if tried:
            self._trainer.restore(self._start)
        return ratios

    def check(self, name: str, index: tuple[int, ...]) -> CellCheck:
        """The gradient by one entry of a parameter at the start of this step, also by central differences.

        In float64, with this batch and these dropout masks, at any position. KeyError for a parameter that does not
        exist, IndexError for such an entry.
        """
        return self._hand_check.cell(name, index)

    def check_layer(self, prefix: str, count: int, seed: int = 0) -> Iterator[CellCheck]:
        """Check `count` random entries, or all, of the parameters whose names begin so, one after another.

        ValueError where there are none.
        """
        return self._hand_check.layer(prefix, count, seed)

    def explain(self, name: str, index: tuple[int, ...], of: str = "value") -> Explanation:
        """Where the number of a cell came from: in float64, with the step's own batch, dropout masks and state.

        `of` is "value", "gradient" or "clipped", which is a parameter's gradient as the update sees it.

        `stored` is what this stepper has of it, None where it has not been computed yet. A parameter's value is told as
        the update's after the update. ValueError for what there is not, with a reason.
        """
        stored = self._stored(name, of)
        if of == "value" and name in self.parameters and self.next is None:
            explanation = self._provenance.updated(name, index)
        else:
            explanation = self._provenance.cell(name, index, of)
        return replace(explanation, stored=None if stored is None else float(stored[index]))

    @cached_property
    def _provenance(self) -> StepProvenance:
        return StepProvenance(
            self._hand_check.model, self._start, self._trainer.optimizer, self._trainer.schedule(self.step),
            self.config.training.clip_norm, self._trainer.frozen.names if self._trainer.frozen else (),
        )  # fmt: skip

    def _stored(self, name: str, of: str) -> Array | None:
        """What has been computed of a tensor at this position; None also for what there is not."""
        if (name, "value") not in self._complete_at:
            return None
        if of == "value":
            return self.value(name)
        gradient = self.gradient(name)
        if of == "gradient" or gradient is None:
            return gradient
        return None if self._clipping is None else gradient * gradient.dtype.type(self._clipping.scale)

    @cached_property
    def _hand_check(self) -> HandCheck:
        return HandCheck(
            self.model, self._start["parameters"], self.batch, self.step, self._trainer.models.seed
        )

    def _tensor(self, name: str) -> Tensor:
        return self.parameters[name] if name in self.parameters else self.tensors[name]

    def _go_to(self, position: int) -> None:
        if position < self._position:
            self._restart()
        with np.errstate(all="ignore"), self.model.program.unbuffered:
            while self._position < position:
                self._pass(self.places[self._position])
                self._position += 1

    def _restart(self) -> None:
        """The state as before the step, and NaN wherever something is to be computed."""
        self._trainer.restore(self._start)
        for part in self.model.parts:
            part.gradients.fill(math.nan)
            for tensor in part.program.tensors.values():
                if tensor.value_root is tensor:
                    tensor.data.fill(math.nan)
                if tensor.gradient_root is tensor and tensor.d_data is not None:
                    tensor.d_data.fill(math.nan)
        self._gradients.fill(math.nan)
        for name in self._never_read:
            entry = self._trainer.parameters.layout.entries[name]
            for gradients in (self._gradients, *(part.gradients for part in self.model.parts)):
                entry.view(gradients)[...] = 0.0
        self._clipping: Clipping | None = None
        self._position = 0
        self.model.set_step(self.step)
        self.model.load(self.batch.source, self.batch.target_in, self.batch.target_out)

    def _pass(self, place: Place) -> None:
        match place.phase:
            case "forward":
                for operation in self._twins[place.number]:
                    operation.forward()
            case "backward":
                twins = self._twins[2 * len(self._twins) - 1 - place.number]
                for operation in twins:
                    operation.backward()
                self._add_parts(twins[0])
            case "clipping":
                self._clipping = self._measure()
            case "update":
                assert self._clipping is not None  # the place before this one
                self._refuse_non_finite(self._clipping)
                self._update(self._clipping)

    def _add_parts(self, operation: Operation) -> None:
        """The gradients of an operation's parameters, over all parts of the batch in their order."""
        first, *others = self.model.parts
        names = {whole_name(tensor.name) for tensor in operation.inputs if tensor.kind == "parameter"}
        for entry in (self._trainer.parameters.layout.entries[name] for name in names):
            total = entry.view(self._gradients)
            np.copyto(total, entry.view(first.gradients))
            for part in others:
                np.add(total, entry.view(part.gradients), out=total)

    def _measure(self) -> Clipping:
        norms = self._trainer.group_norms(self._gradients)
        norm = math.hypot(*norms)
        scale = clip_scale(norm, self.config.training.clip_norm)
        by_group = dict(zip(self._trainer.groups, norms, strict=True))
        return Clipping(norm, by_group, scale, self._trainer.schedule(self.step))

    def _refuse_non_finite(self, clipping: Clipping) -> None:
        if not (math.isfinite(self.model.loss) and math.isfinite(clipping.norm)):
            place = first_non_finite(self.model, self.batch)
            raise NonFiniteError(self.step, self.model.loss, clipping.norm, place)

    def _update(self, clipping: Clipping) -> None:
        self._trainer.update(self._gradients, clipping.learning_rate, clipping.scale)
        self._trainer.step, self._trainer.edits = self.step, 0


def _read_only(view: Array) -> Array:
    view = view.view()
    view.flags.writeable = False
    return view
