"""What a prompt shows of what was learned: its sections with rules and with earlier attempts.

    Rules to keep to:
    - TEXT

    From earlier attempts:
    - Task "NAME" (skill, skill): passed after 2 tries. Lesson: LESSON

Both were worded by models at some time, so nothing here trusts their words: what stands in the second section never
counts as a rule, and a name is only ever compared with those of known tasks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from utils.rehearsal.known import KnownTask
from utils.text import one_line

RULES_HEADER = "Rules to keep to:"
RECALL_HEADER = "From earlier attempts:"

_RECALL = re.compile(rf'^{re.escape(RECALL_HEADER)}[ \t]*\n\s*^(?=- Task ")', re.MULTILINE)
_ENTRY = re.compile(r'^- Task "', re.MULTILINE)
_RULES = re.compile(rf"^{re.escape(RULES_HEADER)}[ \t]*\n(?:[ \t]*\n)*((?:[ \t]*\S.*(?:\n|\Z))+)", re.MULTILINE)
_ITEM = re.compile(r"^- ", re.MULTILINE)
_NAME_END = re.compile(r'" \(')


@dataclass(frozen=True, slots=True)
class Sections:
    """A prompt taken apart.

    Attributes:
        rules: the items under "Rules to keep to:".
        recall: all that stands under "From earlier attempts:", to the end of the prompt; empty without such a part.
        rest: the prompt without both.
    """

    rules: tuple[str, ...]
    recall: str
    rest: str


def sections_of(prompt: str) -> Sections:
    """The prompt taken apart; the part with earlier attempts is the last one."""
    found = _RECALL.search(prompt)
    before, recall = (prompt, "") if found is None else (prompt[: found.start()], prompt[found.end() :])
    items = (item for block in _RULES.findall(before) for item in _ITEM.split(block))
    return Sections(tuple(item.strip() for item in items if item.strip()), recall, _RULES.sub("", before))


def without_task(prompt: str, task: KnownTask | None) -> str:
    """The prompt without the task's own goal and starter: these may hold the words of any section."""
    for words in () if task is None else (task.goal.strip(), task.starter.rstrip()):
        prompt = prompt.replace(words, "", 1) if words else prompt
    return prompt


@dataclass(slots=True)
class NameIndex:
    """Finds the tasks that earlier attempts were made at, by name."""

    tasks: Sequence[KnownTask]
    _by_name: dict[str, list[KnownTask]] = field(init=False, default_factory=dict)
    _longest: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        for task in self.tasks:
            for name in {_squeezed(task.name), one_line(task.name)}:
                self._by_name.setdefault(name, []).append(task)
            self._longest = max(self._longest, len(task.name), len(one_line(task.name)))

    def tasks_in(self, recall: str, *, asked: KnownTask | None) -> tuple[KnownTask | None, ...]:
        """The task of each entry, in order; None where no task has the name.

        Where the line can be read in several ways, a task that practises exactly the skills in parentheses comes
        first, then the longest name, then the task that is asked for now, then the order of the known tasks.
        """
        found: list[KnownTask | None] = []
        read_to = 0
        for entry in _ENTRY.finditer(recall):
            if entry.start() < read_to:
                continue  # inside of the name before
            task, read_to = self._named(recall, entry.end(), asked)
            found.append(task)
        return tuple(found)

    def _named(self, recall: str, start: int, asked: KnownTask | None) -> tuple[KnownTask | None, int]:
        """The task whose name begins at `start`, and where the name ends."""
        best: tuple[tuple[bool, int, bool], KnownTask, int] | None = None
        for end in _NAME_END.finditer(recall, start, start + self._longest + len('" (')):
            for task in self._by_name.get(_squeezed(recall[start : end.start()]), ()):
                listed = recall.startswith(f"{', '.join(task.skills)}):", end.end())
                rank = (listed, end.start(), asked is not None and task.id == asked.id)
                if best is None or rank > best[0]:
                    best = rank, task, end.start()
        return (None, start) if best is None else best[1:]


def _squeezed(text: str) -> str:
    return " ".join(text.split())
