"""The morning report as a file: python utils/cli.py report."""

from pathlib import Path
from typing import Annotated

import typer

from trainer.morning_report.write import read_report, report_file, write_report
from utils.commands.shared import AsJson, Memory, folder_of, show


def report(
    out: Annotated[Path | None, typer.Option(help="The file to write; in the memory's reports/ if not given.")] = None,
    run: Annotated[int | None, typer.Option(min=1, help="The run; the latest if not given.")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Write what happened in a night as one HTML page that needs nothing else."""
    folder = folder_of(memory)
    number, html = read_report(folder, run)
    path = write_report(out or report_file(folder, number), html)
    show({"run": number, "file": str(path), "bytes": path.stat().st_size} if as_json else f"Run {number}: {path}")
