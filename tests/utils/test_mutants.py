"""Mutants: small plausible mistakes in Python source."""

import ast
import inspect
import textwrap
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.task_sources import built_in_curriculum
from utils import mutants as mutants_module
from utils.mutants import Kind, mutants
from utils.python_source import parse_python, size_of

REFERENCES = [task.reference or "" for task in built_in_curriculum()]


def changed(source: str, kind: Kind) -> list[str]:
    """What became of a source of one or more lines: the lines that are new in each mutant of this kind."""
    old = source.split("\n")
    found = [mutant.source.split("\n") for mutant in mutants(source) if mutant.kind is kind]
    return ["\n".join(line for line in new if line not in old).strip() for new in found]


EXPRESSIONS: list[tuple[Kind, str, list[str]]] = [
    (Kind.COMPARISON, "x = a < b", ["x = a <= b", "x = a > b"]),
    (Kind.COMPARISON, "x = a >= b", ["x = a > b", "x = a <= b"]),
    (Kind.COMPARISON, "x = a == b", ["x = a != b"]),
    (Kind.COMPARISON, "x = a in b", ["x = a not in b"]),
    (Kind.COMPARISON, "x = a is None", ["x = a is not None"]),
    (Kind.COMPARISON, "x = a < b != c", ["x = a <= b != c", "x = a > b != c", "x = a < b == c"]),
    (Kind.ARITHMETIC, "x = a + b * c", ["x = a - b * c", "x = a + (b + c)"]),
    (Kind.ARITHMETIC, "x = (a - b) // c", ["x = (a - b) / c", "x = (a + b) // c"]),
    (Kind.ARITHMETIC, "x = a % b ** c", ["x = a // b ** c", "x = a % (b * c)"]),
    (Kind.ARITHMETIC, "x += a", ["x -= a"]),
    (Kind.ARITHMETIC, "x = 'a' + b; y = [1] * 3; z = f'{a}' + b; x += 'a'; x @= y; x = y @ z", []),
    (Kind.CONSTANT, "x = 5", ["x = 6", "x = 4"]),
    (Kind.CONSTANT, "x = 0", ["x = 1"]),
    (Kind.CONSTANT, "x = -1", ["x = 0", "x = -2"]),
    (Kind.CONSTANT, "x = -3", ["x = -2", "x = -4"]),
    (Kind.CONSTANT, "x = 0.5", ["x = 1.5"]),
    (Kind.CONSTANT, "x = True", ["x = False"]),
    (Kind.CONSTANT, "x = None, ..., 1j, -a", []),
    (Kind.STRING, "x = 'abc'", ["x = 'ab'"]),
    (Kind.STRING, "x = 'a'", ["x = 'A'"]),
    (Kind.STRING, "x = ','", ["x = ''"]),
    (Kind.STRING, "x = ''", ["x = ' '"]),
    (Kind.STRING, "x = f'a {b} c'", ["x = f'a{b} c'", "x = f'a {b} '"]),
    (Kind.STRING, "x = f'{a}.{b:>5}'", ["x = f'{a}{b:>5}'"]),
    (Kind.CONDITION, "x = a if b else c", ["x = a if not b else c"]),
    (Kind.CONDITION, "x = [a for a in b if a and c]", ["x = [a for a in b if not (a and c)]"]),
    (Kind.CONDITION, "x = a if b < c else d if not e else f", []),
    (Kind.LOGIC, "x = a and (b or c)", ["x = a or (b or c)", "x = a and (b and c)"]),
    (Kind.NOT, "x = not a or b", ["x = a or b"]),
    (Kind.ARGUMENTS, "f(a, b, c)", ["f(b, a, c)", "f(a, c, b)"]),
    (Kind.ARGUMENTS, "a.f(b, c)", ["a.f(c, b)"]),
    (Kind.ARGUMENTS, "f(a, a); min(a, b); isinstance(a, b); f(*a, b); f(a)(); f(a=1, b=2)", []),
    (Kind.BOUND, "x = a[1:]", ["x = a[2:]", "x = a[:]"]),
    (Kind.BOUND, "x = a[:b]", ["x = a[:b - 1]", "x = a[:b + 1]"]),
    (Kind.BOUND, "x = a[:3]", ["x = a[:2]", "x = a[:4]"]),
    (Kind.BOUND, "x = a[::-1]", ["x = a[:]"]),
    (Kind.BOUND, "x = a[-2:-1], a[b]", []),
    (Kind.BOUND, "x = range(n)", ["x = range(n - 1)", "x = range(n + 1)"]),
    (Kind.BOUND, "x = range(1, n, 2)", ["x = range(1, n - 1, 2)", "x = range(1, n + 1, 2)"]),
    (Kind.BOUND, "x = range(10), range(), a.range(n)", []),
]

