"""All stages of a head side by side: hover reads a cell in every one of them, a click locks its query."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolButton, QWidget

from tfviz.training.stepping.stages import HeadStages
from tfviz.views.grids.cells import Scale
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.keys import ENTER, MOVES, claims
from tfviz.views.stages.stages_layout import STAGES, Layout, Sizes, Stage, arrange, least_height
from tfviz.views.stages.stages_picture import frame, mask_picture, paint_maps, still_picture
from tfviz.views.stages.stages_reading import Pointer, arithmetic, values_of
from tfviz.views.stages.stages_row import paint_arithmetic, paint_hint
from tfviz.views.stages.stages_scales import Scales
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import DARK, Theme


@guarded
class StagesView(QWidget):
    """Paints pictures that were made when the numbers came, and over them what the mouse is on."""

    pointed = Signal()
    """Something else is to be read."""
    stage_clicked = Signal(object)
    """The title of this Stage."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stages_view")
        self.setAccessibleName("Stages of one attention head")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumWidth(420)
        self._theme = DARK
        self._stages: HeadStages | None = None
        self._scales = Scales()
        self._layout: Layout | None = None
        self._arranged: object = None
        self._drawn: object = None
        self._still = self._picture = QPixmap()
        self._mask: QPixmap | None = None
        self._hovered = Pointer()
        self._locked: int | None = None
        self.titles = {stage.name: self._title(stage) for stage in STAGES}

    def _title(self, stage: Stage) -> QToolButton:
        button = QToolButton(self)
        button.setText(stage.title)
        button.setFont(interface_font(12))
        button.setObjectName(f"stage_{stage.name}")
        button.setProperty("slim", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(f"Inspect: {stage.title}")
        button.clicked.connect(lambda: self.stage_clicked.emit(stage))
        return button

    # what is shown

    def show_stages(self, stages: HeadStages) -> None:
        before, self._stages = self._stages, stages
        if before is None or before.head != stages.head:
            self._scales.start_anew()
        if before is None or before.queries != stages.queries or before.keys != stages.keys:
            self._hovered, self._locked = Pointer(), None
            self.setMinimumHeight(least_height(_sizes(stages)))
        self._draw()
        self.pointed.emit()

    @property
    def pointer(self) -> Pointer:
        """What is to be read: the locked query, and whatever else the mouse is on."""
        hovered = self._hovered
        return (
            hovered
            if self._locked is None
            else Pointer(self._locked, hovered.key, hovered.column, hovered.stage)
        )

    @property
    def locked(self) -> bool:
        return self._locked is not None

    @property
    def place(self) -> Layout | None:
        """Where everything stands, in the widget's coordinates."""
        return self._layout

    def lock(self, query: int | None) -> None:
        """Hold a query, or let go."""
        self._locked = query
        self._point()

    def release(self) -> bool:
        """Unlock; True if a query was locked."""
        was = self.locked
        if was:
            self.lock(None)
        return was

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._arranged = self._drawn = None
        self._draw()

    # painting

    def _draw(self) -> None:
        """Paint all but the pointers into a picture."""
        stages = self._stages
        if stages is None:
            return
        size, ratio = self.size(), self.devicePixelRatioF()
        scales = self._fit_scales(stages)
        sizes = _sizes(stages)
        arranged = (sizes, size, ratio, self._theme.name, stages.masked.tobytes(), frozenset(scales))
        if arranged != self._arranged:
            self._arranged, self._drawn = arranged, None
            self._layout = arrange(sizes, size)
            self._mask = mask_picture(self._layout, stages.masked, scales, size, ratio, self._theme)
            self._place_titles(self._layout, sizes)
        assert self._layout is not None
        if scales != self._drawn:
            self._drawn = scales
            self._still = still_picture(self._layout, sizes, scales, size, ratio, self._theme)
        self._picture = QPixmap(self._still)
        painter = QPainter(self._picture)
        paint_maps(painter, self._layout, stages, scales, self._theme)
        if self._mask is not None:
            painter.drawPixmap(0, 0, self._mask)
        painter.end()
        self.update()

    def _fit_scales(self, stages: HeadStages) -> dict[str, Scale]:
        """By the name of each map that there is; scores have the same one before and after the mask."""
        scales = {}
        for stage in STAGES:
            name = "scores" if stage.name == "masked" else stage.name
            values = values_of(stages, name)
            if values is not None:
                scales[stage.name] = self._scales.fit(name, values) if stage.signed else Scale()
        return scales

    def _place_titles(self, layout: Layout, sizes: Sizes) -> None:
        for stage in STAGES:
            button, area = self.titles[stage.name], layout.maps[stage.name].title
            button.setToolTip(
                f"{stage.meaning.replace('{width}', str(sizes.width))}.\nClick to inspect this "
                f"{'gradient' if stage.of == 'gradient' else 'tensor'} in a step that is taken apart"
            )
            width = button.sizeHint().width()
            left = min(layout.maps[stage.name].plot.left() - 3, self.width() - width)
            button.setGeometry(left, area.top(), width, area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._stages is None or self._layout is None:
            painter.fillRect(self.rect(), QColor(self._theme.panel))
            return
        painter.drawPixmap(0, 0, self._picture)
        self._paint_pointers(painter, self._layout)
        pointer = self.pointer
        if pointer.query is None:
            paint_hint(painter, self._layout.rest, self._theme)
        else:
            row = arithmetic(self._stages, pointer.query)
            paint_arithmetic(painter, self._layout.rest, row, self.locked, pointer.key, self._theme)

    def _paint_pointers(self, painter: QPainter, layout: Layout) -> None:
        pointer, theme = self.pointer, self._theme
        edge, colour = QColor(theme.cell_frame_edge), QColor(theme.cell_frame)
        row_colour = QColor(theme.accent) if self.locked else colour
        for stage in STAGES:
            place = layout.maps[stage.name]
            row = pointer.query if stage.rows == "query" else pointer.key
            if row is None:
                continue
            whole = stage.columns == "width"
            if whole or (self.locked and stage.rows == "query"):
                frame(painter, place.row(row), row_colour if stage.rows == "query" else colour, edge)
            if not whole and pointer.key is not None:
                frame(painter, place.cell(row, pointer.key), colour, edge)
            if self.locked and stage.name == "weights":
                area = place.row(row)
                lock = area.adjusted(area.width() + 3, 0, 15, 0)
                middle = area.center().y()
                lock.setTop(middle - 6)
                lock.setBottom(middle + 6)
                paint_icon(painter, "lock", lock.toRectF(), QColor(theme.accent))

    # mouse and keys

    def stage_at(self, x: float, y: float) -> tuple[Stage, tuple[int, int]] | None:
        """The map under a point, and its cell."""
        if self._layout is None:
            return None
        for stage in STAGES:
            cell = self._layout.maps[stage.name].cell_at(x, y)
            if cell is not None:
                return stage, cell
        return None

    def _pointer_at(self, event: QMouseEvent) -> Pointer:
        found = self.stage_at(event.position().x(), event.position().y())
        if found is None:
            return Pointer()
        stage, (row, column) = found
        wide = stage.columns == "width"
        query = row if stage.rows == "query" else None
        key = row if stage.rows == "key" else None if wide else column
        return Pointer(query, key, column if wide else None, stage.name)

    def _hover(self, pointer: Pointer) -> None:
        if pointer != self._hovered:
            self._hovered = pointer
            self._point()

    def _point(self) -> None:
        self.update()
        self.pointed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._pointer_at(event))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(Pointer())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        pointer = self._pointer_at(event)
        if event.button() != Qt.MouseButton.LeftButton or pointer.query is None:
            event.ignore()
            return
        self._hovered = pointer
        self.lock(None if pointer.query == self._locked else pointer.query)

    def event(self, event: QEvent) -> bool:
        return claims(event, (*MOVES, *ENTER)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, stages = Qt.Key(event.key()), self._stages
        if key in MOVES and stages is not None:
            right, down = MOVES[key]
            pointer = self.pointer
            query = min(
                max((0 if pointer.query is None else pointer.query + down), 0), len(stages.queries) - 1
            )
            place = min(max((0 if pointer.key is None else pointer.key + right), 0), len(stages.keys) - 1)
            self._hovered = Pointer(query, place, None, "weights")
            self._locked = query if self.locked else None
            self._point()
        elif key in ENTER:
            self.lock(None if self.locked else self._hovered.query)
        elif key == Qt.Key.Key_Escape and self.release():
            return
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hover(Pointer())

    def sizeHint(self) -> QSize:
        return QSize(900, 520)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw()


def _sizes(stages: HeadStages) -> Sizes:
    return Sizes(stages.queries, stages.keys, stages.values.query.shape[1])
