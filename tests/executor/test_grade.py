"""Verdicts on honest and dishonest solutions, in every sandbox that this machine has."""

import threading
from pathlib import Path

import pytest

from executor.grading.grade import grade
from executor.grading.judging import count_asserts
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import Conversation, ExecutionResult, Job, Program, Sandbox, Tier
from memory.attempts import AttemptLimits, Verdict
from memory.tasks import Check, Constraints, Task
from utils.errors import Interrupted, SandboxFault

LIMITS = AttemptLimits(wall_s=8.0, cpu_s=2.0, memory_mb=256)
ADD = Task(
    id="add",
    name="add",
    goal="add(a, b)",
    entry_point="add",
    checks=(
        Check(name="small", code="assert add(1, 2) == 3"),
        Check(name="more", code="assert add(-1, 1) == 0\nassert add(10**20, 1) == 10**20 + 1"),
        Check(name="loop", code="def check(f):\n    for i in range(3):\n        assert f(i, i) == 2 * i\ncheck(add)"),
    ),
)


def task(entry_point: str, *checks: str, **fields: object) -> Task:
    made = tuple(Check(name=f"check {number}", code=code) for number, code in enumerate(checks))
    return Task.model_validate(
        {"id": "t", "name": "t", "goal": "g", "entry_point": entry_point, "checks": made, **fields}
    )


def judged(sandbox: Sandbox, what: Task, source: str) -> Verdict:
    return grade(what, source, sandbox, limits=LIMITS)


def test_a_right_solution_passes_with_every_assertion_counted(sandbox: Sandbox) -> None:
    verdict = judged(sandbox, ADD, "def add(a, b):\n    return a + b\n")
    assert verdict.outcome == "passed"
    assert (verdict.assertions_passed, verdict.assertions_total, verdict.calls) == (6, 6, 6)
    assert verdict.accuracy == 1
    assert verdict.sandbox.kind == sandbox.tier.kind


def test_a_wrong_answer_tells_call_arguments_expected_and_actual(sandbox: Sandbox) -> None:
    verdict = judged(sandbox, ADD, "def add(a, b):\n    return a - b\n")
    first = verdict.failures[0]
    assert verdict.outcome == "failed"
    assert (first.check, first.call, first.arguments, first.expected, first.actual) == (
        "small", "add(1, 2)", "[1, 2]", "3", "-1",
    )  # fmt: skip
    assert [check.passed for check in verdict.checks] == [False, False, False]
    assert verdict.assertions_total == 6


def test_an_exception_comes_with_the_solutions_own_lines(sandbox: Sandbox) -> None:
    verdict = judged(sandbox, ADD, "def add(a, b):\n    raise ValueError('no idea')\n")
    assert verdict.failures[0].error == "ValueError: no idea"
    assert "line 2, in add\n    raise ValueError('no idea')" in verdict.failures[0].traceback


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def add(a, b:\n", "SyntaxError"),
        ("import nothing_of_this_name\n", "ModuleNotFoundError"),
        ("def sub(a, b): return 0\n", "does not define add"),
        ("add = 3\n", "does not define add"),
        ("import os; os._exit(0)\n", "ended while it was loaded: exit code 0"),
        ("import sys; sys.exit(0)\n", "SystemExit"),
    ],
)
def test_what_cannot_be_loaded_fails_and_says_why(process: Sandbox, source: str, said: str) -> None:
    verdict = judged(process, ADD, source)
    assert verdict.outcome == "failed"
    assert said in verdict.error
    assert [check.error for check in verdict.checks] == ["not run"] * 3
    assert verdict.assertions_total == 4


def test_a_solution_that_dies_in_a_call_fails_all_that_is_left(process: Sandbox) -> None:
    verdict = judged(process, ADD, "import os\ndef add(a, b):\n    os._exit(0) if a < 0 else None\n    return a + b\n")
    assert verdict.outcome == "failed"
    assert verdict.error == "the solution's process ended during the checks: exit code 0"
    assert [check.passed for check in verdict.checks] == [True, False, False]


def test_an_endless_loop_ends_at_the_limit_and_is_the_solutions_fault(process: Sandbox) -> None:
    slow = ADD.model_copy(update={"constraints": Constraints(cpu_s=0.5, wall_s=3.0)})
    verdict = judged(process, slow, "def add(a, b):\n    while True: pass\n")
    assert verdict.outcome == "failed"
    assert verdict.candidate.status in ("cpu_limit", "timeout")
    assert "too long" in verdict.error


