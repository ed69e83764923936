"""Where the user's own runs are recorded: the folder that the system has for the data of programs."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths

from tfviz.app.settings import APPLICATION, Settings
from tfviz.training.record.run_library import RunLibrary


def user_library(settings: Settings) -> RunLibrary:
    """The library with the budget that the user chose. Nothing is made or read yet."""
    location = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return RunLibrary(Path(location) / APPLICATION / "runs", settings.runs_budget)
