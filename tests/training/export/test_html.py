import base64
import dataclasses
import hashlib
import re

import numpy
import pytest

from tests.training.export.conftest import make
from tests.training.export.pages import Page, needs_browser, rendered, weights
from tfviz.resources import resource_path
from tfviz.training.config import RunConfig
from tfviz.training.export import export_snapshot, export_snapshots, page_data
from tfviz.training.export.heads import Head
from tfviz.training.export.html import SCRIPTS, html
from tfviz.training.readings import Attention
from tfviz.training.snapshot import Snapshot

ODD = (
    "<s>",
    "</script>",
    "<!--",
    "&amp;",
    '"q"',
    "'x'",
    "{{data}}",
    "\\u003c",
    "é",
    "我们",
    "שלום",
    "😀",
    "</s>",
)


def with_weights(snapshot, **changed):
    a = snapshot.attention
    arrays = {name: changed.get(name, getattr(a, name)) for name in ("encoder_self", "decoder_self", "cross")}
    attention = Attention(**arrays, source_tokens=a.source_tokens, target_tokens=a.target_tokens)
    return dataclasses.replace(snapshot, attention=attention)


@pytest.fixture
def three_steps(snapshot):
    halves = (snapshot.attention.cross * factor for factor in (1.0, 0.5, 0.25))
    return [
        dataclasses.replace(with_weights(snapshot, cross=cross), step=step)
        for cross, step in zip(halves, (10, 20, 35), strict=True)
    ]


def test_the_page_holds_every_weight_to_four_digits(snapshot):
    data = Page(html([snapshot])).data
    for kind in ("encoder", "decoder", "cross"):
        found = weights(data, 0, kind)
        wanted = getattr(snapshot.attention, Head(kind, 0, 0).array)
        assert found.shape == wanted.shape
        assert abs(found - wanted).max() < 1e-5


def test_weights_beyond_the_ordinary_and_no_numbers_come_back(snapshot):
    cross = snapshot.attention.cross.copy()
    cross[0, 0, 0] = [numpy.nan, numpy.inf, -numpy.inf, 2.5, -0.5]
    found = weights(Page(html([with_weights(snapshot, cross=cross)])).data, 0, "cross")[0, 0, 0]
    numpy.testing.assert_allclose(found, [numpy.nan, numpy.inf, -numpy.inf, 2.5, -0.5], atol=1e-4)


def test_it_says_whether_the_decoder_may_look_ahead(snapshot):
    free = snapshot.attention.decoder_self.copy()
    free[2, 3, 0, 3] = 0.01
    data = Page(html([snapshot, with_weights(snapshot, decoder_self=free)])).data
    assert [step["causal"] for step in data["steps"]] == [True, False]


def test_tokens_and_predictions_are_those_of_the_snapshot(snapshot):
    data = Page(html([snapshot])).data
    (probe,), (step,) = data["probes"], data["steps"]
    assert probe["source"] == ["<s>", "how", "are", "you", "</s>"]
    assert probe["target"] == ["<s>", "how", "are", "you"]
    assert probe["expected"] == ["how", "are", "you", "</s>"]
    assert (probe["sentence"], probe["wanted"]) == ("how are you", "how are you")
    assert probe["origin"] == "validation 3/64"
    forced, running = step["answers"]
    assert forced["name"] == "teacher-forced" and running["name"] == "free-running"
    assert forced["tokens"] == ["how", "are", "us", "</s>"] and forced["right"] == [True, True, False, True]
    assert running["right"] == [True, True, False] and running["score"] == "2/4"
    assert step["mode"] == "teacher-forced" and step["step"] == 1284 and data["seed"] == 7


def test_several_steps_share_one_sentence(three_steps):
    data = Page(html(iter(three_steps))).data
    assert [step["step"] for step in data["steps"]] == [10, 20, 35]
    assert len(data["probes"]) == 1
    for index, snapshot in enumerate(three_steps):
        assert abs(weights(data, index, "cross") - snapshot.attention.cross).max() < 1e-5


def test_steps_may_show_different_sentences(snapshot):
    other = make(["<s>", "hello", "</s>"], ["<s>", "good", "day"])
    data = Page(html([snapshot, other])).data
    assert [step["probe"] for step in data["steps"]] == [0, 1]
    assert abs(weights(data, 1, "encoder") - other.attention.encoder_self).max() < 1e-5


def test_nothing_in_tokens_names_or_settings_becomes_markup(snapshot):
    plain = Page(html([snapshot])).tags
    config = RunConfig(name='<b>n</b>{{data}}"', description="</table><i>d</i> & more")
    odd = dataclasses.replace(make(ODD, ODD[:4], layers=(2, 3)), config=config)
    page = Page(html([odd]))
    assert sorted({*page.tags} - {*plain}) == []
    assert page.tags.count("script") == 2
    assert page.data["probes"][0]["source"] == list(ODD)
    assert page.data["run"] == config.name
    assert "</table><i>d</i> & more" in "".join(page.texts.values())


