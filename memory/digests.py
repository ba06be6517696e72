"""What makes two tasks, replies or rules the same."""

import json
import re
import unicodedata

from memory.tasks import Task
from utils.files import sha256_hex

_LATER_FIELDS = ("cases", "tolerance", "program_cases", "exact_output", "tests", "generator", "show_checks")
"""Left out where a task does not use them, so that a task has the digest that it had before there were such fields."""


def task_digest(task: Task) -> str:
    """SHA-256 of all that decides what the task is; priority and origin do not."""
    unused = {name for name in _LATER_FIELDS if getattr(task, name) == Task.model_fields[name].default}
    document = task.model_dump(mode="json", exclude={"priority", "origin", *unused})
    return sha256_hex(json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


def normalised_rule(text: str) -> str:
    """The text without what never changes a meaning: case, white space, closing punctuation, Unicode forms."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", " ", folded).strip().rstrip(".!;: ")


def rule_id(text: str) -> str:
    """Rules of equal normalised text have the same id; all others, a rule and its negation too, have different ones."""
    return f"rule-{sha256_hex(normalised_rule(text).encode())[:12]}"
