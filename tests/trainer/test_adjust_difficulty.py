import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.attempts import Outcome
from memory.builder_model import DIFFICULTY_SPAN, Belief, logistic, prior_difficulty
from memory.difficulty import Band, CurrentDifficulty
from memory.events import Event, RunResumed, RunStarted
from memory.leads import Aim
from memory.levels import level_of
from memory.statistics import Z95
from memory.tasks import Task
from memory.views.view import Document
from tests.memory.builders import AT, a_task, created, run_started
from tests.trainer.lives import Life
from trainer.adjust_difficulty import BAND, DifficultyView, target_of

GOAL = Aim().goal


def current(life: Life) -> CurrentDifficulty:
    view = DifficultyView()
    view.fold(Event(seq=1, at=AT, data=created()), life.state)
    body = next(iter(view.changed())).body
    assert isinstance(body, CurrentDifficulty)
    return body


@pytest.mark.parametrize("run", [run_started(2), RunResumed(run=1)])
def test_a_run_that_aims_elsewhere_makes_the_document_anew(run: RunStarted | RunResumed) -> None:
    life, view = Life([a_task()]), DifficultyView()
    life.happens(run.model_copy(update={"settings": {"goal_pass_rate": "0.8"}}))
    view.fold(Event(seq=life.state.last_seq, at=AT, data=run), life.state)
    (document,) = view.changed()
    assert isinstance(document.body, CurrentDifficulty)
    assert document.body.goal_pass_rate == 0.8


@given(st.floats(-2.3, 3.3))
def test_the_target_is_where_the_goal_is_expected(theta: float) -> None:
    target = target_of(Belief(theta, 0.3), goal=0.6)
    assert logistic(theta - prior_difficulty(target)) == pytest.approx(0.6, abs=1e-5)


def test_the_target_stays_between_nothing_and_everything() -> None:
    assert (target_of(Belief(-9.0, 1.0), goal=0.6), target_of(Belief(9.0, 1.0), goal=0.6)) == (0.0, 1.0)


def test_the_document_tells_target_interval_and_level_of_practised_skills() -> None:
    life = Life([a_task(skills=("lists", "dates")), a_task("other", skills=("strings",))])
    for _ in range(5):
        life.practise("add", "passed", "failed")
    body, believed = current(life), life.state.learning.level("lists")
    assert (body.goal_pass_rate, body.band) == (GOAL, Band(low=BAND[0], high=BAND[1]))
    assert sorted(body.skills) == ["dates", "lists"]
    lists = body.skills["lists"]
    assert (lists.attempts, lists.target, lists.level) == (10, target_of(believed, goal=GOAL), level_of(believed))
    assert lists.low < lists.target < lists.high
    assert lists.high - lists.low == pytest.approx(2 * Z95 * believed.sd / DIFFICULTY_SPAN, abs=1e-5)


def test_ungraded_attempts_are_no_practice() -> None:
    life = Life([a_task("free", checks=(), entry_point=None)])
    life.practise("free", "ungraded")
    assert current(life).skills == {}


def test_the_document_is_written_for_a_new_memory_and_after_each_unit() -> None:
    view, life = DifficultyView(), Life([a_task()])
    view.fold(Event(seq=1, at=AT, data=created()), life.state)
    empty = CurrentDifficulty(goal_pass_rate=GOAL, band=Band(low=0.5, high=0.8), skills={})
    assert list(view.changed()) == [Document("advanced/current_difficulty.json", empty)]
    assert list(view.changed()) == []


@pytest.mark.parametrize("theta", [-1.0, 0.0, 1.0])
def test_a_learner_with_a_fine_pool_passes_about_the_goal(theta: float) -> None:
    random = np.random.default_rng(2)
    life = Life([a_task(f"t{level:02}", skills=("lists",), difficulty=level / 40) for level in range(41)])

    def judge(task: Task) -> Outcome:
        return "passed" if random.random() < logistic(theta - prior_difficulty(task.difficulty)) else "failed"

    life.play(300, judge)
    record = life.state.skills["lists"]
    # exploring and reviewing, a fifth of the units, do not aim at the goal; the standard error is 0.03
    assert record.passes / record.attempts == pytest.approx(GOAL, abs=0.1)
