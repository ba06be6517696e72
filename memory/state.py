"""What the log adds up to: the one fold that the Trainer and the views read.

`apply` costs the same for the first event and for the millionth; everything kept here is an aggregate, a bounded
window, or one entry for each task, skill or rule.
"""

import itertools
from collections import Counter, deque
from dataclasses import dataclass, field

from memory.attempts import AttemptResult
from memory.blueprint_book import BlueprintBook
from memory.builder_model import logistic, prior_difficulty
from memory.code_style import habits
from memory.digests import task_digest
from memory.efficiency import Family, family_of
from memory.events import (
    Abandoned,
    Analysed,
    BlueprintAdded,
    BlueprintRolledBack,
    BlueprintWord,
    Continued,
    Decided,
    Event,
    Faulted,
    Finished,
    Happening,
    MemoryCreated,
    Parked,
    Paused,
    Quarantined,
    Restarted,
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
    RunWord,
    TaskAdded,
    TaskPrioritised,
    TaskRequeued,
    Validated,
)
from memory.falls import SOUND
from memory.leads import Aim
from memory.learning import Learning
from memory.records import (
    CHOICES_KEPT,
    COSTS_KEPT,
    Choice,
    Circumstances,
    Cost,
    ErrorRecord,
    InFlight,
    SkillRecord,
    TaskRecord,
    Totals,
)
from memory.recurring import Recurring
from memory.rule_merging import why_unfit
from memory.task_proposals import ChecksProposed, ProposalRecord, TaskProposed
from memory.tasks import Task
from utils.errors import MemoryDamaged

ERRORS_KEPT = 200
OTHER_ERRORS = "other"
SKILL_ERRORS_KEPT = 50


