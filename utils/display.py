"""What a person sees of a run: a live bar on a terminal, plain lines in a pipe, a summary at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from utils.text import printable

STYLES = {"passed": "green", "failed": "red", "ungraded": "yellow", "no verdict": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLine:
    """One finished attempt."""

    number: int
    task_id: str
    outcome: str
    attempt: int
    turns: int
    points: float | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A run at its end; `by_skill` is skill -> (attempts, passes), `fits_only_shown` are some of the failed attempts.

    `controls` are attempts that saw nothing learned; `brier` is the score of the `forecasts`, smaller is better, and
    `constant_brier` that of the best constant; `report` is the file of the morning report.
    """

    tried: int
    passed_first: int
    passed_repaired: int
    failed: int
    ungraded: int
    faults: int
    tokens: int
    parked: int
    fits_only_shown: int = 0
    no_verdict: int = 0
    abandoned: int = 0
    controls: int = 0
    forecasts: int = 0
    brier: float | None = None
    constant_brier: float | None = None
    by_skill: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    stop_reason: str
    memory: str
    simulated: bool
    words: str
    verdict: str = ""
    report: str = ""


class Display(Protocol):
    """Where a run is shown."""

    def begin(self, lines: list[str], *, cycles: int | None) -> None:
        """What runs, with what, where."""
        ...

    def working(self, text: str) -> None:
        """What is being done now."""
        ...

    def unit(self, line: UnitLine) -> None:
        """An attempt has its outcome."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...

    def end(self, summary: Summary) -> None:
        """The run is over."""
        ...


class ConsoleDisplay:
    """A Display on a rich console; without a terminal it prints plain lines."""

    def __init__(self, console: Console) -> None:
        """Nothing is printed yet."""
        self._console = console
        self._live = console.is_terminal
        self._cycles: int | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),  # the words are a task's, not ours
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._live,
        )
        self._bar = self._progress.add_task("starting", total=None)

    def begin(self, lines: list[str], *, cycles: int | None) -> None:
        """Print the head, start the bar."""
        self._cycles = cycles
        for line in lines:
            self._print(line)
        self._progress.update(self._bar, total=cycles)
        self._progress.start()

    def working(self, text: str) -> None:
        """Change the bar's words."""
        self._progress.update(self._bar, description=_line(text)[:60])

    def unit(self, line: UnitLine) -> None:
        """Print one line, advance the bar."""
        of = f"/{self._cycles}" if self._cycles else ""
        text = Text(f"{line.number:>5}{of}  ")
        text.append(f"{line.outcome:<8}", style=STYLES.get(line.outcome, ""))
        points = "" if line.points is None else f" {line.points:5.1f} pts"
        turns = "1 turn" if line.turns == 1 else f"{line.turns} turns"
        text.append(f"  {_line(line.task_id):<30} try {line.attempt}, {turns}{points}")
        if line.detail:
            text.append(f"  {_line(line.detail)}", style="dim")
        if self._live:
            self._console.print(text, no_wrap=True, overflow="ellipsis", highlight=False)
        else:
            self._console.print(text, soft_wrap=True, highlight=False)
        self._progress.advance(self._bar)

    def note(self, text: str) -> None:
        """Print one line."""
        self._print(text, style="yellow")

    def end(self, summary: Summary) -> None:
        """Stop the bar, print the summary."""
        self._progress.stop()
        self._print("")
        for line in summary_lines(summary):
            self._print(line)
        if self._live and summary.by_skill:
            self._console.print(_skill_table(summary.by_skill))
        elif summary.by_skill:
            for skill, (attempts, passes) in sorted(summary.by_skill.items()):
                self._print(f"  {skill:<22} {passes}/{attempts} passed")
        if summary.words:
            self._print(summary.words)
        if summary.verdict:
            self._print(summary.verdict, style="bold")
        self._print(f"Memory: {summary.memory}")
        if summary.report:
            self._print(f"Report: {summary.report}")

    def _print(self, line: str, style: str = "") -> None:
        self._console.print(Text(_line(line), style=style), soft_wrap=True, highlight=False)


def _line(text: str) -> str:
    """One line that cannot steer a terminal; the white space between its words is kept if it is one line already."""
    return printable(" ".join(text.split()) if len(text.splitlines()) > 1 else text)


def summary_lines(summary: Summary) -> list[str]:
    """The summary in plain words."""
    tried = (
        f"Tried {summary.tried}: {summary.passed_first} passed first time, {summary.passed_repaired} after repair, "
        f"{summary.failed} failed, {summary.ungraded} ungraded. {summary.tokens} tokens, {summary.faults} faults."
    )
    lines = [f"Ended: {summary.stop_reason}.", tried]
    if summary.controls:
        lines.append(f"{summary.controls} of them were controls, which saw no rule and no earlier attempt.")
    if summary.brier is not None and summary.constant_brier is not None:
        better = "better" if summary.brier < summary.constant_brier else "no better"
        lines.append(
            f"Forecasts of passing: Brier score {summary.brier:.3f}, {better} than the best constant's "
            f"{summary.constant_brier:.3f} ({summary.forecasts} attempts)."
        )
    if summary.fits_only_shown:
        lines.append(f"{summary.fits_only_shown} of the failed ones fit only what they were shown of the checks.")
    if summary.no_verdict:
        lines.append(f"{summary.no_verdict} got no verdict: nothing is learned from them, their tasks are put aside.")
    if summary.abandoned:
        lines.append(f"{summary.abandoned} given up: the program died each time they were tried. They are missing.")
    if summary.parked:
        lines.append(f"{summary.parked} parked: the same command goes on with them.")
    if summary.simulated:
        lines.append("These figures are of the simulated rehearsal model; they say nothing about a real one.")
    return lines


def _skill_table(by_skill: Mapping[str, tuple[int, int]]) -> Table:
    table = Table("skill", "tried", "passed", "share", box=None, header_style="bold")
    for skill, (attempts, passes) in sorted(by_skill.items()):
        table.add_row(Text(_line(skill)), str(attempts), str(passes), f"{passes / attempts:.0%}")
    return table
