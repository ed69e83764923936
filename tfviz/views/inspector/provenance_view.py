"""The page "Cell": the very numbers that made the chosen cell, and the way on to the cells that they came from."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tfviz.core.provenance import Cell, Explanation
from tfviz.training.counted import counted
from tfviz.training.stepping.step_places import Of
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.cell_text import breakable, cell_of, cell_text, place_text
from tfviz.views.inspector.link_button import link_button
from tfviz.views.inspector.step_page import NO_STEP, StepPage
from tfviz.views.inspector.sum_grid import SumGrid
from tfviz.views.inspector.term_columns import said_of_all
from tfviz.views.inspector.term_table import TermTable
from tfviz.views.inspector.walk_bar import WalkBar
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.widgets import SegmentedButtons
from tfviz.views.style.theme import Theme

NO_CELL = "Click a cell of a heat map to see the numbers that made it."
OF_A_PARAMETER = {"value": "value", "gradient": "gradient", "clipped": "clipped gradient"}
TOKENS = {"source": "source", "target_in": "target", "target_out": "target"}
"""Tensors of token ids and whose vocabulary they are from."""


class ProvenanceView(StepPage):
    """Formula, terms and sum of one cell. Its terms are computed in the debugger's thread, in float64."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("provenance_view")
        self.setAccessibleName("Where a cell came from")
        self.cell: Cell | None = None
        self.explanation: Explanation | None = None
        self._way: tuple[Cell, ...] = ()
        """The walk that a link begins, until the cell it leads to is chosen."""
        self.walk = WalkBar()
        self.walk.gone_back.connect(self._go_back)
        self.walk.hide()  # until there is a way back
        self.lay_out(self.walk, self._build())

    def show_chosen(self, chosen: Chosen | None) -> None:
        if chosen == self.chosen:
            return  # the clipped gradient of the cell may be shown, which cannot be chosen
        cell = cell_of(chosen)
        if self._way and cell == self._way[-1]:
            self._look_at(self._way)
        elif cell != self.cell or cell is None:
            self._look_at((cell,) if cell else ())
        self._way = ()
        super().show_chosen(chosen)

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.table.recolour(theme)

    def refresh(self) -> None:
        reason = self._missing()
        if reason:
            self.say(reason)
            return
        cell = self.cell
        assert cell is not None  # or it would be missing

        def work(stepper: Stepper) -> Explanation | str:
            try:
                return stepper.explain(cell.tensor, cell.indices, cell.of)
            except ValueError as error:
                return str(error)

        self.ask(work, self._show)

    def follow(self, cell: Cell) -> None:
        """Walk on to a cell that the present one came from."""
        self._walk((*self.walk.walk, cell))

    def _go_back(self, place: int) -> None:
        self._walk(self.walk.walk[: place + 1])

    def _walk(self, way: tuple[Cell, ...]) -> None:
        """To the last cell of a way. A clipped gradient is no tensor that can be chosen; it is shown on this page."""
        cell = way[-1]
        chosen = Chosen(cell.tensor, "value" if cell.of == "value" else "gradient", cell.indices)
        if cell.of == "clipped" or chosen == self.chosen:
            self._look_at(way)
            self._refresh_if_seen()
        else:
            self._way = way
            self.tensor_wished.emit(chosen)

    def _look_at(self, way: tuple[Cell, ...]) -> None:
        self.cell = way[-1] if way else None
        self.walk.show_walk(way)
        self.walk.setVisible(len(way) > 1)

    def _missing(self) -> str:
        """Why there is nothing to tell; empty where there is."""
        stepper, cell = self.stepper, self.cell
        if stepper is None:
            return NO_STEP
        if cell is None:
            return NO_CELL
        of: Of = "value" if cell.of == "value" else "gradient"
        try:
            position = stepper.complete_at(cell.tensor, of)
        except KeyError:
            return f"This step has no tensor {cell.tensor}."
        if position is None:
            return f"{cell.tensor} has no gradient: nothing flows backward through it."
        if cell.of == "clipped" and stepper.clipping is None:
            position = stepper.place("clipping", "clipping").number + 1
        if position > stepper.position:
            return (
                f"{cell_text(cell)}\n\nNot computed yet. It is complete after place {position} of "
                f"{len(stepper.places)}, {stepper.places[position - 1]}; the step stands at {stepper.position}."
            )
        return ""

    def _show(self, told: Explanation | str) -> None:
        if isinstance(told, str):
            self.say(told)
            return
        self.explanation = told
        self.title.setText(breakable(cell_text(told.cell)))
        self.title.setToolTip(cell_text(told.cell))
        self.made_by.setText(breakable(self._origin(told)))
        self.formula.setText(told.formula)
        self.formula.setVisible(bool(told.formula))
        for widget in (self.count, self.table):
            widget.setVisible(bool(told.terms))
        self.order.setVisible(len(told.terms) > 1)
        self.count.setText(counted(len(told.terms), "term"))
        self.table.show_terms(told)
        self.each.setText(said_of_all(told.terms))
        self.each.setVisible(bool(self.each.text()))
        self.sums.show_sum(told, _rounds(self.stepper))
        self.details.show_details(told.details)
        self._offer_others(told.cell)
        self.show_content()

    def say(self, reason: str) -> None:
        super().say(reason)
        self.explanation = None

    def _origin(self, told: Explanation) -> str:
        """Where in the tensor the cell is, and who made it."""
        stepper, cell = self.stepper, told.cell
        assert stepper is not None  # it has told this
        tensor = stepper.parameters.get(cell.tensor) or stepper.tensors[cell.tensor]
        axes = tensor.axes if len(tensor.axes) == len(cell.indices) else ("index",) * len(cell.indices)
        parts = [place_text(axes, cell.indices)]
        if told.operation and told.phase == told.operation:
            parts.append(f"made by the {told.phase} ({told.operation_type})")
        elif told.operation:
            parts.append(f"made by {told.operation} ({told.phase}, {told.operation_type})")
        if told.origin:
            parts.append(told.origin)
        if cell.tensor in TOKENS and cell.of == "value":
            tokenizer = getattr(stepper.task, f"{TOKENS[cell.tensor]}_tokenizer")
            parts.append(f'the token "{tokenizer.tokens[int(told.total)]}"')
        return "\n".join(parts)

    def _offer_others(self, cell: Cell) -> None:
        """Value, gradient and clipped gradient of the same cell of a parameter."""
        assert self.stepper is not None  # it has told of the cell
        of_parameter = cell.tensor in self.stepper.parameters
        for of, button in self.others.items():
            button.setVisible(of_parameter and of != cell.of)

    def _arrange(self, order: int) -> None:
        self.table.terms.arrange(order == 0)

    def _look_at_other(self, of: str) -> None:
        if self.cell is not None:
            self.follow(self.cell._replace(of=of))

    def _build(self) -> QWidget:
        content = QWidget()
        self.title = paragraph("", "number")
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.made_by = paragraph("", "dim")
        self.formula = paragraph("", "formula")
        self.formula.setObjectName("cell_formula")
        self.count = label("", "title")
        self.order = SegmentedButtons(("Largest first", "In order"), "Order of the terms")
        self.order.setObjectName("term_order")
        self.order.setToolTip("The largest products first, or as the formula counts them")
        self.order.chosen.connect(self._arrange)
        self.each = paragraph("", "dim")
        self.table = TermTable()
        self.table.followed.connect(self.follow)
        self.sums, self.details = SumGrid(), SumGrid()
        self.details.followed.connect(self.follow)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 4, 0)
        layout.setSpacing(8)
        for widget in (self.title, self.made_by):
            layout.addWidget(widget)
        layout.addLayout(self._build_others())
        layout.addWidget(self.formula)
        layout.addWidget(self.sums)
        layout.addLayout(_row(self.count, self.order))
        layout.addWidget(self.each)
        layout.addWidget(self.table)
        layout.addWidget(self.details)
        layout.addStretch(1)
        return content

    def _build_others(self) -> QHBoxLayout:
        self.others = {
            of: link_button(text, f"other_{of}", f"The {text} of this cell", f"Look at the {text} of the same cell")
            for of, text in OF_A_PARAMETER.items()
        }  # fmt: skip
        for of, button in self.others.items():
            button.clicked.connect(lambda checked=False, of=of: self._look_at_other(of))
        row = QHBoxLayout()
        row.setSpacing(14)
        for button in self.others.values():
            row.addWidget(button)
        row.addStretch(1)
        return row


def _rounds(stepper: Stepper | None) -> bool:
    """Whether the step's numbers have fewer digits than those of the page."""
    return stepper is not None and stepper.config.training.dtype == "float32"


def _row(left: QLabel, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row
