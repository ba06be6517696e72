"""From a memory's log to a report in a file; the memory is only read, also while a loop writes it."""

from collections.abc import Iterator
from pathlib import Path

from memory.event_lines import read_chain
from memory.events import Event, RunStarted
from memory.reading import check_memory
from memory.view_files import Fold
from trainer.morning_report.night import NightView
from trainer.morning_report.page import report_page
from trainer.rechecks import Rechecks
from utils.errors import InputError
from utils.files import write_atomically


def report_file(memory: Path, run: int) -> Path:
    """Where the report of a run is kept."""
    return memory / "reports" / f"run-{run:06d}.html"


def read_report(memory: Path, run: int | None = None) -> tuple[int, str]:
    """The number of a run and the report on it: of the latest, or of the given one as its end was.

    Raises:
        InputError: there is no memory, or no such run.
        MemoryDamaged: the log cannot be trusted.
    """
    check_memory(memory)
    night, rechecks = NightView(), Rechecks()
    fold = Fold([night, rechecks])
    for event in _up_to(memory, run):
        fold.apply(event)
    if night.run is None or (run is not None and night.run.number != run):
        runs = fold.state.runs
        known = "nothing ran yet; start with `python loop.py`" if not runs else f"its runs are 1 to {runs}"
        raise InputError(f"{memory} has no run {run or 1}: {known}")
    return night.run.number, report_page(memory, night, fold.state, rechecks)


def write_report(path: Path, html: str) -> Path:
    """Put it there, whole; the path.

    Raises:
        StorageFault: the disk refuses.
    """
    write_atomically(path, html.encode("utf-8"))
    return path


def _up_to(memory: Path, run: int | None) -> Iterator[Event]:
    """The events before a later run began; all of them if no run is given."""
    for event, _ in read_chain(memory / "events"):
        if run is not None and isinstance(event.data, RunStarted) and event.data.run > run:
            return
        yield event
