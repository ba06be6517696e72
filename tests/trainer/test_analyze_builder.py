from memory.analysis import Analysis
from memory.belogs import EncounteredError
from memory.events import Analysed, Finished
from tests.memory.builders import a_belog, a_result, a_task, an_analysis
from tests.trainer.lives import Life
from trainer.analyze_builder import analyse


def life_with(records: dict[str, tuple[int, int]]) -> Life:
    """Skill -> (passes, failures)."""
    life = Life([a_task(skill, skills=(skill,)) for skill in records])
    for skill, (passes, failures) in records.items():
        for number in range(passes + failures):
            life.finish(life.decide(skill), "passed" if number < passes else "failed")
    return life


def fail_with(life: Life, error_class: str, message: str, task: str) -> None:
    number = life.decide(task)
    result = a_result(number, "failed")
    belog = a_belog(life.state, life.state.in_flight[result.unit_id].spec, result)
    error = EncounteredError(turn=0, error_class=error_class, message=message)
    life.happens(Finished(result=result, belog=belog.model_copy(update={"errors_encountered": (error,)})))


def test_a_memory_without_attempts_has_no_weakness() -> None:
    life = Life([a_task()])
    assert analyse(life.state, life.targets) == Analysis(
        number=1, units=0, pass_rate=0, skills=(), errors=(), weakest=None, summary="Nothing graded was finished yet."
    )


def test_the_weakest_skill_is_the_one_that_is_surely_weak() -> None:
    life = life_with({"lists": (18, 2), "dates": (5, 15), "strings": (0, 1)})
    found = analyse(life.state, life.targets)
    assert (found.weakest, found.units, found.pass_rate) == ("dates", 41, 0.560976)
    assert [(each.skill, each.attempts, each.pass_rate) for each in found.skills] == [
        ("dates", 20, 0.25), ("lists", 20, 0.9), ("strings", 1, 0.0),
    ]  # fmt: skip
    assert found.summary.startswith(
        "23 of 41 graded attempts passed. "
        "Weakest: dates, 25% of 20 attempts passed (95 % interval 11% to 47%). "
        "Strongest: lists, 90% of 20 attempts passed (95 % interval 70% to 97%). "
    )


def test_findings_hold_intervals_the_latest_attempts_and_the_aim() -> None:
    life = life_with({"lists": (5, 10)})
    finding = analyse(life.state, life.targets).skills[0]
    assert (finding.low, finding.high, finding.recent_pass_rate) == (0.151763, 0.582865, 0.0)
    assert finding.target_difficulty == life.targets.of("lists") == 0.0


def test_a_single_skill_is_weakest_and_not_strongest_too() -> None:
    life = life_with({"lists": (1, 0)})
    assert analyse(life.state, life.targets).summary == (
        "1 of 1 graded attempts passed. Weakest: lists, 100% of 1 attempts passed (95 % interval 21% to 100%)."
    )


def test_errors_are_counted_the_most_frequent_first_with_their_first_example() -> None:
    life = Life([a_task("lists"), a_task("dates")])
    for task, error in [("lists", "KeyError"), ("dates", "IndexError"), ("lists", "IndexError"), ("lists", "Timeout")]:
        fail_with(life, error, f"the {error} of {task}", task)
    found = analyse(life.state, life.targets)
    assert [(each.error_class, each.count, each.example_task, each.example) for each in found.errors] == [
        ("IndexError", 2, "dates", "the IndexError of dates"),
        ("KeyError", 1, "lists", "the KeyError of lists"),
        ("Timeout", 1, "lists", "the Timeout of lists"),
    ]
    assert found.summary.endswith("Most frequent error: IndexError, 2 times, e.g. dates: the IndexError of dates.")


def test_ungraded_attempts_are_units_but_neither_passes_nor_failures() -> None:
    life = Life([a_task("talk", checks=(), entry_point=None)])
    life.finish(life.decide("talk"), "ungraded")
    found = analyse(life.state, life.targets)
    assert (found.units, found.pass_rate, found.skills, found.weakest) == (1, 0.0, (), None)


def test_analyses_are_numbered() -> None:
    life = life_with({"lists": (1, 0)})
    before = analyse(life.state, life.targets).number
    life.happens(Analysed(analysis=an_analysis()))
    assert (before, analyse(life.state, life.targets).number) == (1, 2)
