"""Assigns a unit: what may be shown to it, and what the coins say; all of it before the Builder starts.

Everything that could differ between the arms is settled first: what is in scope, the nominees, and whether a prompt
with all of them fits the model's context. Then each nominee's dropout coin and the holdout coin are tossed. A control
sees nothing that was learned. What the coins decide is never decided again.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from memory.assignment import RECALL, Assignment, Nominee
from memory.attempts import Shown
from memory.blueprints import PLAIN, Way
from memory.evidence.ledger import Ledger
from memory.learning import practice_of
from memory.recall import Recalled, without
from memory.rules import rule_key
from memory.state import MemoryState
from memory.tasks import Task
from trainer.nominate import Nominate
from trainer.trials import numbered
from utils.lots import Lots, says_yes
from utils.numbers import significant

Fits = Callable[[Task, Sequence[Shown], Sequence[Shown], Way], bool]
"""Whether a task's prompt with these rules and earlier attempts, in this way, leaves room for a reply."""


class Recall(Protocol):
    """Finds earlier attempts that are worth showing."""

    def find(self, task: Task, *, budget_tokens: int) -> Sequence[Recalled]:
        """The most useful first; none if there is nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """Probabilities of the coins, in (0, 1), and how many tokens earlier attempts may take in a prompt.

    The price of a coin is paid where it can prove something: `holdout_proven` holds once learning is proven;
    `dropout_trial` for what is on trial, `dropout_certified` for what is proven to help, `dropout` for all else.
    """

    holdout: float
    holdout_proven: float
    dropout: float
    dropout_trial: float
    dropout_certified: float
    recall_tokens: int

    def of_control(self, evidence: Ledger) -> float:
        """The holdout coin's."""
        return min(self.holdout, self.holdout_proven) if evidence.primary.wealth.proven else self.holdout

    def of_dropping(self, key: str, evidence: Ledger, *, trial: int) -> float:
        """The dropout coin's of this nominee; `trial` is its number, 0 if it is not on trial."""
        if evidence.certificates.verdict(key) == "certified":
            return self.dropout_certified
        return self.dropout_trial if trial else self.dropout


@dataclass(frozen=True, slots=True)
class Assigned:
    """A unit's coins, None if there was nothing to toss for; and what its prompts show."""

    assignment: Assignment | None = None
    rules: tuple[Shown, ...] = ()
    belogs: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A nominee before its coin is tossed, with what it would show."""

    id: str
    version: int
    score: float | None
    rules: tuple[Shown, ...] = ()
    belogs: tuple[Shown, ...] = ()

    @property
    def key(self) -> str:
        """What the model of the Builder knows it by."""
        return rule_key(self.id, self.version)


class _Tossed(NamedTuple):
    """A candidate with its coin; `trial` is its number, 0 if it is not on trial."""

    of: _Candidate
    trial: int
    lot: int
    probability: float
    dropped: bool


@dataclass(frozen=True, slots=True)
class Assigner:
    """The Trainer's hand in what the Builder sees."""

    nominate: Nominate
    recall: Recall
    odds: Odds
    fits: Fits

    def assign(self, state: MemoryState, task: Task, *, unit: str, seed: int, way: Way = PLAIN) -> Assigned:
        """The assignment of a unit that is about to be decided; a function of memory, unit, the run's seed and way."""
        candidates = self._that_fit(task, way, self._candidates(state, task, way, unit=unit, seed=seed))
        if not candidates:
            return Assigned()
        coins, evidence = (Lots(seed, unit, "holdout"), Lots(seed, unit, "dropout")), state.learning.evidence
        lot, holdout = coins[0].draw(), self.odds.of_control(evidence)
        trials = numbered([each.key for each in candidates], state.learning)
        tossed = [self._toss(each, coins[1], evidence, trials[each.key]) for each in candidates]
        control = says_yes(lot, probability=holdout)
        baselines = {} if control else _baselines(state, task, tossed)
        nominees = tuple(_nominee(each, evidence, baselines.get(each.of.key)) for each in tossed)
        assignment = Assignment(holdout_probability=holdout, lot=lot, control=control, nominees=nominees)
        return _shown(state, assignment, candidates)

    def _candidates(self, state: MemoryState, task: Task, way: Way, *, unit: str, seed: int) -> list[_Candidate]:
        learning, lots = state.learning, Lots(seed, unit, "nominate")
        places = learning.rules.in_scope(task.skills, state.seen_errors(task))
        found = [
            _Candidate(
                id=each.rule.id,
                version=each.rule.version,
                score=each.score,
                rules=(_telling(each.rule.key, each.rule.text),),
            )
            for each in self.nominate.rules(learning, task, places, lots)
        ]
        return _at_most(found, way.most_rules) + self._recalled(state, task, way, Lots(seed, unit, "recall"))

    def _recalled(self, state: MemoryState, task: Task, way: Way, lots: Lots) -> list[_Candidate]:
        room = self.odds.recall_tokens if way.recall_tokens is None else way.recall_tokens
        if not room:
            return []
        score = self.nominate.recall(state.learning, task, lots)  # a draw is cheaper than a search
        found = self.recall.find(task, budget_tokens=room) if score is not None else ()
        if not found:
            return []
        belogs = tuple(_telling(each.unit_id, each.text) for each in found)
        return [_Candidate(id=RECALL, version=1, score=score, belogs=belogs)]

    def _that_fit(self, task: Task, way: Way, candidates: list[_Candidate]) -> list[_Candidate]:
        """As many as fit together, the last one left out first."""
        while candidates and not self.fits(
            task,
            [rule for each in candidates for rule in each.rules],
            [belog for each in candidates for belog in each.belogs],
            way,
        ):
            candidates = candidates[:-1]
        return candidates

    def _toss(self, candidate: _Candidate, lots: Lots, evidence: Ledger, trial: int) -> _Tossed:
        lot, probability = lots.draw(), self.odds.of_dropping(candidate.key, evidence, trial=trial)
        return _Tossed(candidate, trial, lot, probability, says_yes(lot, probability=probability))