def test_what_cannot_be_seen_is_shown_by_a_sign(snapshot):
    odd = make(["<s>", "\x07", "\udc80", "\u202e", " ", "</s>"])
    assert Page(html([odd])).data["probes"][0]["source"][1:5] == ["␇", "�", "�", "␣"]
    html([odd]).encode("utf-8")


def test_the_page_loads_nothing_and_may_load_nothing(snapshot):
    text = html([snapshot])
    page = Page(text)
    assert not [tag for tag in page.tags if tag in ("link", "img", "iframe", "object", "base", "a")]
    assert not [name for _, attributes in page.elements for name in attributes if name in ("src", "href")]
    assert set(re.findall(r"https?:[^\"'\s;]+", text)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\(([^)]*)\)", text)) == {"#hatch"}
    for word in ("@import", "fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval("):
        assert word not in text
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy


def test_only_the_script_and_the_style_inside_are_allowed(snapshot):
    text = html([snapshot])
    for element, name in (("script", "script-src"), ("style", "style-src")):
        content = re.search(rf"<{element}>(.*?)</{element}>", text, re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in text


def test_scripts_are_ordinary_short_files():
    for name in SCRIPTS:
        text = resource_path(f"export/{name}").read_text(encoding="utf-8")
        assert text.startswith("// ") and len(text.splitlines()) < 260
        assert "</" not in text and "<!--" not in text


def test_the_head_asked_for_is_large_at_first(snapshot):
    assert Page(html([snapshot], Head("encoder", 1, 2))).data["head"] == {
        "kind": "encoder",
        "layer": 1,
        "number": 2,
    }
    assert Page(html([snapshot])).data["head"] == {"kind": "cross", "layer": 2, "number": 0}
    with pytest.raises(ValueError, match=r"head encoder.L9H0 does not exist; this model has encoder.L0H0 to"):
        html([snapshot], Head("encoder", 9, 0))


def test_a_model_without_cross_attention_shows_what_it_has(snapshot):
    none = numpy.zeros((0, 0, 4, 5))
    data = Page(html([with_weights(snapshot, cross=none)])).data
    assert [kind["name"] for kind in data["kinds"]] == ["encoder", "decoder"]
    assert data["head"]["kind"] == "decoder"


def test_the_theme_is_the_readers_unless_one_is_asked_for(snapshot):
    assert 'html lang="en">' in html([snapshot])
    assert 'html lang="en" data-theme="dark">' in html([snapshot], theme="dark")
    with pytest.raises(ValueError, match="theme 'pink' is unknown: one of light, dark"):
        html([snapshot], theme="pink")


def test_what_cannot_be_a_page_is_refused(snapshot, tmp_path, monkeypatch):
    out = tmp_path / "a.html"
    with pytest.raises(ValueError, match="there is no step to show"):
        export_snapshots([], out)
    with pytest.raises(ValueError, match="step 1284 has other heads than the first"):
        export_snapshots([snapshot, make(heads=2)], out)
    with pytest.raises(ValueError, match="the upper end of the colour scale is 0; it must be above 0"):
        export_snapshots([snapshot], out, upper=0)
    with pytest.raises(ValueError, match="gif is painted by Qt"):
        export_snapshots([snapshot], out, "gif")
    with pytest.raises(ValueError, match="attention as png is of one step, not of a range"):
        export_snapshots([snapshot], out, "png")
    with pytest.raises(ValueError, match="the snapshot of step 3 holds no attention"):
        export_snapshots([Snapshot(3, 0, RunConfig())], out)
    monkeypatch.setattr(page_data, "MOST_BYTES", 2000)
    with pytest.raises(ValueError, match=r"more than 0 MB at step 1284, after 1 steps: choose fewer"):
        export_snapshots([snapshot, snapshot], out)
    monkeypatch.setattr(page_data, "MOST_FRAMES", 1)
    with pytest.raises(ValueError, match="a page has at most 1 steps"):
        export_snapshots([snapshot, snapshot], out)
    assert list(tmp_path.iterdir()) == []


def test_giving_up_in_the_middle_leaves_the_old_file(snapshot, tmp_path):
    def cancelled():
        yield snapshot
        raise InterruptedError("given up")

    (tmp_path / "a.html").write_bytes(b"old")
    with pytest.raises(InterruptedError):
        export_snapshots(cancelled(), tmp_path / "a.html")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


@needs_browser
def test_a_browser_shows_the_page_under_its_own_policy(snapshot, tmp_path):
    export_snapshot(snapshot, tmp_path / "a.html", "attention", "html")
    page = Page(rendered(tmp_path / "a.html", tmp_path))
    assert page.texts["caption"].startswith(
        "cross layer 2, head 0 · step 1,284 · seed 7 · teacher-forced · run identity"
    )
    assert page.tags.count("canvas") == 2 + (2 + 3 + 3) * 4
