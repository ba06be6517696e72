import re
from typing import Any

import numpy as np

from memory.analysis import Analysis, Calibration, RecheckFinding, TaskList
from memory.attempts import CodeFigures, Outcome, Score, StyleIssue
from memory.belogs import EncounteredError
from memory.builder_model import logistic, prior_difficulty
from memory.events import Analysed, Decided, Finished, Quarantined
from memory.levels import level_of, level_trend
from memory.tasks import Task
from tests.memory.builders import (
    a_belog,
    a_nominee,
    a_result,
    a_spec,
    a_task,
    a_turn,
    a_verdict,
    an_analysis,
    an_assignment,
    decided,
    finished,
    rule_added,
)
from tests.trainer.lives import Life
from trainer.adjust_difficulty import target_of
from trainer.analyze_builder import analyse


def life_with(records: dict[str, tuple[int, int]]) -> Life:
    """Skill -> (passes, failures): a fresh task each time, the passes of each skill first."""
    life = Life([a_task(f"{skill}-{n}", skills=(skill,)) for skill, each in records.items() for n in range(sum(each))])
    for skill, (passes, failures) in records.items():
        for number in range(passes + failures):
            life.practise(f"{skill}-{number}", "passed" if number < passes else "failed")
    return life


def fail_with(life: Life, error_class: str, message: str, task: str) -> None:
    number = life.decide(task)
    result = a_result(number, "failed")
    belog = a_belog(life.state, life.state.in_flight[result.unit_id].spec, result)
    error = EncounteredError(turn=0, error_class=error_class, message=message)
    life.happens(Finished(result=result, belog=belog.model_copy(update={"errors_encountered": (error,)})))


def test_a_memory_without_attempts_has_no_weakness() -> None:
    assert analyse(Life([a_task()]).state) == Analysis(
        number=1, units=0, pass_rate=0, skills=(), errors=(), weakest=None, summary="Nothing graded was finished yet."
    )


def test_the_weakest_skill_is_the_one_that_is_surely_weak_and_the_strongest_surely_strong() -> None:
    found = analyse(life_with({"lists": (18, 2), "dates": (5, 15), "strings": (0, 1), "loops": (1, 0)}).state)
    assert (found.weakest, found.strongest) == ("dates", "lists")
    assert (found.units, found.pass_rate) == (42, 0.571429)
    assert [(each.skill, each.attempts, each.pass_rate) for each in found.skills] == [
        ("dates", 20, 0.25), ("lists", 20, 0.9), ("loops", 1, 1.0), ("strings", 1, 0.0),
    ]  # fmt: skip
    assert re.match(
        r"24 of 42 graded attempts passed\. "
        r"Weakest: dates, expected to pass \d+% of tasks of medium difficulty "
        r"\(95 % interval \d+% to \d+%, after 20 attempts\)\. "
        r"Strongest: lists, expected to pass \d+% of tasks of medium difficulty ",
        found.summary,
    )


def test_findings_hold_levels_intervals_the_latest_attempts_and_the_aim() -> None:
    life = life_with({"lists": (5, 10)})
    finding, believed = analyse(life.state).skills[0], life.state.learning.level("lists")
    assert (finding.low, finding.high, finding.recent_pass_rate) == (0.151763, 0.582865, 0.0)
    assert finding.target_difficulty == target_of(believed, goal=life.state.learning.aim.goal)
    assert (finding.level, finding.trend) == (level_of(believed), level_trend(life.state.skills["lists"]))


def test_a_single_skill_is_weakest_and_not_strongest_too() -> None:
    found = analyse(life_with({"lists": (1, 0)}).state)
    assert (found.weakest, found.strongest) == ("lists", None)
    assert "Strongest" not in found.summary


