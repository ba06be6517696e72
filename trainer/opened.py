"""A memory opened by its writer, with what is folded beside its documents."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from memory.memory_manager import MemoryManager
from memory.recall import RecallIndex
from memory.views.view import View
from trainer.morning_report.night import NightView
from trainer.rechecks import Rechecks
from trainer.views import all_views
from utils.clock import Clock
from utils.ids import memory_id
from utils.logs import log_to_file
from utils.seeds import seed_of
from utils.settings import Settings


@dataclass(frozen=True, slots=True)
class Opened:
    """A memory, what can be recalled of it, what was looked at again, what a report tells of the run, and its seed."""

    memory: MemoryManager
    recall: RecallIndex
    rechecks: Rechecks
    night: NightView
    seed: int


def open_memory(
    settings: Settings, clock: Clock, stack: ExitStack, *, views: Callable[[], Sequence[View]] = all_views
) -> Opened:
    """The memory of the settings, begun if there is none; what has to be closed is left to the stack.

    Args:
        settings: what was asked for.
        clock: the time of events.
        stack: closes what has to be closed.
        views: the documents that are kept beside the log; they decide nothing.

    Raises:
        InputError: another process writes there, or the seed is another.
        MemoryDamaged: its log cannot be trusted.
        StorageFault: the disk refuses.
    """
    recall, rechecks, night = RecallIndex(), Rechecks(), NightView()
    stack.callback(recall.close)
    identify = lambda: memory_id(seed_of(settings.memory, settings.seed))  # noqa: E731
    memory = MemoryManager.open(
        settings.memory, views=[*views(), recall, rechecks, night], clock=clock, what="loop.py", identify=identify
    )
    stack.callback(memory.close)
    log_to_file(settings.memory / "logs" / "loop.jsonl")
    return Opened(memory, recall, rechecks, night, seed_of(settings.memory, settings.seed))
