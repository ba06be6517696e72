"""Which version of a blueprint is used for which tasks, after all that can happen to it."""

from typing import Any

import pytest

from memory.attempts import Outcome
from memory.blueprint_book import GLANCES_KEPT, BlueprintBook
from memory.blueprints import DEFAULT_ID, Blueprint, BlueprintRevisionProposal, Way
from memory.events import (
    BlueprintAdded,
    BlueprintRolledBack,
    RevisionAdopted,
    RevisionDropped,
    RevisionRefused,
)
from memory.state import MemoryState
from tests.memory.builders import a_blueprint, a_figures, a_proposal, a_revision, a_task, added, live_on


@pytest.fixture
def book() -> BlueprintBook:
    """One that knows the version that comes with the program."""
    found = BlueprintBook()
    found.apply(BlueprintAdded(blueprint=a_blueprint()))
    return found


def propose(book: BlueprintBook, family: str = "", **fields: Any) -> Blueprint:
    """A revision goes on trial."""
    word = a_revision(book, a_proposal(family, **fields))
    assert not book.why_impossible(word)
    book.apply(word)
    return word.blueprint


def key_for(book: BlueprintBook, family: str) -> str:
    used = book.used_for(family)
    assert used is not None
    return used.key


def test_what_is_on_trial_is_not_used_until_it_is_adopted(book: BlueprintBook) -> None:
    revision = propose(book)
    assert (revision.key, key_for(book, "lists")) == ("builder-default@2", "builder-default@1")
    book.apply(RevisionAdopted(trial=1, figures=a_figures()))
    assert key_for(book, "lists") == "builder-default@2"
    assert book.latest(DEFAULT_ID) == revision
    assert [trial.state for trial in book.trials] == ["adopted"]


def test_a_familys_own_blueprint_wins_over_everybodys(book: BlueprintBook) -> None:
    assert propose(book, "lists").key == "builder-for-lists@1"
    book.apply(RevisionAdopted(trial=1, figures=a_figures()))
    assert (key_for(book, "lists"), key_for(book, "dicts")) == ("builder-for-lists@1", "builder-default@1")
    propose(book)
    trials = [book.trial_of(a_task(skills=(skill,))) for skill in ("lists", "dicts")]
    assert [trial and trial.number for trial in trials] == [None, 2]


def test_families_that_share_tasks_are_never_on_trial_together(book: BlueprintBook) -> None:
    propose(book, "lists")
    propose(book, "dicts")
    assert [book.may_try(family) for family in ("", "lists", "dates")] == [False, False, True]
    assert "shares tasks" in book.why_impossible(a_revision(book, a_proposal()))


def test_a_version_that_was_dropped_keeps_its_number(book: BlueprintBook) -> None:
    propose(book)
    book.apply(RevisionDropped(trial=1, reason="worse", why="worse", figures=a_figures()))
    assert key_for(book, "") == "builder-default@1"
    assert propose(book).key == "builder-default@3"
    assert [each.version for each in book.versions(DEFAULT_ID)] == [1, 2, 3]


def test_rolling_back_brings_the_version_before_back_and_ends_the_trial_against_it(book: BlueprintBook) -> None:
    propose(book, way=Way(temperature=0.5))
    book.apply(RevisionAdopted(trial=1, figures=a_figures()))
    propose(book, way=Way(temperature=0.9))
    book.apply(BlueprintRolledBack(blueprint=DEFAULT_ID, by="a test"))
    assert key_for(book, "") == "builder-default@1"
    assert [trial.state for trial in book.trials] == ["rolled back", "dropped"]
    assert "nothing to go back to" in book.why_not_back(DEFAULT_ID)
    assert "no version" in book.why_not_back("builder-for-lists")


def test_a_family_without_a_version_left_is_worked_on_like_all_others(book: BlueprintBook) -> None:
    propose(book, "lists")
    book.apply(RevisionAdopted(trial=1, figures=a_figures()))
    book.apply(BlueprintRolledBack(blueprint="builder-for-lists", by="a test"))
    assert key_for(book, "lists") == "builder-default@1"
    assert book.latest("builder-for-lists") is None


def test_a_new_wording_of_the_prompts_is_no_other_way_to_go_back_to(book: BlueprintBook) -> None:
    book.apply(BlueprintAdded(blueprint=a_blueprint(2)))
    assert "nothing to go back to" in book.why_not_back(DEFAULT_ID)
    revision = propose(book)
    book.apply(RevisionAdopted(trial=1, figures=a_figures()))
    book.apply(BlueprintAdded(blueprint=revision.model_copy(update={"version": 4, "prompts_sha256": "9" * 64})))
    book.apply(BlueprintRolledBack(blueprint=DEFAULT_ID, by="a test"))
    assert key_for(book, "") == "builder-default@2"
    assert book.trials[0].state == "rolled back"


def test_what_nobody_learned_stays_at_hand(book: BlueprintBook) -> None:
    propose(book)
    book.apply(RevisionAdopted(trial=1, figures=a_figures()))
    assert book.shipped == a_blueprint()


@pytest.mark.parametrize(
    ("word", "why"),
    [
        (RevisionAdopted(trial=1, figures=a_figures()), "not open"),
        (RevisionDropped(trial=2, reason="worse", why="x"), "not open"),
        (BlueprintRolledBack(blueprint=DEFAULT_ID, by="a test"), "nothing to go back to"),
    ],
)
def test_what_cannot_happen_is_refused(book: BlueprintBook, word: Any, why: str) -> None:
    assert why in book.why_impossible(word)


def test_a_proposal_has_the_next_numbers_and_the_present_base(book: BlueprintBook) -> None:
    word = a_revision(book, a_proposal())
    for change in (
        {"trial": 2},
        {"base": "builder-default@7"},
        {"blueprint": word.blueprint.model_copy(update={"version": 3})},
    ):
        assert book.why_impossible(word.model_copy(update=change))


def test_changes_are_counted_for_the_tasks_that_they_touch_and_trials_are_none(book: BlueprintBook) -> None:
    tasks = [a_task(skills=(skill,)) for skill in ("lists", "dicts")]
    before = [book.changes_for(task) for task in tasks]
    propose(book, "lists")
    assert [book.changes_for(task) for task in tasks] == before
    book.apply(RevisionAdopted(trial=1, figures=a_figures()))
    assert [book.changes_for(task) for task in tasks] == [before[0] + 1, before[1]]


def test_a_refusal_is_counted_and_starts_the_wait_anew(book: BlueprintBook) -> None:
    book.quiet_units = 50
    book.apply(RevisionRefused(family="", why="no JSON", by="a model"))
    assert (book.refusals, book.quiet_units) == (1, 0)


def test_logs_of_attempts_with_errors_are_kept_in_a_bounded_window() -> None:
    state, outcomes = MemoryState(), list[Outcome](["failed", "passed"]) * (GLANCES_KEPT + 3)
    live_on(state, added("add"), *outcomes)
    glances = state.blueprints.glances("arithmetic")
    assert len(glances) == GLANCES_KEPT
    assert {(each.task, each.blueprint, each.success) for each in glances} == {("add", "builder-default@1", False)}
    assert state.blueprints.glances("") == glances
    assert state.blueprints.glances("lists") == ()
    assert state.blueprints.quiet_units == 2 * (GLANCES_KEPT + 3)


def test_a_proposal_that_touches_what_passes_asks_for_a_cross_check() -> None:
    assert not a_proposal().cross_check_required
    assert BlueprintRevisionProposal(family="", title="t", way=Way(), cross_check=("add",)).cross_check_required
