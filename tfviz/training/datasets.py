"""Sentence pairs from files: the handcrafted ones that come with the program, and the user's own."""

from pathlib import Path

from tfviz.resources import resource_path
from tfviz.training.tokenizer import SPECIAL_TOKENS

Pair = tuple[str, str]

LONGEST_LINE = 10_000  # characters
MOST_WORDS = 512  # in one sentence: attention grows with the square
LARGEST_FILE = 256 * 1024 * 1024  # bytes
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def identity_pairs() -> list[Pair]:
    """The handcrafted sentences, each its own target."""
    return load_pairs(resource_path("datasets/identity.tsv"))


def load_pairs(path: str | Path) -> list[Pair]:
    """Read lines of source, tab, target from a UTF-8 file; skips blank lines, evens out white space.

    ValueError names the file and, where it can, the line and what stands there.
    """
    pairs = []
    for number, line in enumerate(_read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            pairs.append(_parse(line))
        except ValueError as error:
            raise ValueError(f"data file {path}, line {number}: {error}") from None
    if not pairs:
        raise ValueError(f"data file {path} is empty; expected lines of source, tab, target")
    return pairs


def _read_lines(path: str | Path) -> list[str]:
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
        text = content[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        offset = start + error.start
        found = f"byte 0x{content[offset]:02x} at offset {offset}"
        raise ValueError(f"data file {path} is not UTF-8: {found}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _parse(line: str) -> Pair:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"{len(line)} characters; at most {LONGEST_LINE} are read")
    if "\0" in line:
        raise ValueError("a NUL character; this is no text")
    columns = [" ".join(column.split()) for column in line.split("\t")]
    if len(columns) != 2:
        count = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
        raise ValueError(f"expected source, tab, target; found {count}: {_shortened(line)}")
    for name, column in zip(("source", "target"), columns, strict=True):
        words = column.split(" ")
        if not column:
            raise ValueError(f"the {name} is empty: {_shortened(line)}")
        if len(words) > MOST_WORDS:
            raise ValueError(f"the {name} has {len(words)} words; at most {MOST_WORDS} are read")
        reserved = set(words).intersection(SPECIAL_TOKENS)
        if reserved:
            raise ValueError(f"the word {min(reserved)} is reserved")
    return columns[0], columns[1]


def _shortened(line: str) -> str:
    return repr(line if len(line) <= 60 else line[:57] + "...")
