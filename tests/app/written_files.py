"""Files of every export format, read by parsers that know nothing of tfviz, and compared with what they should hold."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy
from PySide6.QtGui import QImageReader

from tests.training.export.pages import Page, weights
from tfviz.training.export.figure import visible
from tfviz.training.export.heads import KINDS, Head, all_heads, attention_of
from tfviz.training.model.model_file import load_model
from tfviz.training.record.history import History
from tfviz.training.snapshot import Snapshot

SVG = "{http://www.w3.org/2000/svg}"


def rows_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def check_npz(path: Path, snapshot: Snapshot, head: Head | None) -> None:
    attention = attention_of(snapshot)
    with numpy.load(path, allow_pickle=False) as found:
        for name in KINDS.values():
            assert numpy.array_equal(found[name], getattr(attention, name))
        for side in ("source_tokens", "target_tokens"):
            assert found[side].tolist() == [token.replace("\0", "␀") for token in getattr(attention, side)]
        assert (found["step"], found["seed"]) == (snapshot.step, snapshot.seed)
        assert str(found["sentence"]) == attention.sentence.replace("\0", "␀")
        assert json.loads(str(found["config"])) == snapshot.config.to_dict()


def check_json(path: Path, snapshot: Snapshot, head: Head | None) -> None:
    attention, found = attention_of(snapshot), json.loads(path.read_text(encoding="utf-8"))
    for name in KINDS.values():
        weights = getattr(attention, name)
        assert numpy.array_equal(numpy.array(found[name], numpy.float32).reshape(weights.shape), weights)
    assert tuple(found["source_tokens"]) == attention.source_tokens
    assert tuple(found["target_tokens"]) == attention.target_tokens
    assert (found["sentence"], found["target"]) == (attention.sentence, attention.target)
    assert found["config"] == snapshot.config.to_dict()


def check_csv(path: Path, snapshot: Snapshot, head: Head | None) -> None:
    attention = attention_of(snapshot)
    heads = all_heads(attention) if head is None else [head]
    _, *rows = rows_of(path)
    expected = []
    for one in heads:
        queries, keys = one.tokens(attention)
        expected += [
            [one.array, str(one.layer), str(one.head), str(row), encoded(query), str(column), encoded(key)]
            for row, query in enumerate(queries)
            for column, key in enumerate(keys)
        ]
    assert [row[:-1] for row in rows] == expected
    found = numpy.array([row[-1] for row in rows], numpy.float32)
    assert numpy.array_equal(found, numpy.concatenate([one.weights(attention).ravel() for one in heads]))


def encoded(token: str) -> str:
    """Half a surrogate pair, which UTF-8 does not have, is spelled out."""
    return token.encode("utf-8", "backslashreplace").decode("utf-8")


def check_svg(path: Path, snapshot: Snapshot, head: Head | None) -> None:
    """Well-formed, with nothing but shapes and texts, and for a head with its tokens on both axes."""
    root = ElementTree.fromstring(path.read_bytes())
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "rect", "line", "text", "g", "image",
    }  # fmt: skip
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert any(f"step {snapshot.step}" in text for text in texts)
    if head is not None:
        labels = {*head.tokens(attention_of(snapshot))[0], *head.tokens(attention_of(snapshot))[1]}
        for label in map(visible, labels):
            assert label in texts or any(
                label.startswith(text[:-1]) for text in texts if text.endswith("…")
            ), label


def check_page(path: Path, snapshots: list[Snapshot]) -> None:
    page = Page(path.read_text(encoding="utf-8"))
    data = page.data
    assert [step["step"] for step in data["steps"]] == [snapshot.step for snapshot in snapshots]
    assert page.tags.count("script") == 2 and not {"img", "iframe", "link", "object", "b"} & {*page.tags}
    for number, snapshot in enumerate(snapshots):
        attention = attention_of(snapshot)
        probe = data["probes"][data["steps"][number]["probe"]]
        assert probe["source"] == [visible(token) for token in attention.source_tokens]
        assert probe["target"] == [visible(token) for token in attention.target_tokens]
        for kind in {head.kind for head in all_heads(attention)}:
            expected = getattr(attention, KINDS[kind])
            assert abs(weights(data, number, kind) - expected).max() < 2e-5


def check_html(path: Path, snapshot: Snapshot, head: Head | None) -> None:
    check_page(path, [snapshot])


def check_png(path: Path, snapshot: Snapshot, head: Head | None) -> None:
    image = QImageReader(str(path)).read()
    assert QImageReader.imageFormat(str(path)) == b"png" and min(image.width(), image.height()) > 200
    assert f"step {snapshot.step}" in image.text("Description")
    assert (
        len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}) > 5
    )


def check_pdf(path: Path, snapshot: Snapshot, head: Head | None) -> None:
    data = path.read_bytes()
    assert data.startswith(b"%PDF-1.") and data.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1


CHECKS: dict[str, Callable[[Path, Snapshot, Head | None], None]] = {
    "npz": check_npz,
    "json": check_json,
    "csv": check_csv,
    "svg": check_svg,
    "html": check_html,
    "png": check_png,
    "pdf": check_pdf,
}
"""Of attention at one step, by the name of the format."""


def check_animation(path: Path, steps: int) -> None:
    reader = QImageReader(str(path))
    frames = []
    while not (image := reader.read()).isNull():
        frames.append((image.width(), image.height()))
    assert QImageReader.imageFormat(str(path)) == b"gif" and len(frames) == steps and len({*frames}) == 1


def check_scalars(path: Path, history: History) -> None:
    """csv or json; what was not measured is empty there."""
    if path.suffix == ".csv":
        header, *rows = rows_of(path)
        found: dict[str, Any] = dict(zip(header, zip(*rows, strict=True), strict=True))
        columns = {name: [float(text or "nan") for text in column] for name, column in found.items()}
    else:
        found = json.loads(path.read_text(encoding="utf-8"))
        columns = {
            name: [numpy.nan if value is None else value for value in column]
            for name, column in found.items()
        }
    assert columns.pop("step") == list(range(1, len(history) + 1))
    assert {*columns} == {*history.names}
    for name, column in columns.items():
        assert numpy.array_equal(column, history[name], equal_nan=True), name


def check_model(path: Path, parameters: dict[str, numpy.ndarray], step: int) -> None:
    model = load_model(path)
    assert model.step == step and model.parameters.keys() == parameters.keys()
    for name, value in parameters.items():
        assert numpy.array_equal(model.parameters[name], value), name
