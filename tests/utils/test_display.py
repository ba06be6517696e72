import re
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from utils.display import ConsoleDisplay, Summary, UnitLine, summary_lines

HOSTILE = "[red]x[/red] [/nope] :smile: \x1b[31m\x1b]0;t\x07 a\nb\rc {task} \u202e"
LINE = UnitLine(number=7, task_id="lists-1", outcome="passed", attempt=2, turns=1, points=87.25, detail="")
SUMMARY = Summary(
    tried=9,
    passed_first=4,
    passed_repaired=2,
    failed=2,
    ungraded=1,
    faults=3,
    tokens=1234,
    parked=0,
    by_skill={"lists": (4, 3), "dates": (4, 3)},
    stop_reason="9 attempts done",
    memory="var/memory",
    simulated=False,
    words="6 of 8 graded attempts passed.",
)
HEAD = ["Model: scripted", "Memory: var/memory"]


def piped() -> tuple[ConsoleDisplay, StringIO]:
    out = StringIO()
    return ConsoleDisplay(Console(file=out, width=80)), out


def on_terminal() -> tuple[ConsoleDisplay, StringIO]:
    out = StringIO()
    return ConsoleDisplay(Console(file=out, force_terminal=True, width=80)), out


def plain(text: str) -> str:
    """What stays on the screen: without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_pipe_gets_plain_lines() -> None:
    display, out = piped()
    display.begin(HEAD, cycles=9)
    display.working("lists-1")
    display.unit(LINE)
    display.unit(replace(LINE, number=8, outcome="failed", turns=3, points=None, detail="IndexError"))
    display.note("the model is away")
    display.end(SUMMARY)
    assert (
        out.getvalue()
        == """\
Model: scripted
Memory: var/memory
    7/9  passed    lists-1                        try 2, 1 turn  87.2 pts
    8/9  failed    lists-1                        try 2, 3 turns  IndexError
the model is away

Ended: 9 attempts done.
Tried 9: 4 passed first time, 2 after repair, 2 failed, 1 ungraded. 1234 tokens, 3 faults.
  dates                  3/4 passed
  lists                  3/4 passed
6 of 8 graded attempts passed.
Memory: var/memory
"""
    )


def test_the_place_of_the_report_is_told_last() -> None:
    display, out = piped()
    display.end(replace(SUMMARY, report="var/memory/reports/run-000001.html"))
    assert out.getvalue().splitlines()[-2:] == ["Memory: var/memory", "Report: var/memory/reports/run-000001.html"]


def test_lines_in_a_pipe_are_never_wrapped_or_cut() -> None:
    display, out = piped()
    long = replace(LINE, task_id="t" * 300, detail="d" * 300)
    display.begin(["m" * 300], cycles=None)
    display.unit(long)
    lines = out.getvalue().splitlines()
    assert [len(line) for line in lines] == [300, 5 + 2 + 8 + 2 + 300 + len(" try 2, 1 turn  87.2 pts  ") + 300]


def test_without_a_number_of_cycles_units_are_counted_alone() -> None:
    display, out = piped()
    display.begin([], cycles=None)
    display.unit(LINE)
    assert out.getvalue().startswith("    7  passed    lists-1 ")


@pytest.mark.parametrize("made", [piped, on_terminal])
def test_hostile_text_is_harmless(made: type) -> None:
    display, out = made()
    display.begin([HOSTILE], cycles=1)
    display.working(HOSTILE)
    display.unit(replace(LINE, task_id=HOSTILE, detail=HOSTILE))
    display.note(HOSTILE)
    display.end(replace(SUMMARY, stop_reason=HOSTILE, words=HOSTILE, memory=HOSTILE, by_skill={HOSTILE: (1, 1)}))
    shown = plain(out.getvalue())
    assert "[red]x[/red] [/nope] :smile: \\x1b[31m\\x1b]0;t\\x07" in shown
    assert not {"\x07", "\u202e"} & set(shown)
    assert "\x1b[31m\\" not in out.getvalue()
    assert "\x1b]" not in out.getvalue()


def test_hostile_text_takes_one_line_in_a_pipe() -> None:
    display, out = piped()
    display.unit(replace(LINE, task_id=HOSTILE, detail=HOSTILE))
    display.note(HOSTILE)
    assert len(out.getvalue().splitlines()) == 2


def test_a_terminal_gets_colours_a_bar_and_a_table() -> None:
    display, out = on_terminal()
    display.begin(HEAD, cycles=9)
    display.working("sorting things")
    display.unit(replace(LINE, detail="d" * 300))
    display.end(SUMMARY)
    text, shown = out.getvalue(), plain(out.getvalue())
    assert "\x1b[32mpassed" in text
    assert "sorting things" in shown
    assert "0/9" in shown
    assert re.search(r"^ dates +4 +3 +75% *$", shown, re.MULTILINE)
    assert max(map(len, re.split(r"[\r\n]", shown))) <= len(summary_lines(SUMMARY)[1])
    assert "…" in shown


def test_the_bar_waits_without_an_end_when_there_is_no_number_of_cycles() -> None:
    display, out = on_terminal()
    display.begin([], cycles=None)
    display.end(replace(SUMMARY, by_skill={}, words=""))
    assert "0/?" in plain(out.getvalue())
    assert "share" not in plain(out.getvalue())


def test_the_summary_tells_of_parked_attempts_and_of_a_rehearsal() -> None:
    assert summary_lines(replace(SUMMARY, parked=2, simulated=True))[2:] == [
        "2 parked: the same command goes on with them.",
        "These figures are of the simulated rehearsal model; they say nothing about a real one.",
    ]
    assert len(summary_lines(SUMMARY)) == 2


def test_the_summary_tells_how_good_the_forecasts_of_the_run_were() -> None:
    forecasts = replace(SUMMARY, forecasts=8, brier=0.1874, constant_brier=0.2123)
    told = "Forecasts of passing: Brier score 0.187, better than the best constant's 0.212 (8 attempts)."
    assert told in summary_lines(forecasts)
    worse = replace(forecasts, brier=0.25)
    assert "no better than" in "".join(summary_lines(worse))
    assert not [line for line in summary_lines(SUMMARY) if "Forecasts" in line]
