"""A little language with the word order of Spanish, translated from English by rules."""

from typing import NamedTuple

from tfviz.training.data.pair_formats import Pair
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks.rule_made import RuleMadeTask, different, digits
from tfviz.training.tasks.task import Alignment


class Noun(NamedTuple):
    english: str
    spanish: str
    feminine: bool


NOUNS = tuple(
    Noun(english, spanish, feminine)
    for english, spanish, feminine in (
        ("house", "casa", True), ("dog", "perro", False), ("table", "mesa", True), ("book", "libro", False),
        ("moon", "luna", True), ("cat", "gato", False), ("door", "puerta", True), ("boat", "barco", False),
        ("star", "estrella", True), ("bird", "pájaro", False), ("flower", "flor", True), ("tree", "árbol", False),
        ("street", "calle", True), ("sun", "sol", False), ("night", "noche", True), ("fish", "pez", False),
    )
)  # fmt: skip
ADJECTIVES = tuple(
    zip(
        ("red", "small", "old", "white", "black", "tall", "new", "slow",
         "beautiful", "yellow", "strange", "clean", "cold", "quiet", "good", "long"),
        ("roj", "pequeñ", "viej", "blanc", "negr", "alt", "nuev", "lent",
         "bonit", "amarill", "extrañ", "limpi", "frí", "quiet", "buen", "larg"),
        strict=True,
    )
)  # fmt: skip
"""English, and the Spanish stem: -o with a masculine noun, -a with a feminine one."""
VERBS = tuple(
    zip(
        ("sees", "follows", "finds", "hides", "loves", "hears", "touches", "paints",
         "buys", "sells", "cleans", "awaits", "visits", "guards", "remembers", "draws"),
        ("ve", "sigue", "encuentra", "esconde", "ama", "oye", "toca", "pinta",
         "compra", "vende", "limpia", "espera", "visita", "cuida", "recuerda", "dibuja"),
        strict=True,
    )
)  # fmt: skip
ARTICLES = (("the", ("el", "la")), ("a", ("un", "una")))
MOST_WORDS = min(map(len, (NOUNS, ADJECTIVES, VERBS)))
"""Of a kind, that `alphabet` can ask for."""
MOST_ADJECTIVES = 3
"""Of one noun."""


class TranslationTask(RuleMadeTask):
    """ "the small red house sees a dog" to "la casa roja pequeña ve un perro".

    Adjectives follow their noun in reverse order, and agree with it as the article does. A sentence is a noun with what
    belongs to it, or two such with a verb between; it has minimum_length to length words.
    """

    what_to_look_for = (
        "Cross attention is a diagonal with a knot in it: at each adjective and noun the order turns over. An article "
        "looks ahead to its noun too, for it has to know whether el or la is right."
    )

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        if config.alphabet > MOST_WORDS:
            raise ConfigurationError(
                "task.alphabet",
                f"task.alphabet is {config.alphabet}; there are words of a kind: at most {MOST_WORDS}",
            )
        self._words = config.alphabet
        super().__init__(config, seed, batch_size)

    def shapes(self) -> dict[int, int]:
        """By the adjectives of the first noun and, times ten and beginning with 10, those of the second."""
        most = min(MOST_ADJECTIVES, self._words)
        phrases = {count: self._count(count) for count in range(most + 1)}
        alone = {first: phrases[first] for first in phrases if self._fits(2 + first)}
        return alone | {
            first + 10 * (second + 1): phrases[first] * self._words * phrases[second]
            for first in phrases for second in phrases if self._fits(5 + first + second)
        }  # fmt: skip

    def _fits(self, words: int) -> bool:
        return self.config.minimum_length <= words <= self.config.length

    def _count(self, adjectives: int) -> int:
        """How many phrases there are with one noun and so many adjectives."""
        count = len(ARTICLES) * self._words
        for taken in range(adjectives):
            count *= self._words - taken
        return count

    def pair(self, shape: int, number: int) -> Pair:
        second, first = divmod(shape, 10)
        number, subject = divmod(number, self._count(first))
        english, spanish = self._phrase(subject, first)
        if second:
            target, verb = divmod(number, self._words)
            others = self._phrase(target, second - 1)
            english += [VERBS[verb][0], *others[0]]
            spanish += [VERBS[verb][1], *others[1]]
        return " ".join(english), " ".join(spanish)

    def _phrase(self, number: int, adjectives: int) -> tuple[list[str], list[str]]:
        """A noun with what belongs to it in both languages: one of _count(adjectives)."""
        bases = [len(ARTICLES), self._words, *range(self._words, self._words - adjectives, -1)]
        article, noun, *chosen = digits(number, bases)
        found = [ADJECTIVES[choice] for choice in different(chosen)]
        english = [ARTICLES[article][0], *(word for word, _ in found), NOUNS[noun].english]
        return english, _in_spanish(ARTICLES[article][1], NOUNS[noun], [stem for _, stem in found])

    def expected(self, sentence: str) -> str | None:
        return " ".join(word for word, _ in self._translated(sentence.split())) or None

    def alignment(self, sentence: str) -> Alignment | None:
        """Words come from words; that an article has its gender from the noun is not counted."""
        translated = self._translated(sentence.split())
        return tuple((place,) for _, place in translated) or None if self._by_word else None

    @property
    def _by_word(self) -> bool:
        return self.source_tokenizer.kind == self.target_tokenizer.kind == "word"

    def _translated(self, words: list[str]) -> list[tuple[str, int]]:
        """The Spanish words, each with the place of the English one; nothing where that is no sentence."""
        verbs = dict(VERBS[: self._words])
        place = next((place for place, word in enumerate(words) if word in verbs), None)
        if place is None:
            return self._translated_phrase(words, 0)
        subject = self._translated_phrase(words[:place], 0)
        others = self._translated_phrase(words[place + 1 :], place + 1)
        return [*subject, (verbs[words[place]], place), *others] if subject and others else []

    def _translated_phrase(self, phrase: list[str], start: int) -> list[tuple[str, int]]:
        """A noun with what belongs to it, whose first word stands at `start`; nothing where that is not what it is."""
        nouns = {noun.english: noun for noun in NOUNS[: self._words]}
        articles, stems = dict(ARTICLES), dict(ADJECTIVES[: self._words])
        if len(phrase) < 2 or phrase[0] not in articles or phrase[-1] not in nouns:
            return []
        if not stems.keys() >= set(phrase[1:-1]):
            return []
        spanish = _in_spanish(articles[phrase[0]], nouns[phrase[-1]], [stems[word] for word in phrase[1:-1]])
        places = (start, *range(start + len(phrase) - 1, start, -1))
        return list(zip(spanish, places, strict=True))


def _in_spanish(articles: tuple[str, str], noun: Noun, stems: list[str]) -> list[str]:
    """Article, noun, and the adjectives in reverse order, all as the noun's gender wants them."""
    ending = "a" if noun.feminine else "o"
    return [articles[noun.feminine], noun.spanish, *(stem + ending for stem in reversed(stems))]
