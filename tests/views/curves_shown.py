"""The card "Loss and accuracy" on the screen, the pixels at which its numbers are painted, and their colours."""

import numpy
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from tests.views.made_histories import history
from tests.views.on_screen import exposed
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.curves.curve_picture import ACCURACY_RANGE


def open_curves(qtbot: QtBot) -> CurvePanel:
    return exposed(qtbot, CurvePanel(), 780, 190)


def shown(panel: CurvePanel, made: dict[str, numpy.ndarray]) -> CurvePanel:
    panel.show_history(history(made))
    panel.picture.fit_and_draw()
    return panel


def near(image: QImage, colour: QColor, tolerance: int = 60) -> numpy.ndarray:
    """bool (height, width): pixels of about this colour."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = numpy.frombuffer(image.constBits(), numpy.uint8).reshape(
        image.height(), image.bytesPerLine() // 4, 4
    )
    wanted = numpy.array([colour.blue(), colour.green(), colour.red()])
    distance: numpy.ndarray = numpy.abs(raw[:, : image.width(), :3].astype(int) - wanted).sum(axis=2)
    return distance < tolerance


def picture(panel: CurvePanel) -> QImage:
    return panel.plot.viewport().grab().toImage()


def pixel_of(panel: CurvePanel, step: float, value: float) -> QPoint:
    plot = panel.plot
    return plot.mapFromScene(plot.view.mapViewToScene(QPointF(step, value)))


def accuracy_pixel(panel: CurvePanel, step: float, accuracy: float) -> QPoint:
    low, high = panel.plot.value_range
    share = (accuracy - ACCURACY_RANGE[0]) / (ACCURACY_RANGE[1] - ACCURACY_RANGE[0])
    return pixel_of(panel, step, low + share * (high - low))
