"""Slots: isolations with an agent that is ready, made ahead of need, used again while they prove clean.

A slot runs one job at a time. After a job its agent wipes, verifies, and says `clean`; a slot that does not say so in
time, or says anything else, is thrown away, and so is one that has had its number of jobs or its time.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from executor.agent.frames import Inbox, MalformedError
from executor.isolation import Isolation
from executor.sandbox import Limits
from utils.errors import SandboxFault

MAX_MESSAGE = 64 << 20  # the largest report: artifacts and kept output within their limits
CLEAN_S = 5.0  # to wipe and verify
LOOK_S = 0.1  # how often a waiting thread looks whether it shall still wait
MAKERS = 2
MOST_JOBS = 200
IsolationOf = Literal["slot", "container"]


class Slot:
    """One agent, and what it said that nobody has heard yet."""

    def __init__(self, isolation: Isolation, *, shape: Hashable) -> None:
        self.isolation, self.shape, self.born = isolation, shape, time.monotonic()
        self.jobs = 0
        self.facts: Mapping[str, Any] = {}
        self.ended = False
        self.errors = bytearray()
        self._inbox = Inbox(largest=MAX_MESSAGE)
        self._outgoing: deque[memoryview] = deque()

    @property
    def waiting(self) -> int:
        """Bytes that came and were not taken yet."""
        return len(self._inbox)

    @property
    def all_sent(self) -> bool:
        """Whether everything that was put has gone out."""
        return not self._outgoing

    def put(self, message: bytes) -> None:
        """Let a message go out behind all that was put before; also the next job's, if the agent reads late."""
        self._outgoing.append(memoryview(message))

    def step(self, *, timeout_s: float = LOOK_S) -> None:
        """Look at the streams once: send what goes, take what came."""
        first = self._outgoing[0] if self._outgoing else memoryview(b"")
        seen = self.isolation.exchange(first, timeout_s=timeout_s)
        if first:
            self._outgoing[0] = first[seen.written :]
            if not self._outgoing[0]:
                self._outgoing.popleft()
        self._inbox.feed(seen.data)
        self.errors += seen.errors[: 4000 - len(self.errors)]
        self.ended = seen.ended

    def next(self) -> tuple[dict[str, Any] | None, bytes] | None:
        """The agent's next message, if it is all there."""
        return self._inbox.next()

    def await_event(self, *, within_s: float, cancelled: Callable[[], bool] = lambda: False) -> dict[str, Any] | None:
        """The agent's next word, bytes of an ended program apart; None if none comes in time."""
        until = time.monotonic() + within_s
        while True:
            while (message := self.next()) is not None:
                if message[0] is not None:
                    return message[0]
            if self.ended or time.monotonic() >= until or cancelled():
                return None
            self.step()

    def is_ready(self, *, within_s: float, cancelled: Callable[[], bool]) -> None:
        """Wait for a new agent.

        Raises:
            SandboxFault: it did not come up; says why.
        """
        try:
            event = self.await_event(within_s=within_s, cancelled=cancelled)
        except (MalformedError, ValueError) as nonsense:
            raise SandboxFault(f"its first words are no message: {nonsense}") from nonsense
        if event is None or event["event"] != "ready":
            said = bytes(self.errors).decode("utf-8", "replace").strip() or (event or {}).get("detail", "")
            raise SandboxFault(said or ("it was closed" if cancelled() else "no answer in time"))
        self.facts = event

    def is_clean(self, *, within_s: float) -> bool:
        """Whether the agent proved that nothing of its last job is left; waits for that."""
        try:
            event = self.await_event(within_s=within_s) if self.jobs else {"event": "clean"}
            self.step(timeout_s=0)  # whether it has ended since
        except (MalformedError, ValueError):
            return False
        return event is not None and event["event"] == "clean" and not self.ended


def jobs_of(isolation: IsolationOf) -> int:
    """How many jobs a slot takes."""
    return MOST_JOBS if isolation == "slot" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRules:
    """When slots are made and thrown away.

    Attributes:
        jobs: a slot takes so many; 1 for a new one each time.
        life_s: a slot is not used when it is older.
        spares: so many are kept ready of each shape that was asked for more than once.
        most_idle: more idle ones than that are not kept, of all shapes together.
        start_s: what a new agent has to come up.
        tidy: whether a job's result waits until the slot that it wore out is gone.
    """

    jobs: int = MOST_JOBS
    life_s: float = 900.0
    spares: int = 1
    most_idle: int = 8
    start_s: float = 15.0
    tidy: bool = False


