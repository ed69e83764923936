"""Where values and gradients lie: each in storage of its own, or by turns in as little memory as training needs.

A pass is bound by the memory it moves as much as by arithmetic: what was used a moment ago is still in the
processor's cache. A training model therefore gives every storage back as soon as nobody will read it, and an
operation that can work in place does.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tfviz.core import memory
from tfviz.core.tensor import Array, Form, Tensor


class Slot(NamedTuple):
    """A value or a gradient that needs storage, under the tensor it is named after."""

    tensor: Tensor
    of: str

    @property
    def root(self) -> "Slot":
        """The slot in whose storage it lies; itself where there is none."""
        root = self.tensor.value_root if self.of == "value" else self.tensor.gradient_root
        return Slot(root or self.tensor, self.of)


def value(tensor: Tensor) -> Slot:
    return Slot(tensor, "value")


def gradient(tensor: Tensor) -> Slot:
    return Slot(tensor, "gradient")


@dataclass
class Use:
    """What one operation reads and writes in one of its passes; `in_place` are pairs of new and old storage."""

    touched: list[Slot]
    in_place: dict[Slot, list[Slot]] = field(default_factory=dict)


def joined(uses: Iterable[Use]) -> Use:
    """What several do at the same time."""
    uses = list(uses)
    touched = dict.fromkeys(slot for use in uses for slot in use.touched)
    in_place: dict[Slot, list[Slot]] = defaultdict(list)
    for use in uses:
        for result, operands in use.in_place.items():
            in_place[result] += operands
    return Use(list(touched), in_place)


def allocate(uses: list[Use], tensors: list[Tensor], dtype: np.dtype, recycle: bool) -> None:
    """Give every tensor its storage, for uses that follow one another in this order."""
    places, forms = plan(uses, recycle)
    arrays = carve(forms, dtype)
    for tensor in tensors:
        tensor.recycled = recycle
        for root, take, of in (
            (tensor.value_root, tensor.take_value, value),
            (tensor.gradient_root, tensor.take_gradient, gradient),
        ):
            if root is not None and of(root) in places:
                take(arrays[places[of(root)]])


def plan(uses: list[Use], recycle: bool) -> tuple[dict[Slot, int], list[Form]]:
    """The number of the array in which each value and gradient lies, and the forms of the arrays.

    Recycled, an array serves again after the last use of what it held, and what is used but once, piece by piece, has
    room for one piece.
    """
    last_use = {slot: number for number, use in enumerate(uses) for slot in use.touched}
    uses_of = Counter(slot for use in uses for slot in use.touched)

    def form_of(slot: Slot) -> Form:
        tensor = slot.tensor
        return tensor.piece_form if recycle and uses_of[slot] == 1 and not tensor.lasting else tensor.form

    places: dict[Slot, int] = {}
    forms: list[Form] = []
    free: dict[Form, list[int]] = defaultdict(list)
    for number, use in enumerate(uses):
        ending = [slot for slot in use.touched if last_use[slot] == number and not slot.tensor.lasting]
        for slot in use.touched:
            if slot in places:
                continue
            form = form_of(slot)
            inherited = [old for old in use.in_place.get(slot, ()) if old in ending and form_of(old) == form]
            if recycle and inherited:
                places[slot] = places[inherited[0]]
                ending.remove(inherited[0])
            elif recycle and free[form]:
                places[slot] = free[form].pop()
            else:
                places[slot] = len(forms)
                forms.append(form)
        for slot in ending:
            free[form_of(slot)].append(places[slot])
    return places, forms


def carve(forms: list[Form], dtype: np.dtype) -> list[Array]:
    """An array for each form, side by side in one block."""
    unit = memory.LINE // dtype.itemsize
    sizes = [-(-form.size(dtype) // unit) * unit for form in forms]
    block = memory.zeros(sum(sizes), dtype)
    arrays, start = [], 0
    for form, size in zip(forms, sizes, strict=True):
        arrays.append(form.shaped(block[start : start + form.size(dtype)]))
        start += size
    return arrays
