"""Any bytes as a text that can be read on a label and turned back: no white space, no control characters.

    a space           ▁
    ▁ and \\ itself    \\u{2581}, \\\\
    what does not print, such as a line end or a mark of direction    \\u{a}, \\u{200f}
    bytes that are no UTF-8, such as half a letter    \\xc3
    what would look like a special token    \\<s>

Different bytes have different texts, and none looks like a special token.
"""

import re

SPACE = "▁"

_PIECE = re.compile(r"\\u\{([0-9a-f]+)\}|\\x([0-9a-f]{2})|\\(.)|(.)", re.DOTALL)


def visible(raw: bytes) -> str:
    """The text for some bytes."""
    text = "".join(map(_visible_character, raw.decode("utf-8", "surrogateescape")))
    return "\\" + text if text.startswith("<") and text.endswith(">") else text


def revealed(text: str) -> bytes:
    """The bytes that `visible` made this text of; a text that it never makes stands for itself."""
    return b"".join(map(_bytes, _PIECE.finditer(text)))


def _visible_character(character: str) -> str:
    number = ord(character)
    if character == " ":
        return SPACE
    if character == "\\":
        return "\\\\"
    if 0xDC80 <= number <= 0xDCFF:  # how Python decodes a byte that is no UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return character if character.isprintable() and character != SPACE else f"\\u{{{number:x}}}"


def _bytes(piece: re.Match[str]) -> bytes:
    code, byte, escaped, plain = piece.groups()
    if byte:
        return bytes([int(byte, 16)])
    if code:
        number = int(code, 16)
        return (
            chr(number).encode() if number < 0x110000 and not 0xD800 <= number < 0xE000 else piece[0].encode()
        )
    return (escaped or (" " if plain == SPACE else plain)).encode("utf-8", "surrogatepass")
