import dataclasses
import doctest
import json

import numpy
import pytest

from tfviz.training.config import RunConfig
from tfviz.training.export import arrays, export_snapshot

KEYS = {
    "encoder_self",
    "decoder_self",
    "cross",
    "source_tokens",
    "target_tokens",
    "prediction_tokens",
    "prediction_mode",
    "step",
    "seed",
    "sentence",
    "target",
    "config",
}


def test_npz_gives_back_the_arrays_and_the_tokens_without_pickle(snapshot, tmp_path):
    export_snapshot(snapshot, tmp_path / "attention.npz", "attention", "npz")
    with numpy.load(tmp_path / "attention.npz", allow_pickle=False) as found:
        assert set(found.files) == KEYS
        for name in ("encoder_self", "decoder_self", "cross"):
            numpy.testing.assert_array_equal(found[name], getattr(snapshot.attention, name))
            assert found[name].dtype == numpy.float32
        assert found["cross"].shape == (3, 4, 4, 5)
        assert found["source_tokens"].tolist() == ["<s>", "how", "are", "you", "</s>"]
        assert found["target_tokens"].tolist() == ["<s>", "how", "are", "you"]
        assert (int(found["step"]), int(found["seed"])) == (1284, 7)
        assert str(found["sentence"]) == "how are you"
        assert RunConfig.from_json(str(found["config"])) == snapshot.config


def test_json_has_the_same_keys_and_gives_the_same_float32(snapshot, tmp_path):
    export_snapshot(snapshot, tmp_path / "attention.json", "attention", "json")
    found = json.loads((tmp_path / "attention.json").read_text(encoding="utf-8"))
    assert set(found) == KEYS
    for name in ("encoder_self", "decoder_self", "cross"):
        array = numpy.array(found[name], dtype=numpy.float32)
        numpy.testing.assert_array_equal(array, getattr(snapshot.attention, name))
    assert RunConfig.from_dict(found["config"]) == snapshot.config
    assert (found["step"], found["seed"], found["sentence"]) == (1284, 7, "how are you")


def test_json_writes_the_shortest_number_of_a_float32(make_snapshot, tmp_path):
    snapshot = make_snapshot(heads=1)
    weights = numpy.full_like(snapshot.attention.cross, 0.1)
    attention = dataclasses.replace(snapshot.attention, cross=weights)
    arrays.write_json(dataclasses.replace(snapshot, attention=attention), tmp_path / "a.json")
    assert '"cross": [[[[0.1,0.1,' in (tmp_path / "a.json").read_text(encoding="utf-8")


def test_a_weight_that_is_no_number_is_null_in_json(make_snapshot, tmp_path):
    snapshot = make_snapshot()
    weights = snapshot.attention.cross.copy()
    weights[0, 0, 0, :2] = numpy.nan, numpy.inf
    attention = dataclasses.replace(snapshot.attention, cross=weights)
    arrays.write_json(dataclasses.replace(snapshot, attention=attention), tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "NaN" not in text and "Infinity" not in text
    assert json.loads(text)["cross"][0][0][0][:2] == [None, None]


@pytest.mark.parametrize("format", ["npz", "json"])
@pytest.mark.parametrize(
    ("missing", "tokens", "mode"),
    [
        (None, ["how", "are", "us", "</s>"], "teacher-forced"),
        ("teacher_forced", ["how", "are", "</s>"], "free-running"),
        ("prediction", [], "teacher-forced"),
    ],
)
def test_it_says_whether_the_prediction_is_teacher_forced(snapshot, tmp_path, format, missing, tokens, mode):
    if missing == "prediction":
        snapshot = dataclasses.replace(snapshot, prediction=None)
    elif missing:
        prediction = dataclasses.replace(snapshot.prediction, **{missing: None})
        snapshot = dataclasses.replace(snapshot, prediction=prediction)
    path = tmp_path / "out"
    export_snapshot(snapshot, path, "attention", format)
    found = numpy.load(path) if format == "npz" else json.loads(path.read_text(encoding="utf-8"))
    assert list(found["prediction_tokens"]) == tokens
    assert str(found["prediction_mode"]) == mode


@pytest.mark.parametrize("format", ["npz", "json"])
def test_tokens_of_every_script_survive(make_snapshot, tmp_path, format):
    source = ("<s>", "&amp;", '"q"', "我", "e\u0301", "👍🏽", "שלום", "a,b", "\udc80", "</s>")
    export_snapshot(make_snapshot(source), tmp_path / "out", "attention", format)
    found = numpy.load(tmp_path / "out") if format == "npz" else json.loads((tmp_path / "out").read_bytes())
    assert tuple(found["source_tokens"]) == source


def test_the_lines_in_the_docstring_feed_bertviz_and_circuitsvis(snapshot, tmp_path):
    seen = {}
    path = tmp_path / "attention.npz"
    arrays.write_npz(snapshot, path)
    names = {
        "path": path,
        "tensor": numpy.asarray,
        "head_view": lambda **arguments: seen.update(arguments),
        "attention_patterns": lambda **arguments: seen.update(circuitsvis=arguments),
    }
    example = doctest.DocTestParser().get_doctest(arrays.__doc__, names, "arrays", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0

    # BertViz: a list with one (batch 1, heads, query, key) for each layer.
    assert [layer.shape for layer in seen["encoder_attention"]] == [(1, 4, 5, 5)] * 2
    assert [layer.shape for layer in seen["decoder_attention"]] == [(1, 4, 4, 4)] * 3
    assert [layer.shape for layer in seen["cross_attention"]] == [(1, 4, 4, 5)] * 3
    assert seen["encoder_tokens"] == ["<s>", "how", "are", "you", "</s>"]
    assert seen["decoder_tokens"] == ["<s>", "how", "are", "you"]
    # CircuitsVis: (heads, destination, source) and one token for each position.
    assert seen["circuitsvis"]["attention"].shape == (4, 5, 5)
    assert len(seen["circuitsvis"]["tokens"]) == 5
