"""The evidence that verdicts of one judge are, folded unit by unit in the order of decision.

An attempt without a verdict is one that did not pass, in either arm: it did not pass at the first try, scored nothing,
and counts as one that repeats a mistake, for else whatever makes answers that nobody can judge would look like
learning from mistakes. That is against help where it happens to the treated. Where it happens to controls it is for
help, and what is proven then is no more than it says: that with what was learned more attempts get a verdict that is a
pass. So the evidence is also kept as it would be had each such control passed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from memory.assignment import Assignment
from memory.attempts import Outcome
from memory.evidence.bets import BINARY, SCORE
from memory.evidence.certificates import Certificates, Trial
from memory.evidence.claims import ArmCount, Claim, Toss
from memory.evidence.effect import Effect
from memory.evidence.integrity import CoinCheck, MissingCheck
from memory.evidence.logged import EvidenceMark, Prediction, Predictions
from memory.evidence.off_policy import WithoutLearning
from memory.evidence.predictions import Cell, Predictor, cell_of
from memory.repeats import Repeats
from memory.tasks import Task
from utils.numbers import significant

ClaimName = Literal["passed", "passed_first", "no_repeat", "score"]
CLAIMS: tuple[ClaimName, ...] = get_args(ClaimName)
PRIMARY: ClaimName = "passed"
SMALLEST_SD = 0.05
SCORE_PSEUDO = 2.0

Arms = tuple[ArmCount, ArmCount]
"""Controls, and treated units."""


def _arms() -> Arms:
    return ArmCount(), ArmCount()


class Came(NamedTuple):
    """What came of a unit; `mistakes` are the signatures of what went wrong in it."""

    outcome: Outcome
    passed_first: bool = False
    score: float = 0.0
    mistakes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether a verdict says so."""
        return self.outcome == "passed"

    @property
    def unjudged(self) -> bool:
        """Whether there is no verdict."""
        return self.outcome == "no_verdict"