@dataclass(slots=True)
class MemoryState:
    """Everything known, in the order of the log."""

    memory_id: str = ""
    runs: int = 0
    last_seq: int = 0
    first_at: str = ""
    last_at: str = ""
    learning: Learning = field(default_factory=Learning)
    tasks: dict[str, TaskRecord] = field(default_factory=dict)
    skills: dict[str, SkillRecord] = field(default_factory=dict)
    blueprints: BlueprintBook = field(default_factory=BlueprintBook)
    in_flight: dict[str, InFlight] = field(default_factory=dict)
    running: dict[str, None] = field(default_factory=dict)
    """Of those in flight, the ones that were being worked on when the log was last written."""
    deaths: Counter[str] = field(default_factory=Counter)
    """unit in flight -> how often the program died while it was being worked on."""
    totals: Totals = field(default_factory=Totals)
    run_totals: Totals = field(default_factory=Totals)
    models: Counter[str] = field(default_factory=Counter)
    model: str = ""
    model_since: int = 0
    """How many units had ended when the present model was first used after another one."""
    errors: dict[str, ErrorRecord] = field(default_factory=dict)
    wishes: dict[str, TaskRecord] = field(default_factory=dict)
    """People's tasks, in the order in which they came."""
    decided: int = 0
    slots: Counter[str] = field(default_factory=Counter)
    """How often a unit was decided for each reason, see events.Slot."""
    last_task: str = ""
    last_slot: str = ""
    analyses: int = 0
    units_at_last_analysis: int = 0
    run_ended: bool = True
    run_reason: str = ""
    """Why the last run ended; empty while one is not over."""
    run_started_at: str = ""
    run_container: str = ""
    """The container that began the run, or went on with it; empty for a run that was not a container's only one."""
    paused_at: str = ""
    """Since when nothing new is begun, because a person wants it so; empty if it is."""
    requeued: dict[str, None] = field(default_factory=dict)
    """Tasks that people want tried again, in the order in which they said so."""
    answers_as: dict[str, str] = field(default_factory=dict)
    """model -> the name under which its server answered last."""
    run_simulated: bool = False
    run_seed_sha256: str = ""
    run_decided: int = 0
    run_tasks: set[str] = field(default_factory=set)
    """Tasks that the present run has decided on, for schedules that take each once."""
    by_skill: dict[str, list[str]] = field(default_factory=dict)
    """main skill -> task ids, in the order in which they became known."""
    families: dict[Family, deque[Cost]] = field(default_factory=dict)
    """What the latest graded attempts at tasks of a main skill and a step of difficulty took, the oldest first."""
    efficiencies: deque[float] = field(default_factory=lambda: deque(maxlen=COSTS_KEPT))
    """Of the latest graded attempts."""
    mistakes: Recurring = field(default_factory=Recurring)
    """Signatures, among the latest graded units; an error of the unit is the example."""
    habits: Recurring = field(default_factory=Recurring)
    """Poor habits by their rules, among the latest solutions that could be measured."""
    choices: deque[Choice] = field(default_factory=lambda: deque(maxlen=CHOICES_KEPT))
    slots_at_last_analysis: Counter[str] = field(default_factory=Counter)
    proposals: ProposalRecord = field(default_factory=ProposalRecord)
    run_generated: dict[str, None] = field(default_factory=dict)
    """Tasks that the Trainer added during the present run: they belong to it."""

    def apply(self, event: Event) -> None:
        """Add one event.

        Raises:
            MemoryDamaged: it does not fit what came before.
        """
        if why := self.why_impossible(event.data):
            raise MemoryDamaged(f"event {event.seq} does not fit the events before it: {why}")
        self.last_seq = event.seq
        self.first_at = self.first_at or event.at
        self.last_at = event.at
        self._apply(event.data, event.at)

    def _apply(self, data: Happening, at: str) -> None:  # noqa: C901, PLR0912  one case for each kind of event
        match data:
            case MemoryCreated(memory_id=memory_id):
                self.memory_id = memory_id
            case RunStarted() | RunResumed() | RunEnded():
                self._run(data, at)
            case TaskAdded(task=task):
                self._add_task(task)
            case (
                BlueprintAdded()
                | RevisionProposed()
                | RevisionRefused()
                | RevisionAdopted()
                | RevisionDropped()
                | BlueprintRolledBack()
            ):
                self._work_otherwise(data)
            case TaskProposed() | ChecksProposed():
                self._propose(data)
            case Decided():
                self._decide(data)
            case Finished():
                self._finish(data, at)
            case Parked() | Restarted() | Abandoned():
                self._interrupt(data)
            case Quarantined() | Validated():
                self._suspect(data)
            case RuleAdded() | RuleEdited() | RuleJudged() | RuleMerged() | RuleUnmerged():
                self.learning.steer(data, at=at)
            case Faulted():
                self.totals.faults += 1
                self.run_totals.faults += 1
            case Paused() | Continued() | TaskRequeued() | TaskPrioritised():
                self._steer(data, at)
            case Analysed():
                self.analyses += 1
                self.units_at_last_analysis = self.totals.units
                self.slots_at_last_analysis = self.slots.copy()

    def why_impossible(self, happening: Happening) -> str:  # noqa: C901, PLR0911, PLR0912  one answer for each kind of event
        """Why this cannot come next; empty if it can."""
        match happening:
            case Decided(spec=spec) if spec.task_id not in self.tasks:
                return f"unit {spec.unit_id} is for a task that was not added"
            case Decided(assignment=assignment) if assignment and any(
                each.kind == "rule" and self.learning.rules.get(each.id) is None for each in assignment.nominees
            ):
                return "a rule was nominated that is not known"
            case Decided(blueprint=toss) if toss and all(each.number != toss.trial for each in self.blueprints.open):
                return f"a coin was tossed for trial {toss.trial}, which is not open"
            case RevisionProposed() | RevisionAdopted() | RevisionDropped() | BlueprintRolledBack():
                return self.blueprints.why_impossible(happening)
            case Decided(spec=spec) if spec.unit_id in self.in_flight:
                return f"unit {spec.unit_id} was decided before"
            case Finished(result=result) if result.unit_id not in self.in_flight:
                return f"unit {result.unit_id} was not decided, or has finished before"
            case Restarted(unit_id=unit) | Abandoned(unit_id=unit) if unit not in self.in_flight:
                return f"unit {unit} was not decided, or has finished before"
            case Quarantined(task_id=task) | Validated(task_id=task) if task not in self.tasks:
                return f"task {task} was not added"
            case TaskRequeued(task_id=task) | TaskPrioritised(task_id=task) if task not in self.tasks:
                return f"task {task} was not added"
            case ChecksProposed(task=task) if task.id not in self.tasks:
                return f"task {task.id} was not added"
            case RuleEdited() | RuleJudged() | RuleMerged() | RuleUnmerged():
                return why_unfit(self.learning.rules, happening)
            case Finished(result=result, belog=belog) if (
                belog.task_id != self.in_flight[result.unit_id].spec.task_id
                or belog.execution_trace_id != result.unit_id
            ):
                return f"unit {result.unit_id} has the log of another"
            case _:
                return ""

    def circumstances(self, task: Task, *, model: str) -> Circumstances:
        """What could make an attempt at this task come out differently from the ones before."""
        changes = self.learning.rules.changes
        return Circumstances(
            model=model,
            blueprints=self.blueprints.changes_for(task),
            rules=sum(changes.get(skill, 0) for skill in ("", *task.skills)),
        )

    def seen_errors(self, task: Task) -> set[str]:
        """Classes of errors that ended attempts in the task's skills."""
        return {name for skill in task.skills if skill in self.skills for name in self.skills[skill].errors}

    def _work_otherwise(self, word: BlueprintWord) -> None:
        """What happens to ways of working; the coins of trials that it ends no longer count."""
        before = [trial.number for trial in self.blueprints.open]
        self.blueprints.apply(word)
        if isinstance(word, RevisionProposed | RevisionRefused):
            self.totals.tokens += word.tokens
            self.run_totals.tokens += word.tokens
        if isinstance(word, RevisionProposed):
            self.learning.evidence.revisions.open(word.trial)
        still = {trial.number for trial in self.blueprints.open}
        for number in before:
            if number not in still:
                self.learning.evidence.revisions.close(number)

    def _steer(self, word: RunWord, at: str) -> None:
        match word:
            case Paused():
                self.paused_at = at
            case Continued():
                self.paused_at = ""
            case TaskRequeued(task_id=task):
                self.requeued[task] = None
                self.run_tasks.discard(task)
            case TaskPrioritised(task_id=task, priority=priority):
                record = self.tasks[task]
                record.task = record.task.model_copy(update={"priority": priority})

    def _run(self, data: RunStarted | RunResumed | RunEnded, at: str) -> None:
        if isinstance(data, RunResumed):
            self.deaths.update(list(self.running))  # a mapping would be taken for counts
        self.running.clear()
        self.run_ended = isinstance(data, RunEnded)
        if not isinstance(data, RunResumed):
            self.paused_at = ""
        if isinstance(data, RunEnded):
            self.run_reason = data.reason
        if isinstance(data, RunStarted | RunResumed):
            self.learning.judged_by(data.judge)
        if isinstance(data, RunStarted | RunResumed) and data.settings is not None:
            self.learning.aim = Aim.of_run(data.settings)
            self.run_container = data.settings.get("container", "")
        if isinstance(data, RunStarted):
            self.run_started_at, self.run_reason = at, ""
            self.runs += 1
            self.run_decided = 0
            self.learning.begin_run(data.model)
            self.run_totals, self.run_tasks = Totals(), set()
            self.run_generated = {}
            self.run_simulated, self.run_seed_sha256 = data.simulated, data.seed_sha256
            if data.model != self.model:
                self.model, self.model_since = data.model, self.totals.units
                self.learning.begin_model()

    def _interrupt(self, data: Parked | Restarted | Abandoned) -> None:
        if isinstance(data, Restarted):
            self.running[data.unit_id] = None
            return
        self.running.pop(data.unit_id, None)
        if isinstance(data, Abandoned):
            flight = self.in_flight.pop(data.unit_id)
            self._close_choice(data.unit_id, "abandoned")
            self.deaths.pop(data.unit_id, None)
            record = self.tasks[flight.task.id]
            record.abandoned += 1
            record.abandoned_under = self.circumstances(record.task, model=flight.spec.model)
            self.totals.abandoned += 1
            self.run_totals.abandoned += 1
            self.learning.note_abandoned(data.unit_id)

    def _suspect(self, data: Quarantined | Validated) -> None:
        record = self.tasks[data.task_id]
        if isinstance(data, Quarantined):
            record.quarantined = data.why
            record.suspect_tries = max(1, record.suspect_tries)  # it awaits validation, though it may have been passed
            return
        record.quarantined = "" if data.sound else data.why
        record.tried_as = data.task_digest or record.tried_as
        record.suspect_tries, record.suspect_odds, record.unjudged = 0, 0.0, ""

    def _propose(self, data: TaskProposed | ChecksProposed) -> None:
        if isinstance(data, ChecksProposed):
            self.proposals.drafts[data.task.id] = data.task
            return
        self.proposals.note(data, units=self.totals.units)
        for totals in (self.totals, self.run_totals):
            totals.tokens += data.prompt_tokens + data.completion_tokens

    def _add_task(self, task: Task) -> None:
        if task.origin == "generated":
            self.run_generated[task.id] = None
        self.proposals.forget(task.id)
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
        if known.digest != digest:  # what was wrong with it may be mended
            known.quarantined, known.unjudged, known.suspect_tries, known.suspect_odds = "", "", 0, 0.0
            known.fails_in_a_row, known.failed_under, known.abandoned_under = 0, None, None
            known.passes_as_it_is = 0
            known.costs.clear()
            self.learning.forget_task(task.id)
        known.task, known.digest = task, digest

    def _decide(self, decided: Decided) -> None:
        spec = decided.spec
        record = self.tasks[spec.task_id]
        record.decided += 1
        self.decided += 1
        self.run_decided += 1
        self.slots[decided.slot] += 1
        self.run_tasks.add(spec.task_id)
        self.choices.append(Choice(spec.unit_id, spec.task_id, decided.slot, decided.why))
        self.last_task, self.last_slot = spec.task_id, decided.slot
        self.in_flight[spec.unit_id] = InFlight(spec, record.task, decided.forecast, decided.assignment, decided.slot)
        self.requeued.pop(spec.task_id, None)
        self.running[spec.unit_id] = None
        self.learning.note_decided(decided, record.task)

    def _finish(self, finished: Finished, at: str) -> None:
        result = finished.result
        flight = self.in_flight.pop(result.unit_id)
        self._close_choice(result.unit_id, result.outcome)
        self.running.pop(result.unit_id, None)
        self.deaths.pop(result.unit_id, None)
        record = self.tasks[flight.spec.task_id]
        cost = Cost(result.tokens, len(result.turns), result.wall_s)
        passed = result.outcome == "passed"
        self.models[flight.spec.model] += 1
        if answered := next((turn.model for turn in result.turns if turn.model), ""):
            self.answers_as[flight.spec.model] = answered
        for totals in (self.totals, self.run_totals):
            _count(totals, flight, result)
        graded = result.judged
        # else it was replaced while it was being worked on
        as_it_is = flight.task is record.task or task_digest(flight.task) == record.digest
        if graded and as_it_is:
            self.learning.watch_over(flight, sound=_sound(record), passed=passed, unit=self.totals.units)
            _weigh(record, passed=passed, odds=self._prior_odds(flight.task))
        if graded:
            self.blueprints.note_belog(finished.belog, flight.task)
            self.blueprints.note_check(finished.belog)
        errors = self._note_error(finished, flight.task) if graded else ()
        self.learning.finish(flight, finished, errors=errors, unit=self.totals.units, at=at, learn=graded and as_it_is)
        if graded:
            self._note_cost(flight.task, cost, finished.belog.efficiency_score)
            self._note_habits(finished, flight.task)
            for skill in flight.task.skills:
                _practise(self.skills[skill], record, passed=passed, first=result.passed_first, at=at)
                self.skills[skill].levels.append(logistic(self.learning.level(skill).mean))
            self._count_skills(flight.task, passed=passed)
            if not passed and as_it_is:
                # what the unit itself proposed makes no difference yet
                record.failed_under = self.circumstances(flight.task, model=flight.spec.model)
        _book(record, finished, cost=cost, number=self.totals.units)
        if as_it_is:
            record.unjudged = result.why_none

    def _prior_odds(self, task: Task) -> float:
        """The probability of passing that the skills and the declared difficulty alone give a task."""
        abilities = [self.learning.model.ability(skill).mean for skill in task.skills]
        return logistic(sum(abilities) / len(abilities) - prior_difficulty(task.difficulty))

    def _close_choice(self, unit_id: str, outcome: str) -> None:
        for choice in self.choices:
            if choice.unit_id == unit_id:
                choice.outcome = outcome

    def _note_habits(self, finished: Finished, task: Task) -> None:
        """Mistakes of the unit, each with an error of it, and the habits of its last code."""
        unit, score = finished.result.unit_id, finished.result.score
        messages = [error.message for error in finished.belog.errors_encountered] or [""]
        mistakes = dict(zip(finished.mistakes, itertools.chain(messages, itertools.repeat(messages[-1])), strict=False))
        self.mistakes.note(unit, task.id, skills=task.skills, examples=mistakes)
        if score is not None and score.figures is not None:
            self.habits.note(unit, task.id, skills=task.skills, examples=dict(habits(score)))

    def _note_cost(self, task: Task, cost: Cost, efficiency: float) -> None:
        family = self.families.setdefault(family_of(task.skills[0], task.difficulty), deque(maxlen=COSTS_KEPT))
        family.append(cost)
        for kept in (self.efficiencies, *(self.skills[skill].efficiencies for skill in task.skills)):
            kept.append(efficiency)

    def _count_skills(self, task: Task, *, passed: bool) -> None:
        for skill in task.skills:
            attempts, passes = self.run_totals.by_skill.get(skill, (0, 0))
            self.run_totals.by_skill[skill] = (attempts + 1, passes + passed)

    def _note_error(self, finished: Finished, task: Task) -> tuple[str, ...]:
        """Count the unit's last error; its class, if it is now remembered of all the task's skills."""
        for skill in task.skills:
            self.skills.setdefault(skill, SkillRecord())
        if not finished.belog.errors_encountered:
            return ()
        last = finished.belog.errors_encountered[-1]
        if finished.result.outcome != "passed":
            room = last.error_class in self.errors or len(self.errors) < ERRORS_KEPT
            name = last.error_class if room else OTHER_ERRORS  # code can raise classes of ever new names
            known = self.errors.setdefault(name, ErrorRecord(0, task.id, last.message, last.told or ""))
            known.count += 1
        met = [self.skills[skill].errors for skill in task.skills]
        for errors in met:
            if last.error_class in errors or len(errors) < SKILL_ERRORS_KEPT:
                errors[last.error_class] = errors.get(last.error_class, 0) + 1
        return (last.error_class,) if all(last.error_class in errors for errors in met) else ()


