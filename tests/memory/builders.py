"""Small valid values, and a memory with a short past; every field that a test does not name is harmless."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import RawIOBase
from pathlib import Path
from typing import Any

import pytest

from memory.analysis import Analysis
from memory.assignment import RECALL, Assignment, BlueprintToss, Nominee
from memory.attempts import (
    AttemptResult,
    AttemptSpec,
    CheckVerdict,
    Outcome,
    Reflection,
    RunFacts,
    SandboxFacts,
    Score,
    Turn,
    Verdict,
)
from memory.belogs import BELog
from memory.blueprint_book import BlueprintBook
from memory.blueprints import DEFAULT_ID, Blueprint, BlueprintRevisionProposal, Way, blueprint_id
from memory.events import (
    FORMAT,
    Analysed,
    BlueprintAdded,
    BlueprintRolledBack,
    Decided,
    Event,
    Faulted,
    Finished,
    Happening,
    MemoryCreated,
    Parked,
    RevisionAdopted,
    RevisionDropped,
    RevisionProposed,
    RevisionRefused,
    RuleAdded,
    RuleEdited,
    RuleJudged,
    RuleMerged,
    RuleUnmerged,
    RunEnded,
    RunResumed,
    RunStarted,
    Slot,
    TaskAdded,
)
from memory.evidence.logged import Prediction, TrialFigures
from memory.make_belog import Finding, make_belog
from memory.memory_manager import MemoryManager
from memory.state import MemoryState
from memory.tasks import Check, Task
from memory.told import all_of
from memory.view_files import Differences, compare
from trainer.views import all_views

AT = "2026-01-31T23:59:59.123Z"
MEMORY_ID = "abcdef12"
SANDBOX = SandboxFacts(kind="process", safe=False, reason="a test")


@dataclass(slots=True)
class FakeClock:
    """A second later each time it is asked."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 1, 31, tzinfo=UTC))

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    def monotonic_s(self) -> float:
        return self.now().timestamp()

    def elapsed_s(self) -> float:
        return self.monotonic_s()


def a_task(task_id: str = "add", **fields: Any) -> Task:
    values: dict[str, Any] = {
        "name": task_id,
        "goal": "Add two numbers.",
        "entry_point": "add",
        "skills": ("arithmetic",),
        "checks": (Check(name="small", code="assert add(1, 2) == 3"),),
        "origin": "curriculum",
    }
    return Task(id=task_id, **{**values, **fields})


def a_spec(number: int = 1, task_id: str = "add", **fields: Any) -> AttemptSpec:
    values: dict[str, Any] = {
        "unit_id": f"{MEMORY_ID}-{number:06d}",
        "task_id": task_id,
        "task_digest": "0" * 64,
        "number": 1,
        "blueprint_id": DEFAULT_ID,
        "blueprint_version": 1,
        "model": "rehearsal",
        "seed": number,
        "sandbox": "process",
    }
    return AttemptSpec(**{**values, **fields})


def a_verdict(outcome: Outcome = "passed", **fields: Any) -> Verdict:
    facts = RunFacts(status="exit", exit_code=0, wall_s=0.25, cpu_s=0.125, peak_mb=10)
    held = int(outcome == "passed")
    checks = (CheckVerdict(name="small", passed=bool(held), assertions_passed=held, assertions_total=1),)
    values: dict[str, Any] = {"checks": checks, "candidate": facts, "sandbox": SANDBOX}
    values |= {"assertions_passed": held, "assertions_total": 1}
    values |= {"why_none": "it cannot cross"} if outcome == "no_verdict" else {}
    return Verdict(outcome=outcome, **{**values, **fields})


def a_turn(index: int = 0, verdict: Verdict | None = None, **fields: Any) -> Turn:
    values: dict[str, Any] = {"finish": "stop", "prompt_tokens": 60, "completion_tokens": 40, "model_wall_s": 1.0}
    values |= {"told": all_of(verdict).line} if verdict and verdict.outcome == "failed" else {}
    return Turn(
        index=index, verdict=verdict, **{"reply_sha256": "1" * 64, "tokens_estimated": False, **values, **fields}
    )


def a_result(number: int = 1, outcome: Outcome = "passed", **fields: Any) -> AttemptResult:
    points = {"passed": 80.0, "failed": 0.0}
    graded = outcome in points
    score = Score(
        accuracy=float(outcome == "passed"), speed=None, elegance=None, difficulty=0.5, points=points.get(outcome, 0)
    )
    values: dict[str, Any] = {
        "passed_first": outcome == "passed",
        "turns": (a_turn(verdict=a_verdict(outcome)),),
        "ended": outcome,
        "reflection": None,
        "score": score if graded else None,
        "wall_s": 1.5,
    }
    return AttemptResult(unit_id=f"{MEMORY_ID}-{number:06d}", outcome=outcome, **{**values, **fields})


