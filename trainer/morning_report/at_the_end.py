"""The report that a run leaves at its end."""

from collections.abc import Callable
from pathlib import Path

from executor.runner import guarded
from trainer.morning_report.page import report_page
from trainer.morning_report.write import report_file, write_report
from trainer.opened import Opened
from utils.settings import Settings


def report_at_the_end(opened: Opened, settings: Settings, *, note: Callable[[str], None]) -> str:
    """The file of the report on the run; empty if none is wanted or none could be made: no night fails by that.

    Args:
        opened: the memory, whose run has ended.
        settings: whether a report is wanted.
        note: hears why none could be made.
    """
    if settings.report == "off":
        return ""
    made = guarded("report", lambda: _write(opened))
    if made.fault is not None:
        note(f"no report was written: {made.fault}; try `python utils/cli.py report`")
    return "" if made.value is None else str(made.value)


def _write(opened: Opened) -> Path:
    folder, state = opened.memory.folder, opened.memory.state
    html = report_page(folder, opened.night, state, opened.rechecks)
    return write_report(report_file(folder, state.runs), html)
