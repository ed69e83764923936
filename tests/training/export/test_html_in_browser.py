"""The page is used in a real browser: what mouse and keys do to it, told by a script that is added for the test."""

import dataclasses
import html as markup
import json
import math
import re
from pathlib import Path

import numpy
import pytest

from tests.training.export.conftest import make
from tests.training.export.pages import needs_browser, rendered
from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.heads import Head, all_heads
from tfviz.training.export.html import html

pytestmark = needs_browser

DRIVER = Path(__file__).with_name("page_driver.js").read_text(encoding="utf-8")


def told(page, script, folder, *options, address=""):
    """What the script tells after it has used the page. The page's policy would not let it run, so it is taken out."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    page = page.replace("</body>", f"<script>{DRIVER.replace('/* script */', script)}</script></body>")
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    text = rendered(path, folder, *options, address=address)
    found = json.loads(markup.unescape(re.search(r'<pre id="told">(.*?)</pre>', text, re.DOTALL).group(1)))
    assert "error" not in found, found["error"]
    return found


@pytest.fixture
def steps(snapshot):
    """Three steps: the weights of the second are those of the first with the keys in reverse."""
    attention = snapshot.attention
    turned = dataclasses.replace(attention, cross=attention.cross[..., ::-1])
    return [
        dataclasses.replace(snapshot, step=10),
        dataclasses.replace(snapshot, step=20, attention=turned),
        dataclasses.replace(snapshot, step=1035),
    ]


@pytest.mark.parametrize(("theme", "colour_map"), [("light", "viridis"), ("dark", "inferno")])
def test_every_head_is_painted_in_the_colours_of_its_weights(snapshot, tmp_path, theme, colour_map):
    script = "document.querySelectorAll('.tile').forEach((one) => tell(one.title, pixels(one.firstChild)));"
    found = told(html([snapshot], theme=theme), script, tmp_path)
    table = lookup_table(colour_map).astype(int)
    masked = {"light": [0xE6, 0xE9, 0xEF], "dark": [0x26, 0x2A, 0x34]}[theme]
    for head in all_heads(snapshot.attention):
        columns, rows, *colours = found[head.label]
        weights = head.weights(snapshot.attention)
        assert (rows, columns) == weights.shape
        wanted = table[numpy.rint(weights.astype(float) * 255).astype(int)]
        if head.kind == "decoder":
            wanted[numpy.triu_indices(rows, 1)] = masked
        painted = numpy.array(colours).reshape(rows, columns, 4)
        assert (painted[..., 3] == 255).all()
        assert abs(painted[..., :3] - wanted).max() <= 4  # a weight between two colours


def test_pointing_reads_query_key_weight_and_entropy(snapshot, tmp_path):
    script = """
    tell("before", seen());
    point(2, 3);
    tell("after", seen());
    tell("stressed", all("#drawing .query, #drawing .key").map((one) => one.firstChild.data));
    get("map").dispatchEvent(new PointerEvent("pointerleave"));
    tell("left", seen());
    """
    found = told(html([snapshot], Head("cross", 1, 2)), script, tmp_path)
    row = snapshot.attention.cross[1, 2, 2].astype(float)
    entropy = -sum(weight * math.log(weight) for weight in row)
    assert (
        found["before"]["readout"]
        == found["left"]["readout"]
        == "Point at a cell to read its weight; click to hold it."
    )
    assert found["after"]["readout"] == (
        f"query 2 are · key 3 you · weight {row[3]:.4f} · row entropy {entropy:.2f} nats"
    )
    assert found["stressed"] == ["are", "you"]


def test_what_the_decoder_cannot_see_is_called_masked(snapshot, tmp_path):
    found = told(html([snapshot], Head("decoder", 0, 0)), "point(0, 2); tell('after', seen());", tmp_path)
    assert "weight masked" in found["after"]["readout"]


def test_a_clicked_cell_is_held_until_escape_or_another_click(snapshot, tmp_path):
    script = """
    click(1, 1); point(2, 2); tell("held", seen().readout);
    press("Escape"); tell("released", seen().readout);
    click(0, 4); click(3, 0); tell("other", seen().readout);
    click(3, 0); point(1, 4); tell("again", seen().readout);
    """
    found = told(html([snapshot]), script, tmp_path)
    assert found["held"].startswith("query 1 how · key 1 how") and found["held"].endswith(
        "held (Esc lets go)"
    )
    assert found["released"].startswith("Point at a cell")
    assert found["other"].startswith("query 3 you · key 0 <s>")
    assert found["again"].startswith("query 1 how · key 4 </s>") and "held" not in found["again"]


def test_arrow_keys_walk_over_the_cells_of_the_map(snapshot, tmp_path):
    script = """
    const map = get("map");
    press("ArrowDown", map); tell("first", seen().readout);
    for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp", "ArrowUp"]) press(key, map);
    tell("later", seen().readout);
    """
    found = told(html([snapshot]), script, tmp_path)
    assert found["first"].startswith("query 0 <s> · key 0 <s>")
    assert found["later"].startswith("query 0 <s> · key 2 are")


def test_heads_are_chosen_by_a_click_and_by_arrow_keys(snapshot, tmp_path):
    script = """
    tile("encoder L0H3").focus(); tile("encoder L0H3").click();
    tell("clicked", seen().head);
    const walk = (key) => { press(key, document.activeElement); return [seen().head, document.activeElement.title]; };
    tell("right", walk("ArrowRight")); tell("down", walk("ArrowDown")); tell("kind", walk("ArrowDown"));
    tell("up", walk("ArrowUp")); tell("end", walk("End")); tell("beyond", walk("ArrowRight"));
    tell("home", walk("Home"));
    tell("stops", all(".tile").filter((one) => one.tabIndex === 0).map((one) => one.title));
    tell("pressed", all('.tile[aria-pressed="true"]').map((one) => one.title));
    """
    found = told(html([snapshot]), script, tmp_path)
    assert found["clicked"] == "encoder L0H3"
    assert found["right"] == ["encoder L1H0"] * 2
    assert found["down"] == ["decoder L0H0"] * 2
    assert found["kind"] == ["decoder L1H0"] * 2
    assert found["up"] == ["decoder L0H0"] * 2
    assert found["end"] == found["beyond"] == ["cross L2H3"] * 2
    assert found["home"] == ["encoder L0H0"] * 2
    assert found["stops"] == found["pressed"] == ["encoder L0H0"]


def test_a_head_can_be_seen_alone_and_escape_comes_back(snapshot, tmp_path):
    script = """
    const wide = () => [getComputedStyle(get("atlas")).display, get("cells").getBoundingClientRect().width];
    tell("before", wide());
    tile("cross L0H1").click(); tile("cross L0H1").dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    tell("alone", wide()); tell("head", seen().head); tell("focus", document.activeElement.id);
    press("Escape", document.activeElement); tell("after", wide()); tell("back", document.activeElement.title);
    """
    found = told(html([snapshot]), script, tmp_path)
    assert found["alone"][0] == "none" and found["alone"][1] > found["before"][1]
    assert found["head"] == found["back"] == "cross L0H1" and found["focus"] == "map"
    assert found["after"] == found["before"]


def test_steps_are_walked_by_slider_buttons_and_keys(steps, tmp_path):
    script = """
    tell("start", seen()); tell("hidden", get("steps").hidden);
    point(1, 0); tell("first", seen().readout);
    get("slider").value = 1; get("slider").dispatchEvent(new Event("input"));
    tell("second", seen()); tell("pixels", pixels(tile("cross L2H0").firstChild));
    get("forward").click(); tell("third", seen()); get("forward").click(); tell("end", seen().step);
    const by = (key, more) => { press(key, document.body, more); return seen().step; };
    tell("keys", ["ArrowLeft", "Home", "ArrowRight", "End", ",", "."].map((key) => by(key)));
    tell("ten", by("ArrowLeft", { shiftKey: true }));
    press("ArrowRight", get("back")); tell("button", seen().step); press("Home");
    tell("value", [get("slider").value, get("slider").getAttribute("aria-valuetext"), get("range").textContent]);
    """
    found = told(html(steps), script, tmp_path)
    assert not found["hidden"]
    assert found["start"]["step"] == "step 10" and found["third"]["step"] == found["end"] == "step 1,035"
    assert "step 20 · seed 7" in found["second"]["caption"]
    first, second = found["first"], found["second"]["readout"]
    cross = steps[0].attention.cross[2, 0]
    assert f"weight {cross[1, 0]:.4f}" in first and f"weight {cross[1, 4]:.4f}" in second
    wanted = lookup_table("viridis")[numpy.rint(cross[:, ::-1].astype(float) * 255).astype(int)].astype(int)
    painted = numpy.array(found["pixels"][2:]).reshape(4, 5, 4)[..., :3]
    assert abs(painted - wanted).max() <= 4
    assert found["keys"] == ["step 20", "step 10", "step 20", "step 1,035", "step 20", "step 1,035"]
    assert found["ten"] == "step 10" and found["button"] == "step 20"
    assert found["value"] == ["0", "step 10", "1 of 3, steps 10 to 1035"]


def test_playing_goes_to_the_last_step_and_begins_again(steps, tmp_path):
    script = """
    press(" "); tell("playing", get("play").getAttribute("aria-label"));
    press("Escape"); tell("paused", get("play").getAttribute("aria-label"));
    press("End"); get("play").click(); tell("again", seen().step);
    press(" ", get("play")); tell("still", get("play").getAttribute("aria-label"));
    """
    found = told(html(steps), script, tmp_path)
    assert found == {"playing": "Pause", "paused": "Play", "again": "step 10", "still": "Pause"}


def test_one_step_has_no_slider(snapshot, tmp_path):
    found = told(
        html([snapshot]),
        "tell('hidden', get('steps').hidden); press('ArrowRight'); tell('after', seen());",
        tmp_path,
    )
    assert found["hidden"] and found["after"]["step"] == "step 1,284"


def test_the_address_opens_a_head_at_a_step(steps, tmp_path):
    found = told(html(steps), "tell('seen', seen());", tmp_path, address="#decoder.L1H3@25")
    assert (found["seen"]["head"], found["seen"]["step"]) == ("decoder L1H3", "step 20")


def test_the_theme_follows_the_system_and_can_be_switched(snapshot, tmp_path):
    script = """
    const behind = () => getComputedStyle(document.body).backgroundColor;
    const look = () => [document.documentElement.dataset.theme, behind(), ...pixels(get("cells")).slice(2, 5)];
    tell("start", look()); get("theme_switch").click(); tell("switched", look());
    """
    found = told(html([snapshot]), script, tmp_path)
    assert found["start"][0] == "light" and found["switched"][:2] == ["dark", "rgb(20, 22, 27)"]
    assert found["start"][2:] != found["switched"][2:]
    assert told(html([snapshot], theme="dark"), script, tmp_path)["start"][0] == "dark"


def test_tokens_that_look_like_markup_are_shown_as_they_are(tmp_path):
    odd = ("<s>", "</script>", "<b>&amp;</b>", '"q"', "שלום", "😀", "</s>")
    script = """
    tell("labels", all("#drawing [data-column] title").map((one) => one.textContent));
    tell("chips", all("#predictions .chip span").map((one) => one.textContent));
    tell("bold", document.querySelectorAll("#predictions b, #drawing b").length);
    point(0, 2); tell("readout", seen().readout);
    """
    found = told(html([make(odd)]), script, tmp_path)
    assert tuple(found["labels"]) == odd and tuple(found["chips"]) == odd
    assert found["bold"] == 0 and "key 2 <b>&amp;</b> · " in found["readout"]


def test_predictions_are_marked_and_scored(snapshot, tmp_path):
    script = """
    const chips = (row) => [...row.querySelectorAll(".chip")].map((chip) => `${chip.className} ${chip.textContent}`);
    const text = (row, part) => row.querySelector(part)?.textContent;
    tell("rows", all(".answer").map((row) => [text(row, "h3"), chips(row), text(row, ".score")]));
    """
    rows = told(html([snapshot]), script, tmp_path)["rows"]
    assert [name for name, _, _ in rows] == ["source", "target", "teacher-forced (%)", "free-running (%)"]
    assert rows[2][1] == [
        "chip right how100",
        "chip right are100",
        "chip wrong us× 100",
        "chip right </s>100",
    ]
    assert rows[2][2] == "3/4" and rows[3][2] == "2/4"


def test_numbers_and_the_scale_of_one_head(snapshot, tmp_path):
    script = """
    const numbers = () => all("#drawing text").filter((one) => /^0\\.\\d\\d$/.test(one.textContent)).length;
    tell("without", numbers()); get("numbers").click(); tell("with", numbers());
    const top = () => all("#drawing .level").at(-1).textContent;
    tell("fixed", top()); get("scale").value = "head"; get("scale").dispatchEvent(new Event("change"));
    tell("head", top());
    """
    found = told(html([snapshot], Head("cross", 0, 0)), script, tmp_path)
    weights = snapshot.attention.cross[0, 0]
    assert found["without"] == 0 and found["with"] == (weights >= 0.005).sum()
    assert found["fixed"] == "1" and float(found["head"]) == pytest.approx(weights.max(), rel=0.05)


def test_a_very_long_sentence_keeps_its_map_whole_and_labels_what_fits(tmp_path):
    long = make([f"w{n}" for n in range(120)], ["v0", "v1"], layers=(1, 1), heads=1)
    script = """
    tell("labels", document.querySelectorAll("#drawing [data-column]").length);
    const [cells, map] = [get("cells"), get("map")];
    tell("size", [cells.width, cells.getBoundingClientRect().width, map.scrollWidth, map.clientWidth]);
    """
    found = told(html([long], Head("encoder", 0, 0)), script, tmp_path)
    cells, width, scroll, room = found["size"]
    assert cells == 120 and width >= 480 and 30 < found["labels"] < 120
    assert scroll <= room or width == 480
