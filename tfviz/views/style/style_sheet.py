"""The style sheet of the whole program, one text with the theme's tokens filled in."""

from collections.abc import Mapping
from string import Template

from tfviz.resources import RESOURCES
from tfviz.views.style.fonts import monospace_family

# Traps this text steps around. A spin box whose buttons are removed by setButtonSymbols shows no text, so
# they get no width here instead. A line edit's border and height must not reach the one inside a spin box. A
# styled combo box, spin box or check box loses its arrow or tick, so those are pictures in resources/icons. The
# text of a spin box begins where its left-most button ends: the empty buttons stand at the left of the content.
_SURFACES = """
* { outline: 0; }
QMainWindow, QDialog, QWidget#central { background: $background; }
QMainWindow::separator { background: $background; width: 8px; height: 8px; }
QMainWindow::separator:hover { background: $line; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $line; }
QFrame[card="true"] { background: $panel; border: 1px solid $line; border-radius: 8px; }
QFrame[card="true"][docked="true"] {
    border-top: 0; border-top-left-radius: 0; border-top-right-radius: 0; }
QFrame[cardhead="true"] {
    background: $panel; border: 1px solid $line; border-bottom: 0; border-top-left-radius: 8px;
    border-top-right-radius: 8px; }
QFrame[hint="true"] { background: $selection; border: 1px solid $accent; border-radius: 8px; }
QLabel { background: transparent; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="brand"] { color: $accent; font-size: 17px; font-weight: 600; padding: 0 6px 0 8px; }
QLabel[role="key"] {
    background: $raised; border: 1px solid $line; border-radius: 4px; padding: 1px 6px;
    font-family: "$monospace"; font-size: 12px; }
QLabel[role="here"] {
    background: $selection; border: 1px solid $accent; border-radius: 5px; padding: 3px 8px; margin-left: 6px;
    font-weight: 600; }
QLabel[role="caption"] { color: $faint; font-size: 11px; font-weight: 600; }
QLabel[role="dim"] { color: $dim; }
QLabel[role="faint"] { color: $faint; font-size: 12px; }
QLabel[role="empty"] { color: $dim; font-size: 14px; }
QLabel[role="number"] { font-family: "$monospace"; font-size: 12px; }
QLabel[role="number"][strong="true"] { font-weight: 600; }
QLabel[role="formula"] {
    background: $raised; border: 1px solid $line; border-radius: 5px; padding: 6px 8px;
    font-family: "$monospace"; font-size: 12px; }
QFrame[hint="true"] QLabel[role="caption"], QFrame[hint="true"] QLabel[role="dim"] { color: $text; }
QLabel[role="warning"] { color: $warn_text; }
QLabel[role="error"] { color: $bad; }
QLabel:disabled { color: $disabled; }
QLabel[role="statement"], QLabel[role="statement"]:disabled { color: $dim; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 6px; }
QStatusBar { background: $background; color: $dim; border-top: 1px solid $line; }
QStatusBar::item { border: 0; }
QStatusBar QLabel { color: $dim; padding: 0 6px; }
"""

