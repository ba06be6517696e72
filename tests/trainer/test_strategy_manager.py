import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.attempts import Outcome
from memory.events import (
    Abandoned,
    BlueprintAdded,
    Event,
    Happening,
    Parked,
    Quarantined,
    RuleAdded,
    Slot,
    TaskAdded,
    Validated,
)
from memory.state import MemoryState
from memory.tasks import Task
from tests.memory.builders import AT, MEMORY_ID, a_blueprint, a_task, created, run_started
from tests.memory.lives import lives
from tests.trainer.lives import Judge, Life
from trainer.candidates import Candidates
from trainer.choice import Choice
from trainer.shares import FLOOR, SHARES, slot_in_turn
from trainer.strategy_manager import StrategyManager

SKILLS = ("dates", "lists", "strings")
POOL = [
    a_task(f"{skill}-{level}", skills=(skill,), difficulty=level / 10) for skill in SKILLS for level in (1, 2, 4, 6, 8)
]


def wish(task_id: str, *, priority: int = 0, graded: bool = True, **fields: Any) -> TaskAdded:
    checks = {} if graded else {"checks": (), "entry_point": None}
    values = {"skills": ("general",), **checks, **fields}
    return TaskAdded(task=a_task(task_id, origin="user", priority=priority, **values), by="a person")


def skill_of(task_id: str) -> str:
    return task_id.partition("-")[0]


def wide_pool(skills: Sequence[str], tasks: int = 12) -> list[Task]:
    return [a_task(f"{skill}-{n:02}", skills=(skill,), difficulty=n / tasks) for skill in skills for n in range(tasks)]


def failing(*names: str) -> Judge:
    """Fails the tasks or skills of these names."""
    return lambda task: "failed" if {task.id, *task.skills} & set(names) else "passed"


def times(number: int, outcome: Outcome) -> list[Outcome]:
    return [outcome] * number


def able(reaches: dict[str, float]) -> Judge:
    """Passes tasks below a skill's reach, 0.8 where none is given."""
    return lambda task: "passed" if task.difficulty < reaches.get(task.skills[0], 0.8) else "failed"


def chosen(life: Life) -> Choice:
    choice = life.choose()
    assert choice is not None
    return choice


class TestDrill:
    def test_takes_the_task_nearest_the_goal_and_says_why(self) -> None:
        # the first point of the walk, 0.62, falls on the second of three equal skills
        life = Life(POOL)
        assert slot_in_turn(life.state) == "drill"
        assert chosen(life) == Choice("lists-4", "drill", "practice of lists; 60% expected, 65% wanted")

    def test_goes_to_harder_tasks_where_the_builder_passes_and_to_easier_ones_where_it_fails(self) -> None:
        life = Life(wide_pool(SKILLS))
        played = life.play(90, able({"lists": 0.25}))
        declared = {
            skill: [life.state.tasks[each].task.difficulty for each in played[30:] if skill_of(each) == skill]
            for skill in SKILLS
        }
        mean = {skill: sum(levels) / len(levels) for skill, levels in declared.items()}
        assert mean["lists"] + 0.3 < min(mean["dates"], mean["strings"])

    def test_skills_that_lack_more_get_more_turns(self) -> None:
        life = Life(wide_pool(SKILLS))
        choices = life.play_choices(300, able({"lists": 0.25}))
        turns = Counter(skill_of(each.task_id) for each in choices if each.slot == "drill")
        assert turns["lists"] > 1.5 * max(turns["dates"], turns["strings"])
        assert min(turns.values()) >= 10

    def test_a_skill_without_a_free_task_passes_its_turn_on(self) -> None:
        life = Life([*POOL[:3], *POOL[5:6]])
        life.decide("lists-1")
        assert {skill_of(each) for each in life.play(6)} == {"dates"}


