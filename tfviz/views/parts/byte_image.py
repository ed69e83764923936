"""A picture of one byte a pixel, coloured by a table: the one place that knows how Qt wants its lines in memory."""

from collections.abc import Sequence

import numpy
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPixmap


class ByteImage:
    """An indexed picture over a NumPy buffer that is written in place; `pixmap` is what it shows now."""

    def __init__(
        self, width: int, height: int, table: Sequence[int], device_pixel_ratio: float = 1.0
    ) -> None:
        """`width` and `height` in device pixels; `table` has the colour of each byte, as QColor.rgb gives it."""
        stride = -(-width // 4) * 4  # QImage wants rows that are multiples of four bytes
        self._buffer = numpy.zeros((height, stride), numpy.uint8)
        self.bytes: NDArray[numpy.uint8] = self._buffer[:, :width]
        self.image = QImage(self._buffer.data, width, height, stride, QImage.Format.Format_Indexed8)
        """It does not own its memory: it is good while this object is there."""
        self.image.setDevicePixelRatio(device_pixel_ratio)
        self.image.setColorTable(table)

    @classmethod
    def of(cls, cells: NDArray[numpy.uint8], table: Sequence[int]) -> "ByteImage":
        """A pixel for each of these (row, column)."""
        rows, columns = cells.shape
        made = cls(columns, rows, table)
        made.bytes[...] = cells
        return made

    def recolour(self, table: Sequence[int]) -> None:
        self.image.setColorTable(table)

    def pixmap(self) -> QPixmap:
        """A picture of the bytes at this moment."""
        return QPixmap.fromImage(self.image)
