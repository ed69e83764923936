"""The page "Formula": what an operation computes and why its gradients are what they are, with the shapes of now."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from tfviz.core.tensor import Tensor
from tfviz.training.stepping.step_places import whole_name
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.cell_text import breakable, short_name
from tfviz.views.inspector.formula_picture import FormulaPicture
from tfviz.views.inspector.formula_shapes import roles, shape_lines, shape_text
from tfviz.views.inspector.formula_subject import Subject, subject_of
from tfviz.views.inspector.link_button import link_button
from tfviz.views.inspector.source_view import SourceView
from tfviz.views.inspector.step_page import NO_STEP, StepPage
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import label, paragraph
from tfviz.views.style.theme import Theme


class FormulaView(StepPage):
    """Of the operation that made what is chosen or, where nothing is, of the one that was passed last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("formula_view")
        self.setAccessibleName("Formula of the operation")
        self.subject: Subject | None = None
        self.lay_out(self._build())

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.picture.recolour(theme)
        self.clipping.recolour(theme)
        self.source.recolour(theme)

    def refresh(self) -> None:
        subject = NO_STEP if self.stepper is None else subject_of(self.stepper, self.chosen)
        if isinstance(subject, str):
            self.say(subject)
        elif self.stepper is not None and subject != self.subject:
            self._show(self.stepper, subject)

    def show_stepper(self, stepper: Stepper | None) -> None:
        if stepper is not self.stepper:
            self.subject = None
        super().show_stepper(stepper)

    def _show(self, stepper: Stepper, subject: Subject) -> None:
        self.subject = subject
        self.kind.setText(subject.kind)
        self.title.setText(breakable(subject.title))
        self.picture.show_formula(subject.kind)
        self.clipping.setVisible(subject.phase == "update")  # its result is what an optimiser begins with
        operation = subject.operation
        lines = [] if operation is None else shape_lines(stepper.tensors, operation, subject.phase)
        self.shapes.setText("\n".join(lines))
        for widget in (self.shapes_caption, self.shapes):
            widget.setVisible(bool(lines))
        self.derivation.setText(subject.derivation)
        self._list_tensors(stepper, {} if operation is None else roles(operation))
        self._show_source(self.source_button.isChecked())
        self.show_content()

    def _list_tensors(self, stepper: Stepper, tensors: dict[str, Tensor]) -> None:
        while (item := self.tensors.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()  # not at once: it may be the button that was clicked
        self.tensors_caption.setVisible(bool(tensors))
        for row, (role, tensor) in zip(range(0, 2 * len(tensors), 2), tensors.items(), strict=True):
            self.tensors.addWidget(label(role, "dim"), row, 0)
            self.tensors.addWidget(self._link(tensor), row, 1, Qt.AlignmentFlag.AlignLeft)
            axes = paragraph(f"{shape_text(stepper.tensors, tensor)}  {', '.join(tensor.axes)}", "faint")
            self.tensors.addWidget(axes, row + 1, 1)

    def _link(self, tensor: Tensor) -> QPushButton:
        name = whole_name(tensor.name)
        button = link_button(
            short_name(tensor.name), f"tensor_{tensor.name}", f"Go to {tensor.name}", f"Look at {tensor.name}"
        )
        button.clicked.connect(lambda: self.tensor_wished.emit(Chosen(name)))
        return button

    def _show_source(self, shown: bool) -> None:
        self.source_button.setText("Hide source" if shown else "Show source")
        self.source.setVisible(shown)
        if shown and self.subject is not None:
            self.source.show_source(self.subject.source, self.subject.method)

    def say(self, reason: str) -> None:
        super().say(reason)
        self.subject = None

    def _build(self) -> QWidget:
        content = QWidget()
        self.kind, self.title = label("", "title"), paragraph("", "dim")
        self.picture, self.clipping = FormulaPicture(), FormulaPicture()
        self.clipping.show_formula("Clipping")
        self.shapes_caption, self.shapes = label("SHAPES IN THIS STEP", "caption"), paragraph("", "formula")
        self.shapes.setObjectName("live_shapes")
        self.tensors_caption = label("TENSORS", "caption")
        self.tensors = QGridLayout()
        self.tensors.setHorizontalSpacing(12)
        self.tensors.setVerticalSpacing(1)
        self.tensors.setColumnStretch(1, 1)
        self.derivation = paragraph("", "formula")
        self.derivation.setObjectName("derivation")
        self.source_button = QPushButton("Show source")
        self.source_button.setObjectName("show_source")
        self.source_button.setAccessibleName("Show source")
        self.source_button.setToolTip(
            "The code of the operation, forward and backward, as it runs in this step"
        )
        self.source_button.setCheckable(True)
        self.source_button.toggled.connect(self._show_source)
        self.source = SourceView()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 4, 0)
        layout.setSpacing(8)
        for widget in (self.kind, self.title, self.picture, self.clipping, self.shapes_caption, self.shapes):
            layout.addWidget(widget)
        layout.addWidget(self.tensors_caption)
        layout.addLayout(self.tensors)
        layout.addWidget(label("DERIVATION", "caption"))
        layout.addWidget(self.derivation)
        layout.addWidget(self.source_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.source)
        layout.addStretch(1)
        return content
