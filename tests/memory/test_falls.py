import numpy as np
import pytest

from memory.attempts import Outcome
from memory.builder_model import Belief, logistic
from memory.falls import ALARM, QUIET_UNITS, SUSPECT, Fall, Watch, in_words
from tests.memory.builders import a_task, added, decided
from tests.trainer.lives import Life

SURE = Belief(0.0, 0.0)


def watched(
    outcomes: str, *, forecast: float = 0.8, skills: tuple[str, ...] = ("lists",), watch: Watch | None = None
) -> Watch:
    """`p` passed, `f` failed; one unit after the other."""
    watch = watch or Watch()
    for unit, outcome in enumerate(outcomes, start=1):
        watch.note(dict.fromkeys(skills, SURE), forecast, passed=outcome == "p", unit=unit)
    return watch


def alarms(random: np.random.Generator, *, attempts: int, rate: float, forecast: float) -> int:
    watch = Watch()
    for unit in range(attempts):
        watch.note({"lists": SURE}, forecast, passed=bool(random.random() < rate), unit=unit)
    return len(watch.falls)


def test_failures_of_what_should_pass_become_a_suspicion_and_then_a_finding() -> None:
    assert list(watched("ppp").suspects()) == []
    assert list(watched("pppfff").suspects()) == ["lists"]
    fall = Fall(skill="lists", unit=8, since=4, tries=5, failures=5, expected=1.0)
    assert list(watched("ppp" + 6 * "f").falls) == [fall]


def test_a_pass_of_what_should_pass_takes_a_suspicion_back() -> None:
    assert list(watched("pppffpp").suspects()) == []


def test_a_fall_of_one_skill_is_not_told_twice_nor_blamed_on_those_tried_with_it() -> None:
    watch = watched(20 * "f")
    watch = watched(10 * "f", skills=("lists", "dates"), watch=watch)
    assert [fall.skill for fall in watch.falls] == ["lists"]


def test_a_second_fall_is_told_after_a_while() -> None:
    watch = watched(10 * "f")
    for unit in range(QUIET_UNITS + 10, QUIET_UNITS + 20):
        watch.note({"lists": SURE}, 0.8, passed=False, unit=unit)
    assert len(watch.falls) == 2


def test_one_failure_is_never_enough_however_sure_the_forecast_was() -> None:
    watch = watched("f", forecast=1 - 1e-12)
    assert list(watch.falls) == []
    assert list(watched("p" * 50, forecast=1e-12).falls) == []


@pytest.mark.parametrize("rate", [0.6, 0.8])
def test_false_alarms_are_as_rare_as_stated_where_forecasts_are_right(rate: float) -> None:
    random = np.random.default_rng(4)
    count = sum(alarms(random, attempts=100, rate=rate, forecast=rate) for _ in range(200))
    # on average one in at least ALARM attempts: 20 would be expected of 20,000, and fewer come
    assert count <= 100 * 200 / ALARM


def test_forecasts_that_are_too_low_make_no_alarm() -> None:
    assert alarms(np.random.default_rng(5), attempts=5000, rate=0.85, forecast=0.65) == 0


def test_a_loss_is_found_in_ten_attempts() -> None:
    random, found = np.random.default_rng(6), 0
    for _ in range(100):
        found += alarms(random, attempts=10, rate=0.1, forecast=0.75) > 0
    assert found >= 90


def test_a_fall_that_the_model_of_the_builder_follows_is_found_all_the_same() -> None:
    watch = Watch()
    for unit in range(1, 12):
        ability = 1.4 - 0.3 * unit
        watch.note({"lists": Belief(ability, 0.04)}, logistic(ability), passed=False, unit=unit)
    assert [fall.skill for fall in watch.falls] == ["lists"]


def test_what_was_likelier_to_fail_than_not_says_nothing() -> None:
    assert list(watched(50 * "f", forecast=0.45).suspects()) == []
    suspicious = watched("pppfff")
    assert list(watched(60 * "f", forecast=0.45, watch=suspicious).suspects()) == []


def test_is_told_in_words() -> None:
    assert in_words(Fall("lists", 9, 4, 6, 6, 1.25)) == (
        "lists got worse: since attempt 4, 6 of 6 tries at tasks that had passed before failed, "
        "where 1.2 failures were expected"
    )


class TestInAMemory:
    def life(self) -> Life:
        return Life([a_task("one", skills=("lists",)), a_task("two", skills=("lists",))])

    def attempt(self, life: Life, task: str, outcome: Outcome, times: int = 1) -> None:
        for _ in range(times):
            number = life.state.decided + 1
            life.happens(decided(number, task, forecast=0.8))
            life.finish(number, outcome)

    def test_what_was_never_passed_cannot_be_forgotten(self) -> None:
        life = self.life()
        self.attempt(life, "one", "failed", 20)
        assert list(life.state.learning.watch.falls) == []
        self.attempt(life, "two", "passed")
        self.attempt(life, "two", "failed", 8)
        assert [fall.skill for fall in life.state.learning.watch.falls] == ["lists"]

    def test_a_task_with_a_new_text_is_no_task_that_was_passed(self) -> None:
        life = self.life()
        self.attempt(life, "one", "passed")
        life.happens(added("one", goal="Something else.", skills=("lists",)))
        self.attempt(life, "one", "failed", 20)
        assert list(life.state.learning.watch.falls) == []

    def test_another_model_begins_without_suspicion(self) -> None:
        life = self.life()
        self.attempt(life, "one", "passed")
        self.attempt(life, "one", "failed", 2)
        assert list(life.state.learning.watch.suspects()) == ["lists"]
        life.new_run("another")
        assert list(life.state.learning.watch.suspects()) == []

    def test_beliefs_are_the_same_with_a_finding(self) -> None:
        """A finding is told; the model of the Builder follows outcomes alone."""
        life = self.life()
        self.attempt(life, "one", "passed")
        self.attempt(life, "one", "failed", 5)
        before = life.state.learning.model.ability("lists")
        life.state.learning.watch.note({"lists": SURE}, 0.95, passed=False, unit=7)
        assert life.state.learning.watch.falls
        assert life.state.learning.model.ability("lists") == before
        assert SUSPECT < ALARM
