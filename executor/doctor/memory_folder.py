"""The memory: whether a run could open it, whether its log is whole, and what it tells of the past.

Nothing is mended and no event is written; the writer's lock is taken for a moment. The views are not compared with
the log here (`rebuild --check` does that), only whether they were written up to its end.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from executor.doctor.disk import standing
from executor.doctor.findings import Finding, fault_finding
from memory.event_lines import Head, holds_log, known_head, read_chain
from memory.events import Event, Finished
from memory.lock import WriterLock, describe_holder
from memory.memory_manager import MARK_FILE
from memory.reading import read_document
from memory.state import MemoryState
from memory.view_files import Fold
from memory.views.core import BuilderProfile
from utils.clock import Clock, iso
from utils.errors import InputError, MemoryDamaged, StorageFault
from utils.files import parse_json, read_bounded
from utils.seeds import seed_of

BY = "utils/cli.py doctor"
ANOTHER = "choose another folder with --memory"
REBUILD = "nothing, the next run makes them anew; or now: `python utils/cli.py rebuild`"
MAX_MARK_BYTES = 4096
OWN = frozenset({"events", "inbox", "logs", "seed", "stop", "writer.json", "writer.lock"})
"""What may lie in a folder that has no log yet; a test holds it against what MemoryManager accepts."""


@dataclass(slots=True)
class Spent:
    """What finished attempts with one model took: replies only, prompts not counted."""

    units: int = 0
    reply_tokens: int = 0


@dataclass(slots=True)
class Past:
    """What a memory's log adds up to, and what each model took."""

    state: MemoryState = field(default_factory=MemoryState)
    by_model: dict[str, Spent] = field(default_factory=dict)
    head: Head = field(default_factory=Head)


class MemoryFolder:
    """A memory's folder under examination; `past` is one object that `log` fills."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Nothing is read yet."""
        self._folder, self._clock = folder, clock
        self._broken = False
        self.past = Past()

    def usable(self, seed: int | None = None) -> Finding:
        """Whether a run could become the writer here, with this seed if one is asked for."""
        try:
            if not self._folder.exists():
                with tempfile.TemporaryDirectory(dir=standing(self._folder), prefix=".doctor-"):
                    return Finding("memory", "ok", f"there is none at {self._folder} yet; a run can begin one")
            if stranger := self._stranger():
                return Finding("memory", "problem", f"{self._folder} {stranger}", ANOTHER)
            if (self._folder / "seed").exists():
                seed_of(self._folder, seed)
        except OSError as error:
            return Finding("memory", "problem", f"{self._folder} cannot be used: {error.strerror}", ANOTHER)
        except InputError as error:
            return fault_finding("memory", "problem", error, ANOTHER)
        return self._lockable()

    def _stranger(self) -> str:
        """Why a run would not take this folder for a memory's, empty if it would."""
        if not self._folder.is_dir():
            return "is no folder"
        names = sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))
        strangers = [name for name in names if name not in OWN]
        return f"holds other files ({strangers[0]})" if strangers and not holds_log(self._folder / "events") else ""

    def _lockable(self) -> Finding:
        lock = WriterLock(self._folder)
        try:
            if not lock.try_acquire(BY, iso(self._clock.now())):
                said = f"{self._folder} is in use by {describe_holder(self._folder)}"
                return Finding("memory", "problem", said, f"let that run go on, or stop it first, or {ANOTHER}")
            lock.release()
        except StorageFault as fault:
            return fault_finding("memory", "problem", fault, ANOTHER)
        return Finding("memory", "ok", f"{self._folder} can be written and nobody else writes in it")

    def log(self) -> Finding:
        """Whether the log can be read to its end: each line follows the one before, and the last one is known."""
        fold = Fold(())
        self.past.state = fold.state
        try:
            if not holds_log(self._folder / "events"):
                return Finding("event log", "ok", "there are no events yet")
            for event, head in read_chain(self._folder / "events"):
                self._count(event)
                fold.apply(event)
                self.past.head = head
        except MemoryDamaged as damage:
            self._broken = True
            return fault_finding("event log", "problem", damage, "bring events/ back from a copy, or " + ANOTHER)
        except OSError as error:
            self._broken = True
            return Finding("event log", "problem", f"it cannot be read: {error.strerror}", ANOTHER)
        totals = self.past.state.totals
        said = f"{self.past.head.seq} events follow each other, {totals.units} finished attempts"
        parked = len(self.past.state.in_flight)
        return Finding("event log", "ok", said + (f", {parked} parked ones will be finished first" if parked else ""))

    def _count(self, event: Event) -> None:
        """Called before the event is folded, while the unit is still in flight."""
        if not isinstance(event.data, Finished):
            return
        result, flights = event.data.result, self.past.state.in_flight
        if result.unit_id in flights:
            spent = self.past.by_model.setdefault(flights[result.unit_id].spec.model, Spent())
            spent.units += 1
            spent.reply_tokens += sum(turn.completion_tokens for turn in result.turns)
            spent.reply_tokens += result.reflection.completion_tokens if result.reflection else 0

    def views(self) -> Finding:
        """Whether the views were written up to the log's end."""
        if self._broken:
            return Finding("views", "warning", "not looked at: the log is no use")
        if not self.past.head.seq:
            return Finding("views", "ok", "there are no events yet")
        try:
            read_document(self._folder, "core/builder_profile.json", BuilderProfile)
            mark, known = self._mark(), known_head(self._folder / "events")
        except (InputError, MemoryDamaged) as error:
            return fault_finding("views", "warning", error, REBUILD)
        last = self.past.head.seq
        if known is None or mark != last:
            return Finding("views", "warning", f"known to be right up to event {mark} of {last}", REBUILD)
        return Finding("views", "ok", f"written up to event {last}, the last one")

    def _mark(self) -> int:
        """Up to which event the views are known to be right.

        Raises:
            InputError: that cannot be read.
        """
        data = read_bounded(self._folder / MARK_FILE, limit=MAX_MARK_BYTES, what="the views' mark")
        document = parse_json(data, where=MARK_FILE)
        if not isinstance(document, dict) or not isinstance(document.get("seq"), int):
            raise InputError(f"{self._folder / MARK_FILE} does not say up to which event")
        return int(document["seq"])
