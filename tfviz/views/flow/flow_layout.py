"""Where everything of the flow map stands: encoder left, decoder right, streams upright, branches to their left."""

from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, QSizeF

from tfviz.training.stepping.flow_chart import Chart, Stack, Sublayer
from tfviz.views.flow.flow_plan import Box, Mark, Place, Plan, Run
from tfviz.views.flow.flow_words import BLOCKS, block_title, tensor_title

NATURAL_ROW = 56.0
"""Pixels of a sublayer at which everything in it can be read."""

STRETCHED_ROW = 90.0
COMPACT_ROW = 54.0
"""Below this a block could not be read if the way through it had room above and below: it stands beside that way
instead, and a norm is a bar."""
HIGHEST_COMPACT_BLOCK = 24.0

FOOT = 56.0  # tokens, embedding, positions
HEAD = 76.0  # above the last stack: norm, generator, loss
SMALLEST_WIDTH, SMALLEST_HEIGHT = 440.0, 200.0
WIDEST_ALONE = 560.0  # of a stack that stands alone
LABEL = 24.0  # of a layer
BUS = 22.0  # the memory's way to the decoder
TROUBLE = 20.0
WIDEST_BLOCK = 210.0

# Where things stand in a sublayer, from its bottom (0) to its top (1), by whether the norm comes first.
_FORK = {False: 0.10, True: 0.08}
_NORM = {False: (0.74, 0.95), True: (0.16, 0.37)}
_BLOCK = {False: (0.21, 0.54), True: (0.45, 0.77)}
_COMPACT_SHARE = 0.88  # of a block that stands beside the way through it
_JOIN = {False: 0.64, True: 0.88}


def natural_height(chart: Chart) -> float:
    """Of a drawing in which everything can be read."""
    return FOOT + HEAD + NATURAL_ROW * max(len(stack.sublayers) for stack in chart.stacks)


def plan_of(chart: Chart, width: float, height: float) -> Plan:
    """The whole architecture in so much room."""
    width, height = max(width, SMALLEST_WIDTH), max(height, SMALLEST_HEIGHT)
    rows = _row_heights(chart, height - FOOT - HEAD)
    shares = min(max(0.11 * width, 64.0), 96.0)
    plan = Plan(QSizeF(width, height), min(rows), shares)
    if len(chart.stacks) == 1:
        room = min(width, WIDEST_ALONE)
        columns = [_Column(plan, chart, (width - room) / 2, room, height - 2)]
    else:
        room = (width - BUS) / 2
        columns = [_Column(plan, chart, left, room, height - 2) for left in (0.0, room + BUS)]
    for column, stack, row in zip(columns, chart.stacks, rows, strict=True):
        column.draw(stack, row)
    if chart.readers:
        _draw_memory(plan, chart, columns[0], columns[1], room + BUS / 2)
    _draw_generator(plan, chart, columns[-1])
    return plan


def _row_heights(chart: Chart, room: float) -> list[float]:
    """Of a sublayer of each stack: the last one reaches as high as it may, and the first one as high as the last."""
    *others, last = (len(stack.sublayers) for stack in chart.stacks)
    height = min(STRETCHED_ROW, room / last)
    found = []
    for count in others:
        reach = max(height * last, min(room, STRETCHED_ROW * count))
        found.append(min(1.5 * STRETCHED_ROW, reach / count))
    return [*found, height]


