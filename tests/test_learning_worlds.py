"""The fast worlds of the learning benchmark are the product, many nights at once."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.learning import KINDS
from benchmarks.worlds.agreement import compare
from benchmarks.worlds.arrays import NONE, Bools
from benchmarks.worlds.beliefs import Beliefs, Tried
from benchmarks.worlds.chance import Quick
from benchmarks.worlds.choose import Minds, Tempered
from benchmarks.worlds.goal_integrity import alarms, coins, kinds_of
from benchmarks.worlds.goal_proof import flown, good_rules, interval
from benchmarks.worlds.real_nights import real_night
from benchmarks.worlds.world import Plan
from memory.builder_model import BuilderModel, Floats, Practice
from memory.events import RuleAdded
from memory.evidence.effect import Effect
from memory.evidence.integrity import CoinCheck
from memory.evidence.logged import Prediction
from memory.learning import Learning
from memory.tasks import Task
from trainer.nominate import ThompsonSampling
from utils.lots import Lots
from utils.settings import Schedule

CLOSE = 1e-9
SKILLS = ("lists", "state")


@pytest.mark.parametrize("seed", range(5))
def test_the_model_on_arrays_believes_what_the_model_of_the_builder_does(seed: int) -> None:
    rng, model, beliefs = np.random.default_rng(seed), BuilderModel(), Beliefs(nights=1, rules=6, skills=2, tasks=4)
    for _ in range(200):
        skill, task, outcome = int(rng.integers(2)), int(rng.integers(4)), float(rng.random() < 0.4)
        shown = rng.permutation(6)[: rng.integers(4)].tolist()
        rules = np.array([shown + [NONE] * (3 - len(shown))])
        tried = Tried(np.array([skill]), np.array([task]), np.array([task / 4]), rules)
        practice = Practice(
            task=str(task),
            difficulty=task / 4,
            skills=(SKILLS[skill],),
            rules=tuple(f"rule-{rule}@1" for rule in shown),
        )
        model.observe(practice, outcome)
        beliefs.observe(tried, np.array([outcome]))
        bare, effects = beliefs.without_rules(tried), beliefs.of_rules(tried.skill, rules)
        believed = model.belief(practice)
        assert bare.mean[0] + effects.mean.sum() == pytest.approx(believed.mean, abs=CLOSE)
        assert bare.variance[0] + effects.variance.sum() == pytest.approx(believed.variance, abs=CLOSE)


class OneNight(Quick):
    """The product's lots for the nominees of one unit."""

    def __init__(self, lots: Lots) -> None:
        super().__init__(0)
        self._lots = lots

    def normals(self, wanted: Bools) -> Floats:
        found = np.zeros(wanted.shape)
        found[wanted] = self._lots.normals(int(wanted.sum()))
        return found


class Both:
    """The same rules in a memory and in a night of the fast world."""

    def __init__(self, rules: int) -> None:
        self.learning, self.places = Learning(), np.arange(rules)
        for number in range(rules):
            self.learning.steer(RuleAdded(text=f"Rule number {number}.", by="test"), at="")
        self.minds = Minds(
            beliefs=Beliefs(nights=1, rules=rules),
            shows=np.zeros((1, rules), dtype=np.intp),
            passes=np.zeros((1, rules), dtype=np.intp),
            certified=np.zeros((1, rules), dtype=bool),
            retired=np.zeros((1, rules), dtype=bool),
            ranks=self.learning.rules.ranks(self.places)[None, :] / 2.0**64,
        )
        self.units = 0

    def nominees(self) -> tuple[list[int], list[int]]:
        def lots() -> Lots:
            return Lots(7, str(self.units), "nominate")

        task, skill = Task(id="t", name="t", goal="Do it.", skills=("lists",)), np.zeros(1, dtype=np.intp)
        ours = Tempered().nominees(self.minds, skill, len(self.places), OneNight(lots()))[0]
        theirs = ThompsonSampling().rules(self.learning, task, self.places, lots())
        return [rule for rule in ours.tolist() if rule != NONE], [each.rule.place for each in theirs]

    def observe(self, shown: list[int], outcome: float) -> None:
        self.units += 1
        once, book = np.array([-1]), self.learning.rules
        keys = tuple(book.at(place).key for place in shown)
        practice = Practice(task=str(self.units), difficulty=0.5, skills=("lists",), rules=keys)
        self.learning.model.observe(practice, outcome)
        self.minds.beliefs.observe(
            Tried(once + 1, once, np.array([0.5]), np.array([shown], dtype=np.intp)), np.array([outcome])
        )
        for place in shown:
            book.note_shown(book.at(place).id, 1, passed=outcome > 0)
            self.minds.shows[0, place] += 1


