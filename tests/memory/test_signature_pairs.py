"""The goal G13: how well signatures find the same mistake again, on labelled pairs of what real models got wrong."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from executor.choose_sandbox import choose_sandbox
from tests.memory.failure_pairs import Failure, by_signature, graded, labelled, quality
from utils.errors import InputError

pytestmark = pytest.mark.shared

WORDS_SHARED = 0.5


@pytest.fixture(scope="module")
def failures(shared: Path) -> Iterator[dict[str, Failure]]:
    """All programs of the pairs, graded in a second or ten."""
    try:
        place = choose_sandbox("bubblewrap", trusted_code_only=False)
    except InputError as refusal:
        pytest.skip(str(refusal))
    yield graded(shared, place)
    place.close()


def message(failure: Failure) -> str:
    """What went wrong first, as the Builder is told."""
    verdict = failure.verdict
    if verdict.error or not verdict.failures:
        return verdict.error
    first = verdict.failures[0]
    return first.error or f"AssertionError: {first.source}: got {first.actual}, expected {first.expected}"


def by_message(one: Failure, other: Failure) -> bool:
    return message(one) == message(other)


def by_words(one: Failure, other: Failure) -> bool:
    mine, theirs = (set(re.findall(r"\w+", message(each))) for each in (one, other))
    return len(mine & theirs) >= WORDS_SHARED * len(mine | theirs)


def test_every_program_of_the_pairs_fails_and_the_pairs_are_many(failures: dict[str, Failure]) -> None:
    assert {name for name, each in failures.items() if each.verdict.outcome != "failed"} == set()
    pairs = labelled()
    assert sum(pair.rerun for pair in pairs) >= 80
    assert sum(not pair.same for pair in pairs) >= 80
    assert len({(pair.a, pair.b) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("held_out", [False, True])
def test_equal_signatures_are_the_same_mistake_and_most_reruns_are_found(
    failures: dict[str, Failure], *, held_out: bool
) -> None:
    found = quality([pair for pair in labelled() if pair.held_out is held_out], failures, by_signature)
    assert found.precision >= 0.98
    assert found.recall >= 0.70


def test_neither_the_same_message_nor_shared_words_are_as_sure(failures: dict[str, Failure]) -> None:
    ours, message_equality, word_overlap = (
        quality(labelled(), failures, same).precision for same in (by_signature, by_message, by_words)
    )
    assert ours >= 0.98 > message_equality > word_overlap