_BUTTONS = """
QToolBar { background: $panel; border: 0; border-bottom: 1px solid $line; padding: 6px 8px; spacing: 4px; }
QToolBar[margin="true"] { background: transparent; border: 0; padding: 0; spacing: 0; }
QToolBar::separator { background: $line; width: 1px; margin: 6px 6px; }
QPushButton {
    background: $raised; border: 1px solid $line; border-radius: 5px; padding: 5px 14px; min-height: 18px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border-color: $accent; }
QPushButton:checked { background: $selection; border-color: $accent; }
QPushButton:disabled { color: $disabled; background: $panel; }
QPushButton[small="true"] { padding: 1px 6px; min-height: 16px; font-size: 12px; border-radius: 4px; }
QPushButton[tight="true"] { padding: 1px 4px; font-size: 11px; }
QPushButton[small="true"][absent="true"] {
    background: transparent; border-style: dashed; border-color: $disabled; color: $faint; }
QPushButton[small="true"][absent="true"]:checked { border-color: $accent; }
QPushButton[flat="true"] { background: transparent; border: 1px solid transparent; padding: 4px 8px; }
QPushButton[flat="true"]:hover { background: $hover; }
QPushButton[flat="true"]:focus { border-color: $accent; }
QPushButton[link="true"] {
    background: transparent; border: 1px solid transparent; color: $accent; padding: 0 2px; min-height: 16px;
    text-decoration: underline; font-family: "$monospace"; font-size: 12px; }
QPushButton[link="true"]:hover { color: $text; }
QPushButton[link="true"]:focus { border-color: $accent; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 5px; padding: 5px 6px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $line; }
QToolButton:focus { border-color: $accent; }
QToolButton:checked { background: $selection; }
QToolButton:disabled { color: $disabled; }
QToolButton[slim="true"] { padding: 2px; }
QToolButton::menu-indicator { image: none; width: 0; }
QPushButton[primary="true"], QToolButton[primary="true"] {
    background: $accent_fill; border: 1px solid $accent_fill; color: $on_accent; font-weight: 600; }
QToolButton[primary="true"] { padding: 5px 14px; }
QPushButton[primary="true"]:hover, QToolButton[primary="true"]:hover {
    background: $accent; border-color: $accent; }
QPushButton[primary="true"]:focus, QToolButton[primary="true"]:focus { border: 1px solid $text; }
QPushButton[primary="true"]:disabled, QToolButton[primary="true"]:disabled {
    background: $raised; border-color: $line; color: $disabled; }
QPushButton[segment="true"] {
    background: $raised; border: 1px solid $line; border-left-width: 0; border-radius: 0; padding: 4px 11px;
    color: $dim; }
QPushButton[segment="true"][tight="true"] { padding: 4px 5px; font-size: 13px; }
QPushButton[segment="true"]:hover { background: $hover; color: $text; }
QPushButton[segment="true"]:checked {
    background: $accent_fill; border-color: $accent_fill; color: $on_accent; }
QPushButton[segment="true"]:focus { border: 1px solid $accent; color: $text; }
QPushButton[segment="true"]:checked:focus { border: 1px solid $text; color: $on_accent; }
QPushButton[segment="true"]:disabled { color: $disabled; }
QPushButton[segment="true"][place="first"] {
    border-left-width: 1px; border-top-left-radius: 5px; border-bottom-left-radius: 5px; }
QPushButton[segment="true"][place="last"] { border-top-right-radius: 5px; border-bottom-right-radius: 5px; }
QPushButton[segment="true"][place="only"] { border-left-width: 1px; border-radius: 5px; }
"""

_FIELDS = """
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
    background: $raised; border: 1px solid $line; border-radius: 5px; padding: 3px 7px; min-height: 20px;
    selection-background-color: $accent_fill; selection-color: $on_accent; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $disabled; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
    border-color: $accent; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"] {
    border-color: $bad; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $disabled; background: $panel; }
QAbstractSpinBox { padding: 2px 5px; }
QAbstractSpinBox QLineEdit { border: 0; min-height: 0; padding: 0; background: transparent; }
QComboBox QLineEdit { border: 0; min-height: 0; padding: 0; background: transparent; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    width: 0; border: 0; subcontrol-origin: content; subcontrol-position: left; }
QAbstractSpinBox[arrows="true"] { padding-right: 18px; }
QAbstractSpinBox[arrows="true"]::up-button {
    subcontrol-origin: border; subcontrol-position: top right; width: 17px; margin: 2px 2px 0 0;
    border-radius: 3px; }
QAbstractSpinBox[arrows="true"]::down-button {
    subcontrol-origin: border; subcontrol-position: bottom right; width: 17px; margin: 0 2px 2px 0;
    border-radius: 3px; }
QAbstractSpinBox[arrows="true"]::up-button:hover, QAbstractSpinBox[arrows="true"]::down-button:hover {
    background: $line; }
QAbstractSpinBox[arrows="true"]::up-arrow {
    image: url("$icons/arrow_up_$name.svg"); width: 10px; height: 10px; }
QAbstractSpinBox[arrows="true"]::down-arrow {
    image: url("$icons/arrow_down_$name.svg"); width: 10px; height: 10px; }
QComboBox::drop-down { border: 0; width: 22px; subcontrol-origin: border; subcontrol-position: center right; }
QComboBox::down-arrow { image: url("$icons/arrow_down_$name.svg"); width: 12px; height: 12px; }
QComboBox QAbstractItemView {
    background: $raised; border: 1px solid $line; padding: 3px; selection-background-color: $accent_fill;
    selection-color: $on_accent; }
QComboBox QAbstractItemView::item { min-height: 24px; padding: 0 6px; }
QComboBox::item:disabled { color: $dim; }
QCheckBox {
    spacing: 7px; background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 1px; }
QCheckBox:focus { border-color: $accent; }
QCheckBox:disabled { color: $disabled; }
QCheckBox::indicator, QTreeView::indicator {
    width: 13px; height: 13px; border: 1px solid $disabled; border-radius: 3px; background: $raised; }
QCheckBox::indicator:hover, QTreeView::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked, QTreeView::indicator:checked {
    background: $accent_fill; border-color: $accent_fill; image: url("$icons/check.svg"); }
QTreeView::indicator:indeterminate {
    background: $accent_fill; border-color: $accent_fill; image: url("$icons/dash.svg"); }
QCheckBox::indicator:disabled { border-color: $line; background: $panel; }
QSlider { background: transparent; min-height: 20px; }
QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::sub-page:horizontal:disabled { background: $disabled; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: $text; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $accent; }
QProgressBar { background: $line; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
"""

