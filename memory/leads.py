"""How far outcomes have lately been ahead of the forecasts, by skill; and what pass rate practice aims at.

The model of the Builder lags behind one that gets better: abilities are pulled back to the average, and part of what
is learned goes to the difficulties of tasks that are tried again. What is chosen as even odds is then passed nearly
always. So the aim is taken at the pass rate that comes, not at the one that is believed: the intercept of a
recalibration in the logit (Cox 1958), followed online,

    lead += speed * (passed - logistic(logit(forecast) + lead)).

It moves which task comes next and nothing else: forecasts, levels and rules are what the model of the Builder says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from memory.builder_model import logistic, logit

EDGE = 1e-6
"""A forecast this near 0 or 1 counts as so far from it."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What practice aims at; without being told, as before there was a choice.

    Attributes:
        goal: the pass rate.
        speed: of the leads, in logits for a surprise of 1; 0 trusts the model of the Builder as it is.
        watched: whether what was mastered is tried again where it may have been lost.
    """

    goal: float = 0.65
    speed: float = 0.0
    watched: bool = False

    @classmethod
    def of_run(cls, settings: Mapping[str, str]) -> Self:
        """From the settings that a run has logged."""
        old = cls()
        return cls(
            goal=float(settings.get("goal_pass_rate", old.goal)),
            speed=float(settings.get("goal_speed", old.speed)),
            watched=settings.get("watch", "off") == "on",
        )


class Leads:
    """Logits by skill, 0 where nothing was forecast yet."""

    def __init__(self) -> None:
        """No skill is ahead of anything."""
        self._logits: dict[str, float] = {}

    def of(self, skills: Sequence[str]) -> float:
        """The mean over a task's skills."""
        return sum(self._logits.get(skill, 0.0) for skill in skills) / len(skills)

    def note(self, skills: Sequence[str], forecast: float, *, passed: bool, speed: float) -> None:
        """Follow one outcome in each of its task's skills."""
        surprise = passed - ahead(forecast, by=self.of(skills))
        for skill in skills:
            self._logits[skill] = self._logits.get(skill, 0.0) + speed * surprise

    def clear(self) -> None:
        """Another Builder: what was learned of the old one's lead says nothing of the new one's."""
        self._logits.clear()


def ahead(forecast: float, *, by: float) -> float:
    """A probability that is `by` logits higher."""
    return logistic(logit(min(1 - EDGE, max(EDGE, forecast))) + by)
