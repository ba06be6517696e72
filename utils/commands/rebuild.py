"""Make the views of a memory anew, or hold them against its log: python utils/cli.py rebuild."""

import time
from pathlib import Path
from typing import Annotated

import typer

from memory import inbox
from memory.lock import WriterLock, describe_holder
from memory.reading import check_memory
from memory.view_files import compare, rebuild
from trainer.views import all_views
from utils.clock import SystemClock, iso
from utils.commands.shared import BY, AsJson, Memory, folder_of, show

SETTLE_S = 0.5


def rebuild_views(
    check: Annotated[bool, typer.Option("--check", help="Only compare; write nothing.")] = False,
    memory: Memory = None,
    as_json: AsJson = False,
) -> int:
    """Make all views anew from the event log, or check that they are what it says."""
    folder = folder_of(memory)
    check_memory(folder)
    lock = WriterLock(folder)
    if not lock.try_acquire("utils/cli.py rebuild", iso(SystemClock().now())):
        return _check_running(folder, as_json=as_json) if check else _ask_for_rebuild(folder, as_json=as_json)
    try:
        differences = compare(folder, all_views())
        if not check:
            rebuild(folder, all_views(), differences)
    finally:
        lock.release()
    lines = list(differences.lines())
    done = "as the log says" if differences.none else f"{len(lines)} {'differ' if check else 'mended'}"
    show({"views": done, "files": lines} if as_json else "\n".join([*lines, f"The views are {done}."]))
    return 1 if check and not differences.none else 0


def _check_running(folder: Path, *, as_json: bool) -> int:
    """Compare under a loop that writes: files that it replaces meanwhile are left out."""
    started = time.time()
    differences = compare(folder, all_views(), settle_s=SETTLE_S, changed_since=started)
    lines = list(differences.lines())
    state = "as the log says" if differences.none else f"{len(lines)} differ"
    note = f"{describe_holder(folder)} is writing; what it replaced meanwhile was not compared"
    show(
        {"views": state, "files": lines, "note": note}
        if as_json
        else "\n".join([*lines, f"The views are {state}; {note}."])
    )
    return 0 if differences.none else 1


def _ask_for_rebuild(folder: Path, *, as_json: bool) -> int:
    inbox.leave(folder, inbox.Wish(by=BY, rebuild=True), at=iso(SystemClock().now()))
    text = f"{describe_holder(folder)} was asked to rebuild the views at its next step"
    show({"views": text} if as_json else text)
    return 0
