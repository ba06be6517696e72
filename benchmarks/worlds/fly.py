"""Flies many nights at once, unit by unit: nominees, coins, outcomes, beliefs, evidence."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from benchmarks.worlds.arrays import NONE, Bools, picked
from benchmarks.worlds.beliefs import Beliefs, Tried
from benchmarks.worlds.chance import Chance, Quick
from benchmarks.worlds.choose import Choose, Minds, Tempered
from benchmarks.worlds.history import History, empty_history
from benchmarks.worlds.ledger import Book, cells
from benchmarks.worlds.world import World, best_of
from memory.builder_model import Floats, Numbers
from trainer.nominate import MOST
from trainer.trials import TRIAL_SDS, TRIAL_SHOWS
from utils.settings import Settings


def _shipped(name: str) -> float:
    return float(Settings.model_fields[name].default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """Probabilities of the coins as in trainer.assign.Odds, by themselves those that are shipped."""

    holdout: float = _shipped("holdout")
    holdout_proven: float = _shipped("holdout_proven")
    dropout: float = _shipped("dropout")
    dropout_trial: float = _shipped("dropout_trial")
    dropout_certified: float = _shipped("dropout_certified")


NO_COINS = Odds(holdout=0.0, holdout_proven=0.0, dropout=0.0, dropout_trial=0.0, dropout_certified=0.0)


@dataclass(frozen=True, slots=True)
class Trials:
    """When a nominee goes on trial, as in trainer.trials: shown so often, believed to help by so many deviations.

    `FROM_THE_START` puts each on trial with its first nomination.
    """

    shows: int = TRIAL_SHOWS
    sds: float = TRIAL_SDS


FROM_THE_START = Trials(0, -np.inf)


@dataclass(slots=True)
class Flight:
    """Nights under way; `fly` flies them.

    Attributes:
        world: the truth.
        chance: draws.
        choose: the way to choose nominees.
        odds: of the coins.
        trials: when a nominee goes on trial.
        most: nominees of a unit, at most.
        evidence: whether what is proven matters for what comes; without it nothing is, and nights fly faster.
    """

    world: World
    chance: Chance
    choose: Choose = field(default_factory=Tempered)
    odds: Odds = field(default_factory=Odds)
    trials: Trials = field(default_factory=Trials)
    most: int = MOST
    evidence: bool = True
    history: History = field(init=False)
    minds: Minds = field(init=False)
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was decided."""
        world = self.world
        shape = world.nights, world.rules
        self.history = empty_history(world.units, world.nights, self.most)
        self.book = Book(world.nights, world.rules if self.evidence else 0, world.skills)
        self.minds = Minds(
            beliefs=Beliefs(nights=world.nights, rules=world.rules, skills=world.skills, tasks=world.tasks),
            shows=np.zeros(shape, dtype=np.intp),
            passes=np.zeros(shape, dtype=np.intp),
            certified=self.book.badges.certified if self.evidence else np.zeros(shape, dtype=bool),
            retired=self.book.badges.retired if self.evidence else np.zeros(shape, dtype=bool),
            ranks=Quick(world.rules).generator.permuted(np.tile(np.linspace(0, 1, world.rules), (shape[0], 1)), axis=1),
        )

    def fly(self) -> Self:
        """All units."""
        rows = np.arange(self.world.nights)
        for unit in range(self.world.units):
            self.decide(unit)
            numbers = np.full(self.world.nights, unit)
            self.learn(numbers)
            if self.evidence:
                self.fold(rows, numbers)
        return self

    def decide(self, unit: int) -> None:
        """Nominees, coins, and what will come of it."""
        world, history = self.world, self.history
        self.chance.begin(unit)
        if self.evidence:
            self.book.predict(history, unit, cells(world.skill[unit], world.difficulty[unit]))
        nominees = history.nominees[unit] = self.nominate(unit)
        if self.evidence:
            self.book.badges.enter(np.where(self._goes_on_trial(nominees), nominees, NONE))
            history.tested[unit] = picked(self.book.badges.order, nominees) > 0
        history.drop_odds[unit] = self._drop_odds(nominees, history.tested[unit])
        history.holdout[unit] = np.where(nominees[:, 0] >= 0, self._holdout(), 0.0)
        self.toss(unit)
        if self.evidence:
            history.baseline[unit] = self._baseline(unit)
        self.happen(unit)

    def nominate(self, unit: int) -> Numbers:
        """The unit's nominees."""
        return self.choose.nominees(self.minds, self.world.skill[unit], self.world.known(unit), self.chance)

    def _holdout(self) -> Floats:
        return np.where(self.book.claims.proven, self.odds.holdout_proven, self.odds.holdout)

    def _goes_on_trial(self, nominees: Numbers) -> Bools:
        effect, trials = self.minds.beliefs.effect, self.trials
        shows, mean = picked(self.minds.shows, nominees), picked(effect.mean, nominees)
        clear = mean > trials.sds * np.sqrt(picked(effect.variance, nominees))
        return np.asarray((nominees >= 0) & (shows >= trials.shows) & clear)

    def _drop_odds(self, nominees: Numbers, tested: Bools) -> Floats:
        certified = picked(self.minds.certified & ~self.minds.retired, nominees)
        odds = np.where(tested, self.odds.dropout_trial, self.odds.dropout)
        return np.asarray(np.where(nominees >= 0, np.where(certified > 0, self.odds.dropout_certified, odds), 0.0))

    def toss(self, unit: int) -> None:
        """Its coins."""
        self.history.dropped[unit] = self.chance.dropout(self.history.drop_odds[unit])
        self.history.control[unit] = self.chance.holdout(self.history.holdout[unit])

    def _baseline(self, unit: int) -> Floats:
        """Each nominee's o: the mean logit without it, given the other nominees as their coins fell."""
        history, beliefs = self.history, self.minds.beliefs
        let_through = np.where(history.dropped[unit], NONE, history.nominees[unit])
        base = beliefs.without_rules(self._tried(np.full(self.world.nights, unit)))
        each = beliefs.of_rules(self.world.skill[unit], let_through).mean
        return np.asarray(base.mean[:, None] + each.sum(axis=1, keepdims=True) - each)

    def happen(self, unit: int) -> None:
        """Its outcome, which is known to nobody before it is finished."""
        world, history = self.world, self.history
        effects = world.effects(unit)
        let_through = np.where(history.dropped[unit], NONE, history.nominees[unit])
        treated, control = picked(effects, let_through).sum(axis=1), history.control[unit]
        history.p_treated[unit] = world.passing(unit, treated)
        history.p_nominated[unit] = world.passing(unit, picked(effects, history.nominees[unit]).sum(axis=1))
        history.p_none[unit] = world.passing(unit, np.zeros(world.nights))
        history.p_shown[unit] = np.where(control, history.p_none[unit], history.p_treated[unit])
        history.p_best[unit] = world.passing(unit, best_of(effects, self.most, world.known(unit)))
        right = self.chance.replies(world.replies(unit, np.where(control, 0.0, treated)))
        history.passed[unit] = right.any(axis=1)
        history.turns[unit] = np.where(right.any(axis=1), right.argmax(axis=1) + 1, right.shape[1])

    def _tried(self, units: Numbers) -> Tried:
        world, rows = self.world, np.arange(self.world.nights)
        return Tried(
            world.skill[units, rows],
            world.task[units, rows],
            world.difficulty[units, rows],
            self.history.at(rows, units).shown,
        )

    def learn(self, units: Numbers, *, where: Bools | None = None) -> None:
        """The model learns from a unit of each night, or of those nights; what is missing teaches nothing."""
        rows = np.arange(self.world.nights)
        passed, missing = self.history.passed[units, rows], self.history.missing[units, rows]
        learn = ~missing if where is None else where & ~missing
        tried = self._tried(units)
        self.minds.beliefs.observe(tried, passed.astype(float), learn=learn)
        for column in tried.rules.T:
            some = np.flatnonzero((column >= 0) & learn)
            self.minds.shows[some, column[some]] += 1
            self.minds.passes[some, column[some]] += passed[some]

    def fold(self, rows: Numbers, units: Numbers) -> None:
        """The evidence of a unit, by number, of each of these nights."""
        world = self.world
        self.book.fold(self.history, rows, units, cells(world.skill[units, rows], world.difficulty[units, rows]))
