"""What the user can settle: how much disk the runs may take that are recorded without being asked for."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from tfviz.app.background import Background
from tfviz.app.dialogs.dialog_layout import close_button, dialog_column
from tfviz.app.frame.moments import bytes_text
from tfviz.app.settings import LEAST_BUDGET, MOST_BUDGET, Settings
from tfviz.training.counted import counted
from tfviz.training.record.run_library import LibraryRun, RunLibrary
from tfviz.views.panel import label, paragraph

GB = 1 << 30


class SettingsDialog(QDialog):
    """Changes count at once. The folder is looked through in the background."""

    counted = Signal()
    """Number and size of the runs are shown."""

    def __init__(self, library: RunLibrary, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._library, self._settings = library, settings
        self._work: Background | None = None
        self.setObjectName("settings_dialog")
        self.setAccessibleName("Settings")
        self.setWindowTitle("tfviz: settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.folder = QLineEdit(str(library.folder))
        self.folder.setObjectName("runs_folder")
        self.folder.setAccessibleName("Folder of recorded runs")
        self.folder.setReadOnly(True)
        self.folder.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.folder.setMinimumWidth(420)
        self.folder.setCursorPosition(0)
        self.amount = label("…")
        self.amount.setObjectName("runs_size")
        self.budget = QDoubleSpinBox()
        self.budget.setObjectName("runs_budget")
        self.budget.setAccessibleName("Disk budget in gigabytes")
        self.budget.setRange(LEAST_BUDGET / GB, MOST_BUDGET / GB)
        self.budget.setDecimals(1)
        self.budget.setSuffix(" GB")
        self.budget.setFixedWidth(110)
        self.budget.setValue(library.budget / GB)
        self.budget.setKeyboardTracking(False)
        self.budget.valueChanged.connect(self._change_budget)
        self.clear_button = QPushButton("Delete all…")
        self.clear_button.setObjectName("clear_runs")
        self.clear_button.setToolTip("Delete all unsaved runs but those that are open")
        self.clear_button.clicked.connect(lambda: self._ask(True))
        self.sure_button = QPushButton("Delete")
        self.sure_button.setObjectName("clear_runs_surely")
        self.sure_button.clicked.connect(self._clear)
        self.keep_button = QPushButton("Keep")
        self.keep_button.setObjectName("keep_runs")
        self.keep_button.clicked.connect(lambda: self._ask(False))
        for button in (self.clear_button, self.sure_button, self.keep_button):
            button.setAutoDefault(False)  # Enter in the budget is no answer to them
        self._lay_out()
        self._ask(False)
        self._count()

    def done(self, result: int) -> None:
        """Wait for what is under way; it may not outlive the dialog."""
        if self._work is not None:
            self._work.cancel()
        super().done(result)

    def _lay_out(self) -> None:
        note = paragraph(
            "Every run is recorded from its first step. What you do not save stays in this folder until the budget "
            "is used up; then the oldest runs go first. Runs that you save elsewhere are never deleted.",
            "dim",
        )
        delete = QHBoxLayout()
        delete.setSpacing(8)
        delete.addWidget(self.amount, 1)
        for button in (self.clear_button, self.sure_button, self.keep_button):
            delete.addWidget(button)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label("Folder", "dim"), 0, 0)
        grid.addWidget(self.folder, 0, 1)
        grid.addWidget(label("In it", "dim"), 1, 0)
        grid.addLayout(delete, 1, 1)
        grid.addWidget(label("Budget", "dim"), 2, 0)
        grid.addWidget(self.budget, 2, 1, Qt.AlignmentFlag.AlignLeft)
        button = close_button(self)
        column = dialog_column(self, spacing=14)
        column.addWidget(label("Unsaved runs", "title"))
        column.addWidget(note)
        column.addLayout(grid)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)
        button.setFocus()

    def _change_budget(self, gigabytes: float) -> None:
        self._settings.runs_budget = self._library.budget = round(gigabytes * GB)

    def _ask(self, sure: bool) -> None:
        """Deleting takes a second click."""
        self.clear_button.setVisible(not sure)
        self.sure_button.setVisible(sure)
        self.keep_button.setVisible(sure)

    def _clear(self) -> None:
        self._ask(False)
        self._do(self._cleared)

    def _count(self) -> None:
        self._do(self._library.runs)

    def _cleared(self) -> list[LibraryRun]:
        self._library.clear()
        return self._library.runs()

    def _do(self, function: Callable[[], list[LibraryRun]]) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work.deleteLater()
        self._work = Background(function, self)
        self._work.done.connect(self._show_runs)
        self._work.start()

    def _show_runs(self, runs: list[LibraryRun]) -> None:
        in_use = sum(run.claimed for run in runs)
        count = counted(len(runs), "run")
        self.amount.setText(
            f"{count}, {bytes_text(sum(run.bytes for run in runs))}" + (f" ({in_use} open)" if in_use else "")
        )
        self.clear_button.setEnabled(len(runs) > in_use)
        self.counted.emit()
