"""A night one of whose tasks gets no verdict: it is told, set aside and counted, and nothing is learned from it.

Of the other tasks some are failed on what was never shown alone, and one is judged by the old judge.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.nights import Night, fly
from benchmarks.worlds.real_nights import TASKS, task_file, truths_of
from executor.assess import Assess
from executor.simulated_assessor import FACTS, SANDBOX
from memory.attempts import JUDGE, AttemptLimits, AttemptSpec, Score, Verdict
from memory.event_lines import read_chain
from memory.records import TaskRecord
from memory.state import MemoryState
from memory.tasks import Task
from memory.told import Told
from tests.running import cli, cli_json, events
from utils.display import Summary, UnitLine

ODD, OLD = "synthetic-003", "synthetic-004"
EASY = 0.5
FITS = "fits only what it was shown"
WHY = "a memoryview cannot cross between processes"
NO_REFERENCE = "it has no reference that could show that it can be passed"
SET_ASIDE = f"there is no verdict on an answer to it: {WHY}; {NO_REFERENCE}"
CYCLES = 60


@dataclass
class OneWithoutVerdict:
    """Judges as usual, but on one task there is never a verdict; who fails an easy one fits only what it was shown."""

    usual: Assess
    odd_flaw: str

    def grade(self, task: Task, code: str, spec: AttemptSpec) -> Verdict:
        if task.id != ODD:
            verdict = self.usual.grade(task, code, spec)
            return verdict.model_copy(update={"judge": 1 if task.id == OLD else verdict.judge})
        return Verdict(
            outcome="no_verdict", why_none=WHY, plain="passed", judge=JUDGE, candidate=FACTS, sandbox=SANDBOX
        )

    def tell(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Told:
        return replace(self.usual.tell(task, code, verdict, spec), fits_only_shown=task.difficulty < EASY)

    def score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        return self.usual.score(task, code, verdict, spec)

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        return self.odd_flaw if task.id == ODD else self.usual.flaw(task, limits)

    def trial(self, task: Task, limits: AttemptLimits) -> str | None:
        return self.usual.trial(task, limits)


@dataclass
class Heard:
    """What a person is told."""

    notes: list[str] = field(default_factory=list)
    units: list[UnitLine] = field(default_factory=list)
    summary: Summary | None = None

    def begin(self, lines: list[str], *, cycles: int | None) -> None:
        pass

    def working(self, text: str) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)

    def unit(self, line: UnitLine) -> None:
        self.units.append(line)

    def end(self, summary: Summary) -> None:
        self.summary = summary


@dataclass(frozen=True)
class Flown:
    """A night that is over."""

    memory: Path
    heard: Heard
    state: MemoryState

    @property
    def odd(self) -> TaskRecord:
        return self.state.tasks[ODD]

    def units(self) -> list[dict[str, Any]]:
        """The finished attempts at the odd task."""
        return [data for data in events(self.memory, "finished") if data["belog"]["task_id"] == ODD]


def flown(folder: Path, flaw: str) -> Flown:
    truths, rules = truths_of(2)
    settings = {"tasks": (task_file(folder, TASKS),), "max_repairs": 1, "recall_tokens": 0}
    heard, memory, state = Heard(), folder / "memory", MemoryState()
    judged = lambda usual: OneWithoutVerdict(usual, flaw)  # noqa: E731
    fly(Night(2, CYCLES, "builder-trainer", truths, rules, settings, display=heard, judged=judged), memory)
    for event, _ in read_chain(memory / "events"):
        state.apply(event)
    cli("rebuild", "--memory", memory)
    return Flown(memory, heard, state)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Flown:
    return flown(tmp_path_factory.mktemp("night"), NO_REFERENCE)


def test_the_attempt_ends_at_once_without_a_score_a_repair_or_a_reflection(night: Flown) -> None:
    (unit,) = night.units()
    result, belog = unit["result"], unit["belog"]
    assert (result["outcome"], result["ended"], result["score"]) == ("no_verdict", "no verdict", None)
    assert (len(result["turns"]), result["passed_first"], unit["mistakes"]) == (1, False, [])
    assert result["reflection"]["problem"] == "not asked for: there is no verdict"
    assert belog["success"] is None
    assert [(each["error_class"], each["message"]) for each in belog["errors_encountered"]] == [("no verdict", WHY)]


def test_the_task_is_set_aside_and_a_person_is_told(night: Flown) -> None:
    assert night.odd.quarantined == SET_ASIDE
    assert f"{ODD} is not tried any more: nobody passed it, and {SET_ASIDE}" in night.heard.notes
    (line,) = [each for each in night.heard.units if each.task_id == ODD]
    assert (line.outcome, line.detail, line.points) == ("no verdict", WHY, None)


def test_nothing_is_learned_from_it(night: Flown) -> None:
    odd, learning = night.odd, night.state.learning
    assert (odd.attempts, odd.no_verdicts, odd.passes, odd.fails_in_a_row) == (1, 1, 0, 0)
    assert (odd.last_outcome, len(odd.costs), odd.suspect_tries) == ("", 0, 0)
    assert night.state.totals.forecasts.units == CYCLES - 1
    assert sum(skill.attempts for skill in night.state.skills.values()) == CYCLES - 1
    untried = learning.model.difficulty("nobody tried this", declared=odd.task.difficulty)
    assert learning.model.difficulty(ODD, declared=odd.task.difficulty).mean == untried.mean
    shown = sum(rule.shown for rule in learning.rules)
    seen = [len(data["spec"]["shown_rules"]) for data in events(night.memory, "decided")]
    assert shown == sum(seen) - sum(
        len(data["spec"]["shown_rules"]) for data in events(night.memory, "decided") if data["spec"]["task_id"] == ODD
    )


def test_it_is_counted_by_itself_everywhere(night: Flown) -> None:
    totals = night.state.totals
    judged = totals.passed_first + totals.passed_repaired + totals.failed
    assert (totals.units, totals.no_verdict, judged) == (CYCLES, 1, CYCLES - 1)
    assert cli_json("get-profile", "--memory", night.memory)["no_verdict"] == 1
    assert "0 ungraded, 1 without a verdict" in cli("get-profile", "--memory", night.memory).out
    assert f"no verdict ({WHY})" in cli("get-task", ODD, "--memory", night.memory).out
    assert "no verdict" in cli("belogs", "--task", ODD, "--memory", night.memory).out
    watched = cli("watch", "--once", "--memory", night.memory).out
    assert f"{CYCLES} attempts: " in watched
    assert "1 no verdict" in watched
    steps = cli_json("get-trend", "--memory", night.memory)["steps"]
    assert sum(step["graded"] for step in steps) == CYCLES - 1


def test_the_summary_and_the_report_tell_of_it(night: Flown, tmp_path: Path) -> None:
    assert night.heard.summary is not None
    assert night.heard.summary.no_verdict == 1
    page = tmp_path / "report.html"
    assert cli("report", "--memory", night.memory, "--out", page).code == 0
    html = page.read_text(encoding="utf-8")
    assert '<dd data-figure="no-verdict">1</dd>' in html
    assert f'<td class="no_verdict">no verdict <small>{WHY}</small></td>' in html
    assert "1 got no verdict: nothing is learned from them, their tasks are put aside." in html


def test_in_the_evidence_it_did_not_pass(night: Flown) -> None:
    report, totals = cli_json("evidence", "--memory", night.memory), night.state.totals
    primary, arms = report["claims"][0], report["no_verdict"]
    with_coin = [data for data in events(night.memory, "decided") if data["assignment"]["holdout_probability"]]
    assert primary["treated"]["units"] + primary["control"]["units"] == len(with_coin) == CYCLES
    passes = sum(arm["units"] * (arm["rate"] or 0) for arm in (primary["treated"], primary["control"]))
    assert round(passes) == totals.passed_first + totals.passed_repaired
    assert round(sum(arm["units"] * (arm["rate"] or 0) for arm in arms), 3) == 1
    assert "No verdict, which counts as not passed: learned " in cli("evidence", "--memory", night.memory).out


def test_the_views_are_as_the_log_says_and_every_decision_is_made_again(night: Flown) -> None:
    assert cli("rebuild", "--check", "--memory", night.memory).code == 0
    assert cli_json("evidence", "--verify", "--memory", night.memory)["right"]


def test_where_its_own_reference_passes_the_task_is_tried_again(tmp_path: Path) -> None:
    night = flown(tmp_path, "")
    assert night.odd.quarantined == night.odd.unjudged == ""
    validated = [data for data in events(night.memory, "validated") if data["task_id"] == ODD]
    after_attempts = [data["sound"] for data in validated if not data["task_digest"]]
    assert after_attempts == [True] * len(night.units())
    assert night.units()


def fitting(night: Flown) -> dict[str, int]:
    """Tasks with attempts that failed on what was never shown alone, and how many."""
    tasks = [
        data["belog"]["task_id"]
        for data in events(night.memory, "finished")
        if data["result"]["outcome"] == "failed" and data["result"]["turns"][-1]["verdict"]["fits_only_shown"]
    ]
    return dict(Counter(tasks))


def test_failing_on_what_was_never_shown_is_told_attempt_by_attempt_and_in_totals(night: Flown, tmp_path: Path) -> None:
    found = fitting(night)
    count, failed = sum(found.values()), night.state.totals.failed
    assert 0 < count < failed
    assert night.state.totals.fits_only_shown == count
    assert cli_json("get-profile", "--memory", night.memory)["fits_only_shown"] == count
    task = next(iter(found))
    assert cli("get-task", task, "--memory", night.memory).out.count(f"failed ({FITS}") == found[task]
    assert Counter(line.detail for line in night.heard.units if line.outcome == "failed")[FITS] == count
    page = tmp_path / "report.html"
    cli("report", "--memory", night.memory, "--out", page)
    html = page.read_text(encoding="utf-8")
    assert f'<dd data-figure="fits-only-shown">{count}</dd>' in html
    assert html.count(f'<td class="failed">failed <small>{FITS}') == count
    assert f"{count} of the failed ones fit only what they were shown of the checks." in html


def test_verdicts_of_the_old_judge_are_told_apart(night: Flown, tmp_path: Path) -> None:
    old = night.state.tasks[OLD].attempts
    assert old
    assert cli("get-task", OLD, "--memory", night.memory).out.count("old judge)") == old
    others = "".join(cli("get-task", task, "--memory", night.memory).out for task in list(night.state.tasks)[5:9])
    assert "old judge" not in others
    page = tmp_path / "report.html"
    cli("report", "--memory", night.memory, "--out", page)
    assert page.read_text(encoding="utf-8").count("old judge</small></td>") == old