class TestWishes:
    def test_come_first_by_priority_then_in_the_order_in_which_they_came(self) -> None:
        life = Life(POOL)
        life.happens(wish("low"), wish("high", priority=5), wish("also-high", priority=5), wish("never", priority=-3))
        assert chosen(life) == Choice("high", "wish", "asked for by a person, priority 5")
        played = life.play_choices(5)
        assert [each.task_id for each in played[:4]] == ["high", "also-high", "low", "never"]
        assert [each.slot for each in played] == ["wish"] * 4 + ["drill"]

    def test_are_answered_once_whatever_becomes_of_them_and_graded_ones_join_the_others(self) -> None:
        life = Life(POOL)
        life.happens(wish("easy"), wish("open", graded=False))
        outcomes: dict[str, Outcome] = {"easy": "failed", "open": "ungraded"}
        assert life.play(2, lambda task: outcomes[task.id]) == ["easy", "open"]
        later = life.play(60)
        assert ("easy" in later, "open" in later) == (True, False)

    def test_in_quarantine_wait(self) -> None:
        life = Life(POOL)
        life.happens(wish("broken"), Quarantined(task_id="broken", why="its reference fails"))
        assert skill_of(chosen(life).task_id) in SKILLS

    def test_that_ended_the_program_are_not_tried_for_ever(self) -> None:
        life = Life(POOL)
        life.happens(wish("poison"))
        number = life.decide("poison", "wish")
        life.happens(Abandoned(unit_id=f"{MEMORY_ID}-{number:06d}", task_id="poison", deaths=3))
        assert "poison" not in life.play(100)


class TestExploring:
    def test_takes_new_tasks_of_the_skill_that_is_known_least(self) -> None:
        life = Life([*wide_pool(SKILLS), a_task("rare-1", skills=("rare",), difficulty=0.9)])
        number = 0
        while number < len(SKILLS) or slot_in_turn(life.state) != "explore":
            number += 1
            life.practise(f"{SKILLS[number % 3]}-03", "passed")
        assert chosen(life) == Choice("rare-1", "explore", "never tried, and rare is known least; 16% expected")

    def test_gives_way_to_practice_where_everything_was_tried(self) -> None:
        life = Life(POOL)
        for task in POOL:
            life.practise(task.id, "passed", "failed")
        assert "explore" not in {each.slot for each in life.play_choices(100)}

    def test_a_skill_that_is_new_to_an_old_memory_takes_its_turn_and_not_all_turns(self) -> None:
        life = Life(wide_pool(SKILLS, 6))
        life.play(300)
        life.happens(wish("new-1", skills=("new",)))
        assert life.play(1) == ["new-1"]
        life.happens(*(wish(f"new-{n}", skills=("new",), priority=-1) for n in range(2, 4)))
        life.play(2)
        turns = Counter(map(skill_of, life.play(100, failing("new-1"))))
        assert 12 <= turns["new"] <= 60
        assert min(turns[skill] for skill in SKILLS) >= 5


class TestReviews:
    def test_go_to_what_was_passed_and_is_forgotten_by_now_the_most_forgotten_first(self) -> None:
        life = Life(wide_pool(SKILLS))
        life.practise("dates-00", "passed")
        life.practise("lists-00", "passed")
        life.practise("strings-11", *times(200, "failed"))
        reviews = [each for each in life.play_choices(100, failing("strings")) if each.slot == "review"]
        assert reviews[0] == Choice("dates-00", "review", "passed before, but by now remembered with only 86%")
        assert reviews[1].task_id == "lists-00"

    def test_are_practice_where_nothing_is_forgotten(self) -> None:
        life = Life(wide_pool(SKILLS))
        assert "review" not in {each.slot for each in life.play_choices(60)}

    def test_go_through_all_that_was_tried_before_a_new_model_passed_or_not(self) -> None:
        life = Life(POOL)
        life.practise("dates-1", "passed")
        life.practise("lists-8", "failed")
        life.practise("strings-1", "passed")
        life.new_run("another")
        life.practise("strings-1", "passed")
        reviews = [each for each in life.play_choices(60) if each.slot == "review"]
        assert {each.why for each in reviews} == {"not tried since the model changed"}
        assert {each.task_id for each in reviews} <= {"dates-1", "lists-8"}
        assert reviews[0].task_id == "dates-1"

    def test_end_once_everything_was_tried_with_the_new_model(self) -> None:
        life = Life(POOL[:2])
        life.practise("dates-1", "passed")
        life.new_run("another")
        life.practise("dates-1", "passed")
        assert "review" not in {each.slot for each in life.play_choices(50)}


