"""A picture of curves that grew with the record is the picture that is drawn at once."""

import numpy
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.views.made_histories import columns, grow, history
from tests.views.on_screen import exposed
from tfviz.views.curves.curve_panel import CurvePanel


def pixels(panel: CurvePanel) -> numpy.ndarray:
    image = panel.picture.canvas.pixmap().toImage().convertToFormat(QImage.Format.Format_ARGB32)
    raw = numpy.frombuffer(image.constBits(), numpy.uint8)
    copied: numpy.ndarray = raw.reshape(image.height(), image.bytesPerLine() // 4, 4).astype(int)
    return copied[:, : image.width()]


def made(every: int) -> dict[str, numpy.ndarray]:
    series = columns(3000, every=every, decoded=3 * every)
    series["loss"] = 2.0 + numpy.sin(numpy.arange(3000) ** 1.5 / 50.0)
    for step, value in ((333, numpy.nan), (700, numpy.inf), (1201, 1e6), (1202, 1e6), (1600, -1e6)):
        series["loss"][step] = value
    return series


@pytest.mark.parametrize("last", [60, 300, 2000, 3000])
@pytest.mark.parametrize("every", [37, 400])
@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_what_is_appended_looks_as_if_all_had_been_drawn_at_once(
    qtbot: QtBot, last: int, every: int, smoothing: float
) -> None:
    series = made(every)
    panel = exposed(qtbot, CurvePanel(), 780, 190)
    panel.curves.set_factor(smoothing)
    first = last // 2
    run = history(series, first)
    panel.show_history(run)
    panel.plot.show_range(0, last)
    panel.plot.fit_values(0.5, 3.5)
    panel.picture.draw()
    generator = numpy.random.default_rng(0)
    while first < last:
        first = min(first + int(generator.integers(1, 40)), last)
        grow(run, series, first)
        panel.curves.update(run)
        panel.picture.draw()
    assert panel.picture._drawn_steps == last
    grown = pixels(panel)
    panel.picture._drawn = ()
    panel.picture.draw()
    difference = numpy.abs(grown - pixels(panel)).max(axis=2)
    assert (difference > 24).mean() < 2e-4  # a validation's place may move by a part of a pixel
