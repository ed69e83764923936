"""The run file, `*.tfviz`: everything a run was, written as training goes, readable while it grows.

RunWriter records the run of any trainer, Recorder that of a session (with branches, events and whole snapshots),
RunReader reads what either wrote. The floors: schema; connection (how SQLite is opened); store (all writing), tables
and history_reader (all reading); pending and recorder (the thread); reader and writer (what others use).
"""

from tfviz.training.run_file.branch import MAIN, Branch
from tfviz.training.run_file.errors import RunFileBusyError, RunFileError
from tfviz.training.run_file.files import copy_run_file, replacing
from tfviz.training.run_file.fingerprint import differences, numerical_fingerprint
from tfviz.training.run_file.foreign import Configuration, ForeignConfig
from tfviz.training.run_file.reader import RunReader
from tfviz.training.run_file.recorder import BUDGET, Recorder
from tfviz.training.run_file.saving import saving
from tfviz.training.run_file.schema import FORMAT
from tfviz.training.run_file.summary import run_file_summary
from tfviz.training.run_file.tables import RecordedEvent
from tfviz.training.run_file.writer import RunWriter

__all__ = [
    "BUDGET",
    "FORMAT",
    "MAIN",
    "Branch",
    "Configuration",
    "ForeignConfig",
    "RecordedEvent",
    "Recorder",
    "RunFileBusyError",
    "RunFileError",
    "RunReader",
    "RunWriter",
    "copy_run_file",
    "differences",
    "numerical_fingerprint",
    "replacing",
    "run_file_summary",
    "saving",
]
