import pytest

from memory.analysis import RecheckFinding
from tests.memory.builders import a_task
from tests.trainer.lives import Life
from trainer.rechecks import sign_test


def test_the_sign_test_is_exact() -> None:
    assert [sign_test(*each) for each in ((0, 0), (1, 0), (0, 5), (6, 0), (9, 1), (3, 3))] == pytest.approx(
        [1.0, 1.0, 0.0625, 0.03125, 0.0214844, 1.0], abs=1e-7
    )
    assert sign_test(2, 7) == sign_test(7, 2)
    assert sign_test(280, 220) == pytest.approx(0.0083, abs=0.0003)  # the normal tail with continuity correction


def test_pairs_are_the_last_outcome_before_a_change_and_the_first_one_after() -> None:
    life = Life([a_task(name, skills=("lists", "dates")) for name in ("fell", "rose", "kept")])
    life.practise("fell", "failed", "passed")
    life.practise("rose", "passed", "failed")
    life.practise("kept", "passed")
    life.new_run("another")
    life.practise("fell", "failed", "passed")
    life.practise("rose", "passed", "failed")
    life.practise("kept", "passed", "failed")
    found = life.rechecks.findings()
    assert [each.skill for each in found] == ["dates", "lists"]
    assert found[0] == RecheckFinding(skill="dates", tasks=3, falls=1, rises=1, p_value=1.0)


def test_without_a_change_there_are_no_pairs() -> None:
    life = Life([a_task()])
    life.practise("add", "passed", "failed")
    life.new_run("rehearsal")
    life.practise("add", "passed")
    assert life.rechecks.findings() == ()


def test_tasks_that_are_new_to_the_memory_and_ungraded_ones_make_no_pair() -> None:
    life = Life([a_task(), a_task("free", checks=(), entry_point=None)])
    life.practise("free", "ungraded")
    life.new_run("another")
    life.practise("add", "passed")
    life.practise("free", "ungraded")
    assert life.rechecks.findings() == ()


def test_another_change_begins_anew() -> None:
    life = Life([a_task("one"), a_task("two")])
    life.practise("one", "passed")
    life.practise("two", "passed")
    life.new_run("another")
    life.practise("one", "failed")
    life.practise("two", "failed")
    life.new_run("a third")
    life.practise("one", "passed")
    assert life.rechecks.findings() == (RecheckFinding(skill="arithmetic", tasks=1, falls=0, rises=1, p_value=1.0),)


def test_it_has_no_document() -> None:
    assert list(Life([a_task()]).rechecks.changed()) == []
