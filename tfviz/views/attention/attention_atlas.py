"""All attention heads of the probe as one picture: a tile for each head, rows are layers, columns are heads."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QGraphicsPixmapItem,
    QGraphicsRectItem,
    QWidget,
)

from tfviz.training.export.comparison import Compared
from tfviz.training.export.heads import KINDS, Head, weights_of
from tfviz.views.attention.atlas_labels import paint_labels
from tfviz.views.attention.atlas_layout import (
    AtlasLayout,
    Block,
    Shapes,
    arrange,
)
from tfviz.views.attention.head_signs import Signs, paint_signs
from tfviz.views.grids import cells
from tfviz.views.grids.causal import mask_of
from tfviz.views.grids.cells import Scale, Spread
from tfviz.views.parts.byte_image import ByteImage
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.item_view import ItemView
from tfviz.views.parts.keys import ENTER, MOVES
from tfviz.views.style.theme import DARK, Theme


@dataclass(frozen=True)
class _Part:
    """One kind's bytes, how they come to stand in its picture, and the item that shows it."""

    kind: str
    item: QGraphicsPixmapItem
    image: ByteImage
    work: NDArray[numpy.float32]
    """(layer, head, query, key), scratch."""
    padded: cells.Bytes
    """(layer * query + 1, head * key + 1); the last row and column are gap."""
    bytes: cells.Bytes
    """`padded` without them, seen as (layer, head, query, key)."""
    shown: cells.Bytes
    """`padded` as it was painted last."""
    down: Spread
    across: Spread