def test_errors_are_counted_the_most_frequent_first_with_their_first_example() -> None:
    life = Life([a_task("lists"), a_task("dates")])
    for task, error in [("lists", "KeyError"), ("dates", "IndexError"), ("lists", "IndexError"), ("lists", "Timeout")]:
        fail_with(life, error, f"the {error} of {task}", task)
    found = analyse(life.state)
    assert [(each.error_class, each.count, each.example_task, each.example) for each in found.errors] == [
        ("IndexError", 2, "dates", "the IndexError of dates"),
        ("KeyError", 1, "lists", "the KeyError of lists"),
        ("Timeout", 1, "lists", "the Timeout of lists"),
    ]
    assert "Most frequent error: IndexError, 2 times, e.g. dates: the IndexError of dates." in found.summary


def test_ungraded_attempts_are_units_but_neither_passes_nor_failures() -> None:
    life = Life([a_task("talk", checks=(), entry_point=None)])
    life.practise("talk", "ungraded")
    found = analyse(life.state)
    assert (found.units, found.pass_rate, found.skills, found.weakest) == (1, 0.0, (), None)


def test_analyses_are_numbered() -> None:
    life = life_with({"lists": (1, 0)})
    before = analyse(life.state).number
    life.happens(Analysed(analysis=an_analysis()))
    assert (before, analyse(life.state).number) == (1, 2)


def test_tasks_in_quarantine_and_dead_ends_are_named() -> None:
    life = Life([a_task(f"hard-{n}", difficulty=1.0) for n in range(5)])
    for task in life.pool[:4]:
        life.practise(task.id, "failed", "failed", "failed")
    life.happens(Quarantined(task_id="hard-4", why="nobody passes it"))
    found = analyse(life.state)
    assert found.quarantined == TaskList(count=1, first=("hard-4",))
    assert found.dead_ends == TaskList(count=4, first=("hard-0", "hard-1", "hard-2", "hard-3"))
    assert "In quarantine: hard-4. Dead ends: hard-0, hard-1, hard-2 and 1 more." in found.summary


def test_forecasts_are_held_against_the_best_constant() -> None:
    life = Life([a_task()])
    assert analyse(life.state).calibration is None
    outcomes: tuple[tuple[float, Outcome], ...] = ((0.9, "passed"), (0.8, "passed"), (0.2, "failed"), (0.5, "passed"))
    for number, (forecast, outcome) in enumerate(outcomes, start=1):
        life.happens(Decided(spec=a_spec(number), run=1, why="a test", forecast=forecast))
        life.finish(number, outcome)
    assert analyse(life.state).calibration == Calibration(units=4, brier=0.085, constant=0.1875)


def test_a_fall_after_a_change_of_model_is_told_and_a_chance_is_not() -> None:
    life = Life([a_task(f"{skill}-{n}", skills=(skill,)) for skill in ("lists", "dates") for n in range(9)])
    for task in life.pool:
        life.practise(task.id, "passed")
    life.new_run("another")
    for number in range(9):
        life.practise(f"lists-{number}", "failed")
        life.practise(f"dates-{number}", "failed" if number < 2 else "passed")
    found = analyse(life.state, life.rechecks)
    assert found.rechecks == (
        RecheckFinding(skill="dates", tasks=9, falls=2, rises=0, p_value=0.5),
        RecheckFinding(skill="lists", tasks=9, falls=9, rises=0, p_value=0.00390625),
    )
    assert found.summary.count("Worse since the model changed") == 1
    assert (
        "Worse since the model changed: lists, of 9 tasks tried again 9 fell and 0 rose (sign test, p = 0.0039)."
        in found.summary
    )
    assert analyse(life.state).rechecks == ()


def test_trends_are_told() -> None:
    life = Life([a_task(f"{skill}-{n}", skills=(skill,)) for skill in ("up", "down") for n in range(40)])
    for number in range(40):
        life.practise(f"up-{number}", "failed" if number < 20 else "passed")
        life.practise(f"down-{number}", "passed" if number < 20 else "failed")
    assert "Rising: up. Falling: down." in analyse(life.state).summary


def scored(*issues: str, complexity: int = 2, size: int = 10) -> Score:
    figures = CodeFigures(complexity=complexity, size=size, issues=len(issues))
    found = tuple(StyleIssue(rule=rule, line=1, text=f"a line of {rule}") for rule in issues)
    reference = CodeFigures(complexity=2, size=10, issues=0)
    parts = {"accuracy": 1.0, "speed": 1.0, "elegance": 1.0, "difficulty": 0.5, "points": 75.0}
    return Score(**parts, figures=figures, reference_figures=reference, issues=found)


