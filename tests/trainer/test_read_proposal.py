"""A proposal is read out of whatever a model that knows no JSON mode makes of it."""

import json
from typing import Any

import pytest

from memory.cases import Case
from tests.trainer.proposals import CHECKS, GOAL, REFERENCE, proposal
from trainer.proposal_prompts import Wanted, proposal_prompt
from trainer.read_proposal import UnreadableError, read_proposal

FIELDS: dict[str, Any] = {
    "name": "Runs of equal items",
    "goal": GOAL,
    "entry_point": "runs",
    "reference": REFERENCE,
    "checks": list(CHECKS),
    "skills": ["lists"],
    "difficulty": 0.3,
}
PLAIN = json.dumps(FIELDS)
EXPECTED = proposal(goal=GOAL.strip())


def reply(**fields: Any) -> str:
    return json.dumps(FIELDS | fields)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"```json\n{json.dumps(FIELDS, indent=2)}\n```",
        f'<think>\nPerhaps {{"goal": "no", "checks": []}}?\n</think>\nHere it is:\n\n{PLAIN}\n\nHave fun with {{it}}!',
        f'A dict such as {{"a": 1}} may help.\n{PLAIN}',
        PLAIN.replace("\\n", "\n"),
        "```json\n" + json.dumps({**FIELDS, "reference": ""}) + f"\n```\nThe reference:\n```python\n{REFERENCE}```\n",
        reply(reference=f"```python\n{REFERENCE}```"),
        reply(reference=REFERENCE.replace("\n", "\r\n")),
        reply(entry_point="runs(items, least)"),
        reply(checks=[f"assert {each}" for each in CHECKS]),
    ],
    ids=[
        "plain",
        "fenced",
        "prose",
        "another object",
        "line breaks",
        "beside",
        "inside",
        "crlf",
        "signature",
        "assert",
    ],
)
def test_however_it_is_dressed_it_is_the_same_proposal(text: str) -> None:
    assert read_proposal(text, skill="lists", difficulty=0.5) == EXPECTED


def test_checks_may_be_calls_or_arguments_with_what_they_give() -> None:
    checks = [
        {"call": "runs([1], 1)", "expected": "[1]"},
        {"arguments": [["a", "a"], 1], "expected": [2]},
        {"args": [[], 0], "raises": "ValueError"},
        "len(runs([1], 1)) == 1",
        "runs([1], 1)",
        "other([1], 1) == [1]",
        "no python at all",
        {"unknown": 1},
    ]
    found = read_proposal(reply(checks=checks), skill="lists", difficulty=0.5)
    assert found.claims == (
        Case(call="runs([1], 1)", expected="[1]"),
        Case(call="runs(['a', 'a'], 1)", expected="[2]"),
        Case(call="runs([], 0)", raises="ValueError"),
        Case(call="other([1], 1)", expected="[1]"),
    )
    assert found.properties == ("len(runs([1], 1)) == 1",)


def test_the_skill_that_was_asked_for_comes_first_and_odd_values_are_mended() -> None:
    found = read_proposal(reply(skills=["String Handling!", "lists"], difficulty=7), skill="lists", difficulty=0.4)
    assert (found.skills, found.difficulty) == (("lists", "string-handling"), 0.4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON object with a goal and checks"),
        ("I would rather sort something.", "no JSON object with a goal and checks"),
        (PLAIN[: len(PLAIN) // 2], "no JSON object with a goal and checks"),
        (PLAIN.replace('"', "'"), "no JSON object with a goal and checks"),
        (reply(checks="many"), "checks: Input should be a valid list"),
        (reply(goal=""), "goal: String should have at least 1 character"),
        (reply(entry_point="no name"), "entry_point: String should match pattern"),
        (reply(name=None), "name: Input should be a valid string"),
    ],
)
def test_what_holds_no_proposal_says_why(text: str, why: str) -> None:
    with pytest.raises(UnreadableError, match=why.replace("(", r"\(")):
        read_proposal(text, skill="lists", difficulty=0.5)


def test_the_same_proposal_has_the_same_digest_whatever_its_layout_and_another_has_another() -> None:
    again = proposal(*reversed(CHECKS), name="Else", reference=f"# a remark\n{REFERENCE}", goal=GOAL.upper())
    assert again.digest == proposal().digest
    assert proposal(reference=REFERENCE.replace("1", "2", 1)).digest != proposal().digest


def test_the_request_tells_what_is_wanted_and_no_slot_is_a_template() -> None:
    bare = proposal_prompt(Wanted(skill="lists", difficulty=0.25))
    full = proposal_prompt(
        Wanted(
            skill="lists", difficulty=0.25, mistakes=["{{ off by one }}\nhere"], known=["Chunks"], refused=["Old: x"]
        )
    )
    assert "Skill to practise: lists\nDifficulty wanted: 0.25" in bare
    assert "Mistakes" not in bare
    assert "refused" not in bare
    assert all(line in full.split("\n") for line in ("- {{ off by one }} here", "- Chunks", "- Old: x"))
