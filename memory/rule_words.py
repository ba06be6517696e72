"""The words of a rule: stems of what it is about, and the words that turn its meaning round.

Made for short English advice; the lists are in rule_words.toml. The stemmer takes common endings off and knows no
exceptions; a stem is no word.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from memory.digests import normalised_rule

_LISTS = tomllib.loads((Path(__file__).parent / "rule_words.toml").read_text("utf-8"))
_NEGATORS = frozenset(_LISTS["negators"].split())
_FILLERS = frozenset(_LISTS["fillers"].split())
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*(?:[._][^\W_]+)*|[<>=!]=|[<>]|[+\-−]?\d+", re.UNICODE)
_NUMBER = re.compile(r"(?<![\w.])[+\-−]?\d+(?:\.\d+)?|[<>=!]=|[<>]")
_NUMBER_WORDS = {"zero": "0", "one": "1", "two": "2", "three": "3"}
_NUMBER_WORD = re.compile(rf"\b({'|'.join(_NUMBER_WORDS)})\b")
_ENDINGS = ("ations", "ation", "ings", "ing", "ied", "ies", "edly", "ed", "est", "ely", "es", "ly", "s", "e")
_SHORTEST_STEM = 3
_STEMS_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a rule.

    Attributes:
        text: as normalised.
        stem: without endings.
        clause: which part of the sentence it stands in, counted from 0 at punctuation.
        negated: a word before it in its clause turns it round.
    """

    text: str
    stem: str
    clause: int
    negated: bool

    @property
    def content(self) -> bool:
        """Whether it says what the rule is about."""
        return self.text not in _FILLERS and not is_negator(self.text)


def words(text: str) -> list[Word]:
    """The words of a rule in order, the negators among them."""
    found = []
    for clause, part in enumerate(re.split(r"[,;:.!?()]+(?=\s|$)|\bbut\b", normalised_rule(text))):
        negated = False
        for token in _TOKEN.findall(part):
            plain = token.replace("’", "'")
            found.append(Word(plain, stem(plain), clause, negated))
            negated = negated or is_negator(plain)
    return found


def is_negator(word: str) -> bool:
    """Whether a word turns what follows it round."""
    return word in _NEGATORS or word.endswith("n't")


def numbers(text: str) -> frozenset[str]:
    """The numbers and signs of comparison in a rule; `zero` to `three` count."""
    plain = normalised_rule(text).replace("−", "-")
    return frozenset(_NUMBER.findall(_NUMBER_WORD.sub(lambda found: _NUMBER_WORDS[found[0]], plain)))


@lru_cache(maxsize=_STEMS_KEPT)
def stem(word: str) -> str:
    """The word without its ending: the same for most forms of one word."""
    word = _NUMBER_WORDS.get(word, word).removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            if ending == "s" and word.endswith("ss"):
                break
            word = word.removesuffix(ending) + ("y" if ending in {"ies", "ied"} else "")
            break
    if word[-1:] == word[-2:-1] and len(word) > _SHORTEST_STEM:
        word = word[:-1]
    return word.removesuffix("e") if len(word) > _SHORTEST_STEM else word


def _sides() -> Iterator[tuple[str, tuple[int, int]]]:
    for pair, both in enumerate(_LISTS["opposites"]):
        for side, names in enumerate(both):
            yield from ((stem(name), (pair, side)) for name in names.split())


SIDES: dict[str, tuple[int, int]] = dict(_sides())
"""Stem -> which pair of opposites it is of, and on which of its sides."""
