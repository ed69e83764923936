"""Texts that are markup, formulas, line ends, right to left, invisible or nothing, in every file that is written."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import tfviz
from tests.app.kinds_of_run import TOKENIZERS, odd_file
from tests.app.written_files import CHECKS, check_animation, check_page, check_scalars
from tests.training.export.pages import Page
from tests.training.small_runs import SMALL
from tfviz.app.command_line import main
from tfviz.app.commands.files import read_history, read_snapshot, read_snapshots
from tfviz.app.dialogs.export_job import ALL_HEADS, CHOICES, ONE_HEAD, Capture, Choice, Job, file_name
from tfviz.training.export import Head, StepRange, export_scalars, export_snapshot, export_snapshots
from tfviz.training.session import Session
from tfviz.views.figures.figure_animation import export_animation
from tfviz.views.figures.figure_image import export_image

pytestmark = pytest.mark.usefixtures("qapp")  # else painting makes an application that has no widgets
ODD = (
    "<s>", "line\nbreak", "\r", "\r\n", 'say "hi"', "a,b;c\td", "'x'", "<script>alert(1)</script>", "</script>", "<!--",
    "]]>", "&amp;", "{{data}}", "שלום", "\u202eabc", "\u202d\u2066", "e\u0301\u0302\u0303", "\u0301",
    "👩\u200d👩\u200d👧", "", "\0", "a\0", "\ud800", "\ufffe", " ", "\t", "x" * 500, "我" * 90, "\u2028", "\ufeff",
    "=1+1", "\\u003c", "</s>",
)  # fmt: skip
NAME = "<b>n</b>\0\n\u202e../../{{data}}"
HEAD = Head("cross", 0, 1)
SENTENCES = [
    "<script>alert('1')</script> &amp; \"q\"",
    "\0 a\0b \x1b[31m",
    "\u202eabc שלום \u2066",
    "e\u0301\u0302 \u0301 👩‍👩‍👧",
    "\ud800 \udfff",
    "x" * 90,
]


def maps(*shape: int) -> np.ndarray:
    scores = np.random.default_rng(5).random(shape)
    return scores / scores.sum(axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of another trainer, whose tokens, name and curves are as odd as can be."""
    path, many = tmp_path_factory.mktemp("odd") / "run.tfviz", len(ODD)
    config = {"name": NAME, "description": NAME, "seed": 3, "<i>": "</table>"}
    with tfviz.RunWriter(path, config, ODD, ODD, trainer="<i>t</i>\n") as run:
        for step in (1, 2):
            run.scalars(step, loss=1.0, **{'<script>,"x"': 2.0})
            weights = maps(1, 2, many, many), maps(1, 2, many - 1, many - 1), maps(1, 2, many - 1, many)
            run.snapshot(step, ODD, ODD, *weights, list(ODD[1:]))
    return path


@pytest.mark.parametrize("head", [None, HEAD], ids=["all heads", "one head"])
@pytest.mark.parametrize("format", CHECKS)
def test_the_odd_tokens_of_another_trainer_come_back_from_every_file(
    foreign: Path, tmp_path: Path, format: str, head: Head | None
) -> None:
    if head is not None and format in ("npz", "json"):
        head = None  # they hold all
    snapshot = read_snapshot(str(foreign), 2)
    path = tmp_path / f"a.{format}"
    if format in ("png", "pdf"):
        export_image(snapshot, path, format, head, numbers=head is not None)
    else:
        export_snapshot(snapshot, path, "attention", format, head)
    CHECKS[format](path, snapshot, head)


def test_the_odd_tokens_of_another_trainer_move(foreign: Path, tmp_path: Path) -> None:
    snapshots = list(read_snapshots(str(foreign), StepRange(1, 2)))
    export_animation(snapshots, tmp_path / "a.gif", head=HEAD)
    check_animation(tmp_path / "a.gif", 2)
    export_snapshots(snapshots, tmp_path / "a.html")
    check_page(tmp_path / "a.html", snapshots)
    page = Page((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert not {"i", "b", "script "} & {*page.tags} and page.tags.count("table") == 0


@pytest.mark.parametrize("format", ["csv", "json"])
def test_curves_with_odd_names_come_back(foreign: Path, tmp_path: Path, format: str) -> None:
    history = read_history(str(foreign))
    export_scalars(history, tmp_path / f"s.{format}", format)
    check_scalars(tmp_path / f"s.{format}", history)


@pytest.mark.parametrize("tokens", TOKENIZERS)
def test_typed_sentences_are_answered_and_exported_however_they_are_split(
    tokens: str, tmp_path: Path
) -> None:
    odd = {"task.name": "file", "task.path": str(odd_file(tmp_path)), "task.bpe_size": 270, "name": NAME}
    with Session(SMALL.with_values(odd | TOKENIZERS[tokens] | {"task.validation": 1})) as session:
        session.train(2)
        for sentence in SENTENCES:
            session.set_probe(sentence)
            assert isinstance(session.predict(sentence), str)
            capture = Capture.at(session, 1)
            for format in CHOICES[ONE_HEAD]:
                steps = None if format.one_step else StepRange(0, 2)
                choice = Choice(ONE_HEAD, format, HEAD, numbers=True, steps=steps)
                path = tmp_path / file_name(capture, choice)
                Job(capture, choice, path, lambda done, of: None).run()
                assert path.parent == tmp_path and path.exists()
                if steps is None:
                    CHECKS[format.name](path, capture.snapshot, HEAD)
                else:
                    check_animation(path, 3)
        whole = next(format for format in CHOICES[ALL_HEADS] if format.name == "html")
        Job(capture, Choice(ALL_HEADS, whole), tmp_path / "a.html", lambda done, of: None).run()
        CHECKS["html"](tmp_path / "a.html", capture.snapshot, None)


@pytest.mark.parametrize("sentence", ["<script>alert(1)</script>", "\u202eabc \x07 \x1b[31m", "שלום e\u0301"])
def test_the_commands_take_odd_sentences(
    sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session(SMALL) as session:
        session.train(2)
        session.save(tmp_path / "run.tfviz")
    out = tmp_path / "a.json"
    assert main(["export", str(tmp_path / "run.tfviz"), "--sentence", sentence, "--out", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["sentence"] == sentence
    assert main(["predict", str(tmp_path / "run.tfviz"), sentence]) == 0
    assert "\x1b" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_is_not_given_the_control_characters_of_a_file(
    terminal: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("a\t\x1b[2Jx \x07\nb\t\x1b[2Jx \u202e\n", encoding="utf-8")
    odd = {"task.name": "file", "task.path": str(pairs), "task.validation": 0, "name": NAME + "\x1b[31m"}
    with Session(SMALL.with_values(odd)) as session:
        session.train(60)
        answer = session.predict("a")
        session.save(tmp_path / "run.tfviz")
    assert answer == "\x1b[2Jx \x07"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert main(["predict", str(tmp_path / "run.tfviz"), "a"]) == 0
    assert capsys.readouterr().out == (r"\x1b[2Jx \x07" if terminal else answer) + "\n"
    assert main(["info", str(tmp_path / "run.tfviz")]) == 0
    assert ("\x1b" in capsys.readouterr().out) != terminal
