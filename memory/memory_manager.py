"""The memory of one Builder: opened by one writer, read by anybody.

memory = MemoryManager.open(folder, views=..., clock=..., what="loop.py")
memory.append([Decided(...)])      # in the log and on the disk before it returns; then the views follow
memory.state                       # what the log adds up to
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from memory import inbox
from memory.archive import attempt_folder
from memory.blueprints import Blueprint
from memory.event_lines import holds_log, known_head
from memory.event_log import EventLog
from memory.events import FORMAT, Event, Happening, MemoryCreated
from memory.granting import Granting
from memory.lock import WriterLock
from memory.state import MemoryState
from memory.view_files import FOLD_BLOCK, Fold, compare, rebuild, write_documents
from memory.views.view import View
from utils.clock import Clock, iso
from utils.errors import InputError, StorageFault
from utils.files import json_text, parse_json, sync_file, write_atomically

log = structlog.get_logger()

MARK_FILE = "views.json"
MARK_EVERY = 100
VIEWS = 8
"""Rises whenever a document changes its shape or is added: those of an older program are then made anew."""


class MemoryManager:
    """The one writer of a memory."""

    def __init__(self, folder: Path, views: Sequence[View], clock: Clock, lock: WriterLock) -> None:
        """Use `open`."""
        self._folder, self._clock, self._lock = folder, clock, lock
        self._log = EventLog(folder / "events")
        self._fold = Fold(views)
        self._batches = 0
        self._unsynced: set[Path] = set()
        self._views_behind = True

    @classmethod
    def open(cls, folder: Path, *, views: Sequence[View], clock: Clock, what: str, identify: Callable[[], str]) -> Self:
        """Lock the folder, read its log, bring its views up to date; a new memory is made where there is none.

        Args:
            folder: the memory's folder; made if missing.
            views: the documents to keep.
            clock: the time of events.
            what: the command that writes, for whoever meets the lock.
            identify: gives a new memory its id; an old one keeps its own.

        Raises:
            InputError: another process writes here, or the folder is no memory.
            MemoryDamaged: the log cannot be trusted.
            StorageFault: the disk refuses.
        """
        _check_folder(folder)
        lock = WriterLock(folder)
        lock.acquire(what, iso(clock.now()))
        memory = cls(folder, views, clock, lock)
        with ExitStack() as unless_open:
            unless_open.callback(memory.close)
            memory._recover(identify)
            unless_open.pop_all()
        return memory

    def _recover(self, identify: Callable[[], str]) -> None:
        mark = self._trusted_mark()
        for event in self._log.recover():
            self._fold.apply(event)
            if event.seq == mark or (event.seq < mark and event.seq % FOLD_BLOCK == 0):
                for _ in self._fold.changed():
                    pass  # these are on the disk already
        if self._log.head.seq == 0:
            self.append([MemoryCreated(format=FORMAT, memory_id=identify())])
        self._write_views()
        self._write_mark()

    def _trusted_mark(self) -> int:
        """Up to which event the views on disk are known to be right; 0 if the log may have lost some of them."""
        known, mark = known_head(self._folder / "events"), _read_mark(self._folder)
        return mark if known is not None and mark <= known.seq else 0

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    @property
    def state(self) -> MemoryState:
        """What the log adds up to; do not change it."""
        return self._fold.state

    def append(self, happenings: Sequence[Happening]) -> list[Event]:
        """Write the events as one batch, fsynced; then bring the views up to date.

        Raises:
            InputError: an event is too large for the log; nothing happened.
            StorageFault: the disk refused. Either nothing happened, or the events count (see `state`) and only views
                are behind; they follow with the next batch, or when the memory is opened again.
            ValueError: a unit is decided or finished that the batches before give no reason for; nothing happened.
        """
        if why := next(filter(None, map(self.state.why_impossible, happenings)), ""):
            raise ValueError(why)
        events = self._log.append(iso(self._clock.now()), happenings)
        for event in events:
            self._fold.apply(event)
        self._write_views()
        self._batches += 1
        if self._batches % MARK_EVERY == 0:
            self._write_mark()
        return events

    def _write_views(self) -> None:
        self._views_behind = True
        self._unsynced.update(write_documents(self._folder, self._fold.changed(), lasting=False))
        self._views_behind = False

    def _write_mark(self) -> None:
        """Note that the views are right so far, once they would outlive a power cut; those behind it are made anew."""
        if self._views_behind:
            return
        for path in self._unsynced:
            sync_file(path)
        self._unsynced.clear()
        document = {"schema_version": 1, "seq": self._log.head.seq, "views": VIEWS}
        write_atomically(self._folder / MARK_FILE, json_text(document).encode())

    def take_wishes(
        self, fresh_views: Callable[[], Sequence[View]], *, told: Callable[[str], None] = lambda _: None
    ) -> int:
        """Take in what people left in the inbox while this writer ran; how many wishes there were.

        Args:
            fresh_views: views that have seen no event, for a wish to rebuild.
            told: hears what was done, and of what could not be done why not.
        """
        granting = Granting(self.state, self.append, told=told, now=self._clock.now)

        def grant(wishes: Sequence[inbox.Wish]) -> None:
            granting.grant(wishes)
            if any(wish.rebuild for wish in wishes):
                rebuild(self._folder, fresh_views(), compare(self._folder, fresh_views()))

        return inbox.drain(self._folder, grant)

    def attempt_folder(self, task_id: str, number: int) -> Path:
        """Where the replies and the code of an attempt are kept."""
        return attempt_folder(self._folder, task_id, number)

    def proposal_folder(self, number: int) -> Path:
        """Where the reply to a request for a task is kept; no task can have this name."""
        return self._folder / "code_archive" / "+proposals" / f"proposal-{number:06d}"

    def get_latest_blueprint_version(self, blueprint_id: str) -> Blueprint | None:
        """The version of a blueprint that is used; None if none is.

        A revision is used once it is proven better, see trainer.blueprint_trials; until then, and after it was dropped
        or rolled back, the version before it is.
        """
        return self.state.blueprints.latest(blueprint_id)

    def get_past_attempts(self, task_name: str) -> tuple[str, ...]:
        """Units that tried the task with this name or id, newest first, at most 10."""
        for task_id, record in self.state.tasks.items():
            if task_name in (task_id, record.task.name):
                return tuple(record.previous)
        return ()

    def close(self) -> None:
        """Release the files and let the next writer in."""
        try:
            if self._log.head.seq:
                self._write_mark()
        except StorageFault as error:
            log.warning("memory.mark_not_written", why=str(error))
        self._log.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_folder(folder: Path) -> None:
    """Refuse to turn a folder of something else into a memory.

    Raises:
        InputError: it is a file, or holds other things.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"the memory folder {folder} is no folder; choose another with --memory")
        folder.mkdir(parents=True, exist_ok=True)
        strangers = [path.name for path in folder.iterdir() if path.name not in _OWN and not path.name.startswith(".")]
    except OSError as error:
        raise InputError(f"the memory folder {folder} cannot be used: {error.strerror}") from error
    if strangers and not holds_log(folder / "events"):
        raise InputError(f"{folder} holds other files ({min(strangers)}); choose an empty folder with --memory")


_OWN = {"events", "inbox", "logs", "seed", "writer.lock", "writer.json", "stop"}


def _read_mark(folder: Path) -> int:
    """Up to which event the views on disk are known to be right."""
    try:
        document = parse_json((folder / MARK_FILE).read_bytes(), where=MARK_FILE)
        return int(document["seq"]) if document["views"] == VIEWS else 0
    except (OSError, InputError, KeyError, TypeError, ValueError):
        return 0
