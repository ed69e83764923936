import io
import struct

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tfviz.training.export.gif import GifWriter, lzw

PALETTE = numpy.arange(255 * 3, dtype=numpy.uint16).reshape(255, 3).astype(numpy.uint8)


def unpacked(data, depth=8):
    """The pixels of an LZW stream, decoded as appendix F of the format says, code by code."""
    clear, end = 1 << depth, (1 << depth) + 1
    bits, available, source = 0, 0, iter(data)
    width, table, previous, out = depth + 1, {}, None, bytearray()
    while True:
        while available < width:
            bits |= next(source) << available
            available += 8
        code, bits, available = bits & (1 << width) - 1, bits >> width, available - width
        if code == clear:
            width, previous = depth + 1, None
            table = {pixel: bytes([pixel]) for pixel in range(clear)} | {clear: b"", end: b""}
            continue
        if code == end:
            assert next(source, None) is None
            return bytes(out)
        run = table[code] if code in table else previous + previous[:1]
        out += run
        if previous is not None and len(table) < 4096:
            table[len(table)] = previous + run[:1]
            if len(table) == 1 << width and width < 12:
                width += 1
        previous = run


def read_gif(data):
    """Size, palette, comment, whether it repeats for ever, and (delay, picture) of every frame."""
    assert data[:6] == b"GIF89a" and data[-1:] == b"\x3b"
    width, height, flags = struct.unpack("<HHB", data[6:11])
    assert flags == 0xF7
    palette = numpy.frombuffer(data[13 : 13 + 768], numpy.uint8).reshape(256, 3)
    place, screen = 13 + 768, numpy.zeros((height, width), dtype=numpy.uint8)
    comment, repeats, delay, transparent, frames = "", None, None, None, []

    def blocks(place):
        content = b""
        while data[place]:
            content += data[place + 1 : place + 1 + data[place]]
            place += 1 + data[place]
        return content, place + 1

    while data[place] != 0x3B:
        kind = data[place : place + 2]
        if kind[:1] == b"\x2c":
            left, top, wide, high, local = struct.unpack("<HHHHB", data[place + 1 : place + 10])
            assert local == 0 and data[place + 10] == 8 and left + wide <= width and top + high <= height
            content, place = blocks(place + 11)
            pixels = numpy.frombuffer(unpacked(content), numpy.uint8).reshape(high, wide)
            area = screen[top : top + high, left : left + wide]
            area[...] = numpy.where(pixels == transparent, area, pixels)
            frames.append((delay, screen.copy()))
            continue
        content, place = blocks(place + 2)
        if kind == b"\x21\xf9":
            packed, delay, transparent = struct.unpack("<BHB", content)
            assert packed == 0b000_001_0_1
        elif kind == b"\x21\xfe":
            comment += content.decode("ascii")
        elif kind == b"\x21\xff":
            assert content == b"NETSCAPE2.0\x01\x00\x00"
            repeats = True
    return (width, height), palette, comment, repeats, frames


def gif(*frames, seconds=0.1, comment=""):
    file = io.BytesIO()
    height, width = frames[0].shape
    writer = GifWriter(file, width, height, PALETTE, comment)
    for frame in frames:
        writer.add(frame, seconds)
    writer.close()
    return file.getvalue()


@given(st.binary(min_size=1, max_size=3000))
def test_any_pixels_come_back(pixels):
    assert unpacked(lzw(pixels)) == pixels


@pytest.mark.parametrize("colours", [1, 2, 7, 60, 255])
@pytest.mark.parametrize("count", [1, 2, 255, 256, 4000, 100_000])
def test_long_pictures_that_fill_the_table_many_times_come_back(colours, count):
    random = numpy.random.Generator(numpy.random.Philox(count))
    pixels = random.integers(0, colours, count, dtype=numpy.uint8).tobytes()
    assert unpacked(lzw(pixels)) == pixels


@pytest.mark.parametrize("count", range(3700, 4000, 7))
def test_the_code_after_a_full_table_has_the_right_width(count):
    pairs = numpy.stack([numpy.arange(count) // 255 % 255, numpy.arange(count) % 255], axis=1)
    pixels = pairs.astype(numpy.uint8).tobytes()
    assert unpacked(lzw(pixels)) == pixels


def test_pictures_of_large_areas_become_small():
    assert len(lzw(bytes(640_000))) < 2000


@given(st.data())
def test_frames_come_back_though_only_changes_are_written(data):
    shape = data.draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    some = arrays(numpy.uint8, shape, elements=st.integers(0, 254))
    frames = data.draw(st.lists(some, min_size=1, max_size=5))
    _, _, _, _, found = read_gif(gif(*frames))
    for frame, (_, picture) in zip(frames, found, strict=True):
        numpy.testing.assert_array_equal(picture, frame)


def test_a_small_change_takes_few_bytes():
    first = numpy.random.Generator(numpy.random.Philox(1)).integers(0, 255, (200, 300), dtype=numpy.uint8)
    second = first.copy()
    second[50:60, 70:90] = 7
    assert len(gif(first, second, first)) < len(gif(first)) + 600
    assert len(gif(first, first)) < len(gif(first)) + 40


def test_palette_comment_delay_and_loop_are_in_the_file():
    frame = numpy.zeros((3, 5), dtype=numpy.uint8)
    size, palette, comment, repeats, frames = read_gif(
        gif(frame, frame, seconds=0.25, comment="step 1 · “é”" * 40)
    )
    assert size == (5, 3) and repeats
    numpy.testing.assert_array_equal(palette[:255], PALETTE)
    assert comment == "step 1 \\xb7 \\u201c\\xe9\\u201d" * 40
    assert [delay for delay, _ in frames] == [25, 25]


def test_what_cannot_be_is_refused_with_the_numbers():
    with pytest.raises(ValueError, match="a gif of 0 x 5 pixels cannot be: 1 to 65535 each way"):
        GifWriter(io.BytesIO(), 0, 5, PALETTE)
    with pytest.raises(ValueError, match="a gif has 1 to 255 colours here, not 256"):
        GifWriter(io.BytesIO(), 5, 5, numpy.zeros((256, 3), dtype=numpy.uint8))
    writer = GifWriter(io.BytesIO(), 5, 3, PALETTE)
    with pytest.raises(
        ValueError, match=r"a frame of shape \(5, 3\) uint8 does not fit a gif of \(3, 5\) uint8"
    ):
        writer.add(numpy.zeros((5, 3), dtype=numpy.uint8), 0.1)
    with pytest.raises(ValueError, match=r"a frame is shown for 0 to 655.35 seconds, not 1000"):
        writer.add(numpy.zeros((3, 5), dtype=numpy.uint8), 1000)
