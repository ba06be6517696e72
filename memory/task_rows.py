"""One row of a task file (our own shape, HumanEval's, MBPP's) becomes a Task.

What the data sets do not say is derived and plain to see: `skills` is the data set's name, and `difficulty` comes
from the size of the reference solution, which is a rough guess at best. MBPP's challenge_test_list is left out:
published results count test_list only, and most rows have no challenge tests. HumanEval+ and MBPP+ are taken whole:
rows with `plus_input` by memory.plus_rows, all others with the larger suite that stands in `test`.
"""

import ast
import inspect
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from pydantic import ValidationError

from memory.bounded_text import shown
from memory.loose_cases import loose_cases, loose_generator
from memory.plus_rows import plus_checks, plus_setup
from memory.tasks import Origin, Task
from utils.errors import InputError
from utils.python_source import parse_python, size_of

_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One task as it stands in a file; `place` names the file and the line or row."""

    place: str
    values: Mapping[str, object]

    def wrong(self, field: str, what: str) -> InputError:
        """The error that names this row and the field, in one line."""
        return InputError(f"{self.place}, field {shown(field, chars=60)}: {what}")

    def text(self, field: str, *, default: str | None = None) -> str:
        """The field's text with plain line ends.

        Raises:
            InputError: it is missing and has no default, or is no text.
        """
        value = self.values.get(field, default)
        if value is None:
            raise self.wrong(field, "missing; add it as text")
        if not isinstance(value, str):
            raise self.wrong(field, f"must be text, not {type(value).__name__}; correct it")
        return _plain_line_ends(value)

    def texts(self, field: str) -> tuple[str, ...]:
        """The field's list of texts, stripped, with plain line ends; empty if it is missing.

        Raises:
            InputError: it is no list of texts.
        """
        values = self.values.get(field, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.wrong(field, "must be a list of texts; correct it")
        return tuple(_plain_line_ends(value).strip() for value in values)

    def number(self, field: str) -> float:
        """The field's number of 0 or more; 0 if it is missing or null.

        Raises:
            InputError: it is anything else.
        """
        value = self.values.get(field) or 0
        if type(value) not in (int, float) or not 0 <= value < 1:  # type: ignore[operator]
            raise self.wrong(field, "must be a number from 0 to 1; correct it")
        return float(value)  # type: ignore[arg-type]

    def inputs(self, field: str) -> list[list[object]]:
        """The field's list of lists of arguments; empty if it is missing.

        Raises:
            InputError: it is anything else.
        """
        values = self.values.get(field, [])
        if not isinstance(values, list) or not all(isinstance(value, list) for value in values):
            raise self.wrong(field, "must be a list of lists of arguments; correct it")
        return values

    def parsed(self, field: str, code: str) -> ast.Module:
        """The tree of code that came from the field.

        Raises:
            InputError: it is no valid Python.
        """
        try:
            return parse_python(code)
        except SyntaxError as error:
            line = f" in its line {error.lineno}" if error.lineno else ""
            raise self.wrong(field, f"no valid Python ({shown(error.msg)}{line}); correct it") from error

    def task(self, values: Mapping[str, object]) -> Task:
        """The task with these values, each of exactly its type.

        Raises:
            InputError: a value is wrong.
        """
        try:
            text = json.dumps(values, allow_nan=False)
            return Task.model_validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "(whole task)"
            raise self.wrong(field, f"{shown(first['msg'])}; correct it") from error
        except (ValueError, TypeError, RecursionError) as error:  # NaN, a date of TOML, endless nesting
            raise InputError(f"{self.place}: holds what no task can hold ({shown(error)}); correct it") from error


def _plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def task_of(row: Row, *, origin: Origin = "file") -> Task:
    """The row's task; whose shape it has is told from its fields. `origin` is for our own shape.

    Raises:
        InputError: no known shape, or a value is wrong.
    """
    fields = row.values.keys()
    if "canonical_solution" in fields:
        return _human_eval_plus(row) if "plus_input" in fields else _human_eval(row)
    if "test_list" in fields:
        return _mbpp(row)
    if fields & {"goal", "id", "checks", "cases"}:
        return _own(row, origin)
    found = shown(", ".join(map(str, fields)) or "nothing")
    raise InputError(f"{row.place}: neither a task of ours, HumanEval's nor MBPP's (found {found}); add id and goal")


def _own(row: Row, origin: Origin) -> Task:
    values: dict[str, object] = {"origin": origin, **row.values}
    if "checks" in values:
        values["checks"] = checks = _loose_checks(row, values["checks"])
        for at, check in enumerate(checks):
            if isinstance(check, dict) and isinstance(check.get("code"), str):
                _require_assert(row, f"checks.{at}", check["code"])
    for field in ("goal", "setup", "reference", "generator", "tests"):
        if isinstance(values.get(field), str):
            values[field] = row.text(field).strip("\n")
    if "cases" in values:
        values["cases"] = loose_cases(values["cases"], row.wrong)
    if "generator" in values:
        values["generator"] = loose_generator(values["generator"])
    task = row.task(values)
    row.parsed("setup", task.setup)
    row.parsed("reference", task.reference or "")
    return task


def _loose_checks(row: Row, checks: object) -> list[object]:
    """Checks as one text cut at its blank lines, or as a list of texts and of objects with name and code."""
    if isinstance(checks, str):
        return [_check(block) for block in _blocks(_plain_line_ends(checks))]
    if not isinstance(checks, list):
        raise row.wrong("checks", f"must be a text or a list, not {type(checks).__name__}; correct it")
    return [_check(check) if isinstance(check, str) else check for check in checks]


def _blocks(text: str) -> list[str]:
    groups = groupby(text.split("\n"), key=lambda line: bool(line.strip()))
    return ["\n".join(lines) for full, lines in groups if full]


def _check(code: str) -> dict[str, object]:
    """A check named by its first line, without the # if that is a comment."""
    first = next(iter(code.strip().split("\n"))).lstrip("# ")
    return {"name": shown(first, chars=_NAME_CHARS), "code": code}


