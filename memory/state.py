"""What the log adds up to: the one fold that the Trainer and the views read.

`apply` costs the same for the first event and for the millionth; everything kept here is an aggregate, a bounded
window, or one entry for each task, skill or rule.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

from memory.attempts import AttemptSpec, Outcome
from memory.blueprints import Blueprint
from memory.digests import task_digest
from memory.events import (
    Analysed,
    BlueprintAdded,
    Decided,
    Event,
    Faulted,
    Finished,
    Happening,
    MemoryCreated,
    Parked,
    RunEnded,
    RunResumed,
    RunStarted,
    TaskAdded,
)
from memory.tasks import Task
from utils.errors import MemoryDamaged

RECENT = 10
COSTS_KEPT = 50
PREVIOUS_KEPT = 10
ERRORS_KEPT = 200
OTHER_ERRORS = "other"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one past attempt took."""

    tokens: int
    turns: int
    wall_s: float


@dataclass(slots=True)
class TaskRecord:
    """The attempts at one task."""

    task: Task
    digest: str
    decided: int = 0
    attempts: int = 0
    passes: int = 0
    first_passes: int = 0
    retries_after_pass: int = 0
    failures_after_pass: int = 0
    last_outcome: str = ""
    last_unit: int = 0
    best_points: float = 0.0
    previous: deque[str] = field(default_factory=lambda: deque(maxlen=PREVIOUS_KEPT))
    costs: deque[Cost] = field(default_factory=lambda: deque(maxlen=COSTS_KEPT))


@dataclass(slots=True)
class SkillRecord:
    """The graded attempts that practised one skill."""

    attempts: int = 0
    passes: int = 0
    first_passes: int = 0
    retries_after_pass: int = 0
    failures_after_pass: int = 0
    last_at: str = ""
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    costs: deque[Cost] = field(default_factory=lambda: deque(maxlen=COSTS_KEPT))


@dataclass(slots=True)
class Totals:
    """Of the whole memory, or of one run."""

    units: int = 0
    passed_first: int = 0
    passed_repaired: int = 0
    failed: int = 0
    ungraded: int = 0
    faults: int = 0
    tokens: int = 0
    by_skill: dict[str, tuple[int, int]] = field(default_factory=dict)
    """skill -> (attempts, passes); filled for runs."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A unit that was decided and has no outcome yet."""

    spec: AttemptSpec
    task: Task


@dataclass(slots=True)
class ErrorRecord:
    """A class of errors that ended attempts, and the first example of it."""

    count: int
    task_id: str
    example: str


