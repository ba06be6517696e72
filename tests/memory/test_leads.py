import pytest

from memory.attempts import Outcome
from memory.leads import Aim, Leads, ahead
from tests.memory.builders import a_task, decided, run_started
from tests.trainer.lives import Life

SHIPPED = {"goal_pass_rate": "0.6", "goal_speed": "0.4", "watch": "on"}


def life_of(settings: dict[str, str]) -> Life:
    life = Life([a_task("one", skills=("lists",)), a_task("two", skills=("dates",))])
    life.happens(run_started(2).model_copy(update={"settings": settings}))
    return life


def finish(life: Life, outcome: Outcome, *, forecast: float | None = 0.5) -> None:
    number = life.state.decided + 1
    life.happens(decided(number, "one", forecast=forecast))
    life.finish(number, outcome)


def test_a_lead_grows_until_the_forecast_with_it_is_the_pass_rate_that_comes() -> None:
    leads = Leads()
    for number in range(400):
        leads.note(("lists",), 0.6, passed=number % 10 != 0, speed=0.1)
    assert ahead(0.6, by=leads.of(("lists",))) == pytest.approx(0.9, abs=0.03)
    assert leads.of(("dates",)) == 0.0
    assert leads.of(("lists", "dates")) == pytest.approx(leads.of(("lists",)) / 2)


def test_certain_forecasts_are_no_trouble() -> None:
    leads = Leads()
    for forecast in (0.0, 1.0):
        leads.note(("lists",), forecast, passed=forecast == 0.0, speed=2.0)
    assert abs(leads.of(("lists",))) < 4.0


def test_a_run_that_says_nothing_of_it_aims_as_runs_did_before() -> None:
    assert life_of({}).state.learning.aim == Aim(goal=0.65, speed=0.0, watched=False)
    assert life_of(SHIPPED).state.learning.aim == Aim(goal=0.6, speed=0.4, watched=True)


def test_outcomes_move_the_lead_of_their_skills_where_the_run_says_how_fast() -> None:
    life = life_of(SHIPPED)
    finish(life, "passed")
    assert life.state.learning.leads.of(("lists",)) == pytest.approx(0.2)
    assert life.state.learning.leads.of(("dates",)) == 0.0
    finish(life, "ungraded")
    finish(life, "passed", forecast=None)
    assert life.state.learning.leads.of(("lists",)) == pytest.approx(0.2)
    still = life_of({})
    finish(still, "passed")
    assert still.state.learning.leads.of(("lists",)) == 0.0


def test_a_run_with_another_model_begins_without_leads() -> None:
    life = life_of(SHIPPED)
    finish(life, "passed")
    life.new_run(life.model)
    assert life.state.learning.leads.of(("lists",)) > 0
    life.new_run("another")
    assert life.state.learning.leads.of(("lists",)) == 0.0


def test_practice_gets_harder_where_outcomes_are_ahead_of_forecasts() -> None:
    pool = [a_task(f"lists-{level:02}", skills=("lists",), difficulty=level / 20) for level in range(21)]
    life = Life(pool)
    life.happens(run_started(2).model_copy(update={"settings": SHIPPED}))
    before = life.choose()
    life.state.learning.leads.note(("lists",), 0.1, passed=True, speed=2.0)
    after = life.choose()
    assert before is not None
    assert after is not None
    assert life.state.tasks[after.task_id].task.difficulty > life.state.tasks[before.task_id].task.difficulty
    assert after.why.endswith("60% wanted")
