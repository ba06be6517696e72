"""The pool of slots: what it makes ahead, whom it gives a slot, what it throws away, and that nothing is left."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor import slots
from executor.agent.frames import packed
from executor.isolation import Exchange
from executor.sandbox import Limits
from executor.slots import Pool, PoolRules, Slot
from tests.running import wait_for
from utils.errors import SandboxFault

READY, CLEAN = packed({"event": "ready"}), packed({"event": "clean"})
DIRTY, NONSENSE = packed({"event": "dirty", "detail": "files differ"}), b"\xff" * 8
LIMITS = Limits()


class Scripted:
    """An isolation whose agent says what the test wants it to; no process behind it."""

    def __init__(self, words: bytes = READY, errors: bytes = b"") -> None:
        self.words, self.errors, self.ended, self.disposed, self.killed = words, errors, False, 0, False

    def exchange(self, outgoing: memoryview, *, timeout_s: float) -> Exchange:
        data, self.words = self.words, b""
        errors, self.errors = self.errors, b""
        if not data and not errors and not self.ended:
            time.sleep(min(timeout_s, 0.01))
        return Exchange(written=len(outgoing), data=data, errors=errors, ended=self.ended)

    def kill(self) -> None:
        self.killed = True

    def loss(self) -> None:
        return None

    def stopped(self) -> bool:
        return False

    def dispose(self) -> None:
        self.disposed += 1


class Place:
    """A pool and all that it has made."""

    def __init__(self, make: Callable[[], Scripted] = Scripted, **rules: Any) -> None:
        self.made: list[Scripted] = []
        self.asked_of: list[Limits] = []
        self._make = make
        given = PoolRules(start_s=5.0, **rules)
        self.pool = Pool(self._new, lambda limits: limits.file_mb, given)
        self.close = self.pool.close

    def _new(self, limits: Limits) -> Scripted:
        self.asked_of.append(limits)
        isolation = self._make()
        self.made.append(isolation)
        return isolation

    def use(self, limits: Limits = LIMITS, afterwards: bytes = CLEAN) -> Scripted:
        """Run one job; returns where it ran."""
        slot = self.pool.acquire(limits)
        isolation = scripted(slot)
        isolation.words += afterwards
        self.pool.release(slot)
        return isolation


def scripted(slot: Slot) -> Scripted:
    assert isinstance(slot.isolation, Scripted)
    return slot.isolation


def test_who_asks_once_pays_for_no_spare() -> None:
    with closing(Place()) as place:
        place.pool.discard(place.pool.acquire(LIMITS))
        time.sleep(0.1)
        assert len(place.made) == 1


def test_from_the_second_asking_on_a_spare_is_ready_for_the_next_one() -> None:
    place = Place()
    with closing(place):
        taken = [place.pool.acquire(LIMITS) for _ in range(2)]
        wait_for(lambda: len(place.made) == 3)
        taken.append(place.pool.acquire(LIMITS))
        assert scripted(taken[2]) is place.made[2]
        for slot in taken:
            place.pool.discard(slot)
    assert [each.disposed for each in place.made] == [1] * len(place.made)


def test_shapes_do_not_share_slots() -> None:
    with closing(Place(spares=0)) as place:
        small, large = Limits(file_mb=1), Limits(file_mb=2)
        assert place.use(small) is not place.use(large)
        assert (place.use(small), place.use(large)) == (place.made[0], place.made[1])
        assert [limits.file_mb for limits in place.asked_of] == [1, 2]


def test_what_keeps_a_slot_from_being_made_reaches_whoever_waits_for_it() -> None:
    def refuse() -> Scripted:
        raise SandboxFault("no room")

    with closing(Place(refuse)) as place:
        for _ in range(3):  # spares that failed are passed over, the next one who asks hears of it, too
            with pytest.raises(SandboxFault, match="no room"):
                place.pool.acquire(LIMITS)


@pytest.mark.parametrize(
    ("words", "errors", "said"),
    [
        (b"", b"bwrap: no namespaces\n", "bwrap: no namespaces"),
        (packed({"event": "error", "detail": "no zygote"}), b"", "no zygote"),
        (NONSENSE, b"", "its first words are no message"),
        (b"", b"", "no answer in time"),
    ],
)
def test_an_agent_that_does_not_come_up_is_ended_and_says_why(words: bytes, errors: bytes, said: str) -> None:
    def dumb() -> Scripted:
        isolation = Scripted(words, errors)
        isolation.ended = not words.startswith(b"\xff")
        return isolation

    with closing(Place(dumb)) as place, pytest.raises(SandboxFault, match=said):
        place.pool.acquire(LIMITS)
    assert [(each.killed, each.disposed) for each in place.made] == [(True, 1)]


@pytest.mark.parametrize("afterwards", [DIRTY, NONSENSE, packed({"event": "result"})])
def test_a_slot_that_says_anything_but_clean_gets_no_other_job(afterwards: bytes) -> None:
    with closing(Place(spares=0)) as place:
        assert place.use(afterwards=afterwards) is not place.use()
    assert [each.disposed for each in place.made] == [1, 1]


def test_a_slot_that_is_silent_or_gone_gets_no_other_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "CLEAN_S", 0.05)  # nobody wants to wait five seconds
    with closing(Place(spares=0)) as place:
        silent = place.use(afterwards=b"")
        gone = place.use()
        gone.ended = True
        last = place.use()
        assert len({id(each) for each in (silent, gone, last)}) == 3


def test_a_slot_takes_its_number_of_jobs_and_no_more() -> None:
    with closing(Place(jobs=3, spares=0)) as place:
        ran = [place.use() for _ in range(7)]
        assert [place.made.index(each) for each in ran] == [0, 0, 0, 1, 1, 1, 2]


def test_a_slot_beyond_its_age_is_not_used_again() -> None:
    with closing(Place(life_s=-1.0, spares=0)) as place:
        assert place.use() is not place.use()


def test_idle_slots_beyond_their_number_go_the_oldest_first() -> None:
    with closing(Place(most_idle=2, spares=0)) as place:
        for size in (1, 2, 3):
            place.use(Limits(file_mb=size))
        wait_for(lambda: place.made[0].disposed == 1)
        assert [each.disposed for each in place.made] == [1, 0, 0]


def test_a_tidy_pool_has_removed_a_worn_slot_before_its_job_is_over() -> None:
    with closing(Place(jobs=1, tidy=True, spares=0)) as place:
        assert place.use().disposed == 1


def test_closing_ends_what_is_idle_what_is_spare_and_what_is_still_coming() -> None:
    may_come = threading.Event()

    def slow() -> Scripted:
        if len(place.made) >= 2:
            may_come.wait(5)
        return Scripted()

    place = Place(slow)
    place.use()
    place.use(Limits(file_mb=1))
    place.pool.release(place.pool.acquire(Limits(file_mb=1)))  # a spare is asked for, and is slow to come
    with ThreadPoolExecutor(1) as other:
        closed = other.submit(place.pool.close)
        time.sleep(0.05)
        may_come.set()
        closed.result(5)
    assert [each.disposed for each in place.made] == [1] * len(place.made)
    with pytest.raises(SandboxFault, match="it was closed"):
        place.pool.acquire(LIMITS)


def test_an_agent_that_comes_up_while_the_pool_closes_is_not_waited_for() -> None:
    place = Place(lambda: Scripted(b""))
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(place.pool.acquire, LIMITS)
        wait_for(lambda: len(place.made) == 1)
        began = time.monotonic()
        place.pool.close()
        with pytest.raises(SandboxFault, match="it was closed"):
            waiting.result(5)
    assert time.monotonic() - began < 3
    assert place.made[0].disposed == 1


def test_a_slot_that_comes_back_after_the_closing_is_ended() -> None:
    place = Place()
    released, discarded = place.pool.acquire(Limits(file_mb=1)), place.pool.acquire(Limits(file_mb=2))
    place.pool.close()
    place.pool.release(released)
    place.pool.discard(discarded)
    assert [each.disposed for each in place.made] == [1, 1]


STEPS = st.sampled_from(["acquire", "release", "dirty", "die", "discard"])


@given(st.lists(st.tuples(STEPS, st.integers(0, 1)), max_size=14), st.integers(1, 3), st.integers(0, 2))
def test_whatever_happens_no_slot_serves_two_at_once_or_too_often_and_none_is_left(
    steps: list[tuple[str, int]], jobs: int, spares: int
) -> None:
    place, taken, served = Place(jobs=jobs, spares=spares, most_idle=2), list[Slot](), list[Slot]()
    for step, size in steps:
        if step == "acquire":
            slot = place.pool.acquire(Limits(file_mb=size))
            assert slot.shape == size
            assert slot not in taken
            taken.append(slot)
            served.append(slot)
        elif taken:
            slot = taken.pop(0)
            scripted(slot).words += {"release": CLEAN, "dirty": DIRTY}.get(step, b"")
            scripted(slot).ended = step == "die"
            (place.pool.discard if step == "discard" else place.pool.release)(slot)
    for slot in taken:
        place.pool.discard(slot)
    place.pool.close()
    assert all(served.count(slot) <= jobs for slot in served)
    assert [each.disposed for each in place.made] == [1] * len(place.made)


def test_many_threads_get_slots_of_their_own() -> None:
    in_use = set[int]()
    lock = threading.Lock()

    def use(_: int) -> None:
        slot = place.pool.acquire(LIMITS)
        with lock:
            assert id(slot) not in in_use
            in_use.add(id(slot))
        time.sleep(0.001)
        with lock:
            in_use.discard(id(slot))
        scripted(slot).words += CLEAN
        place.pool.release(slot)

    with closing(Place()) as place, ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(80)))
    assert [each.disposed for each in place.made] == [1] * len(place.made)
    assert len(place.made) < 80
