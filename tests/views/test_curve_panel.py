"""The card "Loss and accuracy": what it paints, what its controls do, and where a click leads."""

import gc
import weakref

import numpy
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.views.made_histories import columns, grow, history
from tests.views.on_screen import exposed
from tfviz.training.generation.free_running import DECODED, DECODED_EVERY
from tfviz.views.curves.curve_header import value_text
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.curves.curve_picture import ACCURACY_RANGE
from tfviz.views.style.theme import DARK, LIGHT, Theme

SIZE = (780, 190)


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    return exposed(qtbot, CurvePanel(), *SIZE)


def shown(panel: CurvePanel, made: dict[str, numpy.ndarray]) -> CurvePanel:
    panel.show_history(history(made))
    panel.picture.fit_and_draw()
    return panel


def near(image: QImage, colour: QColor, tolerance: int = 60) -> numpy.ndarray:
    """bool (height, width): pixels of about this colour."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = numpy.frombuffer(image.constBits(), numpy.uint8).reshape(
        image.height(), image.bytesPerLine() // 4, 4
    )
    wanted = numpy.array([colour.blue(), colour.green(), colour.red()])
    distance: numpy.ndarray = numpy.abs(raw[:, : image.width(), :3].astype(int) - wanted).sum(axis=2)
    return distance < tolerance


def picture(panel: CurvePanel) -> QImage:
    return panel.plot.viewport().grab().toImage()


def pixel_of(panel: CurvePanel, step: float, value: float) -> QPoint:
    plot = panel.plot
    return plot.mapFromScene(plot.view.mapViewToScene(QPointF(step, value)))


def accuracy_pixel(panel: CurvePanel, step: float, accuracy: float) -> QPoint:
    low, high = panel.plot.value_range
    share = (accuracy - ACCURACY_RANGE[0]) / (ACCURACY_RANGE[1] - ACCURACY_RANGE[0])
    return pixel_of(panel, step, low + share * (high - low))


def drag(panel: CurvePanel, qtbot: QtBot, start: QPoint, end: QPoint) -> None:
    """With the left button held, which qtbot's mouseMove does not say."""
    viewport = panel.plot.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for part in range(11):
        place = QPointF(start + (end - start) * (part / 10))
        held, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            QPointF(viewport.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            held,
            none,
        )
        QApplication.sendEvent(viewport, move)
        qtbot.wait(12)  # pyqtgraph takes a hundred moves a second
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)


def test_an_empty_panel_says_what_to_do(panel: CurvePanel) -> None:
    assert panel.empty.isVisible() and not panel.plot.isVisible()
    assert "Space" in panel.empty.label.text()


