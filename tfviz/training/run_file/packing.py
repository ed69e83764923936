"""Named arrays as bytes and back: safetensors, which holds no code and checks every length before it reads."""

from collections.abc import Mapping
from typing import Any

import numpy
import safetensors.numpy
from safetensors import SafetensorError

from tfviz.training.run_file.errors import one_line

KINDS = "fiub"
"""Kinds of numbers that safetensors and NumPy share: floating, integers, truth."""


def pack(arrays: Mapping[str, numpy.ndarray]) -> bytes:
    """ValueError names an array of another kind of number, such as complex or object."""
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS or array.dtype.itemsize > 8:
            raise ValueError(
                f"{name} has the type {array.dtype}; real numbers of up to 64 bits can be stored"
            )
        if name == "__metadata__":
            raise ValueError(f"an array cannot be called {name}")
    # Not ascontiguousarray, which gives an array without axes one.
    return safetensors.numpy.save(
        {name: numpy.array(array, order="C", copy=None) for name, array in arrays.items()}
    )


def unpack(data: bytes) -> dict[str, numpy.ndarray]:
    """The reverse of pack; ValueError where the bytes are something else."""
    try:
        return dict(safetensors.numpy.load(data))
    except (SafetensorError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"arrays that cannot be read ({one_line(error)})") from None


def plain_array(name: str, value: Any) -> numpy.ndarray:
    """A copy of what a caller gave: an array, a list, a number, or a tensor of PyTorch on any device.

    ValueError where it holds no numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(getattr(value, "dtype", "")) == "torch.bfloat16":  # NumPy has no such type
            value = value.float()
        if hasattr(value, "numpy"):  # asked for a copy, its own conversion would warn
            value = value.numpy()
    try:
        array = numpy.array(value, copy=True, order="C")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from None
    if array.dtype.kind not in KINDS or array.dtype.itemsize > 8:
        raise ValueError(f"{name} has the type {array.dtype}, not numbers of up to 64 bits")
    return array