@pytest.mark.parametrize(("rules", "seen_before"), [(3, 0), (60, 0), (100, 0), (101, 0), (250, 0), (250, 200)])
def test_nominees_among_many_rules_are_those_of_the_product(rules: int, seen_before: int) -> None:
    both, rng = Both(rules), np.random.default_rng(1)
    for place in range(seen_before):
        both.observe([place], float(rng.random()))
    for unit in range(75):  # rules that were always shown together are worth the same; which is cut off is by chance
        ours, theirs = both.nominees()
        assert ours == theirs
        both.observe(ours, float(unit % 3 == 0))


def agree(folder: Path, *, schedule: Schedule, repairs: int, nights: int, units: int) -> None:
    real = [
        real_night(seed, folder / str(seed), units=units, schedule=schedule, repairs=repairs)
        for seed in range(1, 1 + nights)
    ]
    found = compare(real, repairs=repairs)
    assert found.units == units * nights
    assert found.nominees > found.units
    assert {kind: value for kind, value in found.apart.items() if value > CLOSE} == {}
    assert {"nominees", "coins", "trials", "baselines", "ln E of help", "ln E of certificates"} <= set(found.apart)


def test_a_night_through_the_loop_and_in_the_fast_world_is_the_same(tmp_path: Path) -> None:
    agree(tmp_path, schedule="curriculum", repairs=1, nights=1, units=60)


@pytest.mark.night
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("schedule", "repairs"), KINDS)
def test_seven_nights_through_the_loop_and_in_the_fast_world_are_the_same(
    tmp_path: Path, schedule: Schedule, repairs: int
) -> None:
    agree(tmp_path, schedule=schedule, repairs=repairs, nights=7, units=120)


def test_a_fast_world_with_another_rule_is_told_apart(tmp_path: Path) -> None:
    real = real_night(1, tmp_path / "1", units=30, schedule="once", repairs=0)
    real.rules[0], real.rules[1] = real.rules[1], real.rules[0]
    assert compare([real], repairs=0).apart["nominees"] == 1


def test_the_interval_on_arrays_is_the_one_of_a_claim() -> None:
    history = flown(good_rules(1.0), Plan(nights=2, units=300), 3).history
    for night in range(2):
        effect = Effect()
        for unit in np.flatnonzero(history.assigned[:, night]).tolist():
            effect.note(
                treated=not history.control[unit, night],
                probability=1 - history.holdout.item(unit, night),
                outcome=float(history.passed[unit, night]),
                prediction=Prediction(
                    mean=history.predicted.item(unit, night),
                    treated=history.predicted_treated.item(unit, night),
                    control=history.predicted_control.item(unit, night),
                ),
            )
        found, (middle, reach) = effect.interval(), interval(history)
        assert found is not None
        assert found.mean == pytest.approx(middle[-1, night], abs=CLOSE)
        assert found.high - found.mean == pytest.approx(reach[-1, night], abs=CLOSE)


def test_the_alarm_on_arrays_is_the_one_of_the_check_of_the_coins() -> None:
    treated = coins(5, 4, 0.30, 400)
    skill, level = kinds_of(treated, 5)
    at = alarms(treated, 5)
    for night in range(4):
        check, first = CoinCheck(), 0
        for unit in range(400):
            cell = str(skill[unit, night]), int(level[unit, night])
            check.note(cell, arm=bool(treated[unit, night]), probability=0.8)
            first = first or (unit + 1 if check.alarmed else 0)
        assert first == at[night]
    assert (at > 0).any()
