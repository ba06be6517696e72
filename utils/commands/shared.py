"""What the commands share: the options, the inbox, and printing for people, pipes and programs."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from memory import inbox
from memory.lock import WriterLock
from memory.memory_manager import MemoryManager
from trainer.views import all_views
from utils.clock import SystemClock, iso
from utils.errors import InputError
from utils.files import json_text
from utils.settings import load_settings
from utils.text import one_line, printable

BY = "utils/cli.py"

Memory = Annotated[Path | None, typer.Option("--memory", help="The memory's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def folder_of(memory: Path | None) -> Path:
    """The memory's folder, from the option or the settings.

    Raises:
        InputError: a setting is wrong.
    """
    return load_settings(memory=memory).memory


def leave(folder: Path, wish: inbox.Wish, *, told: Callable[[str], None] = lambda _: None) -> bool:
    """Into the inbox; and from there into the memory, if there is one and no loop is running that will do it.

    A memory is begun by the loop alone, for it alone is told the seed. `told` hears what was done here, or why not.

    Returns:
        Whether it is in the memory now.

    Raises:
        InputError: it is too large.
        StorageFault: the disk refuses.
    """
    clock = SystemClock()
    inbox.leave(folder, wish, at=iso(clock.now()))
    lock = WriterLock(folder)
    if not (folder / "events").is_dir() or not lock.try_acquire(BY, iso(clock.now())):
        return False
    lock.release()
    with MemoryManager.open(folder, views=all_views(), clock=clock, what=BY, identify=lambda: "") as memory:
        memory.take_wishes(all_views, told=told)
    return True


def wrong_option(error: ValidationError, options: Mapping[str, str], *, whole: str) -> InputError:
    """What is wrong with the first option that is; `options` says where a person gives a field."""
    first = error.errors()[0]
    place = options.get(str(first["loc"][0]) if first["loc"] else "", whole)
    message = first["msg"].removeprefix("Value error, ")
    return InputError(f"{place}: {message}, not {one_line(repr(first['input']), 60)}")


def show(value: BaseModel | str | dict[str, Any] | list[Any]) -> None:
    """Print a text as it is, everything else as JSON."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    sys.stdout.write(value + "\n" if isinstance(value, str) else json_text(value))


def show_lines(lines: Iterable[str]) -> None:
    """Print texts of any origin."""
    for line in lines:
        sys.stdout.write("\n".join(printable(part) for part in line.split("\n")) + "\n")


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns on a terminal, tabs between fields in a pipe."""
    console = Console()
    if not console.is_terminal:
        show_lines("\t".join(" ".join(field.split()) for field in row) for row in rows)
        return
    table = Table(*headers, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(printable(" ".join(field.split()))) for field in row))
    console.print(table)