def test_objects_of_a_solution_are_used_through_their_methods(sandbox: Sandbox) -> None:
    stack = task(
        "Stack",
        "s = Stack()\ns.push(1)\ns.push(2)\nassert s.pop() == 2\nassert s.size() == 1",
        "a, b = Stack(), Stack()\na.push(7)\nassert b.size() == 0\nassert total([a, b]) == 1",
        interface=("total",),
    )
    source = (
        "class Stack:\n    def __init__(self): self.items = []\n    def push(self, x): self.items.append(x)\n"
        "    def pop(self): return self.items.pop()\n    def size(self): return len(self.items)\n"
        "def total(stacks): return sum(s.size() for s in stacks)\n"
    )
    assert judged(sandbox, stack, source).outcome == "passed"


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        ("assert raises(KeyError, f, 'key')", "passed"),
        ("assert raises(LookupError, f, 'key')", "passed"),
        ("assert raises(ValueError, f, 'own')", "passed"),
        ("assert raises(ValueError, f, 'utf8')", "passed"),
        ("try:\n    f('key')\n    assert False\nexcept KeyError:\n    pass", "passed"),
        ("assert raises(ValueError, f, 'fine')", "failed"),
        ("assert raises(ValueError, f, 'key')", "failed"),
        ("try:\n    f('assert')\nexcept AssertionError:\n    pass", "passed"),
        ("f('exit')", "failed"),
    ],
)
def test_exceptions_arrive_as_their_nearest_builtin_class(process: Sandbox, check: str, outcome: str) -> None:
    source = (
        "class Own(ValueError): pass\n"
        "def f(kind):\n"
        "    if kind == 'key': raise KeyError('x')\n"
        "    if kind == 'own': raise Own('x')\n"
        "    if kind == 'utf8': b'\\xff'.decode()\n"
        "    if kind == 'assert': raise AssertionError('x')\n"
        "    if kind == 'exit': raise SystemExit(0)\n"
    )
    assert judged(process, task("f", check), source).outcome == outcome


def test_a_changed_argument_is_seen_only_where_the_task_says_so(process: Sandbox) -> None:
    source = "def f(xs):\n    xs.sort()\n"
    check = "xs = [3, 1, 2]\nf(xs)\nassert xs == [1, 2, 3]"
    assert judged(process, task("f", check), source).outcome == "failed"
    assert judged(process, task("f", check, mutates_arguments=True), source).outcome == "passed"


def test_arguments_cannot_be_rewritten_behind_the_judges_back(process: Sandbox) -> None:
    source = (
        "import sys\n"
        "agent = sys.modules['executor.grading.candidate_agent']\n"
        "old = agent.Candidate.answer\n"
        "def answer(self, request):\n"
        "    reply = old(self, request)\n"
        "    return {**reply, 'args': [[]]}\n"
        "agent.Candidate.answer = answer\n"
        "def f(xs): return []\n"
    )
    assert judged(process, task("f", "xs = [1]\nassert f(xs) == xs"), source).outcome == "failed"


@pytest.mark.parametrize(
    "reply",
    [
        "[]",
        "7",
        "{}",
        '{"value": NaN}',
        '{"value": {"t": 1}}',
        '{"error": 3}',
        '{"error": {"classes": 7}}',
        "[" * 50_000,
        "\xff",
    ],
)
def test_a_hostile_answer_fails_the_check_and_nothing_else(process: Sandbox, reply: str) -> None:
    source = (
        "import sys\n"
        "agent = sys.modules['executor.grading.candidate_agent']\n"
        f"agent.json = type('J', (), {{'loads': agent.json.loads, 'dumps': lambda *_: {reply!r}}})\n"
        "def f(x): return x\n"
    )
    verdict = judged(process, task("f", "assert f(1) == 1"), source)
    assert verdict.outcome == "failed"


def test_a_pass_needs_a_call(process: Sandbox) -> None:
    assert judged(process, task("f", "assert True"), "def f(): pass\n").outcome == "failed"


def test_checks_go_on_after_a_failure_so_that_the_builder_sees_more(process: Sandbox) -> None:
    verdict = judged(process, task("f", "assert f(1) == 1\nassert f(2) == 2\nassert f(3) == 3"), "def f(x): return 2\n")
    assert [failure.line for failure in verdict.failures] == [1, 3]
    assert (verdict.assertions_passed, verdict.assertions_total) == (1, 3)


