"""The card "Head roles" on the screen, histories that were looked at, and its dots under the pointer."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from tests.views import hand_made
from tests.views.made_histories import columns, history
from tests.views.on_screen import exposed
from tfviz.training.heads.head_roles import ROLES, RoleTaken
from tfviz.training.record.history import History
from tfviz.training.tasks.task import Alignment, Task
from tfviz.views.heads.head_measures import MEASURES
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel

LEFT = Qt.MouseButton.LeftButton


def open_roles(qtbot: QtBot) -> HeadMetricsPanel:
    return exposed(qtbot, HeadMetricsPanel(), 900, 400)


class Aligned(Task):
    """Every answered token comes from the one at its place, where that is known."""

    def __init__(self, known: bool = True) -> None:
        self.known = known

    def alignment(self, sentence: str) -> Alignment | None:
        return tuple((place,) for place in range(len(sentence.split()))) if self.known else None


def looked(steps: int = 100, every: int = 10, known: bool = True) -> History:
    """A history of so many steps, of which every so many were looked at, with other weights each time."""
    made = history(columns(steps))
    for step in range(0, steps + 1, every):
        made.heads.look(step, hand_made.attention(seed=step), Aligned(known))
    return made


def shown(panel: HeadMetricsPanel, made: History, step: int | None = None) -> History:
    panel.show_history(made)
    panel.show_step(len(made) if step is None else step)
    return made


def spot(panel: HeadMetricsPanel, head: str) -> QPoint:
    place = panel.scatter.place_of(head)
    assert place is not None
    return place.toPoint()


def click(panel: HeadMetricsPanel, qtbot: QtBot, head: str, *modifiers: Qt.KeyboardModifier) -> None:
    qtbot.mouseClick(panel.scatter, LEFT, *modifiers, pos=spot(panel, head))


def choose_axis(panel: HeadMetricsPanel, qtbot: QtBot, axis: str, title: str) -> None:
    """With the keyboard, as a person would."""
    box = panel.boxes[axis]
    while box.currentText() != title:
        before = box.currentIndex()
        wanted = [measure.title for measure in MEASURES].index(title)
        qtbot.keyClick(box, Qt.Key.Key_Down if wanted > before else Qt.Key.Key_Up)
        assert box.currentIndex() != before


def has(image: QImage, colour: QColor, around: QPoint, reach: int = 12) -> bool:
    return any(
        image.pixelColor(x, y).name() == colour.name()
        for x in range(max(around.x() - reach, 0), min(around.x() + reach, image.width()))
        for y in range(max(around.y() - reach, 0), min(around.y() + reach, image.height()))
    )


def taken(step: int, head: str = "cross L1H0", role: int = 3) -> RoleTaken:
    return RoleTaken(step, head, ROLES[role], 0.83)
