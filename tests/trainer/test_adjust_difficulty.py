import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.attempts import Outcome
from memory.difficulty import CurrentDifficulty, SkillTarget
from memory.tasks import Task
from memory.view_files import Fold
from tests.memory.builders import a_task
from tests.trainer.lives import Life
from trainer.adjust_difficulty import GOAL, START, DifficultyTargets, adjusted
from trainer.views import all_views


def test_a_skill_that_was_never_tried_starts_at_the_start() -> None:
    assert DifficultyTargets().of("anything") == START


def test_a_pass_raises_and_a_failure_lowers_more() -> None:
    assert (adjusted(0.5, passed=True), adjusted(0.5, passed=False)) == (0.54, 0.425714)


@given(st.lists(st.booleans(), max_size=200))
def test_targets_stay_between_nothing_and_everything(outcomes: list[bool]) -> None:
    target = START
    for passed in outcomes:
        target = adjusted(target, passed=passed)
        assert 0 <= target <= 1


def test_steps_balance_at_the_goal() -> None:
    up, down = adjusted(0.5, passed=True) - 0.5, 0.5 - adjusted(0.5, passed=False)
    assert GOAL * up - (1 - GOAL) * down == pytest.approx(0, abs=1e-6)


def test_all_skills_of_a_graded_task_move_and_ungraded_ones_do_not_count() -> None:
    both = a_task(skills=("lists", "dates"))
    free = a_task("free", skills=("talk",), checks=(), entry_point=None, origin="user")
    life = Life([both, free])
    life.finish(life.decide("add"), "passed")
    life.finish(life.decide("free"), "ungraded")
    assert [life.targets.of(skill) for skill in ("lists", "dates", "talk")] == [0.24, 0.24, 0.2]


def test_the_document_is_written_for_a_new_memory_and_after_each_move() -> None:
    life = Life([a_task()])
    assert [(each.path, each.body) for each in life.targets.changed()] == [
        ("advanced/current_difficulty.json", CurrentDifficulty(goal_pass_rate=GOAL, skills={}))
    ]
    assert list(life.targets.changed()) == []
    number = life.decide("add")
    assert list(life.targets.changed()) == []
    life.finish(number)
    assert [each.body for each in life.targets.changed()] == [
        CurrentDifficulty(goal_pass_rate=GOAL, skills={"arithmetic": SkillTarget(target=0.24, attempts=1)})
    ]


def test_the_targets_are_one_of_the_views_of_a_memory() -> None:
    targets = DifficultyTargets()
    assert [view for view in all_views(targets) if view is targets] == [targets]
    assert sum(isinstance(view, DifficultyTargets) for view in all_views()) == 1
    assert Fold(all_views()) is not None


class Learner:
    """Passes with odds that fall with the difficulty, logistic, half at `ability`."""

    def __init__(self, ability: float, seed: int) -> None:
        self.ability, self.random = ability, np.random.default_rng(seed)

    def outcome(self, difficulty: float) -> bool:
        return bool(self.random.random() < 1 / (1 + math.exp(12 * (difficulty - self.ability))))


@pytest.mark.parametrize("ability", [0.35, 0.5, 0.7])
def test_targets_settle_where_the_goal_share_of_attempts_passes(ability: float) -> None:
    # 3000 attempts: the standard error of the share is 0.009 at most, of the staircase's mean 0.005
    learner, target, passes, targets = Learner(ability, seed=1), START, [], []
    for _ in range(3000):
        passes.append(learner.outcome(target))
        target = adjusted(target, passed=passes[-1])
        targets.append(target)
    assert np.mean(passes[300:]) == pytest.approx(GOAL, abs=0.03)
    assert np.mean(targets[300:]) == pytest.approx(ability - math.log(GOAL / (1 - GOAL)) / 12, abs=0.04)


def test_a_learner_with_a_fine_pool_passes_about_the_goal() -> None:
    pool = [a_task(f"t{level}", skills=("lists",), difficulty=level / 40) for level in range(41)]
    learner = Learner(0.6, seed=2)

    def judge(task: Task) -> Outcome:
        return "passed" if learner.outcome(task.difficulty) else "failed"

    life = Life(pool)
    life.play(400, judge)
    record = life.state.skills["lists"]
    # a fresh task is preferred to the nearest one, so the pool widens the staircase: a looser bound
    assert record.passes / record.attempts == pytest.approx(GOAL, abs=0.1)
