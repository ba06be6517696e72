"""Five kinds of simulated learners get further with the Trainer's choice of tasks than with other ways of choosing."""

from dataclasses import replace

import pytest

from benchmarks.curriculum import product
from benchmarks.curriculum.course import OURS, Course, Outcome, outcome, run
from benchmarks.curriculum.learners import KINDS
from benchmarks.curriculum.table import EARLY, LATE, MARKS, plot, table, verdicts
from benchmarks.curriculum.world import BROKEN, TASKS, world_of
from benchmarks.nights import AS_SHIPPED

WORLDS = range(1)


@pytest.fixture(scope="module")
def ours() -> Outcome:
    return outcome(OURS, WORLDS, attempts=EARLY, processes=1)


def test_the_trainer_reaches_the_early_mark_with_the_settings_that_are_shipped(ours: Outcome) -> None:
    assert ours.after(EARLY) >= MARKS[EARLY]
    assert product.SETTINGS == AS_SHIPPED


@pytest.mark.parametrize("policy", ["Elo", "level replay", "learning progress", "random"])
def test_no_other_way_gets_further(ours: Outcome, policy: str) -> None:
    assert ours.after(EARLY) > outcome(policy, WORLDS, attempts=EARLY, processes=1).after(EARLY)


def test_a_learner_at_the_edge_gets_nearly_everywhere_unless_it_is_asked_for_what_is_too_easy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run(Course(OURS, "edge", 0))[-1] >= 0.96
    easy = product.SETTINGS.model_copy(update={"goal_pass_rate": 0.95, "goal_speed": 0.0})
    monkeypatch.setattr(product, "SETTINGS", easy)
    assert run(Course(OURS, "edge", 0, attempts=500))[-1] < 0.7


def test_a_flat_learner_learns_the_same_whatever_is_chosen(ours: Outcome) -> None:
    assert outcome("random", WORLDS, attempts=EARLY, processes=1).after(EARLY, "flat") == pytest.approx(
        ours.after(EARLY, "flat"), abs=0.05
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_attempt_at_the_best_pass_rate_is_expected_to_teach_one(kind: str) -> None:
    teaches = KINDS[kind]
    odds = [number / 1000 for number in range(1000)]
    assert max(p * teaches(p, True) + (1 - p) * teaches(p, False) for p in odds) == pytest.approx(1, abs=1e-3)  # noqa: FBT003


def test_a_world_has_as_many_broken_tasks_as_it_says_and_hides_which() -> None:
    world = world_of(3)
    assert sum(item.broken for item in world.items) == round(BROKEN * TASKS)
    asked = {
        product.task_of(item).model_dump_json(exclude={"id", "name", "skills", "difficulty"}) for item in world.items
    }
    assert len(asked) == 1


def test_table_and_plot_name_every_way_and_every_learner_and_the_verdict_its_interval() -> None:
    found = replace(outcome("random", range(2), processes=1), policy=OURS)
    lines, drawn = list(table([found])), "\n".join(plot([found]))
    assert all(kind in lines[0] for kind in KINDS)
    assert lines[1].startswith(f"{OURS} ")
    assert f"{found.after(EARLY):.3f} {found.after(LATE):.3f}" in lines[1]
    assert "A builder-trainer" in drawn
    assert [met for met, _ in verdicts([found])] == [False, False]
    assert all("95 % interval" in words for _, words in verdicts([found]))
