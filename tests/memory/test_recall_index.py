"""The ranking that finds earlier attempts, against SQLite's own BM25."""

import math
import sqlite3
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.postings import Postings
from memory.recall_index import MOST_FOUND, Match, WordIndex
from memory.stems import Stems

WORDS = ["folding", "folds", "paper", "napkins", "swan", "steamer", "icebergs", "counted", "counts", "sheep", "query"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


@pytest.fixture
def index() -> Iterator[WordIndex]:
    index = WordIndex()
    yield index
    index.close()


def by_sqlite(known: Mapping[int, str], asked: str) -> dict[int, float]:
    """Row -> share, with the query as row 0."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE past USING fts5(words, tokenize = 'porter unicode61')")
    words = list(dict.fromkeys(asked.split()))
    rows = [(0, " ".join(words)), *known.items()]
    database.executemany("INSERT INTO past(rowid, words) VALUES (?, ?)", rows)
    ask = "SELECT rowid, bm25(past) FROM past WHERE past MATCH ?"
    scores = dict(database.execute(ask, (" OR ".join(f'"{word}"' for word in words),)).fetchall())
    database.close()
    return {row: score / scores[0] for row, score in scores.items() if row}


@given(st.dictionaries(st.integers(1, 40), texts, max_size=12), texts)
def test_shares_are_those_of_sqlites_bm25(known: dict[int, str], asked: str) -> None:
    index = WordIndex()
    index.put(known)
    found = {match.row: match.share for match in index.like(asked)}
    index.close()

    assert found == pytest.approx(by_sqlite(known, asked), rel=1e-9)


@given(st.lists(st.dictionaries(st.integers(1, 9), texts, min_size=1, max_size=5), max_size=12), texts)
def test_a_row_that_was_put_again_leaves_nothing_behind(changes: list[dict[int, str]], asked: str) -> None:
    changed, fresh, last = WordIndex(), WordIndex(), dict[int, str]()
    for change in changes:
        changed.put(change)
        last |= change
    fresh.put(last)
    found = [list(index.like(asked)) for index in (changed, fresh)]
    changed.close()
    fresh.close()

    assert found[0] == found[1]  # to the last bit: a night that was resumed finds what the other one found


def test_words_that_are_gone_take_no_room() -> None:
    postings = Postings()
    for number in range(2000):
        postings.put(1, {"swan": 2, f"word{number}": 1})
        postings.put(2, {"swan": 1})

    assert postings.having("swan") == 2
    assert postings.having("word7") == 0
    assert (postings.texts, postings.length) == (2, 4)
    assert len(postings._numbers) < 10
    rows, weights, counts = postings.of({"swan": 0.5, "word7": 1.0, "nobody's": 1.0})
    assert sorted(zip(rows.tolist(), weights.tolist(), counts.tolist(), strict=True)) == [(1, 0.5, 2.0), (2, 0.5, 1.0)]


def test_of_equal_rows_the_lower_come_first(index: WordIndex) -> None:
    index.put({row: "swan" if row % 2 else "sheep" for row in range(100, 0, -1)})

    rows = [match.row for match in index.like("swan")]

    assert rows == list(range(1, 2 * MOST_FOUND, 2))


def test_an_empty_index_finds_nothing(index: WordIndex) -> None:
    assert list(index.like("swan")) == []


def test_a_word_that_every_text_has_still_counts_a_little(index: WordIndex) -> None:
    index.put(dict.fromkeys(range(1, 9), "swan"))

    assert all(isinstance(match, Match) and math.isclose(match.share, 1) for match in index.like("swan"))


def test_stems_come_in_the_order_of_their_words() -> None:
    stems = Stems()

    assert stems.of(["parsing", "a", "queries", "query", "parsed"]) == ["pars", "a", "queri", "queri", "pars"]
    assert stems.of(["queries", "\u19b0", "folded"]) == ["queri", "fold"]
    assert stems.of([]) == []
    stems.close()
