"""The page "Formula": every operation and optimiser has its picture, with live shapes, derivation and source."""

import re
import tomllib
import xml.etree.ElementTree as Xml

import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.core.test_provenance import CASES
from tests.figures.draw_formulas import SOURCES, description
from tests.training.small_runs import HARD
from tests.views.hand_made import colours_in, picture
from tests.views.on_screen import exposed
from tests.views.step_pages import Granting, plain, stepper_after
from tfviz.core.optimizers import OPTIMIZERS
from tfviz.core.provenance import DERIVATIONS
from tfviz.core.transformer import Transformer
from tfviz.resources import RESOURCES
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.formula_picture import INKS, FormulaPicture, formula_svg
from tfviz.views.inspector.formula_shapes import BACKWARD, FORWARD, shape_lines
from tfviz.views.inspector.formula_view import FormulaView
from tfviz.views.inspector.source_view import SourceView
from tfviz.views.inspector.step_page import NO_STEP
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.style.theme import DARK, LIGHT, THEMES

OPERATIONS = [operation.__name__ for operation in DERIVATIONS]
KINDS = [*OPERATIONS, "Clipping", *(optimizer.__name__ for optimizer in OPTIMIZERS.values())]
SCORES = "encoder.layers.0.self_attn.scores"


@pytest.fixture
def stepper() -> Stepper:
    return stepper_after()


@pytest.fixture
def view(qtbot: QtBot, stepper: Stepper) -> Granting:
    return Granting(exposed(qtbot, FormulaView(), 560, 900), stepper)


def test_there_is_a_picture_of_everything_and_of_nothing_else() -> None:
    assert sorted(path.stem for path in (RESOURCES / "formulas").iterdir()) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_can_be_drawn_in_both_themes_without_any_font(qtbot: QtBot, kind: str) -> None:
    for theme in THEMES.values():
        svg = formula_svg(kind, theme)
        renderer = QSvgRenderer(QByteArray(svg))
        assert renderer.isValid() and renderer.defaultSize().width() > 100
        assert b"<text" not in svg
        assert set(re.findall(r"#[0-9a-f]{6}", svg.decode())) <= {getattr(theme, ink) for ink in INKS}
        shown = FormulaPicture()
        qtbot.addWidget(shown)
        shown.recolour(theme)
        shown.show_formula(kind)
        shown.resize(500, 300)
        assert theme.text in colours_in(picture(shown))


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_of_the_formula_in_the_sources(kind: str) -> None:
    rows = tomllib.loads(SOURCES.read_text(encoding="utf-8"))[kind]
    drawn = Xml.fromstring(formula_svg(kind, LIGHT)).find("{http://www.w3.org/2000/svg}desc")
    assert drawn is not None and drawn.text == description(rows)
    assert set(rows) <= {"forward", "where", "backward", "formula"}