def _require_assert(row: Row, field: str, code: str) -> ast.Module:
    tree = row.parsed(field, code)
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        raise row.wrong(field, "holds no assert; add one")
    return tree


def _human_eval(row: Row) -> Task:
    name, test = row.text("entry_point"), row.text("test")
    if "check" not in _defined(_require_assert(row, "test", test)):
        raise row.wrong("test", "defines no check(candidate); add it")
    return row.task(
        {
            **_completion(row, name),
            "setup": row.text("prompt"),
            "checks": [{"name": f"check({name})"[:_NAME_CHARS], "code": f"{test}\n\ncheck({name})\n"}],
        }
    )


def _human_eval_plus(row: Row) -> Task:
    """A task with the row's inputs, base ones first; its `test` and its `contract` are not needed."""
    name, prompt, tolerance = row.text("entry_point"), row.text("prompt"), row.number("atol")
    base, plus = row.inputs("base_input"), row.inputs("plus_input")
    if not base and not plus:
        raise row.wrong("plus_input", "holds no input; add one, a list of arguments")
    values = _completion(row, name)
    helpers = plus_setup(name, str(values["reference"]), tolerance=tolerance)
    return row.task(
        {
            **values,
            "setup": f"{prompt}\n{helpers}",
            "checks": plus_checks(name, base, plus, tolerance=tolerance),
        }
    )


def _completion(row: Row, name: str) -> dict[str, object]:
    """What a task that completes a prompt has, but for its checks."""
    prompt = row.text("prompt")
    reference = prompt + row.text("canonical_solution")
    signature = row.parsed("prompt", prompt)
    family: Origin = "mbpp" if row.text("task_id").lower().startswith("mbpp") else "humaneval"
    return {
        "id": row.text("task_id"),
        "name": f"{row.text('task_id')} {name}"[:_NAME_CHARS],
        "goal": f"Complete the function `{name}`.\n\n{_docstring(signature, name) or prompt.strip()}",
        "entry_point": name,
        "starter": prompt,
        "reference": reference,
        "skills": [family],
        "difficulty": _guess(size_of(row.parsed("canonical_solution", reference)) - size_of(signature)),
        "origin": family,
    }


