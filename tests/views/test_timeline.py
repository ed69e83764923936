"""The timeline: where steps lie, what the mouse asks for, and when it is painted."""

import numpy
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QPaintEvent
from pytestqt.qtbot import QtBot

from tests.views.on_screen import exposed
from tfviz.views.style.theme import DARK, LIGHT
from tfviz.views.timeline.markers import Marker
from tfviz.views.timeline.timeline import Timeline, open_extent, spaced


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    made = exposed(qtbot, Timeline(), 1580, 48)
    qtbot.mouseMove(made, QPoint(30, 24))  # wherever the test before left the pointer
    made.show_range(0, 1284, 5000)
    made.show_playhead(1284, True)
    return made


def spot(timeline: Timeline, step: float) -> QPoint:
    return QPoint(round(timeline.position(step)), round(timeline.track.center().y()))


def colour(timeline: Timeline, step: float, dy: int = 0) -> str:
    return timeline.grab().toImage().pixelColor(spot(timeline, step) + QPoint(0, dy)).name()


def test_a_click_asks_for_the_step_under_it(timeline: Timeline, qtbot: QtBot) -> None:
    with qtbot.waitSignal(timeline.step_requested) as asked:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=spot(timeline, 600))
    assert abs(asked.args[0] - 600) <= 2


def test_dragging_asks_for_every_step_passed_over_and_stays_within_the_record(
    timeline: Timeline, qtbot: QtBot
) -> None:
    asked: list[int] = []
    timeline.step_requested.connect(asked.append)
    timeline.step_requested.connect(lambda step: timeline.show_playhead(step, False))
    qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=spot(timeline, 200))
    for step in (400, 800, 1200, 3000):
        qtbot.mouseMove(timeline, spot(timeline, step))
    qtbot.mouseMove(timeline, QPoint(2, 20))
    qtbot.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=QPoint(2, 20))
    assert numpy.abs(numpy.array(asked) - [200, 400, 800, 1200, 1284, 0]).max() <= 2
    qtbot.mouseMove(timeline, spot(timeline, 500))
    assert len(asked) == 6


def test_a_step_beyond_the_record_cannot_be_asked_for(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.show_playhead(100, False)
    with qtbot.waitSignal(timeline.step_requested) as asked:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=spot(timeline, 4000))
    assert asked.args == [1284]


def test_another_button_or_a_click_beside_the_track_asks_for_nothing(
    timeline: Timeline, qtbot: QtBot
) -> None:
    with qtbot.assertNotEmitted(timeline.step_requested):
        qtbot.mouseClick(timeline, Qt.MouseButton.RightButton, pos=spot(timeline, 600))
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(30, 24))


def test_the_live_chip_is_lit_while_following_and_returns_there(timeline: Timeline, qtbot: QtBot) -> None:
    assert timeline.live_chip.lit
    timeline.show_playhead(300, False)
    assert not timeline.live_chip.lit
    with qtbot.waitSignal(timeline.go_live):
        qtbot.mouseClick(timeline.live_chip, Qt.MouseButton.LeftButton)


def test_record_rest_keyframes_and_playhead_are_painted_where_they_belong(timeline: Timeline) -> None:
    timeline.set_keyframes([500, 1000])
    for theme in (DARK, LIGHT):
        timeline.recolour(theme)
        assert colour(timeline, 700) == theme.mix("panel", "accent", 0.55).name()
        assert colour(timeline, 3000) == theme.colour("line").name()
        assert colour(timeline, 500) == colour(timeline, 1000) == theme.colour("warn").name()
        assert colour(timeline, 1284) == theme.colour("accent").name()
    timeline.show_playhead(700, False)
    assert colour(timeline, 700) == LIGHT.colour("text").name()