@dataclass(slots=True)
class MemoryState:
    """Everything known, in the order of the log."""

    memory_id: str = ""
    runs: int = 0
    last_seq: int = 0
    first_at: str = ""
    last_at: str = ""
    tasks: dict[str, TaskRecord] = field(default_factory=dict)
    skills: dict[str, SkillRecord] = field(default_factory=dict)
    blueprints: dict[str, list[Blueprint]] = field(default_factory=dict)
    in_flight: dict[str, InFlight] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    run_totals: Totals = field(default_factory=Totals)
    models: Counter[str] = field(default_factory=Counter)
    errors: dict[str, ErrorRecord] = field(default_factory=dict)
    wishes: dict[str, TaskRecord] = field(default_factory=dict)
    """People's tasks, in the order in which they came."""
    decided: int = 0
    last_task: str = ""
    analyses: int = 0
    units_at_last_analysis: int = 0
    run_ended: bool = True
    run_decided: int = 0
    run_tasks: set[str] = field(default_factory=set)
    """Tasks that the present run has decided on, for schedules that take each once."""
    by_skill: dict[str, list[str]] = field(default_factory=dict)
    """main skill -> task ids, in the order in which they became known."""

    def apply(self, event: Event) -> None:  # noqa: C901  one case for each kind of event
        """Add one event.

        Raises:
            MemoryDamaged: it does not fit what came before.
        """
        if why := self.why_impossible(event.data):
            raise MemoryDamaged(f"event {event.seq} does not fit the events before it: {why}")
        self.last_seq = event.seq
        self.first_at = self.first_at or event.at
        self.last_at = event.at
        match event.data:
            case MemoryCreated(memory_id=memory_id):
                self.memory_id = memory_id
            case RunStarted():
                self._start_run()
            case TaskAdded(task=task):
                self._add_task(task)
            case BlueprintAdded(blueprint=blueprint):
                self.blueprints.setdefault(blueprint.id, []).append(blueprint)
            case Decided(spec=spec):
                self._decide(spec)
            case Finished():
                self._finish(event.data, event.at)
            case Faulted():
                self.totals.faults += 1
                self.run_totals.faults += 1
            case Analysed():
                self.analyses += 1
                self.units_at_last_analysis = self.totals.units
            case RunEnded():
                self.run_ended = True
            case Parked() | RunResumed():
                pass

    def why_impossible(self, happening: Happening) -> str:
        """Why this cannot come next; empty if it can."""
        match happening:
            case Decided(spec=spec) if spec.task_id not in self.tasks:
                return f"unit {spec.unit_id} is for a task that was not added"
            case Decided(spec=spec) if spec.unit_id in self.in_flight:
                return f"unit {spec.unit_id} was decided before"
            case Finished(result=result) if result.unit_id not in self.in_flight:
                return f"unit {result.unit_id} was not decided, or has finished before"
            case Finished(result=result, belog=belog) if (
                belog.task_id != self.in_flight[result.unit_id].spec.task_id
                or belog.execution_trace_id != result.unit_id
            ):
                return f"unit {result.unit_id} has the log of another"
            case _:
                return ""

    def _start_run(self) -> None:
        self.runs += 1
        self.run_ended, self.run_decided = False, 0
        self.run_totals, self.run_tasks = Totals(), set()

    def _add_task(self, task: Task) -> None:
        digest = task_digest(task)
        known = self.tasks.get(task.id)
        if task.origin == "user" and known is not None:
            self.wishes.setdefault(task.id, known)
        if known is None:
            self.tasks[task.id] = TaskRecord(task, digest)
            if task.origin == "user":
                self.wishes[task.id] = self.tasks[task.id]
            self.by_skill.setdefault(task.skills[0], []).append(task.id)
            return
        if known.task.skills[0] != task.skills[0]:
            self.by_skill[known.task.skills[0]].remove(task.id)
            self.by_skill.setdefault(task.skills[0], []).append(task.id)
        known.task, known.digest = task, digest

    def _decide(self, spec: AttemptSpec) -> None:
        record = self.tasks[spec.task_id]
        record.decided += 1
        self.decided += 1
        self.run_decided += 1
        self.run_tasks.add(spec.task_id)
        self.last_task = spec.task_id
        self.in_flight[spec.unit_id] = InFlight(spec, record.task)

    def _finish(self, finished: Finished, at: str) -> None:
        result = finished.result
        flight = self.in_flight.pop(result.unit_id)
        record = self.tasks[flight.spec.task_id]
        cost = Cost(result.tokens, len(result.turns), result.wall_s)
        passed = result.outcome == "passed"
        skills = [self.skills.setdefault(skill, SkillRecord()) for skill in flight.task.skills]
        self.models[flight.spec.model] += 1
        for totals in (self.totals, self.run_totals):
            _count(totals, result.outcome, passed_first=result.passed_first, tokens=result.tokens)
        if result.outcome != "ungraded":
            for skill in skills:
                _practise(skill, record, cost, passed=passed, first=result.passed_first, at=at)
            self._count_skills(flight.task, passed=passed)
            self._note_errors(finished, flight.task)
        _book(record, finished, passed=passed, cost=cost, number=self.totals.units)

    def _count_skills(self, task: Task, *, passed: bool) -> None:
        for skill in task.skills:
            attempts, passes = self.run_totals.by_skill.get(skill, (0, 0))
            self.run_totals.by_skill[skill] = (attempts + 1, passes + passed)

    def _note_errors(self, finished: Finished, task: Task) -> None:
        if finished.result.outcome == "passed" or not finished.belog.errors_encountered:
            return
        last = finished.belog.errors_encountered[-1]
        room = last.error_class in self.errors or len(self.errors) < ERRORS_KEPT
        name = last.error_class if room else OTHER_ERRORS  # code can raise classes of ever new names
        known = self.errors.setdefault(name, ErrorRecord(0, task.id, last.message))
        known.count += 1


def _count(totals: Totals, outcome: Outcome, *, passed_first: bool, tokens: int) -> None:
    totals.units += 1
    totals.tokens += tokens
    if outcome == "ungraded":
        totals.ungraded += 1
    elif outcome == "failed":
        totals.failed += 1
    elif passed_first:
        totals.passed_first += 1
    else:
        totals.passed_repaired += 1


def _practise(skill: SkillRecord, record: TaskRecord, cost: Cost, *, passed: bool, first: bool, at: str) -> None:
    skill.attempts += 1
    skill.passes += passed
    skill.first_passes += first
    skill.last_at = at
    skill.recent.append(passed)
    skill.costs.append(cost)
    if record.passes:
        skill.retries_after_pass += 1
        skill.failures_after_pass += not passed


def _book(record: TaskRecord, finished: Finished, *, passed: bool, cost: Cost, number: int) -> None:
    result = finished.result
    if record.passes:
        record.retries_after_pass += 1
        record.failures_after_pass += not passed
    record.attempts += 1
    record.passes += passed
    record.first_passes += result.passed_first
    record.last_outcome, record.last_unit = result.outcome, number
    record.best_points = max(record.best_points, result.score.points if result.score else 0.0)
    record.previous.appendleft(result.unit_id)
    record.costs.append(cost)