def _sound(record: TaskRecord) -> float | None:
    """The probability that a task can be passed, None where failures have put it in doubt."""
    if record.passes_as_it_is:
        return 1.0
    return None if record.attempts > record.no_verdicts else SOUND


def _count(totals: Totals, flight: InFlight, result: AttemptResult) -> None:
    passed = result.outcome == "passed"
    totals.units += 1
    totals.tokens += result.tokens
    totals.controls += flight.assignment is not None and flight.assignment.control
    totals.ungraded += result.outcome == "ungraded"
    totals.no_verdict += result.outcome == "no_verdict"
    totals.failed += result.outcome == "failed"
    totals.fits_only_shown += result.fits_only_shown
    totals.passed_first += passed and result.passed_first
    totals.passed_repaired += passed and not result.passed_first
    if result.judged and flight.forecast is not None:
        totals.forecasts.note(flight.forecast, passed=passed)


def _weigh(record: TaskRecord, *, passed: bool, odds: float) -> None:
    """What a graded outcome says about the task itself: is it a dead end, is it broken?"""
    if passed:
        record.passes_as_it_is += 1
        record.fails_in_a_row, record.suspect_tries, record.suspect_odds = 0, 0, 0.0
        return
    record.fails_in_a_row += 1
    record.suspect_tries += 1
    record.suspect_odds += odds


def _practise(skill: SkillRecord, record: TaskRecord, *, passed: bool, first: bool, at: str) -> None:
    skill.attempts += 1
    skill.passes += passed
    skill.first_passes += first
    skill.last_at = at
    skill.recent.append(passed)
    if record.passes:
        skill.retries_after_pass += 1
        skill.failures_after_pass += not passed


def _book(record: TaskRecord, finished: Finished, *, cost: Cost, number: int) -> None:
    result = finished.result
    record.attempts += 1
    record.last_unit = number
    record.previous.appendleft(result.unit_id)
    if result.outcome == "no_verdict":
        record.no_verdicts += 1
        return
    if record.passes:
        record.retries_after_pass += 1
        record.failures_after_pass += result.outcome != "passed"
    record.last_outcome = result.outcome
    record.passes += result.outcome == "passed"
    record.first_passes += result.passed_first
    record.best_points = max(record.best_points, result.score.points if result.score else 0.0)
    record.costs.append(cost)
