"""Data of the user's: looked at before they are learned, and refused in one sentence with the line."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.second_process import ROOT
from tfviz.training.config import RunConfig
from tfviz.training.data.data_import import (
    LISTED,
    PREVIEW,
    DataSurvey,
    pasted_pairs,
    save_pairs,
    survey,
)
from tfviz.training.data.datasets import LARGEST_FILE, load_numbered_pairs, load_pairs
from tfviz.training.data.pair_formats import LONGEST_LINE
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks import create_task, finite
from tfviz.training.training_config import TrainingConfig

PAIRS = [("one", "un"), ("two words", "deux mots"), ("three", "trois")]
IN_EVERY_FORMAT = {
    "pairs.tsv": "one\tun\ntwo  words\tdeux mots\nthree\ttrois\n",
    "pairs.txt": "one\tun\n\ntwo words\t deux mots\nthree\ttrois",
    "pairs.csv": 'source,target\none,un\n"two words",deux mots\nthree,"trois"\n',
    "PAIRS.CSV": "one,un\ntwo words,deux mots\n\nthree,trois\n",
    "pairs.jsonl": '{"source": "one", "target": "un"}\n["two words", "deux mots"]\n\n'
    '{"target": "trois", "source": "three", "id": 3}\n',
    "pairs.ndjson": '["one", "un"]\n["two words", "deux mots"]\n["three", "trois"]',
}  # fmt: skip


def survey_file(path: Path, config: TaskConfig, seed: int) -> DataSurvey:
    return survey(load_numbered_pairs(path), config, seed)


def config(**fields: object) -> TaskConfig:
    return TaskConfig(**({"name": "file", "path": "data"} | fields))


def written(folder: Path, content: str | bytes, name: str = "pairs.tsv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", IN_EVERY_FORMAT)
def test_the_name_of_a_file_says_how_its_pairs_are_written(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, IN_EVERY_FORMAT[name], name)
    assert load_pairs(path) == PAIRS
    assert survey_file(path, config(), 0).pairs == 3


@pytest.mark.parametrize("name", IN_EVERY_FORMAT)
@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_and_a_byte_order_mark_change_nothing(name: str, ending: str, tmp_path: Path) -> None:
    text = IN_EVERY_FORMAT[name]
    path = written(tmp_path, "\ufeff" + text.replace("\n", ending), name)
    assert load_pairs(path) == PAIRS
    mixed = "".join(line + ("\n", "\r\n", "\r")[number % 3] for number, line in enumerate(text.split("\n")))
    assert load_pairs(written(tmp_path, mixed, name)) == PAIRS


@pytest.mark.parametrize("name", IN_EVERY_FORMAT)
def test_the_format_of_pasted_text_is_seen_from_its_first_line(name: str, tmp_path: Path) -> None:
    found = pasted_pairs("\n" * (not name.endswith((".csv", ".CSV"))) + IN_EVERY_FORMAT[name])
    assert [(source, target) for _, source, target in found] == PAIRS
    save_pairs(tmp_path / "pasted.tsv", found)
    assert load_pairs(tmp_path / "pasted.tsv") == PAIRS


def test_a_quoted_text_may_hold_commas_quotes_and_line_ends() -> None:
    found = pasted_pairs('a,b\n"c, d","e ""f""\ng"\nh,i\n')
    assert found == [(1, "a", "b"), (2, "c, d", 'e "f" g'), (4, "h", "i")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", b"", "is empty; expected lines of source, tab, target"),
        ("a.csv", b" \n,\n", "is empty; expected lines of source, comma, target"),
        ("a.jsonl", b"\n\n", "is empty; expected lines of JSON objects"),
        ("a.tsv", bytes(range(256)), "is not UTF-8: byte 0x80 at offset 128, in line 3"),
        ("a.tsv", b"\x00\x01\x02\n", "line 1: a NUL character; this is no text"),
        ("a.csv", b"a,b\n\x00,c\n", "line 2: a NUL character; this is no text"),
        ("a.tsv", "größe\tsize\n".encode("latin-1"), "is not UTF-8: byte 0xf6 at offset 2, in line 1"),
        ("a.tsv", "a\tb\n".encode("utf-16"), "is not UTF-8: byte 0xff at offset 0, in line 1"),
        ("a.tsv", "a\tb\n".encode("utf-16-le"), "line 1: a NUL character"),
        ("a.tsv", b"a\tb\r\nc\rd", "line 2: expected source, tab, target; found 1 column: 'c'"),
        ("a.csv", b"a,b\n\nalone\n", "line 3: expected source, comma, target; found 1 column: 'alone'"),
        ("a.csv", b"a,b,c\n", "line 1: expected source, comma, target; found 3 columns: 'a,b,c'"),
        ("a.csv", b'a,b\n"c,d\n', "line 2: no CSV: unexpected end of data"),
        ("a.csv", b'a,"b"c\n', "line 1: no CSV: ',' expected after"),
        ("a.csv", b"a,b\nc, \n", "line 2: the target is empty"),
        ("a.jsonl", b'["a", "b"]\n{"source": 1}\n', 'line 2: expected {"source": "...", "target": "..."}; found'),
        ("a.jsonl", b'["a"]\n', "line 1: expected"),
        ("a.jsonl", b'["a", "b"]\n{oops\n', "line 2: no JSON: Expecting property name"),
        ("a.jsonl", b"[" * 9_000, "line 1: no JSON"),
        ("a.jsonl", b'["\\ud800", "b"]\n', "line 1: the source has half a surrogate pair"),
        ("a.tsv", b"x" * 10_000_000, f"line 1: 10000000 characters; at most {LONGEST_LINE} are read"),
        ("a.csv", b'"' + b"x" * 10_000_000 + b'",b', f"line 1: 10000004 characters; at most {LONGEST_LINE} are read"),
        ("a.jsonl", b"[" * 10_000_000, f"line 1: 10000000 characters; at most {LONGEST_LINE} are read"),
        ("a.csv", b'"' + b"x\n" * 70_000 + b'",b', "line 1: no CSV: field larger than field limit"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)  # fmt: skip
def test_a_faulty_file_is_refused_in_one_sentence_with_the_place(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    path = written(tmp_path, content, name)
    with pytest.raises(ValueError) as caught:
        survey_file(path, config(), 0)
    said = str(caught.value)
    assert message in said and str(path) in said and "\n" not in said and len(said) < len(str(path)) + 200


MILLION = 1_000_000
A_MILLION_LINES = """
import json, resource, sys
from tfviz.training.config import RunConfig
from tfviz.training.data.data_import import survey
from tfviz.training.data.datasets import load_numbered_pairs
from tfviz.training.tasks import create_task

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run = RunConfig().with_values({"task.name": "file", "task.path": sys.argv[1], "task.validation": 10})
found = survey(load_numbered_pairs(sys.argv[1]), run.task, 0)
task = create_task(run)
print(json.dumps({
    "pairs": found.pairs, "validation": found.validation, "repeated": found.repeated.count,
    "listed": len(found.repeated.lines), "last": found.longest_target.line, "batch": len(task.batch(60_000)),
    "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before,
}))
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="the peak of a process's memory is counted in kilobytes on Linux"
)
def test_a_million_lines_are_looked_at_and_learned_in_bounded_memory(tmp_path: Path) -> None:
    """In a process of its own, whose peak is that of the reading."""
    tail = "a\tthe longest one\n"
    path = written(tmp_path, "".join(f"{n % 500}\t{n % 90}\n" for n in range(MILLION - 1)) + tail)
    command = [sys.executable, "-c", A_MILLION_LINES, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    different = math.lcm(500, 90) + 1
    assert found.pop("kilobytes") < 600_000
    assert found == {
        "pairs": MILLION, "validation": 10, "repeated": MILLION - different, "listed": LISTED, "last": MILLION,
        "batch": 16,
    }  # fmt: skip


def test_a_fault_in_the_last_of_many_lines_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\tb\n" * 199_999 + b"alone\n")
    with pytest.raises(
        ValueError, match=r"line 200000: expected source, tab, target; found 1 column: 'alone'"
    ):
        survey_file(path, config(), 0)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.tsv"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)  # takes no room on the disk
    with pytest.raises(ValueError, match=rf"has {LARGEST_FILE + 1} bytes; at most {LARGEST_FILE} are read"):
        survey_file(path, config(), 0)


def test_many_lines_are_encoded_when_their_batches_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 40_000
    path = written(tmp_path, "".join(f"a{n % 50} b{n % 7} c\td{n % 90} e{n}\n" for n in range(count)))
    found = survey_file(path, config(validation=100), 0)
    assert (found.pairs, found.training, found.validation) == (count, count - 100, 100)
    monkeypatch.setattr(finite, "KEPT", 0)
    lazy = create_task(RunConfig(task=config(path=str(path), validation=100)))
    assert (lazy.source_width, lazy.target_width, lazy.steps_per_epoch) == (5, 3, -(-(count - 100) // 16))
    assert not set(lazy.batch(7).sentences) & set(lazy.validation)


def test_batches_are_the_same_whether_pairs_are_kept_as_ids_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "".join(f"a{n} b\tc{n}\n" for n in range(50)))
    made = RunConfig(task=config(path=str(path), validation=5), training=TrainingConfig(batch_size=8))
    kept = create_task(made)
    monkeypatch.setattr(finite, "KEPT", 10)
    lazy = create_task(made)
    for step in range(1, 14):
        one, other = kept.batch(step), lazy.batch(step)
        assert one.sentences == other.sentences and (one.source == other.source).all()
        assert (one.target_in == other.target_in).all() and (one.target_out == other.target_out).all()


def test_right_to_left_and_combining_characters_go_through_unchanged(tmp_path: Path) -> None:
    pairs = [("שלום עולם", "مرحبا بالعالم"), ("e\u0301 a\u0308", "é ä"), ("👩‍👩‍👧 ok", "\u202eabc")]
    path = written(tmp_path, "".join(f"{source}\t{target}\n" for source, target in pairs))
    assert load_pairs(path) == pairs
    for kind in ("word", "character", "bpe"):
        task = create_task(RunConfig(task=config(path=str(path), tokenizer=kind)))
        assert set(task.batch(1).sentences) == set(pairs)
        assert all(token.split() == [token] for token in task.target_tokenizer.tokens)
    assert survey_file(path, config(), 0).longest_source.tokens == 2


def test_a_survey_counts_what_is_long_repeated_and_unseen(tmp_path: Path) -> None:
    path = written(tmp_path, "a b\tx\na b\tx\n\nc d e\ty z\nf\tx\na  b\tx\n")
    found = survey_file(path, config(), 0)
    assert (found.pairs, found.training, found.validation) == (5, 5, 0)
    assert (found.longest_source.tokens, found.longest_source.line) == (3, 4)
    assert (found.longest_target.tokens, found.longest_target.line) == (2, 4)
    assert (found.source_tokens, found.target_tokens) == (4 + 6, 4 + 3)
    assert (found.repeated.count, found.repeated.lines) == (2, (2, 6))
    assert (found.leaking.count, found.unseen_count) == (0, 0)
    assert found.preview[0] == (1, "a b", "x") and len(found.preview) == 5


def test_a_survey_splits_as_the_task_does_and_names_what_leaks(tmp_path: Path) -> None:
    lines = [(f"w{n % 12}", f"t{n}") for n in range(24)]  # each source twice, with two targets
    path = written(tmp_path, "".join(f"{source}\t{target}\n" for source, target in lines))
    made = config(path=str(path), validation=6)
    for seed in range(4):
        found = survey_file(path, made, seed)
        task = create_task(RunConfig(task=made, training=TrainingConfig(seed=seed)))
        assert (found.training, found.validation) == (len(task.pairs), len(task.validation)) == (18, 6)
        trained = {source for source, _ in task.pairs}
        leaking = [lines.index(pair) + 1 for pair in task.validation if pair[0] in trained]
        assert (found.leaking.count, found.leaking.lines) == (len(leaking), tuple(leaking))
        words = {word for pair in task.pairs for word in pair}
        unseen = [
            word for side in (0, 1) for word in sorted({pair[side] for pair in task.validation} - words)
        ]
        assert list(found.unseen_tokens) == unseen and found.unseen_count == len(unseen)
    assert survey_file(path, made, 0) != survey_file(path, made, 1)


def test_pairs_of_validation_that_the_file_repeats_are_never_trained_on(tmp_path: Path) -> None:
    path = written(tmp_path, "".join(f"{letter}\t{letter}\n" for letter in "abcdefabcdef"))
    found = survey_file(path, config(validation=2), 3)
    assert (found.pairs, found.training, found.validation) == (12, 8, 2)
    assert found.repeated.lines == (7, 8, 9, 10, 11, 12) and found.leaking.count == 0


def test_long_lists_are_cut_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "a\tb\n" * (LISTED + 31))
    found = survey_file(path, config(), 0)
    assert (found.repeated.count, len(found.repeated.lines), len(found.preview)) == (
        LISTED + 30,
        LISTED,
        PREVIEW,
    )


def test_pasted_text_is_surveyed_and_refused_like_a_file() -> None:
    assert len(pasted_pairs('["a", "b"]\n["c", "d"]')) == 2
    with pytest.raises(ValueError, match="the text is empty; expected lines of source, tab, target"):
        pasted_pairs(" \n ")
    with pytest.raises(ValueError, match="line 2: expected source, tab, target; found 1 column"):
        pasted_pairs("a\tb\nhow are you")


def test_a_sentence_with_too_many_tokens_is_refused_for_the_way_it_is_split(tmp_path: Path) -> None:
    path = written(tmp_path, f"{'abcdefgh ' * 100}\tb\n")
    assert survey_file(path, config(), 0).longest_source.tokens == 100
    made = config(path=str(path), tokenizer="character")
    for look in (lambda: survey_file(path, made, 0), lambda: create_task(RunConfig(task=made))):
        with pytest.raises(
            ConfigurationError, match=r"longest source is 899 tokens long, .* at most 512"
        ) as caught:
            look()
        assert caught.value.path == "task.tokenizer"


def test_holding_out_everything_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(["a", "b"]) + "\n", "one.jsonl")
    with pytest.raises(
        ConfigurationError, match=r"task.validation is 1; allowed: below the 1 different pairs"
    ):
        survey_file(path, config(validation=1), 0)
