"""Wishes that arrive while the loop runs: files in inbox/, taken in by the one writer."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, StringConstraints, ValidationError

from memory.blueprints import RollBack
from memory.rule_origins import OneName
from memory.rule_wishes import RuleWish
from memory.run_wishes import RunWish
from memory.tasks import Task, TaskId
from utils.errors import InputError, StorageFault
from utils.files import parse_json, read_bounded, sync_folder, write_atomically
from utils.text import one_line

log = structlog.get_logger()

MAX_WISH_BYTES = 64 * 1024 * 1024
MAX_TASK_BYTES = 8 * 1024 * 1024
"""Half of what fits into a line of the log, so that no wish can stop the writer."""


Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Wish(BaseModel):
    """Tasks that somebody wants known, what is wanted of the run, of rules or blueprints, or views to be made anew."""

    schema_version: Literal[1] = 1
    by: OneName
    tasks: tuple[Task, ...] = ()
    tried: tuple[Digest, ...] = ()
    """Of those tasks that were tried already and found sound (memory.digests)."""
    rules: tuple[RuleWish, ...] = ()
    blueprints: tuple[RollBack, ...] = ()
    confirm: tuple[TaskId, ...] = ()
    """People's tasks whose proposed checks they have read and want to count."""
    run: tuple[RunWish, ...] = ()
    rebuild: bool = False


def leave(folder: Path, wish: Wish, *, at: str) -> Path:
    """Put the wish into the inbox; sorted by `at` (milliseconds), it is taken in in order.

    Raises:
        InputError: it is too large to be taken in.
        StorageFault: the disk refuses.
    """
    _check_size(wish)
    data = wish.model_dump_json(indent=2).encode()
    if len(data) > MAX_WISH_BYTES:
        raise InputError(f"all together have {len(data)} bytes, {MAX_WISH_BYTES} fit; add them in parts")
    stamp = at.replace(":", "").replace(".", "")
    path = folder / "inbox" / f"{stamp}-{secrets.token_hex(4)}.json"
    write_atomically(path, data)
    sync_folder(path.parent)
    return path


def waiting(folder: Path) -> list[Wish]:
    """The wishes in the inbox, oldest first, for readers; what is no wish is passed over."""
    return [content for _, content in _contents(folder) if isinstance(content, Wish)]


def drain(folder: Path, take: Callable[[Sequence[Wish]], None]) -> int:
    """Hand all wishes over in one go, and remove them once they were taken; how many there were.

    What is no wish is moved to inbox/refused and logged. After a crash between the two a wish is handed over again.

    Raises:
        StorageFault: a wish that was taken cannot be removed, and would be taken again and again.
    """
    found = []
    for path, content in _contents(folder):
        if isinstance(content, Wish):
            found.append((path, content))
        else:
            _refuse(path, content)
    if found:
        take([wish for _, wish in found])
    try:
        for path, _ in found:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFault(f"cannot remove from {folder / 'inbox'}: {error.strerror}") from error
    return len(found)


def _contents(folder: Path) -> Iterator[tuple[Path, Wish | str]]:
    """Each file's wish, or why it is none; files that the writer takes away meanwhile are left out."""
    for path in sorted((folder / "inbox").glob("*.json")):
        try:
            yield path, _read(path)
        except InputError as error:
            if path.exists():
                yield path, str(error)


def _read(path: Path) -> Wish:
    document = parse_json(read_bounded(path, limit=MAX_WISH_BYTES, what="the inbox file"), where=str(path))
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > 1:
        raise InputError(f"{path} was written by a newer version (schema {version}); update this program")
    try:
        wish = Wish.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        why = one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        raise InputError(f"{path}: {why}") from error
    _check_size(wish)
    return wish


def _check_size(wish: Wish) -> None:
    for task in wish.tasks:
        size = len(task.model_dump_json())
        if size > MAX_TASK_BYTES:
            raise InputError(f"the task {task.id} has {size} bytes, {MAX_TASK_BYTES} fit; shorten its checks")


def _refuse(path: Path, why: str) -> None:
    log.warning("inbox.refused", file=str(path), why=why)
    refused = path.parent / "refused"
    with contextlib.suppress(OSError):
        refused.mkdir(exist_ok=True)
        path.replace(refused / path.name)
