"""Notices that a skill got worse: attempts fail more often than was forecast, by a sequential test that bounds alarms.

For each skill a Shiryaev-Roberts e-detector (Shiryaev 1963, Roberts 1966; Shin, Ramdas and Rinaldo 2024): the sum, over
every attempt at which the fall could have begun, of the likelihood ratio of "worse since then" to "as it was",

    R <- (R + 1 / n) P(outcome | as it was, less a drop / n, in logits) / P(outcome | as it was)

for a task of n skills, the mean over two drops. "As it was" is the forecast of abilities that stand still
(memory.steady): the model of the Builder follows a fall. Where it began is told by Page's cumulative sum (1954).

The guarantee: while an attempt passes at least as often as is forecast so, given all that came before it, each ratio
is expected to be at most 1, whatever was chosen and why. Then the sum of R over all skills, less the number of
attempts, is a supermartingale, and by Doob's inequality any alarm at all comes in N attempts with a probability of at
most N / ALARM, however many skills there are: .05 in a night of 400. What it rests on, that these forecasts are too low
rather than too high, is measured in docs/experiments.md.

Only tasks that had been passed count, and first attempts, those as if one task in ten were broken: a task that was
tried in vain says nothing of its skill. After an alarm, attempts that practise the skill say nothing for a while.
Beliefs are not touched. Not covered: slow falls, which both beliefs follow as they come.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from memory.builder_model import logistic, logit
from memory.steady import SteadyAbilities

DROPS = (2.5, 6.0)
"""Logits: a part of a skill, and all of it."""
NIGHT = 400
FALSE_ALARM = 0.05
"""At most the probability of any alarm in a night without a fall."""
ALARM = NIGHT / FALSE_ALARM
SUSPECT = 10.0
"""From here on the Trainer looks closer."""
GRAVE = 100.0
"""And from here on at once."""
SUREST = 0.9
"""A forecast nearer 1 counts as this: no single failure proves a fall."""
SOUND = 0.9
"""Of tasks that nobody has passed yet."""
QUIET_UNITS = 100
KEPT = 20


@dataclass(frozen=True, slots=True)
class Fall:
    """A skill that got worse; `unit` ended when it was noticed, `since` when its failures began, of the memory's.

    Of the `tries` from then on that count so many failed; `expected` failures were forecast.
    """

    skill: str
    unit: int
    since: int
    tries: int
    failures: int
    expected: float


@dataclass(slots=True)
class _Watched:
    ratios: list[float] = field(default_factory=lambda: [0.0] * len(DROPS))
    rise: float = 0.0
    """Page's cumulative sum for the smaller drop: where it last left 0 the fall most likely began."""
    since: int = 0
    tries: int = 0
    failures: int = 0
    expected: float = 0.0

    @property
    def statistic(self) -> float:
        return sum(self.ratios) / len(self.ratios)

    def note(self, factors: Sequence[float], likely: float, *, passed: bool, unit: int, share: float) -> None:
        """One attempt: the likelihood ratio of each drop, and the task's share of this skill."""
        if not self.rise:
            self.since, self.tries, self.failures, self.expected = unit, 0, 0, 0.0
        self.tries, self.failures = self.tries + 1, self.failures + (not passed)
        self.expected += 1 - likely
        self.rise = max(0.0, self.rise + math.log(factors[0]))
        self.ratios = [(ratio + share) * factor for ratio, factor in zip(self.ratios, factors, strict=True)]


class Watch:
    """Every skill's statistic, and the falls that were noticed, the latest last."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.falls: deque[Fall] = deque(maxlen=KEPT)
        self._skills: dict[str, _Watched] = {}
        self._noticed: dict[str, int] = {}
        self._sound: dict[str, int] = {}
        self._steady = SteadyAbilities()

    def as_it_was(self, forecast: float, abilities: Mapping[str, float]) -> float:
        """A forecast, 0..1, of abilities that stand still, see memory.steady."""
        return self._steady.forecast(forecast, abilities)

    def note(
        self, forecast: float, abilities: Mapping[str, float], *, sound: float | None, passed: bool, unit: int
    ) -> None:
        """A graded attempt ended.

        Args:
            forecast: of the model of the Builder, 0..1.
            abilities: of the task's skills, means in logits, that the forecast rests on.
            sound: the probability that the task can be passed at all; None for one that was tried in vain.
            passed: the verdict.
            unit: how many units of the memory had ended with it.
        """
        skills, steady = tuple(abilities), self.as_it_was(forecast, abilities)
        self._steady.note(skills, steady, passed=passed)
        if sound is not None:
            self._weigh(skills, min(SUREST, sound * steady), passed=passed, unit=unit)

    def _weigh(self, skills: Sequence[str], likely: float, *, passed: bool, unit: int) -> None:
        if passed:
            self._sound.update(dict.fromkeys(skills, unit))
        if any(unit - self._noticed.get(skill, -QUIET_UNITS) < QUIET_UNITS for skill in skills):
            return
        share = 1.0 / len(skills)
        factors = [ratio_of(likely, drop * share, passed=passed) for drop in DROPS]
        for skill in skills:
            self._skills.setdefault(skill, _Watched()).note(factors, likely, passed=passed, unit=unit, share=share)
        worst = max(skills, key=lambda skill: (self._skills[skill].statistic, skill))
        if self._skills[worst].statistic >= ALARM:
            self._alarm(worst, unit)

    def suspects(self) -> Iterator[str]:
        """Skills that may have got worse, the likeliest first."""
        found = [(-each.statistic, skill) for skill, each in self._skills.items() if each.statistic >= SUSPECT]
        return (skill for _, skill in sorted(found))

    def is_grave(self, skill: str) -> bool:
        """Whether a suspicion will not wait."""
        return skill in self._skills and self._skills[skill].statistic >= GRAVE

    def last_sound(self, skill: str) -> int:
        """The latest unit that passed and practised this skill; 0 for none."""
        return self._sound.get(skill, 0)

    def clear(self) -> None:
        """Another Builder: what was seen of the old one says nothing of the new one."""
        self._skills.clear()
        self._noticed.clear()
        self._steady.clear()

    def _alarm(self, skill: str, unit: int) -> None:
        seen = self._skills[skill]
        self.falls.append(Fall(skill, unit, seen.since, seen.tries, seen.failures, round(seen.expected, 6)))
        self._noticed[skill] = unit
        self._skills.clear()  # the failures so far are explained


def ratio_of(likely: float, drop: float, *, passed: bool) -> float:
    """How much likelier the outcome is where the skill is so many logits worse."""
    worse = logistic(logit(likely) - drop)
    return worse / likely if passed else (1 - worse) / (1 - likely)


def in_words(fall: Fall) -> str:
    """One line for a person."""
    return (
        f"{fall.skill} got worse: since attempt {fall.since}, {fall.failures} of {fall.tries} tries failed, "
        f"where {fall.expected:.1f} failures were expected"
    )
