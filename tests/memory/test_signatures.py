"""What makes two failures the same mistake, on verdicts of the real grader and on hostile ones."""

import time
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.choose_sandbox import choose_sandbox
from executor.grading.grade import grade
from executor.sandbox import Sandbox
from memory.attempts import Assertion, AttemptLimits, CheckVerdict, RunFacts, Verdict
from memory.cases import Case, Generator, ProgramCase
from memory.signatures import MAX_CHARS, VERSION, signature, signatures
from memory.tasks import Task
from tests.memory.builders import SANDBOX, a_result, a_task, a_turn, a_verdict

LIMITS = AttemptLimits(wall_s=5, cpu_s=1)


@pytest.fixture(scope="module")
def sandbox() -> Any:
    place = choose_sandbox("process", trusted_code_only=True)
    yield place
    place.close()


def failed(*failures: Assertion, passes: tuple[Assertion, ...] = (), **fields: Any) -> Verdict:
    return a_verdict("failed", failures=failures, passes=passes, **fields)


def an_answer(actual: str, expected: str, arguments: str = "[[3, 1, 2]]", **fields: Any) -> Assertion:
    values: dict[str, Any] = {"check": "small", "line": 1, "source": "add(x) == y", "call": f"add({arguments[1:-1]})"}
    return Assertion(
        passed=actual == expected, actual=actual, expected=expected, arguments=arguments, **{**values, **fields}
    )


def wrong(*failures: Assertion, passes: tuple[Assertion, ...] = ()) -> str:
    """The way, for whom alone, and what instead."""
    found = signature(failed(*failures, passes=passes)).split(":")
    assert found[:3] == [str(VERSION), "wrong", "add"]
    return ":".join(found[3:6]).rstrip(":")


def of_code(code: str, sandbox: Sandbox, task: Task | None = None) -> str:
    verdict = grade(task or a_task(), code, sandbox, limits=LIMITS)
    assert verdict.outcome == "failed"
    return signature(verdict)


@pytest.mark.parametrize(
    ("actual", "expected", "way"),
    [
        ("None", "[1]", "kind/None for list"),
        ("'3'", "3", "kind/str for number"),
        ("True", "1", "kind/bool for number"),
        ("4.0", "4", "kind/float for int"),
        ("(1, 2)", "[1, 2]", "kind/tuple for list"),
        ("4", "5", "number/low/by-one"),
        ("70", "5", "number/high"),
        ("-5", "5", "number/sign"),
        ("0.30000000000000004", "0.3", "number/precision"),
        ("(1+2j)", "3", "number/complex"),
        ("False", "True", "bool/False for True"),
        ("'Abc'", "'abc'", "str/case"),
        ("'a b '", "'a  b'", "str/white-space"),
        ("'ab'", "'abc'", "str/no-end"),
        ("'bc'", "'abc'", "str/no-start"),
        ("'abc!'", "'abc'", "str/more-at-end"),
        ("'>abc'", "'abc'", "str/more-at-start"),
        ("'cba'", "'abc'", "str/reversed"),
        ("''", "'abc'", "str/empty"),
        ("[9, 7, 8]", "[7, 8, 9]", "list/reordered"),
        ("[9, 8, 7]", "[7, 8, 9]", "list/reordered/reversed"),
        ("[7, 8]", "[7, 8, 8]", "list/repeats"),
        ("[7]", "[7, 8, 9]", "list/missing"),
        ("[7, 8, 9]", "[7, 8]", "list/more"),
        ("[6, 7]", "[7, 8]", "list/items/number/low/by-one"),
        ("{'a': 1, 'b': 2}", "{'a': 1}", "dict/more"),
        ("{'a': 1}", "{'a': 2}", "dict/values"),
        ("{7}", "{7, 8}", "set/missing"),
        ("[7, 8, 9, ...]", "[7]", "unread/list for list"),
        ("<generator>", "[7]", "unread/object for list"),
    ],
)
def test_a_wrong_answer_is_known_by_how_it_is_wrong(actual: str, expected: str, way: str) -> None:
    assert wrong(an_answer(actual, expected)) == way


def test_all_failed_assertions_have_a_say_in_how_an_answer_is_wrong() -> None:
    assert wrong(an_answer("4", "5"), an_answer("7", "9")) == "number/low"
    assert wrong(an_answer("4", "5"), an_answer("9", "7")) == "number"
    assert wrong(an_answer("4", "5"), an_answer("None", "7")) == "kind+number"


