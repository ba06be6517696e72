"""What is left of words when their endings are cut: SQLite's FTS5 cuts them, by Porter's algorithm (1980)."""

import sqlite3
from collections.abc import Iterable, Sequence

MOST_KNOWN = 50_000
"""Words whose stems are kept; more than that are no words of a language."""


class Stems:
    """Stems of words. The thread that made it is the only one that may use it: sqlite3 refuses others."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE VIRTUAL TABLE words USING fts5(word, tokenize = 'porter unicode61')")
        self._database.execute("CREATE VIRTUAL TABLE stems USING fts5vocab(words, instance)")

    def of(self, words: Sequence[str]) -> list[str]:
        """The stems of these words in their order.

        Of a word that SQLite cuts in two come both parts; of a few letters (U+19B0), which are marks to it, comes
        nothing, for its Unicode is older than Python's.
        """
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        new = list(dict.fromkeys(word for word in words if word not in self._known))
        if new:
            self._known.update(self._cut(new))
        return [stem for word in words for stem in self._known[word]]

    def _cut(self, words: list[str]) -> Iterable[tuple[str, tuple[str, ...]]]:
        parts: list[list[tuple[int, str]]] = [[] for _ in words]
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO words(rowid, word) VALUES (?, ?)", enumerate(words))
        for place, offset, stem in self._database.execute("SELECT doc, offset, term FROM stems"):
            parts[place].append((offset, stem))
        self._database.execute("ROLLBACK")
        return ((word, tuple(stem for _, stem in sorted(each))) for word, each in zip(words, parts, strict=True))

    def close(self) -> None:
        """Free the memory; nothing else may be called afterwards."""
        self._database.close()
