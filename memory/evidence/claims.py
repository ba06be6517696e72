"""A claim that what is learned helps: its evidence, the average effect, both arms' rates, and the worst that missing
outcomes could mean."""

from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

from memory.evidence.bets import BINARY, Mixture, Wealth
from memory.evidence.effect import Effect
from memory.evidence.logged import Prediction


class Toss(NamedTuple):
    """A unit's holdout coin: whether it said "treated", and the probability that it does, in (0, 1), as logged."""

    treated: bool
    probability: float


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
        """None while they are what `wealth` is: in the first night, and while no outcome or verdict is missing."""
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
        """Of all nights, had each missing outcome, and each without a verdict, been the worst for the claim."""
        return self._worst or self.wealth

    def begin_night(self) -> None:
        """A new run: does it still work?"""
        if self.wealth.units or self._tonight:
            self._tonight = Wealth(self._bets)

    def note(
        self, toss: Toss, outcome: float, prediction: Prediction, sd: float = 1.0, *, worst: float | None = None
    ) -> None:
        """A unit's outcome.

        Args:
            toss: the unit's coin.
            outcome: 0..1, larger is better.
            prediction: of it, as logged.
            sd: of outcomes about predictions, as logged; 1 for outcomes 0 or 1.
            worst: what `worst` takes in its place, for a unit without a verdict.
        """
        treated, probability = toss
        if worst is not None:
            self._worst = self._worst or deepcopy(self.wealth)
        for wealth in (self.wealth, self._tonight):
            if wealth is not None:
                wealth.bet(arm=treated, probability=probability, surprise=(outcome - prediction.mean) / sd)
        if self._worst is not None:
            at_worst = outcome if worst is None else worst
            self._worst.bet(arm=treated, probability=probability, surprise=(at_worst - prediction.mean) / sd)
        self.effect.note(treated=treated, probability=probability, outcome=outcome, prediction=prediction)
        self.arms[treated].note(outcome)

    def note_missing(self, toss: Toss, prediction: Prediction, sd: float = 1.0) -> None:
        """A unit without an outcome: against help stands a failure of the treated, a pass of controls."""
        self._worst = self._worst or deepcopy(self.wealth)
        worst = 0.0 if toss.treated else 1.0
        surprise = (worst - prediction.mean) / sd
        self._worst.bet(arm=toss.treated, probability=toss.probability, surprise=surprise)
