import dataclasses
import re
import subprocess
import sys

import pytest

from tfviz.training.export import DESCRIPTIONS, check_format, export_scalars, export_snapshot
from tfviz.training.record.history import History

WITHOUT_QT = [format.name for format in DESCRIPTIONS["attention"] if not format.painted]


@pytest.mark.parametrize("format", WITHOUT_QT)
def test_every_format_without_qt_writes_a_file(snapshot, tmp_path, format):
    export_snapshot(snapshot, tmp_path / "out", "attention", format)
    assert (tmp_path / "out").stat().st_size > 500


@pytest.mark.parametrize("format", WITHOUT_QT)
def test_the_same_snapshot_gives_the_same_text_twice(snapshot, tmp_path, format):
    for name in ("one", "two"):
        export_snapshot(snapshot, tmp_path / name, "attention", format)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_unknown_format_is_refused_with_those_there_are(snapshot, tmp_path):
    with pytest.raises(ValueError, match="attention has no format 'bmp'; it has npz, json, csv, png, svg"):
        export_snapshot(snapshot, tmp_path / "out", "attention", "bmp")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_export_is_refused_with_those_there_are(snapshot, tmp_path):
    with pytest.raises(
        ValueError, match="'gradients' cannot be exported; what can: attention, scalars, model"
    ):
        export_snapshot(snapshot, tmp_path / "out", "gradients", "npz")


def test_each_export_knows_its_own_formats():
    check_format("model", "safetensors")
    with pytest.raises(ValueError, match="model has no format 'npz'; it has safetensors"):
        check_format("model", "npz")
    with pytest.raises(ValueError, match="scalars has no format 'svg'; it has csv, json"):
        export_scalars(History(), "nowhere", "svg")


def test_a_snapshot_is_not_asked_for_what_it_does_not_hold(snapshot, tmp_path):
    with pytest.raises(ValueError, match="a snapshot holds attention, not scalars"):
        export_snapshot(snapshot, tmp_path / "out", "scalars", "csv")
    empty = dataclasses.replace(snapshot, attention=None)
    with pytest.raises(ValueError, match="the snapshot of step 1284 holds no attention"):
        export_snapshot(empty, tmp_path / "out", "attention", "npz")


@pytest.mark.parametrize("format", ["npz", "json"])
def test_a_single_head_is_refused_where_a_file_holds_all(snapshot, tmp_path, format):
    with pytest.raises(ValueError, match=rf"{format} holds all heads; a single head such as cross\.L0H0"):
        export_snapshot(snapshot, tmp_path / "out", "attention", format, head="cross.L0H0")


def test_png_is_left_to_the_program_part_that_has_qt(snapshot, tmp_path):
    with pytest.raises(ValueError, match="png is painted by Qt"):
        export_snapshot(snapshot, tmp_path / "out", "attention", "png")


@pytest.mark.parametrize("format", WITHOUT_QT)
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_failing_write_leaves_the_old_file_and_nothing_beside_it(
    snapshot, tmp_path, full_disk, format, old
):
    if old is not None:
        (tmp_path / "out").write_bytes(old)
    with pytest.raises(OSError, match=re.escape(f"cannot write {tmp_path / 'out'}: no space left on device")):
        export_snapshot(snapshot, tmp_path / "out", "attention", format)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if old is None else [old])


@pytest.mark.parametrize("format", WITHOUT_QT)
def test_a_folder_that_does_not_exist_is_named(snapshot, tmp_path, format):
    with pytest.raises(OSError, match=re.escape(f"the folder {tmp_path / 'no'} does not exist")):
        export_snapshot(snapshot, tmp_path / "no" / "out", "attention", format)


def test_no_qt_is_imported():
    modules = "tfviz.training.export, tfviz.training.model.model_file"
    code = f"import sys, {modules}; print([m for m in sys.modules if 'Py' in m])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "[]", found.stderr