@pytest.mark.parametrize(
    ("bad", "good", "only"),
    [("[[]]", "[[3, 1]]", "empty"), ("[[3, -1]]", "[[3, 1]]", "negative"), ("[0]", "[4]", "zero")],
)
def test_it_is_told_when_only_some_arguments_are_answered_wrongly(bad: str, good: str, only: str) -> None:
    held = an_answer("1", "1", good)
    assert wrong(an_answer("70", "5", bad), passes=(held,)) == f"number/high:{only}"
    assert wrong(an_answer("70", "5", bad), an_answer("70", "5", good), passes=(held,)) == "number/high"


@pytest.mark.parametrize(
    ("actual", "expected", "arguments", "instead"),
    [
        ("[3, 1, 2]", "[2, 1, 3]", "[[3, 1, 2]]", "list/reordered/reversed::argument 1"),
        ("9", "4", "[2, 9]", "number/high::argument 2"),
        ("[1, 2, 3]", "[9]", "[[3, 1, 2]]", "list/longer::sorted"),
        ("6", "4", "[[3, 1, 2]]", "number/high::sum"),
    ],
)
def test_it_is_told_what_was_answered_instead(actual: str, expected: str, arguments: str, instead: str) -> None:
    assert wrong(an_answer(actual, expected, arguments)) == instead


def test_an_answer_whose_way_says_little_is_known_by_what_was_answered() -> None:
    one, other = an_answer("70", "5"), an_answer("71", "5")
    assert signature(failed(one)) != signature(failed(other))
    assert signature(failed(one, other)) == signature(failed(other, one))
    assert signature(failed(an_answer("-5", "5"))) == signature(failed(an_answer("-6", "6")))


def test_answers_to_fresh_inputs_change_nothing_where_a_fixed_check_failed() -> None:
    fixed = an_answer("70", "5")
    one, other = (an_answer(text, "1", check="fresh inputs") for text in ("80", "-9"))
    assert signature(failed(fixed, one)) == signature(failed(fixed, other)) == signature(failed(fixed))
    assert wrong(one) == "number/high"


PLUS = "def add(a, b):\n    "


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("items = []\n    return items[a]", "xs = []\n    return xs[a]", True),
        ("items = []\n    return items[a]", "return [][a]", False),
        ("return math.sqrt(a)", "c = b\n    while c:\n        c = math.floor(c)", True),
        ("return math.sqrt(a)", "return deque(a)", False),
        ("return total(a, b)", "return sum_of(a)", True),
        ("return int('x1')", "return int('y2')", True),
        ("raise ValueError(f'no {a}')", "raise ValueError(f'no {id(a):#x}')", True),
        ("return {}[a]", "return {}[b]", True),
        ("return add(a, b)", "return 1 + add(a, b)", False),
        ("while True: pass", "while a: pass", True),
        ("import os; os._exit(3)", "import os; os._exit(4)", False),
        ("return object()", "return a", False),
    ],
)
def test_what_is_raised_is_known_by_class_message_and_line(
    one: str, other: str, same: Literal[True, False], sandbox: Sandbox
) -> None:
    assert (of_code(PLUS + one, sandbox) == of_code(PLUS + other, sandbox)) is same


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def add(a, b)\n    return a", "1:raised:SyntaxError:expected ':'::"),
        ("import nosuch", "1:raised:ModuleNotFoundError:No module named '':import v0:inside"),
        ("def plus(a, b): return a", "1:ended:the solution does not define"),
        ("def add(a, b): return sqrt(a)", "1:raised:NameError:sqrt"),
        ("def add(a, b): return b", "1:wrong:add:number/low/by-one::argument 2:"),
        ("def add(a, b):\n    while a: pass", "1:limit:slow:add"),
    ],
)
def test_the_signature_can_be_read(code: str, found: str, sandbox: Sandbox) -> None:
    assert of_code(code, sandbox) == found


def test_inputs_that_were_really_drawn_afresh_do_not_change_it(sandbox: Sandbox) -> None:
    draw = (
        "def inputs(random):\n    while True:\n        yield (random.randint(100, 10**6), random.randint(100, 10**6))\n"
    )
    task = a_task(
        checks=(),
        cases=(Case(call="add(40, 2)", expected="42"),),
        reference="def add(a, b):\n    return a + b\n",
        generator=Generator(source=draw, count=5),
    )
    code = "def add(a, b):\n    return 7 * a + b\n"
    first, second = (grade(task, code, sandbox, limits=LIMITS, seed=seed) for seed in (1, 2))
    assert first.failures != second.failures
    assert signature(first) == signature(second) != ""


def test_programs_are_known_by_what_they_print(sandbox: Sandbox) -> None:
    cases = (ProgramCase(stdin="1\n", stdout="2\n"), ProgramCase(stdin="5\n", stdout="10\n"))
    task = a_task(entry_point=None, checks=(), program_cases=cases)
    one, again, other, broken = (
        of_code(code, sandbox, task)
        for code in ("print(3 * int(input()))", "n = int(input())\nprint(3 * n)", "print([2])", "print(int('x'))")
    )
    assert one == again != other
    assert one.startswith("1:wrong:python solution.py:str/")
    assert broken == "1:raised:ValueError:invalid literal for int() with base 0: '':print(int('')):inside"


