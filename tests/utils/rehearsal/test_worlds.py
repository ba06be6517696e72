import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from memory.known_tasks import as_known
from memory.task_sources import built_in_curriculum
from tests.utils.rehearsal.worlds import ROOTS_TASK, ask, weak_truths_file
from utils.rehearsal.flight import FlightModel, intended
from utils.rehearsal.lessons import all_rules
from utils.rehearsal.reading import code_in, folded
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import RULE_TEXTS, Kind, kinds, planted_night, weak_in

KNOWN = [as_known(task) for task in built_in_curriculum()]
SKILLS = sorted({skill for task in KNOWN for skill in task.skills})


def rate(truths: Truths, skill: str) -> float:
    model, tasks = FlightModel(KNOWN, truths, 1), [task for task in KNOWN if task.skills == (skill,)]
    return mean(intended(code_in(model.complete(ask(task, seed)).text)) for task in tasks for seed in range(60))


@pytest.mark.parametrize("skill", ["recursion", "dates", "lists"])
def test_a_weak_world_is_clearly_weakest_where_it_says(tmp_path: Path, skill: str) -> None:
    truths = Truths.load(weak_truths_file(tmp_path, skill))
    assert truths.weakest_skills(SKILLS)[0] == skill
    assert rate(truths, skill) < min(rate(truths, other) for other in ("numbers", "strings")) - 0.2
    assert truths.ability == weak_in(skill).ability
    assert truths.drift == weak_in(skill).drift


def test_a_planted_night_plants_what_was_asked_for() -> None:
    truths, texts = planted_night()
    assert sorted(texts) == sorted(rule.text for rule in truths.rules) == sorted(kinds(truths)) == sorted(RULE_TEXTS)
    assert Counter(kinds(truths).values()) == {Kind.HELPFUL: 5, Kind.HARMFUL: 5, Kind.USELESS: 40}
    assert Counter(rule.effect for rule in truths.rules) == {1.5: 5, -1.5: 5, 0.0: 40}
    few, told = planted_night(1, 0, 2, 0.6)
    assert (Counter(kinds(few).values()), len(told)) == ({Kind.HELPFUL: 1, Kind.USELESS: 2}, 3)


def test_nothing_but_the_rules_changes_its_odds() -> None:
    truths, _ = planted_night()
    odds = truths.pass_probability(ROOTS_TASK)
    assert truths.pass_probability(ROOTS_TASK, unit=900, recalled=[ROOTS_TASK, None]) == odds
    assert truths.pass_probability(ROOTS_TASK, rules=truths.rules) == pytest.approx(odds)


def test_the_seed_shuffles_the_texts_and_their_kinds_apart() -> None:
    nights = [planted_night(seed=seed) for seed in range(200)]
    assert planted_night(seed=3) == nights[3]
    firsts = Counter(kinds(truths)[texts[0]] for truths, texts in nights)
    helpful = Counter(kinds(truths)[RULE_TEXTS[0]] for truths, _ in nights)
    assert all(5 <= counted[Kind.HELPFUL] <= 40 for counted in (firsts, helpful))  # 20 expected, 3.5 sigma
    assert len({tuple(texts) for _, texts in nights}) == 200


def test_no_planted_text_holds_another_nor_a_rule_that_is_proposed_anyway() -> None:
    texts = [folded(text).rstrip(".") for text in (*RULE_TEXTS, *all_rules())]
    assert len(RULE_TEXTS) == 50
    assert not [(one, other) for one, other in itertools.permutations(texts, 2) if one in other]
    assert all(text.endswith(".") and "\n" not in text and len(text) <= 200 for text in RULE_TEXTS)


@pytest.mark.parametrize("counts", [(5, 5, 41), (-1, 0, 0), (0, 0, 0, 11), (0, 0, 0, -1), (1, 1, 1, float("nan"))])
def test_what_cannot_be_planted_is_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"there are 50 texts|is not between 0 and 10"):
        planted_night(*counts)


def test_a_weak_world_can_be_made_as_weak_as_wanted() -> None:
    task = replace(ROOTS_TASK, skills=("recursion",))
    odds = [weak_in("recursion", weak=weak).pass_probability(task) for weak in (-3.0, -1.5, 0.8)]
    assert odds == sorted(odds)
    assert odds[2] == weak_in("dates").pass_probability(task)
