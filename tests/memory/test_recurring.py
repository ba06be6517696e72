from hypothesis import given
from hypothesis import strategies as st

from memory.recurring import Recurring


def after(*units: tuple[str, ...], keep: int = 3) -> Recurring:
    """The n-th unit, of the task tn and skill s(n mod 2), had these names come up."""
    window = Recurring(keep=keep)
    for number, names in enumerate(units):
        skills = ("all", f"s{number % 2}")
        window.note(f"u{number}", f"t{number}", skills=skills, examples={name: f"{name}{number}" for name in names})
    return window


def counts(window: Recurring) -> list[tuple[str, int]]:
    return [(each.name, each.found.count) for each in window.most(9)]


def test_the_most_frequent_comes_first_and_of_equals_the_first_by_name() -> None:
    window = after(("b", "a"), ("c", "b"), ("b", "c"))
    assert counts(window) == [("b", 3), ("c", 2), ("a", 1)]
    assert [each.name for each in window.most(2)] == ["b", "c"]


def test_it_is_told_in_which_skills_and_where_last() -> None:
    found = after(("a",), ("a",), ("a",)).most(1)[0].found
    assert (found.by_skill, found.unit_id, found.task_id, found.example) == (
        {"all": 3, "s0": 2, "s1": 1}, "u2", "t2", "a2",
    )  # fmt: skip


def test_what_is_no_longer_done_fades() -> None:
    window = after(("a",), ("a", "b"), (), ("b",))
    assert (counts(window), len(window)) == ([("b", 2), ("a", 1)], 3)
    assert window.most(2)[1].found.by_skill == {"all": 1, "s1": 1}
    assert counts(after(("a",), ("a",), (), (), ())) == []


NAMES = st.lists(st.sampled_from("abc"), unique=True).map(tuple)


@given(st.lists(NAMES, max_size=30), st.integers(1, 8))
def test_a_window_is_what_its_units_alone_would_make(units: list[tuple[str, ...]], keep: int) -> None:
    window = after(*units, keep=keep)
    alone = [name for names in units[-keep:] for name in names]
    assert dict(counts(window)) == {name: alone.count(name) for name in set(alone)}
    assert len(window) == min(len(units), keep)
