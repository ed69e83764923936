"""What the command line answers before it does anything: help, versions, one sentence for every bad input."""

import json
import subprocess
import sys

import pytest

import tfviz
from tests.app.commands import ROOT, program
from tfviz.app.command_line import COMMANDS, main


def failure(capsys, *arguments):
    """The sentence on standard error of a command that has to be refused."""
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("tfviz: ")
    assert output.err.count("\n") == 1, output.err
    assert "Traceback" not in output.err
    return output.err


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_every_command_helps_with_examples_or_commands(command, capsys):
    assert main([*([command] if command else []), "--help"]) == 0
    text = capsys.readouterr().out
    assert "usage:" in text
    assert ("example" in text) or all(name in text for name in COMMANDS)


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"tfviz {tfviz.__version__}"


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [(["--help"], False), (["--version"], False), *([([name, "--help"], False) for name in COMMANDS])],
)
def test_help_loads_neither_numpy_nor_qt(arguments, loaded):
    code = f"""
import sys
from tfviz.app.command_line import main
assert main({arguments!r}) == 0
found = {{"numpy", "PySide6", "pyqtgraph"}} & {{name.split(".")[0] for name in sys.modules}}
sys.exit(f"loaded {{found}}" if found else 0)
"""
    answer = program(code=code)
    assert answer.returncode == 0, answer.stderr


def test_headless_commands_load_no_qt(tmp_path):
    model, table = tmp_path / "m.safetensors", tmp_path / "a.svg"
    code = f"""
import sys
from tfviz.app.command_line import main
def do(*arguments):
    assert main(arguments) == 0, arguments
small = ["--set=training.warmup_steps=0", "--set=model.d_model=8", "--set=model.nhead=2", "--quiet", "--steps=2"]
do("train", *small, "--out", {str(model)!r}, "--run", {str(tmp_path / "r.tfviz")!r})
do("predict", {str(model)!r}, "how are you")
do("export", {str(model)!r}, "--out", {str(table)!r})
do("info")
do("info", {str(model)!r})
do("gradcheck", "--samples=1")
do("bench", "--shapes=tiny", "--threads=1", "--seconds=0.01")
found = {{"PySide6", "pyqtgraph"}} & {{name.split(".")[0] for name in sys.modules}}
sys.exit(f"loaded {{found}}" if found else 0)
"""
    answer = program(code=code)
    assert answer.returncode == 0, answer.stderr


def test_an_unknown_command_is_answered_with_the_nearest_and_with_all(capsys):
    text = failure(capsys, "trian")
    assert "'trian'" in text
    assert "did you mean train?" in text
    assert all(name in text for name in COMMANDS)


