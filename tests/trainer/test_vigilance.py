from tests.memory.builders import a_task, run_started
from tests.trainer.lives import Life
from trainer.choice import Choice
from trainer.shares import slot_in_turn
from trainer.vigilance import LONG_UNSEEN_UNITS, UNSEEN_UNITS

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


def suspect(life: Life, skill: str, failures: int = 2) -> None:
    """It passed often, and then it did not."""
    watch, unit = life.state.learning.watch, life.state.totals.units
    for outcome in "p" * 30 + "f" * failures:
        ability = life.state.learning.model.ability(skill).mean
        watch.note(0.8, {skill: ability}, sound=1.0, passed=outcome == "p", unit=unit)


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


def test_every_other_unit_at_most_until_it_is_grave() -> None:
    life = life_of(WATCHED)
    suspect(life, "lists")
    choices = []
    for _ in range(4):
        choices.append(chosen(life))
        life.decide(choices[-1].task_id, choices[-1].slot)
    assert [each.why.startswith("lists may") for each in choices] == [True, False, True, False]


def test_without_being_asked_to_watch_nothing_is_looked_at_closer() -> None:
    plain, off = life_of({}), life_of({"watch": "off"})
    for life in (plain, off):
        suspect(life, "lists")
        assert "may have got worse" not in chosen(life).why


def test_a_grave_suspicion_does_not_wait() -> None:
    life = life_of(WATCHED)
    suspect(life, "lists", failures=4)
    assert life.state.learning.watch.is_grave("lists")
    choices = []
    for _ in range(2):
        choices.append(chosen(life))
        life.decide(choices[-1].task_id, choices[-1].slot)
    assert [each.slot for each in choices] == ["review", "review"]
    assert choices[0].task_id != choices[1].task_id


def unseen(units: int) -> Life:
    """A memory in which nothing of lists has passed in so many units."""
    life = life_of(WATCHED)
    for _ in range(units):
        life.practise("dates-1", "passed")
    for skill in ("dates", "strings"):
        watch = life.state.learning.watch
        watch.note(0.6, {skill: 0.0}, sound=1.0, passed=True, unit=life.state.totals.units)
    return life


def test_a_review_goes_to_a_skill_of_which_nothing_has_passed_lately() -> None:
    units = UNSEEN_UNITS
    while slot_in_turn(unseen(units).state) != "review":
        units += 1
    assert units < LONG_UNSEEN_UNITS
    choice = chosen(unseen(units))
    assert (choice.task_id, choice.slot) == ("lists-1", "review")
    assert choice.why.startswith("nothing of lists has passed lately; ")
    assert chosen(unseen(1)).why.startswith("practice of")


def test_after_long_it_need_not_wait_for_a_review_s_turn() -> None:
    choice = chosen(unseen(LONG_UNSEEN_UNITS + 6))
    assert (choice.task_id, choice.slot) == ("lists-1", "review")
