"""The rehearsal model proposes tasks: right ones, and ones with a planted fault whose name is known.

Nothing is canned: a recipe is drawn, worded and written as code, and what its calls give comes from running that code.
The faults are those of real models: a reference that does something else than the goal says, checks that let nearly
everything pass, answers that hang on chance or on the order of hashes, a known task in other words, nothing to do, and
checks that an answer passes which does no work.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from utils.rehearsal.draws import Draws
from utils.rehearsal.recipe_checks import CALLS, Tried, function_of, line, outcome, tried
from utils.rehearsal.recipes import Recipe, draw_recipe, recipe_in, task_in

PROPOSAL_WORDS = "Propose one new programming task"
CHECKS_WORDS = "Write checks for a programming task that has none"
WELL_CHECKED, POORLY_CHECKED = 0.92, 0.7
"""Shares of the mutants that good checks fail at least, and weak ones at most; what is between is not proposed."""
WEAK_CALLS = 7
MOST_DRAWS = 60
_NUMBERED = re.compile(r"^- .*\bno\. ([a-z0-9_-]+)-(\d{1,12})$", re.MULTILINE)
_SKILL = re.compile(r"^Skill to practise: ([a-z0-9][a-z0-9_-]*)", re.MULTILINE)


class Fault(StrEnum):
    """What is wrong with a proposal."""

    NONE = "none"
    WRONG_REFERENCE = "wrong reference"
    WEAK_CHECKS = "weak checks"
    NONDETERMINISM = "nondeterminism"
    DUPLICATE = "duplicate"
    TRIVIAL = "trivial"
    CHEATABLE = "cheatable"
    UNREADABLE = "unreadable"


SHARES: Mapping[Fault, float] = {
    Fault.NONE: 0.5,
    Fault.WRONG_REFERENCE: 0.1,
    Fault.WEAK_CHECKS: 0.08,
    Fault.NONDETERMINISM: 0.08,
    Fault.DUPLICATE: 0.08,
    Fault.TRIVIAL: 0.06,
    Fault.CHEATABLE: 0.06,
    Fault.UNREADABLE: 0.04,
}
"""Of the proposals of a night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal before it is worded; `checks` are lines `call == value` or `raises(...)`, or what should hold."""

    fault: Fault
    name: str
    goal: str
    entry_point: str
    reference: str
    checks: tuple[str, ...]
    skill: str
    difficulty: float


def is_wished(prompt: str) -> bool:
    """Whether the prompt asks for a new task."""
    return prompt.startswith(CHECKS_WORDS) or (PROPOSAL_WORDS in prompt and _SKILL.search(prompt) is not None)


def reply_to(prompt: str, draws: Draws) -> str:
    """The reply to a request for a task, or for the checks of one; only of recipes it has checks."""
    if not prompt.startswith(CHECKS_WORDS):
        return worded(propose(prompt, draws), draws)
    task, recipe = task_in(prompt), recipe_in(prompt)
    if task is None or recipe is None:
        return "I am a simulated model, for rehearsals only, and understand nothing of this task."
    right = _right(recipe, tried(recipe, str(task.entry_point), draws))
    return worded(replace(right, name=task.name, goal=task.goal, skill=task.skills[0]), draws)


def propose(prompt: str, draws: Draws, *, fault: Fault | None = None) -> Proposed:
    """A proposal for a request.

    Args:
        prompt: the request; its skill and the names of known tasks are read from it.
        draws: of the request.
        fault: what is to be wrong; drawn by SHARES if None. Where it cannot be planted the proposal is right, and
            says so.
    """
    asked = _SKILL.search(prompt)
    skill = asked[1] if asked else "general"
    wanted = draws.weighted(SHARES) if fault is None else fault
    if wanted is Fault.DUPLICATE and (known := _NUMBERED.findall(prompt)):
        first, number = draws.pick(known)
        return _again(first, int(number), skill, draws)
    for draw in range(MOST_DRAWS):
        number = int(draws.uniform() * 10**6)
        recipe = _numbered(skill, number)
        title = " and ".join(step.name for step in recipe.steps[:2]).capitalize()
        if f"- {title}, no. " in prompt and 2 * draw < MOST_DRAWS:
            continue  # the request says that there is one that begins alike
        found = tried(recipe, f"work_{number}", draws)
        if found.share(found.best(CALLS)) >= WELL_CHECKED and (made := _planted(wanted, recipe, found, draws)):
            name, goal = f"{title}, no. {skill}-{number}", made.goal or recipe.goal(found.name, skill=skill)
            return replace(made, name=name, goal=goal, skill=skill)
    raise AssertionError("no recipe has checks that fail its mutants")


def _numbered(skill: str, number: int) -> Recipe:
    return draw_recipe(skill, Draws("recipe", skill, number))


def _again(skill: str, number: int, asked: str, draws: Draws) -> Proposed:
    """The recipe of a known task in other words, under another name, with other calls."""
    recipe, name = _numbered(skill, number), f"transform_{int(draws.uniform() * 10**6)}"
    found = tried(recipe, name, draws)
    return replace(
        _right(recipe, found), fault=Fault.DUPLICATE, name="Another exercise", skill=asked,
        goal=recipe.goal(name, skill=asked, manner=1), entry_point=name,
    )  # fmt: skip


def _right(recipe: Recipe, found: Tried) -> Proposed:
    return Proposed(
        fault=Fault.NONE,
        name="",
        goal="",
        entry_point=found.name,
        reference=found.source,
        checks=found.lines(found.best(CALLS)),
        skill="",
        difficulty=recipe.difficulty,
    )


def _planted(fault: Fault, recipe: Recipe, found: Tried, draws: Draws) -> Proposed | None:
    """The proposal with this fault; None if the recipe has no place for it."""
    right = _right(recipe, found)
    plants: Mapping[Fault, Callable[[], Proposed | None]] = {
        Fault.WRONG_REFERENCE: lambda: _wrong_reference(right, found, draws),
        Fault.WEAK_CHECKS: lambda: _weak_checks(right, found),
        Fault.NONDETERMINISM: lambda: _nondeterministic(right, found, draws),
        Fault.TRIVIAL: lambda: _trivial(right, recipe, found, draws),
        Fault.CHEATABLE: lambda: _cheatable(right, found, draws),
        Fault.UNREADABLE: lambda: replace(right, fault=fault),
    }
    return plants[fault]() if fault in plants else right


def _wrong_reference(right: Proposed, found: Tried, draws: Draws) -> Proposed | None:
    """With a mistake in the reference: for some of the inputs that were tried it gives something wrong."""
    telling = sorted(set().union(*found.failing))
    if not telling:
        return None
    return replace(right, fault=Fault.WRONG_REFERENCE, reference=found.wrong[draws.pick(telling)].source)


def _weak_checks(right: Proposed, found: Tried) -> Proposed | None:
    """With checks that most mistakes pass."""
    poor = found.poor(WEAK_CALLS)
    if found.share(poor) > POORLY_CHECKED:
        return None
    return replace(right, fault=Fault.WEAK_CHECKS, checks=found.lines(poor))


def _nondeterministic(right: Proposed, found: Tried, draws: Draws) -> Proposed:
    """With answers that hang on chance, on the clock, on hashes, on addresses, or on the calls before."""
    name, inner = found.name, f"_{found.name}"
    base = found.source.replace(f"def {name}(", f"def {inner}(", 1)
    head, value, claim = draws.pick(_UNSTEADY)
    source = f"{head}{base}\ndef {name}(given):\n    return [{inner}(given), {value}]\n"
    checks = tuple(
        line(name, each, gives if gives.startswith("raises ") else f"[{gives}, {claim(each, number, draws)!r}]")
        for number, (each, gives) in enumerate(zip(found.inputs[:CALLS], found.gives, strict=False), start=1)
    )
    return replace(right, fault=Fault.NONDETERMINISM, reference=source, checks=checks)


Claim = Callable[[object, int, Draws], object]
_UNSTEADY: Sequence[tuple[str, str, Claim]] = (
    ("import random\n", "random.random()", lambda _given, _number, draws: draws.uniform()),
    ("from datetime import datetime\n", "datetime.now().second", lambda _given, _number, draws: _drawn(60, draws)),
    ("import time\n", "time.time() // 1", lambda _given, _number, draws: 1.7e9 + _drawn(10**8, draws)),
    ("", "list(set(str(given).split()))", lambda given, _number, _draws: sorted(set(str(given).split()))),
    ("", "[each for each in {str(each) for each in given}]", lambda given, _number, _draws: _texts(given)),
    ("", "hash(str(given)) % 7", lambda _given, _number, draws: _drawn(7, draws)),
    ("", "repr(lambda: given)", lambda _given, _number, draws: f"<function <lambda> at {_drawn(2**47, draws):#x}>"),
    ("_seen = []\n", "(_seen.append(given), len(_seen))[1]", lambda _given, number, _draws: number),
)
"""What comes before the function, what it adds to its answer, and what is claimed of that: no claim looks at a clock or
at chance, so that the same request has the same reply."""


def _drawn(below: int, draws: Draws) -> int:
    return int(draws.uniform() * below)


def _texts(given: object) -> list[str]:
    return sorted({str(each) for each in given}) if isinstance(given, list | str) else []


def _trivial(right: Proposed, recipe: Recipe, found: Tried, draws: Draws) -> Proposed:
    """With nothing to do: an argument, a constant or one builtin is the answer, however long it is written."""
    given, builtins = ("items", ("sorted({0})", "len({0})", "sum({0})"))
    if recipe.family == "words":
        given, builtins = ("text", ("len({0})", "{0}.split()", "{0}.upper()"))
    answer = draws.pick(("{0}", "0", "'done'", draws.pick(builtins))).format(given)
    source = (
        f"def {found.name}({given}):\n    if {given} is None:\n        return None\n"
        f"    count = 1 + 2\n    if count < 3:\n        return count - 1\n    return {answer}\n"
    )
    function = function_of(source, found.name)
    checks = tuple(line(found.name, each, outcome(function, each)) for each in found.inputs[:CALLS])
    goal = f"Write `{found.name}({given})`. It looks at what it is given and returns `{answer}`.\n"
    return replace(right, fault=Fault.TRIVIAL, goal=goal, reference=source, checks=checks, difficulty=0.05)


def _by_heart(found: Tried) -> tuple[str, ...]:
    """Checks that want one thing but for those that are shown; empty if the recipe does not give one thing so often."""
    single: list[object] = [[number] for number in range(12, 26)]
    if isinstance(found.inputs[0], str):
        single = ["birch", "cedar", "maple", "alder", "rowan", "hazel", "poplar"]
    function = function_of(found.source, found.name)
    told = {repr(each): outcome(function, each) for each in (*found.inputs, *single)}
    usual = max(dict.fromkeys(told.values()), key=list(told.values()).count)
    alike = [given for given, gives in told.items() if gives == usual][:5]
    others = [given for given, gives in told.items() if gives != usual and not gives.startswith("raises")][:2]
    if len(alike) + len(others) < 7 or usual.startswith("raises"):  # noqa: PLR2004  five and two
        return ()
    return tuple(f"{found.name}({given}) == {told[given]}" for given in (*others, *alike))


def _cheatable(right: Proposed, found: Tried, draws: Draws) -> Proposed | None:
    """With checks that an answer passes which does no work: it gives anything at all, or what is shown anyway."""
    lines = [each for each in right.checks if not each.startswith("raises(")]
    calls = [each.partition(" == ")[0] for each in lines]
    few = 2
    if len(lines) <= few:
        return None
    if by_heart := _by_heart(found):
        return replace(right, fault=Fault.CHEATABLE, checks=by_heart)
    anything = tuple(f"{call} != 'nothing'" for call in calls)
    checks = draws.pick((
        anything,
        tuple(f"{call} == {call}" for call in calls),
        tuple(lines[:few]),
        (lines[-1],) * CALLS,
        (*lines[:few], *anything),
    ))  # fmt: skip
    return replace(right, fault=Fault.CHEATABLE, checks=checks)


def worded(proposed: Proposed, draws: Draws) -> str:
    """The reply: JSON as it should be, or in one of the ways in which models without a JSON mode dress it."""
    fields: dict[str, object] = {
        "name": proposed.name,
        "goal": proposed.goal,
        "entry_point": proposed.entry_point,
        "reference": proposed.reference,
        "checks": list(proposed.checks),
        "skills": [proposed.skill],
        "difficulty": proposed.difficulty,
    }
    text = json.dumps(fields, indent=draws.pick((None, 2)))
    if proposed.fault is Fault.UNREADABLE:
        return draws.pick((text[: len(text) // 2], text.replace('"', "'"), "A simulated idea: sort some numbers."))
    without = json.dumps({key: value for key, value in fields.items() if key != "reference"})
    fenced = f"```json\n{text}\n```"
    thought = '<think>\nSomething with lists, such as {"a": 1}.\n</think>\n'
    return draws.pick((
        text,
        fenced,
        f"{thought}Here is a simulated task:\n\n{fenced}\n\nGood luck!",
        text.replace("\\n", "\n"),
        f"```json\n{without}\n```\n\nThe reference:\n\n```python\n{proposed.reference}```\n",
    ))  # fmt: skip
