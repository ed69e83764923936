"""A heat map as a small png with a palette, for pages that embed many of them; needs no Qt."""

import struct
import zlib

import numpy


def indexed_png(indices: numpy.ndarray, table: numpy.ndarray) -> bytes:
    """The png in which pixel (row, column) has the colour table[indices[row, column]].

    indices (row, column) and table (256, 3) are uint8. Format: W3C Recommendation PNG, sections 5 and 11.
    """
    rows, columns = indices.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)  # 8 bits, palette
    unfiltered = numpy.zeros((rows, columns + 1), dtype=numpy.uint8)  # every row starts with its filter: none
    unfiltered[:, 1:] = indices
    pieces = {
        b"IHDR": header,
        b"PLTE": table.tobytes(),
        b"IDAT": zlib.compress(unfiltered.tobytes(), 9),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in pieces.items())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