_CONTAINERS = """
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab {
    background: $raised; color: $dim; border: 1px solid $line; padding: 5px 12px; margin-right: -1px; }
QTabBar::tab:selected { background: $panel; color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }
QMainWindow > QTabBar { font-size: 12px; font-weight: 600; }
QMainWindow > QTabBar::tab {
    background: transparent; border: 0; border-bottom: 2px solid transparent; padding: 5px 12px 4px 12px;
    margin: 0 0 4px 0; }
QMainWindow > QTabBar::tab:hover { border-bottom-color: $line; }
QMainWindow > QTabBar::tab:selected { background: transparent; border-bottom-color: $accent; }
QMainWindow > QTabBar::tab:focus { color: $accent; }
QTabWidget::pane { border: 0; }
QDockWidget { color: $text; font-weight: 600; }
QDockWidget::title { background: transparent; padding: 6px 4px 4px 4px; text-align: left; }
QMenu { background: $raised; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 24px; border-radius: 4px; }
QMenu::item:selected { background: $accent_fill; color: $on_accent; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }
QMenuBar { background: $panel; }
QMenuBar::item { padding: 4px 8px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QScrollArea, QWidget[scrolled="true"] { background: transparent; border: 0; }
QGraphicsView { background: transparent; border: 1px solid transparent; border-radius: 4px; }
QGraphicsView:focus { border-color: $accent; }
QScrollBar { background: transparent; border: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $disabled; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QAbstractScrollArea::corner { background: transparent; border: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QTableView, QListView, QTreeView {
    background: $panel; alternate-background-color: $raised; border: 1px solid $line; border-radius: 5px;
    gridline-color: $line; selection-background-color: $accent_fill; selection-color: $on_accent; }
QHeaderView, QTableCornerButton::section { background: $raised; border: 0; }
QHeaderView::section {
    background: $raised; color: $dim; border: 0; border-bottom: 1px solid $line; padding: 4px; }
QHeaderView::up-arrow, QHeaderView::down-arrow {
    subcontrol-origin: border; subcontrol-position: top center; width: 9px; height: 9px; margin-top: -1px; }
QHeaderView::up-arrow { image: url("$icons/arrow_up_$name.svg"); }
QHeaderView::down-arrow { image: url("$icons/arrow_down_$name.svg"); }
QListWidget { padding: 3px; }
QListWidget::item { padding: 4px 6px; border-radius: 4px; }
QListWidget::item:selected { background: $accent_fill; color: $on_accent; }
"""

_TEXT = Template(_SURFACES + _BUTTONS + _FIELDS + _CONTAINERS)


def style_sheet(tokens: Mapping[str, str]) -> str:
    """QSS for every kind of widget of the program; needs a QApplication (it asks which fonts there are).

    `tokens` are the theme's texts by name, its own name among them. KeyError where one is missing.
    """
    icons = (RESOURCES / "icons").as_posix()
    return _TEXT.substitute(tokens, monospace=monospace_family(), icons=icons)
