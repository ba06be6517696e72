"""What the commands share that run a person's own files: reading them, opening a sandbox, printing what came out.

What a program prints, and what a grading tells of it, is untrusted: it is indented below a heading of our own and
escaped, so that it can neither steer a terminal nor pass for a verdict. JSON is ASCII for the same reason.
"""

import io
import json
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from executor.sandbox import Sandbox
from memory.attempts import RunFacts, SandboxFacts
from utils.commands.shared import show_lines
from utils.errors import InputError
from utils.files import read_bounded
from utils.settings import SandboxChoice, Settings
from utils.text import one_line, printable

MAX_SOURCE_BYTES = 1024 * 1024

SandboxOption = Annotated[
    str | None, typer.Option("--sandbox", metavar="KIND", help=f"One of {', '.join(get_args(SandboxChoice))}.")
]


def read_source(path: Path, *, what: str) -> str:
    """A file's text, as it is but for a byte order mark.

    Raises:
        InputError: it is missing, no regular file, larger than MAX_SOURCE_BYTES, or not UTF-8.
    """
    data = read_bounded(path, limit=MAX_SOURCE_BYTES, what=what)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error


def opened(settings: Settings) -> closing[Sandbox]:
    """The sandbox of the settings, for code that nobody has vouched for; a warning if it protects nothing.

    Raises:
        InputError: it does not work here, or for `auto`: none does that is safe.
    """
    # docker takes 0.4 s to import, for which no other command should wait
    from executor.choose_sandbox import SandboxOptions, choose_sandbox  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: nothing of the job may stay behind
    options = SandboxOptions.of_settings(settings)
    sandbox = choose_sandbox(settings.sandbox, trusted_code_only=False, progress=_wait_for, options=options)
    tier = sandbox.tier
    if not tier.safe:
        tell(f"UNSAFE: the {tier.kind} sandbox does not cover {'; '.join(tier.gaps)}")
    return closing(sandbox)


def show_escaped(lines: Iterable[str]) -> None:
    """Print texts of any origin; what the stream's encoding does not have is escaped, too."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    show_lines(lines)


def show_ascii(value: dict[str, Any]) -> None:
    """Print JSON in which everything but ASCII is escaped."""
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def fact_lines(run: RunFacts, sandbox: SandboxFacts) -> Iterator[str]:
    """What a run used, and where it ran."""
    unsafe = "" if sandbox.safe else " - UNSAFE"
    yield f"time       {run.wall_s:.3f} s, CPU {run.cpu_s:.3f} s"
    yield f"memory     {run.peak_mb:.1f} MiB, its largest process"
    yield f"sandbox    {sandbox.kind} ({sandbox.reason}){unsafe}"
    for gap in sandbox.gaps:
        yield f"           does not cover: {gap}"


def indented(text: str, by: int = 2) -> Iterator[str]:
    """The lines of an untrusted text; the line break at its end opens none."""
    return (" " * by + line for line in text.removesuffix("\n").split("\n")) if text else iter(())


def listed(names: Iterable[str], *, most: int = 10) -> str:
    """The first names, and how many there are if there are more."""
    found = list(names)
    more = f", ... ({len(found)} in all)" if len(found) > most else ""
    return ", ".join(one_line(name, 100) for name in found[:most]) + more


def _wait_for(doing: str) -> None:
    """What is being waited for, where a person looks on."""
    if sys.stderr.isatty():
        tell(f"... {doing}")


def tell(text: str) -> None:
    """Print a line beside what was asked for."""
    sys.stderr.write(printable(one_line(text, 500)) + "\n")
    sys.stderr.flush()
