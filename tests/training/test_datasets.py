"""Data files: read as they come, refused with the place of the fault."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.data.datasets import identity_pairs, load_pairs
from tfviz.training.data.pair_formats import LONGEST_LINE, MOST_WORDS


def written(folder: Path, content: bytes) -> Path:
    path = folder / "pairs.tsv"
    path.write_bytes(content)
    return path


def test_the_handcrafted_sentences_are_short_distinct_and_share_their_words() -> None:
    pairs = identity_pairs()
    assert len(pairs) >= 72 and len(set(pairs)) == len(pairs)
    assert all(source == target for source, target in pairs)
    assert ("how are you", "how are you") in pairs
    assert {len(source.split()) for source, _ in pairs} == set(range(1, 9))
    words = Counter(word for source, _ in pairs for word in source.split())
    assert 90 <= len(words) <= 130
    assert sum(count > 1 for count in words.values()) > len(words) / 2
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)


def test_pairs_are_read_in_order_with_white_space_evened_out(tmp_path: Path) -> None:
    path = written(tmp_path, b"one\tun\n\n  two   words \t deux mots\n\t\nthree\ttrois")
    assert load_pairs(path) == [("one", "un"), ("two words", "deux mots"), ("three", "trois")]


@pytest.mark.parametrize("ending", [b"\r\n", b"\r", b"\n"])
def test_every_line_ending_will_do(tmp_path: Path, ending: bytes) -> None:
    path = written(tmp_path, ending.join([b"a\tb", b"c\td", b""]))
    assert load_pairs(str(path)) == [("a", "b"), ("c", "d")]


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path: Path) -> None:
    assert load_pairs(written(tmp_path, b"\xef\xbb\xbfa\tb\n")) == [("a", "b")]


def test_characters_that_python_takes_for_line_ends_stay_inside_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, "a\u2028b\tc\x0bd\n".encode())
    assert load_pairs(path) == [("a b", "c d")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected lines of source, tab, target"),
        (b"\n \n\t\n", "is empty"),
        (b"a\tb\n\nhow are you\n", r"line 3: expected source, tab, target; found 1 column: 'how are you'"),
        (b"a\tb\tc\n", "line 1: expected source, tab, target; found 3 columns"),
        (b"a\tb\nc\t \n", "line 2: the target is empty"),
        (b"\tb\n", "line 1: the source is empty"),
        (b"a\tb\n\xef\xbb\xbfa\xff\tb\n", "is not UTF-8: byte 0xff at offset 8"),
        (b"\xef\xbb\xbfa\xff\tb\n", "is not UTF-8: byte 0xff at offset 4"),
        (b"a\t\x00b\n", "line 1: a NUL character"),
        (b"a <s>\tb\n", "line 1: the word <s> is reserved"),
        (b"x" * (LONGEST_LINE + 1), f"line 1: {LONGEST_LINE + 1} characters; at most {LONGEST_LINE}"),
        (b"a\t" + b"b " * (MOST_WORDS + 1), f"the target has {MOST_WORDS + 1} words; at most {MOST_WORDS}"),
    ],
)
def test_a_faulty_file_is_refused_with_the_place_of_the_fault(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ValueError, match=message) as caught:
        load_pairs(path)
    assert str(path) in str(caught.value) and len(str(caught.value)) < len(str(path)) + 160


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.tsv cannot be read: No such file"):
        load_pairs(tmp_path / "nowhere.tsv")
    with pytest.raises(ValueError, match="is a folder"):
        load_pairs(tmp_path)
    with pytest.raises(ValueError, match="cannot be read"):
        load_pairs("a\0b")


def test_an_endless_device_is_not_read() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("no /dev/zero on this system")
    with pytest.raises(ValueError, match="no regular file"):
        load_pairs("/dev/zero")


@given(st.binary(max_size=200))
def test_any_bytes_are_either_read_or_refused_with_a_sentence(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), content)
        try:
            pairs = load_pairs(path)
        except ValueError as error:
            assert str(path) in str(error)
        else:
            assert pairs and all(source and target for source, target in pairs)