@functools.lru_cache(maxsize=1024)
def _telling(key: str, text: str) -> Shown:
    """The same few are nominated again and again, and to check what a line holds takes longer than to look it up."""
    return Shown(id=key, text=text)


def _at_most(rules: list[_Candidate], most: int | None) -> list[_Candidate]:
    """Those that a person pinned, and of the others the first; all where a blueprint does not say how many."""
    if most is None:
        return rules
    pinned = [each for each in rules if each.score is None]
    return pinned + [each for each in rules if each.score is not None][:most]


def _baselines(state: MemoryState, task: Task, tossed: Sequence[_Tossed]) -> dict[str, float]:
    """The logit of passing without each of those on trial, by key, given what the other coins let through."""
    if not any(each.trial for each in tossed):
        return {}
    model = state.learning.model
    shown = tuple(each.of.key for each in tossed if not each.dropped)
    with_all = model.belief(practice_of(task, shown)).mean

    def without(each: _Tossed) -> float:
        return with_all if each.dropped else with_all - model.effect(each.of.key, skills=task.skills).mean

    return {each.of.key: significant(without(each)) for each in tossed if each.trial}


def _nominee(tossed: _Tossed, evidence: Ledger, baseline: float | None) -> Nominee:
    candidate = tossed.of
    return Nominee(
        kind="recall" if candidate.id == RECALL else "rule",
        id=candidate.id,
        version=candidate.version,
        score=None if candidate.score is None else significant(candidate.score),
        drop_probability=tossed.probability,
        lot=tossed.lot,
        dropped=tossed.dropped,
        trial=tossed.trial,
        baseline=baseline,
        log_e=significant(evidence.certificates.log_helps(candidate.key)) if tossed.trial else None,
    )


def _shown(state: MemoryState, assignment: Assignment, candidates: Sequence[_Candidate]) -> Assigned:
    """What the coins let through. The text of a rule that was dropped, or banned, is kept out of the recall too."""
    if assignment.control:
        return Assigned(assignment)
    pairs = list(zip(assignment.nominees, candidates, strict=True))
    hidden = [rule.text for nominee, each in pairs if nominee.dropped for rule in each.rules]
    hidden += [text for rule in state.learning.rules.banned() for text in rule.texts]
    kept = [each for nominee, each in pairs if not nominee.dropped]
    belogs = [belog for each in kept for belog in each.belogs]
    recalled = without([Recalled(belog.id, "", belog.text) for belog in belogs], hidden)
    return Assigned(
        assignment,
        rules=tuple(rule for each in kept for rule in each.rules),
        belogs=tuple(_telling(each.unit_id, each.text) for each in recalled),
    )