def test_a_picture_is_made_smaller_where_there_is_less_room(qtbot: QtBot) -> None:
    shown = FormulaPicture()
    qtbot.addWidget(shown)
    shown.show_formula("LayerNorm")
    shown.show()
    natural = shown.renderer.defaultSize()
    shown.resize(natural.width() * 2, 10)
    assert shown.height() == natural.height()
    shown.resize(natural.width() // 2, 10)
    assert shown.height() == pytest.approx(natural.height() / 2, abs=1)


def test_the_operation_that_made_the_chosen_tensor_is_shown_with_the_shapes_of_the_step(
    view: Granting, stepper: Stepper
) -> None:
    view.look_at(SCORES)
    query = stepper.tensors[SCORES.replace("scores", "query")].value.shape
    key = stepper.tensors[SCORES.replace("scores", "key")].value.shape
    shape = stepper.tensors[SCORES].value.shape
    assert view.page.picture.kind == "Scores" == view.page.kind.text()
    assert plain(view.page.title) == f"{SCORES} (forward)" and not view.page.clipping.isVisible()
    assert view.page.shapes.text() == f"scores {shape} = query {query} ⋅ key {key} / sqrt(width)"
    assert view.page.derivation.text().startswith("scores[q, k] = query[q] . key[k] / sqrt(width)")


def test_for_a_gradient_it_is_the_operation_that_read_the_tensor(view: Granting) -> None:
    view.look_at(SCORES, "gradient", (0, 0, 0, 0))
    assert plain(view.page.title) == "encoder.layers.0.self_attn.weights (backward)"
    assert view.page.shapes.text().startswith("∂scores (")
    view.look_at("generator.weight", "gradient")
    assert view.page.picture.kind == "Linear" and plain(view.page.title) == "logits (backward)"


@pytest.mark.parametrize(("optimizer", "cls"), OPTIMIZERS.items())
def test_for_the_value_of_a_parameter_it_is_the_optimiser(qtbot: QtBot, optimizer: str, cls: type) -> None:
    page = FormulaView()
    qtbot.addWidget(page)
    page.show()
    granting = Granting(page, stepper_after(HARD.with_values({"training.optimizer": optimizer}), 1))
    granting.look_at("generator.weight")
    assert page.picture.kind == cls.__name__ and plain(page.title) == "moves generator.weight"
    assert not page.shapes.isVisible()
    assert page.clipping.isVisible() and page.clipping.kind == "Clipping"
    page.source_button.click()
    assert f"class {cls.__name__}(" in page.source.toPlainText()


def test_for_the_gradient_of_the_loss_it_is_what_made_the_loss(view: Granting) -> None:
    view.look_at("loss", "gradient")
    assert view.page.kind.text() == "CrossEntropy"


def test_where_nothing_is_chosen_it_follows_the_step(view: Granting, stepper: Stepper) -> None:
    kinds = []
    while stepper.position < len(stepper.places):
        stepper.forward()
        view.rest()
        kinds.append(view.page.picture.kind)
        assert view.page.derivation.text()
    assert kinds == [*(place.kind for place in stepper.places[:-1]), "AdamW"]
    view.page.show_stepper(None)
    assert view.page.empty.label.text() == NO_STEP and not view.page.area.isVisible()


def test_tokens_have_no_formula(view: Granting) -> None:
    view.look_at("source")
    assert "read from the batch" in view.page.empty.label.text()


def test_its_tensors_can_be_gone_to(view: Granting, qtbot: QtBot) -> None:
    view.look_at("decoder.layers.0.multihead_attn.in_proj_query")
    buttons = {button.objectName(): button for button in view.page.findChildren(QPushButton)}
    name = "transformer.decoder.layers.0.multihead_attn.in_proj_weight"
    qtbot.mouseClick(buttons[f"tensor_{name}[0:8]"], Qt.MouseButton.LeftButton)
    assert view.wished == [Chosen(name)]


@pytest.mark.parametrize("of", ["value", "gradient"])
def test_the_source_opens_at_the_pass_that_matters(view: Granting, qtbot: QtBot, of: str) -> None:
    view.look_at("logits" if of == "value" else "generator.weight", of)
    assert not view.page.source.isVisible()
    qtbot.mouseClick(view.page.source_button, Qt.MouseButton.LeftButton)
    source = view.page.source
    assert source.isVisible() and source.toPlainText().startswith("class Linear(Operation):")
    line = source.textCursor().block().text()
    assert line == f"    def {'forward' if of == 'value' else 'backward'}(self) -> None:"
    assert source.viewport().rect().contains(source.cursorRect())
    qtbot.mouseClick(view.page.source_button, Qt.MouseButton.LeftButton)
    assert not source.isVisible()


@pytest.mark.parametrize(
    ("part", "of", "line"),
    [
        ("scores", "value", "out=self.scaled)"),
        ("scores", "gradient", "out=self.d_s)"),  # what the softmax does to it
        ("weights", "value", "np.exp(self.p"),
        ("context", "value", "np.matmul(self.v, self.p"),
    ],
)
def test_of_what_is_computed_head_by_head_the_source_shows_how_it_is_done(
    view: Granting, qtbot: QtBot, part: str, of: str, line: str
) -> None:
    view.look_at(f"encoder.layers.0.self_attn.{part}", of)
    qtbot.mouseClick(view.page.source_button, Qt.MouseButton.LeftButton)
    shown = view.page.source.textCursor()
    assert shown.block().text() == f"    def {'forward' if of == 'value' else 'backward'}(self) -> None:"
    method = view.page.source.toPlainText()[shown.position() :].split("\n\n")[0]
    assert line in method


def test_source_has_quiet_colours_of_the_theme(qtbot: QtBot) -> None:
    view = SourceView()
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show_source(
        'class A:\n    """One\n    two."""\n\n    def go(self):  # why\n        return 12\n', "go"
    )
    for theme in (DARK, LIGHT):
        view.recolour(theme)
        formats = [
            [(each.start, each.length, each.format.foreground().color().name()) for each in block.layout().formats()]
            for block in (view.document().findBlockByNumber(number) for number in range(6))
        ]  # fmt: skip
        assert formats[1] == [(4, 6, theme.good)] and formats[2] == [(0, 11, theme.good)]
        assert (8, 2, theme.parameter) in formats[4] and (19, 5, theme.faint) in formats[4]
        assert formats[5] == [(8, 6, theme.accent), (15, 2, theme.warn)]


def test_every_operation_has_lines_of_shapes() -> None:
    assert set(FORWARD) == set(BACKWARD) == set(OPERATIONS)
    met = set()
    for config, _, _, parts in CASES.values():
        model = Transformer(config, 3, 5, 4, shards=parts)
        for operation in model.program.operations:
            met.add(kind := type(operation).__name__)
            for phase in ("forward", "backward"):
                lines = shape_lines(model.tensors, operation, phase)
                assert lines or (phase == "backward" and kind in ("KeyMask", "JoinTokens"))
                for line in lines:
                    words = line.startswith(("every reader", "∂x")) or kind == "JoinTokens"
                    assert words or re.search(r"\w \((\d+, )*\d+\)", line), (operation, line)
                    assert not re.search(r"P'?\(x \(", line)
    assert met == set(OPERATIONS)
