"""The heads' roles in the window: the card behind the curves, marks on the timeline, the selection that both share."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QTabBar

from tests.app.conftest import Open
from tests.app.driving import LEFT, Driver
from tfviz.training.config import RunConfig
from tfviz.training.export.heads import Head
from tfviz.training.heads.head_roles import ROLES, RoleTaken
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel


def opened(driver: Driver) -> HeadMetricsPanel:
    """The card, brought to the front by its tab."""
    bars = [bar for bar in driver.window.findChildren(QTabBar) if bar.isVisible()]
    bar = next(bar for bar in bars if "Head roles" in [bar.tabText(tab) for tab in range(bar.count())])
    tab = [bar.tabText(number) for number in range(bar.count())].index("Head roles")
    driver.click_on(bar, bar.tabRect(tab).center())
    panel = driver.find(HeadMetricsPanel, "head_metrics_panel")
    driver.qtbot.waitUntil(lambda: not panel.visibleRegion().isEmpty())
    driver.settle()
    return panel


def test_the_card_shows_the_heads_of_the_step_that_the_clock_is_at(driver: Driver) -> None:
    panel = opened(driver)
    assert panel.points is not None and panel.points.step == 0
    driver.train(6)
    assert panel.points.step == 6
    driver.press(Qt.Key.Key_Left)
    driver.wait_shown(5)
    driver.qtbot.waitUntil(lambda: panel.points is not None and panel.points.step == 5)


def test_a_dot_and_the_attention_panel_choose_the_same_head(driver: Driver) -> None:
    panel, attention = opened(driver), driver.find(AttentionPanel, "attention_panel")
    assert attention.selected is not None and panel.chosen == (attention.selected.label,)
    place = panel.scatter.place_of("decoder L0H1")
    assert place is not None
    there = panel.scatter.head_at(place)  # another one may lie on it
    driver.qtbot.mouseClick(panel.scatter, LEFT, pos=place.toPoint())
    assert there is not None and attention.selected.label == there and panel.chosen == (there,)
    assert not there.startswith("cross")
    attention.select(Head("encoder", 0, 0))
    assert panel.chosen == ("encoder L0H0",)


def test_a_hidden_card_gets_no_updates(driver: Driver) -> None:
    feed = next(feed for feed in driver.window.bridge.feeds if feed.panel.object_name == "head_metrics_panel")
    before = feed.updates
    driver.train(10)
    assert feed.updates == before
    opened(driver)
    assert feed.updates > before


def test_a_mark_on_the_timeline_goes_to_the_step_at_which_a_role_was_taken_on(driver: Driver) -> None:
    driver.train(20)
    heads, timeline = driver.session.history.heads, driver.window.timeline
    heads.earlier = (RoleTaken(7, "cross L0H0", ROLES[3], 0.83),)
    driver.train(1)
    driver.qtbot.waitUntil(lambda: any(marker.kind == "role" for marker in timeline.markers), timeout=5000)
    driver.click_on(timeline, QPointF(timeline.position(7), 8).toPoint() + QPoint(2, 0))
    driver.wait_shown(7)


def test_a_run_that_learns_to_copy_is_marked_where_a_head_follows_the_source(
    open_window: Open, config: RunConfig
) -> None:
    driver = open_window(
        config.with_values(
            {"task.name": "copy", "task.length": 3, "task.minimum_length": 3, "task.alphabet": 5,
             "training.learning_rate": 0.02, "training.batch_size": 32}
        )
    )  # fmt: skip
    for _ in range(12):
        driver.train(20)
    taken = driver.session.history.heads.taken
    assert any(found.role.noun == "source-alignment head" for found in taken)
    timeline = driver.window.timeline
    driver.qtbot.waitUntil(
        lambda: len([marker for marker in timeline.markers if marker.kind == "role"]) == len(taken),
        timeout=5000,
    )
    panel = opened(driver)
    assert len(panel.table.rows.taken) == len(taken)
    with driver.qtbot.waitSignal(panel.step_clicked) as clicked:
        driver.click_on(panel.table.rows, QPoint(20, 8))
    driver.wait_shown(clicked.args[0])
