"""What the model is asked for a changed way of working, and what of its answers is believed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memory.attempts import Outcome
from memory.beginnings import PromptFiles
from memory.blueprints import MOST_GUIDANCE, MOST_GUIDANCE_CHARS, BlueprintRevisionProposal, Way
from memory.events import BlueprintAdded, RevisionDropped, RevisionProposed, RevisionRefused
from memory.memory_manager import MemoryManager
from memory.state import MemoryState
from tests.builder.scripted import ScriptedModel
from tests.memory.builders import a_blueprint, a_proposal, a_revision, added, live_on, open_memory, run_started, unit
from trainer.blueprint_revision import (
    FEWEST_FAILURES,
    QUIET_UNITS,
    Refused,
    RevisionReply,
    family_to_revise,
    generate_blueprint_revision,
    read_revision,
    revision_prompt,
)
from trainer.revising import Revising
from utils.completions import Completion, Message
from utils.errors import ContextOverflow, ModelFault
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.truths import Truths
from utils.settings import Settings

FAILED: Outcome = "failed"
PASSED: Outcome = "passed"
SETTINGS = Settings.model_construct(blueprint_trials="on")
GOOD: dict[str, Any] = {
    "title": "Special cases first",
    "why": "Empty inputs were forgotten.",
    "guidance": ["Name the special cases first.", "Treat the empty input."],
    "plan_first": True,
    "temperature": 0.1,
    "max_repairs": 3,
    "recall_tokens": None,
    "most_rules": None,
}


@pytest.fixture
def state() -> MemoryState:
    found = MemoryState()
    outcomes = [FAILED] * FEWEST_FAILURES + [PASSED] * (QUIET_UNITS - FEWEST_FAILURES)
    live_on(found, added("add"), *outcomes)
    return found


def read(state: MemoryState, text: str) -> BlueprintRevisionProposal | Refused:
    base = state.blueprints.used_for("")
    assert base is not None
    return read_revision(text, state, "", base)


def way_of(state: MemoryState, **changes: Any) -> Way:
    found = read(state, json.dumps(GOOD | changes))
    assert isinstance(found, BlueprintRevisionProposal), found
    return found.way


def test_a_good_answer_becomes_a_proposal_that_knows_what_it_touches(state: MemoryState) -> None:
    model = ScriptedModel([f"<think>Hm.</think>Here:\n```json\n{json.dumps(GOOD)}\n```"])
    found = generate_blueprint_revision(model, state, "", settings=SETTINGS, seed=2**40 + 1)
    assert isinstance(found, BlueprintRevisionProposal)
    guidance = ("Name the special cases first.", "Treat the empty input.")
    assert found.way == Way(guidance=guidance, plan_first=True, temperature=0.1, max_repairs=3)
    assert (found.title, found.why) == ("Special cases first", "Empty inputs were forgotten.")
    assert (found.touched_skills, found.cross_check, found.cross_check_required) == (("arithmetic",), ("add",), True)
    assert found.breakage_risk == round(1 / (QUIET_UNITS - FEWEST_FAILURES - 1 + 2), 6)
    (asked,) = model.asked
    assert asked.json_schema is not None
    assert asked.seed is not None
    assert asked.seed < 2**31


def test_the_question_tells_of_failures_of_the_present_way_and_of_what_was_tried(state: MemoryState) -> None:
    base = state.blueprints.used_for("")
    assert base is not None
    asked = revision_prompt(state, "", base, SETTINGS)
    assert f"{QUIET_UNITS - FEWEST_FAILURES} of {QUIET_UNITS} graded attempts passed." in asked
    assert '- "add" failed, ' in asked
    assert "- guidance in the prompt: none" in asked
    assert "- temperature: 0.2" in asked
    assert "were tried before" not in asked
    state.blueprints.apply(a_revision(state.blueprints, a_proposal(title="{{ 7 * 7 }}")))
    state.blueprints.apply(RevisionDropped(trial=1, reason="worse", why="it was worse"))
    again = revision_prompt(state, "", base, SETTINGS)
    assert "- {{ 7 * 7 }} (dropped: it was worse): Look twice." in again
    of_family = revision_prompt(state, "arithmetic", base, SETTINGS)
    assert 'tasks of the kind "arithmetic".' in of_family


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"guidance": "One.\n- Two.\n\n"}, {"guidance": ("One.", "Two.")}),
        ({"guidance": None}, {"guidance": ()}),
        ({"guidance": ["x" * 999] * 9}, {}),
        ({"plan_first": "yes"}, {"plan_first": True}),
        ({"plan_first": "No"}, {"plan_first": False}),
        ({"temperature": "0.5"}, {"temperature": 0.5}),
        ({"temperature": 7}, {"temperature": 1.2}),
        ({"temperature": "null"}, {"temperature": None}),
        ({"max_repairs": 99}, {"max_repairs": 4}),
        ({"max_repairs": 0}, {"max_repairs": 1}),
        ({"recall_tokens": -5}, {"recall_tokens": 0}),
        ({"most_rules": 2.4}, {"most_rules": 2}),
        ({"something": "else"}, {}),
    ],
)
def test_answers_are_read_tolerantly_and_kept_within_bounds(
    state: MemoryState, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    way = way_of(state, **changes)
    assert {name: getattr(way, name) for name in expected} == expected
    assert len(way.guidance) <= MOST_GUIDANCE
    assert all(len(line) <= MOST_GUIDANCE_CHARS and "\n" not in line for line in way.guidance)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I would plan first.", "no JSON object"),
        (json.dumps({"why": "no title"}), "title"),
        (json.dumps(GOOD | {"guidance": 7}), "guidance"),
        (json.dumps(GOOD | {"temperature": "warm"}), "temperature"),
        (json.dumps({"title": "Nothing"}), "changes nothing"),
    ],
)
def test_what_is_no_use_is_refused_with_the_reason(state: MemoryState, text: str, why: str) -> None:
    found = read(state, text)
    assert isinstance(found, Refused)
    assert why in found.why
    assert "\n" not in found.why


def test_what_was_tried_before_is_not_tried_again(state: MemoryState) -> None:
    state.blueprints.apply(a_revision(state.blueprints, a_proposal(way=way_of(state))))
    state.blueprints.apply(RevisionDropped(trial=1, reason="hopeless", why="no effect"))
    assert read(state, json.dumps(GOOD)) == Refused("builder-default@2 worked like this")


def test_what_an_answer_leaves_open_stays_as_it_is(state: MemoryState) -> None:
    base = a_blueprint().model_copy(update={"way": Way(temperature=0.9, most_rules=1)})
    found = read_revision(json.dumps({"title": "t", "guidance": ["One."]}), state, "", base)
    assert isinstance(found, BlueprintRevisionProposal)
    assert found.way == Way(guidance=("One.",), temperature=0.9, most_rules=1)


def test_a_question_that_does_not_fit_is_refused(state: MemoryState) -> None:
    found = generate_blueprint_revision(
        ScriptedModel([ContextOverflow("4096 tokens")]), state, "", settings=SETTINGS, seed=1
    )
    assert isinstance(found, Refused)
    assert "too small" in found.why


def test_a_change_is_due_after_enough_attempts_and_failures(state: MemoryState) -> None:
    assert family_to_revise(state) == "arithmetic"
    state.blueprints.quiet_units = QUIET_UNITS - 1
    assert family_to_revise(state) is None
    early = MemoryState()
    live_on(early, added("add"), *[PASSED] * QUIET_UNITS)
    assert family_to_revise(early) is None


def test_while_a_trial_shares_its_tasks_no_change_is_due(state: MemoryState) -> None:
    state.blueprints.apply(a_revision(state.blueprints, a_proposal()))
    state.blueprints.quiet_units = QUIET_UNITS
    assert family_to_revise(state) is None


WORDS = PromptFiles(("solve", "way"), "5" * 64)


def with_failures(folder: Path) -> MemoryManager:
    memory = open_memory(folder)
    memory.append([added(), BlueprintAdded(blueprint=a_blueprint()), run_started()])
    for number in range(1, QUIET_UNITS + 1):
        unit(memory, number, outcome="failed" if number <= FEWEST_FAILURES else "passed")
    return memory


def revising(memory: MemoryManager, *replies: str | Exception, settings: Settings = SETTINGS) -> Revising:
    return Revising(memory, ScriptedModel(replies), settings, words=WORDS, seed=1)


def last(memory: MemoryManager) -> Any:
    return memory.state.blueprints.trials[-1]


def test_a_proposal_goes_on_trial_with_the_words_of_today(tmp_path: Path) -> None:
    with with_failures(tmp_path) as memory:
        tokens = memory.state.totals.tokens
        told = revising(memory, json.dumps(GOOD)).propose()
        assert told == "builder-for-arithmetic@1 is on trial against builder-default@1: Special cases first"
        challenger = last(memory).challenger
        assert (challenger.prompts_sha256, challenger.family, challenger.revised) == ("5" * 64, "arithmetic", True)
        assert memory.get_latest_blueprint_version("builder-for-arithmetic") is None
        assert memory.state.totals.tokens == tokens + 15
        assert revising(memory).propose() == ""


def test_a_refused_answer_is_logged_and_not_asked_for_again_at_once(tmp_path: Path) -> None:
    with with_failures(tmp_path) as memory:
        assert "no JSON object" in revising(memory, "No idea.").propose()
        assert (memory.state.blueprints.refusals, memory.state.blueprints.trials) == (1, [])
        assert revising(memory).propose() == ""


def test_a_model_that_is_away_costs_nothing_and_an_answer_is_kept_as_it_came(tmp_path: Path) -> None:
    with with_failures(tmp_path) as memory:
        before = memory.state.last_seq
        assert revising(memory, ModelFault("away")).propose() == ""
        assert memory.state.last_seq == before
        off = Settings.model_construct()
        assert revising(memory, settings=off).propose() == ""
    stored = sorted(path.name for path in tmp_path.glob("code_archive/*/proposal-0001/*"))
    assert stored == []
    with with_failures(tmp_path / "b") as memory:
        revising(memory, json.dumps(GOOD)).propose()
    (kept,) = (tmp_path / "b").glob("code_archive/builder-for-arithmetic/proposal-0001/reply-0.json")
    assert "Special cases first" in kept.read_text(encoding="utf-8")


def test_an_answer_behind_which_a_kill_came_is_not_asked_for_again(tmp_path: Path) -> None:
    with with_failures(tmp_path / "a") as memory:
        first = revising(memory, json.dumps(GOOD)).propose()
    with with_failures(tmp_path / "b") as memory:
        shutil.copytree(tmp_path / "a" / "code_archive", tmp_path / "b" / "code_archive", dirs_exist_ok=True)
        assert revising(memory).propose() == first


def test_the_events_say_what_happened(tmp_path: Path) -> None:
    with with_failures(tmp_path) as memory:
        revising(memory, "No idea.").propose()
        memory.state.blueprints.quiet_units = QUIET_UNITS
        revising(memory, json.dumps(GOOD)).propose()
    log = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "events").glob("*.jsonl"))
    assert [kind in log for kind in (_kind(RevisionRefused), _kind(RevisionProposed))] == [True, True]


def _kind(event: type[RevisionRefused] | type[RevisionProposed]) -> str:
    return f'"kind":"{event.model_fields["kind"].default}"'


def test_the_rehearsal_model_proposes_for_real_with_and_without_a_schema(state: MemoryState) -> None:
    base = state.blueprints.used_for("")
    assert base is not None
    asked = Completion(messages=(Message("user", revision_prompt(state, "", base, SETTINGS)),))
    truths = Truths.default()
    whole = truths.model_copy(update={"reflection": truths.reflection.model_copy(update={"broken": 0.0})})
    for schema in (None, RevisionReply.model_json_schema()):
        model = RehearsalModel((), whole, 1)
        answers = [model.complete(replace(asked, seed=seed, json_schema=schema)).text for seed in range(20)]
        found = [read(state, text) for text in answers]
        ways = {each.way for each in found if isinstance(each, BlueprintRevisionProposal)}
        assert len(ways) > 10
        assert all("rehearsal" in text for text in answers)
