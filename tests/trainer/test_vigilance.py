import itertools

from memory.attempts import Outcome
from memory.builder_model import Belief
from tests.memory.builders import a_task, run_started
from tests.trainer.lives import Life
from trainer.choice import Choice
from trainer.shares import slot_in_turn
from trainer.vigilance import UNSEEN_UNITS

SKILLS = ("dates", "lists", "strings")
WATCHED = {"watch": "on"}


def life_of(settings: dict[str, str]) -> Life:
    pool = [
        a_task(f"{skill}-{level}", skills=(skill,), difficulty=level / 10) for skill in SKILLS for level in (1, 3, 6)
    ]
    life = Life(pool)
    life.happens(run_started(2).model_copy(update={"settings": settings}))
    for skill in SKILLS:
        life.practise(f"{skill}-1", "passed")
        life.practise(f"{skill}-3", "passed")
    return life


def suspect(life: Life, skill: str, outcome: Outcome = "failed") -> None:
    watch = life.state.learning.watch
    for _ in range(3):
        watch.note({skill: Belief(0.0, 0.0)}, 0.8, passed=outcome == "passed", unit=life.state.totals.units)


def chosen(life: Life) -> Choice:
    choice = life.choose()
    assert choice is not None
    return choice


def test_a_suspected_skill_is_tried_by_the_passed_task_that_is_surest_to_pass() -> None:
    life = life_of(WATCHED)
    suspect(life, "lists")
    choice = chosen(life)
    assert (choice.task_id, choice.slot) == ("lists-1", "review")
    assert choice.why.startswith("lists may have got worse; this was passed before, ")


def test_every_other_unit_at_most_and_no_task_twice_in_a_row() -> None:
    life = life_of(WATCHED)
    suspect(life, "lists")
    choices = []
    for _ in range(6):
        choices.append(chosen(life))
        number = life.decide(choices[-1].task_id, choices[-1].slot)
        life.finish(number, "failed")
    checks = [each.why.startswith("lists may") for each in choices]
    assert checks == [True, False, True, False, True, False]
    assert all(first.task_id != second.task_id for first, second in itertools.pairwise(choices))


def test_without_being_asked_to_watch_nothing_is_looked_at_closer() -> None:
    plain, off = life_of({}), life_of({"watch": "off"})
    for life in (plain, off):
        suspect(life, "lists")
        assert "may have got worse" not in chosen(life).why


def test_a_review_goes_to_a_skill_of_which_nothing_that_was_passed_has_held_lately() -> None:
    life = life_of(WATCHED)
    watch = life.state.learning.watch
    while life.state.totals.units < UNSEEN_UNITS or slot_in_turn(life.state) != "review":
        life.practise("dates-1", "passed")
    for skill in ("dates", "strings"):
        watch.note({skill: Belief(0.0, 0.0)}, 0.8, passed=True, unit=life.state.totals.units)
    choice = chosen(life)
    assert (choice.task_id, choice.slot) == ("lists-1", "review")
    assert choice.why.startswith("nothing that was passed in lists has held lately; ")
