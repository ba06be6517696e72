"""A GGUF model whose odds are known: six small tasks, four rules, and what each rule is worth to each answer.

Every task has one right answer and two wrong ones of logit 0 each, so p(right) = e^r / (e^r + 2), where r is BASE plus
the effects of the rules that stand in the prompt. The model is written by tools/scripted-gguf beside the checkout.
"""

import json
import math
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from utils.files import sha256_hex

BASE = math.log(2)
"""r without a rule: one half of the answers is right."""
HELPFUL = "Name each case of the input before the first line of code."
HARMFUL = "Write the shortest body that can work."
USELESS = ("Prefer plain words in names.", "Keep to four spaces of indentation.")
RULES = (USELESS[0], HARMFUL, HELPFUL, USELESS[1])
PLANTED: Mapping[str, float] = {HELPFUL: 2.5, HARMFUL: -2.0}
ENDING_CHARS = 20
CALLED = 120.0
"""What a task's name in the prompt adds to its answers: without it they are out of the question."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """A task, in one line of Python for each answer."""

    name: str
    goal: str
    check: str
    right: str
    wrong: tuple[str, str]

    @property
    def signature(self) -> str:
        """The function with its arguments, as only this task's prompts have it."""
        return self.goal.split("`")[1]

    def answer(self, body: str) -> str:
        """A reply with this body; its last line is its own, for the tool needs replies that end differently."""
        code = f"def {self.signature}:\n    return {body}\n"
        return f"```python\n{code}```\n{sha256_hex(code.encode())[:ENDING_CHARS]}"


TASKS = (
    Scripted("largest", "Write `largest(items)`: the largest item, None for an empty list.",
             "assert largest([-1, 3]) == 3\nassert largest([-2]) == -2\nassert largest([]) is None",
             "max(items, default=None)", ("max(items)", "items[0] if items else None")),
    Scripted("span", "Write `span(numbers)`: largest minus smallest, 0 for an empty list.",
             "assert span([4, 1, 9]) == 8\nassert span([]) == 0\nassert span([5]) == 0",
             "max(numbers) - min(numbers) if numbers else 0", ("max(numbers) - min(numbers)", "numbers[-1]")),
    Scripted("initials", "Write `initials(full_name)`: the first letter of each word, upper case, joined.",
             "assert initials('ada king') == 'AK'\nassert initials('') == ''\nassert initials(' a  b ') == 'AB'",
             "''.join(word[0].upper() for word in full_name.split())",
             ("''.join(word[0] for word in full_name.split())", "full_name[0].upper()")),
    Scripted("is_even", "Write `is_even(number)`: whether it is even; negative numbers too.",
             "assert is_even(0) is True\nassert is_even(-3) is False\nassert is_even(8) is True",
             "number % 2 == 0", ("number % 2", "number in (2, 4, 6, 8)")),
    Scripted("last_three", "Write `last_three(values)`: the last three values, all if there are fewer.",
             "assert last_three([1, 2, 3, 4]) == [2, 3, 4]\nassert last_three([1]) == [1]\nassert last_three([]) == []",
             "values[-3:]", ("values[:3]", "[values[-3], values[-2], values[-1]]")),
    Scripted("swap_ends", "Write `swap_ends(word)`: its first and last letter swapped; one letter or none stays.",
             "assert swap_ends('abcd') == 'dbca'\nassert swap_ends('a') == 'a'\nassert swap_ends('') == ''",
             "word[-1] + word[1:-1] + word[0] if len(word) > 1 else word",
             ("word[-1] + word[1:-1] + word[0]", "word[::-1] + word[:0]")),
)  # fmt: skip


def chance(shown: Collection[str], planted: Mapping[str, float]) -> float:
    """The probability of a right answer when these rules are in the prompt."""
    right = math.exp(BASE + sum(planted.get(rule, 0.0) for rule in shown))
    return right / (right + 2)


def replies(planted: Mapping[str, float]) -> list[dict[str, object]]:
    """What tools/scripted-gguf is given: the answers with their logits; a useless rule is a cue worth nothing."""
    effects = {rule: planted.get(rule, 0.0) for rule in RULES}
    rows: list[dict[str, object]] = [{"text": "I do not know this task.", "bias": 0.0}]
    for task in TASKS:
        called = {f"`{task.signature}`": CALLED}
        right = {"text": task.answer(task.right), "bias": BASE - CALLED / 2, "effects": called | effects}
        wrong = [{"text": task.answer(body), "bias": -CALLED / 2, "effects": called} for body in task.wrong]
        rows += [right, *wrong]
    return rows


def write_model(tool: Path, folder: Path, planted: Mapping[str, float]) -> Path:
    """The GGUF file with these effects."""
    spec, model = folder / "replies.json", folder / "scripted.gguf"
    spec.write_text(json.dumps(replies(planted)), encoding="utf-8")
    subprocess.run([sys.executable, tool, spec, model], check=True, timeout=60)
    return model


def write_tasks(folder: Path) -> Path:
    """The tasks as a person gives them."""
    path = folder / "tasks.json"
    rows = [
        {
            "id": f"scripted-{task.name}",
            "name": task.name,
            "goal": task.goal,
            "entry_point": task.name,
            "skills": ["scripted"],
            "difficulty": 0.5,
            "checks": [{"name": "all", "code": task.check}],
            "reference": f"def {task.signature}:\n    return {task.right}\n",
        }
        for task in TASKS
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def write_rules(folder: Path) -> Path:
    """The four rules, one a line."""
    path = folder / "rules.txt"
    path.write_text("\n".join(RULES) + "\n", encoding="utf-8")
    return path
