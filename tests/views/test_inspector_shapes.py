"""The inspector in every shape of the model: its pages show every tensor of a step, computed or not yet."""

from typing import Any

import numpy
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tests.training.test_shapes_of_the_model import SHAPES
from tests.views.inspected import Inspected, small_stepper
from tfviz.views.style.theme import DARK

CHOSEN = ["encoder, tied, learned", "decoder, tied, learned"]


@pytest.mark.parametrize("shape", CHOSEN)
def test_every_tensor_of_a_step_is_shown_by_every_page(shape: str, qtbot: QtBot, qapp: QApplication) -> None:
    DARK.apply(qapp)
    values: dict[str, Any] = SHAPES[shape]
    off = f"{values['model.architecture']}.0.1"
    inspected = Inspected(
        qtbot, small_stepper(SMALL.with_values(values | {"model.heads_off": (off,)})), DARK, (900, 600)
    )
    stepper, panel = inspected.stepper, inspected.panel
    panel.show_stepper(stepper)
    pages = (panel.numbers, panel.cell, panel.formula, panel.check)
    dice = numpy.random.default_rng(2)
    names = [*stepper.tensors, *stepper.parameters]
    for place, chosen in ((len(stepper.places) // 3, names[::6]), (len(stepper.places) - 1, names)):
        inspected.go_to(place)
        for number, name in enumerate(chosen):
            panel.pages.show_page(pages[number % len(pages)])
            tensor = stepper.tensors.get(name) or stepper.parameters[name]
            cell = tuple(int(dice.integers(size)) for size in tensor.value.shape)
            for of in ("value", "gradient")[number % 3 == 0 :]:
                inspected.look_at(name, of, cell)
                reading, seen = panel.reading, panel.seen
                assert reading is not None and seen is not None and reading.tensor == name
                found, shown = reading.half(of).numbers, inspected.map(of).values  # type: ignore[arg-type]
                none_there_is = of == "gradient" and tensor.grad is None
                assert found is not None or none_there_is or "not computed yet" in inspected.marks(of)
                if found is not None:
                    assert shown is not None
                    numpy.testing.assert_array_equal(shown, numpy.atleast_2d(seen.cut(found)))