class Outcomes(NamedTuple):
    """Of one unit, claim by claim; 0..1, larger is better."""

    passed: float
    passed_first: float
    no_repeat: float
    score: float


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
class Book:
    """All evidence under one judge, see memory.attempts.JUDGE."""

    judge: int = 1
    claims: dict[ClaimName, Claim] = field(
        default_factory=lambda: {name: Claim(SCORE if name == "score" else BINARY) for name in CLAIMS}
    )
    predictor: Predictor = field(default_factory=lambda: Predictor(len(CLAIMS)))
    """Of what the claims are about, in their order."""
    certificates: Certificates = field(default_factory=Certificates)
    holdout_check: CoinCheck = field(default_factory=CoinCheck)
    dropout_check: CoinCheck = field(default_factory=CoinCheck)
    missing_check: MissingCheck = field(default_factory=MissingCheck)
    any_mistake: Arms = field(default_factory=_arms)
    """Units with a mistake; shown beside the claim on repeats, as `novel_mistake` is."""
    novel_mistake: Arms = field(default_factory=_arms)
    no_verdict: Arms = field(default_factory=_arms)
    """Units, and how many of them have no verdict."""
    repair: Effect = field(default_factory=Effect)
    """On passing only after a repair: the effect on passing less that on passing at the first try."""
    repaired: Arms = field(default_factory=_arms)
    """Units that did not pass at the first try, and how many of them passed in the end."""
    without_learning: WithoutLearning = field(default_factory=WithoutLearning)
    """Of passing, over all units that count."""
    _spread: _Spread = field(default_factory=_Spread)

    @property
    def primary(self) -> Claim:
        """That what is learned makes units pass."""
        return self.claims[PRIMARY]

    @property
    def empty(self) -> bool:
        """Whether nothing was ever counted or put on trial."""
        return not self.primary.units and not len(self.certificates)

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

    def verdicts(self) -> list[str]:
        """Keys of what is certified or retired here."""
        return [key for key in self.certificates if self.certificates.verdict(key)]

    def begin_night(self) -> None:
        """A new run under the same judge."""
        for claim in self.claims.values():
            claim.begin_night()

    def fold(
        self,
        task: Task,
        assignment: Assignment | None,
        predictions: Predictions | None,
        came: Came | None,
        repeats: Repeats | None,
    ) -> list[str]:
        """Take in the next unit; the keys of those that are certified or retired by it.

        Args:
            task: one whose units count.
            assignment: the unit's coins; None if none was tossed.
            predictions: as logged.
            came: its outcome; None if it is missing.
            repeats: which of its mistakes were met before; None if the outcome is missing.
        """
        cell = cell_of(task)
        if came is not None:
            self._note_without(cell, assignment, predictions, passed=came.passed)
        if assignment is None or predictions is None:
            return []
        self._check(cell, assignment, missing=came is None)
        if came is None or repeats is None:
            self._miss(assignment, predictions)
            return []
        if assignment.holdout_probability:
            self.any_mistake[not assignment.control].note(float(repeats.any))
            self.novel_mistake[not assignment.control].note(float(repeats.novel))
            self.no_verdict[not assignment.control].note(float(came.unjudged))
        self._bet(cell, assignment, predictions, came, repeated=repeats.repeated)
        return self.certificates.settle(_trials(assignment), passed=came.passed)

    def _note_without(
        self, cell: Cell, assignment: Assignment | None, predictions: Predictions | None, *, passed: bool
    ) -> None:
        expected = predictions.passed if predictions else self.predictor.predict(cell)[0]
        self.without_learning.note(assignment, outcome=float(passed), prediction=expected.control)

    def _check(self, cell: Cell, assignment: Assignment, *, missing: bool) -> None:
        if toss := _toss(assignment):
            self.holdout_check.note(cell, arm=toss.treated, probability=toss.probability)
            self.missing_check.note(arm=toss.treated, probability=toss.probability, missing=missing)
        for nominee in assignment.nominees:
            if 0 < nominee.drop_probability < 1:
                self.dropout_check.note(cell, arm=nominee.dropped, probability=nominee.drop_probability)

    def _miss(self, assignment: Assignment, predictions: Predictions) -> None:
        """A unit whose outcome is missing."""
        if toss := _toss(assignment):
            for claim, prediction, sd in zip(self.claims.values(), *_expected(predictions), strict=True):
                claim.note_missing(toss, prediction, sd)

    def _bet(self, cell: Cell, assignment: Assignment, predictions: Predictions, came: Came, *, repeated: bool) -> None:
        """Settle the holdout coin's bets."""
        if not (toss := _toss(assignment)):
            return
        outcomes = Outcomes(
            float(came.passed), float(came.passed_first), float(not repeated and not came.unjudged), came.score
        )
        worst = (0.0 if toss.treated else 1.0) if came.unjudged else None
        each = zip(self.claims.values(), outcomes, *_expected(predictions), strict=True)
        for claim, outcome, prediction, sd in each:
            claim.note(toss, outcome, prediction, sd, worst=worst)
        self._note_repair(toss, outcomes, predictions)
        self.predictor.note(cell, outcomes, treated=toss.treated)
        self._spread.note(outcomes.score - predictions.score.mean)

    def _note_repair(self, toss: Toss, outcomes: Outcomes, predictions: Predictions) -> None:
        self.repair.note(
            treated=toss.treated,
            probability=toss.probability,
            outcome=outcomes.passed - outcomes.passed_first,
            prediction=_less(predictions.passed, predictions.passed_first),
        )
        if not outcomes.passed_first:
            self.repaired[toss.treated].note(outcomes.passed)


def _toss(assignment: Assignment) -> Toss | None:
    """The holdout coin; None if there was nothing to toss."""
    if not 0 < assignment.holdout_probability < 1:
        return None
    return Toss(not assignment.control, 1 - assignment.holdout_probability)


def _expected(predictions: Predictions) -> tuple[Sequence[Prediction], Sequence[float]]:
    """What was predicted of each claim, and the standard deviations."""
    predicted = (predictions.passed, predictions.passed_first, predictions.no_repeat, predictions.score)
    return predicted, (1.0, 1.0, 1.0, predictions.score_sd)


def _less(passed: Prediction, first: Prediction) -> Prediction:
    """Of passing only after a repair."""
    return Prediction(
        mean=max(0.0, passed.mean - first.mean),
        treated=max(0.0, passed.treated - first.treated),
        control=max(0.0, passed.control - first.control),
    )


def _trials(assignment: Assignment) -> list[Trial]:
    """The coins of what is on trial; those of controls decided nothing."""
    if assignment.control:
        return []
    return [
        Trial(each.key, shown=not each.dropped, probability=1 - each.drop_probability, baseline=each.baseline)
        for each in assignment.nominees
        if each.trial and each.baseline is not None and 0 < each.drop_probability < 1
    ]
