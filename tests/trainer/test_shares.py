import itertools
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.builder_model import Practice, logistic
from memory.events import Event
from memory.state import MemoryState
from memory.strategy import SlotShare, StrategyWeights
from tests.memory.builders import AT, a_task, created
from tests.trainer.lives import Life
from trainer.shares import FLOOR, LEAST_DEFICIT, SHARES, WeightsView, by_turn, deficit, shares
from trainer.views import all_views


def practised(outcomes: Mapping[str, float], *, units: int = 30) -> MemoryState:
    """A state whose model saw so many outcomes of each skill, on tasks of medium difficulty."""
    state = MemoryState()
    for number in range(units):
        for skill, outcome in outcomes.items():
            practice = Practice(task=f"{skill}-{number}", difficulty=0.5, skills=(skill,))
            state.learning.model.observe(practice, outcome)
    return state


def turns(state: MemoryState, skills: list[str], *, units: int = 400) -> list[str]:
    """Whose turn it is, unit after unit."""
    found = []
    for _ in range(units):
        found.append(next(by_turn(skills, state)))
        state.slots["drill"] += 1
    return found


def test_skills_that_lack_the_same_get_the_same_evenly_spread() -> None:
    skills = list("abcdefgh")
    found = turns(MemoryState(), skills)
    assert Counter(found) == pytest.approx(dict.fromkeys(skills, 50), abs=2)
    places = [[index for index, each in enumerate(found) if each == skill] for skill in skills]
    gaps = [later - sooner for each in places for sooner, later in itertools.pairwise(each)]
    assert max(gaps) <= 2.62 * len(skills) + 1  # three distances at most, the largest below the golden section squared


def test_turns_are_as_the_deficits() -> None:
    state = practised({"weak": 0.1, "fair": 0.5, "good": 0.9})
    lacks = {skill: deficit(state, skill) for skill in ("weak", "fair", "good")}
    assert lacks["weak"] > 3 * lacks["good"]
    found = Counter(turns(state, list(lacks)))
    expected = {skill: 400 * lack / sum(lacks.values()) for skill, lack in lacks.items()}
    assert found == pytest.approx(expected, abs=4)


def test_a_deficit_is_what_the_level_leaves_and_never_nothing() -> None:
    state = practised({"able": 1.0}, units=150)
    assert deficit(state, "unknown") == 0.5
    assert deficit(state, "able") == max(LEAST_DEFICIT, 1 - logistic(state.learning.level("able").mean))
    state.learning.model.observe(Practice(task="t", difficulty=0.5, skills=("able",)), 0.0)
    assert deficit(state, "able") >= LEAST_DEFICIT


@given(st.sets(st.sampled_from("abcdefg"), min_size=1), st.integers(0, 10_000))
def test_every_skill_can_stand_in_once(skills: set[str], drills: int) -> None:
    state = practised({"a": 1.0, "b": 0.0}, units=5)
    state.slots["drill"] = drills
    assert sorted(by_turn(sorted(skills), state)) == sorted(skills)
    assert list(by_turn(sorted(skills), state)) == list(by_turn(sorted(skills, reverse=True), state))


def test_nobody_s_turn_where_there_is_nobody() -> None:
    assert list(by_turn([], MemoryState())) == []


def brought(gains: Mapping[str, float], *, units: int = 60) -> MemoryState:
    """A state in which each attempt of a kind of choice brought so much, give or take .05."""
    state = MemoryState()
    for number in range(units):
        for kind, gain in gains.items():
            state.learning.gains.note(kind, gain + 0.05 * (-1) ** number)
    return state


def test_kinds_of_choice_that_bring_more_get_more_and_each_keeps_its_floor() -> None:
    assert shares(MemoryState()) == pytest.approx(SHARES)
    assert shares(brought(dict.fromkeys(SHARES, 0.01))) == pytest.approx(SHARES)
    found = shares(brought({"drill": 0.0, "explore": 0.05, "review": -0.05}))
    assert found["explore"] > 1.5 * SHARES["explore"]
    assert found["review"] < 0.8 * SHARES["review"]
    for worst in SHARES:
        found = shares(brought({kind: -9.0 if kind == worst else 9.0 for kind in SHARES}))
        assert found[worst] > FLOOR * SHARES[worst]
        assert sum(found.values()) == pytest.approx(1)


def test_a_few_attempts_move_little() -> None:
    found = shares(brought({"drill": 0.0, "explore": 0.05, "review": -0.05}, units=2))
    assert found == pytest.approx(SHARES, abs=0.05)


def test_what_attempts_brought_is_how_far_they_moved_the_levels() -> None:
    life = Life([a_task("lists-1", skills=("lists",)), a_task("dates-1", skills=("dates",))])
    before = logistic(life.state.learning.level("lists").mean)
    life.practise("lists-1", "passed", slot="explore")
    after = logistic(life.state.learning.level("lists").mean)
    assert life.state.learning.gains.mean("explore") == pytest.approx(after - before)
    life.practise("dates-1", "failed", "failed", slot="review")
    gain = life.state.learning.gains.mean("review")
    assert gain is not None
    assert gain < 0
    assert life.state.learning.gains.mean("drill") is None
    life.new_run("another")
    assert life.state.learning.gains.mean("explore") is None


def test_the_document_tells_weights_and_shares() -> None:
    life = Life([a_task("lists-1", skills=("lists",)), a_task("dates-1", skills=("dates", "lists"))])
    life.practise("lists-1", "failed", "failed", "failed")
    life.practise("dates-1", "passed", slot="explore")
    life.practise("dates-1", "passed", slot="wish")
    view = WeightsView()
    view.fold(Event(seq=1, at=AT, data=created()), life.state)
    (document,) = view.changed()
    assert isinstance(document.body, StrategyWeights)
    assert document.path == "advanced/strategy_weights.json"
    assert sum(each.weight for each in document.body.skills.values()) == pytest.approx(1, abs=1e-5)
    assert document.body.skills["lists"].weight > document.body.skills["dates"].weight
    assert document.body.skills["lists"].deficit == round(deficit(life.state, "lists"), 6)
    wanted, gains = shares(life.state), life.state.learning.gains
    gain = gains.mean("drill")
    assert gain is not None
    assert document.body.slots["drill"] == SlotShare(
        wanted=round(wanted["drill"], 6), least=FLOOR * SHARES["drill"], so_far=0.75, units=3, gain=round(gain, 6)
    )
    assert document.body.slots["review"] == SlotShare(
        wanted=round(wanted["review"], 6), least=FLOOR * SHARES["review"], so_far=0.0, units=0, gain=None
    )
    assert list(view.changed()) == []


def test_the_trainer_s_views_are_among_those_of_a_memory_and_keep_no_past() -> None:
    one, other = all_views(), all_views()
    assert sum(isinstance(view, WeightsView) for view in one) == 1
    assert not set(map(id, one)) & set(map(id, other))
