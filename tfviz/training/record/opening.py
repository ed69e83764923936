"""Opening a run file as what it is: a run to go on with, or one that others train."""

import os

from tfviz.training.record.file_writer import FileWriter, Life
from tfviz.training.record.followed import FollowedRun
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session

ShownRun = Session | FollowedRun
"""What a window shows: both answer the same questions, and only one can be changed."""


def open_run(path: str | os.PathLike[str], record: bool = False) -> ShownRun:
    """A session, unless another program writes the file now or is of another kind: then its run can be followed.

    `record` as for Session.open. RunFileError, a ValueError, FileNotFoundError, PermissionError.
    """
    writer = FileWriter(os.fspath(path))
    reader = RunReader(path)
    writer.look(reader.closed, grown=False)
    if reader.foreign or writer.life is Life.WRITING:
        return FollowedRun(path)
    return Session.open(path, record)
