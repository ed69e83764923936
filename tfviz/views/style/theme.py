"""The design tokens of the two themes: one table feeds palette, style sheet, plots and painted widgets."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from tfviz.views.style.colour_maps import Table, lookup_table
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.style_sheet import style_sheet


@dataclass(frozen=True)
class Theme:
    """Colours as "#rrggbb"; `accent_fill` is the accent that carries `on_accent` text, `warn_text` the warning colour
    of words, which take more contrast than marks. What is `disabled` need not be read, and can be."""

    name: str
    background: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    accent_fill: str
    on_accent: str
    good: str
    bad: str
    warn: str
    warn_text: str
    selection: str
    disabled: str
    # one hue per concept, the same on every panel
    query: str
    key: str
    value: str
    activation: str
    parameter: str
    gradient: str
    # cells that are no number on the scale
    masked: str
    masked_hatch: str
    not_a_number: str
    infinite: str
    cell_frame: str
    cell_frame_edge: str
    # chips: how much of the good or bad colour is mixed into the panel at probability 0 and 1
    chip_mix: tuple[float, float]
    chip_text: str
    series: tuple[str, ...]
    branches: tuple[str, ...]
    """Of the main branch, whose colour is that of the training curves, and of those that left it."""
    colour_map: str
    diverging_map: str

    @property
    def is_dark(self) -> bool:
        return self.name == "dark"

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        """The colour of a token of this table (or of a literal "#rrggbb") and an opacity of 0 to 1; to be read only."""
        return _colour(self._text(token), alpha)

    def mix(self, under: str, over: str, share: float) -> QColor:
        """The opaque colour of `over` laid on `under` with the opacity `share`, to be read only."""
        return _mixed(self._text(under), self._text(over), share)

    def _text(self, token: str) -> str:
        return token if token.startswith("#") else getattr(self, token)

    def branch(self, number: int) -> str:
        """The colour of a branch, repeating when there are many; that of the main one is its own."""
        return self.branches[(number - 1) % (len(self.branches) - 1) + 1] if number else self.branches[0]

    def lookup_table(self, signed: bool = False) -> Table:
        """uint8 (256, 4) RGBA: the sequential map, or the symmetric one for signed data."""
        return lookup_table(self.diverging_map if signed else self.colour_map)

    def palette(self) -> QPalette:
        """For Fusion; also what widgets without a rule in the style sheet draw with."""
        palette = QPalette()
        role = QPalette.ColorRole
        colours = {
            role.Window: self.background,
            role.WindowText: self.text,
            role.Base: self.raised,
            role.AlternateBase: self.panel,
            role.Text: self.text,
            role.Button: self.raised,
            role.ButtonText: self.text,
            role.BrightText: self.bad,
            role.ToolTipBase: self.raised,
            role.ToolTipText: self.text,
            role.PlaceholderText: self.faint,
            role.Highlight: self.accent_fill,
            role.HighlightedText: self.on_accent,
            role.Accent: self.accent,
            role.Link: self.accent,
            role.LinkVisited: self.accent,
            role.Light: self.hover,
            role.Midlight: self.raised,
            role.Mid: self.line,
            role.Dark: self.line,
            role.Shadow: self.background,
        }
        for key, colour in colours.items():
            palette.setColor(key, QColor(colour))
        for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
            palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(self.disabled))
        return palette

    def style_sheet(self) -> str:
        """The one style sheet of the program, generated from this table."""
        return style_sheet({name: value for name, value in vars(self).items() if isinstance(value, str)})

    def apply(self, application: QApplication) -> None:
        """Give the application this theme, also while it runs. Painted widgets need `recolour(theme)` too."""
        if application.style().objectName() != "fusion":
            application.setStyle("Fusion")
        application.setFont(interface_font(13))
        application.setPalette(self.palette())
        application.setStyleSheet(self.style_sheet())


DARK = Theme(
    name="dark",
    background="#14161b",
    panel="#1b1e25",
    raised="#242832",
    hover="#2c313d",
    line="#2e333f",
    text="#e6e9ef",
    dim="#98a1b3",
    faint="#8690a2",
    accent="#5b8cff",
    accent_fill="#3d6de6",
    on_accent="#ffffff",
    good="#3ecf8e",
    bad="#ff6b6b",
    warn="#f5b14c",
    warn_text="#f5b14c",
    selection="#2b3a5e",
    disabled="#6a7588",
    query="#5b8cff",
    key="#f5b14c",
    value="#3ecf8e",
    activation="#5b8cff",
    parameter="#b58cff",
    gradient="#f5913c",
    masked="#262a34",
    masked_hatch="#3a4150",
    not_a_number="#19e3ff",
    infinite="#8dff57",
    cell_frame="#ffffff",
    cell_frame_edge="#0b0d11",
    chip_mix=(0.20, 0.54),
    chip_text="#f4f7fb",
    series=("#5b8cff", "#f5b14c", "#3ecf8e", "#e879c6", "#b58cff", "#4cc9e8"),
    branches=("#5b8cff", "#c3d64b", "#b58cff", "#4cc9e8", "#ff8a65", "#c4cad6", "#c49a6c"),
    colour_map="inferno",
    diverging_map="diverging_dark",
)

LIGHT = Theme(
    name="light",
    background="#eef0f4",
    panel="#ffffff",
    raised="#f4f6f9",
    hover="#e9edf4",
    line="#d9dee7",
    text="#1c2230",
    dim="#566074",
    faint="#646d80",
    accent="#2f62e0",
    accent_fill="#2f62e0",
    on_accent="#ffffff",
    good="#13875a",
    bad="#cc3340",
    warn="#b36b00",
    warn_text="#9d5e00",
    selection="#d5e0fb",
    disabled="#7c879c",
    query="#2f62e0",
    key="#b36b00",
    value="#13875a",
    activation="#2f62e0",
    parameter="#7a4fd0",
    gradient="#c85a10",
    masked="#e6e9ef",
    masked_hatch="#c3cad6",
    not_a_number="#ff2a6d",
    infinite="#ff8c1a",
    cell_frame="#10141d",
    cell_frame_edge="#ffffff",
    chip_mix=(0.10, 0.48),
    chip_text="#10241b",
    series=("#2f62e0", "#c26a00", "#13875a", "#b0338a", "#7a4fd0", "#0e7d98"),
    branches=("#2f62e0", "#6f7d0c", "#7a4fd0", "#0e7d98", "#c4472b", "#5a6272", "#7d5a3c"),
    colour_map="viridis",
    diverging_map="diverging_light",
)

THEMES = {"dark": DARK, "light": LIGHT}


# Painters ask for the same few colours many times a second, and each QColor that is made or let go lets go of the
# interpreter, too, and has to wait for it again.


@lru_cache(1024)
def _colour(text: str, alpha: float) -> QColor:
    colour = QColor(text)
    colour.setAlphaF(alpha)
    return colour


@lru_cache(1024)
def _mixed(under: str, over: str, share: float) -> QColor:
    below, above = QColor(under).getRgbF(), QColor(over).getRgbF()
    return QColor.fromRgbF(*(b + (a - b) * share for b, a in zip(below[:3], above[:3], strict=True)))  # type: ignore[index]


def system_theme() -> Theme:
    """What the platform asks for; dark where it does not say."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return LIGHT if scheme == Qt.ColorScheme.Light else DARK
