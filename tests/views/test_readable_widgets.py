"""What widgets say can be read in both themes, disabled or not, in cards, hints, choices and menus."""

from collections.abc import Callable, Sequence

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
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

from tests.views.contrast import BLOCKS, contrast, painted_contrast
from tests.views.hand_made import picture
from tfviz.training.config import RunConfig
from tfviz.views.interventions.parts_tree import PartsTree
from tfviz.views.panel import Panel, label
from tfviz.views.parts.widgets import add_heading, add_statement
from tfviz.views.style.theme import THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


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
def test_the_boxes_of_a_check_list_can_be_seen_and_told_apart_without_colours(
    theme: Theme, qtbot, qapp: QApplication
) -> None:
    theme.apply(qapp)
    tree = PartsTree(RunConfig.preset("identity").model)
    qtbot.addWidget(tree)
    tree.show()
    tree.tick("generator", True)
    tree.tick("encoder.0", True)
    image = picture(tree.viewport())
    looks = []
    for name in ("source_embedding", "generator", "encoder"):
        (item,) = tree.findItems(name, Qt.MatchFlag.MatchExactly)
        line = tree.visualItemRect(item)
        box = image.copy(QRect(line.left(), line.top(), 20, line.height()))
        colours = [box.pixelColor(x, y) for x in range(box.width()) for y in range(box.height())]
        assert max(contrast(colour, theme.panel) for colour in colours) >= 3, name
        looks.append([colour.name() == theme.on_accent for colour in colours])
    assert len({tuple(look) for look in looks}) == 3  # nothing, a check mark, a dash
