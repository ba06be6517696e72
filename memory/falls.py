"""Notices that a skill got worse: attempts at what was passed before fail more often than was forecast.

For each skill a Shiryaev-Roberts statistic (Shiryaev 1963, Roberts 1966): the sum, over every attempt at which the fall
could have begun, of the likelihood ratio of "worse since then" to "as it was",

    R <- (1 + R) P(outcome | as it was, less a drop / n) / P(outcome | as it was)

for a task of n skills, the mean over two drops. Where it began is told by Page's cumulative sum (1954). "As it was" is
the forecast, but with an ability no lower than half a standard deviation below what was believed when it began: the
model of the Builder follows a fall, and would explain it away. If those odds are right, R less the number of attempts
is a martingale, so that between two false alarms for a skill lie at least ALARM attempts on average. They are believed
odds, so that is no guarantee: what was measured in ordinary nights, and how soon a loss is found, is in
docs/experiments.md.

Only tasks that had been passed count: one that was never passed cannot be forgotten, and a broken one never is. Nor do
those that were more likely to fail than not. Where one skill fell, attempts that practise it say nothing of others for
a while. Beliefs are not touched. Not covered: slow falls, which the model of the Builder follows as they come.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from memory.builder_model import Belief, logistic, logit
from memory.leads import EDGE

DROPS = (2.5, 6.0)
"""Logits: a part of a skill, and all of it."""
ALARM = 1000.0
SUSPECT = 10.0
"""From here on the Trainer looks closer."""
DOUBT = 0.5
"""Standard deviations that a skill may have been below what was believed of it."""
SUREST = 0.9
"""A forecast nearer 1 counts as this: no single failure proves a fall."""
LIKELY = 0.5
"""What was expected to fail as soon as to pass says little when it fails."""
FADES = 0.95
"""What is left of a suspicion after an attempt that says little, or it would be looked into for ever."""
QUIET_UNITS = 100
KEPT = 20


@dataclass(frozen=True, slots=True)
class Fall:
    """A skill that got worse; `unit` ended when it was noticed, `since` when its failures began, of the memory's.

    Of the `tries` from then on at what had been passed before so many failed; `expected` failures were forecast.
    """

    skill: str
    unit: int
    since: int
    tries: int
    failures: int
    expected: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """An attempt, as one of its `skills` sees it: `ability` is what is believed of it now."""

    unit: int
    forecast: float
    ability: Belief
    skills: int
    passed: bool


@dataclass(slots=True)
class _Watched:
    ratios: list[float] = field(default_factory=lambda: [0.0] * len(DROPS))
    rise: float = 0.0
    """Page's cumulative sum for the smaller drop: where it last left 0 the fall most likely began."""
    since: int = 0
    least: float = 0.0
    """Ability that it can hardly have been below when the fall began."""
    tries: int = 0
    failures: int = 0
    expected: float = 0.0

    @property
    def statistic(self) -> float:
        return sum(self.ratios) / len(self.ratios)

    def note(self, seen: _Seen) -> bool:
        """Whether it told anything."""
        if not self.rise:
            self.since, self.least = seen.unit, seen.ability.mean - DOUBT * seen.ability.sd
            self.tries, self.failures, self.expected = 0, 0, 0.0
        followed = max(0.0, self.least - seen.ability.mean)
        as_it_was = logistic(logit(seen.forecast) + followed / seen.skills)
        if as_it_was < LIKELY:
            self.ratios = [FADES * ratio for ratio in self.ratios]
            return False
        self._weigh(min(SUREST, as_it_was), passed=seen.passed, skills=seen.skills)
        return True

    def _weigh(self, forecast: float, *, passed: bool, skills: int) -> None:
        self.tries, self.failures = self.tries + 1, self.failures + (not passed)
        self.expected += 1 - forecast
        worse = [logistic(logit(forecast) - drop / skills) for drop in DROPS]
        odds = [each / forecast if passed else (1 - each) / (1 - forecast) for each in worse]
        self.rise = max(0.0, self.rise + math.log(odds[0]))
        self.ratios = [(1 + ratio) * each for ratio, each in zip(self.ratios, odds, strict=True)]


class Watch:
    """Every skill's statistic, and the falls that were noticed, the latest last."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.falls: deque[Fall] = deque(maxlen=KEPT)
        self._skills: dict[str, _Watched] = {}
        self._noticed: dict[str, int] = {}
        self._sound: dict[str, int] = {}

    def note(self, abilities: Mapping[str, Belief], forecast: float, *, passed: bool, unit: int) -> None:
        """An attempt at a task that had been passed before ended.

        Args:
            abilities: of the task's skills, as believed before it ended.
            forecast: the probability of passing, 0..1.
            passed: the verdict.
            unit: how many units of the memory had ended with it.
        """
        if any(unit - self._noticed.get(skill, -QUIET_UNITS) < QUIET_UNITS for skill in abilities):
            self._sound.update(dict.fromkeys(abilities, unit))
            return
        likely = min(1 - EDGE, max(EDGE, forecast))
        for skill, ability in abilities.items():
            seen = _Seen(unit, likely, ability, len(abilities), passed)
            telling = self._skills.setdefault(skill, _Watched()).note(seen)
            if passed or not telling:
                self._sound[skill] = unit
        worst = max(abilities, key=lambda skill: (self._skills[skill].statistic, skill))
        if self._skills[worst].statistic >= ALARM:
            self._alarm(worst, unit)

    def suspects(self) -> Iterator[str]:
        """Skills that may have got worse, the likeliest first."""
        found = [(-each.statistic, skill) for skill, each in self._skills.items() if each.statistic >= SUSPECT]
        return (skill for _, skill in sorted(found))

    def last_sound(self, skill: str) -> int:
        """The latest unit that gave no cause for doubt of this skill by what had been passed before; 0 for none."""
        return self._sound.get(skill, 0)

    def clear(self) -> None:
        """Another Builder: what was seen of the old one says nothing of the new one."""
        self._skills.clear()
        self._noticed.clear()

    def _alarm(self, skill: str, unit: int) -> None:
        seen = self._skills[skill]
        self.falls.append(Fall(skill, unit, seen.since, seen.tries, seen.failures, round(seen.expected, 6)))
        self._noticed[skill] = unit
        self._skills.clear()  # the failures so far are explained


def in_words(fall: Fall) -> str:
    """One line for a person."""
    return (
        f"{fall.skill} got worse: since attempt {fall.since}, {fall.failures} of {fall.tries} tries at tasks that had "
        f"passed before failed, where {fall.expected:.1f} failures were expected"
    )
