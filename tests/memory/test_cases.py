"""Cases as people write them: which texts are cases and values, and what belongs to one task."""

import contextlib
import json
import math
import re
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from memory.cases import Case, case_of_line, ids_of_tests
from memory.digests import task_digest
from memory.literals import literal, literal_call
from memory.task_sources import load_tasks
from memory.tasks import Task
from utils.errors import InputError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=4)
        | st.sets(st.integers(), max_size=4)
        | st.frozensets(st.text(), max_size=4)
    ),
    max_leaves=15,
)


def written(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"float({str(value)!r})"


@given(values)
def test_what_repr_writes_is_read_back(value: object) -> None:
    assume("nan" not in repr(value) and "inf" not in repr(value))  # repr writes names for them, which are no literals
    found = literal(repr(value))
    assert (found, type(found)) == (value, type(value))


@given(st.floats(), st.floats())
def test_every_float_can_be_written(left: float, right: float) -> None:
    assert repr(literal(f"[{written(left)}, {{1: {written(right)}}}]")) == repr([left, {1: right}])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("deque([1, (2,)])", deque([1, (2,)])),
        ("frozenset({1})", frozenset({1})),
        ("set()", set()),
        ("range(1, 9, 2)", range(1, 9, 2)),
        ("bytearray(b'ab')", bytearray(b"ab")),
        ("-1 + 2j", -1 + 2j),
        ("  {'a': [-0.0]}\n", {"a": [-0.0]}),
    ],
)
def test_further_values_have_words(text: str, value: object) -> None:
    assert (literal(text), type(literal(text))) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    ["f(1)", "x", "1 + 1", "[x for x in ()]", "__import__('os')", "open('a')", "{[]}", "{**{}}", "...", "1; 2", "",
     "a b", "float('x')", "range()", "set(key=1)", "[" * 70 + "]" * 70, "lambda: 1", "f'{1}'",
     "1 if 1 else 2", "range(1.5)", "9" * 5000, "\ud800"],
)  # fmt: skip
def test_nothing_else_is_a_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        literal(text)


@given(st.text() | st.text(alphabet="[](){}'\"0123456789,.-:fx= \\"))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    for read in (literal, literal_call, case_of_line):
        with contextlib.suppress(ValueError):
            read(text)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("f(1) == 2", ("f(1)", "2", None)),
        ("f([1, 2], key='a') == {1: (2,)}", ("f([1, 2], key='a')", "{1: (2,)}", None)),
        ("raises(ValueError, f, [], n=-1)", ("f([], n=-1)", None, "ValueError")),
    ],
)
def test_a_case_is_one_line(line: str, parts: tuple[str | None, ...]) -> None:
    found = case_of_line(line)
    assert (found.call, found.expected, found.raises) == parts


@pytest.mark.parametrize("line", ["f(1)", "f(1) is 2", "f(x) == 2", "f(1) == g(1)", "raises(ValueError)",
                                  "f(*[1]) == 1", "a.f(1) == 1", "f(1) == 2 == 3", "assert f(1) == 2",
                                  "f(**{}) == 1"])  # fmt: skip
