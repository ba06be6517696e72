"""What each skill would be believed to be if it never changed: what a fall is held against.

The model of the Builder forgets, so that it follows a Builder that changes; a fall is explained away in a few
attempts. This belief does not forget: the Gaussian of an ability that stands still, with the prior of the model of the
Builder, moved by each graded attempt in one step of assumed-density filtering (memory.builder_model has the formula;
here one Newton step). Where the Builder gets better it lags behind, and forecasts with it are too low. It serves the
watch for lost skills alone: nothing is chosen, forecast or shown by it.
"""

from collections.abc import Mapping, Sequence

from memory.builder_model import ABILITY, Belief, logistic, logit

EDGE = 1e-6
"""A forecast this near 0 or 1 counts as so far from it."""


class SteadyAbilities:
    """Beliefs by skill, in logits."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self._skills: dict[str, Belief] = {}

    def forecast(self, forecast: float, abilities: Mapping[str, float]) -> float:
        """The probability of passing if the task's skills never changed.

        Args:
            forecast: by the model of the Builder, 0..1.
            abilities: the means, in logits, that it rests on, of each of the task's skills.
        """
        ahead = sum(self._of(skill).mean - mean for skill, mean in abilities.items()) / len(abilities)
        return logistic(logit(min(1 - EDGE, max(EDGE, forecast))) + ahead)

    def note(self, skills: Sequence[str], forecast: float, *, passed: bool) -> None:
        """Learn from an attempt; `forecast` as above."""
        share = 1.0 / len(skills)
        before = [self._of(skill) for skill in skills]
        curvature = forecast * (1.0 - forecast)
        whole = 1.0 + curvature * share * share * sum(belief.variance for belief in before)
        for skill, belief in zip(skills, before, strict=True):
            step = share * belief.variance
            mean = belief.mean + step * (passed - forecast) / whole
            self._skills[skill] = Belief(mean, belief.variance - step * step * curvature / whole)

    def clear(self) -> None:
        """Another Builder."""
        self._skills.clear()

    def _of(self, skill: str) -> Belief:
        return self._skills.get(skill) or Belief(ABILITY.mean, ABILITY.variance)
