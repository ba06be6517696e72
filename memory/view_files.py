"""The views on disk: written as they change, rebuilt from the log, compared with it."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory.event_lines import read_chain
from memory.events import Event
from memory.state import MemoryState
from memory.views.view import Document, View
from utils.files import json_text, sha256_hex, write_atomically

FOLDERS = ("core", "task_memory", "advanced", "blueprints", "rules", "belogs")
FOLD_BLOCK = 1000


@dataclass(frozen=True, slots=True)
class Differences:
    """How the views on disk differ from what the log says; paths below the memory's folder."""

    missing: tuple[str, ...]
    different: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def none(self) -> bool:
        """Whether the views are right."""
        return not (self.missing or self.different or self.extra)

    def lines(self) -> Iterator[str]:
        """One for each file."""
        for name, paths in (("missing", self.missing), ("different", self.different), ("extra", self.extra)):
            yield from (f"{name}: {path}" for path in paths)


class Fold:
    """State and views, advanced together."""

    def __init__(self, views: Sequence[View]) -> None:
        """Start from nothing."""
        self.state = MemoryState()
        self._views = views

    def apply(self, event: Event) -> None:
        """Take one event in."""
        self.state.apply(event)
        for view in self._views:
            view.fold(event, self.state)

    def changed(self) -> Iterator[Document]:
        """The documents that differ since they were last asked for."""
        for view in self._views:
            yield from view.changed()


def render(document: Document) -> bytes:
    """The file's bytes."""
    return json_text(document.body.model_dump(mode="json")).encode("utf-8")


def write_documents(folder: Path, documents: Iterable[Document], *, lasting: bool = True) -> Iterator[Path]:
    """Put the documents on disk, each whole; their paths, as they are written. `lasting`: see write_atomically."""
    for document in documents:
        path = folder / document.path
        write_atomically(path, render(document), lasting=lasting)
        yield path


def compare(
    folder: Path, views: Sequence[View], *, settle_s: float = 0.0, changed_since: float = math.inf
) -> Differences:
    """Fold the log from nothing and hold the views on disk against it; nothing is written.

    Args:
        folder: the memory's.
        views: fresh ones.
        settle_s: a wait between reading the log and the views, so that a writer can finish its batch.
        changed_since: files modified at this time (Unix seconds) or later are left out, for a writer replaces them.
    """
    expected: dict[str, str] = {}
    for document in _all_documents(folder, Fold(views)):
        expected[document.path] = sha256_hex(render(document))
    time.sleep(settle_s)
    found = {}
    for path in _files(folder):
        try:
            fresh = (folder / path).stat().st_mtime >= changed_since
            found[path] = sha256_hex((folder / path).read_bytes())
        except FileNotFoundError:
            continue  # replaced at this moment
        if fresh:
            expected[path] = found[path]
    return Differences(
        missing=tuple(sorted(expected.keys() - found.keys())),
        different=tuple(sorted(path for path in expected.keys() & found.keys() if expected[path] != found[path])),
        extra=tuple(sorted(found.keys() - expected.keys())),
    )


def rebuild(folder: Path, views: Sequence[View], differences: Differences) -> None:
    """Make the views what the log says; only files that differ are touched."""
    wanted = {*differences.missing, *differences.different}
    for _ in write_documents(folder, (each for each in _all_documents(folder, Fold(views)) if each.path in wanted)):
        pass
    for path in differences.extra:
        (folder / path).unlink(missing_ok=True)


def _all_documents(folder: Path, fold: Fold) -> Iterator[Document]:
    """Every document in its last form, and some in earlier forms before it."""
    for event, _ in read_chain(folder / "events"):
        fold.apply(event)
        if event.seq % FOLD_BLOCK == 0:
            yield from fold.changed()
    yield from fold.changed()


def _files(folder: Path) -> Iterator[str]:
    for name in FOLDERS:
        for path in (folder / name).rglob("*.json"):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(folder).as_posix()