def _docstring(tree: ast.Module, name: str) -> str:
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return inspect.cleandoc(ast.get_docstring(found[-1]) or "") if found else ""


def _guess(size: int) -> float:
    """A difficulty in 0.05 .. 0.95 that grows with the logarithm of the reference's statements and expressions.

    The ends, 7 and 70, are the 5th and the 95th percentile of HumanEval's 164 canonical solutions.
    """
    share = math.log(max(size, 1) / 7) / math.log(70 / 7)
    return round(min(0.95, max(0.05, 0.05 + 0.9 * share)), 2)


def _mbpp(row: Row) -> Task:
    number = row.values.get("task_id")
    if type(number) is not int:
        raise row.wrong("task_id", "must be a whole number; correct it")
    goal = row.text("text" if "text" in row.values else "prompt").strip()
    code, asserts, larger = row.text("code"), row.texts("test_list"), row.text("test", default="").strip()
    tree = row.parsed("code", code)
    suite = _suite(row, tree, asserts, larger)
    snippets = [(shown(text, chars=_NAME_CHARS), text) for text in asserts]
    snippets += [("test", larger)] if larger else []
    return row.task(
        {
            "id": f"MBPP/{number}",
            "name": shown(goal, chars=_NAME_CHARS),
            "goal": goal,
            "entry_point": suite.names[0],
            "interface": suite.names,
            "examples": asserts[:1],
            "checks": [{"name": title, "code": suite.lead + text} for title, text in snippets],
            "setup": suite.setup,
            "reference": code,
            "skills": ["mbpp"],
            "difficulty": _guess(size_of(tree)),
            "origin": "mbpp",
        }
    )


@dataclass(frozen=True, slots=True)
class _Suite:
    """What MBPP's asserts need around them.

    Attributes:
        names: what they call of the solution, that of the first assert first.
        setup: code to run before the solution is known.
        lead: code to put before each assert because it calls the solution itself.
    """

    names: tuple[str, ...]
    setup: str
    lead: str


def _suite(row: Row, code: ast.Module, asserts: tuple[str, ...], larger: str) -> _Suite:
    """What the asserts need, and the larger suite of MBPP+ where the row has one."""
    if not asserts:
        raise row.wrong("test_list", "missing or empty; add an assert")
    trees = [_require_assert(row, f"test_list.{at}", text) for at, text in enumerate(asserts)]
    trees += [_require_assert(row, "test", larger)] if larger else []
    given = "\n".join([*row.texts("test_imports"), row.text("test_setup_code", default="").strip()]).strip()
    given_tree = row.parsed("test_setup_code", given)
    setup = "\n".join([*_borrowed_imports(code, trees, given_tree), given]).strip()
    names = _called([*trees, given_tree], _defined(code))
    if not _called(trees[:1], set(names)):
        raise row.wrong("test_list.0", "calls nothing that the code defines; correct one of the two")
    needs_solution = not _loaded(given_tree).isdisjoint(names)
    return _Suite(tuple(names), "" if needs_solution else setup, f"{setup}\n" if needs_solution else "")


def _defined(tree: ast.Module) -> set[str]:
    """Functions, classes and variables of the module's top level; imports do not count."""
    defined: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return defined


def _called(trees: Iterable[ast.Module], names: set[str]) -> list[str]:
    """Those of the names that the trees call, outermost call first; each once."""
    calls = (node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return list(dict.fromkeys(func.id for func in calls if isinstance(func, ast.Name) and func.id in names))


def _loaded(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _borrowed_imports(code: ast.Module, asserts: list[ast.Module], given: ast.Module) -> list[str]:
    """Imports of the code that the asserts rely on and nobody gave, such as `import math` for math.isclose."""
    missing = set[str]().union(*map(_loaded, asserts)) - {name for node in _imports(given) for name in _bound(node)}
    return [ast.unparse(node) for node in _imports(code) if missing & _bound(node)]


def _imports(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def _bound(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
