"""argparse as tfviz wants it: examples stay as typed, errors are one sentence, values are checked as they are read."""

import argparse
import math
from collections.abc import Callable
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    def __init__(self, prog: str) -> None:
        super().__init__(prog=prog, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"tfviz: {message} (see {self.prog} --help)\n")


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Reads a whole number within bounds."""
    allowed = f"a whole number of at least {minimum}" + ("" if maximum is None else f" and at most {maximum}")

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if number < minimum or (maximum is not None and number > maximum):
            raise argparse.ArgumentTypeError(f"{text!r}; allowed: {allowed}")
        return number

    return read


def positive_number(text: str) -> float:
    """Reads a finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: a number above 0")
    return number


def one_of(*choices: str) -> Callable[[str], str]:
    """Reads one of some words."""

    def read(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f"{text!r}; allowed: {', '.join(choices)}")
        return text

    return read


def size(text: str) -> tuple[int, int]:
    """Reads a width and height in pixels, such as 1600x1000."""
    width, _, height = text.lower().partition("x")
    try:
        numbers = int(width), int(height)
    except ValueError:
        numbers = 0, 0
    if not all(320 <= number <= 16_384 for number in numbers):
        raise argparse.ArgumentTypeError(
            f"{text!r}; allowed: width x height in pixels, each from 320 to 16384, such as 1600x1000"
        )
    return numbers
