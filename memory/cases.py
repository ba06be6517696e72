"""Cases: how a task is graded by data alone, as calls with what they should give, or as inputs with outputs."""

import ast
import builtins
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from memory.literals import LiteralCall, call_of, literal, literal_call, value_of
from utils.python_source import parse_python

Written = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Stream = Annotated[str, StringConstraints(max_length=100_000)]
CaseName = Annotated[str, StringConstraints(max_length=200)]
NAME_CHARS = 200


class Case(BaseModel):
    """One call of the solution and what should come of it: a value, or an exception.

    `call`, `expected` and `after` are Python as people write it (memory.literals). `raises` names a builtin exception.
    `after` is the list of the positional arguments as the call should leave them, for tasks that change theirs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: CaseName = ""
    call: Written
    expected: Written | None = None
    raises: Annotated[str, StringConstraints(max_length=100)] | None = None
    after: Written | None = None

    @field_validator("call")
    @classmethod
    def _is_call(cls, value: str) -> str:
        literal_call(value)
        return value

    @field_validator("expected")
    @classmethod
    def _is_literal(cls, value: str | None) -> str | None:
        if value is not None:
            literal(value)
        return value

    @field_validator("raises")
    @classmethod
    def _is_exception(cls, value: str | None) -> str | None:
        if value is not None and not is_exception(value):
            raise ValueError(f"{value} is no builtin exception")
        return value

    @model_validator(mode="after")
    def _one_outcome(self) -> "Case":
        if (self.expected is None) == (self.raises is None):
            raise ValueError("a case wants one of expected and raises")
        if self.after is None:
            return self
        left = literal(self.after)
        if self.raises is not None or not isinstance(left, list) or len(left) != len(self.parsed.args):
            raise ValueError("after is the list of all positional arguments of a call that raises nothing")
        return self

    @property
    def parsed(self) -> LiteralCall:
        """The call with the values of its arguments."""
        return literal_call(self.call)

    @property
    def title(self) -> str:
        """The name, or the call where there is none."""
        return self.name or " ".join(self.call.split())[:NAME_CHARS]


class ProgramCase(BaseModel):
    """What a program reads from its standard input, and what it should print."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: CaseName = ""
    stdin: Stream = ""
    stdout: Stream


class Generator(BaseModel):
    """Python source of `inputs(rng)`, and how many of the inputs that it yields one grading takes.

    `rng` is a `random.Random`. An input is a tuple of arguments for the task's entry point, or for programs the text
    of their standard input. The task's reference answers it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, StringConstraints(min_length=1, max_length=100_000)]
    count: Annotated[int, Field(ge=1, le=200)] = 8

    @field_validator("source")
    @classmethod
    def _defines_inputs(cls, value: str) -> str:
        try:
            body = parse_python(value).body
        except SyntaxError as error:
            raise ValueError(f"no valid Python ({error.msg})") from error
        if not any(isinstance(node, ast.FunctionDef) and node.name == "inputs" for node in body):
            raise ValueError("defines no function inputs(rng)")
        return value


@dataclass(frozen=True, slots=True)
class CaseText:
    """The parts of a case that was written as one line."""

    call: str
    expected: str | None = None
    raises: str | None = None


def case_of_line(text: str) -> CaseText:
    """The case of `call == literal` or `raises(ValueError, function, arguments...)`.

    Raises:
        ValueError: it is neither.
    """
    try:
        body = parse_python(text.strip()).body
    except SyntaxError as error:
        raise ValueError(f"no valid Python ({error.msg})") from error
    match body:
        case [ast.Expr(value=ast.Compare(left=call, ops=[ast.Eq()], comparators=[wanted]))]:
            call_of(call)
            value_of(wanted)
            return CaseText(ast.unparse(call), expected=ast.unparse(wanted))
        case [
            ast.Expr(
                value=ast.Call(
                    func=ast.Name(id="raises"), args=[ast.Name(id=kind), ast.Name() as function, *args], keywords=words
                )
            )
        ]:
            call = ast.Call(func=function, args=args, keywords=words)
            call_of(call)
            return CaseText(ast.unparse(call), raises=kind)
    raise ValueError("must read `call == literal` or `raises(ValueError, function, arguments)`")


def is_exception(name: str) -> bool:
    """Whether it is the name of a builtin exception that code can mean (not KeyboardInterrupt, not SystemExit)."""
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, Exception)


def ids_of_tests(source: str) -> tuple[str, ...]:
    """The ids of the tests that a module defines: `test_name`, and `Class.test_name` in a class; sorted.

    Raises:
        SyntaxError: it is no Python.
    """
    ids = set()
    for node in parse_python(source).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            ids.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, ast.FunctionDef))
            ids.update(f"{node.name}.{each.name}" for each in methods if each.name.startswith("test"))
    return tuple(sorted(ids))
