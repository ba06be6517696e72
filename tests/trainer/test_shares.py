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
from trainer.shares import LEAST_DEFICIT, SHARES, WeightsView, by_turn, deficit
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
    assert document.body.slots == {
        "drill": SlotShare(wanted=SHARES["drill"], so_far=0.75, units=3),
        "explore": SlotShare(wanted=SHARES["explore"], so_far=0.25, units=1),
        "review": SlotShare(wanted=SHARES["review"], so_far=0.0, units=0),
    }
    assert list(view.changed()) == []


def test_the_trainer_s_views_are_among_those_of_a_memory_and_keep_no_past() -> None:
    one, other = all_views(), all_views()
    assert sum(isinstance(view, WeightsView) for view in one) == 1
    assert not set(map(id, one)) & set(map(id, other))
