"""All tensors and parameters of a step in groups, in the order in which the step meets them."""

from dataclasses import dataclass

from tfviz.training.stepping.stepper import Stepper

TOKENS = "tokens"


@dataclass(frozen=True)
class Listed:
    """A tensor or parameter as it stands in a list."""

    name: str
    group: str
    axes: tuple[str, ...]
    is_parameter: bool
    complete_at: int
    """The position from which on there is a value."""


def tensors_of(stepper: Stepper) -> tuple[Listed, ...]:
    """A group's activations come first, then its parameters."""
    listed = [_listed(stepper, name, False) for name in stepper.tensors]
    listed += [_listed(stepper, name, True) for name in stepper.parameters]
    order = {TOKENS: -1}
    for place in stepper.places:
        order.setdefault(place.group, len(order))
    return tuple(sorted(listed, key=lambda one: (order[one.group], one.is_parameter)))


def _listed(stepper: Stepper, name: str, is_parameter: bool) -> Listed:
    """A parameter belongs where its gradient comes from, everything else where its value does."""
    complete, gradient = stepper.complete_at(name, "value"), stepper.complete_at(name, "gradient")
    made = (gradient if is_parameter else complete) or 0
    group = stepper.places[made - 1].group if made else TOKENS
    axes = (stepper.parameters if is_parameter else stepper.tensors)[name].axes
    return Listed(name, group, axes, is_parameter, complete or 0)
