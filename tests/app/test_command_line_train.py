"""`train`: its log, its summary, what it writes, how it is interrupted, and that it learns."""

import json
import re
import signal
import subprocess
import sys

import pytest
from safetensors.numpy import load_file

from tests.app.commands import ROOT, SMALL, program
from tfviz.app.command_line import main
from tfviz.training.config import RunConfig
from tfviz.training.model.model_file import load_model
from tfviz.training.run_file import Recorder, RunReader
from tfviz.training.session import Session

EPOCH = re.compile(r"Epoch (\d+)/(\d+) - Loss:  (\d+\.\d{4})")
STEP = re.compile(r"Step (\d+)/(\d+) - Loss:  (\d+\.\d{4})")


def trained(capsys, *arguments):
    """The lines that a successful run prints."""
    assert main(["train", *SMALL, *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def entries(lines, pattern=EPOCH):
    return [(int(m[1]), int(m[2]), float(m[3])) for line in lines if (m := pattern.fullmatch(line))]


def summary_loss(lines):
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith("Mean training loss"))


def test_the_log_is_that_of_the_original_project(capsys):
    lines = trained(capsys, "--preset", "identity_sgd", "--epochs", "20")
    assert [entry[:2] for entry in entries(lines)] == [(1, 20), (10, 20), (20, 20)]
    place = next(number for number, line in enumerate(lines) if EPOCH.fullmatch(line))
    names, tokens = zip(*(line.split(maxsplit=1) for line in lines[place + 1 : place + 4]), strict=True)
    assert names == ("Input:", "Prediction:", "Target:")
    source, prediction, target = (json.loads(text.replace("'", '"')) for text in tokens)
    assert source[0] == "<s>" and source[-1] == "</s>"
    assert target == source[1:]
    assert isinstance(prediction, list)


def test_the_numbers_are_those_of_the_same_training_done_by_hand(capsys):
    lines = trained(capsys, "--preset", "identity_sgd", "--epochs", "2")
    changes = dict(option.removeprefix("--set=").split("=") for option in SMALL)
    session = Session(RunConfig.preset("identity_sgd").with_values(changes))
    session.train(12)
    losses = session.history["loss"]
    assert entries(lines) == [
        (1, 2, pytest.approx(losses[:6].mean(), abs=5e-5)),
        (2, 2, pytest.approx(losses[6:].mean(), abs=5e-5)),
    ]
    assert summary_loss(lines) == pytest.approx(losses[6:].mean(), abs=5e-7)
    exact = sum(session.predict(source) == target for source, target in session.task.pairs)
    assert f"Reproduced exactly, free-running: {exact} of 92 training sentences" in lines
    session.close()


def test_data_without_end_are_logged_by_steps_with_validation_at_the_end(capsys):
    lines = trained(capsys, "--preset", "tiny", "--steps", "25", "--log-every", "10")
    assert [entry[:2] for entry in entries(lines, STEP)] == [(1, 25), (10, 25), (20, 25), (25, 25)]
    assert any(re.fullmatch(r"Mean training loss of steps 1 to 25: \d+\.\d{6}", line) for line in lines)
    assert any(re.search(r"free-running: \d+ of 256 validation sentences", line) for line in lines)
    assert any(re.fullmatch(r"25 steps in \d+\.\d s: \d+\.\d steps per second", line) for line in lines)


def test_a_length_that_is_asked_for_replaces_that_of_the_preset(capsys, tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({"training": {"epochs": 1}}))
    lines = trained(capsys, "--config", str(tmp_path / "c.json"), "--steps", "9", "--quiet")
    assert lines[0].startswith("9 steps")  # not 6
    lines = trained(capsys, "--preset", "identity_sgd", "--steps", "8", "--log-every", "1")
    assert [entry[:2] for entry in entries(lines)] == [(1, 2), (2, 2)]  # the second epoch is a part of one


def test_quiet_leaves_the_summary(capsys):
    lines = trained(capsys, "--preset", "identity_sgd", "--epochs", "1", "--quiet")
    assert len(lines) == 3
    assert not entries(lines)


def test_ones_own_data_are_learned_and_the_model_answers(capsys, tmp_path):
    data, model = tmp_path / "pairs.tsv", tmp_path / "model.safetensors"
    data.write_text("one two\tun deux\nthree\ttrois\ntwo three\tdeux trois\n", encoding="utf-8")
    options = ["--config", str(tmp_path / "c.json"), "--data", str(data), "--epochs", "200", "--quiet"]
    (tmp_path / "c.json").write_text(json.dumps({"task": {"probe": 2}, "training": {"learning_rate": 0.01}}))
    lines = trained(capsys, *options, "--out", str(model))
    assert "Reproduced exactly, free-running: 3 of 3 training sentences" in lines
    assert lines[-1] == f"Saved {model}, the model after 200 steps"
    data.unlink()  # the model needs it no longer
    assert main(["predict", str(model), "two", "three"]) == 0
    assert capsys.readouterr().out == "deux trois\n"


def test_the_same_command_writes_the_same_bytes(capsys, tmp_path):
    paths = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]
    for path in paths:
        trained(capsys, "--preset", "identity_sgd", "--epochs", "1", "--quiet", "--out", str(path))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_seed_decides_the_weights(capsys, tmp_path):
    models = []
    for seed in ("0", "1"):
        path = tmp_path / f"{seed}.safetensors"
        trained(capsys, "--preset", "identity_sgd", "--steps", "1", "--seed", seed, "--out", str(path))
        models.append(load_model(path))
    assert [model.seed for model in models] == [0, 1]
    assert (models[0].parameters["generator.weight"] != models[1].parameters["generator.weight"]).any()


