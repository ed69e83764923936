import os
import stat

import pytest

from tfviz.training import atomic_file as module
from tfviz.training.atomic_file import atomic_file, write_atomically


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_content_arrives(tmp_path):
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_a_new_file_has_ordinary_permissions_and_an_old_one_keeps_its_own(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "new", b"")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "plain").chmod(0o640)
    write_atomically(tmp_path / "plain", b"more")
    assert stat.S_IMODE((tmp_path / "plain").stat().st_mode) == 0o640


@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.parametrize("failing", ["replace", "fsync"])
def test_a_failing_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, old, failing):
    def full(*_):
        raise OSError(28, "No space left on device")

    if old is not None:
        (tmp_path / "a").write_bytes(old)
    before = names(tmp_path)
    monkeypatch.setattr(module.os, failing, full)
    with pytest.raises(OSError, match=r"^cannot write .*a: no space left on device$"):
        write_atomically(tmp_path / "a", b"new")
    monkeypatch.undo()
    assert names(tmp_path) == before
    if old is not None:
        assert (tmp_path / "a").read_bytes() == old


def test_a_write_that_the_system_stops_half_way_leaves_the_old_file(tmp_path):
    resource = pytest.importorskip("resource")
    (tmp_path / "a").write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # as a full disk does, only without filling one
    try:
        with pytest.raises(OSError, match=r"cannot write .*a: file too large"):
            write_atomically(tmp_path / "a", bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_an_error_while_the_content_is_made_leaves_the_old_file(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyError), atomic_file(tmp_path / "a") as file:
        file.write(b"half")
        raise KeyError("what")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot write .*a: the folder .*nowhere does not exist"):
        write_atomically(tmp_path / "nowhere" / "a", b"")


def test_a_folder_is_no_place_for_a_file(tmp_path):
    with pytest.raises(OSError, match="it is a folder"):
        write_atomically(tmp_path, b"")
    assert names(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_device_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no ordinary file"):
        write_atomically(tmp_path / "pipe", b"")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_link_keeps_pointing_to_the_file_that_is_written(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("file")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["nul\0byte", "x" * 300])
def test_an_impossible_name_is_an_os_error(tmp_path, name):
    with pytest.raises(OSError, match="cannot write"):
        write_atomically(tmp_path / name, b"")
    assert names(tmp_path) == []
