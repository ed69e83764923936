"""A trained model as one safetensors file: weights under torch's names, configuration and vocabularies beside them.

Another program needs only the tensors; `predict` and `export` find everything else in the metadata, texts by name:

    tfviz_format    "1"; a newer number is refused
    config          the run's configuration, JSON
    source_tokens, target_tokens    the vocabularies, JSON lists in the order of the ids; config says of what kind
    step, seed      decimal
    format          "pt", by which other libraries know that names and shapes are torch's
    differs         how the model differs from torch.nn.Transformer, where it does: these fields of the configuration
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tfviz.core.parameters import Layout
from tfviz.training.atomic_file import write_atomically
from tfviz.training.config import RunConfig
from tfviz.training.model_settings import ModelSettings
from tfviz.training.tokens.tokenizers import tokenizer_of

FORMAT = 1
DTYPES = {"F32": "float32", "F64": "float64"}
METADATA = ("tfviz_format", "config", "source_tokens", "target_tokens", "step", "seed")


@dataclass(frozen=True)
class SavedModel:
    """What a model file holds."""

    parameters: dict[str, numpy.ndarray]
    """By torch's names, in the model's order, shapes and number format as the configuration demands."""
    config: RunConfig
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    step: int
    seed: int


def save_model(
    path: str | os.PathLike[str],
    parameters: Mapping[str, numpy.ndarray],
    config: RunConfig,
    source_tokens: Sequence[str],
    target_tokens: Sequence[str],
    step: int,
    seed: int,
) -> None:
    """Write a model; equal models give equal bytes.

    ValueError where the parameters are not those of the configuration or not finite, OSError where the path
    cannot be written.
    """
    arrays = {name: numpy.ascontiguousarray(array) for name, array in parameters.items()}
    found = {name: (array.dtype.name, array.shape) for name, array in arrays.items()}
    _check_tensors(found, config, source_tokens, target_tokens)
    _check_finite(arrays)
    metadata = {
        "format": "pt",
        "tfviz_format": str(FORMAT),
        "config": config.to_json(),
        "source_tokens": json.dumps(list(source_tokens), ensure_ascii=False),
        "target_tokens": json.dumps(list(target_tokens), ensure_ascii=False),
        "step": str(step),
        "seed": str(seed),
    }
    if different := differences_from_torch(config):
        metadata["differs"] = json.dumps(different)
    write_atomically(path, _with_sorted_metadata(save(arrays, metadata)))


def differences_from_torch(config: RunConfig) -> dict[str, object]:
    """The fields of the model, with their values, that torch.nn.Transformer has no counterpart of.

    Heads are lists of names; with learned positions or another architecture there are tensors of other names too.
    """
    names = (
        "architecture", "positions", "tied_embeddings", "causal_mask", "padding_mask", "scaled_scores", "residual",
        "layer_norm", "heads_off", "heads_uniform",
    )  # fmt: skip
    found = {name: getattr(config.model, name) for name in names}
    return {name: value for name, value in found.items() if value != getattr(ModelSettings(), name)}


def load_model(path: str | os.PathLike[str]) -> SavedModel:
    """Read what save_model wrote.

    ValueError, in one sentence, for any other file: no safetensors file, a truncated one, one without tfviz's
    metadata or of a newer format, tensors that are not those of its configuration, values that are not finite.
    OSError where there is no file to read.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"cannot read {os.fspath(path)}: there is no such file")
    try:
        return _load(path)
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)} is no safetensors file, or a damaged one: {error}") from error
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)} cannot be used: {error}") from error
    except OSError as error:
        raise type(error)(f"cannot read {os.fspath(path)}: {error.strerror or error}") from error


def _load(path: str | os.PathLike[str]) -> SavedModel:
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata() or {}
        _check_metadata(metadata)
        config = RunConfig.from_json(metadata["config"])
        source, target = (_tokens(metadata, name, config) for name in ("source_tokens", "target_tokens"))
        step, seed = (_count(metadata, name) for name in ("step", "seed"))
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118, it is no mapping
        found = {
            name: (DTYPES.get(piece.get_dtype(), piece.get_dtype()), tuple(piece.get_shape()))
            for name, piece in slices.items()
        }
        shapes = _check_tensors(found, config, source, target)
        parameters = {name: file.get_tensor(name) for name in shapes}
    _check_finite(parameters)
    return SavedModel(parameters, config, source, target, step, seed)


def _check_metadata(metadata: Mapping[str, str]) -> None:
    if "tfviz_format" not in metadata:
        raise ValueError("it was not saved by tfviz: it has no configuration and no vocabularies")
    if (version := _count(metadata, "tfviz_format")) > FORMAT:
        raise ValueError(f"it has the model format {version} of a newer tfviz; this one reads up to {FORMAT}")
    if missing := [name for name in METADATA if name not in metadata]:
        raise ValueError(f"its metadata lack {', '.join(missing)}")


def _check_tensors(
    found: Mapping[str, tuple[str, tuple[int, ...]]],
    config: RunConfig,
    source: Sequence[str],
    target: Sequence[str],
) -> dict[str, tuple[int, ...]]:
    """The shapes that the model needs; ValueError where what was found, (dtype, shape) by name, differs."""
    needed = Layout(config.model.for_tokens(source, target)).shapes
    for words, names in (
        ("lacks", needed.keys() - found.keys()),
        ("has unknown", found.keys() - needed.keys()),
    ):
        if names:
            listed = ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            raise ValueError(f"the model {words} parameters: {listed}")
    for name, shape in needed.items():
        if found[name] != (config.training.dtype, shape):
            dtype, other = found[name]
            wanted = config.training.dtype
            raise ValueError(f"{name} is {dtype} {list(other)}; the model needs {wanted} {list(shape)}")
    return needed


def _check_finite(arrays: Mapping[str, numpy.ndarray]) -> None:
    for name, array in arrays.items():
        if bad := int(array.size - numpy.count_nonzero(numpy.isfinite(array))):
            raise ValueError(f"{bad} of the {array.size} values of {name} are NaN or infinite")


def _tokens(metadata: Mapping[str, str], name: str, config: RunConfig) -> tuple[str, ...]:
    try:
        tokens = json.loads(metadata[name])
        if not isinstance(tokens, list):
            raise ValueError(f"a vocabulary is a list of tokens, not {type(tokens).__name__}")
        return tokenizer_of(config.task.tokenizer_kind, tokens).tokens
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its {name} are no vocabulary: {error}") from None


def _count(metadata: Mapping[str, str], name: str) -> int:
    text = metadata[name]
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ValueError(f"its {name} is {text[:40]!r}, not a whole number")
    return int(text)


def _with_sorted_metadata(content: bytes) -> bytes:
    """The same file with a settled order of its metadata; the library writes them in a random one."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the tensors stay aligned
    return len(text).to_bytes(8, "little") + text + content[start:]
