from collections.abc import Callable, Sequence

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tests.views.hand_made import colours_in, picture
from tfviz.views.panel import Panel, label
from tfviz.views.parts.widgets import SegmentedButtons, Throttle, add_heading, add_statement
from tfviz.views.style import icons
from tfviz.views.style.colour_maps import lookup_table
from tfviz.views.style.fonts import interface_family, interface_font, load_fonts, monospace_family
from tfviz.views.style.theme import DARK, LIGHT, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def contrast(first: str | QColor, second: str | QColor) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(colour: str | QColor) -> float:
        parts = numpy.array(QColor(colour).getRgbF()[:3])
        linear = numpy.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


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


BLOCKS = "\N{FULL BLOCK}" * 8
"""Text whose pixels have its colour undiluted, in any font."""


def painted_contrast(image: QImage) -> float:
    """Of the ground, which has most pixels, and of text made of blocks: what stands out most of all that has many."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = numpy.frombuffer(image.constBits(), numpy.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    colours, counts = numpy.unique(raw[:, : image.width()] & 0xFFFFFF, return_counts=True)
    ground = QColor(int(colours[counts.argmax()]))
    return max(contrast(QColor(int(colour)), ground) for colour in colours[counts > counts.sum() / 20])


def disabled_widgets() -> list[QWidget]:
    """One of every kind that has text, disabled, in all looks that the style sheet knows."""
    looks: dict[Callable[[], QWidget], Sequence[str]] = {
        lambda: QPushButton(BLOCKS): ("", "small", "flat", "link", "primary", "segment"),
        lambda: with_text(QToolButton(), BLOCKS): ("", "slim", "primary"),
        lambda: QCheckBox(BLOCKS): ("",),
        lambda: QLineEdit(BLOCKS): ("",),
        lambda: with_text(QDoubleSpinBox(), BLOCKS): ("",),
        lambda: with_item(QComboBox(), BLOCKS): ("",),
        lambda: label(BLOCKS): ("",),
        **{
            lambda role=role: label(BLOCKS, role): ("",)
            for role in ("title", "caption", "dim", "faint", "warning")
        },
    }
    made = []
    for make, names in looks.items():
        for name in names:
            widget = make()
            if name:
                widget.setProperty(name, True)
            widget.setEnabled(False)
            made.append(widget)
    return made


def with_text(widget: QToolButton | QDoubleSpinBox, text: str) -> QWidget:
    if isinstance(widget, QDoubleSpinBox):
        widget.setSpecialValueText(text)
    else:
        widget.setText(text)
    return widget


def with_item(box: QComboBox, text: str) -> QWidget:
    box.addItem(text)
    return box


@BOTH
def test_disabled_text_can_be_read_in_every_kind_of_widget(theme: Theme, qtbot, qapp: QApplication) -> None:
    theme.apply(qapp)
    card = Panel()
    qtbot.addWidget(card)
    widgets = disabled_widgets()
    for widget in widgets:
        card.body.addWidget(widget)
    card.show()
    image = picture(card)
    for widget in widgets:
        inside = widget.geometry().adjusted(5, 4, -5, -4)
        if isinstance(widget, QComboBox):
            inside.setRight(inside.right() - 22)  # without its arrow
        if isinstance(widget, QCheckBox):
            inside.setLeft(inside.left() + 22)
        ratio = painted_contrast(image.copy(inside))
        name = f"{type(widget).__name__} {widget.dynamicPropertyNames()}"
        assert 3 <= ratio < 7, name  # and is told from what is not


@BOTH
def test_labels_can_be_read_in_a_card_and_in_a_hint(theme: Theme, qtbot, qapp: QApplication) -> None:
    theme.apply(qapp)
    for ground in ("card", "hint"):
        frame = QFrame()
        qtbot.addWidget(frame)
        frame.setProperty(ground, True)
        layout = QVBoxLayout(frame)
        roles = (
            "title",
            "caption",
            "dim",
            "number",
            *(("faint", "warning", "empty") if ground == "card" else ()),
        )
        labels = [label(BLOCKS, role) for role in roles]
        for one in labels:
            layout.addWidget(one)
        frame.show()
        image = picture(frame)
        for role, one in zip(roles, labels, strict=True):
            assert painted_contrast(image.copy(one.geometry())) >= 4.5, (ground, role)


@BOTH
def test_headings_among_choices_and_statements_in_menus_can_be_read(
    theme: Theme, qtbot, qapp: QApplication
) -> None:
    theme.apply(qapp)
    box = QComboBox()
    qtbot.addWidget(box)
    add_heading(box, BLOCKS)
    box.addItem("first")
    box.setCurrentIndex(1)
    assert not box.model().index(0, 0).flags() & Qt.ItemFlag.ItemIsEnabled
    box.show()
    box.showPopup()
    view = box.view()
    heading = picture(view.viewport()).copy(view.visualRect(box.model().index(0, 0)))
    box.hidePopup()
    assert painted_contrast(heading) >= 4.5
    menu = QMenu()
    qtbot.addWidget(menu)
    add_statement(menu, BLOCKS)
    menu.addAction(BLOCKS).setEnabled(False)
    menu.popup(QPoint(0, 0))
    said, command = menu.actions()
    assert said.text() == BLOCKS and not said.isEnabled()
    image = picture(menu)
    assert painted_contrast(image.copy(menu.actionGeometry(said))) >= 4.5
    assert 3 <= painted_contrast(image.copy(menu.actionGeometry(command))) < 4.5
    menu.close()


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


def test_a_spin_box_shows_its_text(qtbot, qapp: QApplication) -> None:
    DARK.apply(qapp)
    box = QDoubleSpinBox()
    qtbot.addWidget(box)
    box.resize(120, 30)
    box.show()
    assert box.lineEdit().width() > 80
    assert box.lineEdit().x() > 3


def test_tokens_in_a_label_are_no_markup(qtbot, qapp: QApplication) -> None:
    DARK.apply(qapp)
    shown = label("<s>", "number")
    qtbot.addWidget(shown)
    assert shown.textFormat() == Qt.TextFormat.PlainText
    assert shown.sizeHint().width() > 10


def test_fonts_are_found_or_replaced(qapp: QApplication) -> None:
    assert load_fonts() is load_fonts()
    assert interface_family()
    assert monospace_family()
    assert interface_font(11).pixelSize() == 11


@pytest.mark.parametrize("name", icons.NAMES)
def test_every_icon_is_painted_in_its_colour(name: str, qapp: QApplication) -> None:
    pixmap = icons.icon(name, "#ff0000").pixmap(32, 32)
    image = pixmap.toImage()
    reds = [
        image.pixelColor(x, y).red()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    ]
    assert len(reds) > 20
    assert set(reds) == {255}
    faded = icons.icon(name, "#ff0000").pixmap(32, 32, QIcon.Mode.Disabled).toImage()
    assert faded != image


def test_an_unknown_icon_says_which_there_are(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="there are play, pause"):
        icons.icon("nonsense", "#ff0000")


def test_segmented_buttons_choose_by_click_and_by_arrow_keys(qtbot, qapp: QApplication) -> None:
    DARK.apply(qapp)
    switch = SegmentedButtons(["All", "One", "Two"], "Which")
    qtbot.addWidget(switch)
    switch.show()
    chosen: list[int] = []
    switch.chosen.connect(chosen.append)
    qtbot.mouseClick(switch.button(2), Qt.MouseButton.LeftButton)
    QTest.keyClick(switch.button(2), Qt.Key.Key_Left)
    assert chosen == [2, 1]
    assert switch.index == 1
    switch.choose(0)
    assert chosen == [2, 1]
    assert switch.index == 0


def test_a_throttle_calls_at_once_then_seldom_and_never_forgets_the_last(qtbot, qapp: QApplication) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    calls: list[int] = []
    throttle = Throttle(lambda: calls.append(1), 20, owner)
    for _ in range(50):
        throttle.request()
    assert len(calls) == 1
    qtbot.waitUntil(lambda: len(calls) == 2)