class TestShares:
    def test_of_three_hundred_units_are_between_the_least_and_what_the_best_could_get(self) -> None:
        life = Life(wide_pool(tuple("abcdefgh"), 40))
        life.practise("a-00", *times(1, "passed"))
        life.practise("b-39", *times(200, "failed"))
        judge: Judge = lambda task: "passed" if task.difficulty < 0.6 else "failed"  # noqa: E731
        slots = Counter(each.slot for each in life.play_choices(300, judge))
        for kind, share in SHARES.items():
            assert slots[kind] / 300 > FLOOR * share - 0.02

    def test_are_spread_evenly(self) -> None:
        state = MemoryState()
        turns = list[str]()
        for _ in range(200):
            turns.append(slot_in_turn(state))
            state.slots[turns[-1]] += 1
        for kind, share in SHARES.items():
            mine = places(turns, kind)
            assert len(mine) == pytest.approx(share * len(turns), abs=2)
            assert max(b - a for a, b in itertools.pairwise(mine)) <= 2 / share

    def test_owe_nothing_to_a_kind_that_had_nothing_to_choose(self) -> None:
        life = Life(POOL)
        for task in POOL:
            life.practise(task.id, "passed")
        life.play(200)
        life.happens(*(TaskAdded(task=task, by="a test") for task in wide_pool(("new",), 40)))
        life.strategy = StrategyManager([*life.state.tasks], schedule="curriculum")
        slots = Counter(each.slot for each in life.play_choices(50))
        assert slots["explore"] <= 15  # of 50, and none in arrears: with its gains it is at most .26


def places(points: Sequence[str], name: str) -> list[int]:
    return [index for index, each in enumerate(points) if each == name]


class TestNever:
    def test_a_task_that_is_worked_on(self) -> None:
        life, busy = Life(POOL), list[str]()
        for _ in POOL:
            busy.append(chosen(life).task_id)
            life.decide(busy[-1])
        assert sorted(busy) == sorted(task.id for task in POOL)
        assert (life.choose(), life.finished()) == (None, None)

    def test_a_task_twice_in_a_row_unless_it_is_the_only_one(self) -> None:
        assert Life(POOL[:1]).play(3) == ["dates-1"] * 3

    @given(
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10)), min_size=2, max_size=12),
        st.lists(st.sampled_from(["passed", "failed"]), min_size=20, max_size=20),
    )
    def test_a_task_twice_in_a_row(self, shapes: list[tuple[str, int]], outcomes: list[Outcome]) -> None:
        pool = [a_task(f"{skill}-{n}", skills=(skill,), difficulty=d / 10) for n, (skill, d) in enumerate(shapes)]
        life, results = Life(pool), iter(outcomes)
        for _ in range(20):
            before, choice = life.state.last_task, life.choose()
            if choice is None:
                assert life.finished()
                return
            others = [record for skill in "abc" if skill in life.state.by_skill for record in self.open(life, skill)]
            assert choice.task_id != before or [each for each in others if each != before] == []
            life.practise(choice.task_id, next(results), slot=choice.slot)

    def open(self, life: Life, skill: str) -> list[str]:
        return [record.task.id for record in Candidates(life.state, life.state.tasks, model="rehearsal").of(skill)]

    def test_a_task_in_quarantine_until_it_was_found_sound(self) -> None:
        life = Life(POOL[:2])
        life.happens(Quarantined(task_id="dates-1", why="nobody passes it"))
        assert life.play(5) == ["dates-2"] * 5
        life.happens(Validated(task_id="dates-1", sound=True, why="its reference passes"))
        assert life.play(1) == ["dates-1"]

    def test_a_dead_end_until_something_changes(self) -> None:
        life = Life([a_task("easy", difficulty=0.1), a_task("hard", difficulty=1.0)])
        life.practise("hard", *times(3, "failed"))
        assert set(life.play(20)) == {"easy"}
        life.new_run("another")
        assert "hard" in life.play(10)

    def test_a_dead_end_until_the_builder_works_in_another_way(self) -> None:
        life = Life([a_task("hard", difficulty=1.0)])
        life.happens(BlueprintAdded(blueprint=a_blueprint(1)))
        life.practise("hard", *times(3, "failed"))
        assert life.choose() is None
        life.happens(BlueprintAdded(blueprint=a_blueprint(2)))
        assert chosen(life).task_id == "hard"

    def test_a_dead_end_until_there_is_a_rule_for_it(self) -> None:
        life = Life([a_task("hard", difficulty=1.0)])
        life.practise("hard", *times(3, "failed"))
        assert life.choose() is None
        life.happens(RuleAdded(text="Sort first.", skills=("dates",), by="a person"))
        assert life.choose() is None
        life.happens(RuleAdded(text="Add with care.", skills=("arithmetic",), by="a person"))
        assert chosen(life).task_id == "hard"

    def test_a_task_that_fails_but_is_expected_to_pass_now_and_then_is_no_dead_end(self) -> None:
        life = Life([a_task("fair", difficulty=0.2)])
        life.practise("fair", "passed", "failed", "failed", "failed")
        assert chosen(life).task_id == "fair"

    def test_an_ungraded_task_of_the_pool_a_second_time(self) -> None:
        life = Life([a_task("talk", checks=(), entry_point=None), *POOL[:2]])
        played = life.play(20, lambda task: "passed" if task.graded else "ungraded")
        assert played.count("talk") == 1


