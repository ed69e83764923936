"""`gradcheck` and `bench`: what they print, and when they fail."""

import json

import pytest

from tests.app.commands import SMALL, program
from tfviz.app import bench_gui
from tfviz.app.command_line import main
from tfviz.core.operations import LayerNorm
from tfviz.training.benchmark import bench_timeline


def test_the_small_model_passes_in_both_orders_of_its_norms(capsys):
    assert main(["gradcheck", "--samples", "2"]) == 0
    text = capsys.readouterr().out
    for title in ("norm last, relu", "norm last, gelu", "norm first, relu", "norm first, gelu"):
        assert title in text
    assert text.count("all 68 parameters pass at 1e-06") == 4
    assert "FAILED" not in text


def test_a_preset_passes_with_changes(capsys):
    options = ["--set=model.norm_first=true", "--set=training.label_smoothing=0.1"]
    assert main(["gradcheck", "--preset", "identity", *SMALL, *options, "--samples", "2"]) == 0
    text = capsys.readouterr().out
    assert "identity: 4 sentences of its first batch, norm first, relu" in text
    assert "generator.bias" in text


def test_a_wrong_backward_pass_is_found_and_named(capsys, monkeypatch):
    right = LayerNorm.backward

    def wrong(operation):
        right(operation)
        if operation.name == "encoder.norm":
            operation.inputs[0].gradient[...] *= 1.01

    monkeypatch.setattr(LayerNorm, "backward", wrong)
    assert main(["gradcheck", *SMALL, "--samples", "1"]) == 1
    text = capsys.readouterr().out
    assert "FAILED: " in text
    failed = [line for line in text.splitlines() if "FAILED at" in line]
    assert all("encoder" in line or "source_embedding" in line for line in failed)


def test_a_tolerance_that_nothing_meets_fails(capsys):
    assert main(["gradcheck", *SMALL, "--samples", "1", "--tolerance", "1e-30"]) == 1


def test_bench_prints_a_table_of_every_shape_and_of_its_operations(capsys):
    assert main(["bench", "--shapes", "tiny", "--seconds", "0.05"]) == 0
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines() if line.startswith("tiny")]
    assert [row[1].rstrip("*") for row in rows] == ["1", "2"]
    for word in (
        "ms/step",
        "steps/s",
        "GFLOP/s",
        "of peak",
        "Linear",
        "Softmax",
        "update",
        "making the batch",
    ):
        assert word in text


def test_bench_as_json_is_consistent():
    answer = program("bench", "--shapes", "tiny", "--threads", "1", "--seconds", "0.05", "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    (case,) = found["cases"]
    assert case["steps_per_second"] == pytest.approx(1 / case["step"])
    assert case["share_of_peak"] == pytest.approx(case["useful_flops"] / found["peak_flops"]["1"])
    assert 0 < case["share_of_peak"] < 1
    low, high = case["step_quartiles"]
    assert low <= case["step"] <= high
    assert found["machine"]["blas threads"] == 1


def test_bench_of_the_window_says_what_it_takes():
    answer = program("bench", "--gui", "--shapes", "tiny", "--seconds", "1", "--json")
    assert answer.returncode == 0, answer.stderr
    (window,) = json.loads(answer.stdout)["windows"]
    assert window["shape"] == "tiny"
    assert window["panels"] >= 4
    assert window["live_over_idle"] > 0
    assert window["pictures_per_second"] > 0
    delay = window["event_loop_delay"]
    assert 0 <= delay["p50"] <= delay["p99"] <= delay["max"]


def test_bench_of_the_window_can_have_a_panel_in_front(monkeypatch):
    shown = []

    def run(self, seconds):
        names = {name for name, dock in self.window.docks.items() if not dock.visibleRegion().isEmpty()}
        shown.append(names)
        return self.cost

    monkeypatch.setattr(bench_gui._Measurement, "run", run)
    bench_gui.measure_window(["tiny"], 0.1)
    bench_gui.measure_window(["tiny"], 0.1, "flow_panel")
    assert "attention_panel" in shown[0] and "flow_panel" not in shown[0]
    assert "attention_panel" not in shown[1] and "flow_panel" in shown[1]


def test_a_panel_in_front_has_to_exist_and_needs_the_window(capsys):
    assert main(["bench", "--gui", "--panel", "flaw_panel"]) == 2
    assert "'flaw_panel'" in (error := capsys.readouterr().err) and "flow_panel" in error
    assert main(["bench", "--panel", "flow_panel"]) == 2
    assert "--panel" in capsys.readouterr().err


def test_threads_are_not_for_the_window(capsys):
    assert main(["bench", "--gui", "--threads", "1"]) == 2
    assert "--threads" in capsys.readouterr().err


def test_bench_of_the_timeline_says_what_looking_back_costs(capsys, monkeypatch):
    for name, value in (("PAIRS", 2), ("ROUNDS", 2), ("SETTLING", 0.0)):
        monkeypatch.setattr(bench_timeline, name, value)
    assert main(["bench", "--timeline", "--shapes", "tiny", "--steps", "30", "--seconds", "0.05"]) == 0
    captured = capsys.readouterr()
    for word in ("memory", "file", "median", "worst", "100 / 250", "ratio", "file MB", "0.97"):
        assert word in captured.out
    assert "tiny: showing steps" in captured.err


@pytest.mark.parametrize(
    "option", [["--timeline", "--gui"], ["--timeline", "--threads", "1"], ["--steps", "5"]]
)
def test_options_of_another_measurement_are_refused(capsys, option):
    assert main(["bench", *option]) == 2
    assert "--timeline" in capsys.readouterr().err
