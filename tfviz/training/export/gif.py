"""Moving pictures as GIF, which every browser, slide program and chat shows; written here because Qt only reads them.

Format: CompuServe, Graphics Interchange Format, Version 89a (1990); section numbers below are its own.
"""

import struct
from typing import BinaryIO

import numpy

MOST_COLOURS = 255
TRANSPARENT = 255  # the index that leaves what the frames before have painted
LARGEST = 65_535  # pixels of a side, and hundredths of a second of a delay: 16 bits each

_DEPTH = 8  # bits of a pixel
_CLEAR, _END, _FIRST_FREE = 256, 257, 258  # codes beyond the pixels themselves
_TABLE_SIZE = 4096  # codes have at most 12 bits


class GifWriter:
    """Frames of one size and one palette, each written as its difference from the one before; repeats for ever."""

    def __init__(
        self, file: BinaryIO, width: int, height: int, palette: numpy.ndarray, comment: str = ""
    ) -> None:
        """`palette` is (colours, 3) uint8, at most 255 of them. What `comment` says is in the file, as ASCII."""
        if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
            raise ValueError(f"a gif of {width} x {height} pixels cannot be: 1 to {LARGEST} each way")
        if not 1 <= len(palette) <= MOST_COLOURS:
            raise ValueError(f"a gif has 1 to {MOST_COLOURS} colours here, not {len(palette)}")
        self._file, self._shape = file, (height, width)
        self._shown: numpy.ndarray | None = None
        colours = numpy.zeros((256, 3), dtype=numpy.uint8)
        colours[: len(palette)] = palette
        file.write(
            b"GIF89a" + struct.pack("<HHBBB", width, height, 0b1_111_0_111, 0, 0)
        )  # 18: a global table of 256
        file.write(colours.tobytes())
        file.write(
            b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
        )  # 26, as browsers have agreed: no end of loops
        if comment:
            file.write(b"\x21\xfe" + _blocks(comment.encode("ascii", "backslashreplace")))  # 24

    def add(self, pixels: numpy.ndarray, seconds: float) -> None:
        """Write a frame: (height, width) uint8 indices into the palette, shown for so long."""
        if pixels.shape != self._shape or pixels.dtype != numpy.uint8:
            wanted = f"{self._shape} uint8"
            raise ValueError(f"a frame of shape {pixels.shape} {pixels.dtype} does not fit a gif of {wanted}")
        delay = round(seconds * 100)
        if not 0 <= delay <= LARGEST:
            raise ValueError(f"a frame is shown for 0 to {LARGEST / 100} seconds, not {seconds}")
        top, left, changed = self._difference(pixels)
        height, width = changed.shape
        keep, transparent = 1 << 2, 1
        self._file.write(
            b"\x21\xf9\x04" + struct.pack("<BHBB", keep | transparent, delay, TRANSPARENT, 0)
        )  # 23
        self._file.write(b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0))  # 20
        self._file.write(bytes([_DEPTH]) + _blocks(lzw(changed.tobytes())))  # 22
        self._shown = pixels.copy()

    def close(self) -> None:
        """Write the end; the file itself stays open."""
        self._file.write(b"\x3b")  # 27

    def _difference(self, pixels: numpy.ndarray) -> tuple[int, int, numpy.ndarray]:
        """Top, left and pixels of the smallest rectangle that holds every change; in it, the rest is transparent."""
        if self._shown is None:
            return 0, 0, pixels
        differs = pixels != self._shown
        rows, columns = (numpy.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return 0, 0, numpy.full((1, 1), TRANSPARENT, dtype=numpy.uint8)
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        return int(rows[0]), int(columns[0]), numpy.where(differs[box], pixels[box], numpy.uint8(TRANSPARENT))


def lzw(pixels: bytes) -> bytes:
    """The pixels as variable-length codes (appendix F), not yet cut into blocks.

    A code stands for a run of pixels seen before; a run that was met for the first time gets the next free code. When
    all 4096 are given away the table begins anew.
    """
    codes: list[int] = []
    starts = [0]  # where in codes each table begins, after its clear code
    table: dict[int, int] = {}
    free, run = _FIRST_FREE, pixels[0] << _DEPTH
    for pixel in pixels[1:]:
        key = run | pixel  # the code of a run and a pixel in one number
        longer = table.get(key)
        if longer is not None:
            run = longer
            continue
        codes.append(run >> _DEPTH)
        run = pixel << _DEPTH
        if free < _TABLE_SIZE - 1:
            table[key] = free << _DEPTH
            free += 1
        else:
            codes.append(_CLEAR)
            starts.append(len(codes))
            table.clear()
            free = _FIRST_FREE
    codes += [run >> _DEPTH, _END]
    return _packed(numpy.array([_CLEAR, *codes]), numpy.array(starts) + 1)


def _packed(codes: numpy.ndarray, starts: numpy.ndarray) -> bytes:
    """The codes without gaps, least significant bit first.

    A code has as many bits as the largest one that the reader may know by then needs: the reader's table grows by one
    with each code after the first of a table.
    """
    position = numpy.arange(len(codes))
    place = position - numpy.concatenate([[0], starts])[numpy.searchsorted(starts, position, side="right")]
    place[0] = 0  # the clear code that opens the stream
    largest = _FIRST_FREE - 1 + place
    widths = 9 + (largest >= 512) + (largest >= 1024) + (largest >= 2048)
    bits = numpy.arange(12)
    values = ((codes[:, None] >> bits) & 1).astype(numpy.uint8)
    return numpy.packbits(values[bits < widths[:, None]], bitorder="little").tobytes()


def _blocks(content: bytes) -> bytes:
    """Blocks of at most 255 bytes, each after its length, and an empty one for the end (15)."""
    pieces = (content[start : start + 255] for start in range(0, len(content), 255))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"
