"""The two type faces, shipped or the nearest there is: one for words, one of fixed width for numbers."""

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from tfviz.resources import RESOURCES

_INTERFACE = ("Inter", "Inter Variable", "Segoe UI", "Helvetica Neue", "DejaVu Sans")
_MONOSPACE = ("JetBrains Mono", "JetBrains Mono NL", "Menlo", "Consolas", "DejaVu Sans Mono")


@cache
def load_fonts() -> tuple[str, ...]:
    """Register the fonts that resources/fonts has and return their families; needs a QApplication."""
    families: list[str] = []
    for path in sorted((RESOURCES / "fonts").glob("*.[to]tf")):
        identifier = QFontDatabase.addApplicationFont(str(path))
        families += QFontDatabase.applicationFontFamilies(identifier)
    return tuple(families)


@cache
def _family(candidates: tuple[str, ...], monospace: bool) -> str:
    load_fonts()
    present = set(QFontDatabase.families())
    for family in candidates:
        if family in present:
            return family
    kind = QFontDatabase.SystemFont.FixedFont if monospace else QFontDatabase.SystemFont.GeneralFont
    return QFontDatabase.systemFont(kind).family()


def interface_family() -> str:
    """The family of all words."""
    return _family(_INTERFACE, False)


def monospace_family() -> str:
    """The family of tokens and numbers."""
    return _family(_MONOSPACE, True)


@cache
def interface_font(pixels: int = 13, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font of words, `pixels` high in logical pixels; to be copied where it is changed."""
    font = QFont(interface_family())
    font.setPixelSize(pixels)
    font.setWeight(weight)
    # Figures of one width: counters that change many times a second stand still.
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


@cache
def monospace_font(pixels: int = 12, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font of tokens and numbers, `pixels` high in logical pixels; to be copied where it is changed."""
    font = QFont(monospace_family())
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setStyleHint(QFont.StyleHint.Monospace)
    # JetBrains Mono would write the tokens != and -> as one sign each, and join the first two characters of </s>.
    font.setFeature(QFont.Tag("calt"), 0)
    return font