def a_reflection(rule: str = "Check the empty list first.", **fields: Any) -> Reflection:
    values = {"error_class": "wrong answer", "lesson": "The empty list was forgotten.", "rule": rule}
    return Reflection(usable=True, **{**values, **fields})


def a_belog(state: MemoryState, spec: AttemptSpec, result: AttemptResult, **given: Any) -> BELog:
    values: dict[str, Any] = {"files": {"turn-0.py": "x = 1\n"}, "finding": Finding((), ()), "at": AT}
    return make_belog(spec, state.tasks[spec.task_id].task, result, state, **{**values, **given})


def finished(state: MemoryState, number: int = 1, outcome: Outcome = "passed", **fields: Any) -> Finished:
    """The end of a unit that is in flight."""
    result = a_result(number, outcome, **fields)
    return Finished(result=result, belog=a_belog(state, state.in_flight[result.unit_id].spec, result))


def a_nominee(rule: str, version: int = 1, **fields: Any) -> Nominee:
    """A rule that its coin shows."""
    values: dict[str, Any] = {"kind": "rule", "score": 0.125, "drop_probability": 0.125, "lot": 2**63, "dropped": False}
    return Nominee(id=rule, version=version, **{**values, **fields})


def an_assignment(*nominees: Nominee, control: bool = False) -> Assignment:
    lot = 0 if control else 2**63
    return Assignment(holdout_probability=0.25 if nominees else 0, lot=lot, control=control, nominees=nominees)


def decided(
    number: int = 1,
    task_id: str = "add",
    *,
    slot: Slot = "drill",
    forecast: float | None = None,
    assignment: Assignment | None = None,
    **fields: Any,
) -> Decided:
    """The fields are the spec's."""
    spec = a_spec(number, task_id, **fields)
    return Decided(spec=spec, run=1, why="a test", slot=slot, forecast=forecast, assignment=assignment)


def rule_added(text: str = "Sort it first.", **fields: Any) -> RuleAdded:
    return RuleAdded(text=text, by="a test", **fields)


def added(task_id: str = "add", **fields: Any) -> TaskAdded:
    return TaskAdded(task=a_task(task_id, **fields), by="a test")


def created(format_: int = FORMAT) -> MemoryCreated:
    return MemoryCreated(format=format_, memory_id=MEMORY_ID)


def a_blueprint(version: int = 1) -> Blueprint:
    return Blueprint(id=DEFAULT_ID, version=version, title="t", prompts=("solve",), prompts_sha256=f"{version:064d}")


def a_proposal(family: str = "", **fields: Any) -> BlueprintRevisionProposal:
    values: dict[str, Any] = {"title": "Look twice", "way": Way(guidance=("Look twice.",))}
    return BlueprintRevisionProposal(family=family, **{**values, **fields})


def a_revision(book: BlueprintBook, proposal: BlueprintRevisionProposal) -> RevisionProposed:
    """That a book of blueprints can take next."""
    base = book.used_for(proposal.family)
    assert base is not None
    name = blueprint_id(proposal.family)
    fields = {"id": name, "version": book.next_version(name), "family": proposal.family, "way": proposal.way}
    blueprint = base.model_copy(update={**fields, "revised": True, "title": proposal.title})
    return RevisionProposed(
        trial=len(book.trials) + 1, proposal=proposal, blueprint=blueprint, base=base.key, by="a test"
    )  # fmt: skip


def a_toss(trial: int = 1, *, challenger: bool = True) -> BlueprintToss:
    return BlueprintToss(
        trial=trial,
        probability=0.5,
        lot=0 if challenger else 2**63,
        challenger=challenger,
        prediction=Prediction(mean=0.5, treated=0.5, control=0.5),
        log_e=0.0,
    )


def a_figures() -> TrialFigures:
    return TrialFigures(passed=(1, 2), failed=(2, 1), log_helps=0.5, log_harms=-2.5, log_needed=3.0, effect=0.25)


def live_on(state: MemoryState, task: TaskAdded, *outcomes: Outcome) -> None:
    """A memory without files: it begins, and has these units of one task."""

    def tell(happening: Happening) -> None:
        state.apply(Event(seq=state.last_seq + 1, at=AT, data=happening))

    for happening in (created(), BlueprintAdded(blueprint=a_blueprint()), task, run_started()):
        tell(happening)
    for outcome in outcomes:
        tell(decided(state.decided + 1, task.task.id))
        tell(finished(state, state.decided, outcome))