class TestAnEnd:
    def test_is_not_reached_while_there_is_something_to_choose(self) -> None:
        assert Life(POOL[:1]).finished() is None

    def test_is_reached_when_nothing_is_worth_another_try_and_names_the_reasons(self) -> None:
        life = Life([a_task(f"hard-{n}", difficulty=1.0) for n in range(3)])
        for task in ("hard-0", "hard-1"):
            life.practise(task, *times(3, "failed"))
        life.happens(Quarantined(task_id="hard-2", why="nobody passes it"))
        assert life.choose() is None
        assert life.finished() == (
            "nothing is worth another try: 2 dead ends, 1 in quarantine; add tasks or rules, or change the model"
        )

    def test_waits_for_what_is_worked_on_but_not_for_what_is_parked(self) -> None:
        life = Life([a_task()])
        number = life.decide("add")
        assert (life.choose(), life.finished()) == (None, None)
        life.happens(Parked(unit_id=f"{MEMORY_ID}-{number:06d}", reason="a stop"))
        assert life.finished() == "nothing is worth another try; add tasks or rules, or change the model"


class TestSuspicion:
    def fails(self, tries: int, *, difficulty: float) -> Life:
        """One hopeless task of a skill in which everything else passes."""
        life = Life([a_task("broken", difficulty=difficulty), a_task("sound", difficulty=0.5)])
        life.practise("sound", *times(10, "passed"))
        life.practise("broken", *times(tries, "failed"))
        return life

    def test_falls_on_a_task_that_nobody_passes_though_it_is_not_hard(self) -> None:
        life = self.fails(5, difficulty=0.4)
        why = life.strategy.suspect(life.state, "broken")
        assert why is not None
        assert why.startswith("5 tries and no pass, though ")

    def test_takes_five_tries(self) -> None:
        life = self.fails(4, difficulty=0.4)
        assert life.strategy.suspect(life.state, "broken") is None

    def test_does_not_fall_on_a_hard_task(self) -> None:
        life = self.fails(9, difficulty=0.9)
        assert life.strategy.suspect(life.state, "broken") is None

    def test_does_not_fall_on_a_task_that_was_ever_passed(self) -> None:
        life = Life([a_task("once", difficulty=0.4), a_task("sound", difficulty=0.5)])
        life.practise("sound", *times(10, "passed"))
        life.practise("once", "passed", *times(6, "failed"))
        assert life.strategy.suspect(life.state, "once") is None

    def test_is_said_once_and_anew_after_the_task_was_found_sound(self) -> None:
        life = self.fails(5, difficulty=0.4)
        life.happens(Quarantined(task_id="broken", why="nobody passes it"))
        assert life.strategy.suspect(life.state, "broken") is None
        life.happens(Validated(task_id="broken", sound=True, why="its reference passes"))
        assert life.strategy.suspect(life.state, "broken") is None
        life.practise("sound", *times(10, "passed"))
        life.practise("broken", *times(5, "failed"))
        assert life.strategy.suspect(life.state, "broken") is not None

    def test_falls_at_once_on_a_task_without_a_verdict_until_it_was_tried_with_its_reference(self) -> None:
        life = Life([a_task("odd", difficulty=0.4)])
        life.practise("odd", "no_verdict")
        why = f"there is no verdict on an answer to it: {life.state.tasks['odd'].unjudged}"
        assert life.strategy.suspect(life.state, "odd") == why
        life.happens(Quarantined(task_id="odd", why=why))
        assert life.strategy.suspect(life.state, "odd") is None
        life.happens(Validated(task_id="odd", sound=True, why="its reference passes"))
        assert life.strategy.suspect(life.state, "odd") is None


