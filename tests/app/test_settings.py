"""Settings survive a restart, and nonsense in the file does not break one."""

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from tfviz.app.settings import Settings
from tfviz.training.record.run_library import BUDGET


def read(store: Path) -> Settings:
    return Settings(QSettings(str(store), QSettings.Format.IniFormat))


def test_everything_has_a_value_before_anything_is_stored(settings: Settings) -> None:
    assert (settings.theme, settings.hint_done) == ("system", False)
    assert (settings.run_steps, settings.export_folder) == (100, "")
    assert settings.geometry is None
    assert settings.layout is None


def test_what_is_stored_is_read_by_the_next_start(settings: Settings, store: Path) -> None:
    settings.theme, settings.hint_done, settings.run_steps, settings.export_folder = (
        "light",
        True,
        25,
        "/somewhere",
    )
    settings.geometry = settings.layout = QByteArray(b"\x00\x01\xff")
    settings.save()
    again = read(store)
    assert (again.theme, again.hint_done, again.run_steps, again.export_folder) == (
        "light",
        True,
        25,
        "/somewhere",
    )
    assert again.geometry == again.layout == QByteArray(b"\x00\x01\xff")


@pytest.mark.parametrize("text", ["0", "-3", "many", "1e9", "99999999999999999999", "9" * 5000, "²", ""])
def test_a_number_that_cannot_be_counts_as_absent(settings: Settings, text: str) -> None:
    for key in ("run_steps", "runs_budget"):
        settings._store.setValue(key, text)
    assert (settings.run_steps, settings.runs_budget) == (100, BUDGET)


def test_an_unknown_theme_counts_as_the_system(settings: Settings) -> None:
    settings._store.setValue("theme", "purple")
    assert settings.theme == "system"


def test_a_forgotten_layout_is_gone(settings: Settings) -> None:
    settings.layout = settings.geometry = QByteArray(b"x")
    settings.forget_layout()
    assert settings.layout is None
    assert settings.geometry is None


def test_a_store_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    settings = read(tmp_path / "missing" / "deep" / "settings.ini")
    settings.theme = "dark"
    settings.save()
    assert settings.theme == "dark"
