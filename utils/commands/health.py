"""Whether the loop is well, for whoever watches over containers: python utils/cli.py health."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from memory.event_lines import segments
from memory.lock import read_holder
from utils.commands.shared import Memory, folder_of, show

STUCK = Path("logs") / "stuck.txt"


def health(
    or_over: Annotated[bool, typer.Option("--or-over", help="Exit code 0 also when the latest run has ended.")] = False,
    memory: Memory = None,
) -> None:
    """Exit code 0 while a loop runs at this memory and goes on, else 1, with a line that says which."""
    folder = folder_of(memory)
    if or_over and read_holder(folder) is None and is_over(folder):
        show(f"the latest run at {folder} has ended")
        return
    ill = why_ill(folder)
    show(ill or f"a loop is running at {folder}")
    if ill:
        raise typer.Exit(1)


def is_over(folder: Path) -> bool:
    """Whether the latest run said that it ended; nothing is checked here."""
    for segment in reversed(segments(folder / "events")):
        lines = segment.read_bytes()
        at = {kind: lines.rfind(b'"kind":"%s"' % kind) for kind in (b"run_started", b"run_resumed", b"run_ended")}
        if max(at.values()) >= 0:
            return max(at, key=at.__getitem__) == b"run_ended"
    return False


def why_ill(folder: Path) -> str:
    """What is wrong with the loop of this memory; empty if nothing is."""
    if read_holder(folder) is None:
        return f"no loop is running at {folder}"
    stuck_s, told_s = _written_s(folder / STUCK), max(map(_written_s, segments(folder / "events")), default=0.0)
    if stuck_s > told_s:  # the watchdog saw a step that does not end, and nothing was logged since
        since = datetime.fromtimestamp(stuck_s, UTC).isoformat(timespec="seconds")
        return f"the loop is stuck since about {since}; {folder / STUCK} tells where"
    return ""


def _written_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
