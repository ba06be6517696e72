"""What a task is."""

import ast
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from memory.cases import Case, Generator, ProgramCase, ids_of_tests
from utils.python_source import parse_python

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
TaskId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$", max_length=100)]
Skill = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=50)]
Code = Annotated[str, StringConstraints(max_length=100_000)]
LongCode = Annotated[str, StringConstraints(max_length=2_000_000)]
"""Checks of the published data sets hold their inputs, some of which are long."""

Origin = Literal["curriculum", "humaneval", "mbpp", "user", "file", "generated"]
Mode = Literal["none", "calls", "stdio", "cooperative"]
"""How a task is graded: not at all, by calls (checks, cases, fresh inputs), as a program, or by tests beside it."""


class Check(BaseModel):
    """A snippet of Python with at least one `assert`, run in the judge's process, never in the candidate's.

    It calls the names of the task's interface; each call travels to the candidate and comes back as plain data.
    `raises(ValueError, f, 1)` is True if `f(1)` raises a ValueError. Snippets of one task run in order, each in a
    namespace of its own on top of the task's `setup`, all against one process of the candidate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    code: LongCode


def check_flaw(code: str) -> str:
    """Why this text cannot check anything, empty if it can. Asked where tasks come in, not where they are kept."""
    try:
        tree = parse_python(code)
    except SyntaxError as error:
        return f"no Python: {error}"
    return "" if any(isinstance(node, ast.Assert) for node in ast.walk(tree)) else "holds no assert"


class Constraints(BaseModel):
    """What a solution must keep to, beyond being right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wall_s: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] | None = None
    cpu_s: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] | None = None
    memory_mb: Annotated[int, Field(ge=16, le=65536)] | None = None
    notes: tuple[Annotated[str, StringConstraints(max_length=1000)], ...] = ()
    """Said to the Builder in words, e.g. "do not sort"; not enforced but by the checks."""


class Task(BaseModel):
    """Something to write code for.

    Attributes:
        id: unique in a memory.
        name: a short title.
        goal: what to build, in words, signatures included.
        entry_point: the function or class that the solution must define; None for an ungraded task without one.
        interface: further names that checks may call; the entry point is always one (see callable_names).
        starter: code that the solution continues (HumanEval's prompt), shown to the Builder.
        examples: checks that are shown to the Builder, as asserts.
        skills: what it practises.
        difficulty: declared, 0 (trivial) to 1 (hard).
        checks: how it is graded; a task with neither checks, cases nor program_cases is tried and kept, but "ungraded".
        setup: code that runs in the judge before the checks.
        cases: calls with what they should give, compared by the host; there may be checks besides.
        tolerance: how far a float may be off in cases, fresh inputs and what a program prints, absolutely or as a
            share; None: not at all.
        program_cases: the solution is a whole program, graded by what it prints.
        exact_output: whether white space at the ends of lines and of the output counts.
        tests: source of a test module that runs in the solution's own process; such a task stays ungraded.
        generator: yields inputs that are drawn afresh for each grading and answered by the reference.
        show_checks: whether the Builder may be shown all checks; then no outcome of it is evidence of anything.
        mutates_arguments: whether the candidate's changes to its arguments are seen by the checks.
        constraints: limits and requirements.
        priority: a person's wish, larger is sooner; 0 for everything that nobody asked for.
        origin: where it came from.
        reference: a solution that is known to pass, never shown to the Builder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    id: TaskId
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    goal: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    entry_point: Identifier | None = None
    interface: tuple[Identifier, ...] = ()
    starter: Code = ""
    examples: tuple[Annotated[str, StringConstraints(max_length=5000)], ...] = ()
    skills: Annotated[tuple[Skill, ...], Field(min_length=1, max_length=10)] = ("general",)
    difficulty: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.5
    checks: tuple[Check, ...] = ()
    setup: Code = ""
    cases: Annotated[tuple[Case, ...], Field(max_length=1000)] = ()
    tolerance: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    program_cases: Annotated[tuple[ProgramCase, ...], Field(max_length=200)] = ()
    exact_output: bool = False
    tests: Code = ""
    generator: Generator | None = None
    mutates_arguments: bool = False
    show_checks: bool = False
    constraints: Constraints = Constraints()
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    origin: Origin = "user"
    reference: Code | None = None

    @field_validator("skills")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @field_validator("id")
    @classmethod
    def _no_climbing(cls, value: str) -> str:
        if ".." in value or "//" in value or value.endswith("/"):
            raise ValueError("may not contain '..' or '//' or end with '/'")
        return value

    @model_validator(mode="after")
    def _can_be_graded(self) -> "Task":
        if flaw := _flaw(self):
            raise ValueError(flaw)
        return self

    @property
    def callable_names(self) -> tuple[str, ...]:
        """The names that checks may call, the entry point first."""
        others = tuple(name for name in self.interface if name != self.entry_point)
        return others if self.entry_point is None else (self.entry_point, *others)

    @property
    def mode(self) -> Mode:
        """How a solution is tried."""
        if self.program_cases:
            return "stdio"
        if self.tests:
            return "cooperative"
        return "calls" if self.checks or self.cases else "none"

    @property
    def graded(self) -> bool:
        """Whether a verdict counts as evidence: tests that share the solution's process decide nothing."""
        return self.mode in ("calls", "stdio")

    @property
    def check_names(self) -> tuple[str, ...]:
        """What a verdict has one entry for, but for fresh inputs: checks, then cases, or programs' cases, or tests."""
        programs = (case.name or f"case {number}" for number, case in enumerate(self.program_cases, start=1))
        cases = (case.title for case in self.cases)
        return (*(check.name for check in self.checks), *cases, *programs, *ids_of_tests(self.tests))


def _flaw(task: Task) -> str:
    """What keeps the fields from belonging to one task; empty if nothing does."""
    ways = [name for name, given in (("checks or cases", task.checks or task.cases),
            ("program_cases", task.program_cases), ("tests", task.tests)) if given]  # fmt: skip
    if len(ways) > 1:
        return f"{' and '.join(ways)} do not go together: leave one out"
    if task.mode == "calls" and task.entry_point is None:
        return f"a task with {'checks' if task.checks else 'cases'} needs an entry_point"
    if task.generator and task.reference is None:
        return "a generator needs a reference that answers its inputs"
    if task.generator and not task.graded:
        return "a generator needs checks, cases or program_cases beside it"
    return _test_flaw(task) or next(filter(None, (_case_flaw(task, case) for case in task.cases)), "")


def _test_flaw(task: Task) -> str:
    if not task.tests:
        return ""
    try:
        return "" if ids_of_tests(task.tests) else "tests define neither test functions nor classes with test methods"
    except SyntaxError as error:
        return f"tests are no valid Python ({error.msg})"


def _case_flaw(task: Task, case: Case) -> str:
    if case.parsed.name not in task.callable_names:
        return f"a case calls {case.parsed.name}, which is neither the entry_point nor in the interface"
    if case.after is not None and not task.mutates_arguments:
        return "a case says what is left in its arguments (after): set mutates_arguments"
    return ""