def end(life: Life, task: str, *mistakes: str, score: Score | None = None, **fields: Any) -> None:
    """A unit of the task that ended like this; a mistake makes it a failure."""
    number = life.decide(task)
    turns = tuple(a_turn(index, problem=f"error {index} of {task}") for index, _ in enumerate(mistakes))
    given = fields | {"score": score, "turns": turns or (a_turn(verdict=a_verdict()),)}
    ended = finished(life.state, number, "failed" if mistakes else "passed", **given)
    life.happens(ended.model_copy(update={"mistakes": mistakes}))


def two_skills() -> Life:
    return Life([a_task("list", skills=("lists",)), a_task("date", skills=("dates",))])


def test_the_most_frequent_mistakes_are_told_by_signature_with_an_example() -> None:
    life = two_skills()
    for task, mistakes in [
        ("list", ("1:limit:slow:f",)),
        ("date", ("1:limit:slow:f", "1:no code:cut off")),
        ("list", ()),
    ]:
        end(life, task, *mistakes)
    end(life, "list", "1:limit:slow:f")
    found = analyse(life.state)
    assert [(each.signature, each.count, each.by_skill) for each in found.mistakes] == [
        ("1:limit:slow:f", 3, {"dates": 1, "lists": 2}), ("1:no code:cut off", 1, {"dates": 1}),
    ]  # fmt: skip
    assert (found.mistakes[1].example_task, found.mistakes[1].example) == ("date", "error 1 of date")
    assert found.mistakes_in == 4
    assert "Most repeated mistake: too slow in `f`, in 3 of the last 4 attempts, mostly lists." in found.summary


def test_a_mistake_that_was_made_once_is_no_habit() -> None:
    life = two_skills()
    end(life, "list", "1:limit:slow:f")
    assert "repeated" not in analyse(life.state).summary


def test_poor_habits_are_counted_by_skill_with_an_example() -> None:
    life = two_skills()
    for task, score in [("list", scored("E722")), ("date", scored("E722", "F841")), ("list", scored("F841")),
                        ("list", scored()), ("list", scored("F841")), ("date", None)]:  # fmt: skip
        end(life, task, score=score)
    found = analyse(life.state)
    assert [(each.rule, each.words, each.count, each.by_skill) for each in found.style] == [
        ("F841", "an unused variable", 3, {"dates": 1, "lists": 2}),
        ("E722", "a bare `except`", 2, {"dates": 1, "lists": 1}),
    ]  # fmt: skip
    assert found.style_in == 5
    assert (
        "Most frequent habit: an unused variable, in 3 of the last 5 solutions, mostly lists, "
        "e.g. list: a line of F841." in found.summary
    )


def test_solutions_that_are_twice_as_complex_or_long_as_the_reference_are_told() -> None:
    life = two_skills()
    for complexity, size in [(3, 19), (4, 19), (4, 20), (1, 1)]:
        end(life, "list", score=scored(complexity=complexity, size=size))
    assert [(each.rule, each.count, each.example) for each in analyse(life.state).style] == [
        ("complex", 2, "4 ways through it, 2 through the reference"),
        ("long", 1, "20 statements and expressions, the reference has 10"),
    ]


def test_what_was_tried_is_told_with_its_reason_and_outcome() -> None:
    life = Life([a_task()])
    for _ in range(9):
        life.practise("add", "failed", slot="review")
    life.happens(Analysed(analysis=an_analysis()))
    life.practise("add", "passed", slot="explore")
    life.decide("add")
    found = analyse(life.state)
    assert found.slots == {"drill": 1, "explore": 1}
    assert [(each.slot, each.outcome) for each in found.tried[-3:]] == [
        ("review", "failed"), ("explore", "passed"), ("drill", ""),
    ]  # fmt: skip
    assert (len(found.tried), found.tried[-1].why) == (10, "a test")
    assert "Chosen since the last look: 1 drill, 1 explore. Last: add, a test." in found.summary


