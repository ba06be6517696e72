"""Finds texts that share telling words with another text: BM25 over all of them, a few array operations.

A text is a bag of words in lower case, identifiers split, common words left out, stems by Porter. A query is the first
20 different words of a text, for these say what it is about, while the rest is edge cases. What a match is worth is
its share: its BM25 score divided by the score of a text that consists of the query's words and nothing else. Unlike
the score itself, the share means the same in a small memory and in a large one.

BM25 is that of Robertson and Zaragoza ("The Probabilistic Relevance Framework: BM25 and Beyond", 2009) as SQLite's
FTS5 computes it, the query's words counted as one more text:

    score = sum over the query's words w of idf(w) f (k1 + 1) / (f + k1 (1 - b + b length / mean length))
    idf(w) = max(1e-6, ln((N - n(w) + 0.5) / (n(w) + 0.5)))

with f how often w is in the text, n(w) in how many of the N texts, k1 = 1.2 and b = 0.75. FTS5 itself looks each word
up anew for each query: that was a quarter of what deciding a unit takes.

What was measured is in memory.recall. Words of scripts without spaces are not cut, so such texts match poorly.
"""

import functools
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memory.postings import Postings
from memory.stems import Stems

QUERY_WORDS = 20
TEXT_WORDS = 400
WORD_CHARS = 40
MOST_FOUND = 30
MOST_ASKED = 256
"""Texts whose words are kept."""
K1 = 1.2
B = 0.75
LEAST_IDF = 1e-6

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_COMMON_WORDS = (
    "a all an and any are as at be been but by can do does each else every few for from has have how if in into is it "
    "its may more most must no not of on one only or other others out over same so such than that the their them "
    "then there these they this those to too two up was were when where whether which while who with without you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Match:
    """A row that shares words with the query; `share` is above 0, and about 1 for a text that is the query."""

    row: int
    share: float


class WordIndex:
    """The words of rows of text. The thread that made it is the only one that may use it: sqlite3 refuses others."""

    def __init__(self) -> None:
        self._stems, self._postings = Stems(), Postings()
        self._asked = functools.lru_cache(MOST_ASKED)(self._asked_for)  # a task is asked about at each of its attempts

    def put(self, texts: Mapping[int, str]) -> None:
        """Take these texts in, by row (1 or more); the rows' old texts are forgotten."""
        for row, text in texts.items():
            self._postings.put(row, Counter(self._stems.of([*itertools.islice(_words(text), TEXT_WORDS)])))

    def like(self, text: str) -> Iterator[Match]:
        """The 30 best rows, best first, of equal ones the lower; nothing for a text without a telling word."""
        asked = self._asked(text)
        if not asked:
            return iter(())
        query = _Query(asked, self._postings)
        scores = query.scores()
        found = scores.nonzero()[0]
        best = found[np.argsort(-scores[found], kind="stable")[:MOST_FOUND]]
        own = query.score_of_itself()
        return (Match(row, scores.item(row) / own) for row in best.tolist())

    def _asked_for(self, text: str) -> Counter[str]:
        return Counter(self._stems.of([*itertools.islice(_different(_words(text)), QUERY_WORDS)]))

    @property
    def texts(self) -> int:
        """How many rows there are."""
        return self._postings.texts

    def close(self) -> None:
        """Free the memory; nothing else may be called afterwards."""
        self._stems.close()


class _Query:
    """How often each stem is asked for, among these texts and itself."""

    def __init__(self, asked: Counter[str], postings: Postings) -> None:
        self._asked, self._postings = asked, postings
        self._texts, self._length = postings.texts + 1, asked.total()
        self._mean_length = (postings.length + self._length) / self._texts
        self._idf = {stem: self._idf_of(stem) for stem in asked}

    def _idf_of(self, stem: str) -> float:
        having = self._postings.having(stem) + 1
        return max(LEAST_IDF, math.log((self._texts - having + 0.5) / (having + 0.5)))

    def scores(self) -> NDArray[np.float64]:
        """Of each row, 0 for one that shares no word."""
        weights = {stem: times * self._idf[stem] for stem, times in self._asked.items()}
        rows, weight, count = self._postings.of(weights)
        fade = K1 * (1.0 - B + B * self._postings.lengths[rows] / self._mean_length)
        return np.asarray(np.bincount(rows, weight * count * (K1 + 1.0) / (count + fade)), dtype=np.float64)

    def score_of_itself(self) -> float:
        """Of a text that consists of the query's words."""
        fade = K1 * (1.0 - B + B * self._length / self._mean_length)
        return sum(times * self._idf[stem] * times * (K1 + 1.0) / (times + fade) for stem, times in self._asked.items())


def _words(text: str) -> Iterator[str]:
    spaced = _HUMP.sub(" ", text)
    words = (found[0][:WORD_CHARS].lower() for found in _WORD.finditer(spaced))
    return (word for word in words if word not in _COMMON)


def _different(words: Iterable[str]) -> Iterator[str]:
    seen = set[str]()
    for word in words:
        if word not in seen:
            seen.add(word)
            yield word
