"""Decides a long log again on several processors: copies of the process that goes through it check parts of it.

To decide a unit again takes the memory as it was then, and to fold the log is cheaper than to decide. So wherever a
processor is free this process forks a copy of itself, memory and all, which decides the next part again while this one
only folds it; and while none is free it decides for itself.
"""

import gc
import itertools
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess

from memory.events import Event
from trainer.replay import Replay, Replayed
from utils.errors import MemoryDamaged

PART = 1000
"""Events that a copy gets."""
STEP = 10
"""Events between two looks whether a copy is done."""


def replay_in_parts(replay: Replay, events: Iterable[Event], *, processes: int) -> Replayed:
    """What `replay.run` gives, whose recall is closed then; where processes cannot fork, by that itself.

    Args:
        replay: that has seen no event yet.
        events: of the whole log.
        processes: how many may run, this one among them.

    Raises:
        MemoryDamaged: the events do not fit together.
    """
    copies = 0 if sys.platform in {"win32", "darwin"} else processes - 1
    found = Replayed()
    with _no_search_for_garbage(), closing(replay):
        for part in _parts(replay, iter(events), copies):
            found.add(part.wait() if isinstance(part, _Check) else part)
    return found


def _parts(replay: Replay, events: Iterator[Event], copies: int) -> "list[Replayed | _Check]":
    """What became of each part of the log, in its order."""
    found, checking = list[Replayed | _Check](), list[_Check]()
    while True:
        checking = [check for check in checking if not check.done]
        free = len(checking) < copies
        part = list(itertools.islice(events, PART if free else STEP))
        if not part:
            return found
        if free:
            checking.append(_Check(replay, part))
            found.append(checking[-1])
            replay.pass_over(part)
        else:
            found.append(replay.run(part))


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Events hold no cycles, and looking for them takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Check:
    """A part that a copy decides again."""

    def __init__(self, replay: Replay, part: list[Event]) -> None:
        fork = multiprocessing.get_context("fork")
        self._end, other = fork.Pipe(duplex=False)
        self._process: ForkProcess = fork.Process(target=_decide, args=(replay, part, other))
        self._process.start()
        other.close()

    @property
    def done(self) -> bool:
        """Whether `wait` has nothing to wait for."""
        return self._end.poll()

    def wait(self) -> Replayed:
        try:
            found = self._end.recv()
        except EOFError as error:
            raise MemoryDamaged("a part of the log could not be decided again: its process died") from error
        self._process.join()
        if isinstance(found, MemoryDamaged):
            raise found
        assert isinstance(found, Replayed)
        return found


def _decide(replay: Replay, part: list[Event], told: Connection) -> None:
    gc.disable()
    replay.close()  # what it has open is the other process's
    try:
        told.send(replay.run(part))
    except MemoryDamaged as error:
        told.send(error)
    told.close()
    os._exit(0)  # nothing of the copied process is to be tidied up here