def test_no_other_line_is_a_case(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        case_of_line(line)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"call": "f(1)"}, "one of expected and raises"),
        ({"call": "f(1)", "expected": "1", "raises": "ValueError"}, "one of expected and raises"),
        ({"call": "f(1)", "raises": "Oops"}, "no builtin exception"),
        ({"call": "f(1)", "raises": "SystemExit"}, "no builtin exception"),
        ({"call": "f(1)", "expected": "1", "after": "[]"}, "list of all positional arguments"),
        ({"call": "f(1)", "expected": "g(1)"}, "no literal"),
    ],
)
def test_a_case_says_what_is_wrong_with_it(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Case(**fields)


CASE = {"call": "f(1)", "expected": "2"}
GENERATOR = "def inputs(rng):\n    yield 1,\n"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cases": ["f(1) == g"]}, "field cases.0: g is no literal; correct it"),
        ({"cases": 7}, "field cases: must be a text or a list, not int; correct it"),
        ({"cases": [{"call": "g(1)", "expected": "1"}]}, "a case calls g, which is neither the entry_point"),
        ({"cases": [{**CASE, "after": "[1]"}]}, "set mutates_arguments"),
        ({"cases": [CASE], "program_cases": [{"stdout": "1"}]}, "checks or cases and program_cases do not go together"),
        ({"cases": [CASE], "tests": "def test_a(): pass"}, "checks or cases and tests do not go together"),
        ({"tests": "def check(): pass"}, "tests define neither test functions"),
        ({"tests": "def test("}, "tests are no valid Python"),
        ({"cases": [CASE], "generator": GENERATOR}, "needs a reference"),
        ({"generator": GENERATOR, "reference": "def f(x): pass"}, "needs checks, cases or program_cases beside it"),
        ({"cases": [CASE], "generator": "x = 1", "reference": "def f(x): pass"}, "defines no function inputs(rng)"),
        ({"cases": [CASE], "generator": "def inputs(:", "reference": "def f(x): pass"}, "no valid Python"),
        ({"cases": [CASE], "tolerance": 0}, "greater than 0"),
        ({"cases": [CASE], "entry_point": None}, "a task with cases needs an entry_point"),
        ({"program_cases": [{"stdin": "1"}]}, "field program_cases.0.stdout: Field required"),
    ],
)
def test_a_file_with_a_bad_field_gets_one_line_that_names_it(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    path = tmp_path / "task.json"
    path.write_text(json.dumps({"id": "t", "name": "t", "goal": "g", "entry_point": "f", **fields}))
    with pytest.raises(InputError) as caught:
        load_tasks(path)
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert "task.json, " in message


TOML = """
[[task]]
id = "t"
name = "t"
goal = "g"
entry_point = "f"
tolerance = 1e-6
cases = '''
# two plain ones
f(1) == 1.5

f([2], k="a") == {"x": (1, None)}
raises(ValueError, f, -1)
'''
generator = '''
def inputs(rng):
    yield (1,)
'''
reference = '''
def f(x): return x
'''
"""


def test_cases_are_lines_of_a_text_in_toml(tmp_path: Path) -> None:
    (tmp_path / "tasks.toml").write_text(TOML)
    (task,) = load_tasks(tmp_path / "tasks.toml")
    assert [(case.call, case.expected, case.raises) for case in task.cases] == [
        ("f(1)", "1.5", None), ("f([2], k='a')", "{'x': (1, None)}", None), ("f(-1)", None, "ValueError"),
    ]  # fmt: skip
    assert (task.mode, task.tolerance, task.generator and task.generator.count) == ("calls", 1e-6, 8)
    assert task.check_names == ("f(1)", "f([2], k='a')", "f(-1)")


def test_tests_are_found_by_their_names() -> None:
    source = (
        "class A(B):\n    def test_x(self): pass\n    def help(self): pass\ndef test_y(): pass\ndef other(): pass\n"
    )
    assert ids_of_tests(source) == ("A.test_x", "test_y")


def test_a_task_that_uses_none_of_the_later_fields_keeps_its_digest() -> None:
    task = Task(id="a", name="a", goal="g", checks=(), entry_point=None)
    assert task_digest(task) == "bd26074ccab688853f10de13b402a75bd7172045806d93eed95a1afdc08c83e9"
    assert task_digest(task.model_copy(update={"tolerance": 0.1})) != task_digest(task)


DOCS = Path(__file__).resolve().parents[2] / "docs" / "tasks.md"
BLOCKS = re.findall(r"^```(json|toml)\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("kind", "text"), BLOCKS)
def test_what_the_documentation_shows_is_accepted(tmp_path: Path, kind: str, text: str) -> None:
    head = 'id = "a"\nname = "a"\ngoal = "g"\nentry_point = "add"\n' if kind == "toml" else ""
    (tmp_path / "task").write_text(head + text, encoding="utf-8")
    (task,) = load_tasks(tmp_path / "task")
    assert task.graded
