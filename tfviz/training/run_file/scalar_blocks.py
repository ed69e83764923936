"""Scalars of up to 1024 consecutive steps as bytes, column by column, each in the shortest of four exact forms.

    number of columns (uint16), then for each its header: name (uint16), form (uint16), count (uint16); then for
    each its cells

    CONSTANT  one float64 for all rows
    SPARSE    `count` rows (uint16, rising), then their float64 values; all others are NaN
    SINGLE    float32 for each row, where float32 holds the values without loss
    DOUBLE    float64 for each row

All little-endian. A column of NaN alone is left out. Reading gives back the same float64 that were written.
"""

import struct
from collections.abc import Mapping

import numpy

from tfviz.training.run_file.schema import BLOCK

CONSTANT, SPARSE, SINGLE, DOUBLE = range(4)
COUNT = struct.Struct("<H")
HEADER = numpy.dtype([("name", "<u2"), ("form", "<u2"), ("count", "<u2")])
ROW, FLOAT32, FLOAT64 = numpy.dtype("<u2"), numpy.dtype("<f4"), numpy.dtype("<f8")


def encode(columns: Mapping[int, numpy.ndarray]) -> bytes:
    """Columns, (row,) float64 by the number of their name, all of the same length of 1 to 1024."""
    headers: list[tuple[int, int, int]] = []
    cells: list[bytes] = []
    for number, column in columns.items():
        form, count, content = _shortest(column)
        if content:
            headers.append((number, form, count))
            cells.append(content)
    return b"".join((COUNT.pack(len(headers)), numpy.array(headers, HEADER).tobytes(), *cells))


def decode(data: bytes, rows: int, targets: Mapping[int, numpy.ndarray]) -> None:
    """Fill the targets, (row,) float64 full of NaN, by the number of their name.

    ValueError where the bytes are not exactly what `encode` makes of columns with so many rows.
    """
    if not 1 <= rows <= BLOCK:
        raise ValueError(f"a stretch of {rows} steps")
    if len(data) < COUNT.size:
        raise ValueError("a stretch of scalars without a header")
    (columns,) = COUNT.unpack_from(data)
    position = COUNT.size + columns * HEADER.itemsize
    if len(data) < position:
        raise ValueError(f"a stretch of scalars too short for {columns} columns")
    for number, form, count in numpy.frombuffer(data, HEADER, columns, COUNT.size).tolist():
        if number not in targets:
            raise ValueError(f"a scalar without a name: number {number}")
        size = _size(form, count, rows)
        if len(data) < position + size:
            raise ValueError("a stretch of scalars that ends too early")
        target = targets[number]
        if form == SINGLE:
            with numpy.errstate(invalid="ignore"):  # a signalling NaN, which only a damaged file has
                target[...] = numpy.frombuffer(data, FLOAT32, rows, position)
        elif form == DOUBLE:
            target[...] = numpy.frombuffer(data, FLOAT64, rows, position)
        elif form == CONSTANT:
            target[...] = numpy.frombuffer(data, FLOAT64, 1, position)
        else:
            places = numpy.frombuffer(data, ROW, count, position)
            if count and int(places.max()) >= rows:
                raise ValueError(f"a scalar in row {places.max()} of {rows}")
            target[places] = numpy.frombuffer(data, FLOAT64, count, position + count * ROW.itemsize)
        position += size
    if position != len(data):
        raise ValueError(f"a stretch of scalars with {len(data) - position} bytes too many")


def _size(form: int, count: int, rows: int) -> int:
    match form:
        case 0:
            return FLOAT64.itemsize
        case 1:
            return count * (ROW.itemsize + FLOAT64.itemsize)
        case 2:
            return rows * FLOAT32.itemsize
        case 3:
            return rows * FLOAT64.itemsize
    raise ValueError(f"scalars in the unknown form {form}")


def _shortest(column: numpy.ndarray) -> tuple[int, int, bytes]:
    """The form, its count and the cells; no cells where all is NaN."""
    values = column.astype(FLOAT64, copy=False)
    places = numpy.flatnonzero(~numpy.isnan(values))
    if not len(places):
        return CONSTANT, 0, b""
    bits = values.view("<u8")
    if (bits == bits[0]).all():
        return CONSTANT, 0, values[:1].tobytes()
    with numpy.errstate(over="ignore", invalid="ignore"):
        single = values.astype(FLOAT32)
        lossless = bool((single.astype(FLOAT64).view("<u8") == bits).all())
    form = SINGLE if lossless else DOUBLE
    if _size(SPARSE, len(places), len(values)) < _size(form, 0, len(values)):
        return SPARSE, len(places), places.astype(ROW).tobytes() + values[places].tobytes()
    return form, 0, single.tobytes() if lossless else values.tobytes()