class TestOnce:
    def test_takes_each_task_in_order_and_ends(self) -> None:
        life = Life(POOL[:3], schedule="once")
        life.happens(wish("asked", priority=9))
        assert chosen(life) == Choice("dates-1", "order", "number 1 of 3 in order")
        assert life.finished() is None
        assert life.play(3, lambda _: "failed") == [task.id for task in POOL[:3]]
        assert (life.choose(), life.finished()) == (None, "every task was tried once")
        life.happens(run_started(2))
        assert chosen(life) == Choice("dates-1", "order", "number 1 of 3 in order")

    def test_does_not_wait_for_tasks_that_are_worked_on(self) -> None:
        life = Life(POOL[:2], schedule="once")
        life.decide("dates-1")
        assert chosen(life) == Choice("dates-2", "order", "number 2 of 2 in order")


def folded(happenings: Sequence[Happening]) -> MemoryState:
    state = MemoryState()
    for number, happening in enumerate((created(), *happenings), start=1):
        state.apply(Event(seq=number, at=AT, data=happening))
    return state


@settings(max_examples=60, deadline=None)
@given(lives())
def test_the_same_memory_gives_the_same_choice_and_asking_changes_nothing(life: list[Happening]) -> None:
    states = folded(life), folded(life)
    strategy = StrategyManager(sorted(states[0].tasks), schedule="curriculum")
    choices = [strategy.next_task(state, model="rehearsal") for state in (*states, *states)]
    assert choices.count(choices[0]) == 4
    again = [strategy.finished(state, model="rehearsal") for state in (*states, *states)]
    assert again.count(again[0]) == 4


@settings(max_examples=60, deadline=None)
@given(lives())
def test_there_is_a_choice_or_an_end_or_something_is_worked_on(life: list[Happening]) -> None:
    state = folded(life)
    strategy = StrategyManager(sorted(state.tasks), schedule="curriculum")
    choice = strategy.next_task(state, model="rehearsal")
    end = strategy.finished(state, model="rehearsal")
    assert bool(choice) + bool(end) == (0 if not choice and state.running else 1)
    if choice is not None:
        assert choice.task_id not in {flight.task.id for flight in state.in_flight.values()}


@given(lives())
@settings(max_examples=60, deadline=None)
def test_candidates_expect_what_the_model_of_the_builder_expects(life: list[Happening]) -> None:
    state = folded(life)
    candidates = Candidates(state, state.tasks, model="rehearsal")
    for record in state.tasks.values():
        assert candidates.expected(record.task) == pytest.approx(state.learning.expected(record.task))


def test_a_pool_leaves_out_what_the_memory_knows_besides() -> None:
    life = Life(POOL)
    life.strategy = StrategyManager([task.id for task in POOL[5:7]], schedule="curriculum")
    assert set(life.play(10)) == {task.id for task in POOL[5:7]}


def test_slots_are_those_of_the_log() -> None:
    kinds: tuple[Slot, ...] = ("drill", "explore", "review")
    assert tuple(SHARES) == kinds
    assert sum(SHARES.values()) == pytest.approx(1)
