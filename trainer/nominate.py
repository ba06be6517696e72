"""Nominates what a unit may be shown: tempered Thompson sampling on the model of the Builder.

    score_k = mu_k + mu_ks + TAU sqrt(v_k + v_ks) z_k,     z_k standard normal, mu_ks and v_ks over the task's skills

The MOST rules with the highest scores above 0 are nominated, after those that a person pinned (the oldest MOST_PINNED).
TAU below 1 makes the sampling greedier than Thompson's (1933), whose exploration costs more in a night than it brings.
No optimism, no forced trials: a rule of unknown worth has a score above 0 half of the time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from memory.assignment import RECALL
from memory.builder_model import Floats, Numbers
from memory.learning import Learning
from memory.rules import RuleRecord, is_set_aside, rule_key
from memory.tasks import Task
from utils.lots import Lots

TAU = 0.35
MOST = 3
MOST_PINNED = 10
POOL = 100
NEWEST = 10
UNSEEN = 10
"""Of the pool: places for the newest rules that nobody saw yet, and for others that nobody saw yet."""
RECALL_KEY = rule_key(RECALL, 1)


@dataclass(frozen=True, slots=True)
class Nomination:
    """A rule that may be shown; `score` is None for one that a person pinned."""

    rule: RuleRecord
    score: float | None


class Nominate(Protocol):
    """A way to choose among rules."""

    def rules(self, learning: Learning, task: Task, places: Numbers, lots: Lots) -> tuple[Nomination, ...]:
        """The nominees among the rules at these places of the book, the best first."""
        ...

    def recall(self, learning: Learning, task: Task, lots: Lots) -> float | None:
        """The score of showing what is remembered of earlier attempts; None if it should not be shown."""
        ...


class ThompsonSampling:
    """The Trainer's way."""

    def rules(self, learning: Learning, task: Task, places: Numbers, lots: Lots) -> tuple[Nomination, ...]:
        """At most MOST, or as many as are pinned; about a tenth of a millisecond among 10,000."""
        pinned = learning.rules.pinned(places)
        chosen = [Nomination(learning.rules.at(place), None) for place in places[pinned][:MOST_PINNED].tolist()]
        free = _pool(learning, task, places[~pinned & ~learning.rules.retired(places)])
        if len(chosen) >= MOST or not len(free):
            return tuple(chosen)
        beliefs = learning.effects(free, skills=task.skills)
        scores = beliefs.mean + TAU * np.sqrt(beliefs.variance) * lots.normals(len(free))
        return (*chosen, *_best(learning, free, scores, MOST - len(chosen)))

    def recall(self, learning: Learning, task: Task, lots: Lots) -> float | None:
        """By the same draw as a rule; never once it is proven to harm."""
        if learning.evidence.certificates.verdict(RECALL_KEY) == "retired":
            return None
        belief = learning.model.effect(RECALL_KEY, skills=task.skills)
        score = belief.mean + TAU * belief.sd * lots.normals(1).item(0)
        return score if score > 0 else None


def _best(learning: Learning, places: Numbers, scores: Floats, most: int) -> Iterator[Nomination]:
    """The highest scores above 0; of equal ones the rule that is older."""
    for index in np.argsort(-scores, kind="stable")[:most].tolist():
        if scores.item(index) > 0:
            yield Nomination(learning.rules.at(places.item(index)), scores.item(index))


def _pool(learning: Learning, task: Task, places: Numbers) -> Numbers:
    """The candidates that take part, at most POOL: certified ones, the best believed of those seen, some never seen."""
    shows = learning.rules.shows(places)
    seen, unseen = places[shows > 0], places[shows == 0]
    general = learning.effects(seen, skills=())
    aside: NDArray[np.bool_] = is_set_aside(shows[shows > 0], general.mean, np.sqrt(general.variance))
    best = seen[~aside]
    if len(places) > POOL:
        worth = np.where(learning.rules.certified(best), np.inf, learning.effects(best, skills=task.skills).mean)
        best = _best_means(best, worth, POOL - NEWEST - UNSEEN)
    return np.sort(np.concatenate((best, _unseen(learning, unseen, POOL - len(best)))))


def _best_means(places: Numbers, means: Floats, most: int) -> Numbers:
    """Those with the highest means; of equal ones the rules that are older."""
    if len(places) <= most:
        return places
    least = np.partition(means, len(means) - most)[len(means) - most]
    above, equal = places[means > least], places[means == least]
    return np.concatenate((above, equal[: most - len(above)]))


def _unseen(learning: Learning, places: Numbers, room: int) -> Numbers:
    """Newcomers at once, the others in a fixed random order."""
    if len(places) <= room:
        return places
    newest, others = places[-NEWEST:], places[:-NEWEST]
    ranks = learning.rules.ranks(others)
    return np.concatenate((newest, others[np.argpartition(ranks, room - NEWEST)[: room - NEWEST]]))