def test_the_command_test_is_said_to_belong_to_a_checkout(capsys):
    assert "main.py test" in failure(capsys, "test")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--preset", "huge"], ["'huge'", "identity", "identity_sgd", "tiny"]),
        (["train", "--set", "training.rate=1"], ["'training.rate'", "training.learning_rate"]),
        (["train", "--set", "training.learning_rate"], ["'training.learning_rate'", "FIELD=VALUE"]),
        (["train", "--set", "training.learning_rate=fast"], ["training.learning_rate", "'fast'", "above 0"]),
        (["train", "--set", "training.learning_rate=-0.1"], ["training.learning_rate", "-0.1", "above 0"]),
        (["train", "--set", "model.d_model=30"], ["d_model 30", "nhead 4"]),
        (["train", "--set", "model.activation=tanh"], ["'tanh'", "relu", "gelu"]),
        (["train", "--set", "task.name=juggle"], ["'juggle'", "copy", "reverse"]),
        (["train", "--set", "task.probe=4000"], ["task.probe is 4000", "from 1 to 92"]),
        (["train", "--set", "task.name=copy"], ["training.epochs is 100", "training.steps"]),
        (["train", "--seed", "-1"], ["--seed", "'-1'", "at least 0"]),
        (["train", "--steps", "many"], ["--steps", "'many'", "at least 1"]),
        (["train", "--epochs", "0"], ["--epochs", "'0'", "at least 1"]),
        (["train", "--preset", "tiny"], ["no last step", "number of steps"]),
        (["train", "--preset", "tiny", "--epochs", "3"], ["training.epochs is 3", "copy"]),
        (["train", "--preset", "tiny", "--config", "c.json"], ["--config", "not allowed with", "--preset"]),
        (["train", "--config", "nowhere.json"], ["nowhere.json", "No such file"]),
        (["train", "--data", "nowhere.tsv"], ["nowhere.tsv", "No such file"]),
        (["train", "--steps", "1", "--out", "nowhere/m.safetensors"], ["nowhere/m.safetensors", "folder"]),
        (["train", "--steps", "1", "--out", "m.tfviz"], ["'m.tfviz'", "--run"]),
        (["train", "--steps", "1", "--run", "nowhere/r.tfviz"], ["nowhere/r.tfviz", "folder"]),
        (["train", "--resume"], ["--run FILE"]),
        (["train", "--run", "nowhere.tfviz", "--resume"], ["nowhere.tfviz", "nothing to resume"]),
        (["train", "extra"], ["unrecognized", "extra"]),
        (["--preset", "huge"], ["'huge'"]),
        (["--theme", "blue"], ["'blue'", "dark", "light", "system"]),
        (["--data", "nowhere.tsv"], ["nowhere.tsv", "No such file"]),
        (["--run", "nowhere.tfviz"], ["nowhere.tfviz"]),
        (["screenshot"], ["--out"]),
        (["screenshot", "--out", "s.jpg"], ["'s.jpg'", "png"]),
        (["screenshot", "--out", "s.png", "--size", "big"], ["'big'", "1600x1000"]),
        (["screenshot", "--out", "nowhere/s.png"], ["nowhere/s.png"]),
        (["predict", "nowhere.safetensors", "hello"], ["nowhere.safetensors", "No such file"]),
        (["predict", "."], ["SENTENCE"]),
        (["info", "nowhere.tfviz"], ["nowhere.tfviz", "No such file"]),
        (["export", "m.safetensors"], ["--out"]),
        (["export", "m.safetensors", "--out", "a"], ["'a'", "--format"]),
        (["export", "m.safetensors", "--out", "a.bmp"], ["'bmp'", "npz", "svg"]),
        (["export", "m.safetensors", "--what", "loss", "--out", "a.csv"], ["'loss'", "scalars"]),
        (["gradcheck", "--tolerance", "0"], ["'0'", "above 0"]),
        (["gradcheck", "--samples", "3", "--all"], ["not allowed with"]),
        (["bench", "--shapes", "huge"], ["'huge'", "tiny, small, medium, base"]),
        (["bench", "--threads", "3"], ["'3'", "at most 2"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_refused_in_one_sentence(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = failure(capsys, *arguments)
    assert all(word in text for word in words), text
    assert list(tmp_path.iterdir()) == []  # nothing written


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"how are you\thow are you\nfine\n", ["line 2", "1 column", "'fine'"]),
        (b"a\tb\tc\n", ["line 1", "3 columns"]),
        (b"a\t\n", ["line 1", "target is empty"]),
        (b"\xff\xfe\t\x00", ["UTF-8"]),
    ],
)
def test_a_bad_data_file_is_refused_with_its_line(content, words, capsys, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    text = failure(capsys, "train", "--data", str(path), "--epochs", "1")
    assert all(word in text for word in [str(path), *words]), text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[1]", ["list, not an object"]),
        (b"{", ["no JSON"]),
        (b"\xff", ["UTF-8"]),
        (b'{"model": {"d_model": 30}}', ["d_model 30", "nhead"]),
        (b'{"modell": {}}', ["'modell'"]),
    ],
)
def test_a_bad_configuration_file_is_refused_by_name(content, words, capsys, tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    text = failure(capsys, "train", "--config", str(path))
    assert all(word in text for word in [str(path), *words]), text


@pytest.mark.parametrize("command", ["predict", "export", "info"])
@pytest.mark.parametrize(
    "content", [b"", b"hello, this is no model", b"\x10\0\0\0\0\0\0\0{}", b"SQLite format 3\0" + bytes(200)]
)
def test_a_foreign_or_damaged_file_is_refused_by_name(command, content, capsys, tmp_path):
    path, out = tmp_path / "file", tmp_path / "a.npz"
    path.write_bytes(content)
    more = {"predict": ["hello"], "export": ["--out", str(out)], "info": []}[command]
    assert str(path) in failure(capsys, command, str(path), *more)
    assert not out.exists()


@pytest.mark.parametrize("command", [["info"], ["predict", "hello"]])
def test_what_is_no_file_of_ours_is_measured_against_both_kinds(command, capsys, tmp_path):
    path = tmp_path / "run.tfviz"
    path.write_bytes(b"hello, this is no run")
    name, *more = command
    text = failure(capsys, name, str(path), *more)
    assert f"{path} is neither a run file nor a safetensors file" in text


def test_a_configuration_file_of_ones_own_is_used(capsys, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"task": {"name": "copy", "length": 3}, "training": {"steps": 1}}))
    assert main(["train", "--config", str(path)]) == 0
    assert "task copy" in capsys.readouterr().out


def test_whoever_stops_reading_gets_no_complaint():
    command = [
        sys.executable,
        str(ROOT / "main.py"),
        "train",
        "--preset",
        "tiny",
        "--steps",
        "200",
        "--log-every",
        "1",
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in (text := process.stderr.read())
        assert "BrokenPipe" not in text
        assert process.wait(60) == 141


def test_main_py_says_in_one_sentence_what_is_wrong():
    answer = program("train", "--preset", "huge")
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith("tfviz: preset 'huge' is unknown")


def test_a_token_that_the_terminal_cannot_show_is_no_error(tmp_path, monkeypatch):
    path = tmp_path / "pairs.tsv"
    path.write_text("日本\té\n" * 3, encoding="utf-8")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    answer = program("train", "--data", str(path), "--epochs", "1", "--set=training.schedule=constant")
    assert answer.returncode == 0, answer.stderr
    assert r"\u65e5" in answer.stdout
