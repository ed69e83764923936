"""One attention head in stages, from queries to context, with what the loss wants of it and what the update moved."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from tfviz.training.export.heads import Head
from tfviz.training.mailbox import Demand
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stages import HeadStages, StagesWish
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import EmptyState, Panel, paragraph
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.stages.stages_layout import Stage
from tfviz.views.stages.stages_reading import agreement_text, reading
from tfviz.views.stages.stages_view import StagesView
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import Theme

EMPTY = (
    "Press Space to start training: the stages of a head are shown here.\n"
    "Of a run that another program trains they cannot be computed."
)
WHOLE_SENTENCE = "loss of: whole sentence"

ONE_LINE = 900
"""Pixels from which a cell is read in one line."""


class StagesPanel(Panel):
    """The head is chosen in a box, which follows the head that is enlarged elsewhere; so is the position whose loss is
    propagated back. The title of a stage opens its tensor in the step that is taken apart."""

    title = "Head in stages"
    object_name = "stages_panel"
    rate = 10.0
    preferred_size = (930, 640)
    smallest_size = (470, 240)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.demand = Demand(stages=StagesWish())
        self.head_box = QComboBox()
        self.position_box = QComboBox()
        self.caption = ElidedLabel("")
        self.view = StagesView()
        self.reading_label = paragraph()
        self.agreement_label = ElidedLabel("")
        self._shown: tuple[Snapshot, HeadStages] | None = None
        self._build()
        self.head_box.currentIndexChanged.connect(self._choose)
        self.position_box.currentIndexChanged.connect(self._choose)
        self.view.pointed.connect(self._read)
        self.view.stage_clicked.connect(self._inspect)

    def _build(self) -> None:
        self.head_box.setObjectName("stages_head")
        self.head_box.setAccessibleName("Head taken apart")
        self.head_box.setToolTip("The head that is taken apart")
        self.position_box.setObjectName("stages_position")
        self.position_box.setAccessibleName("Loss that is propagated back")
        self.position_box.setToolTip(
            "Whose loss is propagated back: that of the whole sentence, or of one target position alone. "
            "Gradient and pressure below are then those of this loss"
        )
        for box in (self.head_box, self.position_box):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            self.add_control(box)
        self.caption.setObjectName("stages_caption")
        self.reading_label.setObjectName("stages_reading")
        self.reading_label.setAccessibleName("Cell in all stages")
        self.reading_label.setFont(interface_font(12))
        self.reading_label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.agreement_label.setObjectName("stages_agreement")
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.caption)
        column.addWidget(PlainScrollArea(self.view, "stages_scroll"), 1)
        self.foot = QStackedWidget()
        for part in (self.agreement_label, self.reading_label):
            self.foot.addWidget(part)
        column.addWidget(self.foot)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState(EMPTY))
        self.stack.addWidget(content)
        self.body.addWidget(self.stack, 1)

    @property
    def wish(self) -> StagesWish:
        """The head that is wanted, and whose loss."""
        return self.demand.stages or StagesWish()

    @property
    def stages(self) -> HeadStages | None:
        """What is shown."""
        return None if self._shown is None else self._shown[1]

    def choose_head(self, head: Head) -> None:
        """Take apart a head that was selected elsewhere."""
        self._wish(StagesWish(head.label, self.wish.position))

    def forget(self) -> None:
        """Another run is shown from now on."""
        self._shown = None
        self.stack.setCurrentIndex(0)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        stages = snapshot.stages
        if stages is None:
            return
        self._shown = snapshot, stages
        self._fill_boxes()
        self.caption.setText(self._caption(snapshot, stages))
        self.caption.setToolTip(self.caption.text())
        self.agreement_label.setText(agreement_text(stages))
        self.agreement_label.setToolTip(self.agreement_label.text())
        self.view.show_stages(stages)
        self.view.setAccessibleDescription(self.caption.text())
        self.stack.setCurrentIndex(1)

    def release(self) -> bool:
        return self.view.release()

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.view.recolour(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        lines = 1 if self.width() >= ONE_LINE else 2
        self.foot.setFixedHeight(lines * self.reading_label.fontMetrics().lineSpacing() + 2)

    def _caption(self, snapshot: Snapshot, stages: HeadStages) -> str:
        loss = "no loss" if stages.gradients is None else f"loss {stages.loss:#.4g}"
        if stages.position is not None:
            loss += f" of position {stages.position}: {stages.targets[stages.position]}"
        where = f"“{stages.sentence}” ({stages.origin})"
        return f"{stages.head} · step {snapshot.step:,} · seed {snapshot.seed} · {loss} · {where}"

    def _fill_boxes(self) -> None:
        """What can be chosen, and what is, without a signal."""
        stages, wish = self.stages, self.wish
        if stages is None:
            return
        positions = [f"loss of: position {place} {token}" for place, token in enumerate(stages.targets)]
        chosen = wish.head if wish.head in stages.heads else stages.head
        place = 0 if wish.position is None or wish.position >= len(positions) else wish.position + 1
        for box, texts, index in (
            (self.head_box, list(stages.heads), stages.heads.index(chosen)),
            (self.position_box, [WHOLE_SENTENCE, *positions], place),
        ):
            blocker = QSignalBlocker(box)
            if [box.itemText(number) for number in range(box.count())] != texts:
                box.clear()
                box.addItems(texts)
            box.setCurrentIndex(index)
            blocker.unblock()

    def _choose(self) -> None:
        place = self.position_box.currentIndex()
        self._wish(StagesWish(self.head_box.currentText(), place - 1 if place > 0 else None))

    def _wish(self, wish: StagesWish) -> None:
        self.demand = Demand(stages=wish)
        self._fill_boxes()

    def _read(self) -> None:
        stages = self.stages
        if stages is None:
            return
        parts = reading(stages, self.view.pointer)
        text = (f"{name} {value}".replace(" ", "\N{NO-BREAK SPACE}") for name, value in parts)
        self.reading_label.setText("   ".join(text))
        self.foot.setCurrentWidget(self.reading_label if parts else self.agreement_label)

    def _inspect(self, stage: Stage) -> None:
        if self.stages is not None:
            self.tensor_wished.emit(Chosen(f"{self.stages.path}.{stage.tensor}", stage.of))
