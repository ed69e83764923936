import csv
import dataclasses
import json
import math

import numpy

from tfviz.training.export import export_scalars, export_snapshot
from tfviz.training.export.table import PIECE
from tfviz.training.record.history import History


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def history_of(steps):
    history = History(("loss", "gradient_norm", "validation_loss"))
    for step in range(1, steps + 1):
        history.append(step, loss=1 / step, gradient_norm=step)
    return history


def test_attention_has_one_row_for_each_cell_of_every_head(snapshot, tmp_path):
    export_snapshot(snapshot, tmp_path / "a.csv", "attention", "csv")
    header, *cells = rows(tmp_path / "a.csv")
    assert header == [
        "kind",
        "layer",
        "head",
        "query_position",
        "query_token",
        "key_position",
        "key_token",
        "weight",
    ]
    assert len(cells) == 2 * 4 * 5 * 5 + 3 * 4 * 4 * 4 + 3 * 4 * 4 * 5
    rebuilt = {name: numpy.full_like(getattr(snapshot.attention, name), -1) for name in {c[0] for c in cells}}
    for kind, layer, head, query, _, key, _, weight in cells:
        rebuilt[kind][int(layer), int(head), int(query), int(key)] = weight
    for name in ("encoder_self", "decoder_self", "cross"):
        numpy.testing.assert_array_equal(rebuilt[name], getattr(snapshot.attention, name))


def test_attention_rows_name_query_and_key_tokens(snapshot, tmp_path):
    export_snapshot(snapshot, tmp_path / "a.csv", "attention", "csv", head="cross.L2H1")
    cells = rows(tmp_path / "a.csv")[1:]
    assert len(cells) == 4 * 5
    assert {tuple(cell[:3]) for cell in cells} == {("cross", "2", "1")}
    assert cells[1 * 5 + 4][3:7] == ["1", "how", "4", "</s>"]


def test_attention_with_awkward_tokens_is_still_a_table(make_snapshot, tmp_path):
    source = ("<s>", "a,b", 'say "hi"', "line\nbreak", "我", "</s>")
    export_snapshot(make_snapshot(source), tmp_path / "a.csv", "attention", "csv", head="encoder.L0H0")
    cells = rows(tmp_path / "a.csv")[1:]
    assert [cell[6] for cell in cells[:6]] == list(source)
    assert {len(cell) for cell in cells} == {8}


def test_a_weight_that_is_no_number_is_an_empty_field(make_snapshot, tmp_path):
    snapshot = make_snapshot()
    weights = snapshot.attention.cross.copy()
    weights[0, 0, 0, 0] = numpy.nan
    attention = dataclasses.replace(snapshot.attention, cross=weights)
    snapshot = dataclasses.replace(snapshot, attention=attention)
    export_snapshot(snapshot, tmp_path / "a.csv", "attention", "csv", head="cross.L0H0")
    assert [cell[7] == "" for cell in rows(tmp_path / "a.csv")[1:3]] == [True, False]


def test_scalars_have_one_row_for_each_step_counted_from_1(tmp_path):
    export_scalars(history_of(3), tmp_path / "s.csv", "csv")
    assert rows(tmp_path / "s.csv") == [
        ["step", "loss", "gradient_norm", "validation_loss"],
        ["1", "1.0", "1.0", ""],
        ["2", "0.5", "2.0", ""],
        ["3", repr(1 / 3), "3.0", ""],
    ]


def test_scalars_in_json_are_lists_with_null_for_what_was_not_measured(tmp_path):
    history = history_of(2)
    history.append(3, loss=math.nan, gradient_norm=math.inf, validation_loss=0.25)
    export_scalars(history, tmp_path / "s.json", "json")
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == {
        "step": [1, 2, 3],
        "loss": [1.0, 0.5, None],
        "gradient_norm": [1.0, 2.0, None],
        "validation_loss": [None, None, 0.25],
    }


def test_infinity_stays_infinity_in_csv(tmp_path):
    history = History(("gradient_norm",))
    history.append(1, gradient_norm=math.inf)
    export_scalars(history, tmp_path / "s.csv", "csv")
    assert float(rows(tmp_path / "s.csv")[1][1]) == math.inf


def test_scalars_longer_than_a_piece_are_whole_and_in_order(tmp_path):
    count = 2 * PIECE + 3
    history = History(("loss",))
    history.extend({"loss": numpy.arange(count, dtype=float)})
    export_scalars(history, tmp_path / "s.csv", "csv")
    found = rows(tmp_path / "s.csv")[1:]
    assert [int(row[0]) for row in found] == list(range(1, count + 1))
    assert [float(row[1]) for row in found] == list(range(count))


def test_scalars_before_the_first_step_are_a_table_without_rows(tmp_path):
    export_scalars(History(("loss",)), tmp_path / "s.csv", "csv")
    export_scalars(History(("loss",)), tmp_path / "s.json", "json")
    assert rows(tmp_path / "s.csv") == [["step", "loss"]]
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == {"step": [], "loss": []}