STATEMENTS: list[tuple[Kind, str, list[str]]] = [
    (Kind.CONDITION, "if a:\n    b()", ["if not a:"]),
    (Kind.CONDITION, "while a and b:\n    c()", ["while not (a and b):"]),
    (Kind.CONDITION, "while True:\n    c()", []),
    (Kind.LOOP, "for a in b:\n    break", ["continue"]),
    (Kind.LOOP, "for a in b:\n    continue", ["break"]),
    (Kind.RETURN, "def f():\n    return a", ["return None", "return 0"]),
    (Kind.RETURN, "def f():\n    return [a]", ["return None", "return []"]),
    (Kind.RETURN, "def f():\n    return []", ["return None"]),
    (Kind.RETURN, "def f():\n    return {a: b}", ["return None", "return {}"]),
    (Kind.RETURN, "def f():\n    return f'{a}'", ["return None", "return ''"]),
    (Kind.RETURN, "def f():\n    return ''.join(a)", ["return None", "return ''"]),
    (Kind.RETURN, "def f():\n    return a < b", ["return None", "return True"]),
    (Kind.RETURN, "def f():\n    return 5", []),
    (Kind.RETURN, "def f():\n    return", []),
    (Kind.EXCEPTION, "if a:\n    raise ValueError('no')", ["pass"]),
    (Kind.STATEMENT, "def f():\n    a.append(b)\n    a += 1\n    del c", ["pass"] * 3),
    (Kind.STATEMENT, "def f(a):\n    b = 1\n    a = 2\n    a.c = 3\n    a[0] = 4", ["pass"] * 3),
    (Kind.STATEMENT, "def f():\n    if a:\n        return 1\n    if b:\n        c = 2", ["pass"]),
    (Kind.STATEMENT, "def f():\n    if a:\n        return 1\n    elif b:\n        return 2", []),
    (Kind.STATEMENT, "a = 1\na += 1\nprint(a)", []),
]


@pytest.mark.parametrize(("kind", "source", "expected"), [*EXPRESSIONS, *STATEMENTS])
def test_each_kind_makes_its_mistakes_and_no_others(kind: Kind, source: str, expected: list[str]) -> None:
    assert changed(source, kind) == expected


def test_no_kind_is_left_without_an_example() -> None:
    assert {kind for kind, _, expected in [*EXPRESSIONS, *STATEMENTS] if expected} == set(Kind)


@pytest.mark.parametrize(
    "source",
    [
        '"""Text."""\nimport a.b\nfrom c import d',
        'def f(a: "int < 5") -> "x[1:]":\n    """Not 5."""',
        'class A:\n    """Five 5."""\n    b: "list[3]"\n    "loose text"',
        "@wraps(5)\ndef f():\n    ...",
        'if __name__ == "__main__":\n    print(1 + 2)',
        "x = f'{a:>{5}}'",
    ],
)
def test_docstrings_annotations_imports_and_the_main_block_are_never_touched(source: str) -> None:
    assert mutants(source) == []


def test_what_an_exception_says_is_never_touched() -> None:
    (only,) = mutants("raise ValueError(f'not {1 + 2}') from error")

    assert only.source == "pass"


def test_a_description_names_the_change_and_its_line() -> None:
    source = "def f(a):\n    if a < 3:\n        return a[1:]\n    raise KeyError(a)\n"
    told = [mutant.description for mutant in mutants(source)]

    assert told[0] == "`if a < 3: return a[1:]` was left out in line 2"
    assert told[1] == "`<` became `<=` in line 2"
    assert "`3` became `4` in line 2" in told
    assert "`return a[1:]` became `return None` in line 3" in told
    assert "`a[1:]` became `a[2:]` in line 3" in told
    assert told[-1] == "`raise KeyError(a)` was left out in line 4"


