"""`python utils/cli.py doctor`: the checks on the command line."""

import logging
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.text import Text

from executor.doctor.findings import Finding, examine, summary, works
from utils.clock import SystemClock
from utils.files import json_text
from utils.settings import load_settings
from utils.text import one_line, printable

COLOURS = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(
    llm: Annotated[str | None, typer.Option(help="URL of a model server, gguf:FILE, rehearsal or replay:FILE.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's name at the server.")] = None,
    sandbox: Annotated[str | None, typer.Option(help="auto, docker, bubblewrap, landlock or process.")] = None,
    memory: Annotated[Path | None, typer.Option(help="The memory's folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,  # noqa: FBT002  an option
) -> int:
    """Try whether a night would work here with these settings, and say what to do if not. Takes up to two minutes.

    Exit code 0 if it would, 1 if something that these settings need does not work, 2 for bad input.
    """
    # docker and openai take 0.7 s to import, for which no other command should wait
    from executor.doctor.tonight import Tonight  # noqa: PLC0415

    settings = load_settings(llm=llm, model=model, sandbox=sandbox, memory=memory)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # the findings tell
    found = []
    with ExitStack() as stack:
        for finding in examine(Tonight(settings, SystemClock(), stack, _wait_for).checks(), _wait_for):
            found.append(finding)
            if not as_json:
                _show(finding)
    sys.stdout.write(json_text([asdict(each) for each in found]) if as_json else summary(found) + "\n")
    return 0 if works(found) else 1


def _show(finding: Finding) -> None:
    """One line, and one with what to do; in colours on a terminal."""
    said, todo = (printable(" ".join(text.split())) for text in (finding.said, finding.todo))
    line = Text.assemble((f"{finding.level:<8}", COLOURS[finding.level]), f" {finding.name:<17} {said}")
    if todo:
        line.append(f"\n{'':<26} to do: {todo}")
    console = Console()
    if console.is_terminal:
        console.print(line)
    else:
        sys.stdout.write(line.plain + "\n")
        sys.stdout.flush()


def _wait_for(doing: str) -> None:
    """What is being waited for, where a person looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"... {printable(one_line(doing))}\n")
