"""Dates as people write them, to be written as ISO 8601 does."""

import datetime
import re

from tfviz.training.data.pair_formats import Pair
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks.rule_made import RuleMadeTask
from tfviz.training.tasks.task import Alignment

MIDDLE = 2000
"""The year around which the years lie."""
MOST_YEARS = 1000

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
FORMS = ("{day} {month} {year}", "{month} {day}, {year}", "{day:02}/{number:02}/{year}")
"""Ways to write a date; the one with slashes puts the day first."""

_WRITTEN = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]+) (?P<year>\d{4})",
        r"(?P<month>[A-Z][a-z]+) (?P<day>\d{1,2}), (?P<year>\d{4})",
        r"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{4})",
    )
)
_NUMBERS = {name: number for number, name in enumerate(MONTHS, start=1)} | {
    f"{number:02}": number for number in range(1, 13)
}


class DatesTask(RuleMadeTask):
    """ "3 May 2024" to "2024-05-03": the days of `alphabet` years around 2000, written in three forms."""

    what_to_look_for = (
        "The year is copied: its four answers look at four places in a row, far back in the source. The two digits of "
        "the month look at the letters that tell one month from all others; those of the day find it before or behind."
    )

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        if config.alphabet > MOST_YEARS:
            raise ConfigurationError(
                "task.alphabet",
                f"task.alphabet is {config.alphabet}; dates take it as the number of years: at most {MOST_YEARS}",
            )
        self._first = datetime.date(MIDDLE - config.alphabet // 2, 1, 1)
        self._days = (self._first.replace(year=self._first.year + config.alphabet) - self._first).days
        super().__init__(config, seed, batch_size)

    def shapes(self) -> dict[int, int]:
        return dict.fromkeys(range(len(FORMS)), self._days)

    def pair(self, shape: int, number: int) -> Pair:
        date = self._first + datetime.timedelta(days=number)
        parts = {"day": date.day, "month": MONTHS[date.month - 1], "number": date.month, "year": date.year}
        return FORMS[shape].format(**parts), date.isoformat()

    def expected(self, sentence: str) -> str | None:
        found = _parts(sentence)
        if found is None:
            return None
        try:
            date = datetime.date(int(found["year"]), _NUMBERS.get(found["month"], 0), int(found["day"]))
        except ValueError:  # there is no such day
            return None
        return date.isoformat()

    def alignment(self, sentence: str) -> Alignment | None:
        """Digits of year and day come from their like, those of the month from its whole name or number."""
        found = _parts(sentence)
        if found is None or self.expected(sentence) is None or self.source_tokenizer.kind != "character":
            return None
        year, day, month = (tuple(range(*found.span(part))) for part in ("year", "day", "month"))
        named = month if found["month"].isalpha() else ()
        return (
            *((place,) for place in year), (),
            named or month[:1], named or month[1:], (),
            day[:1], day[-1:],
        )  # fmt: skip


def _parts(sentence: str) -> re.Match[str] | None:
    """Year, month and day of a written date."""
    text = " ".join(sentence.split())
    return next(filter(None, (written.fullmatch(text) for written in _WRITTEN)), None)