def test_the_loss_is_painted_where_its_values_are(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(400)
    made["loss"] = numpy.linspace(2.0, 1.0, 400)
    shown(panel, made)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    for step in (100, 200, 300):
        place = pixel_of(panel, step, made["loss"][step - 1])
        assert blue[place.y() - 4 : place.y() + 5, place.x() - 1 : place.x() + 2].any()
        assert not blue[place.y() + 20 : place.y() + 40, place.x()].any()


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_series_is_painted_in_its_colour_and_vanishes_when_switched_off(
    panel: CurvePanel, qtbot: QtBot, theme: Theme
) -> None:
    panel.recolour(theme)
    shown(panel, columns(2000, every=100))
    for name, series in (("train", 0), ("validation", 1), ("accuracy", 2), ("sequence", 3)):
        colour = theme.colour(theme.series[series])
        area = numpy.s_[:, 60:640]  # without the axes
        before = near(picture(panel), colour)[area].sum()
        qtbot.mouseClick(panel.legend[name], Qt.MouseButton.LeftButton)
        after = near(picture(panel), colour)[area].sum()
        assert before > 100 and after < before / 4, name
        qtbot.mouseClick(panel.legend[name], Qt.MouseButton.LeftButton)


def test_a_theme_recolours_ground_axes_and_curves_at_run_time(panel: CurvePanel) -> None:
    shown(panel, columns(500))
    panel.recolour(LIGHT)
    image = picture(panel)
    assert near(image, LIGHT.colour("panel"), 12).mean() > 0.5
    assert not near(image, DARK.colour("panel"), 12).any()


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


def test_the_validation_entry_appears_with_the_first_validation(panel: CurvePanel) -> None:
    made = columns(300, every=200)
    run = history(made, 100)
    panel.show_history(run)
    assert panel.legend["validation"].isHidden()
    grow(run, made, 250)
    panel.show_history(run)
    assert not panel.legend["validation"].isHidden()
    panel.picture.fit_and_draw()
    place = pixel_of(panel, 200, made["validation_loss"][199])
    orange = near(picture(panel), DARK.colour(DARK.series[1]))
    assert (
        orange[place.y() - 3 : place.y() + 4, place.x() - 3 : place.x() + 4].sum() >= 9
    )  # a dot: one point is no line


def test_free_running_accuracies_are_dotted_in_the_colours_of_those_they_belong_to(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    made = columns(2000, every=10)
    made["validation_token_accuracy"][:] = made["validation_sequence_accuracy"][:] = numpy.nan
    made["token_accuracy"][:], made["sequence_accuracy"][:] = 1.0, 0.95
    places = numpy.arange(9, 2000, 10)
    for name, level in (("token", 0.6), ("sequence", 0.2)):
        column = made[f"validation_free_{name}_accuracy"] = numpy.full(2000, numpy.nan)
        column[places] = level
    shown(panel, made)

    def row(level: float, series: int) -> numpy.ndarray:
        """Where a row of pixels at this accuracy has the colour of a series."""
        left, right = (accuracy_pixel(panel, step, level) for step in (100, 1900))
        coloured = near(picture(panel), DARK.colour(DARK.series[series]), 120)
        found: numpy.ndarray = coloured[left.y() - 1 : left.y() + 2, left.x() : right.x()].any(axis=0)
        return found

    for level, series, name in ((0.6, 2, "accuracy"), (0.2, 3, "sequence")):
        line = row(level, series)
        assert 0.25 < line.mean() < 0.75, name  # dots and gaps
        starts = numpy.flatnonzero(numpy.diff(line.astype(int)) == 1)
        assert numpy.median(numpy.diff(starts)) == 5, name
        for button in ("free", name):
            qtbot.mouseClick(panel.legend[button], Qt.MouseButton.LeftButton)
            assert not row(level, series).any(), (name, button)
            qtbot.mouseClick(panel.legend[button], Qt.MouseButton.LeftButton)
        assert row(level, series).any()


def test_the_free_running_entry_is_there_once_something_was_decoded_and_reads_both_shares(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    made = columns(300, every=50, decoded=200)
    run = history(made, 150)
    panel.show_history(run)
    assert not panel.legend["validation"].isHidden() and panel.legend["free"].isHidden()
    grow(run, made, 300)
    panel.show_history(run)
    entry = panel.legend["free"]
    assert entry.isVisible() and entry.text() == "free-running"
    panel._show_values()
    assert entry.value == f"{0.6 * 200 / 300:.3f} / {0.5 * (200 / 300) ** 2:.3f}"
    qtbot.mouseMove(panel.plot.viewport(), pixel_of(panel, 120, 1.0))
    qtbot.waitUntil(lambda: panel.plot.hover_line.isVisible())
    assert entry.value == "– / –"  # nothing was decoded by then
    panel._summarise()
    assert "free-running exact match 0.222" in panel.plot.accessibleDescription()


def test_the_first_decoding_is_a_ring_before_there_is_a_line(panel: CurvePanel) -> None:
    made = columns(300, every=200, decoded=200)
    made["token_accuracy"][:] = made["validation_token_accuracy"][199] = 1.0
    shown(panel, made)
    place = accuracy_pixel(panel, 200, 0.4)
    green = near(picture(panel), DARK.colour(DARK.series[2]), 200)
    around = green[place.y() - 5 : place.y() + 6, place.x() - 5 : place.x() + 6]
    rows, pixels = numpy.nonzero(around)  # which may lie between two rows of pixels
    middle = around[round((rows.min() + rows.max()) / 2), round((pixels.min() + pixels.max()) / 2)]
    assert around.sum() >= 8 and not middle


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_the_free_running_entry_has_dots_of_both_colours_and_rings_while_it_is_off(
    panel: CurvePanel, qtbot: QtBot, theme: Theme
) -> None:
    panel.recolour(theme)
    shown(panel, columns(300, every=50, decoded=100))
    entry = panel.legend["free"]
    for series in (2, 3):
        colour = theme.colour(theme.series[series])
        before = near(entry.grab().toImage(), colour, 90)[:, :17].sum()
        entry.setChecked(False)
        after = near(entry.grab().toImage(), colour, 90)[:, :17].sum()
        entry.setChecked(True)
        assert before >= 6 and after < before


def test_the_tool_tips_say_what_validation_measures(panel: CurvePanel) -> None:
    assert "teacher-forced" in panel.legend["validation"].toolTip()
    said = panel.legend["free"].toolTip()
    assert f"{DECODED} held-out" in said and f"every {DECODED_EVERY} steps" in said and "greedy" in said


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


def test_a_click_asks_for_the_step_under_it(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(400))
    with qtbot.waitSignal(panel.step_clicked) as clicked:
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=pixel_of(panel, 300, 0.5))
    assert abs(clicked.args[0] - 300) <= 1


def test_a_click_beyond_the_record_asks_for_nothing(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(100))
    panel.plot.show_range(0, 1000)
    with qtbot.assertNotEmitted(panel.step_clicked):
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=pixel_of(panel, 800, 0.5))


def test_the_range_grows_with_the_record_until_the_user_zooms(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(5000)
    run = history(made, 100)
    panel.show_history(run)
    assert panel.plot.last_step >= 100
    grow(run, made, 1000)
    panel.show_history(run)
    assert 1000 <= panel.plot.last_step < 1100
    assert not panel.reset_button.isVisible()
    panel.plot.setFocus()
    qtbot.keyClick(panel.plot, Qt.Key.Key_Plus)
    zoomed = panel.plot.last_step
    assert zoomed < 1000 and panel.reset_button.isVisible()
    grow(run, made, 5000)
    panel.show_history(run)
    assert panel.plot.last_step == zoomed
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    assert panel.plot.last_step >= 5000 and not panel.reset_button.isVisible()


def test_the_last_steps_before_a_pause_come_into_view(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(300)
    run = history(made, 200)
    panel.show_history(run)
    for step in range(201, 301):
        grow(run, made, step)
        panel.show_history(run)
    qtbot.waitUntil(lambda: panel.plot.last_step >= 300, timeout=2000)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    place = pixel_of(panel, 298, 0)
    assert blue[:, place.x() - 2 : place.x() + 2].any()


def test_dragging_moves_along_the_steps_and_leaves_the_loss_axis_alone(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    shown(panel, columns(1000))
    panel.plot.show_range(400, 600)
    values = panel.plot.value_range
    start = pixel_of(panel, 500, sum(values) / 2)
    drag(panel, qtbot, start, start + QPoint(100, 50))
    qtbot.waitUntil(lambda: panel.plot.first_step < 380)
    assert panel.plot.last_step - panel.plot.first_step == pytest.approx(200)
    assert not panel.plot.values_zoomed and panel.plot.value_range == pytest.approx(values, rel=0.5)


def test_the_logarithmic_axis_shows_powers_of_ten(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(400)
    made["loss"] = 10.0 ** numpy.linspace(1, -3, 400)
    shown(panel, made)
    qtbot.mouseClick(panel.log_button, Qt.MouseButton.LeftButton)
    low, high = panel.plot.value_range
    assert low == pytest.approx(-3, abs=0.4) and high == pytest.approx(1, abs=0.4)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    place = pixel_of(panel, 200, numpy.log10(made["loss"][199]))
    assert blue[place.y() - 4 : place.y() + 5, place.x() - 1 : place.x() + 2].any()


def test_a_loss_of_zero_on_the_logarithmic_axis_is_marked_at_the_lower_edge(panel: CurvePanel) -> None:
    made = columns(200)
    made["loss"] = numpy.full(200, 0.5)
    made["loss"][100] = 0.0
    panel.log_button.setChecked(True)
    shown(panel, made)
    panel.slider.setValue(0)
    low, _ = panel.plot.value_range
    foot = pixel_of(panel, 101, low)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    assert blue[foot.y() - 8 : foot.y(), foot.x() - 4 : foot.x() + 5].sum() > 12


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf, -numpy.inf])
def test_a_broken_loss_is_marked_at_the_upper_edge(panel: CurvePanel, value: float) -> None:
    made = columns(200)
    made["loss"][119] = value
    shown(panel, made)
    _, high = panel.plot.value_range
    place = pixel_of(panel, 120, high)
    marked = near(picture(panel), DARK.colour("not_a_number"))
    assert marked[place.y() : place.y() + 9, place.x() - 5 : place.x() + 6].sum() > 12
    assert not marked[:, : place.x() - 8].any()


def test_a_spike_leaves_the_axis_readable_and_is_marked_not_dropped(panel: CurvePanel) -> None:
    made = columns(400)
    made["loss"] = numpy.linspace(1.0, 0.5, 400)
    made["loss"][199] = 1e6
    panel.curves.set_factor(0.0)
    shown(panel, made)
    _, high = panel.plot.value_range
    assert high < 5
    place = pixel_of(panel, 200, high)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    assert blue[place.y() : place.y() + 9, place.x() - 5 : place.x() + 6].sum() > 12


def test_the_slider_smooths_more_or_not_at_all(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(500))
    panel.slider.setFocus()
    qtbot.keyClick(panel.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: panel.curves.factor == 0.0)
    assert "No smoothing" in panel.slider.toolTip()
    qtbot.keyClick(panel.slider, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: panel.curves.factor == pytest.approx(0.999))
    assert "1,000 steps" in panel.slider.toolTip()


def test_nothing_is_drawn_while_nothing_changes(panel: CurvePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    run = history(columns(300))
    panel.show_history(run)
    drawn: list[int] = []
    monkeypatch.setattr(panel.picture, "draw", lambda: drawn.append(1))
    for _ in range(5):
        panel.show_history(run)
    assert not drawn


def test_another_run_replaces_the_curves(panel: CurvePanel) -> None:
    shown(panel, columns(1000))
    panel.plot.show_range(300, 400)
    shown(panel, columns(50))
    assert len(panel.curves) == 50
    assert panel.plot.last_step < 100 and not panel.plot.zoomed
    panel.show_history(history(columns(0)))
    assert panel.empty.isVisible()


def test_a_screen_reader_hears_the_state_of_the_curves(panel: CurvePanel) -> None:
    made = columns(1000, every=100)
    shown(panel, made)
    text = panel.plot.accessibleDescription()
    assert "step 1,000" in text and "falling" in text and "validation loss" in text


def test_the_header_gives_way_when_the_card_is_narrow(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(300, every=50))
    panel.setMinimumWidth(1)  # as in a dock, whose header may be squeezed
    legend = [button for button in panel.legend.values() if button.isVisible()]
    assert panel.slider.isVisible() and all(button.shows_value for button in legend)
    for width in range(780, 420, -10):
        panel.resize(width, 190)
        QApplication.processEvents()
        assert panel.width() == width  # nothing holds it up
        ends = [widget.geometry().right() for widget in (*legend, panel.log_button) if widget.isVisible()]
        assert ends == sorted(ends) and ends[-1] < width - 8
    assert not panel.slider.isVisible() and not panel.title_label.isVisible()
    assert not any(button.shows_value for button in legend[1:])


def test_values_without_room_stand_in_place_of_the_names_while_a_step_is_pointed_at(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    shown(panel, columns(300, every=50, decoded=100))
    panel.setMinimumWidth(1)
    panel.resize(600, 190)
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


def test_closed_panels_can_be_collected(qtbot: QtBot) -> None:
    for _ in range(5):
        made = CurvePanel()
        made.show()
        made.show_history(history(columns(50)))
        made.close()
        kept = weakref.ref(made)
        del made
        gc.collect()
        assert kept() is None


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
