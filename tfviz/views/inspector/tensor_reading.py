"""A tensor of a training step at one position: copies of its numbers, what is known of them, what is missing."""

from dataclasses import dataclass

import numpy

from tfviz.core.tensor import Array
from tfviz.training.stepping.step_places import Of, Place
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.tensor_labels import TensorLabels
from tfviz.views.inspector.tensor_statistics import Statistics

NEVER_NEGATIVE = (".weights", ".own_weights", ".dropped_weights", ".mask", "_mask", ".reciprocal_deviation")
_NO_GRADIENT = {
    "input": "token ids have no gradient",
    "saved": "kept for the backward pass, not part of it: it has no gradient",
}


@dataclass(frozen=True, eq=False)
class Half:
    """The value or the gradient: its numbers, or the sentence that says why there are none."""

    numbers: Array | None
    missing: str
    statistics: Statistics | None
    signed: bool
    """Whether its numbers may be negative."""


@dataclass(frozen=True, eq=False)
class Reading:
    """Made in the thread in which the stepper lives; afterwards nothing writes to its arrays."""

    tensor: str
    kind: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    value: Half
    gradient: Half
    mask: Array | None
    """Bool, broadcast to the tensor's shape: True where a query may not look at a key. None where there is no mask."""
    labels: TensorLabels
    step: int
    position: int

    def half(self, of: Of) -> Half:
        return self.value if of == "value" else self.gradient


def read(stepper: Stepper, name: str) -> Reading:
    """All that is shown of a tensor or parameter. KeyError for a name that is neither."""
    parameter = stepper.parameters.get(name)
    tensor = stepper.tensors[name] if parameter is None else parameter
    shape = tensor.value.shape
    signed = not _never_negative(stepper, name, tensor.kind)
    labels = TensorLabels(name, tensor.axes, shape, stepper.batch, stepper.config.model.architecture)
    value, gradient = (_half(stepper, name, of, tensor.kind, signed) for of in ("value", "gradient"))
    mask = _mask_of(stepper, name)
    return Reading(
        name, tensor.kind, tensor.axes, shape, value, gradient,
        None if mask is None else numpy.broadcast_to(mask, shape), labels, stepper.step, stepper.position,
    )  # fmt: skip


def default_choice(stepper: Stepper) -> tuple[str, Of]:
    """What the place that was passed last has computed; the source tokens where none was."""
    last = stepper.last
    if last is None:
        return "source", "value"
    if last.phase in ("clipping", "update"):
        return next(iter(stepper.parameters)), "gradient" if last.phase == "clipping" else "value"
    of: Of = "value" if last.phase == "forward" else "gradient"
    made = [name for name in stepper.tensors if stepper.complete_at(name, of) == stepper.position]
    return (last.name if last.name in made or not made else made[0]), of if made else "value"


def _half(stepper: Stepper, name: str, of: Of, kind: str, signed: bool) -> Half:
    array = stepper.value(name) if of == "value" else stepper.gradient(name)
    if array is None:
        return Half(None, missing(stepper, name, of, kind), None, True)
    copy = numpy.array(array)
    copy.flags.writeable = False
    return Half(copy, "", Statistics.of(copy), signed or of == "gradient")


def missing(stepper: Stepper, name: str, of: Of, kind: str) -> str:
    """Why there is no number yet, and when there will be: "computed by encoder.norm (backward), 57 operations on"."""
    complete = stepper.complete_at(name, of)
    if complete is None:
        return _NO_GRADIENT.get(kind, "the loss does not depend on it: it has no gradient")
    return f"computed by {_pass_of(stepper.places[complete - 1])}, {_ahead(complete - stepper.position)}"


def _pass_of(place: Place) -> str:
    return f"{place.name} ({place.phase})"


def _ahead(operations: int) -> str:
    return "the next operation" if operations == 1 else f"{operations} operations on"


def _never_negative(stepper: Stepper, name: str, kind: str) -> bool:
    rectified = name.endswith("activation") and stepper.config.model.activation == "relu"
    known = kind == "input" or name in ("probabilities", "loss") or name.endswith(NEVER_NEGATIVE)
    return known or rectified


def _mask_of(stepper: Stepper, name: str) -> Array | None:
    """True where masked, of a mask itself or of an attention map."""
    if name.endswith("_mask"):
        mask = stepper.value(name)
        return None if mask is None else numpy.isneginf(mask)
    tensor = stepper.tensors.get(name)
    if tensor is None or tensor.kind == "saved" or tensor.axes != ("batch", "heads", "query", "key"):
        return None
    cross, encoder = "multihead_attn" in name, name.startswith("encoder.")
    of_decoder = "stream_mask" if stepper.config.model.architecture == "decoder" else "target_mask"
    mask = stepper.value("memory_mask" if cross else "source_mask" if encoder else of_decoder)
    return None if mask is None else numpy.isneginf(mask)
