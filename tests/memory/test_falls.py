import numpy as np
import pytest

from memory.attempts import Outcome
from memory.falls import ALARM, DROPS, FALSE_ALARM, NIGHT, QUIET_UNITS, Fall, Watch, in_words, ratio_of
from memory.steady import SteadyAbilities
from tests.memory.builders import a_task, added, decided
from tests.trainer.lives import Life

WELL_KNOWN = {"lists": 0.0}


def watched(
    outcomes: str,
    *,
    forecast: float = 0.8,
    abilities: dict[str, float] = WELL_KNOWN,
    watch: Watch | None = None,
    sound: float | None = 1.0,
) -> Watch:
    """`p` passed, `f` failed; one unit after the other."""
    watch = watch or Watch()
    for unit, outcome in enumerate(outcomes, start=1):
        watch.note(forecast, abilities, sound=sound, passed=outcome == "p", unit=unit)
    return watch


def night(random: np.random.Generator, *, rates: dict[str, float], attempts: int = NIGHT) -> Watch:
    """Attempts at tasks of one or two skills whose forecasts by steady abilities are right."""
    watch, names = Watch(), sorted(rates)
    for unit in range(1, attempts + 1):
        skills = random.choice(names, size=random.integers(1, 3), replace=False).tolist()
        abilities = dict.fromkeys(skills, 0.0)
        forecast = float(np.mean([rates[skill] for skill in skills]))
        right = watch.as_it_was(forecast, abilities)
        watch.note(forecast, abilities, sound=1.0, passed=bool(random.random() < right), unit=unit)
    return watch


def test_failures_of_what_should_pass_become_a_suspicion_and_then_a_finding() -> None:
    known = "p" * 30
    assert list(watched(known).suspects()) == []
    assert list(watched(known + "ff").suspects()) == ["lists"]
    (fall,) = watched(known + "f" * 7).falls
    assert (fall.skill, fall.since, fall.failures, fall.tries) == ("lists", 31, 5, 5)
    assert fall.expected < 1


def test_a_pass_of_what_should_pass_takes_a_suspicion_back() -> None:
    assert list(watched("p" * 30 + "ffpp").suspects()) == []


def test_what_was_lost_is_not_explained_away_by_beliefs_that_follow() -> None:
    watch = watched("p" * 30)
    for unit in range(31, 40):  # the model of the Builder has come to expect failures
        ability = -0.5 * (unit - 30)
        watch.note(1 / (1 + np.exp(-1.4 - ability)), {"lists": ability}, sound=1.0, passed=False, unit=unit)
    assert [fall.skill for fall in watch.falls] == ["lists"]


def test_a_fall_is_not_told_twice_and_a_second_one_after_a_while() -> None:
    watch = watched("p" * 30 + "f" * 20)
    assert len(watch.falls) == 1
    for unit in range(QUIET_UNITS + 50, QUIET_UNITS + 65):
        watch.note(0.8, {"lists": -3.0}, sound=1.0, passed=False, unit=unit)
    assert len(watch.falls) == 2


def test_one_failure_is_never_enough_however_sure_the_forecast_was() -> None:
    watch = watched("p" * 30)
    watch = watched("f", forecast=1 - 1e-12, watch=watch)
    assert list(watch.falls) == []


def test_a_task_that_was_tried_in_vain_says_nothing_of_its_skill() -> None:
    watch = watched("p" * 30)
    assert list(watched("f" * 20, watch=watch, sound=None).falls) == []


def test_nights_in_which_forecasts_are_right_tell_of_no_fall_as_often_as_promised() -> None:
    """At most FALSE_ALARM of them; Ville's and Doob's inequalities leave something, so that far fewer do."""
    random = np.random.default_rng(4)
    rates = dict(zip("abcdefgh", (0.45, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9), strict=True))
    told = sum(bool(night(random, rates=rates).falls) for _ in range(20))
    assert told <= 20 * FALSE_ALARM
    assert ALARM * FALSE_ALARM == NIGHT


def test_an_attempt_multiplies_the_evidence_by_one_on_average_where_its_forecast_is_right() -> None:
    for likely in (0.3, 0.65, 0.9):
        for drop in DROPS:
            mean = likely * ratio_of(likely, drop, passed=True) + (1 - likely) * ratio_of(likely, drop, passed=False)
            assert mean == pytest.approx(1)
            better = min(1.0, likely + 0.05)
            more = better * ratio_of(likely, drop, passed=True) + (1 - better) * ratio_of(likely, drop, passed=False)
            assert more < 1


def test_steady_abilities_come_to_what_outcomes_say_and_stay_there() -> None:
    random, steady = np.random.default_rng(3), SteadyAbilities()
    for _ in range(600):
        forecast = steady.forecast(0.5, {"lists": 0.0})
        steady.note(["lists"], forecast, passed=bool(random.random() < 0.8))
    assert steady.forecast(0.5, {"lists": 0.0}) == pytest.approx(0.8, abs=0.04)
    assert steady.forecast(0.5, {"lists": 0.0, "dates": 0.0}) == pytest.approx(2 / 3, abs=0.04)


def test_is_told_in_words() -> None:
    assert in_words(Fall("lists", 9, 4, 6, 6, 1.25)) == (
        "lists got worse: since attempt 4, 6 of 6 tries failed, where 1.2 failures were expected"
    )


class TestInAMemory:
    def life(self) -> Life:
        return Life([a_task("one", skills=("lists",)), a_task("two", skills=("lists",))])

    def attempt(self, life: Life, task: str, outcome: Outcome, times: int = 1) -> None:
        for _ in range(times):
            number, known = life.state.decided + 1, life.state.tasks[task].task
            life.happens(decided(number, task, forecast=life.state.learning.expected(known)))
            life.finish(number, outcome)

    def test_what_was_never_passed_cannot_be_forgotten(self) -> None:
        life = self.life()
        self.attempt(life, "one", "failed", 20)
        assert list(life.state.learning.watch.falls) == []
        life = self.life()
        self.attempt(life, "two", "passed", 30)
        self.attempt(life, "two", "failed", 8)
        assert [fall.skill for fall in life.state.learning.watch.falls] == ["lists"]

    def test_a_task_with_a_new_text_is_no_task_that_was_passed(self) -> None:
        life = self.life()
        self.attempt(life, "one", "passed", 30)
        life.happens(added("one", goal="Something else.", skills=("lists",)))
        self.attempt(life, "one", "failed", 8)
        assert list(life.state.learning.watch.falls) == []

    def test_another_model_begins_without_suspicion(self) -> None:
        life = self.life()
        self.attempt(life, "one", "passed", 30)
        self.attempt(life, "one", "failed", 3)
        assert list(life.state.learning.watch.suspects()) == ["lists"]
        life.new_run("another")
        assert list(life.state.learning.watch.suspects()) == []