def test_efficiency_is_shown_of_each_skill_and_of_all() -> None:
    life = two_skills()
    assert analyse(life.state).efficiency_score is None
    for _ in range(9):
        end(life, "list", wall_s=10.0)
        end(life, "date", wall_s=10.0)
    even = analyse(life.state)
    for _ in range(9):
        end(life, "list", wall_s=1.0)
        end(life, "date", wall_s=10.0)
    dates, lists = analyse(life.state).skills
    assert (even.efficiency_score, dates.efficiency_score) == (50, 50)
    assert lists.efficiency_score is not None
    assert lists.efficiency_score > 52


def prove(life: Life, text: str, *, helps: bool, units: int) -> str:
    """A rule that its coin shows in half of so many units, which pass with it alone, or without it alone."""
    life.happens(rule_added(text))
    rule = life.state.learning.rules.named(text)
    assert rule is not None
    for number in range(units):
        dropped = bool(number % 2)
        nominee = a_nominee(rule.id, drop_probability=0.5, dropped=dropped, trial=1, baseline=0.0)
        predictions = life.state.learning.evidence.predict(life.pool[0])
        unit = decided(life.state.decided + 1, assignment=an_assignment(nominee))
        life.happens(unit.model_copy(update={"predictions": predictions}))
        life.finish(life.state.decided, "passed" if dropped != helps else "failed")
    return rule.id


def test_what_is_proven_of_rules_is_told_help_before_harm() -> None:
    life = Life([a_task()])
    bad = prove(life, "Guess.", helps=False, units=80)
    good = prove(life, "Sort it first.", helps=True, units=80)
    prove(life, "Breathe.", helps=True, units=2)
    helped, harmed = analyse(life.state).learned
    assert (helped.id, helped.version, helped.text, helped.verdict) == (good, 1, "Sort it first.", "certified")
    assert (helped.shown, helped.shown_passed, helped.dropped, helped.dropped_passed) == (40, 40, 40, 0)
    assert (harmed.id, harmed.verdict, harmed.shown_passed, harmed.dropped_passed) == (bad, "retired", 0, 40)
    assert helped.effect > 0 > harmed.effect
    words = analyse(life.state).summary
    assert "Proven to help: Sort it first. (40 of 40 passed with it, 0 of 40 without)." in words
    assert "Proven to harm: Guess. (0 of 40 passed with it, 40 of 40 without)." in words


def test_an_analysis_is_as_long_after_many_units_as_after_some() -> None:
    life = Life([a_task(skills=("lists", "dates"))])
    sizes = []
    for number in range(900):
        end(life, "add", f"1:limit:slow:f{number}", "1:limit:slow:g", score=scored("F841"))
        if number in (599, 899):
            sizes.append((len(analyse(life.state).model_dump_json()) // 100, len(life.state.mistakes.most(10**6))))
    assert sizes[0] == sizes[1]
    assert sizes[1][1] == 501


class Planted:
    """A Builder with one weak skill: logit p = ability - the declared difficulty's."""

    def __init__(self, seed: int, skills: int = 6) -> None:
        self.random = np.random.default_rng(seed)
        self.weak = f"s{self.random.integers(skills)}"
        self.ability = {f"s{n}": float(self.random.normal(0.6, 0.3)) for n in range(skills)} | {self.weak: -1.2}
        self.pool = [
            a_task(f"{skill}-{n}", skills=(skill,), difficulty=float(self.random.uniform(0.1, 0.9)))
            for skill in self.ability
            for n in range(10)
        ]

    def judge(self, task: Task) -> Outcome:
        odds = self.ability[task.skills[0]] - prior_difficulty(task.difficulty)
        return "passed" if self.random.random() < logistic(odds) else "failed"


def names_it(seed: int) -> bool:
    planted = Planted(seed)
    life = Life(planted.pool)
    life.play(200, planted.judge)
    return analyse(life.state).weakest == planted.weak


def test_the_analysis_names_the_weakness_that_was_planted() -> None:
    # measured: in 36 of 40 worlds; a guess would be right in 3 of 20
    assert sum(map(names_it, range(20))) >= 16
