"""Reads the proposal of a task out of a model's reply, however it is dressed: a reply is data and never a fault.

Taken as they come: thinking, prose and fences around the JSON, line breaks inside of its strings, a reference in a
fenced block beside it, checks as lines, as calls with what they give, or as arguments with what they give.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from memory.cases import Case, case_of_line
from memory.task_proposals import MAX_CHECKS, MAX_PROPERTIES, TaskProposal
from memory.tasks import Task
from utils.python_source import parse_python
from utils.text import json_objects, one_line, visible

WHY_CHARS = 300
MAX_SKILLS = 2
FENCE = "```"
_NOT_A_SKILL = re.compile(r"[^a-z0-9]+")

Line = Annotated[str, StringConstraints(strip_whitespace=True)]


class UnreadableError(ValueError):
    """The reply holds no proposal; the message says why in one line."""


class ProposalReply(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[Line, Field(min_length=1)]
    goal: Annotated[Line, Field(min_length=1)]
    entry_point: Line
    reference: str = ""
    checks: list[str | dict[str, Any]]
    skills: list[str] = []
    difficulty: float | None = None


class ChecksReply(BaseModel):
    """What the model is asked for where a person's task has no checks."""

    model_config = ConfigDict(extra="ignore")

    entry_point: Line
    reference: str = ""
    checks: list[str | dict[str, Any]]


def read_proposal(text: str, *, skill: str, difficulty: float) -> TaskProposal:
    """The proposal that a reply holds.

    Args:
        text: the reply.
        skill: that was asked for; it is the first of the task, whatever the reply says.
        difficulty: that was asked for, where the reply says none between 0 and 1.

    Raises:
        UnreadableError: it holds none.
    """
    found = _found(text, ("goal", "checks"))
    try:
        reply = ProposalReply.model_validate(found)
        return _proposal(reply, text, skill=skill, difficulty=difficulty)
    except ValidationError as error:
        raise _unreadable(error) from error


def read_checks(text: str, task: Task) -> TaskProposal:
    """The checks and the reference that a reply holds, as a proposal of the task for which they are.

    Raises:
        UnreadableError: it holds none, or the function has another name than the task says.
    """
    found = _found(text, ("entry_point", "checks"))
    told = {"name": task.name, "goal": task.goal, "skills": [], "difficulty": task.difficulty}
    try:
        reply = ProposalReply.model_validate(ChecksReply.model_validate(found).model_dump() | told)
        proposal = _proposal(reply, text, skill=task.skills[0], difficulty=task.difficulty)
    except ValidationError as error:
        raise _unreadable(error) from error
    if task.entry_point not in (None, proposal.entry_point):
        raise UnreadableError(f"its function is not called {task.entry_point}")
    return proposal


def _unreadable(error: ValidationError) -> UnreadableError:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))[:60]
    return UnreadableError(one_line(f"{place}: {first['msg']}", WHY_CHARS))


def _found(text: str, fields: tuple[str, str]) -> dict[str, Any]:
    """The first object that has these fields."""
    for line_breaks in (False, True):
        for found in json_objects(text, line_breaks=line_breaks):
            if all(name in found for name in fields):
                return found
    raise UnreadableError(
        f"the reply holds no JSON object with {'a goal' if 'goal' in fields else 'an entry_point'} and checks"
    )


def _proposal(reply: ProposalReply, text: str, *, skill: str, difficulty: float) -> TaskProposal:
    name = reply.entry_point.partition("(")[0].strip()
    claims, properties = _checks(reply.checks, name)
    said = reply.difficulty
    return TaskProposal(
        name=one_line(reply.name, 200),
        goal=reply.goal,
        entry_point=name,
        reference=_code(reply.reference) or _beside(text, name),
        claims=tuple(claims[:MAX_CHECKS]),
        properties=tuple(properties[:MAX_PROPERTIES]),
        skills=_skills(skill, reply.skills),
        difficulty=round(said, 6) if said is not None and 0 <= said <= 1 else difficulty,
    )


def _code(reference: str) -> str:
    """The source, out of a fence if it stands in one."""
    source = next(_blocks(reference), reference).replace("\r\n", "\n").strip("\n")
    return source + "\n" if source.strip() else ""


def _beside(text: str, name: str) -> str:
    """The last fenced block beside the JSON that defines the function."""
    defining = [
        block for block in _blocks(visible(text)) if re.search(rf"^def {re.escape(name)}\b", block, re.MULTILINE)
    ]
    return defining[-1] if defining else ""


def _blocks(text: str) -> Iterator[str]:
    """What stands between fences, each from an opening one to the next that is bare; line by line, however long."""
    block: list[str] | None = None
    for line in text.split("\n"):
        mark = line.strip()
        if block is None:
            block = [] if mark.startswith(FENCE) else None
        elif mark == FENCE:
            yield "\n".join(block) + "\n"
            block = None
        else:
            block.append(line)


def _skills(skill: str, said: Iterable[str]) -> tuple[str, ...]:
    named = (_NOT_A_SKILL.sub("-", each.casefold()).strip("-")[:50] for each in said)
    return tuple(dict.fromkeys([skill, *filter(None, named)]))[:MAX_SKILLS]


def _checks(checks: Iterable[str | Mapping[str, Any]], name: str) -> tuple[list[Case], list[str]]:
    """Calls with what they are said to give, and what else is said to be true."""
    claims: list[Case] = []
    properties: list[str] = []
    for each in checks:
        line = each.strip().removeprefix("assert ").strip() if isinstance(each, str) else _line_of(each, name)
        try:
            found = case_of_line(line)
            claims.append(Case(call=found.call, expected=found.expected, raises=found.raises))
        except ValueError:
            if _is_property(line, name):
                properties.append(line)
    return claims, properties


def _line_of(check: Mapping[str, Any], name: str) -> str:
    """A check that was written as an object, as a line."""
    call = check.get("call") or check.get("input")
    arguments = next((check[key] for key in ("arguments", "args") if isinstance(check.get(key), list)), None)
    if arguments is not None:
        call = f"{name}({', '.join(map(repr, arguments))})"
    if not isinstance(call, str):
        return ""
    if isinstance(raised := check.get("raises"), str):
        inside = call.partition("(")[2].rpartition(")")[0]
        return f"raises({raised}, {name}{', ' if inside else ''}{inside})"
    wanted = check.get("expected")
    literal = isinstance(wanted, str) and arguments is None  # beside a call as Python, a value as Python
    return f"{call} == {wanted if literal else repr(wanted)}" if "expected" in check else ""


def _is_property(line: str, name: str) -> bool:
    """Whether it is one expression that calls the function; a bare call claims nothing."""
    try:
        body = parse_python(line).body
    except SyntaxError:
        return False
    match body:
        case [ast.Expr(value=ast.Call(func=ast.Name(id=called)))] if called == name:
            return False
        case [ast.Expr(value=value)]:
            return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))
    return False


SCHEMA = ProposalReply.model_json_schema()
CHECKS_SCHEMA = ChecksReply.model_json_schema()
