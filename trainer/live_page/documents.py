"""The memory's documents for a browser: some folders of it, and nothing outside of them."""

from dataclasses import dataclass
from pathlib import Path

from utils.errors import InputError
from utils.files import read_bounded

OPEN = ("advanced", "belogs", "blueprints", "code_archive", "core", "reports", "rules", "task_memory")
"""Neither the seed, from which coins could be foretold, nor logs and locks."""
MOST_NAMES = 1000
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder: the names in it, those of folders with a slash, and how many there are."""

    names: tuple[str, ...]
    count: int


def look(memory: Path, place: str) -> Listing | bytes:
    """What lies at a place below the memory: a folder's names, or a file's bytes.

    Raises:
        InputError: there is nothing there that may be looked at.
    """
    parts = [part for part in place.split("/") if part]
    if not parts:
        return Listing(tuple(f"{name}/" for name in OPEN if (memory / name).is_dir()), len(OPEN))
    path = memory.joinpath(*parts)
    if parts[0] not in OPEN or any(part.startswith(".") for part in parts) or not _stays(memory, path):
        raise InputError("there is no such document")
    if path.is_dir():
        names = sorted(f"{each.name}/" if each.is_dir() else each.name for each in path.iterdir())
        shown = tuple(name for name in names if not name.startswith("."))
        return Listing(shown[:MOST_NAMES], len(shown))
    return read_bounded(path, limit=MAX_BYTES, what="the document")


def _stays(memory: Path, path: Path) -> bool:
    """Whether no link leads out of the place that the path names."""
    try:
        return path.resolve() == memory.resolve() / path.relative_to(memory)
    except (OSError, ValueError):
        return False