def test_a_description_stays_short() -> None:
    long = mutants(f"def f():\n    return [{', '.join(['a'] * 500)}]")

    assert max(len(mutant.description) for mutant in long) < 200


def test_layout_comments_and_other_letters_stay_where_nothing_was_changed() -> None:
    source = 'x = "é"; y = "ß"  # ü\nz = (1,\n     2)   # two\n'
    lines = [mutant.source for mutant in mutants(source) if mutant.line == 3]

    assert lines == [source.replace("2)", "3)"), source.replace("2)", "1)")]


def test_line_ends_of_other_systems_become_plain() -> None:
    assert mutants("x = 1\r\ny = a\r") == mutants("x = 1\ny = a\n")


def test_parts_of_f_strings_are_changed_in_place() -> None:
    source = """x = f"{a + 1:>{b}} {'c' if d else e[2:]}" + 'g'"""

    assert {"{a - 1:>{b}}", "{a + 2:>{b}}", "{a + 0:>{b}}"} <= {mutant.source[6:18] for mutant in mutants(source)}


def test_an_f_string_that_cannot_be_written_again_does_no_harm() -> None:
    source = "x = f'{a[\"\x01\"] + 1}' if 1 < c else d"

    assert {Kind.COMPARISON, Kind.CONSTANT} <= {mutant.kind for mutant in mutants(source)}


@pytest.mark.parametrize("source", REFERENCES[::3])
def test_mutants_compile_differ_and_keep_their_docstrings(source: str) -> None:
    found = mutants(source)
    trees = {ast.dump(ast.parse(mutant.source)) for mutant in found}

    assert len(found) >= 5
    assert len(trees) == len(found)
    assert ast.dump(ast.parse(source)) not in trees
    assert all(compile(mutant.source, "mutant", "exec") for mutant in found)
    assert all(1 <= mutant.line <= source.count("\n") + 1 for mutant in found)


def test_the_same_source_gives_the_same_mutants() -> None:
    assert mutants(REFERENCES[0]) == mutants(REFERENCES[0])


def test_a_limit_without_a_generator_spreads_over_the_source() -> None:
    every = mutants(REFERENCES[0])
    some = mutants(REFERENCES[0], limit=5)

    assert [every.index(mutant) for mutant in some] == [at * len(every) // 5 for at in range(5)]
    assert mutants(REFERENCES[0], limit=9999) == every
    assert mutants(REFERENCES[0], limit=0) == []


def test_a_generator_draws_without_replacement_and_by_its_seed() -> None:
    def drawn(seed: int, limit: int | None) -> list[Any]:
        return mutants(REFERENCES[1], limit=limit, rng=np.random.default_rng(seed))

    assert drawn(1, 6) == drawn(1, 6) == drawn(1, None)[:6]
    assert drawn(1, 6) != drawn(2, 6)
    assert sorted(mutant.description for mutant in drawn(3, None)) == sorted(
        mutant.description for mutant in mutants(REFERENCES[1])
    )


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="limit must be 0 or more, not -1"):
        mutants("x = 1", limit=-1)


@pytest.mark.parametrize("source", ["def f(:", "x = 1\0", "x = '\ud800'", "x = " + "-" * 50_000 + "1", "(" * 5000])
def test_what_is_no_python_is_a_syntax_error(source: str) -> None:
    with pytest.raises(SyntaxError):
        mutants(source)


def test_a_tree_that_parses_but_is_too_deep_to_walk_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError, match="too deeply nested"):
        mutants("x = " + "+".join(["a"] * 900) + "\n" + "x = a" + ".b" * 900)


def test_source_that_python_warns_about_is_read_in_silence() -> None:
    assert mutants(r"x = '\d'") != []


def test_the_engine_mutates_itself() -> None:
    source = textwrap.dedent(inspect.getsource(mutants_module))

    assert len(mutants(source)) > 50


def test_size_counts_statements_and_expressions() -> None:
    assert size_of(parse_python("x = 1\nif x:\n    f(x)")) == 9


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_mutated_or_refused_with_a_syntax_error(text: str) -> None:
    try:
        tree = parse_python(text)
    except SyntaxError:
        return
    assert size_of(tree) >= 0
    assert all(mutant.source != text for mutant in mutants(text))
