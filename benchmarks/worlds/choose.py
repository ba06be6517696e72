"""Ways to choose nominees in many nights at once: the Trainer's, and textbook ones beside it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.worlds.arrays import NONE, Bools
from benchmarks.worlds.beliefs import Beliefs
from benchmarks.worlds.chance import Chance
from memory.builder_model import Floats, Numbers
from memory.rules import is_set_aside
from trainer.nominate import MOST, NEWEST, POOL, TAU, UNSEEN


@dataclass(slots=True)
class Minds:
    """What is known of the rules in each night: arrays of (nights, rules), and the beliefs."""

    beliefs: Beliefs
    shows: Numbers
    passes: Numbers
    certified: Bools
    retired: Bools
    ranks: Floats
    """The fixed random order in which rules that nobody saw take part."""


class Choose(Protocol):
    """A way to choose."""

    def nominees(self, minds: Minds, skill: Numbers, known: int, chance: Chance) -> Numbers:
        """(nights, MOST) among the first `known` rules, the best first, NONE for no rule."""
        ...


@dataclass(frozen=True, slots=True)
class Tempered:
    """The Trainer's way, trainer.nominate.ThompsonSampling; with tau 1 it is plain Thompson sampling."""

    tau: float = TAU
    most: int = MOST

    def nominees(self, minds: Minds, skill: Numbers, known: int, chance: Chance) -> Numbers:
        """The highest scores above 0 in the active pool."""
        places, allowed = _pool(minds, skill, known)
        found = minds.beliefs.effects(skill, known)
        mean, variance = found.mean, found.variance
        if places is not None:
            mean, variance = np.take_along_axis(mean, places, 1), np.take_along_axis(variance, places, 1)
        scores = mean + self.tau * np.sqrt(variance) * chance.normals(allowed)
        best = highest(np.where(allowed, scores, -np.inf), self.most, above=0.0)
        return best if places is None else _at(places, best)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any rules, all equally likely."""

    most: int = MOST

    def nominees(self, minds: Minds, skill: Numbers, known: int, chance: Chance) -> Numbers:
        """As many as there may be."""
        del skill
        return highest(chance.normals(np.ones((len(minds.shows), known), dtype=bool)), self.most)


class BetaCounts:
    """Textbook Thompson sampling on counts; all shown rules share the unit's outcome, 0 or 1."""

    def __init__(self, seed: int, *, most: int = MOST) -> None:
        """Draws of its own."""
        self._generator, self.most = np.random.default_rng(seed), most

    def nominees(self, minds: Minds, skill: Numbers, known: int, chance: Chance) -> Numbers:
        """The highest draws from Beta(1 + passes, 1 + failures)."""
        del skill, chance
        passes, shows = minds.passes[:, :known], minds.shows[:, :known]
        return highest(self._generator.beta(1.0 + passes, 1.0 + shows - passes), self.most)


def highest(scores: Floats, most: int, *, above: float = -np.inf) -> Numbers:
    """The places of the highest scores of each night, the best first; NONE for those that are not above."""
    found = np.full((len(scores), most), NONE, dtype=np.intp)
    some = min(most, scores.shape[1])
    if not some:
        return found
    best = np.argpartition(-scores, some - 1, axis=1)[:, :some] if some < scores.shape[1] else _all(scores)
    values = np.take_along_axis(scores, best, 1)
    order = np.argsort(-values, axis=1, kind="stable")
    best, values = np.take_along_axis(best, order, 1), np.take_along_axis(values, order, 1)
    found[:, :some] = np.where(values > above, best, NONE)
    return found


def _all(scores: Floats) -> Numbers:
    return np.broadcast_to(np.arange(scores.shape[1]), scores.shape)


def _at(places: Numbers, chosen: Numbers) -> Numbers:
    return np.asarray(np.where(chosen >= 0, np.take_along_axis(places, np.maximum(chosen, 0), 1), NONE))


def _pool(minds: Minds, skill: Numbers, known: int) -> tuple[Numbers | None, Bools]:
    """Places that take part, ascending, and which of them are meant; None for all known ones."""
    effect = minds.beliefs.effect
    aside = is_set_aside(minds.shows[:, :known], effect.mean[:, :known], np.sqrt(effect.variance[:, :known]))
    allowed = ~(aside | minds.retired[:, :known])
    if known <= POOL:
        return None, allowed
    keys = _keys(minds, minds.beliefs.effects(skill, known).mean, allowed)
    places = np.sort(np.argpartition(-keys, POOL - 1, axis=1)[:, :POOL], axis=1)
    return places, np.take_along_axis(keys, places, 1) > -np.inf


def _keys(minds: Minds, means: Floats, allowed: Bools) -> Floats:
    """The higher the more it belongs to the pool: seen and best believed, newest, other newcomers by their ranks."""
    known = means.shape[1]
    seen = minds.shows[:, :known] > 0
    worth = np.where(minds.certified[:, :known], np.inf, means)
    worth = np.where(seen & allowed, worth, -np.inf)
    best = highest(worth, POOL - NEWEST - UNSEEN, above=-np.inf)
    keys = np.where(seen, -np.inf, 1.0 - minds.ranks[:, :known])
    newest = np.cumsum(~seen[:, ::-1], axis=1)[:, ::-1] <= NEWEST
    keys = np.where(~seen & newest, 2.0, keys)
    rows = np.arange(len(keys))[:, None]
    keys[np.broadcast_to(rows, best.shape)[best >= 0], best[best >= 0]] = 3.0
    return keys
