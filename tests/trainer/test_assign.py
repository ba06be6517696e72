"""The coins: settled before the Builder starts, tossed as often as they say, and nothing slips past them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from memory.assignment import Assignment
from memory.attempts import Shown
from memory.blueprints import Way
from memory.tasks import Task
from tests.trainer.worlds import Remembers, World
from trainer.assign import Assigned, Assigner, Fits, Odds, Recall
from trainer.nominate import ThompsonSampling
from utils.lots import says_yes

ODDS = Odds(
    holdout=0.2, holdout_proven=0.05, dropout=0.1, dropout_trial=0.25, dropout_certified=0.05, recall_tokens=400
)
NOTHING = Remembers()
UNITS = 2000


def roomy(task: Task, rules: Sequence[Shown], recalled: Sequence[Shown], way: Way) -> bool:
    return True


def assigner(*, recall: Recall = NOTHING, fits: Fits = roomy, odds: Odds = ODDS) -> Assigner:
    return Assigner(nominate=ThompsonSampling(), recall=recall, odds=odds, fits=fits)


def assign(world: World, task: Task, unit: int, by: Assigner | None = None) -> Assigned:
    return (by or assigner()).assign(world.state, task, unit=f"unit-{unit}", seed=11)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def task(world: World) -> Task:
    return world.add_task("add", "arithmetic")


def tossed(world: World, task: Task, by: Assigner | None = None) -> list[Assignment]:
    found = [assign(world, task, unit, by).assignment for unit in range(UNITS)]
    return [each for each in found if each is not None]


def test_without_a_nominee_there_is_nothing_to_toss_for(world: World, task: Task) -> None:
    assert assign(world, task, 1) == Assigned(None, (), ())


def test_a_fifth_of_the_units_with_nominees_are_controls_that_see_nothing(world: World, task: Task) -> None:
    world.add_rules(*(f"Rule {number}." for number in range(20)))
    found = [assign(world, task, unit, assigner(recall=Remembers(["Task x"]))) for unit in range(UNITS)]
    controls = [each for each in found if each.assignment is not None and each.assignment.control]
    assert 0.17 < len(controls) / UNITS < 0.23
    assert all(each.rules == () and each.belogs == () for each in controls)
    assert all(each.rules or each.belogs for each in found if each not in controls and shown(each))


def shown(assigned: Assigned) -> bool:
    return assigned.assignment is not None and bool(assigned.assignment.shown)


def test_a_tenth_of_the_nominees_is_dropped_each_by_its_own_coin(world: World, task: Task) -> None:
    world.add_rules(*(f"Rule {number}." for number in range(20)))
    coins = [[nominee.dropped for nominee in each.nominees] for each in tossed(world, task)]
    flat = [coin for each in coins for coin in each]
    assert 0.08 < sum(flat) / len(flat) < 0.12
    assert any(len(set(each)) == 2 for each in coins)


def test_every_coin_can_be_tossed_again_from_its_lot(world: World, task: Task) -> None:
    world.add_rules(*(f"Rule {number}." for number in range(5)))
    for each in tossed(world, task)[:200]:
        assert each.control == says_yes(each.lot, probability=each.holdout_probability)
        for nominee in each.nominees:
            assert nominee.dropped == says_yes(nominee.lot, probability=nominee.drop_probability)


def test_the_holdout_coin_does_not_depend_on_who_was_nominated(world: World, task: Task) -> None:
    world.add_rules("One.")
    before = {unit: each.assignment.lot for unit in range(50) if (each := assign(world, task, unit)).assignment}
    world.add_rules(*(f"More {number}." for number in range(10)))
    after = {unit: each.assignment.lot for unit in range(50) if (each := assign(world, task, unit)).assignment}
    assert {unit: after[unit] for unit in before if unit in after} == {
        unit: lot for unit, lot in before.items() if unit in after
    }


def test_a_dropped_rules_text_is_kept_out_of_the_recall_too(world: World, task: Task) -> None:
    world.add_rules("Check the empty list first.")
    line = 'Task "x" (a): failed. Lesson: I should CHECK the empty list  first!'
    by = assigner(recall=Remembers([line, 'Task "y" (a): failed.']))
    for unit in range(UNITS):
        found = assign(world, task, unit, by)
        nominees = found.assignment.nominees if found.assignment else ()
        dropped = any(each.kind == "rule" and each.dropped for each in nominees)
        texts = [each.text for each in found.belogs]
        assert not (dropped and line in texts)
    assert any(line in [each.text for each in assign(world, task, unit, by).belogs] for unit in range(50))


def test_a_banned_rules_text_is_kept_out_of_the_recall(world: World, task: Task) -> None:
    (rule,) = world.add_rules("Check the empty list first.")
    world.judge(rule, "banned")
    by = assigner(recall=Remembers(["Lesson: check the empty list first"]))
    assert all(assign(world, task, unit, by).belogs == () for unit in range(100))


def test_what_does_not_fit_is_left_out_before_any_coin_is_tossed(world: World, task: Task) -> None:
    world.add_rules(*(f"Rule {number}." for number in range(20)))

    def tight(_: Task, rules: Sequence[Shown], recalled: Sequence[Shown], way: Way) -> bool:
        return len(rules) + len(recalled) <= 1

    found = tossed(world, task, assigner(recall=Remembers(["Task x"]), fits=tight))
    assert {len(each.nominees) for each in found} == {1}
    nothing = assigner(fits=lambda _, rules, recalled, way: not rules and not recalled)
    assert tossed(world, task, nothing) == []


def test_recall_is_a_nominee_with_a_coin_of_its_own(world: World, task: Task) -> None:
    by = assigner(recall=Remembers(["Task x"]))
    found = tossed(world, task, by)
    assert all([nominee.key for nominee in each.nominees] == ["recall@1"] for each in found)
    assert 0.4 < len(found) / UNITS < 0.6
    assert 0.06 < sum(each.nominees[0].dropped for each in found) / len(found) < 0.14
    silent = assigner(recall=Remembers(["Task x"]), odds=replace(ODDS, recall_tokens=0))
    assert tossed(world, task, silent) == []


def test_the_same_memory_unit_and_seed_are_assigned_the_same(world: World, task: Task) -> None:
    world.add_rules(*(f"Rule {number}." for number in range(20)))
    assert [assign(world, task, unit) for unit in range(20)] == [assign(world, task, unit) for unit in range(20)]
