"""The attention of the probe: all heads at the left, one of them enlarged at the right."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tfviz.training.config import RunConfig
from tfviz.training.export.comparison import Compared, Pinned
from tfviz.training.export.heads import KINDS, Head, weights_of
from tfviz.training.heads.head_importance import Importance
from tfviz.training.mailbox import Demand
from tfviz.training.model_settings import ModelSettings
from tfviz.training.readings import Attention
from tfviz.training.snapshot import Snapshot
from tfviz.views.attention.attention_atlas import AttentionAtlas
from tfviz.views.attention.attention_halves import AttentionHalves
from tfviz.views.attention.attention_sights import Sights
from tfviz.views.attention.head_menu import open_head_menu
from tfviz.views.attention.head_reading import Reading, axes_of, exists, first_choice, summary
from tfviz.views.attention.head_signs import done_to, sign_text, signs_of
from tfviz.views.attention.head_view import HeadView
from tfviz.views.attention.readout import Readout
from tfviz.views.grids.causal import mask_of
from tfviz.views.grids.cells import Scale
from tfviz.views.grids.scale_box import ScaleBox
from tfviz.views.panel import EmptyState, Panel, label
from tfviz.views.parts.compare_bar import CompareBar, Sight
from tfviz.views.parts.widgets import SegmentedButtons, Throttle
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

FILTERS: tuple[tuple[str, ...], ...] = (tuple(KINDS), ("encoder",), ("decoder",), ("cross",))
LONG_NAMES = ("All heads", "Encoder self", "Decoder self", "Cross")
SHORT_NAMES = ("All", "Enc", "Dec", "Cross")
NARROW = 620
NARROWEST = 500  # with room for a pin in the header; its key and the menu are always there
TEXT_RATE = 4.0
SPOKEN_RATE = 1.0


class AttentionPanel(Panel):
    """Atlas and enlarged head. Hovering a tile shows its head for as long as the mouse is there, a click selects it, a
    double click shows it alone. While a step is pinned, a row above them chooses between the current step, the pinned
    one and their difference."""

    title = "Attention"
    object_name = "attention_panel"
    rate = 30.0
    demand = Demand(attention=True)
    preferred_size = (930, 640)
    smallest_size = (470, 240)

    pin_requested = Signal()
    """The step that is shown is to be pinned."""
    swap_requested = Signal()
    release_requested = Signal()
    head_selected = Signal(object)
    """Another Head is enlarged, and stays so when the mouse has left."""
    head_wished = Signal(object, object)
    """A Head, and the HeadWish of what is to be done to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.atlas = AttentionAtlas()
        self.head_view = HeadView()
        self.readout = Readout()
        self.head_label = label("", "title")
        self.step_label = label("", "faint")
        self.scale_box = ScaleBox()
        self.filter = SegmentedButtons(LONG_NAMES, "Heads shown")
        self.solo_button = QToolButton()
        self.pin_button = QToolButton()
        self.compare_bar = CompareBar()
        self._sights = Sights()
        self._place = ""
        self._there: tuple[str, ...] = tuple(KINDS)
        self._importances: Mapping[str, Importance] = {}
        self._obstacle = ""
        self._selected: Head | None = None
        self._preview: Head | None = None
        self._texts = Throttle(self._write, TEXT_RATE, self)
        self._spoken = Throttle(self._describe, SPOKEN_RATE, self)
        self._build()
        self._connect()

    def _build(self) -> None:
        self.solo_button.setObjectName("solo_head")
        self.solo_button.setAccessibleName("Show one head alone")
        self.solo_button.setToolTip("Show the selected head alone (double-click)")
        self.solo_button.setCheckable(True)
        self.solo_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.filter.setObjectName("head_filter")
        self.pin_button.setObjectName("pin_button")
        self.pin_button.setAccessibleName("Pin this step")
        self.pin_button.setToolTip("Pin this step, to compare others with it (P)")
        self.pin_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for control in (self.scale_box, self.filter, self.pin_button, self.solo_button):
            self.add_control(control)
        self.head_label.setObjectName("head_label")
        self.step_label.setObjectName("head_step_label")
        self.step_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        caption = QHBoxLayout()
        caption.addWidget(self.head_label)
        caption.addStretch(1)
        caption.addWidget(self.step_label)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(10, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(caption)
        column.addWidget(self.head_view, 1)
        column.addWidget(self.readout)
        self.splitter = AttentionHalves(self.atlas, right)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState())
        self.stack.addWidget(self.splitter)
        self.body.addWidget(self.compare_bar)
        self.body.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.atlas.head_hovered.connect(self._preview_head)
        self.atlas.head_clicked.connect(self.select)
        self.atlas.head_soloed.connect(self._solo)
        self.atlas.menu_wished.connect(self._open_menu)
        self.head_view.menu_wished.connect(self._open_menu_of_shown)
        self.head_view.cell_changed.connect(self._read)
        self.head_view.soloed.connect(self.solo_button.toggle)
        self.solo_button.toggled.connect(self._show_alone)
        self.filter.chosen.connect(self._choose_kinds)
        self.scale_box.currentIndexChanged.connect(self._choose_scale)
        self.splitter.resized.connect(self._split)
        self.pin_button.clicked.connect(self.pin_requested)
        self.compare_bar.chosen.connect(self._choose_sight)
        self.compare_bar.swap_requested.connect(self.swap_requested)
        self.compare_bar.release_requested.connect(self.release_requested)

    # the panel's interface

    @property
    def selected(self) -> Head | None:
        """The head that is enlarged while no tile is under the mouse."""
        return self._selected

    @property
    def shown(self) -> Head | None:
        """The head that is enlarged now."""
        return self._preview or self._selected

    @property
    def scale(self) -> Scale:
        return self.scale_box.scale

    @property
    def sight(self) -> Sight:
        """What is shown while a step is pinned."""
        return self._sights.sight

    def show_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.attention is None:
            return
        if self._sights.snapshot is None:
            self.stack.setCurrentIndex(1)
        self._sights.snapshot = snapshot
        self._offer_kinds(snapshot.attention)
        self._show()

    def show_importances(self, importances: Mapping[str, Importance]) -> None:
        """What heads are worth, by their names in a configuration: marked on their tiles."""
        self._importances = importances
        self._show_signs()

    def forbid_changes(self, obstacle: str) -> None:
        """Why nothing can be done to the heads; empty where it can."""
        self._obstacle = obstacle

    def show_pinned(self, pinned: Pinned | None, place: str) -> None:
        if pinned is None:
            self._sights.wanted = Sight.CURRENT
            self.compare_bar.choose(Sight.CURRENT)
        self._sights.pinned, self._place = pinned, place
        self.compare_bar.setVisible(pinned is not None)
        self.readout.compare(pinned is not None)
        self._show()
        self._split()
        self._texts.now()

    def _show(self) -> None:
        compared = self._sights.compared
        if compared is None:
            return
        if self._sights.pinned is not None:
            self._say_comparison(self._sights.pinned)
        self._fit_scale(compared)
        if self._selected is None or not exists(self._selected, compared.attention):
            self._preview = None
            self._selected = first_choice(compared.attention)
            self.atlas.select(self._selected)
            if self._selected is not None:
                self.head_selected.emit(self._selected)
            self.atlas.show_attention(compared, self.scale)
            self._split()
        if self.atlas.isVisibleTo(self):
            self.atlas.show_attention(compared, self.scale)
        self._show_signs()
        self._show_head()
        if self._preview is None and self.head_view.locked and self.head_view.cell is None:
            self.head_view.release()  # the sentence has become too short for it
        self._texts.request()
        self._spoken.request()

    def select(self, head: Head) -> None:
        """Enlarge a head."""
        compared = self._sights.compared
        if compared is None or not exists(head, compared.attention):
            return
        if self._selected is not None and head.kind != self._selected.kind:
            self.head_view.release()  # its tokens are others
        self._selected = head
        self.atlas.select(head)
        self.head_selected.emit(head)
        self._show_head()
        self._texts.now()

    def release(self) -> bool:
        if self.head_view.release():
            return True
        if self.solo_button.isChecked():
            self.solo_button.setChecked(False)
            return True
        return False

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.atlas.recolour(theme)
        self.head_view.recolour(theme)
        self.readout.recolour(theme)
        self.compare_bar.recolour(theme)
        self.pin_button.setIcon(icon("pin", theme.dim))
        self.solo_button.setIcon(icon("solo", theme.dim))

    # parts of a frame

    def _show_head(self) -> None:
        head, compared = self.shown, self._sights.compared
        if head is not None and compared is not None and exists(head, compared.attention):
            axes = axes_of(head, compared, self.scale)
            self.head_view.show_cells(compared.head(head), mask_of(head.kind, compared), axes)

    def _offer_kinds(self, attention: Attention) -> None:
        """To choose from: the kinds of attention that this model has, where it has several."""
        there = tuple(kind for kind in KINDS if weights_of(kind, attention).size)
        if there == self._there:
            return
        self._there = there
        several = [index for index, kinds in enumerate(FILTERS) if index == 0 or kinds[0] in there]
        self.filter.offer(several)
        self.filter.setVisible(len(there) > 1)
        self.atlas.show_kinds(FILTERS[self.filter.index])

    @property
    def _model(self) -> ModelSettings | None:
        """Of the step that is shown; None where another trainer's run says nothing of it."""
        config: object = None if self._sights.snapshot is None else self._sights.snapshot.config
        return config.model if isinstance(config, RunConfig) else None

    def _show_signs(self) -> None:
        model = self._model
        self.atlas.show_signs({} if model is None else signs_of(model, self._importances))

    def _fit_scale(self, compared: Compared) -> None:
        kinds = FILTERS[self.filter.index]
        self.scale_box.fit((compared.weights(kind) for kind in kinds), compared.signed)

    def _say_comparison(self, pinned: Pinned) -> None:
        text = f"pinned: {pinned.label}   current: {self._place}"
        self.compare_bar.say(text, self._sights.obstacle, pinned.branch is not None)
        self.compare_bar.choose(self.sight)

    def _write(self) -> None:
        head = self.shown
        if head is None or self._sights.snapshot is None:
            return
        sign = self.atlas.signs.get(head)
        self.head_label.setText(head.label if sign is None else f"{head.label}  {sign_text(sign)}")
        self._write_step(self._sights.caption())
        self._read()

    def _write_step(self, parts: list[str]) -> None:
        """A label of fixed size has nothing laid out again when it says something else."""
        metrics = self.step_label.fontMetrics()
        room = self.head_view.width() - self.head_label.sizeHint().width() - 24
        while len(parts) > 2 and metrics.horizontalAdvance(" · ".join(parts)) > room:
            parts = parts[:-1]
        text = " · ".join(parts)
        width = metrics.horizontalAdvance(text) + 4
        if not width <= self.step_label.minimumWidth() < width + 40:
            self.step_label.setFixedSize(width + 8, self.step_label.sizeHint().height())
        self.step_label.setText(text)

    def _read(self) -> None:
        self.readout.show_reading(self.reading())

    def reading(self) -> Reading | None:
        """The cell that the mouse or the lock is on."""
        head, cell = self.shown, self.head_view.cell
        if head is None or cell is None:
            return None
        return self._sights.reading(head, cell, self.head_view.locked)

    def _describe(self) -> None:
        head, compared = self.shown, self._sights.compared
        if head is not None and compared is not None and exists(head, compared.attention):
            self.head_view.setAccessibleDescription(summary(head, compared, self._sights.steps()))
            reading = self.reading()
            self.readout.setAccessibleDescription("no cell" if reading is None else reading.sentence())

    # what the user does

    def _preview_head(self, head: Head | None) -> None:
        self._preview = head
        self._show_head()
        self._texts.now()

    def _open_menu(self, head: Head, place: QPoint) -> None:
        done = "" if self._model is None else done_to(head, self._model)
        open_head_menu(
            head, done, self._obstacle, place, self, lambda wish: self.head_wished.emit(head, wish)
        )

    def _open_menu_of_shown(self, place: QPoint) -> None:
        if self.shown is not None:
            self._open_menu(self.shown, place)

    def _solo(self, head: Head) -> None:
        self.select(head)
        self.solo_button.setChecked(True)

    def _show_alone(self, alone: bool) -> None:
        self._preview = None
        self.atlas.setVisible(not alone)
        compared = self._sights.compared
        if compared is not None and not alone:
            self.atlas.show_attention(compared, self.scale)
        self._show_head()
        self._texts.now()

    def _choose_sight(self, index: int) -> None:
        self._sights.wanted = Sight(index)
        self._show()
        self._split()
        self._texts.now()

    def _choose_kinds(self, index: int) -> None:
        kinds = FILTERS[index]
        self.atlas.show_kinds(kinds)
        self.solo_button.setChecked(False)
        compared = self._sights.compared
        if compared is not None and self._selected is not None and self._selected.kind not in kinds:
            wanted = replace(self._selected, kind=kinds[0])
            self.select(wanted if exists(wanted, compared.attention) else Head(kinds[0], 0, 0))
        self._choose_scale()
        self._split()

    def _choose_scale(self) -> None:
        self.scale_box.start_anew()
        compared = self._sights.compared
        if compared is not None:
            self._fit_scale(compared)
            self.atlas.show_attention(compared, self.scale)
            self._show_head()

    def _split(self) -> None:
        if self._sights.compared is not None:
            self.splitter.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.pin_button.setVisible(self.width() >= NARROWEST)
        names = SHORT_NAMES if self.width() < NARROW else LONG_NAMES
        for index, name in enumerate(names):
            self.filter.button(index).setText(name)
