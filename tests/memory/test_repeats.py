"""The history of mistakes that both arms share."""

from hypothesis import given
from hypothesis import strategies as st

from memory.repeats import Mistakes, Repeats


def test_a_mistake_is_novel_once_and_a_repeat_ever_after() -> None:
    mistakes = Mistakes()
    assert mistakes.note(["1:a"]) == Repeats(any=True, repeated=False, novel=True)
    assert mistakes.note(["1:a"]) == Repeats(any=True, repeated=True, novel=False)
    assert mistakes.note(["1:b", "1:a"]) == Repeats(any=True, repeated=True, novel=True)


def test_a_unit_without_mistakes_is_neither_and_changes_nothing() -> None:
    mistakes = Mistakes()
    mistakes.note(["1:a"])
    assert mistakes.note([]) == Repeats(any=False, repeated=False, novel=False)
    assert len(mistakes) == 1


def test_a_mistake_that_a_unit_makes_twice_is_no_repeat_of_itself() -> None:
    assert Mistakes().note(["1:a", "1:a"]) == Repeats(any=True, repeated=False, novel=True)


def test_what_was_met_longest_ago_is_forgotten_first() -> None:
    mistakes = Mistakes(keep=2)
    for each in ("1:a", "1:b", "1:a", "1:c"):
        mistakes.note([each])
    assert len(mistakes) == 2
    assert mistakes.note(["1:a"]).repeated
    assert not mistakes.note(["1:b"]).repeated


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=4), max_size=30))
def test_the_history_is_the_set_of_all_signatures_before(units: list[list[str]]) -> None:
    mistakes, before = Mistakes(), set[str]()
    for unit in units:
        found = mistakes.note(unit)
        assert found == Repeats(any=bool(unit), repeated=bool(before & set(unit)), novel=bool(set(unit) - before))
        before |= set(unit)
        assert len(mistakes) == len(before)