def test_an_existing_run_file_is_refused_and_left_alone(capsys, tmp_path):
    path = tmp_path / "run.tfviz"
    trained(capsys, "--preset", "identity_sgd", "--steps", "2", "--run", str(path))
    before = path.read_bytes()
    assert main(["train", *SMALL, "--steps", "2", "--run", str(path)]) == 2
    assert "--resume" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def interrupted(path, how, *more):
    """Start a recorded run, and stop it by a signal after its first entry in the log."""
    command = [
        sys.executable,
        str(ROOT / "main.py"),
        "train",
        *SMALL,
        "--preset",
        "identity_sgd",
        "--run",
        str(path),
    ]
    with subprocess.Popen(
        [*command, *more], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if EPOCH.fullmatch(line.strip()):
                break
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_an_interrupted_run_is_saved_and_ends_after_resuming_as_if_nothing_had_happened(capsys, tmp_path):
    run, model, straight = (tmp_path / name for name in ("r.tfviz", "m.safetensors", "s.safetensors"))
    code, errors = interrupted(run, signal.SIGINT, "--epochs", "150", "--out", str(model))
    assert code == 130
    steps = int(re.search(r"stopped after ([\d,]+) steps", errors)[1].replace(",", ""))
    assert 0 < steps < 900
    assert "Traceback" not in errors
    assert load_model(model).step == steps
    assert len(RunReader(run).history()) == steps
    assert main(["train", "--run", str(run), "--resume", "--quiet", "--out", str(model)]) == 0
    trained(capsys, "--preset", "identity_sgd", "--epochs", "150", "--quiet", "--out", str(straight))
    assert model.read_bytes() == straight.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_termination_saves_too(tmp_path):
    code, errors = interrupted(tmp_path / "r.tfviz", signal.SIGTERM)
    assert code == 143
    assert f"saved {tmp_path / 'r.tfviz'}" in errors
    assert RunReader(tmp_path / "r.tfviz").closed


def test_a_run_whose_disk_fills_up_is_not_said_to_be_saved(capsys, tmp_path, monkeypatch):
    def full(recorder):
        raise OSError(f"cannot write {recorder.path}: the disk is full")

    run, model = tmp_path / "r.tfviz", tmp_path / "m.safetensors"
    monkeypatch.setattr(Recorder, "_open_store", full)
    command = ["train", *SMALL, "--preset", "identity_sgd", "--epochs", "2", "--quiet"]
    assert main([*command, "--run", str(run), "--out", str(model)]) == 1
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if line.startswith("Saved")] == [
        f"Saved {model}, the model after 12 steps"
    ]
    last = said.err.splitlines()[-1]
    assert last == f"tfviz: not all of the run is in its file: cannot write {run}: the disk is full"