def test_the_wanted_side_of_a_comparison_is_found_on_either_side(process: Sandbox) -> None:
    verdict = judged(process, task("f", "assert 5 == f(1)\nassert abs(f(1) - 0.5) < 0.1"), "def f(x): return 2\n")
    assert [(failure.expected, failure.actual) for failure in verdict.failures] == [("5", "2"), ("0.1", "2")]


def test_text_that_no_file_can_hold_is_kept_in_escapes(process: Sandbox) -> None:
    verdict = judged(process, task("f", "assert f() == 'a'"), "def f(): return chr(0xd800)\n")
    assert verdict.failures[0].actual.encode("utf-8") == rb"'\ud800'"


def test_helpers_of_the_setup_are_there_and_the_proxy_wins_over_its_stub(process: Sandbox) -> None:
    what = task("f", "assert f(helper(2)) == 5", setup="def helper(x): return 2 * x\ndef f(x): return None\n")
    assert judged(process, what, "def f(x): return x + 1\n").outcome == "passed"


def test_a_task_without_checks_is_run_and_stays_ungraded(process: Sandbox) -> None:
    what = Task(id="gui", name="gui", goal="a GUI")
    verdict = judged(process, what, "print('hello')\nraise SystemExit(3)\n")
    assert (verdict.outcome, verdict.candidate.exit_code, verdict.candidate.stdout) == ("ungraded", 3, "hello\n")


def test_the_same_grading_twice_gives_the_same_verdict(process: Sandbox) -> None:
    source = "def f(n): return list({str(i) for i in range(n)})\n"
    what = task("f", "assert f(9) == []")
    first, second = (judged(process, what, source) for _ in range(2))
    untimed = [[each.model_copy(update={"cpu_s": None}) for each in verdict.failures] for verdict in (first, second)]
    assert untimed[0] == untimed[1]


@pytest.mark.shared
def test_cheats_are_not_passed_and_honest_ones_are_judged_right(isolated: Sandbox, shared: Path) -> None:
    files = sorted((shared / "attacks" / "grading").glob("*.py"))
    passed = {path.stem for path in files if judged(isolated, ADD, path.read_text()).outcome == "passed"}
    assert passed == {"h01_honest_correct", "h04_honest_prints_noise"}
    assert len(files) >= 19


class Gone:
    """A sandbox that is away for the candidate, the judge, or both."""

    def __init__(self, inner: Sandbox, *, away: int) -> None:
        self._inner, self._away, self._asked = inner, away, 0
        self.opened: list[Conversation] = []

    @property
    def tier(self) -> Tier:
        return self._inner.tier

    def run(self, job: Job) -> ExecutionResult:
        return self._inner.run(job)

    def converse(self, program: Program) -> Conversation:
        self._asked += 1
        if self._asked == self._away:
            raise SandboxFault("the engine is gone")
        self.opened.append(self._inner.converse(program))
        return self.opened[-1]

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("away", [1, 2])
def test_a_sandbox_that_is_away_is_a_fault_and_no_verdict(process: Sandbox, away: int) -> None:
    broken = Gone(process, away=away)
    with pytest.raises(SandboxFault, match="gone"):
        judged(broken, ADD, "def add(a, b): return a + b\n")
    assert all(conversation.close().status for conversation in broken.opened)


def test_a_judge_that_breaks_before_it_asked_anything_is_our_fault(process: Sandbox) -> None:
    what = task("f", "assert f() == 1", setup="import os; os._exit(3)")
    with pytest.raises(SandboxFault, match="exit code 3"):
        judged(process, what, "def f(): return 1\n")


def test_asserts_are_counted_at_least_once() -> None:
    assert count_asserts("pass") == 1
    assert count_asserts("assert 1\nfor i in x:\n    assert i") == 2


def test_closing_the_sandbox_under_a_grading_is_no_verdict() -> None:
    sandbox = ProcessSandbox()
    closer = threading.Timer(0.7, sandbox.close)
    closer.start()
    with pytest.raises((Interrupted, SandboxFault)):
        judged(sandbox, ADD, "import time\ndef add(a, b):\n    time.sleep(5)\n    return a + b\n")
    closer.join()