class Pool:
    """All slots of a sandbox. Safe to use from several threads."""

    def __init__(
        self, make: Callable[[Limits], Isolation], shape: Callable[[Limits], Hashable], rules: PoolRules
    ) -> None:
        self._make, self._shape, self._rules = make, shape, rules
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._idle: deque[Slot] = deque()
        self._coming: dict[Hashable, deque[Future[Slot]]] = {}
        self._asked: dict[Hashable, int] = {}
        self._makers = ThreadPoolExecutor(max_workers=MAKERS, thread_name_prefix="slot-maker")
        self._keepers = ThreadPoolExecutor(max_workers=MAKERS, thread_name_prefix="slot-keeper")

    def acquire(self, limits: Limits) -> Slot:
        """A slot for one job with these limits.

        Raises:
            SandboxFault: none can be had; says why.
        """
        shape = self._shape(limits)
        while (slot := self._take_idle(shape)) is not None:
            if not self._is_worn(slot) and slot.is_clean(within_s=CLEAN_S):
                self._refill(shape, limits)
                return slot
            self.discard(slot)
        coming = self._take_coming(shape, limits)
        self._refill(shape, limits)
        try:
            return coming.result()
        except CancelledError as closed:
            raise SandboxFault("it was closed") from closed

    def release(self, slot: Slot) -> None:
        """Take back a slot whose job has ended with a report."""
        slot.jobs += 1
        worn = self._is_worn(slot)
        with self._lock:
            keep = not worn and not slot.ended and not self._closed.is_set()
            if keep:
                self._idle.append(slot)
            surplus = self._idle.popleft() if len(self._idle) > self._rules.most_idle else None
        if not keep and self._rules.tidy:
            slot.isolation.dispose()
        elif not keep:
            self.discard(slot)
        if surplus is not None:
            self.discard(surplus)

    def _is_worn(self, slot: Slot) -> bool:
        return slot.jobs >= self._rules.jobs or time.monotonic() - slot.born > self._rules.life_s

    def discard(self, slot: Slot) -> None:
        """End a slot, in the background where that can be."""
        try:
            self._keepers.submit(slot.isolation.dispose)
        except RuntimeError:  # this pool is closed
            slot.isolation.dispose()

    def close(self) -> None:
        """End every slot that is here or comes; those in use are their users' to discard."""
        self._closed.set()
        self._makers.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            left = [*self._idle]
            coming = [future for futures in self._coming.values() for future in futures]
            self._idle.clear()
            self._coming.clear()
        for future in coming:
            with contextlib.suppress(SandboxFault):
                if not future.cancelled():
                    left.append(future.result())
        for slot in left:
            self.discard(slot)
        self._keepers.shutdown(wait=True)

    def _take_idle(self, shape: Hashable) -> Slot | None:
        """The idle slot of that shape that has had the most time to clean up."""
        with self._lock:
            found = next((slot for slot in self._idle if slot.shape == shape), None)
            if found is not None:
                self._idle.remove(found)
            return found

    def _take_coming(self, shape: Hashable, limits: Limits) -> Future[Slot]:
        """The spare that is nearest to being ready, or else a new one."""
        with self._lock:
            coming = self._coming.get(shape)
            while coming:
                future = coming.popleft()
                if not future.done() or (not future.cancelled() and future.exception() is None):
                    return future
            return self._begin(shape, limits)

    def _refill(self, shape: Hashable, limits: Limits) -> None:
        """See to it that the next one who asks finds a spare; whoever asks only once pays for none."""
        with self._lock:
            self._asked[shape] = self._asked.get(shape, 0) + 1
            if self._asked[shape] < 2 or self._closed.is_set():  # noqa: PLR2004  a second time
                return
            coming = self._coming.setdefault(shape, deque())
            idle = sum(slot.shape == shape for slot in self._idle)
            with contextlib.suppress(SandboxFault):  # closed meanwhile; whoever asks has a slot already
                for _ in range(self._rules.spares - idle - len(coming)):
                    coming.append(self._begin(shape, limits))

    def _begin(self, shape: Hashable, limits: Limits) -> Future[Slot]:
        try:
            return self._makers.submit(self._made, shape, limits)
        except RuntimeError as closed:
            raise SandboxFault("it was closed") from closed

    def _made(self, shape: Hashable, limits: Limits) -> Slot:
        slot = Slot(self._make(limits), shape=shape)
        try:
            slot.is_ready(within_s=self._rules.start_s, cancelled=self._closed.is_set)
        except SandboxFault:
            slot.isolation.kill()
            slot.isolation.dispose()
            raise
        return slot
