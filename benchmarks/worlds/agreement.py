"""Do the fast worlds do what the product does? Real nights flown again on arrays, every coin and float compared.

A real night goes through the loop itself: its strategy, nominees, coins, log, evidence; the model is the flight
simulator. Its tasks and the draws of its replies are handed to the fast world, which has to come to the same nominees,
the same coins, the same outcomes and the same evidence by itself, with the product's own lots.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.worlds.arrays import NONE, Bools, logit
from benchmarks.worlds.fly import Flight
from benchmarks.worlds.real_nights import RULES, SKILLS, Real
from benchmarks.worlds.world import Phase, World
from memory.builder_model import Floats
from memory.digests import rule_id
from memory.evidence.bets import CERTIFICATE, log_sum
from memory.evidence.certificates import HALF
from memory.runs import run_seed
from utils.lots import Lots, says_yes
from utils.rehearsal.answers import draws_for

FIRST_RUN = 1


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two tellings of the same nights are apart.

    Attributes:
        units: compared, of all nights.
        nominees: compared.
        tested: of the nominees, those on trial.
        proven: nights in which help was proven.
        apart: the largest difference of each kind; choices, coins and outcomes count 1 if one differs.
    """

    units: int
    nominees: int
    tested: int
    proven: int
    apart: dict[str, float]


def compare(nights: Sequence[Real], *, repairs: int) -> Agreement:
    """The same nights flown again, unit by unit beside their logs; they must have equally many replies at most."""
    flight = Flight(fast_world(nights, repairs=repairs), ProductLots(nights))
    told = [_Told(night) for night in nights]
    apart: dict[str, float] = {}
    for unit in range(flight.world.units):
        helps = flight.book.claims.log_helps
        certificates = log_sum(flight.book.badges.log_wealth[..., :HALF], CERTIFICATE.weights)
        flight.decide(unit)
        for number, log in enumerate(told):
            found = log.differences(flight, unit, number, Known(helps.item(number), certificates[number]))
            apart |= {kind: max(value, apart.get(kind, 0.0)) for kind, value in found.items()}
        numbers = np.full(len(nights), unit)
        flight.learn(numbers)
        flight.fold(np.arange(len(nights)), numbers)
    history = flight.history
    return Agreement(
        units=history.passed.size,
        nominees=int((history.nominees >= 0).sum()),
        tested=int(history.tested.sum()),
        proven=int(flight.book.claims.proven.sum()),
        apart=apart,
    )


@dataclass(frozen=True, slots=True)
class Known:
    """Evidence before a unit: ln E of help, and of each rule's certificate."""

    helps: float
    certificates: Floats


class _Told:
    """A log, unit by unit, as the fast world would tell it."""

    def __init__(self, night: Real) -> None:
        self._night = night
        self._number = {rule_id(text): place for place, text in enumerate(night.rules)}

    def differences(self, flight: Flight, unit: int, night: int, known: Known) -> dict[str, float]:
        """How far the fast world's unit is from the log's."""
        decided, history = self._night.decided[unit], flight.history
        assignment, predictions, mark = decided.assignment, decided.predictions, decided.evidence
        passed = self._night.passed[decided.spec.unit_id]
        found = {"nominees": 0.0, "outcomes": float(passed != history.passed[unit, night])}
        ours = [rule for rule in history.nominees[unit, night].tolist() if rule != NONE]
        if assignment is None or predictions is None or mark is None:
            return found | {"nominees": float(bool(ours))}
        theirs = [self._number[each.id] for each in assignment.nominees]
        if ours != theirs:
            return found | {"nominees": 1.0}
        expected, some = predictions.passed, slice(len(ours))
        odds = [each.drop_probability for each in assignment.nominees]
        orders = [
            order if tested else 0
            for order, tested in zip(
                flight.book.badges.order[night, ours], history.tested[unit, night, some], strict=True
            )
        ]
        trials = [(place, each) for place, each in enumerate(assignment.nominees) if each.trial]
        baselines = [(each.baseline, history.baseline[unit, night, place]) for place, each in trials]
        log_e = [(each.log_e, known.certificates[ours[place]]) for place, each in trials]
        dropped = [each.dropped for each in assignment.nominees]
        coins = [assignment.control, *dropped], [history.control[unit, night], *history.dropped[unit, night, some]]
        logged = [expected.mean, expected.treated, expected.control]
        made = (history.predicted, history.predicted_treated, history.predicted_control)
        return found | {
            "coins": float(coins[0] != [bool(each) for each in coins[1]]),
            "odds": _off([assignment.holdout_probability, *odds],
                         [history.holdout[unit, night], *history.drop_odds[unit, night, some]]),
            "predictions": _off(logged, [each[unit, night] for each in made]),
            "trials": float([each.trial for each in assignment.nominees] != orders),
            "baselines": 0.0 if assignment.control else _off(*zip(*baselines, strict=True)) if baselines else 0.0,
            "ln E of help": abs(mark.log_helps - known.helps),
            "ln E of certificates": _off(*zip(*log_e, strict=True)) if log_e else 0.0,
        }  # fmt: skip


