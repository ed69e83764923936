"""`predict`, `export` and `info`: what they say of models and run files."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import numpy
import pytest
from safetensors.numpy import load_file

import tfviz
from tests.app.commands import SMALL, program
from tfviz.app.command_line import main
from tfviz.training.model.model_file import load_model
from tfviz.training.session import Session


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A little training, as a model and as a run file; another trainer's run file."""
    folder = tmp_path_factory.mktemp("trained")
    files = ["--out", str(folder / "m.safetensors"), "--run", str(folder / "r.tfviz")]
    assert main(["train", *SMALL, "--preset", "identity_sgd", "--epochs", "4", "--quiet", *files]) == 0
    with tfviz.RunWriter(folder / "other.tfviz", {"name": "theirs", "seed": 4}, trainer="cluster") as writer:
        for step in (1, 2, 3):
            writer.scalars(step, loss=1.0 / step)
        half, third = numpy.full((1, 2, 2, 2), 0.5), numpy.full((1, 2, 3, 3), 1 / 3)
        source, target = ["<s>", "a", "</s>"], ["<s>", "b"]
        writer.snapshot(2, source, target, third, half, numpy.full((1, 2, 2, 3), 1 / 3), ["b", "</s>"])
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return str(folder / "r.tfviz")


@pytest.fixture(scope="module")
def model(folder):
    return str(folder / "m.safetensors")


@pytest.fixture
def session(run):
    session = Session.open(run)
    yield session
    session.close()


def said(capsys, *arguments):
    """Standard output and error of a command that works."""
    assert main([str(argument) for argument in arguments]) == 0
    output = capsys.readouterr()
    return output.out, output.err


@pytest.mark.parametrize("kind", ["model", "run"])
def test_the_answer_is_the_sessions(kind, capsys, session, request):
    file = request.getfixturevalue(kind)
    assert said(capsys, "predict", file, "how are you") == (session.predict("how are you") + "\n", "")
    assert said(capsys, "predict", file, "how", "are", "you")[0] == session.predict("how are you") + "\n"


def test_a_run_answers_at_any_of_its_steps(capsys, run, session):
    for step in (0, 7, 24):
        session.go_to(step)
        assert (
            said(capsys, "predict", run, "--step", step, "good morning")[0]
            == session.predict("good morning") + "\n"
        )


