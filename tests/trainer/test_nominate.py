"""Nomination by tempered Thompson sampling: who is in scope, who is best, who never gets a place."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from memory.tasks import Task
from tests.trainer.worlds import World
from trainer.nominate import MOST, POOL, Nomination, ThompsonSampling
from utils.lots import Lots


def nominees(world: World, task: Task, unit: int = 1) -> tuple[Nomination, ...]:
    learning = world.state.learning
    places = learning.rules.in_scope(task.skills, world.state.seen_errors(task))
    return ThompsonSampling().rules(learning, task, places, Lots(1, f"unit-{unit}", "nominate"))


def counts(world: World, task: Task, units: int = 300) -> Counter[str]:
    return Counter(each.rule.id for unit in range(units) for each in nominees(world, task, unit))


def test_nobody_is_nominated_where_there_is_no_rule() -> None:
    world = World()
    assert nominees(world, world.add_task("add", "arithmetic")) == ()


def test_at_most_three_with_scores_above_zero_the_best_first() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    world.add_rules(*(f"Rule {number}." for number in range(50)))
    for unit in range(50):
        scores = [each.score for each in nominees(world, task, unit)]
        assert len(scores) <= MOST
        assert all(score is not None and score > 0 for score in scores)
        assert scores == sorted(scores, key=lambda score: -(score or 0))


def test_a_rule_of_unknown_worth_is_nominated_about_half_of_the_time() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    (rule,) = world.add_rules("The only one.")
    assert 120 < counts(world, task)[rule] < 180


def test_a_rule_that_helped_is_nominated_more_often_and_one_that_hurt_less() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    helps, hurts, unknown, *_ = world.add_rules("Helps.", "Hurts.", *(f"Unknown {number}." for number in range(8)))
    for _ in range(15):
        world.play(task, [helps], passed=True)
        world.play(task, [hurts], passed=False)
    found = counts(world, task)
    assert found[helps] > 1.5 * found[unknown]
    assert found[hurts] < found[unknown] / 3


def test_what_helps_in_one_skill_is_preferred_there() -> None:
    world = World()
    home, away = world.add_task("add", "arithmetic"), world.add_task("sort", "sorting")
    rule, *_ = world.add_rules("Helps at home.", *(f"Unknown {number}." for number in range(8)))
    for _ in range(20):
        world.play(home, [rule], passed=True)
        world.play(home, [], passed=False)
        world.play(away, [rule], passed=False)
        world.play(away, [], passed=True)
    assert counts(world, home)[rule] > 1.5 * counts(world, away)[rule]


def test_a_rule_out_of_scope_is_never_nominated() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    (elsewhere,) = world.add_rules("Only when sorting.", skills=("sorting",))
    (here,) = world.add_rules("Only in arithmetic.", skills=("arithmetic",))
    (unseen,) = world.add_rules("Only against key errors.", error_classes=("KeyError",))
    found = counts(world, task)
    assert found[here] > 0
    assert (found[elsewhere], found[unseen]) == (0, 0)


def test_a_banned_rule_is_never_nominated_and_a_pinned_one_always() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    banned, pinned, *_ = world.add_rules("Banned.", "Pinned.", *(f"Other {number}." for number in range(8)))
    world.judge(banned, "banned")
    world.judge(pinned, "pinned")
    for _ in range(20):
        world.play(task, [pinned], passed=False)
    found = counts(world, task, units=100)
    assert (found[banned], found[pinned]) == (0, 100)
    assert nominees(world, task)[0].score is None


def test_more_pinned_rules_than_places_are_all_nominated_and_nobody_else() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    rules = world.add_rules(*(f"Pinned {number}." for number in range(MOST + 2)), "Free.")
    for rule in rules[:-1]:
        world.judge(rule, "pinned")
    assert [each.rule.id for each in nominees(world, task)] == rules[:-1]


def test_a_rule_that_keeps_failing_leaves_for_good() -> None:
    world = World()
    task = world.add_task("add", "arithmetic", difficulty=0.0)
    rule, _ = world.add_rules("Hurts.", "Another.")
    for _ in range(12):
        world.play(task, [rule], passed=False)
    assert counts(world, task)[rule] == 0


def test_a_newcomer_takes_part_at_once_among_more_rules_than_the_pool_holds() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    world.add_rules(*(f"Old {number}." for number in range(POOL * 3)))
    (newcomer,) = world.add_rules("New.")
    assert counts(world, task)[newcomer] > 0


def test_of_many_rules_no_more_than_the_pool_takes_part_and_the_proven_ones_stay_in_it() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    best, *_ = world.add_rules(*(f"Rule {number}." for number in range(POOL * 3)))
    for _ in range(20):
        world.play(task, [best], passed=True)
    found = counts(world, task)
    assert len(found) <= POOL
    assert found[best] == max(found.values())


@given(st.integers(0, 2**32), st.integers(0, 120))
def test_the_same_lots_nominate_the_same(unit: int, rules: int) -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    world.add_rules(*(f"Rule {number}." for number in range(rules)))
    first = [(each.rule.id, each.score) for each in nominees(world, task, unit)]
    assert first == [(each.rule.id, each.score) for each in nominees(world, task, unit)]


def test_recall_is_nominated_by_its_own_worth() -> None:
    world = World()
    task = world.add_task("add", "arithmetic")
    score = ThompsonSampling().recall
    units = [Lots(1, f"unit-{unit}", "recall") for unit in range(200)]
    before = sum(score(world.state.learning, task, lots) is not None for lots in units)
    for _ in range(20):
        world.play(task, ["recall"], passed=False)
    units = [Lots(1, f"unit-{unit}", "recall") for unit in range(200)]
    after = sum(score(world.state.learning, task, lots) is not None for lots in units)
    assert 70 < before < 130
    assert after < before / 2
