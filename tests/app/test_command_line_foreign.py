"""Run files of another trainer on the command line: what was recorded can be had, the rest is refused in a sentence."""

import json
from pathlib import Path

import numpy
import pytest

import tfviz
from tests.training.export.pages import Page
from tfviz.app.command_line import main

TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "how", "are", "you")
SOURCE, TARGET = ("<s>", "how", "are", "</s>"), ("<s>", "you", "</s>")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """30 steps, with attention at 13 and 23, and without a name."""
    path = tmp_path_factory.mktemp("foreign") / "run.tfviz"
    with tfviz.RunWriter(path, {"layers": 2}, TOKENS, TOKENS, trainer="PyTorch") as writer:
        for step in range(1, 31):
            writer.scalars(step, loss=1 / step)
            if step % 10 == 3 and step > 3:
                maps = [numpy.full((1, 2, *shape), 0.5) for shape in ((4, 4), (2, 2), (2, 4))]
                writer.snapshot(step, SOURCE, TARGET, *maps, ["you", "</s>"])
        writer.keyframe(30, {"weight": numpy.ones(3)})
    return str(path)


@pytest.mark.parametrize("form", ["npz", "json", "svg", "html", "png", "pdf"])
def test_attention_that_was_recorded_is_exported(tmp_path: Path, run: str, form: str) -> None:
    out = tmp_path / f"a.{form}"
    assert main(["export", run, "--out", str(out)]) == 0
    assert out.stat().st_size > 500


def test_scalars_are_exported(tmp_path: Path, run: str) -> None:
    out = tmp_path / "s.json"
    assert main(["export", run, "--what", "scalars", "--out", str(out)]) == 0
    assert json.loads(out.read_text())["loss"][:2] == [1, 0.5]


def test_a_range_takes_each_recorded_picture_once(tmp_path: Path, run: str) -> None:
    out = tmp_path / "a.html"
    assert main(["export", run, "--steps", "0:30:5", "--out", str(out)]) == 0
    assert [step["step"] for step in Page(out.read_text(encoding="utf-8")).data["steps"]] == [13, 23]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["export", "--what", "model", "--out", "m.safetensors"],
            "its model is not one that tfviz can compute with",
        ),
        (["predict", "how are you"], "its model is not one that tfviz can compute with"),
        (
            ["export", "--sentence", "how", "--out", "a.png"],
            "only what it recorded can be exported, no other sentence",
        ),
        (
            ["export", "--step", "5", "--out", "a.png"],
            "no attention up to step 5; the first is that of step 13",
        ),
        (
            ["export", "--steps", "1:9:2", "--out", "a.gif"],
            "no attention up to step 9; the first is that of step 13",
        ),
        (["train", "--resume", "--steps", "40"], "it can be looked at, not trained on"),
    ],
)
def test_what_only_its_trainer_could_do_is_refused_in_a_sentence(
    tmp_path: Path,
    run: str,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    command, *rest = arguments
    file = ["--run", run] if command == "train" else [run]
    assert main([command, *file, *rest]) != 0
    told = capsys.readouterr().err.strip()
    assert message in told
    assert run in told and "\n" not in told
    assert list(tmp_path.iterdir()) == []


def test_info_says_who_wrote_it(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", run, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["trainer"], found["config"], found["closed"]) == ("PyTorch", {"layers": 2}, True)
    assert found["branches"][0]["snapshots"] == {"count": 2, "first": 13, "last": 23}
