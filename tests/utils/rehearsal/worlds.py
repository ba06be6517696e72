"""Tasks, truths and requests that the tests of the rehearsal model share."""

from pathlib import Path
from typing import Any

from utils.completions import Completion, Message
from utils.rehearsal.known import KnownTask
from utils.rehearsal.tables import BugKind, BugShares
from utils.rehearsal.truths import DEFAULT_PATH, Truths

ROOTS = '''\
import math


def roots(numbers):
    """Rounded-down square roots of the numbers, as a tuple."""
    if not numbers:
        return ()
    found = []
    for number in numbers:
        if number < 0:
            continue
        found.append(math.isqrt(number))
    return tuple(found)
'''

COUNTER = '''\
class Counter:
    """Counts up to a limit."""

    def __init__(self, limit):
        self.value = 0
        self.limit = limit

    def up(self):
        if self.value >= self.limit:
            raise ValueError("full")
        self.value += 1
        return self.value
'''

STARTER = 'def double(text: str) -> str:\n    """Say it twice."""\n'

ROOTS_TASK = KnownTask(
    id="math/roots",
    name="Roots",
    goal="Write `roots(numbers)`: the square roots, rounded down.\n\nNegative numbers are left out.",
    entry_point="roots",
    skills=("math", "edge-cases"),
    difficulty=0.4,
    reference=ROOTS,
)
COUNTER_TASK = KnownTask(
    id="classes/counter",
    name="Counter",
    goal="Write a class Counter that counts up to a limit.",
    entry_point="Counter",
    skills=("classes",),
    difficulty=0.7,
    reference=COUNTER,
)
DOUBLE_TASK = KnownTask(
    id="strings/double",
    name="Double",
    goal="Complete `double`.",
    entry_point="double",
    starter=STARTER,
    skills=("strings",),
    difficulty=0.1,
    reference="    return text + text\n",
)
OPEN_TASK = KnownTask(id="user/open", name="Open", goal="Build a downloader with a window.", entry_point="download")

TASKS = (ROOTS_TASK, COUNTER_TASK, DOUBLE_TASK, OPEN_TASK)

FAILED = "1 of 3 checks failed.\narguments: ([],)\nexpected: ()\nactual: None"
NO_CODE = "Your reply held no code. Answer with one code block."
REFLECT = f"{FAILED}\n\nReply with one JSON object with the fields error_class, lesson and rule."


def ask(task: KnownTask, seed: int | None = 1, **options: Any) -> Completion:
    return Completion(
        messages=(Message("system", "You write Python."), Message("user", f"Please:\n  {task.goal}\nThanks.")),
        seed=seed,
        **options,
    )


def follow_up(first: Completion, answer: str, told: str) -> Completion:
    messages = (*first.messages, Message("assistant", answer), Message("user", told))
    return Completion(messages=messages, seed=first.seed, json_schema=first.json_schema)


def reflect(told: str = REFLECT, seed: int = 1, **options: Any) -> Completion:
    return Completion(messages=(Message("user", f"{ROOTS_TASK.goal}\n{told}"),), seed=seed, **options)


def with_ability(logit: float) -> Truths:
    """The shipped truths with one ability everywhere, no offsets, no difficulty."""
    truths = Truths.default()
    ability = truths.ability.model_copy(update={"other": logit, "skills": {}})
    return truths.model_copy(update={"ability": ability, "offset_sd": 0.0, "difficulty_slope": 0.0})


def weak_truths_file(folder: Path, skill: str) -> Path:
    """The shipped truths file in which one skill is clearly the weakest, as a file for BT_TRUTHS."""
    shipped = DEFAULT_PATH.read_text(encoding="utf-8")
    start, end = shipped.index("\n[ability]"), shipped.index("\n[recall]")
    planted = f"\n[ability]\nother = 0.8\n\n[ability.skills]\n{skill} = -1.5\n"
    path = folder / f"truths_weak_{skill}.toml"
    path.write_text(shipped[:start] + planted + shipped[end:], encoding="utf-8")
    return path


def always_right() -> Truths:
    return with_ability(60.0)


def always_wrong(*kinds: BugKind, habit: float = 0.0, same_code: float = 0.0) -> Truths:
    """Never right, and wrong only in the given ways, all equally often (as shipped if none is given)."""
    truths = with_ability(-60.0)
    shares = {kind.value: (1 / len(kinds) if kind in kinds else 0.0) for kind in BugKind} if kinds else None
    updates = {
        "bugs": BugShares.model_validate(shares) if shares else truths.bugs,
        "habit": truths.habit.model_copy(update={"share": habit}),
        "repair": truths.repair.model_copy(update={"same_code": same_code}),
    }
    return truths.model_copy(update=updates)
