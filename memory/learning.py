"""What outcomes teach: the model of the Builder, the rules and the reviews, moved together by the fold of the log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from memory.assignment import RECALL
from memory.builder_model import Belief, BuilderModel, Effects, Numbers, Practice, logistic, prior_difficulty
from memory.digests import normalised_rule
from memory.events import Decided, Finished, RuleAdded, RuleEdited, RuleJudged, RuleMerged, RuleUnmerged, RuleWord
from memory.evidence.ledger import Ledger
from memory.falls import Watch
from memory.gains import Gains
from memory.leads import Aim, Leads
from memory.records import InFlight
from memory.reviews import Reviews
from memory.rule_origins import Source
from memory.rules import RuleBook, RuleRecord
from memory.tasks import Task


@dataclass(frozen=True, slots=True)
class _Tried:
    """Graded attempts at a task or at all of a skill, and how much harder than declared, in logits x attempts."""

    attempts: int = 0
    harder: float = 0.0
    skills: tuple[str, ...] = ()


class Learning:
    """All that is learned of the Builder."""

    def __init__(self) -> None:
        """Nothing is."""
        self.model = BuilderModel()
        self.rules = RuleBook()
        self.reviews = Reviews()
        self.evidence = Ledger()
        self.aim = Aim()
        """Of the present run's practice."""
        self.leads = Leads()
        self.watch = Watch()
        self.gains = Gains()
        self.recalls = 0
        """Graded units whose prompts told of earlier attempts."""
        self._numbers = np.zeros(0, dtype=np.intp)
        self._tried: dict[str, _Tried] = {}
        self._surprise: dict[str, _Tried] = {}

    def expected(self, task: Task, shown: Iterable[str] = ()) -> float:
        """The probability, 0..1, that a unit of this task passes with these learned things in its prompts."""
        return self.model.forecast(practice_of(task, shown))

    def level(self, skill: str) -> Belief:
        """The logit of passing a task of this skill of medium difficulty, as the skill's tasks have turned out to be.

        It is theta[skill], less the mean over its tried tasks, weighted by attempts, of how much harder than declared
        they are believed to be. Where all tasks of a skill are harder than declared it is the Builder that is weak;
        abilities are forgotten and difficulties are not, so that without this term the difficulties would hide it.
        The variance is theta's.
        """
        ability, surprise = self.model.ability(skill), self._surprise.get(skill)
        harder = surprise.harder / surprise.attempts if surprise and surprise.attempts else 0.0
        return Belief(ability.mean - harder, ability.variance)

    def _success(self, skills: Iterable[str]) -> float:
        """Expected at a task of medium difficulty of each of these skills, summed."""
        return sum(logistic(self.level(skill).mean) for skill in skills)

    def _note_surprise(self, task: Task) -> None:
        """Keep each skill's sum over its tasks of attempts x (b - prior mean of b) up to date."""
        before = self._tried.get(task.id, _Tried())
        believed = self.model.difficulty(task.id, declared=task.difficulty).mean
        attempts = before.attempts + 1
        after = _Tried(attempts, attempts * (believed - prior_difficulty(task.difficulty)), task.skills)
        self._tried[task.id] = after
        for skill in task.skills:
            self._add_surprise(skill, 1, after.harder - before.harder)

    def _add_surprise(self, skill: str, attempts: int, harder: float) -> None:
        known = self._surprise.get(skill, _Tried())
        self._surprise[skill] = _Tried(known.attempts + attempts, known.harder + harder)

    def forget_task(self, task: str) -> None:
        """Its text was changed: what is believed of its difficulty no longer holds."""
        self.model.forget_task(task)
        before = self._tried.pop(task, _Tried())
        for skill in before.skills:
            self._add_surprise(skill, -before.attempts, -before.harder)

    def note_decided(self, decided: Decided, task: Task) -> None:
        """Count the nominations, and give the unit its place in the book of evidence."""
        assignment = decided.assignment
        self.evidence.note_decided(decided.spec, task, assignment, decided.predictions, decided.blueprint)
        for nominee in assignment.nominees if assignment else ():
            if nominee.kind == "rule":
                self.rules.note_nominee(
                    nominee.id,
                    nominee.version,
                    control=assignment is not None and assignment.control,
                    dropped=nominee.dropped,
                )

    def watch_over(self, flight: InFlight, *, sound: float | None, passed: bool, unit: int) -> None:
        """A graded attempt ended; see `Watch.note`."""
        if flight.forecast is not None:
            self.watch.note(flight.forecast, self._means(flight.task), sound=sound, passed=passed, unit=unit)

    def as_it_was(self, task: Task, expected: float) -> float:
        """An expectation of passing, 0..1, had the task's skills never changed."""
        return self.watch.as_it_was(expected, self._means(task))

    def _means(self, task: Task) -> dict[str, float]:
        return {skill: self.model.ability(skill).mean for skill in task.skills}

    def finish(
        self, flight: InFlight, finished: Finished, *, errors: Sequence[str], unit: int, at: str, learn: bool
    ) -> None:
        """Learn from a unit's outcome, the unit-th of the memory, and take the rule that it proposes.

        `errors` are the classes under which its last error is remembered of the task's skills; without `learn`, for
        an ungraded task or one that was replaced meanwhile, only time passes.
        """
        result = finished.result
        self._note_verdicts(self.evidence.note_finished(result, finished.mistakes))
        if not learn:
            self.model.pass_by()
        else:
            passed = result.outcome == "passed"
            if flight.forecast is not None:
                self.leads.note(flight.task.skills, flight.forecast, passed=passed, speed=self.aim.speed)
            before = self._success(flight.task.skills)
            self.model.observe(practice_of(flight.task, flight.shown), float(passed))
            self._note_surprise(flight.task)
            self.gains.note(flight.slot, self._success(flight.task.skills) - before)
            self.reviews.note(flight.task.id, passed=passed, first=result.passed_first, unit=unit)
            self._note_shown(flight, passed=passed)
        reflection = result.reflection
        if reflection is not None and normalised_rule(reflection.rule):
            source = Source(kind="reflection", by=result.unit_id)
            record = self.rules.propose(
                reflection.rule, source=source, at=at, skills=flight.task.skills, error_classes=errors or None
            )
            self._number(record)

    def begin_model(self) -> None:
        """Another Builder: what practice brought the old one says nothing of the new one."""
        self.leads.clear()
        self.watch.clear()
        self.gains.clear()

    def begin_run(self, model: str) -> None:
        """A run with this model began."""
        self._note_verdicts(self.evidence.begin_night(model))

    def judged_by(self, judge: int) -> None:
        """From here on verdicts are this judge's: nothing is proven of what another one's say helps or harms."""
        self._note_verdicts(self.evidence.judged_by(judge))

    def note_abandoned(self, unit: str) -> None:
        """A unit's outcome is missing."""
        self._note_verdicts(self.evidence.note_abandoned(unit))

    def _note_verdicts(self, keys: Iterable[str]) -> None:
        """What evidence says of these now decides who may be shown them."""
        for key in keys:
            self.rules.note_verdict(key, self.evidence.certificates.verdict(key))

    def steer(self, word: RuleWord, *, at: str) -> None:
        """What a person says about rules."""
        match word:
            case RuleAdded():
                source = Source(kind=word.source, by=word.by, file=word.file)
                record = self.rules.propose(
                    word.text, source=source, at=at, skills=word.skills, error_classes=word.error_classes
                )
                self.rules.note_change(record)
                self._number(record)
            case RuleEdited():
                self.rules.edit(word.rule, word.text, by=word.by)
                edited = self.rules.get(word.rule)
                assert edited is not None  # the fold refuses words on unknown rules
                self._number(edited)
            case RuleJudged():
                self.rules.judge(word.rule, word.standing)
            case RuleMerged():
                self.rules.merge(word.kept, word.other)
            case RuleUnmerged():
                self.rules.unmerge(word.rule)

    def _number(self, record: RuleRecord) -> None:
        """Note where the model keeps the present version of a rule."""
        place = record.place
        if place >= len(self._numbers):
            more = max(place + 1, 64)
            self._numbers = np.concatenate((self._numbers, np.zeros(more, dtype=np.intp)))
        self._numbers[place] = self.model.rule_number(record.key)

    def effects(self, places: Numbers, *, skills: Sequence[str]) -> Effects:
        """What is believed of the rules at these places of the book in a task of these skills, or in general for none.

        Arrays of one shape, in logits.
        """
        return self.model.effects(self._numbers[places], skills=skills)

    def _note_shown(self, flight: InFlight, *, passed: bool) -> None:
        for nominee in flight.assignment.shown if flight.assignment else ():
            if nominee.id == RECALL:
                self.recalls += 1
            else:
                self.rules.note_shown(nominee.id, nominee.version, passed=passed)


def practice_of(task: Task, shown: Iterable[str] = ()) -> Practice:
    """The task as the model of the Builder looks at it."""
    return Practice(task=task.id, difficulty=task.difficulty, skills=task.skills, rules=tuple(shown))
