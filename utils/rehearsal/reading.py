"""What a request asks for, read from its messages alone, as a real model would have to."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from utils.completions import Completion, Message
from utils.rehearsal.known import KnownTask
from utils.rehearsal.proposing import is_wished
from utils.rehearsal.recipes import task_in
from utils.rehearsal.sections import NameIndex, Sections, sections_of, without_task
from utils.rehearsal.tables import PlantedRule
from utils.text import visible

REFLECTION_WORDS = "Reply with one JSON object"
NO_CODE_WORDS = "Your reply held no code"
REFLECTION_FIELDS = ("error_class", "lesson", "rule")
REVISION_FIELDS = ("guidance", "plan_first")

_WORD = re.compile(r"\w+")
_FENCED = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n(.*?)(?:^[ \t]*\1|\Z)", re.DOTALL | re.MULTILINE)
_WISH_TAIL = re.compile(r"\s+".join(REFLECTION_WORDS.split()) + ".*", re.IGNORECASE | re.DOTALL)
_EXPECTED = re.compile(r"\bexpected\b", re.IGNORECASE)
_ACTUAL = re.compile(r"\b(?:actual|actually|got|returned|received)\b", re.IGNORECASE)


class Wish(StrEnum):
    """What a request wants."""

    CODE = "code"
    REFLECTION = "reflection"
    REVISION = "revision"
    """Of a way of working."""
    UNKNOWN_JSON = "unknown_json"
    PROPOSAL = "proposal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A request as the rehearsal model understands it.

    Attributes:
        wish: what is wanted.
        task: the known task whose goal stands in the first user message, None if none does.
        turn: repair turns so far that told of failed checks, this one included; 0 on the first try.
        evidence: whether the newest message shows what was expected and what came.
        rules: the planted rules whose texts stand in the prompt: as an item under "Rules to keep to:", or anywhere but
            in the task's own words and under "From earlier attempts:".
        recalled: the tasks of the earlier attempts that the first user message tells of; None for an unknown one.
        failure: what the newest user message says beside the task's goal and starter, code, and the wish for JSON.
        last_code: the code of the newest answer, empty if there was none.
    """

    wish: Wish
    task: KnownTask | None
    turn: int = 0
    evidence: bool = False
    rules: tuple[PlantedRule, ...] = ()
    recalled: tuple[KnownTask | None, ...] = ()
    failure: str = ""
    last_code: str = ""


def squeezed(text: str) -> str:
    """The text with every run of white space as one space, none at the ends."""
    return " ".join(text.split())


def folded(text: str) -> str:
    """The squeezed text without its case."""
    return squeezed(text).casefold()


def lacks_code(told: str) -> bool:
    """Whether a message of the user says that the last reply held no code."""
    return folded(NO_CODE_WORDS) in folded(told)


def code_in(text: str) -> str:
    """The longest fenced block of a reply outside <think>; the whole text if there is none and it reads like code."""
    shown = visible(text)
    blocks = [match.group(2) for match in _FENCED.finditer(shown)]
    if blocks:
        return max(blocks, key=len)
    return shown.lstrip("\n") if re.search(r"^(?:def|class|async def)\s", shown, re.MULTILINE) else ""


@dataclass(frozen=True, slots=True)
class _Entry:
    task: KnownTask
    goal: str


