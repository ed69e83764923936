"""What every panel is: a card with a title that shows a snapshot, and knows nothing of threads."""

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from tfviz.training.mailbox import Demand
from tfviz.views.style.theme import DARK, Theme

if TYPE_CHECKING:
    from tfviz.training.export.comparison import Pinned
    from tfviz.training.record.history import History
    from tfviz.training.snapshot import Snapshot
    from tfviz.training.stepping.stepper import Stepper
    from tfviz.views.operations.step_debugger import Chosen

CARD_MARGIN = 12  # pixels at both sides
EMPTY_TEXT = "Press Space to start training"


def label(text: str = "", role: str | None = None) -> QLabel:
    """A label that never takes "<s>" for markup; `role` picks its look in the style sheet (title,
    caption, dim, faint, number, here, empty, statement, warning, error)."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    if role is not None:
        result.setProperty("role", role)
    return result


def paragraph(text: str = "", role: str | None = None) -> QLabel:
    """A label whose lines break where there is no more room."""
    result = label(text, role)
    result.setWordWrap(True)
    return result


class Card(QFrame):
    """A framed surface: `header`, a row with the title left and controls right, above `body`."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.title_label = label(title, "title")
        # As high as the controls, so that all titles of a row stand level.
        self.title_label.setMinimumHeight(28)
        self.header = QHBoxLayout()
        self.header.setContentsMargins(0, 0, 0, 0)
        self.header.setSpacing(8)
        self.header.addWidget(self.title_label)
        self.header.addStretch(1)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(6)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(CARD_MARGIN, 8, CARD_MARGIN, 10)
        outer.setSpacing(8)
        outer.addLayout(self.header)
        outer.addLayout(self.body, 1)

    def show_title(self, shown: bool) -> None:
        """Leave the title out where a tab above the card says it already: the controls have more room."""
        self.title_label.setVisible(shown)

    def add_control(self, widget: QWidget) -> None:
        """Put a control at the right end of the header row."""
        self.header.addWidget(widget)


class EmptyState(QWidget):
    """What stands where nothing is to be seen yet: one sentence that says what to do."""

    def __init__(self, text: str = EMPTY_TEXT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = paragraph(text, "empty")
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.addWidget(self.label)

    def set_text(self, text: str) -> None:
        self.label.setText(text)


class Panel(Card):
    """Base of the panels.

    While a panel is visible the bridge calls show_snapshot and show_history at most `rate` times a second and
    asks the worker for the parts of a snapshot that the panel's `demand` names.
    """

    tensor_wished = Signal(object)
    """A Chosen: look at this tensor, or at one cell of it, in the step that is taken apart."""
    work_wished = Signal(object, object)
    """work, done: find something out with the stepper, in its thread, and tell the panel. See StepDebugger.run."""

    action_wished = Signal(str)
    """The name of an action of the window that is to be triggered."""

    title: ClassVar[str] = ""
    object_name: ClassVar[str] = ""
    rate: ClassVar[float] = 4.0
    demand: Demand = Demand()
    preferred_size: ClassVar[tuple[int, int]] = (320, 320)
    header_margin = 24
    """Pixels of the panel's width that its header does not have; whoever puts something beside it says so here."""
    smallest_size: ClassVar[tuple[int, int] | None] = None
    """Where the panel can do with less than its widgets would ask for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.title, parent)
        self.setObjectName(self.object_name)
        self.setAccessibleName(self.title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.theme = DARK

    @property
    def header_room(self) -> int:
        """How wide the header may be."""
        return self.width() - self.header_margin

    def sizeHint(self) -> QSize:
        return QSize(*self.preferred_size)

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint() if self.smallest_size is None else QSize(*self.smallest_size)

    def show_snapshot(self, snapshot: "Snapshot") -> None:
        """Show what this panel shows of a step; the snapshot is frozen and may be kept."""

    def show_history(self, history: "History") -> None:
        """Show the scalars of all steps so far."""

    def show_step(self, step: int) -> None:
        """Show that the clock stands at this step; pictures may come later, or not at all."""

    def show_pinned(self, pinned: "Pinned | None", place: str) -> None:
        """Compare with a step that was pinned, or no longer; `place` is the branch of the current one."""

    def show_stepper(self, stepper: "Stepper | None") -> None:
        """Show the step that is taken apart, at rest at its position; None where none is.

        It may move once this returns, so copy what is to be kept. Told again at every position, while visible.
        """

    def forbid_step(self, reason: str) -> None:
        """Say why no step can be taken apart where the clock stands; with an empty text, that one can."""

    def show_chosen(self, chosen: "Chosen | None") -> None:
        """Show, or mark, the tensor or cell that is looked at in the step that is taken apart; None where none is."""

    def recolour(self, theme: Theme) -> None:
        """Take the colours of a theme; the application's palette and style sheet have changed already."""
        self.theme = theme

    def release(self) -> bool:
        """Give up a lock or a selection (Esc); True if there was one."""
        return False
