"""`export` of attention over a range of steps, and as a page: from the command line into files."""

import subprocess
import sys

import numpy
import pytest

from tests.app.commands import ROOT, SMALL
from tests.training.export.pages import Page, weights
from tfviz.app.command_line import main
from tfviz.training.session import Session


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "r.tfviz"
    assert (
        main(["train", *SMALL, "--preset", "identity", "--epochs", "4", "--quiet", "--run", str(path)]) == 0
    )
    return str(path)


def page(path):
    return Page(path.read_text(encoding="utf-8"))


def test_a_page_shows_a_range_of_steps(tmp_path, run, capsys):
    out = tmp_path / "a.html"
    assert main(["export", run, "--steps", "0:20:10", "--head", "decoder.L0H1", "--out", str(out)]) == 0
    assert capsys.readouterr().err == ""
    data = page(out).data
    assert [step["step"] for step in data["steps"]] == [0, 10, 20]
    assert data["head"] == {"kind": "decoder", "layer": 0, "number": 1}
    with Session.open(run) as session:
        for index, step in enumerate((0, 10, 20)):
            snapshot = session.view(step)
            assert abs(weights(data, index, "cross") - snapshot.attention.cross).max() < 1e-5
            assert data["steps"][index]["answers"][1]["tokens"] == list(
                snapshot.prediction.free_running.tokens
            )


def test_a_page_of_one_step_follows_the_readers_system_unless_told(tmp_path, run):
    out = tmp_path / "a.html"
    assert main(["export", run, "--step", "7", "--numbers", "--out", str(out)]) == 0
    assert [step["step"] for step in page(out).data["steps"]] == [7]
    assert page(out).data["numbers"]
    assert dict(page(out).elements)["html"] == {"lang": "en"}
    assert main(["export", run, "--theme", "dark", "--out", str(out)]) == 0
    assert dict(page(out).elements)["html"] == {"lang": "en", "data-theme": "dark"}


def test_a_page_needs_no_qt(tmp_path, run):
    code = (
        "import sys; from tfviz.app.command_line import main\n"
        f"assert main(['export', {run!r}, '--steps', '0:9:9', '--out', {str(tmp_path / 'a.html')!r}]) == 0\n"
        "print([name for name in sys.modules if name.startswith('PySide')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert found.stdout.strip() == "[]", found.stderr


@pytest.mark.usefixtures("qapp")
def test_the_pace_of_an_animation_may_be_chosen(tmp_path, run):
    out = tmp_path / "a.gif"
    options = ["--steps", "0:8:4", "--head", "cross.L0H0", "--seconds", "0.4", "--out", str(out)]
    assert main(["export", run, *options]) == 0
    content = out.read_bytes()
    places = [place for place in range(len(content)) if content.startswith(b"\x21\xf9\x04\x05", place)]
    assert [int(numpy.frombuffer(content, "<u2", 1, place + 4)[0]) for place in places] == [40, 40, 190]


def test_unknown_words_are_told_once(tmp_path, run, capsys):
    out = tmp_path / "a.html"
    assert main(["export", run, "--steps", ":9:3", "--sentence", "how are wombats", "--out", str(out)]) == 0
    assert capsys.readouterr().err.count("'wombats'") == 1
    assert "<unk>" in page(out).data["probes"][0]["source"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out", "a.html", "--steps", "5:2"], ["steps 5:2:1 are none"]),
        (["--out", "a.html", "--steps", "0:99"], ["step 99 is not recorded"]),
        (["--out", "a.html", "--head", "cross.L7H0"], ["head cross.L7H0 does not exist"]),
        (["--out", "a.png", "--seconds", "1"], ["--seconds is for gif, not for png"]),
        (["--out", "a.gif", "--steps", "0:9", "--seconds", "0"], ["'0'", "a number above 0"]),
        (["--out", "a.gif", "--steps", "0:9", "--seconds", "500"], ["0.02 to 60 seconds, not 500"]),
        (["--out", "a.gif", "--numbers", "--steps", "0:9"], ["--numbers needs --head"]),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options, words, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", run, *options]) == 2
    text = capsys.readouterr().err
    assert all(word in text for word in words), text
    assert "Traceback" not in text and list(tmp_path.iterdir()) == []
