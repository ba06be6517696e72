"""Evidence on changed ways of working, each on its own coin.

Every graded unit of the family of a revision on trial has a coin of its own, tossed before the unit begins and
independent of all others, which says whether it is worked on with the revision. The bets are those on any claim
(memory.evidence.claims), with predictions from this trial's past alone: a discounted mean by skill and difficulty that
never sees the unit's arm.

The k-th revision that ever went on trial is proven better once the part of its evidence that is on help reaches
k (k + 1) / 0.10. The sum of 1 / (k (k + 1)) is 1, so that the probability that ever any revision is adopted that makes
no unit of its trial pass more often is at most 0.10, and .05 for the first one, however many are tried, whoever wrote
them, and after any number of looks. To stop a trial for any other reason costs that guarantee nothing.

Not covered: what a revision costs. More repairs may pass more often by taking more tokens.
"""

from dataclasses import dataclass, field

from memory.assignment import BlueprintToss
from memory.evidence.bets import BINARY
from memory.evidence.certificates import threshold
from memory.evidence.claims import Claim, Toss
from memory.evidence.integrity import CoinCheck, MissingCheck
from memory.evidence.logged import Prediction, TrialFigures
from memory.evidence.predictions import Cell, Predictor
from utils.numbers import significant


@dataclass(slots=True)
class RevisionEvidence:
    """What the coins of one trial have come to; the treated arm is the revision's."""

    number: int
    claim: Claim = field(default_factory=lambda: Claim(BINARY))
    coin_check: CoinCheck = field(default_factory=CoinCheck)
    missing_check: MissingCheck = field(default_factory=MissingCheck)
    _predictor: Predictor = field(default_factory=lambda: Predictor(1))

    def predict(self, cell: Cell) -> Prediction:
        """Of passing, for a unit in this cell that is about to be decided."""
        return self._predictor.predict(cell)[0]

    @property
    def log_needed(self) -> float:
        """Ln of what the evidence has to reach."""
        return float(threshold(self.number))

    @property
    def better(self) -> bool:
        """Whether the revision was ever proven better."""
        return self.claim.wealth.peak_helps >= self.log_needed

    @property
    def worse(self) -> bool:
        """Whether it was ever proven worse: by the tenth of the stake that is on harm, at 20."""
        return self.claim.wealth.harm_proven

    @property
    def suspended(self) -> str:
        """Why nothing can be concluded; empty if it can."""
        if self.coin_check.alarmed:
            return "its coins do not fall as often as was logged"
        return "outcomes are missing in one arm more than in the other" if self.missing_check.alarmed else ""

    @property
    def figures(self) -> TrialFigures:
        """What the coins have come to, for the log."""
        before, revised = self.claim.arms
        passed = round(before.outcomes), round(revised.outcomes)
        return TrialFigures(
            passed=passed,
            failed=(before.units - passed[0], revised.units - passed[1]),
            log_helps=significant(self.claim.wealth.log_helps),
            log_harms=significant(self.claim.wealth.log_harms),
            log_needed=significant(self.log_needed),
            effect=significant(self.claim.effect.mean),
        )

    def settle(self, toss: BlueprintToss, cell: Cell, *, passed: bool | None) -> None:
        """Settle the bets on one unit, in the order of decision; None for an outcome that is missing."""
        coin = Toss(toss.challenger, toss.probability)
        self.coin_check.note(cell, arm=toss.challenger, probability=toss.probability)
        self.missing_check.note(arm=toss.challenger, probability=toss.probability, missing=passed is None)
        if passed is None:
            self.claim.note_missing(coin, toss.prediction)
            return
        self.claim.note(coin, float(passed), toss.prediction)
        self._predictor.note(cell, [float(passed)], treated=toss.challenger)


class Revisions:
    """The evidence of all open trials."""

    def __init__(self) -> None:
        """There was none."""
        self._trials: dict[int, RevisionEvidence] = {}

    def of(self, trial: int) -> RevisionEvidence:
        """Of the open trial with this number, from 1."""
        return self._trials[trial]

    def open(self, trial: int) -> None:
        """A revision went on trial."""
        self._trials[trial] = RevisionEvidence(trial)

    def renew(self) -> None:
        """Another judge: the coins of open trials begin anew, for what they came to was said by the one before."""
        self._trials = {trial: RevisionEvidence(trial) for trial in self._trials}

    def close(self, trial: int) -> None:
        """A trial ended: units of it that are still under way no longer count; its figures are in the log."""
        del self._trials[trial]

    def settle(self, toss: BlueprintToss, cell: Cell, *, passed: bool | None) -> None:
        """Settle the bets on a unit of a trial that is open."""
        if toss.trial in self._trials:
            self._trials[toss.trial].settle(toss, cell, passed=passed)