class _Column:
    """One stack, drawn from the bottom up."""

    def __init__(self, plan: Plan, chart: Chart, left: float, width: float, bottom: float) -> None:
        self.plan, self.chart, self.norm_first = plan, chart, chart.norm_first
        self.left, self.right, self.bottom = left, left + width, bottom
        self.stream = self.right - TROUBLE - plan.shares_width - 8
        room = self.stream - left - LABEL - 26
        self.block_width = min(room, WIDEST_BLOCK)
        self.middle = self.stream - 26 - self.block_width / 2
        self.top = bottom
        self.cross: list[QPointF] = []
        """Where cross attention reads the memory."""

    def draw(self, stack: Stack, row: float) -> None:
        self._draw_foot(stack)
        for layer, sublayers in groupby(stack.sublayers, key=lambda sublayer: sublayer.layer):
            bottom = self.top
            for sublayer in sublayers:
                self._draw_sublayer(stack, sublayer, self.top, row)
                self.top -= row
            frame = QRectF(self.left, self.top + 1, self.stream + 12 - self.left, bottom - self.top - 2)
            self.plan.frames.append((frame, f"L{layer}"))
        norm = QRectF(self.stream - 26, self.top - 20, 52, 14)
        self.plan.stream(stack.top, self._at(self.top), self._at(norm.bottom()))
        if stack.norm is None:
            self.plan.stream(stack.top, self._at(norm.bottom()), self._at(norm.top()))
        else:
            self._box("norm", ("Norm",), norm, self._place(stack.norm))
        self.top = norm.top()

    def _draw_foot(self, stack: Stack) -> None:
        plan = self.plan
        reach = self.right - self.stream
        foot = QRectF(self.stream - reach, self.bottom - 15, 2 * reach, 15)
        box = QRectF(self.stream - 50, foot.top() - 20, 100, 18)
        plan.feet.append(foot)
        self._box("embedding", ("Embedding",), box, self._place(stack.embedding))
        sum_at = self._at(box.top() - 11)
        self.top = self.bottom - FOOT
        plan.stream(stack.embedding, self._at(box.top()), sum_at)
        plan.stream(stack.input, sum_at, self._at(self.top))
        if stack.input != stack.embedding:
            plan.joins.append(Mark(sum_at, self._place(stack.input)))

    def _draw_sublayer(self, stack: Stack, sublayer: Sublayer, bottom: float, row: float) -> None:
        plan, first = self.plan, self.norm_first

        def y(share: float) -> float:
            return bottom - share * row

        fork, join, top = (self._at(y(share)) for share in (_FORK[first], _JOIN[first], 1.0))
        compact = row < COMPACT_ROW
        low, high = _compact_block(row) if compact else _BLOCK[first]
        block = QRectF(self.middle - self.block_width / 2, y(high), self.block_width, y(low) - y(high))
        middle = block.right() + 7 if compact else self.middle
        inside = QRectF(block.left(), y(0.5), block.width(), 0) if compact else block
        norm_width = 10.0 if compact else min(0.5 * self.block_width, 56.0)
        low, high = _NORM[first]
        norm = QRectF(0, y(high), norm_width, max(y(low) - y(high), 1.0))
        norm.moveLeft((middle if first else self.stream) - norm_width / 2)
        title = block_title(stack, sublayer)

        plan.stream(sublayer.stream, self._at(bottom), fork)
        entrance = inside
        if first and sublayer.norm:
            plan.branch(sublayer.norm, QPointF(middle, norm.top()), QPointF(middle, inside.bottom()))
            entrance = norm
        plan.branch(sublayer.branch, fork, QPointF(middle, fork.y()), QPointF(middle, entrance.bottom()))
        plan.branch(sublayer.block, QPointF(middle, inside.top()), QPointF(middle, join.y()), join)
        plan.stream(sublayer.total, join, top if first or not sublayer.norm else self._at(norm.bottom()))
        if not first and sublayer.norm:
            plan.stream(sublayer.norm, self._at(norm.top()), top)
        self._box(sublayer.kind, BLOCKS[stack.name, sublayer.kind], block, Place(title, sublayer.block))
        if sublayer.norm:
            self._box("norm", ("Norm",), norm, Place(f"{title}: norm", sublayer.norm))
        if sublayer.skip:
            plan.stream(sublayer.skip, fork, join)
            plan.joins.append(Mark(join, Place(f"{title}: sum", sublayer.total, sublayer.join)))
            plan.forks.append(Mark(fork, Place(f"{title}: fork", sublayer.stream, sublayer.fork)))
        plan.runs.append(Run(sublayer.streams, QRectF(self.right - TROUBLE, top.y(), TROUBLE - 4, row)))
        if sublayer.memory:
            self.cross.append(QPointF(block.left(), block.center().y()))

    def _at(self, y: float) -> QPointF:
        """On the stream."""
        return QPointF(self.stream, y)

    def _place(self, tensor: str) -> Place:
        return Place(tensor_title(self.chart, tensor), tensor)

    def _box(self, kind: str, names: tuple[str, ...], area: QRectF, place: Place) -> None:
        self.plan.boxes.append(Box(kind, names, area, place))


def _compact_block(row: float) -> tuple[float, float]:
    half = min(_COMPACT_SHARE, HIGHEST_COMPACT_BLOCK / row) / 2
    return 0.5 - half, 0.5 + half


def _draw_memory(plan: Plan, chart: Chart, encoder: _Column, decoder: _Column, bus: float) -> None:
    """From the top of the encoder to every cross attention."""
    memory, turn = chart.stacks[0].output, encoder.top - 10
    ends = [turn, *(point.y() for point in decoder.cross)]
    plan.stream(
        memory, QPointF(encoder.stream, encoder.top), QPointF(encoder.stream, turn), QPointF(bus, turn)
    )
    plan.stream(memory, QPointF(bus, min(ends)), QPointF(bus, max(ends)))
    for reader, point in zip(chart.readers, decoder.cross, strict=True):
        at = QPointF(bus, point.y())
        plan.branch(reader, at, point)
        plan.readers.append(Mark(at, Place(tensor_title(chart, reader), reader, chart.memory_fork)))


def _draw_generator(plan: Plan, chart: Chart, column: _Column) -> None:
    stream = column.stream
    generator = QRectF(stream - 50, column.top - 26, 100, 18)
    loss = QRectF(stream - 50, generator.top() - 26, 100, 18)
    plan.stream(chart.result, QPointF(stream, column.top), QPointF(stream, generator.bottom()))
    plan.stream(chart.logits, QPointF(stream, generator.top()), QPointF(stream, loss.bottom()))
    plan.boxes.append(Box("generator", ("Generator",), generator, Place("generator", chart.logits)))
    plan.boxes.append(Box("loss", ("Loss",), loss, Place("loss", "loss")))
