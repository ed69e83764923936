"""The header of the curves: values at the clock and under the pointer, the slider, and what gives way without room."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.views.curves_shown import open_curves, pixel_of, shown
from tests.views.made_histories import columns
from tfviz.views.curves.curve_header import value_text
from tfviz.views.curves.curve_panel import CurvePanel


def right_end(widget: QWidget, panel: QWidget) -> int:
    return widget.mapTo(panel, widget.rect().topRight()).x()


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    return open_curves(qtbot)


def test_the_legend_reads_the_values_at_the_clocks_step(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(300, every=100)
    shown(panel, made)
    panel.show_step(250)
    panel._show_values()
    assert panel.legend["train"].value == f"{made['loss'][249]:.3f}"
    assert panel.legend["validation"].value == f"{made['validation_loss'][199]:.3f}"
    assert panel.legend["accuracy"].value == f"{made['token_accuracy'][249]:.3f}"
    assert panel.plot.playhead.isVisible() and panel.plot.playhead.value() == 250


def test_the_legend_knows_no_values_before_the_first_step_and_none_newer_than_the_record(
    panel: CurvePanel,
) -> None:
    made = columns(50)
    shown(panel, made)
    panel.show_step(0)
    panel._show_values()
    assert panel.legend["train"].value == "–"
    panel.show_step(60)
    panel._show_values()
    assert panel.legend["train"].value == f"{made['loss'][49]:.3f}"


def test_hovering_reads_the_step_under_the_pointer(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(400)
    shown(panel, made)
    place = pixel_of(panel, 123, 1.0)
    qtbot.mouseMove(panel.plot.viewport(), place)
    qtbot.waitUntil(lambda: panel.plot.hover_line.isVisible())
    step = int(panel.plot.hover_line.value())
    assert abs(step - 123) <= 1
    assert panel.legend["train"].value == f"{made['loss'][step - 1]:.3f}"
    assert panel.plot.flag.text() == str(step)


def test_the_header_gives_way_when_the_card_is_narrow(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(300, every=50))
    panel.setMinimumWidth(1)  # as in a dock, whose header may be squeezed
    legend = [button for button in panel.legend.values() if button.isVisible()]
    assert panel.slider.isVisible() and all(button.shows_value for button in legend)
    for width in range(780, 320, -10):
        panel.resize(width, 190)
        QApplication.processEvents()
        assert panel.width() == width  # nothing holds it up
        ends = [right_end(button, panel) for button in legend]
        assert ends == sorted(ends) and ends[-1] < width - 8
        assert right_end(panel.log_button, panel) < width - 8
        qtbot.waitUntil(lambda: all(button.width() >= button.sizeHint().width() for button in legend))
        assert panel.title_label.width() >= panel.title_label.sizeHint().width()
    assert not legend[-1].shows_value
    assert legend[1].text() == "valid." and legend[1].accessibleName() == "Show validation"


def test_a_legend_without_room_beside_the_title_stands_below_it_and_comes_back(panel: CurvePanel) -> None:
    shown(panel, columns(300, every=50, decoded=100))
    panel.setMinimumWidth(1)
    entry, header = panel.legend["train"], panel.title_label.geometry()
    assert entry.mapTo(panel, entry.rect().center()).y() < header.bottom()
    panel.resize(355, 180)
    QApplication.processEvents()
    assert entry.mapTo(panel, entry.rect().topLeft()).y() > header.bottom()
    assert entry.mapTo(panel, entry.rect().bottomLeft()).y() < panel.plot.geometry().top()
    panel.show_title(False)  # a tab says it
    panel.resize(700, 180)
    QApplication.processEvents()
    assert entry.mapTo(panel, entry.rect().center()).y() < header.bottom()
    assert entry.text() == "train" and panel.legend["validation"].text() == "validation"


def test_values_without_room_stand_in_place_of_the_names_while_a_step_is_pointed_at(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    shown(panel, columns(300, every=50, decoded=100))
    panel.setMinimumWidth(1)
    panel.resize(440, 190)
    QApplication.processEvents()
    entry = panel.legend["accuracy"]
    assert not entry.shows_value
    before = entry.grab().toImage()
    qtbot.mouseMove(panel.plot.viewport(), pixel_of(panel, 120, 1.0))
    qtbot.waitUntil(lambda: panel.plot.hover_line.isVisible())
    during = entry.grab().toImage()
    assert during != before and during.size() == before.size()
    panel._hover(None)
    assert entry.grab().toImage() == before


def test_the_slider_smooths_more_or_not_at_all(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(500))
    panel.slider.setFocus()
    qtbot.keyClick(panel.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: panel.curves.factor == 0.0)
    assert "No smoothing" in panel.slider.toolTip()
    qtbot.keyClick(panel.slider, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: panel.curves.factor == pytest.approx(0.999))
    assert "1,000 steps" in panel.slider.toolTip()


def test_arrow_keys_belong_to_the_clock_unless_the_slider_has_the_focus(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    shown(panel, columns(100))
    for widget, claimed in ((panel.slider, True), (panel.plot, False)):
        offer = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier)
        offer.ignore()
        widget.event(offer)
        assert offer.isAccepted() is claimed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.29841, "1.298"),
        (0.0038, "0.0038"),
        (0.00016, "1.6e-4"),
        (0.0, "0.000"),
        (1234.5, "1234.5"),
        (float("nan"), "–"),
    ],
)
def test_a_value_in_the_legend_fits_into_its_room(value: float, text: str) -> None:
    assert value_text(value) == text
    assert len(text) <= len("0.0000")
