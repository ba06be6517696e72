"""Who gets how many units: kinds of choice by what they brought, skills by what they lack.

Both are functions of what is remembered, without randomness and without debts: a kind or a skill that had no task to
choose for a long time, or that is new to an old memory, gets its share from then on and nothing in arrears.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from memory.builder_model import logistic
from memory.events import Decided, Event, Finished, RunStarted, Slot, TaskAdded
from memory.state import MemoryState
from memory.strategy import SkillWeight, SlotShare, StrategyWeights
from memory.views.view import Document

SHARES: Mapping[Slot, float] = {"drill": 0.78, "explore": 0.12, "review": 0.10}
"""Of the units that the curriculum decides; what cannot be had is practice instead."""
FLOOR = 0.5
"""Of a kind's share, which it keeps whatever it brings: what is never tried shows nothing."""
MOST = 1.5
"""Standard errors; so that chance alone moves little."""
SILVER = math.sqrt(2.0) - 1.0
LEAST_DEFICIT = 0.05
"""A skill that lacks nothing is still practised now and then, or nobody would see it fall."""
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def shares(state: MemoryState) -> dict[Slot, float]:
    """What each kind of choice gets: half of SHARES whatever comes, of the other half more where more was gained.

    Weights are multiplied by exp(z), z the standard errors that the kind's gain per attempt (memory.gains) is above
    that of all, at most MOST: as in multiplicative weights (Freund and Schapire 1997), for discounted sums.
    """
    gains = state.learning.gains
    weights = {
        kind: share * math.exp(max(-MOST, min(MOST, gains.ahead(kind, SHARES)))) for kind, share in SHARES.items()
    }
    whole = sum(weights.values())
    return {kind: FLOOR * share + (1 - FLOOR) * weights[kind] / whole for kind, share in SHARES.items()}


def slot_in_turn(state: MemoryState) -> Slot:
    """The kind of choice whose turn it is, by how many units the curriculum has decided; as `by_turn` does."""
    wanted = shares(state)
    rest = (sum(state.slots[kind] for kind in SHARES) + 1) * SILVER % 1.0
    for kind, share in wanted.items():
        rest -= share
        if rest < 0:
            return kind
    return "drill"


def deficit(state: MemoryState, skill: str) -> float:
    """What a skill lacks: the share of tasks of medium difficulty that it should fail, at least LEAST_DEFICIT."""
    return max(LEAST_DEFICIT, 1.0 - logistic(state.learning.level(skill).mean))


def by_turn(skills: Sequence[str], state: MemoryState) -> Iterator[str]:
    """All of these skills, the one whose turn it is first, then those that stand in for it.

    The n-th unit of practice goes where the n-th multiple of the golden section, modulo 1, falls among the deficits
    laid end to end. Such points are spread so evenly (Knuth, TAOCP 3, 6.4, theorem S) that every skill's turns keep
    their distance, and n needs no history of who had a turn.
    """
    left = sorted(skills)
    lacks = {skill: deficit(state, skill) for skill in left}
    point = (state.slots["drill"] + 1) * GOLDEN % 1.0
    while left:
        skill = _at(point, left, lacks)
        yield skill
        left.remove(skill)


def _at(point: float, skills: Sequence[str], lacks: Mapping[str, float]) -> str:
    """The skill in whose stretch a point of 0..1 falls."""
    rest = point * sum(lacks[skill] for skill in skills)
    for skill in skills:
        rest -= lacks[skill]
        if rest < 0:
            return skill
    return skills[-1]


class WeightsView:
    """advanced/strategy_weights.json."""

    def __init__(self) -> None:
        self._state: MemoryState | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Units move the shares, tasks may bring a skill, runs another Builder; the first event makes them."""
        if isinstance(event.data, Decided | Finished | TaskAdded | RunStarted) or event.seq == 1:
            self._state = state

    def changed(self) -> Iterator[Document]:
        """The document, if a share moved."""
        if self._state is not None:
            yield Document("advanced/strategy_weights.json", _weights(self._state))
        self._state = None


def _weights(state: MemoryState) -> StrategyWeights:
    lacks = {skill: deficit(state, skill) for skill, tasks in state.by_skill.items() if tasks}
    whole = sum(lacks.values())
    return StrategyWeights(
        skills={
            skill: SkillWeight(
                level=round(logistic(state.learning.level(skill).mean), 6),
                deficit=round(lack, 6),
                weight=round(lack / whole, 6),
            )
            for skill, lack in lacks.items()
        },
        slots={kind: _slot(state, kind, wanted=share) for kind, share in shares(state).items()},
    )


def _slot(state: MemoryState, kind: Slot, *, wanted: float) -> SlotShare:
    units, gain = sum(state.slots[each] for each in SHARES), state.learning.gains.mean(kind)
    return SlotShare(
        wanted=round(wanted, 6),
        least=round(FLOOR * SHARES[kind], 6),
        so_far=round(state.slots[kind] / max(units, 1), 6),
        units=state.slots[kind],
        gain=None if gain is None else round(gain, 6) + 0.0,
    )
