"""The two themes: their colours and colour maps, and how they are taken over while the program runs."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tests.views.contrast import contrast
from tests.views.hand_made import colours_in, picture
from tfviz.views.panel import Panel
from tfviz.views.style.colour_maps import lookup_table
from tfviz.views.style.theme import DARK, LIGHT, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def test_tokens_are_those_of_the_design() -> None:
    names = ["background", "panel", "raised", "line", "text", "dim", "accent", "good", "bad", "warn"]
    dark = [
        "14161b",
        "1b1e25",
        "242832",
        "2e333f",
        "e6e9ef",
        "98a1b3",
        "5b8cff",
        "3ecf8e",
        "ff6b6b",
        "f5b14c",
    ]
    light = [
        "eef0f4",
        "ffffff",
        "f4f6f9",
        "d9dee7",
        "1c2230",
        "566074",
        "2f62e0",
        "13875a",
        "cc3340",
        "b36b00",
    ]
    assert [getattr(DARK, name) for name in names] == [f"#{colour}" for colour in dark]
    assert [getattr(LIGHT, name) for name in names] == [f"#{colour}" for colour in light]
    assert (DARK.colour_map, LIGHT.colour_map) == ("inferno", "viridis")


@BOTH
def test_text_can_be_read_on_every_ground(theme: Theme) -> None:
    for ground in (theme.background, theme.panel, theme.raised):
        assert contrast(theme.text, ground) >= 7
        assert contrast(theme.dim, ground) >= 4.5
        assert contrast(theme.faint, ground) >= 4.5
        assert contrast(theme.warn_text, ground) >= 4.5
        assert contrast(theme.disabled, ground) >= 3
        assert contrast(theme.dim, ground) > contrast(theme.faint, ground) > contrast(theme.disabled, ground)
    assert contrast(theme.on_accent, theme.accent_fill) >= 4.5
    for colour in ("good", "bad"):
        for share in theme.chip_mix:
            assert contrast(theme.chip_text, theme.mix("panel", colour, share)) >= 4.5
    for colour in theme.series:
        assert contrast(colour, theme.panel) >= 3


@BOTH
def test_marks_of_special_cells_differ_from_the_whole_colour_map(theme: Theme) -> None:
    table = theme.lookup_table()[:, :3].astype(int)
    for token in ("masked", "not_a_number", "infinite"):
        mark = numpy.array(QColor(getattr(theme, token)).getRgb()[:3])
        assert numpy.abs(table - mark).sum(axis=1).min() > 20, token


def test_lookup_tables_are_bytes_with_the_known_ends() -> None:
    for name in ("inferno", "viridis", "diverging_dark", "diverging_light"):
        table = lookup_table(name)
        assert table.shape == (256, 4)
        assert table.dtype == numpy.uint8
        assert (table[:, 3] == 255).all()
    assert lookup_table("viridis")[0, :3].tolist() == [68, 1, 84]
    assert lookup_table("viridis")[-1, :3].tolist() == [253, 231, 37]
    assert lookup_table("inferno")[0, :3].tolist() == [0, 0, 4]
    with pytest.raises(ValueError, match="unknown"):
        lookup_table("rainbow")


@BOTH
def test_signed_data_is_orange_below_zero_and_blue_above(theme: Theme) -> None:
    table = theme.lookup_table(signed=True).astype(int)
    low, middle, high = table[64], table[128], table[192]
    assert low[0] > low[2]
    assert high[2] > high[0]
    assert abs(middle[0] - middle[2]) < 40


@given(st.sampled_from(list(THEMES.values())), st.floats(0, 1))
def test_mixing_stays_between_the_two_colours(theme: Theme, share: float) -> None:
    mixed = theme.mix("panel", "good", share).getRgb()[:3]
    ends = QColor(theme.panel).getRgb()[:3], QColor(theme.good).getRgb()[:3]
    for part, first, second in zip(mixed, *ends, strict=True):
        assert min(first, second) - 1 <= part <= max(first, second) + 1


@BOTH
def test_applying_a_theme_recolours_what_is_already_open(theme: Theme, qtbot, qapp: QApplication) -> None:
    other = LIGHT if theme is DARK else DARK
    other.apply(qapp)
    panel = Panel()
    qtbot.addWidget(panel)
    panel.resize(200, 120)
    panel.show()
    assert QColor(other.panel).name() in colours_in(picture(panel))
    theme.apply(qapp)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(theme.background)
    assert QColor(picture(panel).pixel(100, 80)).name() == QColor(theme.panel).name()


@BOTH
def test_the_style_sheet_is_understood_by_qt(theme: Theme, qtbot, qapp: QApplication, caplog) -> None:
    theme.apply(qapp)
    assert "$" not in theme.style_sheet()
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    for kind in (QPushButton, QComboBox, QDoubleSpinBox, QCheckBox):
        layout.addWidget(kind())
    window.show()
    picture(window)
    assert not [record for record in caplog.records if "parse" in record.message]