def _off(logged: Sequence[float | None], found: Sequence[float] | Floats) -> float:
    return float(np.abs(np.array(logged, dtype=float) - np.asarray(found)).max())


class ProductLots:
    """Random numbers as the product draws them, for each night by its own seed and units."""

    def __init__(self, nights: Sequence[Real]) -> None:
        """Before the first unit."""
        self._nights, self._unit = nights, 0

    def begin(self, unit: int) -> None:
        """The next unit."""
        self._unit = unit

    def _lots(self, purpose: str) -> list[Lots]:
        return [
            Lots(run_seed(night.seed, FIRST_RUN), night.decided[self._unit].spec.unit_id, purpose)
            for night in self._nights
        ]

    def normals(self, wanted: Bools) -> Floats:
        """One draw for each place that takes part, in their order."""
        found = np.zeros(wanted.shape)
        for night, lots in enumerate(self._lots("nominate")):
            found[night, wanted[night]] = lots.normals(int(wanted[night].sum()))
        return found

    def dropout(self, probability: Floats) -> Bools:
        """A lot for each nominee."""
        found = np.zeros(probability.shape, dtype=bool)
        for night, lots in enumerate(self._lots("dropout")):
            for place in np.flatnonzero(probability[night]):
                found[night, place] = says_yes(lots.draw(), probability=probability.item(night, place))
        return found

    def holdout(self, probability: Floats) -> Bools:
        """One lot."""
        lots = self._lots("holdout")
        return np.array([says_yes(each.draw(), probability=odds) for each, odds in zip(lots, probability, strict=True)])

    def replies(self, probability: Floats) -> Bools:
        """The flight simulator's own draws for what the real Builder asked."""
        found = np.zeros(probability.shape, dtype=bool)
        for number, night in enumerate(self._nights):
            asked = night.asked[night.decided[self._unit].spec.unit_id]
            for turn, completion in enumerate(asked[: probability.shape[1]]):
                draws = draws_for(completion, seed=night.seed, purpose="plan")
                found[number, turn] = draws.chance(probability.item(number, turn))
        return found


def fast_world(nights: Sequence[Real], *, repairs: int) -> World:
    """The same nights for the fast world: odds from the truths, tasks from the logs."""
    shape = min(len(night.decided) for night in nights), len(nights)
    offset, difficulty = np.zeros(shape), np.zeros(shape)
    skill, task = np.zeros(shape, dtype=np.intp), np.zeros(shape, dtype=np.intp)
    for number, night in enumerate(nights):
        places = {name: place for place, name in enumerate(night.tasks)}
        for unit, decided in enumerate(night.decided[: shape[0]]):
            each, at = night.tasks[decided.spec.task_id], (unit, number)
            offset[at] = logit(np.array(night.truths.pass_probability(each, unit=unit + 1)))
            skill[at], task[at], difficulty[at] = SKILLS.index(each.skills[0]), places[each.id], each.difficulty
    return World(
        phases=(Phase(0, np.stack([_effects(night) for night in nights])),),
        offset=offset,
        skill=skill,
        task=task,
        difficulty=difficulty,
        known_at=np.zeros(RULES, dtype=np.intp),
        bonus=nights[0].truths.repair.bonus_per_turn * np.minimum(np.arange(repairs + 1), 1),
        tasks=max(len(night.tasks) for night in nights),
    )


def _effects(night: Real) -> Floats:
    """(skills, rules), in the order in which the product came to know the rules."""
    planted = {rule.text: rule for rule in night.truths.rules}
    return np.array(
        [[planted[text].effect + planted[text].in_skill.get(skill, 0.0) for text in night.rules] for skill in SKILLS]
    )