@guarded
class AttentionAtlas(ItemView):
    """Shows every head and which one is selected. Emits the head under the mouse (or None), and clicks.

    A frame costs a few NumPy calls: the bytes of a kind's heads are spread into one indexed image at the resolution
    of the screen, which a pixmap item paints without Python. Labels and frames change only when they must.
    """

    own_keys = (*MOVES, *ENTER)
    head_hovered = Signal(object)
    head_clicked = Signal(object)
    head_soloed = Signal(object)
    menu_wished = Signal(object, QPoint)
    """A Head, and where on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attention_atlas")
        self.setAccessibleName("Attention of all heads")
        self.setAccessibleDescription("A tile for each head; arrow keys select, Enter enlarges alone")
        self._theme = DARK
        self._table = cells.colour_table(DARK)
        self._labels = QGraphicsPixmapItem()
        self._tiles = {kind: QGraphicsPixmapItem() for kind in KINDS}
        self._signs_item = QGraphicsPixmapItem()
        self._hover_frame = QGraphicsRectItem()
        self._selection_frame = QGraphicsRectItem()
        frames = (self._hover_frame, self._selection_frame)
        for item in (self._labels, *self._tiles.values(), self._signs_item, *frames):
            item.setVisible(item is self._labels)
            self.items_scene.addItem(item)
        self._layout = AtlasLayout((), True, 0, 0)
        self._parts: list[_Part] = []
        self._kinds: tuple[str, ...] = tuple(KINDS)
        self._compared: Compared | None = None
        self._signs: Signs = {}
        self._key: object = None
        self._scale = Scale()
        self._selected: Head | None = None
        self._hovered: Head | None = None
        self.recolour(DARK)

    @property
    def layout_of_tiles(self) -> AtlasLayout:
        return self._layout

    @property
    def selected(self) -> Head | None:
        return self._selected

    def show_attention(self, compared: Compared, scale: Scale) -> None:
        """Show the weights of a snapshot, or the difference of two."""
        self._compared, self._scale = compared, scale
        attention = compared.attention
        lengths = len(attention.source_tokens), len(attention.target_tokens)
        key = (self.shapes(), lengths, compared.signed, self._space(), self.devicePixelRatioF())
        if key != self._key:
            self._key = key
            self._arrange()
        self._paint_tiles()

    def show_kinds(self, kinds: tuple[str, ...]) -> None:
        """Show only the heads of these kinds ("encoder", "decoder", "cross")."""
        self._kinds = kinds
        self._refresh()

    @property
    def signs(self) -> Signs:
        return self._signs

    def show_signs(self, signs: Signs) -> None:
        """Mark heads that are off or uniform, and what heads are worth."""
        if signs != self._signs:
            self._signs = signs
            self._paint_signs()

    def select(self, head: Head | None) -> None:
        """Frame a head and scroll to it."""
        self._selected = head
        self._place_frames()
        self._scroll_to(head)

    def _scroll_to(self, head: Head | None) -> None:
        rectangle = None if head is None else self._layout.rectangle(head)
        if rectangle is not None:
            self.ensureVisible(QRectF(rectangle), 4, 4)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._table = cells.colour_table(theme, self._signed)
        self.set_ground(theme.panel)
        # An item's pen of width 2 is centred on its outline: frames stand just outside the tile.
        accent = QPen(QColor(theme.accent), 2)
        accent.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        self._selection_frame.setPen(accent)
        self._hover_frame.setPen(QPen(QColor(theme.dim), 1))
        for part in self._parts:
            part.image.recolour(self._table)
            part.shown[...] = 0
        self._paint_labels()
        self._paint_signs()
        self._paint_tiles()

    # arrangement

    def shapes(self) -> Shapes:
        """Layers and heads of each kind that is shown."""
        if self._compared is None:
            return {}
        shapes = {kind: weights_of(kind, self._compared.attention).shape for kind in self._kinds}
        return {kind: (shape[0], shape[1]) for kind, shape in shapes.items()}

    @property
    def _signed(self) -> bool:
        return self._compared is not None and self._compared.signed

    def _space(self) -> tuple[int, int]:
        return self.width() - 2 * self.frameWidth() - 2, self.height() - 2 * self.frameWidth() - 2

    def _refresh(self) -> None:
        if self._compared is not None:
            self.show_attention(self._compared, self._scale)

    def _arrange(self) -> None:
        self._table = cells.colour_table(self._theme, self._signed)
        width, height = self._space()
        layout = arrange(self.shapes(), width, height)
        if layout.height > height or layout.width > width:
            bar = self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent)
            beside = bar if layout.height > height else 0
            layout = arrange(self.shapes(), width - beside, height)
        self._layout = layout
        self.items_scene.setSceneRect(0, 0, layout.width, layout.height)
        self._parts = [self._part(block, self.devicePixelRatioF()) for block in layout.blocks]
        for kind, item in self._tiles.items():
            item.setVisible(layout.block(kind) is not None)
        self._paint_labels()
        self._paint_signs()
        self._place_frames()
        self._scroll_to(self._selected)

    def _part(self, block: Block, ratio: float) -> _Part:
        assert self._compared is not None
        layers, heads, queries, keys = weights_of(block.kind, self._compared.attention).shape
        padded = numpy.full((layers * queries + 1, heads * keys + 1), cells.GAP, numpy.uint8)
        inner = padded[:-1, :-1].reshape(layers, queries, heads, keys).transpose(0, 2, 1, 3)
        width, height = round((block.right - block.x) * ratio), round((block.bottom - block.y) * ratio)
        tile_width, tile_height = int(block.tile_width * ratio), int(block.tile_height * ratio)
        rows = [min(round((y - block.y) * ratio), height - tile_height) for y in block.rows]
        columns = [min(round((x - block.x) * ratio), width - tile_width) for x in block.columns]
        item = self._tiles[block.kind]
        item.setPos(block.x, block.y)
        return _Part(
            block.kind,
            item,
            ByteImage(width, height, self._table, ratio),
            numpy.empty((layers, heads, queries, keys), numpy.float32),
            padded,
            inner,
            numpy.zeros_like(padded),
            Spread(queries, tile_height, rows, height, self._signed),
            Spread(keys, tile_width, columns, width, self._signed),
        )

    # painting

    def _paint_tiles(self) -> None:
        if self._compared is None:
            return
        for part in self._parts:
            cells.quantise(self._compared.weights(part.kind), self._scale, part.work, part.bytes)
            mask = mask_of(part.kind, self._compared)
            if mask is not None:
                numpy.copyto(part.bytes, cells.MASKED, where=mask)
            if not numpy.array_equal(part.padded, part.shown):
                part.shown[...] = part.padded
                part.image.bytes[...] = part.down(part.across(part.padded, 1), 0)
                part.item.setPixmap(part.image.pixmap())

    def _blank(self) -> QPixmap:
        """As large as the atlas, with nothing on it."""
        ratio = self.devicePixelRatioF()
        width, height = max(self._layout.width, 1), max(self._layout.height, 1)
        pixmap = QPixmap(round(width * ratio), round(height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        return pixmap

    def _paint_signs(self) -> None:
        """Only when they, the arrangement or the theme become others."""
        self._signs_item.setVisible(bool(self._signs))
        if self._signs:
            pixmap = self._blank()
            painter = QPainter(pixmap)
            paint_signs(painter, self._layout, self._signs, self._theme)
            painter.end()
            self._signs_item.setPixmap(pixmap)

    def _paint_labels(self) -> None:
        """Row and column labels, once for an arrangement and a theme."""
        pixmap = self._blank()
        pixmap.fill(QColor(self._theme.panel))
        painter = QPainter(pixmap)
        paint_labels(painter, self._layout, self._theme)
        painter.end()
        self._labels.setPixmap(pixmap)

    def _place_frames(self) -> None:
        for item, head, margin in (
            (self._selection_frame, self._selected, 2.0),
            (self._hover_frame, self._hovered if self._hovered != self._selected else None, 1.5),
        ):
            rectangle = None if head is None else self._layout.rectangle(head)
            item.setVisible(rectangle is not None)
            if rectangle is not None:
                item.setRect(QRectF(rectangle).adjusted(-margin, -margin, margin, margin))

    # mouse and keys

    def head_at(self, event: QMouseEvent) -> Head | None:
        point = self.mapToScene(event.position().toPoint())
        return self._layout.head_at(point.x(), point.y())

    def _hover(self, head: Head | None) -> None:
        if head == self._hovered:
            return
        self._hovered = head
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if head else Qt.CursorShape.ArrowCursor)
        self._place_frames()
        self.head_hovered.emit(head)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.head_at(event))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        head = self.head_at(event)
        if head is not None and event.button() == Qt.MouseButton.LeftButton:
            self.head_clicked.emit(head)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        head = self.head_at(event)
        if head is not None and event.button() == Qt.MouseButton.LeftButton:
            self.head_soloed.emit(head)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the mouse for the head under it, by the keyboard for the selected one."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        point = self.mapToScene(event.pos())
        head = self._selected if by_key else self._layout.head_at(point.x(), point.y())
        if head is not None:
            self.menu_wished.emit(head, event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in MOVES:
            self._move(*MOVES[Qt.Key(event.key())])
        elif event.key() in ENTER and self._selected is not None:
            self.head_soloed.emit(self._selected)
        else:
            event.ignore()

    def _move(self, right: int, down: int) -> None:
        heads = list(self._layout)
        if not heads:
            return
        if self._selected is None or self._layout.rectangle(self._selected) is None:
            self.head_clicked.emit(heads[0])
            return
        nearest = self._layout.neighbour(self._selected, right, down)
        if nearest is not None:
            self.head_clicked.emit(nearest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()
