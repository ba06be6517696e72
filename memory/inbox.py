"""Wishes that arrive while the loop runs: files in inbox/, taken in by the one writer."""

import contextlib
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from pydantic import BaseModel, Field, ValidationError

from memory.tasks import Task
from utils.errors import InputError
from utils.files import parse_json, read_bounded, write_atomically

log = structlog.get_logger()

MAX_WISH_BYTES = 64 * 1024 * 1024


class Wish(BaseModel):
    """Tasks that somebody wants to be known, or views that should be made anew."""

    schema_version: int = Field(default=1, le=1)
    by: str
    tasks: tuple[Task, ...]
    rebuild: bool = False


def leave(folder: Path, wish: Wish, *, at: str) -> Path:
    """Put the wish into the inbox; sorted by `at`, it is taken in in order."""
    stamp = at.replace(":", "").replace(".", "")
    path = folder / "inbox" / f"{stamp}-{secrets.token_hex(4)}.json"
    write_atomically(path, wish.model_dump_json(indent=2).encode())
    return path


def waiting(folder: Path) -> list[tuple[Path, Wish]]:
    """The wishes in the inbox, oldest first; what is no wish is moved to inbox/refused and logged."""
    found = []
    for path in sorted((folder / "inbox").glob("*.json")):
        try:
            found.append((path, _read(path)))
        except InputError as error:
            _refuse(path, str(error))
    return found


def drain(folder: Path, take: Callable[[Sequence[Wish]], None]) -> int:
    """Hand all wishes over in one go, and remove them once they were taken; how many there were."""
    found = waiting(folder)
    if found:
        take([wish for _, wish in found])
    for path, _ in found:
        path.unlink(missing_ok=True)
    return len(found)


def _read(path: Path) -> Wish:
    document = parse_json(read_bounded(path, limit=MAX_WISH_BYTES, what="the inbox file"), where=str(path))
    try:
        return Wish.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _refuse(path: Path, why: str) -> None:
    log.warning("inbox.refused", file=str(path), why=why)
    refused = path.parent / "refused"
    with contextlib.suppress(OSError):
        refused.mkdir(exist_ok=True)
        path.replace(refused / path.name)
