import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.efficiency import efficiency, family_of
from memory.records import Cost

USUAL = Cost(1000, 2, 30.0)
COSTS = st.builds(Cost, st.integers(0, 100_000), st.integers(1, 20), st.floats(0, 10_000))
PASTS = st.lists(COSTS, max_size=50)


def score(cost: Cost, past: list[Cost]) -> float:
    return efficiency(cost, of_task=past, of_family=past)


def test_without_a_past_or_a_reply_it_is_fifty() -> None:
    assert efficiency(USUAL, of_task=(), of_family=()) == 50
    assert efficiency(Cost(0, 0, 9.0), of_task=[USUAL] * 9, of_family=()) == 50


def test_what_is_usual_is_fifty_however_long_the_past_is() -> None:
    assert [score(USUAL, [USUAL] * runs) for runs in (1, 5, 50)] == [50, 50, 50]


def test_a_little_more_or_less_than_usual_is_about_fifty() -> None:
    past = [USUAL] * 50
    assert 47 < score(Cost(1050, 2, 31.0), past) < 50 < score(Cost(950, 2, 29.0), past) < 53


@pytest.mark.parametrize(
    ("cheaper", "dearer"),
    [
        (Cost(500, 2, 30.0), Cost(2000, 2, 30.0)),
        (Cost(1000, 1, 30.0), Cost(1000, 4, 30.0)),
        (Cost(1000, 2, 15.0), Cost(1000, 2, 60.0)),
    ],
)
def test_each_of_tokens_turns_and_time_moves_it_by_a_third_of_its_part(cheaper: Cost, dearer: Cost) -> None:
    past = [USUAL] * 50
    assert score(cheaper, past) == pytest.approx(50 + 10, abs=0.5)
    assert score(dearer, past) == pytest.approx(50 - 10, abs=0.5)


def test_half_of_everything_is_about_eighty_and_twice_about_twenty() -> None:
    past = [USUAL] * 50
    assert score(Cost(500, 1, 15.0), past) == pytest.approx(80, abs=1)
    assert score(Cost(2000, 4, 60.0), past) == pytest.approx(20, abs=1)


def test_one_odd_run_does_not_change_what_is_usual() -> None:
    past = [Cost(990, 2, 29.0), USUAL, USUAL, Cost(1010, 2, 31.0)]
    odd = [Cost(10**9, 20, 10.0**6), Cost(1, 1, 0.0)]
    assert [score(USUAL, [*past, each]) for each in odd] == [50, 50]


def test_the_more_runs_there_were_the_further_it_may_go() -> None:
    cheap = Cost(500, 1, 15.0)
    scores = [efficiency(cheap, of_task=[USUAL] * runs, of_family=()) for runs in (0, 1, 2, 5, 50)]
    assert scores == sorted(set(scores))
    assert scores[0] == 50
    assert scores[1] == pytest.approx(65, abs=1)


def test_the_tasks_own_past_outweighs_its_familys() -> None:
    dear = [Cost(4000, 8, 120.0)] * 50
    scores = [efficiency(USUAL, of_task=[USUAL] * runs, of_family=dear) for runs in (0, 1, 5, 50)]
    assert scores == sorted(set(scores), reverse=True)
    assert scores[0] > 80
    assert scores[-1] < 55


@given(COSTS, PASTS, PASTS)
def test_it_is_bounded_whatever_happened(cost: Cost, of_task: list[Cost], of_family: list[Cost]) -> None:
    assert 0 <= efficiency(cost, of_task=of_task, of_family=of_family) <= 100


@given(COSTS, PASTS, PASTS, st.integers(0, 10_000), st.integers(0, 9), st.floats(0, 1000))
def test_costing_more_never_raises_it(
    cost: Cost, of_task: list[Cost], of_family: list[Cost], tokens: int, turns: int, wall_s: float
) -> None:
    dearer = Cost(cost.tokens + tokens, cost.turns + turns, cost.wall_s + wall_s)
    found = [efficiency(each, of_task=of_task, of_family=of_family) for each in (cost, dearer)]
    assert found[1] <= found[0]


def test_a_family_is_a_main_skill_and_a_fifth_of_the_scale() -> None:
    steps = [family_of("lists", difficulty)[1] for difficulty in (0, 0.1, 0.2, 0.3, 0.4, 0.59, 0.6, 0.8, 1)]
    assert steps == [0, 0, 1, 1, 2, 2, 3, 4, 4]
    assert family_of("lists", 0.2) == family_of("lists", math.nextafter(0.2, 0))
    assert family_of("lists", 0.5) != family_of("dates", 0.5)
