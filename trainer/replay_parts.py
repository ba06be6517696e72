"""Decides a long log again on several processors: one goes through it, copies of it check what it leaves behind.

To decide a unit again takes the memory as it was then, and to fold the log is cheaper than to decide. So this process
folds, and at the begin of every part forks a copy of itself, memory and all, which decides that part again.
"""

import gc
import itertools
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess

from memory.events import Event
from trainer.replay import Replay, Replayed
from utils.errors import MemoryDamaged

PART = 500
"""Events."""


def replay_in_parts(replay: Replay, events: Iterable[Event], *, processes: int) -> Replayed:
    """What `replay.run` gives; on one processor, and where processes cannot fork, by that itself.

    Args:
        replay: that has seen no event yet.
        events: of the whole log.
        processes: how many may run beside this one.

    Raises:
        MemoryDamaged: the events do not fit together.
    """
    if processes < 2 or sys.platform in {"win32", "darwin"}:  # noqa: PLR2004  one alone is slower than none
        return replay.run(events)
    gc.disable()  # events hold no cycles, and looking for them takes a tenth of the time
    found, checking = Replayed(), deque[_Check]()
    for part in _parts(events):
        checking.append(_Check(replay, part))
        replay.pass_over(part)
        if len(checking) >= processes:
            found.add(checking.popleft().wait())
    for check in checking:
        found.add(check.wait())
    return found


class _Check:
    """A part that a copy decides again."""

    def __init__(self, replay: Replay, part: list[Event]) -> None:
        fork = multiprocessing.get_context("fork")
        self._end, other = fork.Pipe(duplex=False)
        self._process: ForkProcess = fork.Process(target=_decide, args=(replay, part, other))
        self._process.start()
        other.close()

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
    try:
        told.send(replay.run(part))
    except MemoryDamaged as error:
        told.send(error)
    told.close()
    os._exit(0)  # nothing of the copied process is to be tidied up here


def _parts(events: Iterable[Event]) -> Iterator[list[Event]]:
    rest = iter(events)
    while part := list(itertools.islice(rest, PART)):
        yield part