def test_a_resumed_run_takes_only_changes_that_a_run_can_take(capsys, tmp_path):
    path = tmp_path / "run.tfviz"
    recorded = ["--preset", "identity_sgd", "--epochs", "2", "--run", str(path)]
    trained(capsys, *recorded)
    resume = ["train", "--run", str(path), "--resume"]
    assert main([*resume, "--set", "model.d_model=32"]) == 2
    assert "model.d_model is 16" in capsys.readouterr().err
    assert main([*resume, "--epochs", "5"]) == 2
    assert "training.epochs is 2" in capsys.readouterr().err
    assert main(["train", *SMALL, *recorded, "--resume"]) == 0  # said again, and the same
    assert "all done" in capsys.readouterr().out
    assert main([*resume, "--set", "training.learning_rate=0.01"]) == 0
    assert "from step 12 on training.learning_rate is 0.01" in capsys.readouterr().err
    session = Session.open(path)
    assert session.config.training.learning_rate == 0.01
    session.close()


def test_a_recorded_run_holds_pictures_of_its_course(capsys, tmp_path):
    path = tmp_path / "run.tfviz"
    trained(capsys, "--preset", "identity_sgd", "--epochs", "2", "--run", str(path))
    reader = RunReader(path)
    assert reader.snapshot_steps()[-1] == 12
    assert reader.snapshot(0, 12).attention is not None
    assert reader.keyframe_steps()[-1] == 12


def test_training_that_breaks_off_keeps_the_last_sound_state(capsys, tmp_path):
    path = tmp_path / "model.safetensors"
    wild = ["--set=training.learning_rate=1e30", "--set=training.clip_norm=0"]
    code = main(["train", *SMALL, "--preset", "identity_sgd", *wild, "--epochs", "9", "--out", str(path)])
    output = capsys.readouterr()
    assert code == 1
    assert "NaN or infinity arose in" in output.err
    model = load_model(path)
    assert f"step {model.step + 1} would spoil the parameters" in output.err
    assert set(load_file(path)) == set(model.parameters)


def test_a_model_that_cannot_be_written_is_said_before_training(capsys, tmp_path):
    assert main(["train", "--preset", "identity", "--out", str(tmp_path)]) == 2
    output = capsys.readouterr()
    assert "folder" in output.err
    assert output.out == ""  # not even its introduction


def test_identity_with_plain_descent_begins_to_learn(capsys):
    assert main(["train", "--preset", "identity_sgd", "--epochs", "60", "--log-every", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    losses = [loss for _, _, loss in entries(lines)]
    assert losses[0] > 3
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_identity_is_learned_in_a_hundred_epochs(seed, capsys):
    assert main(["train", "--preset", "identity", "--seed", str(seed), "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("600 steps")
    assert summary_loss(lines) < 0.01
    assert "Reproduced exactly, free-running: 92 of 92 training sentences" in lines


def test_main_py_trains(tmp_path):
    answer = program(
        "train", *SMALL, "--preset", "tiny", "--steps", "3", "--out", str(tmp_path / "m"), cwd=tmp_path
    )
    assert answer.returncode == 0, answer.stderr
    assert "Step 3/3 - Loss: " in answer.stdout
    assert answer.stderr == ""
