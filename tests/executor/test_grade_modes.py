"""Cases, programs, tests beside the solution, and fresh inputs: verdicts on honest solutions, and what they leave."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from executor.assess import Assessor
from executor.grading.grade import grade
from executor.grading.tally import ALL_PASS_CHARS, MAX_PASSES
from executor.grading.transcript import MAX_CHARS, MAX_CROSSINGS
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from memory.attempts import AttemptLimits, AttemptSpec, Verdict
from memory.cases import Case, Generator, ProgramCase
from memory.tasks import Check, Constraints, Task
from tests.executor.grading_tasks import CASES, CODE, COOPERATIVE, FRESH, PROGRAM, PROGRAM_REFERENCE, REFERENCE
from utils.errors import Interrupted, SandboxFault

LIMITS = AttemptLimits(wall_s=8.0, cpu_s=2.0, memory_mb=256)
SPEC = AttemptSpec(unit_id="u-1", task_id="add", task_digest="", number=1, blueprint_id="b", blueprint_version=1,
                   model="m", seed=7, sandbox="process", limits=LIMITS)  # fmt: skip


def judged(sandbox: Sandbox, task: Task, source: str, *, seed: int = 1) -> Verdict:
    return grade(task, source, sandbox, limits=LIMITS, seed=seed)


def cased(*cases: Case, **fields: object) -> Task:
    return Task.model_validate(
        {
            "id": "t",
            "name": "t",
            "goal": "g",
            "entry_point": "f",
            "cases": cases,
            "reference": "def f(x): pass",
            **fields,
        }
    )


def program(*cases: ProgramCase, **fields: object) -> Task:
    return Task.model_validate({"id": "p", "name": "p", "goal": "g", "program_cases": cases, **fields})


def drawn(source: str, count: int = 3, reference: str = REFERENCE) -> Task:
    generator = Generator(source=source, count=count)
    return FRESH.model_copy(update={"generator": generator, "reference": reference})


@pytest.mark.parametrize(
    ("task", "right"),
    [(CASES, REFERENCE), (FRESH, REFERENCE), (PROGRAM, PROGRAM_REFERENCE), (COOPERATIVE, REFERENCE)],
    ids=lambda value: value.id if isinstance(value, Task) else "",
)
def test_each_mode_tells_right_from_wrong(sandbox: Sandbox, task: Task, right: str) -> None:
    good, bad = judged(sandbox, task, right), judged(sandbox, task, right.replace("+", "-"))
    assert (good.outcome, good.failures, good.error) == ("passed", (), "")
    assert bad.outcome == "failed"
    assert all(Verdict.model_validate_json(each.model_dump_json()) == each for each in (good, bad))


def test_a_failed_case_tells_call_arguments_expected_actual_and_time(process: Sandbox) -> None:
    verdict = judged(process, CASES, "def add(a, b):\n    sum(range(400_000))\n    return a - b\n")
    first = verdict.failures[0]
    assert (first.check, first.call, first.arguments, first.expected, first.actual) == (
        "add(1, 2)", "add(1, 2)", "[1, 2]", "3", "-1",
    )  # fmt: skip
    assert first.cpu_s is not None
    assert 0.001 < first.cpu_s < 1
    raising = judged(process, CASES, "def add(a, b):\n    # no\n    return a[b]\n")
    assert "line 3, in add" in raising.failures[0].traceback
    assert [check.passed for check in verdict.checks] == [False, False, True, False, False, False]
    assert verdict.passes[0].error == "TypeError: unsupported operand type(s) for -: 'NoneType' and 'int'"


@pytest.mark.parametrize(
    ("expected", "answer", "outcome"),
    [
        ("1", "True", "failed"),
        ("True", "1", "failed"),
        ("1", "1.0", "failed"),
        ("[1, 2]", "(1, 2)", "failed"),
        ("{1, 2}", "{2, 1}", "passed"),
        ("{1: 'a', 2: 'b'}", "{2: 'b', 1: 'a'}", "passed"),
        ("{1: 'a'}", "{True: 'a'}", "failed"),
        ("float('nan')", "float('nan')", "passed"),
        ("[float('nan'), float('-inf')]", "[float('nan'), -float('inf')]", "passed"),
        ("{frozenset({1, 2}): {(1, 2)}}", "{frozenset({2, 1}): {(1, 2)}}", "passed"),
        ("'a'", "type('S', (str,), {'__eq__': lambda s, o: True, '__hash__': str.__hash__})('b')", "failed"),
        ("[1, 2]", "iter([1, 2])", "failed"),
        ("[]", "type('E', (), {'__eq__': lambda s, o: True})()", "failed"),
        (str(10**30), "10**30", "passed"),
        ("0.3", "0.1 + 0.2", "failed"),
        ("None", "print", "failed"),
    ],
)
def test_values_are_compared_with_their_types(process: Sandbox, expected: str, answer: str, outcome: str) -> None:
    task = cased(Case(call="f(1)", expected=expected))
    assert judged(process, task, f"def f(x): return {answer}\n").outcome == outcome


@pytest.mark.parametrize(
    ("expected", "answer", "outcome"),
    [
        ("0.3", "0.1 + 0.2", "passed"),
        ("[1.0, {'a': (2.5,)}]", "[1.0000000001, {'a': (2.5,)}]", "passed"),
        ("1e30", "1e30 * (1 + 1e-12)", "passed"),
        ("1.0", "1", "passed"),
        ("1.0", "True", "failed"),
        ("1.0", "1.01", "failed"),
        ("1.0", "10 ** 400", "failed"),
        ("float('nan')", "0.0", "failed"),
        ("3", "4", "failed"),
    ],
)
def test_a_tolerance_is_for_floats(process: Sandbox, expected: str, answer: str, outcome: str) -> None:
    task = cased(Case(call="f(1)", expected=expected), tolerance=1e-6)
    assert judged(process, task, f"def f(x): return {answer}\n").outcome == outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("raise KeyError('a')", "passed"),
        ("raise type('Own', (LookupError,), {})()", "passed"),
        ("raise ValueError", "failed"),
        ("return LookupError()", "failed"),
        ("raise type('LookupError', (Exception,), {})()", "failed"),
        ("import os; os._exit(0)", "failed"),
        ("return print", "failed"),
    ],
)
def test_a_case_can_want_an_exception(process: Sandbox, body: str, outcome: str) -> None:
    assert (
        judged(process, cased(Case(call="f(1)", raises="LookupError")), f"def f(x):\n    {body}\n").outcome == outcome
    )


def test_arguments_that_a_call_changes_are_compared_where_a_case_says(process: Sandbox) -> None:
    task = cased(Case(call="f([2, 1])", expected="None", after="[[1, 2]]"), mutates_arguments=True)
    assert judged(process, task, "def f(x): x.sort()\n").outcome == "passed"
    verdict = judged(process, task, "def f(x): sorted(x)\n")
    assert (verdict.failures[0].expected, verdict.failures[0].actual) == (
        "None, its arguments then [[1, 2]]", "None, its arguments then [[2, 1]]",
    )  # fmt: skip


def test_checks_and_cases_go_together_in_one_process(process: Sandbox) -> None:
    task = cased(Case(call="f(1)", expected="2"), checks=(Check(name="first", code="assert f(0) == 1"),))
    source = "count = 0\ndef f(x):\n    global count\n    count += 1\n    return count\n"
    verdict = judged(process, task, source)
    assert [(check.name, check.passed) for check in verdict.checks] == [("first", True), ("f(1)", True)]


def test_cases_after_the_end_of_the_solution_count_as_failed(process: Sandbox) -> None:
    task = cased(*(Case(call=f"f({n})", expected=str(n)) for n in range(4)))
    verdict = judged(process, task, "import os\ndef f(x): return x if x < 2 else os._exit(0)\n")
    assert (verdict.outcome, verdict.assertions_passed, verdict.assertions_total) == ("failed", 2, 4)
    assert verdict.error == "the solution's process ended during the checks: exit code 0"


def test_cases_are_not_run_on_what_cannot_be_loaded(process: Sandbox) -> None:
    verdict = judged(process, FRESH, "def add(a, b:\n")
    assert {check.error for check in verdict.checks} == {"not run"}
    assert (verdict.assertions_passed, verdict.assertions_total, verdict.calls) == (0, 11, 0)


def test_what_crosses_is_kept_within_bounds(process: Sandbox) -> None:
    code = "for n in range(400):\n    assert len(f('x' * n)) == 4000"
    task = cased(checks=(Check(name="many", code=code),))
    verdict = judged(process, task, "def f(x): return 'y' * 4000\n")
    chars = sum(len(each.call) + len(each.answer) for each in verdict.transcript)
    assert 10 < len(verdict.transcript) <= MAX_CROSSINGS
    assert chars <= MAX_CHARS
    assert len(verdict.model_dump_json()) < 40_000
    assert 0 < len(verdict.passes) <= MAX_PASSES
    assert sum(len(each.arguments + each.actual) for each in verdict.passes) < ALL_PASS_CHARS


def test_the_transcript_holds_calls_answers_and_times(process: Sandbox) -> None:
    verdict = judged(process, CASES, "def add(a, b):\n    return a + b\n")
    assert [(each.call, each.answer) for each in verdict.transcript] == [
        ("add(1, 2)", "3"),
        ("add(-1, 1)", "0"),
        ("add(None, 1)", "TypeError: unsupported operand type(s) for +: 'NoneType' and 'int'"),
        ("add(100, 3)", "103"),
        ("add(2, 4)", "6"),
        ("add(100000000000000000000, 1)", "100000000000000000001"),
    ]
    assert all(each.cpu_s is not None and 0 <= each.cpu_s < 1 for each in verdict.transcript)


def test_a_solution_cannot_claim_a_time_that_none_can_be(process: Sandbox) -> None:
    source = (
        "import sys\nagent = sys.modules['executor.grading.candidate_agent']\nold = agent.Candidate.answer\n"
        "agent.Candidate.answer = lambda self, request: {**old(self, request), 'cpu_s': 1e300}\n"
        "def f(x): return x\n"
    )
    verdict = judged(process, cased(Case(call="f(1)", expected="1")), source)
    assert (verdict.outcome, verdict.passes[0].cpu_s) == ("passed", None)


def test_fresh_inputs_are_the_same_for_a_seed_and_others_for_another(process: Sandbox) -> None:
    first, again, other = (judged(process, FRESH, REFERENCE, seed=seed) for seed in (1, 1, 2))
    calls = [[each.call for each in verdict.transcript[6:]] for verdict in (first, again, other)]
    assert len(calls[0]) == 5
    assert calls[0] == calls[1] != calls[2]
    assert (first.inputs_seed, other.inputs_seed) == (1, 2)
    assert first.checks[-1].name == "fresh inputs"


def test_who_knows_only_the_cases_fails_the_fresh_inputs(process: Sandbox) -> None:
    table = "def add(a, b):\n    return {1: 3, -1: 0, 100: 103, 2: 6}[a] if a and a < 10**9 else a + b\n"
    verdict = judged(process, FRESH, table)
    assert [check.passed for check in verdict.checks] == [True] * 6 + [False]
    assert (verdict.failures[0].check, verdict.failures[0].error[:8]) == ("fresh inputs", "KeyError")


def test_fresh_inputs_follow_checks_that_run_in_a_judge(process: Sandbox) -> None:
    task = CODE.model_copy(update={"generator": FRESH.generator})
    verdict = judged(process, task, REFERENCE)
    assert [check.name for check in verdict.checks] == ["small", "more", "fresh inputs"]
    assert (verdict.outcome, verdict.assertions_total) == ("passed", 7)


def test_exceptions_and_changes_of_the_reference_are_wanted_of_the_solution(process: Sandbox) -> None:
    generator = Generator(source="def inputs(rng):\n    yield [3, 1],\n    yield 7,\n")
    task = cased(Case(call="f([2, 1])", expected="None"), generator=generator, mutates_arguments=True,
                 reference="def f(x): x.sort()\n")  # fmt: skip
    assert judged(process, task, "def f(x): x.sort()\n").outcome == "passed"
    deaf = judged(process, task, "def f(x): x.sort() if x == 7 else sorted(x)\n")
    assert [each.check for each in deaf.failures] == ["fresh inputs"]
    assert deaf.failures[0].expected == "None, its arguments then [[1, 3]]"
    mild = judged(process, task, "def f(x): x.sort() if x != 7 else None\n")
    assert mild.failures[0].expected == "raises AttributeError"


@pytest.mark.parametrize(
    ("generator", "reference", "said"),
    [
        ("def inputs(rng): return 1 // 0\n", REFERENCE, "its generator failed: ZeroDivisionError"),
        ("def inputs(rng): return []\n", REFERENCE, "yields no inputs"),
        ("def inputs(rng): yield print, 1\n", REFERENCE, "its generator failed"),
        ("def inputs(rng): yield 'text'\n", REFERENCE, "no tuples"),
        ("def inputs(rng):\n    while True: pass\n", REFERENCE, "its generator failed: the solution's process ended"),
        ("def inputs(rng): yield 1, 2\n", "import os; os._exit(0)\n", "cannot be loaded"),
        ("def inputs(rng): yield 1, 2\n", "def add(a, b): return iter([a])\n", "no plain data"),
        ("def inputs(rng): yield 1, 2\n", "def add(a, b): raise SystemExit\n", "does not answer add(1, 2)"),
        ("raise ValueError\ndef inputs(rng): yield 1, 2\n", REFERENCE, "its generator failed: ValueError"),
    ],
)
def test_a_broken_generator_or_reference_is_the_tasks_fault_and_not_the_solutions(
    process: Sandbox, generator: str, reference: str, said: str
) -> None:
    task = drawn(generator, reference=reference).model_copy(update={"constraints": Constraints(cpu_s=0.5, wall_s=3)})
    verdict = judged(process, task, REFERENCE)
    assert (verdict.outcome, verdict.inputs_seed) == ("passed", None)
    assert said in verdict.suspect
    weights = Weights()
    assert said in Assessor(process, weights).flaw(task, LIMITS)


def test_each_try_of_an_attempt_meets_inputs_of_its_own_and_the_same_ones_again(process: Sandbox) -> None:
    assessor = Assessor(process, Weights())
    codes = (REFERENCE, REFERENCE, f"# again\n{REFERENCE}")
    first, again, other = (assessor.grade(FRESH, code, SPEC).inputs_seed for code in codes)
    assert first == again != other


def test_a_program_is_judged_by_what_it_prints_and_how_it_ends(process: Sandbox) -> None:
    wrong_code = judged(process, PROGRAM, f"{PROGRAM_REFERENCE}raise SystemExit(3)\n")
    assert (wrong_code.outcome, wrong_code.failures[0].error) == ("failed", "the program did not end well: exit code 3")
    silent = judged(process, PROGRAM, "raise SystemExit(0)\n")
    assert [(each.arguments, each.expected, each.actual) for each in silent.failures] == [
        ("1 2\n", "3\n", ""), ("-1 1\n", "0\n", ""),
    ]  # fmt: skip
    assert [check.name for check in silent.checks] == ["case 1", "below 0"]


@pytest.mark.parametrize(
    ("printed", "exact", "outcome"),
    [
        (r"a\nb\n", False, "passed"),
        (r"a  \nb\n\n\n", False, "passed"),
        (r"a\r\nb", False, "passed"),
        (r" a\nb", False, "failed"),
        (r"a\n\nb", False, "failed"),
        (r"a\nb\n", True, "passed"),
        (r"a\nb", True, "failed"),
        (r"a \nb\n", True, "failed"),
    ],
)
def test_white_space_at_ends_counts_only_where_the_task_says(
    process: Sandbox,
    printed: str,
    exact: Any,
    outcome: str,
) -> None:
    task = program(ProgramCase(stdout="a\nb\n"), exact_output=exact)
    assert judged(process, task, f'print("{printed}", end="")\n').outcome == outcome


def test_output_beyond_what_is_kept_fails_and_says_so(process: Sandbox) -> None:
    verdict = judged(process, program(ProgramCase(stdout="x")), "print('x' * 200_000)\n")
    assert verdict.failures[0].error == "the output is longer than what is kept: 200001 bytes"


def test_an_output_as_long_as_the_right_one_is_kept(process: Sandbox) -> None:
    task = program(ProgramCase(stdout="x" * 99_999))
    assert judged(process, task, "print('x' * 99_999)\n").outcome == "passed"


def test_the_limits_of_a_program_hold_for_all_its_cases_together(process: Sandbox) -> None:
    task = program(*(ProgramCase(stdin=str(n), stdout="") for n in range(9)), constraints=Constraints(wall_s=1.5))
    verdict = judged(process, task, "import time\ntime.sleep(0.6)\n")
    assert (verdict.outcome, verdict.candidate.status) == ("failed", "timeout")
    assert 1 <= verdict.assertions_passed <= 2
    assert verdict.failures[-1].error == "the time of the cases before it was all there is"
    assert verdict.candidate.wall_s < 2.5


def test_fresh_texts_go_to_a_program(process: Sandbox) -> None:
    generator = Generator(
        source="def inputs(rng):\n    for n in range(4):\n        yield f'{n} {rng.random() // 1:.0f}\\n'\n"
    )
    task = PROGRAM.model_copy(update={"generator": generator})
    assert judged(process, task, PROGRAM_REFERENCE).assertions_total == 6
    table = judged(process, task, "print({'1 2': 3, '-1 1': 0}[input()])\n")
    assert [check.passed for check in table.checks] == [True, True, False]
    broken = judged(process, task.model_copy(update={"reference": "raise SystemExit(1)"}), PROGRAM_REFERENCE)
    assert (broken.outcome, broken.suspect[:27]) == ("passed", "its reference does not answ")


def test_tests_beside_the_solution_are_marked_and_reported_one_by_one(process: Sandbox) -> None:
    verdict = judged(process, COOPERATIVE, "def add(a, b):\n    return a + b if a != 1 and a != 'a' else None\n")
    assert [(check.name, check.passed) for check in verdict.checks] == [
        ("Adds.test_parts", False), ("Adds.test_small", False), ("Plain.test_more", True), ("test_text", False),
    ]  # fmt: skip
    assert (verdict.outcome, verdict.cooperative) == ("failed", True)
    assert "AssertionError: None != 3" in {each.error for each in verdict.failures}


ADDS_A_TEST = (
    "import __main__\nold = __main__.run\n"
    "__main__.run = lambda tests: {**old(tests), 'more': {'passed': True}}\ndef add(a, b): return a + b\n"
)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os._exit(0)\n", "ended: exit code 0"),
        ("import sys; sys.exit(0)\n", "SystemExit"),
        ("def sub(): pass\n", "does not define add"),
        ("def add(a, b):\n    import os; os._exit(0)\n", "ended: exit code 0"),
        ("import __main__\n__main__.run = lambda tests: {}\ndef add(a, b): pass\n", "missing: Adds.test_parts"),
        (ADDS_A_TEST, "not of the task: more"),
        ("import __main__\n__main__.channel.send(b'[]')\ndef add(a, b): return a + b\n", "answered nonsense"),
    ],
)
def test_the_exact_set_of_tests_has_to_be_reported(process: Sandbox, source: str, said: str) -> None:
    verdict = judged(process, COOPERATIVE, source)
    assert verdict.outcome == "failed"
    assert said in verdict.error


def test_tests_that_pass_beside_the_solution_are_no_evidence(process: Sandbox) -> None:
    assert (COOPERATIVE.graded, COOPERATIVE.mode) == (False, "cooperative")
    verdict = judged(process, COOPERATIVE, REFERENCE)
    assert Assessor(process, Weights()).score(COOPERATIVE, REFERENCE, verdict, SPEC) is None


@pytest.mark.parametrize("task", [CASES, FRESH, PROGRAM, COOPERATIVE], ids=lambda task: task.id)
def test_closing_the_sandbox_under_any_mode_is_no_verdict(task: Task) -> None:
    sandbox = ProcessSandbox()
    closer = threading.Timer(0.5, sandbox.close)
    closer.start()
    with pytest.raises((Interrupted, SandboxFault)):
        judged(sandbox, task, "import time\ntime.sleep(5)\n")
    closer.join()


def attacks() -> list[Path]:
    return sorted((Path(__file__).parents[1] / "attacks" / "grading").glob("*.py"))


def deserves(path: Path) -> str:
    return "passed" if path.read_text(encoding="utf-8").startswith("# MUST: pass") else "failed"


@pytest.mark.parametrize("task", [CASES, FRESH], ids=lambda task: task.id)
def test_attacks_on_the_checks_do_not_pass_cases_either(namespaced: Sandbox, task: Task) -> None:
    short = AttemptLimits(wall_s=2.5, cpu_s=1.5, memory_mb=256)
    found = {path.stem: grade(task, path.read_text(encoding="utf-8"), namespaced, limits=short, seed=3).outcome
             for path in attacks()}  # fmt: skip
    assert found == {path.stem: deserves(path) for path in attacks()}


@pytest.mark.parametrize("path", attacks(), ids=lambda path: path.stem)
def test_attacks_on_the_checks_print_nothing_that_passes(namespaced: Sandbox, path: Path) -> None:
    short = AttemptLimits(wall_s=2.5, cpu_s=1.5, memory_mb=256)
    assert grade(PROGRAM, path.read_text(encoding="utf-8"), namespaced, limits=short).outcome == "failed"


LOOKS_AROUND = """
import glob
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/tmp/**", recursive=True):
    try:
        print(open(path, errors="replace").read())
    except OSError:
        pass
"""
AS_PROGRAM = [
    "import os\nos._exit(0)\n",
    "print(3)\nprint(0)\n",
    "print('3\\r0')\n",
    "import os\nprint(sum(map(int, input().split())), flush=True)\nos.kill(os.getpid(), 9)\n",
    "print(sum(map(int, input().split())))\nraise SystemExit('done')\n",
    "import os, sys\nprint(sum(map(int, input().split())), file=sys.stderr)\nos.close(1)\nos._exit(0)\n",
    "print('x' * 40_000, 3)\n",
    "while True: print(3)\n",
    LOOKS_AROUND,
]


@pytest.mark.parametrize("source", AS_PROGRAM)
def test_a_program_passes_by_nothing_but_the_right_output(namespaced: Sandbox, source: str) -> None:
    assert judged(namespaced, PROGRAM, source).outcome == "failed"


@pytest.mark.shared
@pytest.mark.parametrize("task", [CASES, FRESH], ids=lambda task: task.id)
def test_the_shared_attacks_do_not_pass_cases(namespaced: Sandbox, shared: Path, task: Task) -> None:
    files = sorted((shared / "attacks" / "grading").glob("*.py"))
    found = {path.stem for path in files if judged(namespaced, task, path.read_text()).outcome == "passed"}
    assert found == {"h01_honest_correct", "h04_honest_prints_noise"}


@pytest.mark.shared
def test_the_shared_attacks_print_nothing_that_passes(namespaced: Sandbox, shared: Path) -> None:
    files = sorted((shared / "attacks" / "grading").glob("*.py"))
    assert {judged(namespaced, PROGRAM, path.read_text()).outcome for path in files} == {"failed"}


def test_a_transcript_line_is_json(process: Sandbox) -> None:
    verdict = judged(process, cased(Case(call="f(1)", expected="1")), "def f(x): return chr(0xd800)\n")
    line = verdict.transcript[0].model_dump_json(exclude_none=True)
    assert json.loads(line)["answer"] == "'\\ud800'"
