"""What a field of the configuration may be, said once: for validation, --set and the run panel's editors."""

import dataclasses
import math
import numbers
from dataclasses import dataclass
from typing import Any

_TRUE, _FALSE, _NONE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}, {"", "none", "null"}


class ConfigurationError(ValueError):
    """A field that is not allowed, in one sentence; `path` names it for the editor that has to be marked."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Rule:
    """Type, range and help text of one field."""

    kind: type
    """bool, int, float, str, tuple (of `size` numbers, each in the range), or list (of words: a tuple of texts)."""
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    """None is allowed; the help text says what it means."""
    size: int = 2

    @property
    def allowed(self) -> str:
        """The permitted values in words: "a number above 0, or none"."""
        return self._plain() + (", or none" if self.optional else "")

    def check(self, path: str, value: Any) -> Any:
        """The value in the field's type. ConfigurationError names field, value and what is allowed."""
        if value is None and self.optional:
            return None
        if self.kind is tuple:
            if isinstance(value, list | tuple) and len(value) == self.size:
                numbers_found = tuple(_number(float, item) for item in value)
                if all(number is not None and self._in_range(number) for number in numbers_found):
                    return numbers_found
        elif self.kind is list:
            if isinstance(value, list | tuple) and all(_is_text(item) and item.strip() for item in value):
                return tuple(value)
        elif self.kind in (int, float):
            number = _number(self.kind, value)
            if number is not None and self._in_range(number):
                return number
        elif self.kind is str:
            if _is_text(value) and (not self.choices or value in self.choices):
                return value
        elif isinstance(value, self.kind):
            return value
        raise ConfigurationError(path, f"{path} is {_shown(value)}; allowed: {self.allowed}")

    def parse(self, path: str, text: str) -> Any:
        """The value that a text means, as typed after --set or into an editor; checked."""
        stripped = text.strip()
        if self.optional and stripped.lower() in _NONE:
            return None
        if self.kind is str:
            return self.check(path, text)
        try:
            value = self._read(stripped)
        except ValueError:
            raise ConfigurationError(path, f"{path} is {_shown(text)}; allowed: {self.allowed}") from None
        return self.check(path, value)

    def _read(self, text: str) -> Any:
        if self.kind is bool:
            if text.lower() in _TRUE | _FALSE:
                return text.lower() in _TRUE
            raise ValueError(text)
        if self.kind is list:
            return tuple(filter(None, map(str.strip, text.strip("()[]").split(","))))
        if self.kind is tuple:
            return tuple(float(part) for part in text.strip("()[]").split(","))
        return self.kind(text)

    def _in_range(self, number: float) -> bool:
        return (
            (self.minimum is None or number >= self.minimum)
            and (self.maximum is None or number <= self.maximum)
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
        )

    def _plain(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind is bool:
            return "true or false"
        if self.kind is str:
            return "text"
        if self.kind is list:
            return "words, separated by commas"
        bounds = [
            f"{word} {bound}"
            for word, bound in (
                ("of at least", self.minimum),
                ("above", self.above),
                ("of at most", self.maximum),
                ("below", self.below),
            )
            if bound is not None
        ]
        noun = {int: "a whole number", float: "a number", tuple: f"{self.size} numbers, each"}[self.kind]
        return " ".join([noun, " and ".join(bounds)]).strip()


def setting(kind: type, default: Any, help: str, **limits: Any) -> Any:
    """A dataclass field that carries its rule."""
    return dataclasses.field(default=default, metadata={"rule": Rule(kind, default, help, **limits)})


def rules_of(section: type) -> dict[str, Rule]:
    """Field name -> rule, for the fields made by `setting`, in the order in which they stand in the class."""
    return {
        field.name: field.metadata["rule"]
        for field in dataclasses.fields(section)
        if "rule" in field.metadata
    }


def check_fields(instance: Any, prefix: str) -> None:
    """Check every ruled field of a frozen dataclass, and store the value in the field's exact type."""
    for name, rule in rules_of(type(instance)).items():
        object.__setattr__(instance, name, rule.check(prefix + name, getattr(instance, name)))


def _number(kind: type, value: Any) -> Any:
    """The value as int or float, or None where it is no finite number of that kind; bool is no number."""
    accepted = numbers.Integral if kind is int else numbers.Real
    if isinstance(value, bool) or not isinstance(value, accepted):
        return None
    try:
        number = kind(value)
        return number if math.isfinite(number) else None
    except OverflowError:
        return None


def _is_text(value: Any) -> bool:
    """Whether it is a text that UTF-8 can write: JSON and file names may smuggle in half a surrogate pair."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
