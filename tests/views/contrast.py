"""How well a colour can be read on another, and how well what is painted can."""

import numpy
from PySide6.QtGui import QColor, QImage

BLOCKS = "\N{FULL BLOCK}" * 8
"""Text whose pixels have its colour undiluted, in any font."""


def contrast(first: str | QColor, second: str | QColor) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(colour: str | QColor) -> float:
        parts = numpy.array(QColor(colour).getRgbF()[:3])
        linear = numpy.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def painted_contrast(image: QImage) -> float:
    """Of the ground, which has most pixels, and of text made of blocks: what stands out most of all that has many."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = numpy.frombuffer(image.constBits(), numpy.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    colours, counts = numpy.unique(raw[:, : image.width()] & 0xFFFFFF, return_counts=True)
    ground = QColor(int(colours[counts.argmax()]))
    return max(contrast(QColor(int(colour)), ground) for colour in colours[counts > counts.sum() / 20])
