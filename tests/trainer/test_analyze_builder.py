import re

import numpy as np

from memory.analysis import Analysis, Calibration, RecheckFinding, TaskList
from memory.attempts import Outcome
from memory.belogs import EncounteredError
from memory.builder_model import logistic, prior_difficulty
from memory.events import Analysed, Decided, Finished, Quarantined
from memory.levels import level_of, level_trend
from memory.tasks import Task
from tests.memory.builders import a_belog, a_result, a_spec, a_task, an_analysis
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
