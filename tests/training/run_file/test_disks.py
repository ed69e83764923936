from pathlib import Path

import pytest

from tfviz.training.run_file.disks import file_system_type, is_local, is_network_type

MOUNTS = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /srv rw shared:2 - nfs4 server:/srv rw
31 30 0:27 / /srv/me/my\040disk rw - xfs /dev/sdb rw
32 22 0:28 / /mnt/c rw - 9p C: rw
33 22 0:29 / /sr rw - tmpfs tmpfs rw
a line that says nothing"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/tmp/run.tfviz", "ext4"),
        ("/srv/me/run.tfviz", "nfs4"),
        ("/srv/me/my disk/run.tfviz", "xfs"),
        ("/srv/me/my disks/run.tfviz", "nfs4"),
        ("/mnt/c/run.tfviz", "9p"),
        ("/sr", "tmpfs"),
        ("/srvs/x", "ext4"),
    ],
)
def test_the_deepest_mount_above_a_path_counts(path: str, expected: str) -> None:
    assert file_system_type(path, MOUNTS) == expected


def test_network_file_systems_are_told_from_disks() -> None:
    assert all(map(is_network_type, ["nfs4", "cifs", "9p", "fuse.sshfs", "lustre"]))
    assert not any(map(is_network_type, ["ext4", "tmpfs", "overlay", "btrfs", "fuseblk", ""]))


def test_the_folder_of_the_tests_is_looked_up_without_an_error(tmp_path: Path) -> None:
    assert is_local(str(tmp_path / "run.tfviz")) in (True, False)
