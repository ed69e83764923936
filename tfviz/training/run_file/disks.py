"""Whether a path lies on a local disk: SQLite's write-ahead log needs memory that all users of the file share."""

import contextlib
import os
import sys

# One name a word; Linux calls file systems so.
NETWORK_TYPES = frozenset(
    """
    9p afs beegfs ceph cifs coda davfs drvfs fhgfs gfs2 glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs panfs
    prl_fs pvfs2 smb2 smb3 smbfs vboxsf virtiofs vmhgfs weka wekafs
    """.split()  # noqa: SIM905
)


def is_local(path: str) -> bool:
    """False for network file systems and folders shared with a virtual machine, as far as the system tells."""
    if sys.platform == "win32":
        import ctypes

        drive = os.path.splitdrive(os.path.abspath(path))[0]
        return not drive.startswith("\\\\") and ctypes.windll.kernel32.GetDriveTypeW(drive + "\\") != 4
    with (
        contextlib.suppress(OSError),
        open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts,
    ):
        return not is_network_type(file_system_type(os.path.realpath(path), mounts.read()))
    return True


def is_network_type(name: str) -> bool:
    """By the name that Linux gives a file system. FUSE is taken for remote: sshfs, rclone and their kin are."""
    return name in NETWORK_TYPES or name.startswith("fuse.")


def file_system_type(path: str, mounts: str) -> str:
    """The type of the deepest mount above a path, in the lines of /proc/self/mountinfo; the last of equals counts."""
    best, found = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, details = before.split(" "), after.split(" ")
        if len(fields) < 5 or not details[0]:
            continue
        point = fields[4].encode("latin-1", "replace").decode("unicode_escape").rstrip("/")
        if len(point) >= best and (path == point or path.startswith(point + "/")):
            best, found = len(point), details[0]
    return found
