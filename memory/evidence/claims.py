"""A claim that what is learned helps: its evidence, the average effect, both arms' rates, and the worst that missing
outcomes could mean."""

from copy import deepcopy
from dataclasses import dataclass

from memory.evidence.bets import BINARY, Mixture, Wealth
from memory.evidence.effect import Effect
from memory.evidence.logged import Prediction
from memory.evidence.predictions import Cell, Predictor


@dataclass(frozen=True, slots=True)
class Toss:
    """A unit's holdout coin, as it bears on a claim.

    Attributes:
        cell: skill and difficulty of the unit's task.
        treated: what the coin said.
        probability: of being treated, in (0, 1), as logged.
        prediction: of the outcome, as logged.
        sd: of outcomes about predictions, as logged; 1 for outcomes 0 or 1.
    """

    cell: Cell
    treated: bool
    probability: float
    prediction: Prediction
    sd: float = 1.0


@dataclass(slots=True)
class ArmCount:
    """Units of one arm, and the sum of their outcomes."""

    units: int = 0
    outcomes: float = 0.0

    def note(self, outcome: float) -> None:
        """One more unit."""
        self.units += 1
        self.outcomes += outcome

    @property
    def rate(self) -> float | None:
        """The mean outcome; None without units."""
        return self.outcomes / self.units if self.units else None


class Claim:
    """The evidence on one claim, folded in the order of decision."""

    def __init__(self, bets: Mixture = BINARY) -> None:
        """Nothing was seen."""
        self._bets = bets
        self.wealth = Wealth(bets)
        """Of all nights."""
        self._tonight: Wealth | None = None
        self._worst: Wealth | None = None
        """None while they are what `wealth` is: in the first night, and while no outcome is missing."""
        self.predictor = Predictor()
        self.effect = Effect()
        self.arms = (ArmCount(), ArmCount())
        """Of controls, and of treated units."""

    @property
    def units(self) -> int:
        """With an outcome."""
        return self.arms[0].units + self.arms[1].units

    @property
    def tonight(self) -> Wealth:
        """Of this night alone."""
        return self._tonight or self.wealth

    @property
    def worst(self) -> Wealth:
        """Of all nights, had each missing outcome been the worst for the claim."""
        return self._worst or self.wealth

    def begin_night(self) -> None:
        """A new run: does it still work?"""
        if self.wealth.units or self._tonight:
            self._tonight = Wealth(self._bets)

    def note(self, toss: Toss, outcome: float) -> None:
        """A unit's outcome, 0..1, larger is better."""
        for wealth in (self.wealth, self._tonight, self._worst):
            if wealth is not None:
                _bet(wealth, toss, outcome)
        self.effect.note(
            treated=toss.treated, probability=toss.probability, outcome=outcome, prediction=toss.prediction
        )
        self.predictor.note(toss.cell, outcome, treated=toss.treated)
        self.arms[toss.treated].note(outcome)

    def note_missing(self, toss: Toss) -> None:
        """A unit without an outcome: against help stands a failure of the treated, a pass of controls."""
        self._worst = self._worst or deepcopy(self.wealth)
        _bet(self._worst, toss, 0.0 if toss.treated else 1.0)


def _bet(wealth: Wealth, toss: Toss, outcome: float) -> None:
    wealth.bet(
        arm=toss.treated,
        probability=toss.probability,
        outcome=outcome,
        prediction=toss.prediction.mean,
        sd=toss.sd,
    )