def test_interventions_and_alerts_are_marked_and_explained(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_markers(
        [Marker(400, "intervention", "learning rate 0.0003"), Marker(900, "alert", "loss <spike>")]
    )
    assert colour(timeline, 900, -9) == DARK.colour("bad").name()
    qtbot.mouseMove(timeline, spot(timeline, 900))
    assert timeline.hovered is not None and "Step 900: loss" in timeline.toolTip()
    assert "<spike>" not in timeline.toolTip()  # it would be taken for markup
    qtbot.mouseMove(timeline, spot(timeline, 650))
    assert not timeline.toolTip()


def test_hovering_writes_the_step(timeline: Timeline, qtbot: QtBot) -> None:
    before = timeline.grab().toImage()
    qtbot.mouseMove(timeline, spot(timeline, 640))
    assert abs((timeline.hovered or 0) - 640) <= 2
    assert timeline.grab().toImage() != before


def test_an_open_ended_run_has_a_round_number_of_steps_beyond_the_record() -> None:
    assert [open_extent(step) for step in (0, 89, 90, 91, 1284, 899_000, 1_000_000)] == [
        100,
        100,
        100,
        150,
        1500,
        1_000_000,
        1_500_000,
    ]


def test_the_track_of_an_open_ended_run_grows(timeline: Timeline) -> None:
    timeline.show_range(0, 500, None)
    assert timeline.extent == 750
    timeline.show_range(0, 700, None)
    assert timeline.extent == 1000


def test_a_record_longer_than_its_total_still_fits(timeline: Timeline) -> None:
    timeline.show_range(0, 6000, 5000)
    assert timeline.extent == 6000 and timeline.step_at(1e9) == 6000


def test_it_is_painted_only_when_something_moves_by_half_a_pixel(
    timeline: Timeline, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    original = timeline.paintEvent

    def count(event: QPaintEvent) -> None:
        painted.append(1)
        original(event)

    monkeypatch.setattr(timeline, "paintEvent", count)
    timeline.show_range(0, 500_000, 1_000_000)
    timeline.repaint()
    painted.clear()
    for step in range(500_000, 500_100):
        timeline.show_range(0, step, 1_000_000)
        qtbot.wait(0)
    assert len(painted) <= 2


def test_only_the_neighbourhood_of_what_moved_is_painted_anew(
    timeline: Timeline, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[QRect] = []
    monkeypatch.setattr(timeline, "paintEvent", lambda event: painted.append(event.rect()))
    timeline.repaint()
    painted.clear()
    timeline.show_range(0, 1300, 5000)
    timeline.show_playhead(1300, True)
    qtbot.waitUntil(lambda: bool(painted))
    area = painted.pop()
    assert area.width() < 50 and not painted
    for step in (1284, 1300):
        playhead = spot(timeline, step)
        assert area.contains(playhead - QPoint(9, 9)) and area.contains(playhead + QPoint(9, 9))
    timeline.show_playhead(1300, False)  # another colour, and the chip's
    qtbot.waitUntil(lambda: bool(painted))
    assert painted.pop() == timeline.rect()


def test_thousands_of_keyframes_are_thinned_to_what_can_be_told_apart(timeline: Timeline) -> None:
    timeline.set_keyframes(numpy.arange(0, 1284))
    timeline.grab()
    places = numpy.arange(0.0, 1000.0, 0.25)
    kept = spaced(places, 12.0)
    assert kept[0] == 0.0 and (numpy.diff(kept) >= 12.0).all() and (numpy.diff(kept) < 13.5).all()
    assert spaced(numpy.array([5.0, 50.0, 56.0]), 12.0) == [5.0, 50.0]


def test_a_screen_reader_hears_step_and_state(timeline: Timeline) -> None:
    timeline._describe()
    assert timeline.accessibleDescription() == "Step 1,284 of 5,000, live"
    timeline.show_playhead(300, False)
    timeline._describe()
    assert timeline.accessibleDescription() == "Step 300 of 5,000, recorded up to step 1,284"


def test_arrow_keys_are_left_to_the_window(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.setFocus()
    with qtbot.assertNotEmitted(timeline.step_requested):
        qtbot.keyClick(timeline, Qt.Key.Key_Left)
        qtbot.keyClick(timeline, Qt.Key.Key_Home)


def test_a_head_that_took_on_a_role_has_a_mark_of_its_own_and_a_click_on_it_goes_to_its_very_step(
    timeline: Timeline, qtbot: QtBot
) -> None:
    timeline.show_range(0, 90_000, 100_000)  # a pixel stands for many steps
    timeline.show_playhead(90_000, True)
    before = timeline.grab().toImage()
    timeline.set_markers([Marker(30_007, "role", "cross L1H0 becomes a source-alignment head (0.83)")])
    eye = spot(timeline, 30_007)
    eye.setY(8)
    image = timeline.grab().toImage()
    assert image != before
    green = numpy.array(DARK.colour("good").getRgb())
    assert numpy.abs(numpy.array(image.pixelColor(eye + QPoint(-3, 0)).getRgb()) - green).max() < 12
    qtbot.mouseMove(timeline, eye + QPoint(3, 0))
    assert timeline.hovered == 30_007
    assert "Step 30,007: cross L1H0 becomes a source-alignment head (0.83)" in timeline.toolTip()
    with qtbot.waitSignal(timeline.step_requested) as asked:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=eye + QPoint(3, 0))
    assert asked.args == [30_007]
    timeline.show_playhead(30_007, False)
    with qtbot.waitSignal(timeline.step_requested) as asked:  # on the track itself the pointer decides
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=spot(timeline, 30_007) + QPoint(3, 0))
    assert asked.args[0] > 30_007
