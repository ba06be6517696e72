"""Run a Python file in a sandbox: python utils/cli.py run-code FILE."""

import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from executor.grading.facts import run_facts, sandbox_facts
from executor.run_code import run_code
from executor.sandbox import ExecutionResult, Limits, Output, Status
from utils.commands.collected import require_empty, write_all
from utils.commands.programs import SandboxOption, fact_lines, indented, opened, read_source, show_ascii, show_escaped
from utils.commands.shared import AsJson
from utils.errors import InputError
from utils.files import read_bounded
from utils.settings import load_settings
from utils.text import one_line

MAX_STDIN_BYTES = 16 * 1024 * 1024
BOUNDS: Mapping[str, tuple[float, float]] = {
    "wall_s": (0.1, 3600),
    "cpu_s": (0.1, 3600),
    "memory_mb": (16, 65_536),
    "processes": (1, 4096),
    "file_mb": (1, 16_384),
    "inodes": (16, 10_000),
    "open_files": (16, 65_536),
    "output_kb": (1, 8192),
    "output_hard_mb": (1, 4096),
    "artifacts_kb": (1, 8192),
}
"""Field of Limits -> the least and the most that may be typed. What is kept of output and of files has to fit into one
report of the sandbox's agent, 64 MiB."""
LIMITS_OF = {
    Status.TIMEOUT: ("wall_s",),
    Status.CPU_LIMIT: ("cpu_s",),
    Status.OOM: ("memory_mb",),
    Status.OUTPUT_LIMIT: ("output_hard_mb",),
    Status.DISK_LIMIT: ("file_mb", "inodes"),
}
"""Status -> the fields of Limits that can have ended the job."""
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


def run_file(  # noqa: PLR0913, PLR0917  one parameter for each option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The Python file, run alone as main.py.")],
    sandbox: SandboxOption = None,
    stdin: Annotated[Path | None, typer.Option(metavar="FILE", help="What it reads; nothing if not given.")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help=f"One of {', '.join(BOUNDS)}; can be given again."),
    ] = None,
    collect: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Files that --to shall get, such as '*.csv'; can be given again."),
    ] = None,
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="A new or empty folder for these files.")] = None,
    as_json: AsJson = False,
) -> int:
    """Run a Python file in a sandbox and show how it ended, what it used and what it printed.

    Exit code 0 if the program exited with 0; 1 if it ended in any other way, or the sandbox failed; 2 for bad input.
    """
    limits = parse_limits(limit or ())
    source = read_source(file, what="FILE")
    patterns = _patterns(collect or (), to)
    given = b"" if stdin is None else read_bounded(stdin, limit=MAX_STDIN_BYTES, what="--stdin")
    with opened(load_settings(sandbox=sandbox)) as place:
        result = run_code(place, source, stdin=given, limits=limits, collect=patterns)
    kept = None if to is None else _kept(result, to)
    if as_json:
        show_ascii(_document(result, limits, kept))
    else:
        show_escaped(_portrait(result, limits, kept))
    return 0 if result.status is Status.EXIT and result.exit_code == 0 else 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the files that were asked for."""

    folder: Path
    names: list[str]
    left_out: int


def _kept(result: ExecutionResult, folder: Path) -> Kept:
    """The collected files, written."""
    names = write_all(result.artifacts, folder)
    return Kept(folder, names, result.artifacts_left_out + len(result.artifacts) - len(names))


def _patterns(collect: Sequence[str], to: Path | None) -> tuple[str, ...]:
    """The patterns of files to collect, if there is a folder for them.

    Raises:
        InputError: one is given without the other, or the folder is not empty.
    """
    if bool(collect) != (to is not None):
        raise InputError("--collect PATTERN says which files, --to DIR where to: give both or neither")
    if to is not None:
        require_empty(to)
    return tuple(collect)


def parse_limits(texts: Sequence[str]) -> Limits:
    """The limits of `NAME=VALUE` texts, the defaults for all others.

    Raises:
        InputError: a name is unknown or given twice, or a value is no number within BOUNDS.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in BOUNDS:
            raise InputError(f"--limit: {one_line(text, 60)!r} is no NAME=VALUE with a NAME of {', '.join(BOUNDS)}")
        if name in found:
            raise InputError(f"--limit {name} is given twice; give it once")
        found[name] = _number(name, value)
    return Limits(**found)


def _number(name: str, text: str) -> float:
    """An int for a field that counts, else a float."""
    low, high = BOUNDS[name]
    whole = isinstance(next(each.default for each in fields(Limits) if each.name == name), int)
    if (_WHOLE if whole else _DECIMAL).fullmatch(text) and low <= float(text) <= high:
        return int(text) if whole else float(text)
    kind = "a whole number" if whole else "a number"
    raise InputError(f"--limit {name}: {kind} from {low:g} to {high:.0f} is allowed, not {one_line(text, 60)!r}")


def _document(result: ExecutionResult, limits: Limits, kept: Kept | None) -> dict[str, Any]:
    facts = run_facts(result).model_dump(mode="json", exclude={"stdout", "stderr"})
    return {
        **facts,
        "artifacts": {name: len(result.artifacts[name]) for name in kept.names} if kept else {},
        "artifacts_left_out": kept.left_out if kept else 0,
        "detail": result.detail,
        "limits": asdict(limits),
        "sandbox": sandbox_facts(result.tier).model_dump(mode="json"),
        "stderr": _stream(result.stderr),
        "stdout": _stream(result.stdout),
        "strays": result.strays,
    }


def _stream(output: Output) -> dict[str, Any]:
    return {"text": output.text, "total": output.total, "truncated": output.truncated}


def _portrait(result: ExecutionResult, limits: Limits, kept: Kept | None) -> Iterator[str]:
    yield f"status     {_ending(result, limits)}"
    if result.detail:
        yield f"           {one_line(result.detail)}"
    yield from fact_lines(run_facts(result), sandbox_facts(result.tier))
    for name, output in (("stdout", result.stdout), ("stderr", result.stderr)):
        yield f"{name}     {_size(output)}"
        yield from indented(output.text)
    if kept:
        left_out = f", {kept.left_out} left out" if kept.left_out else ""
        yield f"files      {len(kept.names)} written to {one_line(str(kept.folder))}{left_out}"
        yield from (f"  {name}  {len(result.artifacts[name])} bytes" for name in kept.names)


def _ending(result: ExecutionResult, limits: Limits) -> str:
    """How it ended, with the limit that ended it, or those of which one did."""
    if result.status is Status.EXIT:
        return f"exit code {result.exit_code}"
    if result.status is Status.SIGNAL and result.signal is not None:
        return f"signal {result.signal} ({signal.strsignal(result.signal) or 'unknown'})"
    given = ", ".join(f"{name}={getattr(limits, name)}" for name in LIMITS_OF.get(result.status, ()))
    return f"{result.status} (--limit {given})" if given else str(result.status)


def _size(output: Output) -> str:
    kept = ", its start and its end" if output.truncated else ""
    return f"{output.total} bytes{kept}"
