"""Finds texts that share telling words with another text: BM25 by SQLite's FTS5, in memory.

A text is a bag of words in lower case, identifiers split, common words left out, stems by Porter. A query is the first
20 different words of a text, for these say what it is about, while the rest is edge cases. What a match is worth is
its share: its BM25 score divided by the score of a text that consists of the query's words and nothing else. Unlike
the score itself, the share means the same in a small memory and in a large one.

What was measured is in memory.recall. Words of scripts without spaces are not cut, so such texts match poorly.
"""

import itertools
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

QUERY_WORDS = 20
TEXT_WORDS = 400
WORD_CHARS = 40
MOST_FOUND = 30

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_COMMON_WORDS = (
    "a all an and any are as at be been but by can do does each else every few for from has have how if in into is it "
    "its may more most must no not of on one only or other others out over same so such than that the their them "
    "then there these they this those to too two up was were when where whether which while who with without you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_QUERY_ROW = 0


@dataclass(frozen=True, slots=True)
class Match:
    """A row that shares words with the query; `share` is above 0, and about 1 for a text that is the query."""

    row: int
    share: float


class WordIndex:
    """The words of rows of text. The thread that made it is the only one that may use it: sqlite3 refuses others."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE VIRTUAL TABLE past USING fts5(words, tokenize = 'porter unicode61')")
        # rows change one by one and are asked for after each: an index in few pieces is worth slower changes
        self._database.execute("INSERT INTO past(past, rank) VALUES ('crisismerge', 2)")

    def put(self, texts: Mapping[int, str]) -> None:
        """Take these texts in, by row (1 or more); the rows' old texts are forgotten."""
        rows = ((row, " ".join(itertools.islice(_words(text), TEXT_WORDS))) for row, text in texts.items())
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR REPLACE INTO past(rowid, words) VALUES (?, ?)", rows)
        self._database.execute("COMMIT")

    def like(self, text: str) -> Iterator[Match]:
        """The 30 best rows, best first; nothing for a text without a telling word. Any text will do."""
        words = list(itertools.islice(_different(_words(text)), QUERY_WORDS))
        if not words:
            return iter(())
        self._database.execute("BEGIN")
        try:
            return self._matches(words)
        finally:
            self._database.execute("ROLLBACK")

    def _matches(self, words: list[str]) -> Iterator[Match]:
        query = " OR ".join(f'"{word}"' for word in words)  # a word is letters and digits: it cannot end its quotes
        self._database.execute("INSERT INTO past(rowid, words) VALUES (?, ?)", (_QUERY_ROW, " ".join(words)))
        ask = "SELECT rowid, bm25(past) AS score FROM past WHERE past MATCH ? ORDER BY rowid > ?, score LIMIT ?"
        found = self._database.execute(ask, (query, _QUERY_ROW, MOST_FOUND + 1)).fetchall()
        if not found or found[0][0] != _QUERY_ROW:
            return iter(())  # a few letters (U+19B0) are marks to SQLite, whose Unicode is older, and no words
        return (Match(row, score / found[0][1]) for row, score in found[1:])

    def close(self) -> None:
        """Free the memory; nothing else may be called afterwards."""
        self._database.close()


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