@dataclass(slots=True)
class TaskIndex:
    """Finds the task that a text is about.

    Each goal is filed under its rarest word, so that a text of n words costs about n look-ups and a handful of
    comparisons, however many tasks are known.
    """

    tasks: Sequence[KnownTask]
    _by_word: dict[str, list[_Entry]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        entries = [_Entry(task, squeezed(task.goal)) for task in self.tasks]
        words = [sorted(set(_WORD.findall(entry.goal))) for entry in entries]
        common = Counter(word for found in words for word in found)
        for entry, found in zip(entries, words, strict=True):
            if found:
                self._by_word.setdefault(min(found, key=lambda word: (common[word], word)), []).append(entry)

    def find(self, text: str) -> KnownTask | None:
        """The task whose goal stands in the text, white space aside, or that it words as a recipe; None without one.

        A goal that is part of another found goal does not count. Of those left, one whose entry point stands in the
        text as a word comes first, then the longest goal, then the id. A goal without a letter or digit is never found.
        """
        squeezed_text, words = squeezed(text), set(_WORD.findall(text))
        maybe = [entry for word in words & self._by_word.keys() for entry in self._by_word[word]]
        hits = [entry for entry in maybe if entry.goal in squeezed_text]
        goals = {entry.goal for entry in hits}
        whole = [entry for entry in hits if not any(entry.goal in goal for goal in goals - {entry.goal})]
        ranked = sorted(whole, key=lambda e: (e.task.entry_point not in words, -len(e.goal), e.task.id))
        return ranked[0].task if ranked else task_in(text)


@dataclass(slots=True)
class Reader:
    """Reads requests, given the known tasks and the planted rules."""

    index: TaskIndex
    rules: tuple[PlantedRule, ...]
    _names: NameIndex = field(init=False)
    _texts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._names = NameIndex(self.index.tasks)
        self._texts = tuple(rule_text(rule.text) for rule in self.rules)

    def read(self, completion: Completion) -> Situation:
        """What the request asks for; never fails, whatever stands in it."""
        messages = completion.messages
        asked = [message.content for message in messages if message.role == "user"]
        answers = [message.content for message in messages if message.role == "assistant"]
        newest = asked[-1] if asked else ""
        task = self._task(asked[0]) if asked else None
        prompts = [sections_of(without_task(text, task)) for text in asked]
        system = [sections_of(message.content) for message in messages if message.role == "system"]
        return Situation(
            wish=_wish(prompts[-1].rest if prompts else "", completion.json_schema),
            task=task,
            turn=_turns(messages),
            evidence=bool(_EXPECTED.search(newest) and _ACTUAL.search(newest)),
            rules=self._shown([*system, *prompts]),
            recalled=self._names.tasks_in(prompts[0].recall, asked=task) if prompts else (),
            failure=_failure(newest, task),
            last_code=code_in(answers[-1]) if answers else "",
        )

    def _task(self, prompt: str) -> KnownTask | None:
        """A lesson may quote another task's goal, and a goal may hold the words that begin a section."""
        return self.index.find(sections_of(prompt).rest) or self.index.find(prompt)

    def _shown(self, prompts: Sequence[Sections]) -> tuple[PlantedRule, ...]:
        if not self.rules:
            return ()
        items = {rule_text(item) for prompt in prompts for item in prompt.rules}
        rest = folded("\n".join(prompt.rest for prompt in prompts))
        shown = zip(self.rules, self._texts, strict=True)
        return tuple(rule for rule, text in shown if text in items or text in rest)


def rule_text(text: str) -> str:
    """What tells a rule from others: the folded text without a full stop."""
    return folded(text).rstrip(".")


def _wish(newest: str, schema: Mapping[str, Any] | None) -> Wish:
    if is_wished(newest):
        return Wish.PROPOSAL
    if schema is not None:
        fields = schema.get("properties")
        if not isinstance(fields, Mapping):
            return Wish.REFLECTION
        return _json_wish(lambda name: name in fields)
    if folded(REFLECTION_WORDS) not in folded(newest):
        return Wish.CODE
    return _json_wish(lambda name: name in newest)


def _json_wish(asked_for: Callable[[str], bool]) -> Wish:
    """What JSON is wanted, by the fields that are asked for; a reflection knows nothing of guidance."""
    if all(map(asked_for, REVISION_FIELDS)):
        return Wish.REVISION
    return Wish.REFLECTION if any(map(asked_for, REFLECTION_FIELDS)) else Wish.UNKNOWN_JSON


def _failure(newest: str, task: KnownTask | None) -> str:
    """The goal may name exceptions and the wish may name mistakes; neither happened."""
    known = set() if task is None else {line.strip() for line in f"{task.goal}\n{task.starter}".splitlines()}
    told = _FENCED.sub("", _WISH_TAIL.sub("", newest))
    return "\n".join(line for line in told.splitlines() if line.strip() not in known)


def _turns(messages: Sequence[Message]) -> int:
    """User messages after an answer that tell of a failure; the reminder that there was no code is no repair turn."""
    turns, answered = 0, False
    for message in messages:
        answered = answered or message.role == "assistant"
        turns += answered and message.role == "user" and not lacks_code(message.content)
    return turns
