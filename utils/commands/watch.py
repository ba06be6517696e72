"""Look on while a run goes on: python utils/cli.py watch. It reads, and writes nothing."""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from memory.archive import attempt_folder
from memory.lock import read_holder
from memory.log_tail import LogTail
from memory.reading import check_memory, read_document
from memory.seen_run import SeenRun
from memory.views.core import SkillMap
from utils.clock import iso
from utils.commands.shared import Memory, folder_of
from utils.commands.watch_frame import Frame, frame, frame_lines
from utils.commands.watch_lines import event_line
from utils.errors import InputError
from utils.text import printable

LOOK_EVERY_S = 1.0
SKILLS = "core/skill_map.json"


def watch(
    once: Annotated[bool, typer.Option("--once", help="Print one frame and end.")] = False,
    memory: Memory = None,
) -> None:
    """Show what the loop does now, and how the run goes; on no terminal, a line for each event of interest."""
    folder = folder_of(memory)
    check_memory(folder)
    watching = _Watching(folder)
    console = Console()
    if once:
        for line in frame_lines(watching.look(), width=console.width if console.is_terminal else 0):
            sys.stdout.write(line + "\n")
    elif console.is_terminal:
        _live(watching, console)
    else:
        _plain(watching)


def _live(watching: "_Watching", console: Console) -> None:
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(frame(watching.look(), height=console.height), refresh=True)
            time.sleep(LOOK_EVERY_S)


def _plain(watching: "_Watching") -> None:
    """What the run came to so far, then a line for each event, until somebody interrupts."""
    _say(frame_lines(watching.look(), width=0)[0])
    running = watching.running
    while True:
        for event in watching.news():
            if line := event_line(event, watching.night):
                _say(line)
        if (now := watching.running) != running:
            running = now
            if not running:
                _say(frame_lines(watching.look(), width=0)[0])
        time.sleep(LOOK_EVERY_S)


def _say(line: str) -> None:
    sys.stdout.write(printable(line) + "\n")
    sys.stdout.flush()


class _Watching:
    """A memory as seen from outside; each look reads what is new."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._tail = folder, LogTail(folder / "events")
        self._skills: SkillMap | None = None
        self._skills_of = 0
        self.night = SeenRun()

    @property
    def running(self) -> bool:
        """Whether a loop writes there."""
        holder = read_holder(self._folder)
        return holder is not None and holder.command == "loop.py"

    def news(self) -> Iterator[dict[str, Any]]:
        """The events since the last look, each added to the night before it is given."""
        for event in self._tail.new():
            self.night = self.night.after(event)
            yield event

    def look(self) -> Frame:
        """What there is to be seen now."""
        for _ in self.news():
            pass
        replies = {unit: self._replies(each.task, each.number) for unit, each in self.night.under_way.items()}
        now = iso(datetime.now(UTC))
        return Frame(self.night, running=self.running, replies=replies, skills=self._skill_map(), now=now)

    def _skill_map(self) -> SkillMap | None:
        """The document, read again only once it was written again."""
        with suppress(OSError, InputError):
            changed = (self._folder / SKILLS).stat().st_mtime_ns
            if changed != self._skills_of:
                self._skills, self._skills_of = read_document(self._folder, SKILLS, SkillMap), changed
        return self._skills

    def _replies(self, task: str, number: int) -> int:
        """How many times the model has answered in an attempt so far."""
        return sum(1 for _ in attempt_folder(self._folder, task, number).glob("reply-*.json"))