def an_analysis(number: int = 1) -> Analysis:
    return Analysis(number=number, units=1, pass_rate=1, skills=(), errors=(), weakest=None, summary="All is well.")


def run_started(run: int = 1) -> RunStarted:
    return RunStarted(run=run, model="rehearsal", simulated=True, sandbox=SANDBOX, settings={}, seed_sha256="2" * 64)


def open_memory(folder: Path, what: str = "a test") -> MemoryManager:
    return MemoryManager.open(folder, views=all_views(), clock=FakeClock(), what=what, identify=lambda: MEMORY_ID)


def unit(
    memory: MemoryManager,
    number: int,
    task_id: str = "add",
    outcome: Outcome = "passed",
    *,
    assignment: Assignment | None = None,
    **fields: Any,
) -> None:
    """Decide and finish one unit; the fields are the result's."""
    memory.append([decided(number, task_id, assignment=assignment)])
    memory.append([finished(memory.state, number, outcome, **fields)])


def live_a_little(folder: Path) -> None:
    """A memory that has seen every kind of event, and has every kind of document."""
    with open_memory(folder) as memory:
        memory.append(
            [added(), added("sort/it", skills=("sorting",), origin="user", priority=2), added("wish", origin="user")]
        )
        memory.append([BlueprintAdded(blueprint=a_blueprint())])
        memory.append([run_started()])
        unit(memory, 1)
        unit(memory, 2, "sort/it", "failed", reflection=a_reflection())
        memory.append([rule_added(), rule_added("Never sort.", skills=("sorting",), error_classes=("KeyError",))])
        rules = [rule.id for rule in memory.state.learning.rules]
        memory.append([RuleJudged(rule=rules[2], standing="banned", by="a test")])
        memory.append([RuleEdited(rule=rules[1], text="Sort it first, then search.", by="a test")])
        memory.append([rule_added("Sort it at first.", source="notebook", file="notes.md")])
        merged = memory.state.learning.rules.at(3).id
        memory.append([RuleMerged(kept=rules[1], other=merged, by="a test")])
        memory.append([RuleUnmerged(rule=merged, by="a test")])
        memory.append([RuleMerged(kept=rules[1], other=merged, by="a test")])
        assignment = an_assignment(a_nominee(rules[0]), a_nominee(rules[1], 2), a_nominee(RECALL, kind="recall"))
        memory.append([Faulted(fault="ModelFault", message="away"), RunResumed(run=1)])
        book = memory.state.blueprints
        memory.append([RevisionRefused(family="", why="no JSON", by="a test")])
        memory.append([a_revision(book, a_proposal(cross_check=("add",)))])
        memory.append([RevisionDropped(trial=1, reason="hopeless", why="no effect", figures=a_figures())])
        memory.append([a_revision(book, a_proposal("sorting"))])
        memory.append([RevisionAdopted(trial=2, figures=a_figures())])
        memory.append([BlueprintRolledBack(blueprint="builder-for-sorting", by="a test")])
        memory.append([a_revision(book, a_proposal())])
        coin = {"blueprint": a_toss(3), "forecast": 0.5, "assignment": assignment}
        memory.append([decided(3, slot="explore").model_copy(update=coin)])
        memory.append([Parked(unit_id=f"{MEMORY_ID}-000003", reason="a stop")])
        memory.append([Analysed(analysis=an_analysis())])
        memory.append([RunEnded(run=1, reason="enough", units=2)])


def differences(folder: Path) -> Differences:
    """Between the views on disk and those that the log says."""
    return compare(folder, all_views())


@contextmanager
def small_disk(folder: Path, *, kib: int) -> Iterator[Path]:
    """A file system of so many KiB at this folder; skips where it cannot be had."""
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={kib}k", "none", str(folder))
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system takes the rights of root")
    try:
        yield folder
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=True)


def fill(disk: Path) -> Path:
    """The file that now takes all the room there was."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space left on device"):
        _write_on(stream, bytes(os.statvfs(disk).f_frsize))
    return filler


def _write_on(stream: RawIOBase, block: bytes) -> None:
    """Block by block, and not all that is free at once: others may be writing there."""
    while True:
        stream.write(block)


def events_of(happenings: Sequence[Happening]) -> list[Event]:
    return [Event(seq=number, at=AT, data=each) for number, each in enumerate(happenings, start=1)]


def document_bytes(folder: Path) -> dict[str, bytes]:
    """Every JSON file below the folder, the logs' own left out."""
    paths = (path for path in sorted(folder.rglob("*.json")) if path.name != "head.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
