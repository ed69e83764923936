"""What the window remembers from one start to the next."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QByteArray, QSettings

from tfviz.app.dialogs.break_choices import BreakChoices
from tfviz.app.kept_lists import KeptLists
from tfviz.training.record.run_library import BUDGET
from tfviz.views.playground.draft import Draft

ThemeChoice = Literal["system", "dark", "light"]

ORGANISATION = APPLICATION = "tfviz"
LAYOUT_VERSION = 2
"""Of the docks; a stored arrangement of another version is left alone."""
MOST_RECENT = 10
LEAST_BUDGET, MOST_BUDGET = 100 << 20, 1 << 40
"""Bytes of the runs that nobody saved."""


class Settings:
    """Typed access to QSettings. Values that somebody else wrote and that make no sense count as absent."""

    def __init__(self, store: QSettings | None = None) -> None:
        scope = QSettings.Scope.UserScope
        self._store = store or QSettings(QSettings.Format.IniFormat, scope, ORGANISATION, APPLICATION)

    @property
    def theme(self) -> ThemeChoice:
        stored = self._store.value("theme")
        return stored if stored in ("dark", "light") else "system"

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("theme", choice)

    @property
    def hint_done(self) -> bool:
        """Whether the first-run hint has served its purpose."""
        return self._store.value("hint_done") == "yes"

    @hint_done.setter
    def hint_done(self, done: bool) -> None:
        self._store.setValue("hint_done", "yes" if done else "no")

    @property
    def run_steps(self) -> int:
        """How many steps the last "run N steps" took."""
        return self._number("run_steps", 1, 1_000_000, 100)

    @run_steps.setter
    def run_steps(self, count: int) -> None:
        self._store.setValue("run_steps", str(count))

    @property
    def export_folder(self) -> str:
        """Where the last export went; empty before the first."""
        stored = self._store.value("export_folder")
        return stored if isinstance(stored, str) else ""

    @export_folder.setter
    def export_folder(self, folder: str) -> None:
        self._store.setValue("export_folder", folder)

    @property
    def recent_files(self) -> list[str]:
        """Run files that were opened or saved, the newest first; some may be gone."""
        stored = self._store.value("recent_files")
        names = stored if isinstance(stored, list) else [stored]
        return [name for name in names if isinstance(name, str) and name][:MOST_RECENT]

    def add_recent_file(self, path: str) -> None:
        """Put a file first, where it is not."""
        path = str(Path(path).absolute())
        others = [name for name in self.recent_files if name != path]
        self._store.setValue("recent_files", [path, *others][:MOST_RECENT])

    @property
    def runs_budget(self) -> int:
        """Bytes that runs may take which are recorded and not saved."""
        return self._number("runs_budget", LEAST_BUDGET, MOST_BUDGET, BUDGET)

    @runs_budget.setter
    def runs_budget(self, count: int) -> None:
        self._store.setValue("runs_budget", str(count))

    @property
    def breaks(self) -> BreakChoices:
        """When training is to stop, as the user chose it last."""
        return BreakChoices.from_text(str(self._store.value("breaks", "")))

    @breaks.setter
    def breaks(self, choices: BreakChoices) -> None:
        self._store.setValue("breaks", choices.to_text())

    def kept_sentences(self, task: str) -> tuple[Draft, ...]:
        """Those that were kept in the playground; `task` is named as list_of() does."""
        return self._kept[task]

    def keep_sentences(self, task: str, drafts: Sequence[Draft]) -> None:
        """These are kept of a task from now on."""
        kept = self._kept
        kept.put(task, drafts)
        self._store.setValue("kept_sentences", kept.to_text())

    @property
    def _kept(self) -> KeptLists:
        return KeptLists.from_text(str(self._store.value("kept_sentences", "")))

    @property
    def geometry(self) -> QByteArray | None:
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._store.setValue("window/geometry", geometry)

    @property
    def layout(self) -> QByteArray | None:
        """The arrangement of the docks, where it was stored by this version."""
        return self._bytes(f"window/layout_{LAYOUT_VERSION}")

    @layout.setter
    def layout(self, layout: QByteArray) -> None:
        self._store.setValue(f"window/layout_{LAYOUT_VERSION}", layout)

    def forget_layout(self) -> None:
        for name in ("geometry", f"layout_{LAYOUT_VERSION}"):
            self._store.remove(f"window/{name}")

    def save(self) -> None:
        """Write to the disk now."""
        self._store.sync()

    def _number(self, key: str, least: int, most: int, otherwise: int) -> int:
        try:
            stored = int(str(self._store.value(key, "")))
        except ValueError:
            return otherwise
        return stored if least <= stored <= most else otherwise

    def _bytes(self, key: str) -> QByteArray | None:
        stored = self._store.value(key)
        return stored if isinstance(stored, QByteArray) and not stored.isEmpty() else None