def test_a_unit_has_the_distinct_signatures_of_its_failed_turns_in_their_order() -> None:
    none, low, sign = failed(an_answer("None", "5")), failed(an_answer("70", "5")), failed(an_answer("-5", "5"))
    turns = [a_turn(verdict=each) for each in (sign, none, sign, low, a_verdict("passed"))]
    turns.insert(1, a_turn(problem="it holds no Python code"))
    turns.insert(2, a_turn(problem="it holds no Python code", finish="length"))
    assert signatures(a_result(turns=tuple(turns))) == (
        signature(sign),
        "1:no code:it holds no Python code",
        "1:no code:cut off",
        signature(none),
        signature(low),
    )


def test_an_attempt_that_ends_without_a_verdict_made_no_mistake() -> None:
    turns = a_turn(0, failed(an_answer("[3, 1, 2]", "[1, 2, 3]"))), a_turn(1, a_verdict("no_verdict", why_none="odd"))
    assert signatures(a_result(1, "failed", turns=turns[:1])) != ()
    assert signatures(a_result(1, "no_verdict", turns=turns)) == ()


def test_what_is_not_graded_is_no_mistake() -> None:
    assert signature(a_verdict("passed")) == signature(a_verdict("ungraded")) == ""
    assert signature(failed(an_answer("None", "5"), cooperative=True)) == ""
    assert signatures(a_result(outcome="ungraded", turns=(a_turn(problem="it holds no Python code"),))) == ()


HOSTILE = [
    "[" * 3000, "(" * 100 + ")" * 100, "-" * 490 + "1", "9" * 499, "9" * 5000, "bytearray(10**11)",
    "bytearray(99999999999)", "deque(range(10**12))", "frozenset(range(999999999))", "float('nan')", "1e999",
    "float(1" + "0" * 400 + ")", "{[]: 1}", "{**{}}", "'" * 499, "[1, 2 [... 300 characters left out ...] 9]",
    "\x1b[2J\u202e\x00", "\ud800", "\U0002fa1e", "{1: 2, 'a': [{}]}", "[float('nan')]", "1j", "set()", "range(9)",
    "[[[1]]]", "...", "x" * 100_000, "\n" * 5000, "Error: " * 900, "a.b" * 2000 + "()", "[" + "7, " * 160 + "7]",
    '  File "solution.py", line 1, in f\n    ' + "a." * 4000 + "b()\nError: '" + "\\'" * 3000,
]  # fmt: skip
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))
assertions = st.builds(
    Assertion, check=st.sampled_from(["small", "fresh inputs"]), line=st.just(1), source=texts, passed=st.booleans(),
    call=st.one_of(texts, st.just("python solution.py"), st.just("add(1)")), arguments=texts, expected=texts,
    actual=texts, error=texts, traceback=texts,
)  # fmt: skip
verdicts = st.builds(
    Verdict,
    outcome=st.just("failed"),
    checks=st.lists(st.builds(CheckVerdict, name=texts, passed=st.booleans()), max_size=2).map(tuple),
    failures=st.lists(assertions, max_size=4).map(tuple),
    passes=st.lists(assertions, max_size=3).map(tuple),
    candidate=st.builds(
        RunFacts, status=st.sampled_from(["exit", "signal", "timeout", "oom", "odd\n"]), wall_s=st.just(0.0),
        cpu_s=st.just(0.0), peak_mb=st.just(0.0),
    ),
    error=st.one_of(st.just(""), texts),
    sandbox=st.just(SANDBOX),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(verdicts)
def test_whatever_a_verdict_holds_its_signature_is_one_short_printable_line(verdict: Verdict) -> None:
    found = signature(verdict)
    assert found.startswith(f"{VERSION}:")
    assert found.isprintable()
    assert len(found) <= MAX_CHARS
    assert signature(verdict.model_copy()) == found


def cpu_s(verdict: Verdict) -> float:
    started = time.thread_time()  # of this thread: what else the process does is not the signature's
    signature(verdict)
    return time.thread_time() - started


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_makes_it_slow(text: str) -> None:
    hostile = Assertion(
        check="small", line=1, source=text, passed=False, call="add(1)", arguments=text, expected=text, actual=text
    )
    raised = hostile.model_copy(update={"error": text, "traceback": text})
    for each in (hostile, raised):
        verdict = failed(*[each] * 20, passes=(hostile,) * 20)
        assert min(cpu_s(verdict) for _ in range(5)) < 0.2
