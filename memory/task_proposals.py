"""What a model proposes as a new task, and what is remembered of all proposals."""

import ast
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from memory.attempts import FROZEN
from memory.cases import Case
from memory.tasks import Code, Identifier, Skill, Task
from utils.files import sha256_hex
from utils.python_source import parse_python
from utils.text import normalised

Flaw = Literal[
    "unreadable",
    "proposed before",
    "banned",
    "too few checks",
    "broken",
    "wrong reference",
    "nondeterministic",
    "trivial",
    "duplicate",
    "cheatable",
    "weak checks",
]
"""Why a proposal is not trusted."""

FLAWS: Mapping[Flaw, str] = {
    "unreadable": "the reply holds no proposal that can be read",
    "proposed before": "the same was proposed before",
    "banned": "its reference uses what a task may not use: files, clocks, chance, other processes, the interpreter",
    "too few checks": "fewer checks than a task needs, or all of them shown",
    "broken": "its reference cannot be run, changes its arguments, or answers with what cannot be written down",
    "wrong reference": "its reference and its own checks disagree",
    "nondeterministic": "its reference does not always answer the same",
    "trivial": "a constant, an argument or a builtin function solves it",
    "duplicate": "it is a task that is known already",
    "cheatable": "an answer that solves nothing passes its checks",
    "weak checks": "too many wrong versions of its reference pass its checks",
}
"""The same in words."""

MAX_CHECKS = 60
MAX_PROPERTIES = 20
DIGESTS_KEPT = 2000
LATEST_KEPT = 8


class TaskProposal(BaseModel):
    """A task as a model words it; nothing of it is trusted yet.

    Attributes:
        name: a short title.
        goal: what to build, in words.
        entry_point: the function that a solution must define.
        reference: code that is said to solve it.
        claims: calls with what they are said to give.
        properties: expressions over calls that are said to be true.
        skills: what it practises.
        difficulty: said, 0 (trivial) to 1 (hard).
    """

    model_config = FROZEN

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    goal: Annotated[str, StringConstraints(min_length=1, max_length=8000)]
    entry_point: Identifier
    reference: Annotated[Code, StringConstraints(max_length=8000)]
    claims: Annotated[tuple[Case, ...], Field(max_length=MAX_CHECKS)] = ()
    properties: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=1000)], ...], Field(max_length=MAX_PROPERTIES)
    ] = ()
    skills: Annotated[tuple[Skill, ...], Field(min_length=1, max_length=3)]
    difficulty: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.5

    @property
    def digest(self) -> str:
        """SHA-256 of what is proposed, whatever its name, its layout, or the order of its checks."""
        parts = [normalised(self.goal), self.entry_point, _shape(self.reference)]
        checks = sorted(case.call for case in self.claims) + sorted(self.properties)
        return sha256_hex(json.dumps([parts, checks]).encode("utf-8", "replace"))


def _shape(source: str) -> str:
    try:
        return ast.dump(parse_python(source))
    except SyntaxError:
        return source


class TaskProposed(BaseModel):
    """The Trainer asked the model for a task, or for the checks of one: what came of it.

    A trusted task is added by the event that follows, in the same batch.

    Attributes:
        number: of the proposal, from 1.
        skill: that was asked for.
        digest: of what was proposed; of the whole reply where it could not be read.
        name: its title, empty where it could not be read.
        flaw: why it is not trusted; None if it is.
        why: the same about this very proposal.
        task_id: the task that it became.
        for_task: the person's task for which checks were asked; None where a new task was.
        prompt_tokens: of the request.
        completion_tokens: of the reply.
    """

    model_config = FROZEN

    kind: Literal["task_proposed"] = "task_proposed"
    number: Annotated[int, Field(ge=1)]
    skill: Skill
    digest: str
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    flaw: Flaw | None = None
    why: Annotated[str, StringConstraints(max_length=500)] = ""
    task_id: str | None = None
    for_task: str | None = None
    prompt_tokens: Annotated[int, Field(ge=0)] = 0
    completion_tokens: Annotated[int, Field(ge=0)] = 0


class ChecksProposed(BaseModel):
    """A person's task without checks, with those that the model proposed for it: `task` is how it would be with them.

    They count for nothing until the person confirms them: the task is as ungraded as before.
    """

    model_config = FROZEN

    kind: Literal["checks_proposed"] = "checks_proposed"
    task: Task


@dataclass(slots=True)
class ProposalRecord:
    """What all proposals add up to; bounded however many there are."""

    asked: int = 0
    trusted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """flaw -> how many."""
    by_skill: Counter[str] = field(default_factory=Counter)
    """skill -> how often a task of it was asked for."""
    tokens: int = 0
    units_at_last: int = 0
    """How many units had ended when the latest was asked for."""
    digests: dict[str, None] = field(default_factory=dict)
    """Of the latest ones, so that none of them is checked again."""
    latest: list[TaskProposed] = field(default_factory=list)
    drafts: dict[str, Task] = field(default_factory=dict)
    """People's tasks as they would be with the checks that wait to be confirmed."""
    checks_asked: Counter[str] = field(default_factory=Counter)
    """person's task -> how often checks were asked for, as it is."""

    def note(self, proposed: TaskProposed, *, units: int) -> None:
        """Count one; `units` had ended by then."""
        self.asked += 1
        self.units_at_last = units
        self.by_skill[proposed.skill] += 1
        self.tokens += proposed.prompt_tokens + proposed.completion_tokens
        if proposed.flaw is None:
            self.trusted += 1
        else:
            self.refused[proposed.flaw] += 1
        self.digests.pop(proposed.digest, None)
        self.digests[proposed.digest] = None
        if len(self.digests) > DIGESTS_KEPT:
            del self.digests[next(iter(self.digests))]
        self.latest = [*self.latest, proposed][-LATEST_KEPT:]
        if proposed.for_task is not None:
            self.checks_asked[proposed.for_task] += 1

    def forget(self, task_id: str) -> None:
        """A task is known differently: what was proposed for it as it was is gone."""
        self.drafts.pop(task_id, None)
        self.checks_asked.pop(task_id, None)
