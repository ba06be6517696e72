"""The book of evidence: every coin with what came of it, in the order of decision.

Who finishes first may depend on the arm. So evidence advances unit by unit as they were decided, up to the first that
has no outcome yet; what is predicted of a unit rests on what was folded before it was decided.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from memory.assignment import Assignment, BlueprintToss
from memory.attempts import AttemptResult, AttemptSpec, Outcome
from memory.evidence.bets import BINARY, SCORE
from memory.evidence.certificates import Certificates, Trial
from memory.evidence.claims import ArmCount, Claim, Toss
from memory.evidence.integrity import CoinCheck, MissingCheck
from memory.evidence.logged import EvidenceMark, Predictions
from memory.evidence.off_policy import WithoutLearning
from memory.evidence.predictions import Cell, Predictor, cell_of
from memory.evidence.revisions import Revisions
from memory.repeats import Mistakes
from memory.tasks import Task
from utils.numbers import significant

ClaimName = Literal["passed", "passed_first", "no_repeat", "score"]
CLAIMS: tuple[ClaimName, ...] = get_args(ClaimName)
PRIMARY: ClaimName = "passed"
Outcomes = tuple[float, float, float, float]
"""Of one unit, claim by claim."""
SMALLEST_SD = 0.05
SCORE_PSEUDO = 2.0


class Came(NamedTuple):
    """What came of a unit; `mistakes` are the signatures of what went wrong in it."""

    outcome: Outcome
    passed_first: bool = False
    score: float = 0.0
    mistakes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Waiting:
    """A decided unit whose evidence is not folded yet."""

    unit: str
    model: str
    task: Task
    assignment: Assignment | None
    predictions: Predictions | None
    toss: BlueprintToss | None = None
    came: Came | None = None
    abandoned: bool = False


@dataclass(slots=True)
class _Spread:
    """Squared distances of scores from their predictions."""

    units: int = 0
    squares: float = 0.0

    def note(self, distance: float) -> None:
        self.units += 1
        self.squares += distance**2

    @property
    def sd(self) -> float:
        """Drawn towards a quarter, and never so small that one score decides."""
        return max(SMALLEST_SD, math.sqrt((self.squares + SCORE_PSEUDO / 16) / (self.units + SCORE_PSEUDO)))


@dataclass(slots=True)
class Ledger:
    """All evidence of a memory."""

    claims: dict[ClaimName, Claim] = field(
        default_factory=lambda: {name: Claim(SCORE if name == "score" else BINARY) for name in CLAIMS}
    )
    predictor: Predictor = field(default_factory=lambda: Predictor(len(CLAIMS)))
    """Of what the claims are about, in their order."""
    certificates: Certificates = field(default_factory=Certificates)
    revisions: Revisions = field(default_factory=Revisions)
    """Of ways of working."""
    holdout_check: CoinCheck = field(default_factory=CoinCheck)
    dropout_check: CoinCheck = field(default_factory=CoinCheck)
    missing_check: MissingCheck = field(default_factory=MissingCheck)
    mistakes: Mistakes = field(default_factory=Mistakes)
    any_mistake: tuple[ArmCount, ArmCount] = field(default_factory=lambda: (ArmCount(), ArmCount()))
    """Units with a mistake, controls first; shown beside the claim on repeats, as `novel_mistake` is."""
    novel_mistake: tuple[ArmCount, ArmCount] = field(default_factory=lambda: (ArmCount(), ArmCount()))
    without_learning: WithoutLearning = field(default_factory=WithoutLearning)
    """Of passing, over all graded units."""
    _spread: _Spread = field(default_factory=_Spread)
    _queue: deque[_Waiting] = field(default_factory=deque)
    _waiting: dict[str, _Waiting] = field(default_factory=dict)

    @property
    def primary(self) -> Claim:
        """That what is learned makes units pass."""
        return self.claims[PRIMARY]

    @property
    def suspended(self) -> str:
        """Why no claim can be made: which alarm was raised; empty if none was."""
        checks = (
            ("the coins of the holdout do not fall as often as was logged", self.holdout_check.alarmed),
            ("the coins of the dropout do not fall as often as was logged", self.dropout_check.alarmed),
            ("outcomes are missing in one arm more than in the other", self.missing_check.alarmed),
        )
        return "; ".join(words for words, alarmed in checks if alarmed)

    def mark(self) -> EvidenceMark:
        """What is known now, for the log."""
        wealth = self.primary.wealth
        return EvidenceMark(
            units=self.primary.units,
            log_helps=significant(wealth.log_helps),
            log_harms=significant(wealth.log_harms),
        )

    def predict(self, task: Task) -> Predictions:
        """Of a unit that is about to be decided."""
        passed, passed_first, no_repeat, score = self.predictor.predict(cell_of(task))
        return Predictions(
            passed=passed,
            passed_first=passed_first,
            no_repeat=no_repeat,
            score=score,
            score_sd=significant(self._spread.sd),
        )

    @property
    def waiting(self) -> list[str]:
        """Units that are not folded yet, in the order of decision; the first has no outcome yet."""
        return [each.unit for each in self._queue]

    def begin_night(self, model: str) -> list[str]:
        """A new run with this model; the keys of those that are certified or retired now.

        Units of another model may never be finished, and nothing after them would ever count: they are missing from
        here on, whatever becomes of them.
        """
        for claim in self.claims.values():
            claim.begin_night()
        for waiting in self._queue:
            waiting.abandoned = waiting.abandoned or (waiting.came is None and waiting.model != model)
        return self._advance()

    def note_decided(
        self, spec: AttemptSpec, task: Task, assignment: Assignment | None, predictions: Predictions | None,
        toss: BlueprintToss | None = None,
    ) -> None:  # fmt: skip
        """A unit takes its place; what goes on trial with it gets its number."""
        waiting = _Waiting(spec.unit_id, spec.model, task, assignment, predictions, toss)
        self._waiting[spec.unit_id] = waiting
        self._queue.append(waiting)
        if assignment is not None:
            self.certificates.enter([each.key for each in assignment.nominees if each.trial])

    def note_finished(self, result: AttemptResult, mistakes: Sequence[str]) -> list[str]:
        """A unit has its outcome; the keys of those that are certified or retired now."""
        waiting = self._waiting.get(result.unit_id)
        if waiting is None:  # another model's, which is counted as missing already
            return []
        score = result.score.points / 100 if result.score is not None else 0.0
        waiting.came = Came(result.outcome, result.passed_first, score, tuple(mistakes))
        return self._advance()

    def note_abandoned(self, unit: str) -> list[str]:
        """A unit will never have an outcome; the keys of those that are certified or retired now."""
        if unit in self._waiting:
            self._waiting[unit].abandoned = True
        return self._advance()

    def _advance(self) -> list[str]:
        crossed: list[str] = []
        while self._queue and (self._queue[0].came is not None or self._queue[0].abandoned):
            waiting = self._queue.popleft()
            del self._waiting[waiting.unit]
            crossed += self._fold(waiting)
        return crossed

    def _fold(self, waiting: _Waiting) -> list[str]:
        came, assignment, predictions = waiting.came, waiting.assignment, waiting.predictions
        repeats = self.mistakes.note(came.mistakes) if came is not None else None
        if not waiting.task.graded:
            return []
        cell = cell_of(waiting.task)
        if waiting.toss is not None:
            self.revisions.settle(waiting.toss, cell, passed=None if came is None else came.outcome == "passed")
        if came is not None:
            self._note_without(cell, waiting, passed=came.outcome == "passed")
        if assignment is None or predictions is None:
            return []
        self._check(cell, assignment, missing=came is None)
        outcomes: Outcomes | None = None
        if came is not None and repeats is not None:
            passed = float(came.outcome == "passed")
            outcomes = (passed, float(came.passed_first), float(not repeats.repeated), came.score)
            if assignment.holdout_probability:
                self.any_mistake[not assignment.control].note(float(repeats.any))
                self.novel_mistake[not assignment.control].note(float(repeats.novel))
        self._bet(cell, assignment, predictions, outcomes)
        if came is None:
            return []
        return self.certificates.settle(_trials(assignment), passed=came.outcome == "passed")

    def _note_without(self, cell: Cell, waiting: _Waiting, *, passed: bool) -> None:
        expected = waiting.predictions.passed if waiting.predictions else self.predictor.predict(cell)[0]
        self.without_learning.note(waiting.assignment, outcome=float(passed), prediction=expected.control)

    def _check(self, cell: Cell, assignment: Assignment, *, missing: bool) -> None:
        if 0 < assignment.holdout_probability < 1:
            treated = 1 - assignment.holdout_probability
            self.holdout_check.note(cell, arm=not assignment.control, probability=treated)
            self.missing_check.note(arm=not assignment.control, probability=treated, missing=missing)
        for nominee in assignment.nominees:
            if 0 < nominee.drop_probability < 1:
                self.dropout_check.note(cell, arm=nominee.dropped, probability=nominee.drop_probability)

    def _bet(
        self,
        cell: Cell,
        assignment: Assignment,
        predictions: Predictions,
        outcomes: Outcomes | None,
    ) -> None:
        """Settle the holdout coin's bets; `outcomes` is None where they are missing."""
        if not 0 < assignment.holdout_probability < 1:
            return
        toss = Toss(not assignment.control, 1 - assignment.holdout_probability)
        predicted = (predictions.passed, predictions.passed_first, predictions.no_repeat, predictions.score)
        spreads = (1.0, 1.0, 1.0, predictions.score_sd)
        if outcomes is None:
            for claim, prediction, sd in zip(self.claims.values(), predicted, spreads, strict=True):
                claim.note_missing(toss, prediction, sd)
            return
        for claim, outcome, prediction, sd in zip(self.claims.values(), outcomes, predicted, spreads, strict=True):
            claim.note(toss, outcome, prediction, sd)
        self.predictor.note(cell, outcomes, treated=toss.treated)
        self._spread.note(outcomes[-1] - predictions.score.mean)


def _trials(assignment: Assignment) -> list[Trial]:
    """The coins of what is on trial; those of controls decided nothing."""
    if assignment.control:
        return []
    return [
        Trial(each.key, shown=not each.dropped, probability=1 - each.drop_probability, baseline=each.baseline)
        for each in assignment.nominees
        if each.trial and each.baseline is not None and 0 < each.drop_probability < 1
    ]
