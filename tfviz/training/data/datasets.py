"""Sentence pairs from files: the handcrafted ones that come with the program, and the user's own."""

from pathlib import Path

from tfviz.resources import resource_path
from tfviz.training.data.pair_formats import NumberedPair, Pair, format_of_file, read_pairs

LARGEST_FILE = 256 * 1024 * 1024  # bytes
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_EXPECTED = {
    "tsv": "lines of source, tab, target",
    "csv": "lines of source, comma, target",
    "jsonl": "lines of JSON objects with source and target",
}


def identity_pairs() -> list[Pair]:
    """The handcrafted sentences, each its own target."""
    return load_pairs(resource_path("datasets/identity.tsv"))


def load_pairs(path: str | Path) -> list[Pair]:
    """Read source and target from a UTF-8 file: TSV, CSV or JSON lines by its name; white space is evened out.

    ValueError names the file and, where it can, the line and what stands there.
    """
    return [(source, target) for _, source, target in load_numbered_pairs(path)]


def load_numbered_pairs(path: str | Path) -> list[NumberedPair]:
    """The same, with the line of each."""
    kind = format_of_file(path)
    text = _read_text(path)
    try:
        pairs = list(read_pairs(text, kind))
    except ValueError as error:
        raise ValueError(f"data file {path}, {error}") from None
    if not pairs:
        raise ValueError(f"data file {path} is empty; expected {_EXPECTED[kind]}")
    return pairs


def _read_text(path: str | Path) -> str:
    file = Path(path)
    if "\0" in str(path):
        raise ValueError(f"data file {str(path)!r} cannot be read: no file has a NUL in its name")
    try:
        if file.is_dir():
            raise ValueError(f"data file {path} is a folder")
        if file.exists() and not file.is_file():
            raise ValueError(f"data file {path} is no regular file")
        if file.exists() and file.stat().st_size > LARGEST_FILE:
            raise ValueError(
                f"data file {path} has {file.stat().st_size} bytes; at most {LARGEST_FILE} are read"
            )
        content = file.read_bytes()
    except OSError as error:
        raise ValueError(f"data file {path} cannot be read: {error.strerror or error}") from None
    start = len(_BYTE_ORDER_MARK) if content.startswith(_BYTE_ORDER_MARK) else 0
    try:
        return content[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        offset = start + error.start
        before = content[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        found = f"byte 0x{content[offset]:02x} at offset {offset}, in line {before.count(10) + 1}"
        raise ValueError(f"data file {path} is not UTF-8: {found}") from None
