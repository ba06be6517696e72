"""How thrifty a unit was, 0..100, against what its task and its family of tasks usually took before it.

A family holds the tasks of one main skill in one fifth of the scale of difficulty. For each of tokens, turns and total
time the unit's cost c is held against the usual one m, the median of at most 50 past runs:

    part = 1 / (1 + ((c + e) / (m + e))^2),     e = 10 tokens, no turn, 0.05 s: less is noise

which is 1/2 for what is usual, 0.8 for half of it, 0.2 for twice as much, and falls steadily from 1 to 0. A group's
figure E is 100 times the mean of the three parts. With n past runs of the task and k of its family,

    efficiency = (n E_task + min(k, 5) E_family + 50) / (n + min(k, 5) + 1),

so that the task's own past counts the more the longer it is, and few runs prove little. Without any past it is 50, and
so it is for a unit that got no reply. The median keeps one odd run from changing what is usual.

Not covered: whether the unit passed (see `success`), and a change of model, which moves what is usual within some
runs. Where the time is simulated, so is its part.
"""

from collections.abc import Sequence
from statistics import fmean, median

from memory.records import Cost

LIKE_THE_PAST = 50.0
FAMILY_COUNTS = 5
STEPS = 5
NOISE_TOKENS, NOISE_S = 10.0, 0.05

Family = tuple[str, int]
"""A main skill, and the fifth of the scale of difficulty, from 0."""


def family_of(skill: str, difficulty: float) -> Family:
    """The family of a task with this main skill and declared difficulty, 0..1."""
    return skill, min(STEPS - 1, int(round(difficulty * STEPS, 9)))


def efficiency(cost: Cost, *, of_task: Sequence[Cost], of_family: Sequence[Cost]) -> float:
    """0..100 with 2 decimals, as defined above, from what past runs took."""
    if not cost.turns:
        return LIKE_THE_PAST
    task_counts, family_counts = len(of_task), min(len(of_family), FAMILY_COUNTS)
    told = LIKE_THE_PAST + task_counts * _against(cost, of_task) + family_counts * _against(cost, of_family)
    return round(told / (task_counts + family_counts + 1), 2)


def _against(cost: Cost, past: Sequence[Cost]) -> float:
    if not past:
        return LIKE_THE_PAST
    return 100 * fmean((
        _part(cost.tokens, [each.tokens for each in past], NOISE_TOKENS),
        _part(cost.turns, [each.turns for each in past], 0.0),
        _part(cost.wall_s, [each.wall_s for each in past], NOISE_S),
    ))  # fmt: skip


def _part(ours: float, past: Sequence[float], noise: float) -> float:
    usual = median(past) + noise
    return usual**2 / (usual**2 + (ours + noise) ** 2)
