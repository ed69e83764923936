"""Pictures of chips, kept: the same tokens come back several times a second, and copying a picture is cheap."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap

from tfviz.views.predictions.chips import CHIP_HEIGHT, NOTE, Chip, ChipRow, Tone
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import Theme

STRENGTHS = 20  # so many shades between probability 0 and 1
MOST = 4000
MARK = 9


class ChipSprites:
    """The faces of chips and the numbers below them, painted once for a theme and a device pixel ratio."""

    def __init__(self, theme: Theme, ratio: float) -> None:
        self.theme, self.ratio = theme, ratio
        self._kept: dict[tuple[object, ...], QPixmap] = {}

    def face(self, chip: Chip, width: int) -> QPixmap:
        """The chip itself, `width` x CHIP_HEIGHT."""
        strength = strength_of(chip)
        key = (chip.text, chip.tone.value, strength, width)
        return self.find(key) or self.make(
            key,
            width,
            CHIP_HEIGHT,
            lambda painter: self._paint_face(painter, chip, width, strength / STRENGTHS),
        )

    def note(self, chip: Chip) -> QPixmap:
        """The mark and the number below a chip; as wide as they are."""
        key = (chip.note, chip.tone.value)
        found = self.find(key)
        if found is not None:
            return found
        judged = chip.tone in (Tone.RIGHT, Tone.WRONG)
        width = (
            int(QFontMetricsF(monospace_font(10)).horizontalAdvance(chip.note)) + 2 + (MARK if judged else 0)
        )
        return self.make(key, width, NOTE, lambda painter: self._paint_note(painter, chip))

    def find(self, key: tuple[object, ...]) -> QPixmap | None:
        """A picture that was made before."""
        return self._kept.get(key)

    def make(
        self, key: tuple[object, ...], width: int, height: int, paint: Callable[[QPainter], None]
    ) -> QPixmap:
        if len(self._kept) >= MOST:
            self._kept.clear()
        pixmap = QPixmap(round(width * self.ratio), round(height * self.ratio))
        pixmap.setDevicePixelRatio(self.ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint(painter)
        painter.end()
        self._kept[key] = pixmap
        return pixmap

    def _paint_face(self, painter: QPainter, chip: Chip, width: int, strength: float) -> None:
        area = QRectF(0, 0, width, CHIP_HEIGHT)
        fill, line, text, dashed = _colours(chip.tone, strength, self.theme)
        painter.setBrush(fill)
        painter.setPen(QPen(line, 1, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(monospace_font(12))
        painter.setPen(text)
        metrics = QFontMetricsF(painter.font())
        shown = metrics.elidedText(chip.text, Qt.TextElideMode.ElideRight, width - 10)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, shown)

    def _paint_note(self, painter: QPainter, chip: Chip) -> None:
        """A check or a cross, and the probability in percent."""
        theme, wrong = self.theme, chip.tone is Tone.WRONG
        x = 0
        if chip.tone in (Tone.RIGHT, Tone.WRONG):
            colour = QColor(theme.bad if wrong else theme.good)
            paint_icon(painter, "cross" if wrong else "check", QRectF(0, 3, MARK, MARK), colour)
            x = MARK
        painter.setFont(monospace_font(10))
        painter.setPen(QColor(theme.bad if wrong else theme.dim))
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(x, 1, 60, NOTE - 2), int(align), chip.note)


def strength_of(chip: Chip) -> int:
    """The shade of a chip, 0 to STRENGTHS."""
    probability = chip.probability or 0.0
    return round(probability * STRENGTHS) if 0 <= probability <= 1 else 0  # NaN is as faint as can be


def look(row: ChipRow) -> tuple[object, ...]:
    """What of a row is painted: rows that differ in nothing else look the same."""
    chips = [(chip.text, chip.tone, chip.note, strength_of(chip)) for chip in row.chips]
    return row.caption, row.note, row.note_tone, row.marked, row.selectable, row.capitals, chips


def _colours(tone: Tone, strength: float, theme: Theme) -> tuple[QColor, QColor, QColor, bool]:
    """Fill, line, text, and whether the line is dashed."""
    clear = QColor(Qt.GlobalColor.transparent)
    match tone:
        case Tone.RIGHT | Tone.WRONG | Tone.UNJUDGED:
            colour = {Tone.RIGHT: "good", Tone.WRONG: "bad", Tone.UNJUDGED: "accent"}[tone]
            low, high = theme.chip_mix
            share = (low + (high - low) * strength) * (0.6 if tone is Tone.UNJUDGED else 1.0)
            line = theme.mix("panel", colour, min(share + 0.22, 1.0))
            return theme.mix("panel", colour, share), line, QColor(theme.chip_text), False
        case Tone.MISSING:
            return clear, QColor(theme.bad), QColor(theme.bad), True
        case Tone.UNKNOWN:
            return theme.mix("panel", "warn", 0.2), QColor(theme.warn), QColor(theme.warn), False
        case Tone.HIDDEN:
            return QColor(theme.masked), QColor(theme.faint), QColor(theme.faint), True
        case Tone.SPECIAL:
            return clear, QColor(theme.line), QColor(theme.dim), False
        case _:
            return QColor(theme.raised), QColor(theme.line), QColor(theme.text), False
