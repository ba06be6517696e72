"""How the rehearsal model words its replies; every one says that it is simulated."""

import json

from utils.rehearsal.draws import Draws
from utils.rehearsal.lessons import LESSONS, SKILL_RULES
from utils.rehearsal.mistakes import mistake_in
from utils.rehearsal.reading import Situation, Wish
from utils.rehearsal.tables import Fence, Reflection, Style

SIGNATURE = "# written by a simulated model (rehearsal)"
UNKNOWN = (
    "I am a simulated model, for rehearsals only. I have no reference solution for this task, so I cannot do it; "
    "please use a real model for it."
)
UNKNOWN_JSON = (
    "I am a simulated model, for rehearsals only. Of JSON, I can write nothing but reflections on an attempt and "
    "changes of a way of working."
)

_PROSE = (
    "This is a simulated answer without code: look at the special cases first, then walk through the items once.",
    "Simulated answer: it can be solved with one loop and a few conditions. Shall I write it down?",
    "Simulated answer: the idea is to split the problem into smaller parts, solve each, and put the results together.",
)
_FIRST = ("Here is a simulated solution.", "A simulated solution:", "This simulated answer goes step by step.")
_REPAIR = ("Here is a corrected, simulated solution.", "Simulated repair: I changed the part that failed.")
_SORRY = (
    "I am sorry, I do not see what is wrong; here is my simulated solution once more.",
    "Apologies. I checked it again (simulated) and believe that it is right:",
)
_AFTER = ("", "", "It follows the description directly.", "Every item is looked at once.")
_THOUGHTS = (
    "Let me think. A first idea:\n```python\npass\n```\nNo, better the full one.",
    "The goal is clear. I should look at the special cases first.",
)


def with_code(code: str, style: Style, draws: Draws, *, turn: int, again: bool) -> str:
    """A whole reply around code, in one of the styles; `again` for code that is sent a second time unchanged."""
    thoughts = f"<think>\n{draws.pick(_THOUGHTS)}\n</think>\n\n" if draws.chance(style.think) else ""
    return thoughts + _body(code, draws.weighted(style.fences.by_fence()), draws, turn=turn, again=again)


def cut_off(code: str, style: Style, draws: Draws) -> str:
    """A reply that ends in the middle of its code."""
    fence = draws.weighted(style.fences.by_fence())
    if fence is Fence.NONE:
        return _signed(code)
    return f"{draws.pick(_FIRST)}\n\n{_opening(fence)}\n{code}"


def prose(draws: Draws) -> str:
    """A reply without any code."""
    return draws.pick(_PROSE)


def in_json(situation: Situation, truths: Reflection, draws: Draws) -> str:
    """The answer to a request for JSON."""
    match situation.wish:
        case Wish.REFLECTION:
            return reflection(situation, truths, draws)
        case Wish.REVISION:
            return revision(situation, truths, draws)
        case _:
            return UNKNOWN_JSON


def reflection(situation: Situation, truths: Reflection, draws: Draws) -> str:
    """A JSON object with error_class, lesson and rule (or null), or something unusable in its place.

    What it says follows from what the newest message tells of the failure and, for the rule, from the task's skills.
    Where nothing went wrong there is no rule.
    """
    mistake = mistake_in(situation.failure)
    lesson = LESSONS[mistake]
    skills = () if situation.task is None else situation.task.skills
    rules = (*lesson.rules * 3, *(SKILL_RULES[skill] for skill in skills if skill in SKILL_RULES))
    rule = None if draws.chance(truths.no_rule) or not lesson.rules else draws.pick(rules)
    told = f"(rehearsal) {draws.pick(lesson.told)}"
    text = json.dumps({"error_class": mistake.value, "lesson": told, "rule": rule}, indent=draws.pick((None, 2)))
    if draws.chance(truths.broken):
        return _broken(text, told, draws)
    return f"```json\n{text}\n```" if draws.chance(truths.fenced) else text


def revision(situation: Situation, truths: Reflection, draws: Draws) -> str:
    """A JSON object that changes a way of working, or something unusable in its place, as often as with reflections.

    Its guidance is drawn from what the simulation knows as rules, those of mistakes that the request tells of first;
    what such words do to the odds is planted like any rule's effect.
    """
    lesson = LESSONS[mistake_in(situation.failure)]
    known = sorted({*SKILL_RULES.values(), *(rule for each in LESSONS.values() for rule in each.rules)})
    guidance = [draws.pick(lesson.rules or known), draws.pick(known)]
    proposal = {
        "title": "(rehearsal) other words",
        "why": f"(rehearsal) {draws.pick(lesson.told)}",
        "guidance": list(dict.fromkeys(guidance)),
        "plan_first": draws.chance(0.5),
        "temperature": None,
        "max_repairs": None,
        "recall_tokens": None,
        "most_rules": None,
    }
    text = json.dumps(proposal, indent=draws.pick((None, 2)))
    if draws.chance(truths.broken):
        return text[: len(text) // 2]
    return f"```json\n{text}\n```" if draws.chance(truths.fenced) else text


def _broken(text: str, told: str, draws: Draws) -> str:
    return draws.pick(
        (
            text[: len(text) * 2 // 3],
            f"Simulated reflection: {told}",
            text.replace('"', "'"),
            '{"error_class": "simulated", "rule": 7}',
        )
    )


def _body(code: str, fence: Fence, draws: Draws, *, turn: int, again: bool) -> str:
    if fence is Fence.NONE and not again:
        return _signed(code)
    before = draws.pick(_SORRY if again else _REPAIR if turn else _FIRST)
    after = draws.pick(_AFTER)
    return f"{before}\n\n{_opening(fence)}\n{code.rstrip()}\n```" + (f"\n\n{after}" if after else "")


def _opening(fence: Fence) -> str:
    return f"```{fence.value}" if fence in (Fence.PYTHON, Fence.PY) else "```"


def _signed(code: str) -> str:
    return code if code.startswith(SIGNATURE) else f"{SIGNATURE}\n{code}"
