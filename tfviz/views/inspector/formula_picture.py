"""The picture of a formula, drawn once from TeX (tests/figures), in the colours of the theme and sharp at any size."""

import re

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.resources import resource_path
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.theme import DARK, LIGHT, Theme

INKS = ("text", "dim", "parameter", "gradient", "query", "key", "value")
"""The tokens whose colours a picture has; in the files they are those of the light theme."""


def formula_svg(kind: str, theme: Theme) -> bytes:
    """The picture of an operation's class, of "Clipping" or of an optimiser's class. FileNotFoundError for others."""
    text = resource_path(f"formulas/{kind}.svg").read_text(encoding="utf-8")
    colours = {getattr(LIGHT, ink): getattr(theme, ink) for ink in INKS}
    return re.sub(r'(?<=")#[0-9a-f]{6}(?=")', lambda found: colours[found[0]], text).encode()


@guarded
class FormulaPicture(QWidget):
    """As wide as there is room for, but no larger than it was drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("formula_picture")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.kind = ""
        self.theme = DARK
        self.renderer = QSvgRenderer(self)

    def show_formula(self, kind: str) -> None:
        """Of an operation's class, of "Clipping" or of an optimiser's class."""
        if kind != self.kind:
            self.kind = kind
            self.setAccessibleName(f"Formula and derivation of {kind}")
            self._load()

    def recolour(self, theme: Theme) -> None:
        self.theme = theme
        if self.kind:
            self._load()

    def sizeHint(self) -> QSize:
        return self.renderer.defaultSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.renderer.isValid():
            size = self.renderer.defaultSize().toSizeF() * self._scale()
            self.renderer.render(QPainter(self), QRectF(0.0, 0.0, size.width(), size.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _load(self) -> None:
        self.renderer.load(QByteArray(formula_svg(self.kind, self.theme)))
        self.updateGeometry()
        self._fit()
        self.update()

    def _fit(self) -> None:
        natural = self.renderer.defaultSize().height()  # -1 before a formula is loaded
        self.setFixedHeight(max(round(natural * self._scale()), 0))

    def _scale(self) -> float:
        natural = self.renderer.defaultSize().width()
        return min(1.0, self.width() / natural) if natural > 0 else 1.0