def test_unknown_words_are_warned_of_or_refused(capsys, model):
    answer, warning = said(capsys, "predict", model, "how are zebras")
    assert answer.count("\n") == 1
    assert warning == "tfviz: warning: unknown word 'zebras' is read as <unk>\n"
    assert main(["predict", model, "how are zebras", "--strict"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "unknown word 'zebras'" in output.err


@pytest.mark.parametrize("sentence", ["", "  "])
def test_an_empty_sentence_is_refused(sentence, capsys, model):
    assert main(["predict", model, sentence]) == 2
    assert "the sentence is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "step", "words"),
    [("model", 3, ["step 3", "holds one step, here 24"]), ("run", 25, ["step 25", "steps 0 to 24"])],
)
def test_a_step_that_is_not_there_is_refused(file, step, words, capsys, request):
    assert main(["predict", request.getfixturevalue(file), "--step", str(step), "hello"]) == 2
    text = capsys.readouterr().err
    assert all(word in text for word in words), text


@pytest.mark.parametrize("kind", ["model", "run"])
def test_attention_leaves_as_arrays(kind, capsys, tmp_path, session, request):
    path = tmp_path / "a.npz"
    assert said(capsys, "export", request.getfixturevalue(kind), "--out", path) == ("", "")
    expected = session.snapshot().attention
    with numpy.load(path) as arrays:
        numpy.testing.assert_array_equal(arrays["cross"], expected.cross)
        numpy.testing.assert_array_equal(arrays["encoder_self"], expected.encoder_self)
        assert arrays["source_tokens"].tolist() == list(expected.source_tokens)
        assert (int(arrays["step"]), int(arrays["seed"])) == (24, 0)


def test_attention_of_another_step_and_sentence(capsys, tmp_path, run, session):
    path = tmp_path / "a.json"
    said(capsys, "export", run, "--step", 10, "--sentence", "how are you", "--out", path)
    session.go_to(10)
    session.set_probe("how are you")
    found = json.loads(path.read_text())
    assert (found["step"], found["sentence"]) == (10, "how are you")
    numpy.testing.assert_array_equal(numpy.float32(found["cross"]), session.snapshot().attention.cross)


@pytest.mark.usefixtures("qapp")  # the one application of this process may be none without widgets
def test_a_head_leaves_as_a_table_and_as_pictures(capsys, tmp_path, model):
    for name in ("head.csv", "head.svg", "head.png", "head.pdf"):
        said(capsys, "export", model, "--head", "cross.L0H1", "--out", tmp_path / name)
    with open(tmp_path / "head.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["kind"], row["layer"], row["head"]) for row in rows} == {("cross", "0", "1")}
    assert ElementTree.parse(tmp_path / "head.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "head.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "head.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.usefixtures("qapp")  # the one application of this process may be none without widgets
def test_a_range_of_steps_leaves_as_an_animation(capsys, tmp_path, run):
    path = tmp_path / "a.gif"
    said(capsys, "export", run, "--steps", "4:24:10", "--head", "cross.L0H0", "--out", path)
    with path.open("rb") as file:
        content = file.read()
    assert content.startswith(b"GIF89a")
    assert content.count(b"\x21\xf9\x04") == 3  # a graphic control extension for each frame


@pytest.mark.usefixtures("qapp")  # the one application of this process may be none without widgets
def test_what_another_trainer_recorded_leaves_as_an_animation(capsys, tmp_path, folder):
    path = tmp_path / "a.gif"
    said(capsys, "export", folder / "other.tfviz", "--steps", "::1", "--out", path)
    assert path.read_bytes().count(b"\x21\xf9\x04") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--out", "a.gif"], ["range of steps", "0:500:10"]),
        (["--out", "a.gif", "--steps", "0:99:1"], ["step 99", "0 to 24"]),
        (["--out", "a.gif", "--steps", "all"], ["'all'", "first:last:distance"]),
        (["--out", "a.png", "--steps", "0:9:1"], ["png is of one step"]),
        (["--out", "a.csv", "--what", "scalars", "--steps", "0:9:1"], ["not of a range"]),
        (["--out", "a.gif", "--steps", "0:9:1", "--step", "3"], ["not allowed with"]),
    ],
)
def test_a_range_of_steps_that_cannot_be_is_refused(options, words, capsys, tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    assert main(["export", run, *options]) == 2
    text = capsys.readouterr().err
    assert all(word in text for word in words), text
    assert list(tmp_path.iterdir()) == []


def test_the_format_may_be_named(capsys, tmp_path, model):
    said(capsys, "export", model, "--format", "JSON", "--out", tmp_path / "attention.txt")
    assert "cross" in json.loads((tmp_path / "attention.txt").read_text())


def test_scalars_leave_as_a_table(capsys, tmp_path, run, session):
    path = tmp_path / "s.csv"
    said(capsys, "export", run, "--what", "scalars", "--out", path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == session.history["loss"].tolist()


def test_the_weights_of_any_step_leave_as_a_model(capsys, tmp_path, run, session):
    path = tmp_path / "m.safetensors"
    said(capsys, "export", run, "--what", "model", "--step", 5, "--out", path)
    session.go_to(5)
    assert load_model(path).step == 5
    for name, value in load_file(path).items():
        numpy.testing.assert_array_equal(value, session.parameters[name])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--head", "cross.L9H0"], ["cross.L9H0", "cross.L0H0 to cross.L0H1"]),
        (["--head", "cross3"], ["'cross3'", "cross.L0H3"]),
        (["--head", "cross.L0H0", "--out", "a.npz"], ["npz holds all heads", "csv, svg, png, pdf or gif"]),
        (["--numbers"], ["--numbers needs --head"]),
        (["--what", "scalars", "--out", "a.csv"], ["no run file"]),
        (["--what", "model", "--out", "a.npz"], ["'npz'", "safetensors"]),
        (["--sentence", " "], ["empty"]),
    ],
)
def test_an_export_that_cannot_be_writes_nothing(options, words, capsys, tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    assert main(["export", model, "--out", "a.svg", *options]) == 2
    text = capsys.readouterr().err
    assert all(word in text for word in words), text
    assert list(tmp_path.iterdir()) == []


def test_what_another_trainer_recorded_can_be_exported(capsys, tmp_path, folder):
    file, path = str(folder / "other.tfviz"), tmp_path / "a.npz"
    assert (
        "step 3 was not recorded; this is step 2"
        in said(capsys, "export", file, "--step", 3, "--out", path)[1]
    )
    with numpy.load(path) as arrays:
        assert arrays["cross"].shape == (1, 2, 2, 3)
    for refused in (["predict", file, "a"], ["export", file, "--sentence", "a", "--out", str(path)]):
        assert main(refused) == 2
        assert "written by cluster" in capsys.readouterr().err


def test_a_model_whose_data_have_gone_needs_a_sentence_for_its_attention(capsys, tmp_path):
    data, model = tmp_path / "pairs.tsv", tmp_path / "m.safetensors"
    data.write_text("a b\tc\n")
    options = ["--data", str(data), "--epochs", "1", "--set=training.schedule=constant", "--out", str(model)]
    assert main(["train", *SMALL, *options, "--quiet"]) == 0
    capsys.readouterr()
    data.unlink()
    assert main(["export", str(model), "--out", str(tmp_path / "a.npz")]) == 2
    text = capsys.readouterr().err
    assert "give a sentence" in text and "pairs.tsv" in text
    said(capsys, "export", model, "--sentence", "b a", "--out", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["prediction_mode"] == "free-running"


def test_info_describes_a_model(capsys, model):
    found = json.loads(said(capsys, "info", model, "--json")[0])
    assert (found["kind"], found["step"], found["seed"]) == ("model", 24, 0)
    assert found["config"]["model"]["d_model"] == 16
    assert found["parameters"] == sum(array.size for array in load_file(model).values())
    assert "config.model.d_model" in said(capsys, "info", model)[0]


def test_info_describes_a_run(capsys, run):
    found = json.loads(said(capsys, "info", run, "--json")[0])
    assert found["kind"] == "run"
    assert found["branches"][0]["steps"] == 24
    assert found["branches"][0]["keyframes"]["last"] == 24
    assert "branches.0.steps" in said(capsys, "info", run)[0]


def test_info_describes_the_machine(capsys):
    found = json.loads(said(capsys, "info", "--json")[0])
    assert found["tfviz"] == tfviz.__version__
    assert found["numpy"] == numpy.__version__
    assert found["blas threads"] == 1
    assert found["numerical fingerprint"]["numpy"] == numpy.__version__


def test_main_py_answers_exports_and_informs(tmp_path, model):
    assert program("predict", model, "how are you").returncode == 0
    assert (
        program("export", model, "--out", str(tmp_path / "a.png")).returncode == 0
    )  # with Qt, without a display
    answer = program("info", model, "--json")
    assert json.loads(answer.stdout)["step"] == 24
    refused = program("predict", model, "zebra", "--strict")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1


def test_an_answer_can_be_sampled_or_searched_for(capsys, model, session):
    greedy = said(capsys, "predict", model, "how are you")
    for options in (["--beam", 1], ["--sample", "--top-k", 1], ["--sample", "--top-p", "0.000001"]):
        assert said(capsys, "predict", model, "how are you", *options) == greedy
    bold = ["predict", model, "how are you", "--sample", "--temperature", "20"]
    answers = [said(capsys, *bold, "--seed", seed) for seed in range(4)]
    assert len(set(answers)) > 1 and answers == [said(capsys, *bold, "--seed", seed) for seed in range(4)]
    assert said(capsys, *bold) == said(capsys, *bold, "--seed", session.seed)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--temperature", "2"], ["--temperature", "--sample"]),
        (["--seed", "2"], ["--seed", "--sample"]),
        (["--beam", "2", "--sample"], ["--beam", "--sample"]),
        (["--beam", "2", "--top-k", "3"], ["--top-k", "--sample"]),
        (["--beam", "0"], ["--beam", "0"]),
        (["--beam", "5000"], ["--beam", "5000", "at most 1024"]),
        (["--sample", "--temperature", "0"], ["--temperature", "0.0", "above 0"]),
        (["--sample", "--top-p", "much"], ["--top-p", "'much'", "at most 1"]),
    ],
)
def test_a_way_of_decoding_that_cannot_be_is_refused(options, words, capsys, model):
    assert main(["predict", str(model), "how are you", *options]) == 2
    message = capsys.readouterr().err
    assert all(word in message for word in words) and "Traceback" not in message
