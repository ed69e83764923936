"""Opening a run file as what it is: a run to go on with, or one that others train."""

import os
from typing import cast

from tfviz.training.file_writer import FileWriter, Life
from tfviz.training.followed import FollowedRun
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session


def open_run(path: str | os.PathLike[str], record: bool = False) -> Session:
    """A session, unless another program writes the file now or is of another kind: then its run can be followed.

    `record` as for Session.open. RunFileError, a ValueError, FileNotFoundError, PermissionError.
    """
    writer = FileWriter(os.fspath(path))
    reader = RunReader(path)
    writer.look(reader.closed, grown=False)
    if reader.foreign or writer.life is Life.WRITING:
        return cast(Session, FollowedRun(path))  # which answers what a window asks of a session
    return Session.open(path, record)
