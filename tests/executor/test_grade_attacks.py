"""What a hostile solution cannot make of a grading: a pass, a fault, a hang, or a better score than it deserves."""

import threading
import time
from pathlib import Path

import pytest

from executor.grading.grade import grade
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import MAX_FRAME, Sandbox
from memory.attempts import AttemptLimits, Verdict
from memory.tasks import Check, Task
from utils.errors import Interrupted, SandboxFault

ATTACKS = sorted((Path(__file__).parents[1] / "attacks" / "grading").glob("*.py"))
FIRST_LINES = {path: path.read_text(encoding="utf-8").partition("\n")[0] for path in ATTACKS}
ANYWHERE = [path for path, first in FIRST_LINES.items() if "only in isolation" not in first]
LIMITS = AttemptLimits(wall_s=2.5, cpu_s=1.5, memory_mb=256)
PATIENT = AttemptLimits(wall_s=8.0, cpu_s=1.5, memory_mb=256)
BOOKED = 0.85
"""Of the time that a process says it took: another's is read in hundredths of a second."""
CHECKS = {
    "small": "assert add(1, 2) == 3",
    "more": "assert add(-1, 1) == 0\nassert add(10**20, 1) == 10**20 + 1",
    "refusal": "assert raises(TypeError, add, None, 1)",
    "loop": "for got, want in zip(map(add, [100, 2], [3, 4]), [103, 6]):\n    assert got == want",
}
ADD = Task(
    id="add",
    name="add",
    goal="add(a, b)",
    entry_point="add",
    checks=tuple(Check(name=name, code=code) for name, code in CHECKS.items()),
)


def judged(
    sandbox: Sandbox,
    source: str,
    *codes: str,
    names: tuple[str, ...] = ("f",),
    mutates: bool = False,
    limits: AttemptLimits = LIMITS,
) -> Verdict:
    checks = tuple(Check(name=f"check {number}", code=code) for number, code in enumerate(codes))
    task = Task(
        id="t", name="t", goal="g", entry_point=names[0], interface=names[1:], checks=checks, mutates_arguments=mutates
    )
    return grade(task, source, sandbox, limits=limits)


def survived(sandbox: Sandbox, attack: Path) -> Verdict:
    began = time.monotonic()
    verdict = grade(ADD, attack.read_text(encoding="utf-8"), sandbox, limits=LIMITS)
    assert time.monotonic() - began < LIMITS.wall_s + 10
    assert verdict.outcome == ("passed" if FIRST_LINES[attack].startswith("# MUST: pass") else "failed")
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    return verdict


@pytest.mark.parametrize("attack", ANYWHERE, ids=lambda path: path.stem)
def test_an_attack_gets_the_verdict_that_it_deserves_in_time(sandbox: Sandbox, attack: Path) -> None:
    survived(sandbox, attack)


@pytest.mark.parametrize("attack", sorted({*ATTACKS} - {*ANYWHERE}), ids=lambda path: path.stem)
def test_an_attack_on_the_machine_gets_the_verdict_that_it_deserves(isolated: Sandbox, attack: Path) -> None:
    survived(isolated, attack)
    assert survived(isolated, Path(__file__).parents[1] / "attacks" / "grading" / "h_loud_but_right.py").calls == 6


FORMS = [
    "def check(g):\n    def inner(x):\n        assert g(x) == x + 1\n    inner(1)\ncheck(f)",
    "for i in range(3):\n    assert f(i) == i + 1",
    "try:\n    assert f(1) == 2\nexcept AssertionError:\n    pass",
    "try:\n    pass\nfinally:\n    assert f(1) == 2",
    "assert [f(x) for x in range(3)] == [x + 1 for x in range(3)]",
    "assert f(1) == 2, f'{f(1)} is not 2'",
    "assert (y := f(1)) == 2\nassert y == 2",
    "assert 1 < f(1) < 3",
    "assert not f(1) - 2",
    "import asyncio\nasync def check():\n    assert f(1) == 2\nasyncio.run(check())",
    "class Tests:\n    assert f(1) == 2\n    def run(self):\n        assert f(2) == 3\nTests().run()",
    "__a = 7\nassert f(1) == 2\nassert (lambda: f(1))() == 2",
    "def checks():\n    for i in range(2):\n        assert f(i) == i + 1\n        yield i\nassert sum(checks()) == 1",
    "import unittest\nunittest.TestCase().assertEqual(f(1), 2)\nassert True",
    "assert all(f(x) == x + 1 for x in range(3))\nassert f(1) in {2}",
]


@pytest.mark.parametrize("form", FORMS)
def test_whatever_form_a_check_has_it_tells_right_from_wrong(process: Sandbox, form: str) -> None:
    right, wrong = (judged(process, f"def f(x): return x + {step}\n", form) for step in (1, 2))
    assert (right.outcome, wrong.outcome) == ("passed", "failed")


RIGHT = [
    ("def f(n): return 10**n\n", "assert f(6000) == 10**6000"),
    ("def f(n): return n % 7\n", "assert f(10**6000) == 10**6000 % 7"),
    ("def f(n): raise StopIteration\n", "assert raises(StopIteration, f, 1)\nassert raises(Exception, f, 1)"),
    ("def f(n): raise KeyError(10**6000)\n", "assert raises(KeyError, f, 1)"),
    (
        "class f:\n    def __init__(self, n): self.n = n\n    def more(self): self.n += 1; return self.n\n",
        "a = f(1)\nassert a.more() == 2\nassert list(map(f(2).more.__call__, ())) == []",
    ),
    ("def f(n): return iter([n])\n", "assert next(f(1)) == 1"),
    ("def f(**words): return sorted(words.items())\n", "assert f(b=1, a=[2]) == [('a', [2]), ('b', 1)]"),
    ("from enum import IntEnum\nclass E(IntEnum):\n    A = 1\ndef f(n): return [E.A] * n\n", "assert f(2) == [1, 1]"),
    ("from collections import Counter\ndef f(t): return Counter(t)\n", "assert f('aab') == {'a': 2, 'b': 1}"),
    ("def f(n): return -0.0\n", "import math\nassert math.copysign(1, f(1)) == -1 and f(1) == 0"),
    ("def f(n): return float('nan')\n", "assert f(1) != f(1)"),
    ("def f(t): return t + chr(0xd800)\n", "assert f(chr(0xdfff)) == chr(0xdfff) + chr(0xd800)"),
    ("import sys\ndef f(n): return 1 if n == 0 else 1 + f(n - 1)\n", "assert f(700) == 701"),
    ("def f(xs):\n    xs.sort()\n    return xs[0]\n", "xs = [2, 1]\nassert f(xs) == 1"),
    ("class L(list):\n    __len__ = lambda s: 3\ndef f(n): return L()\n", "assert len(f(1)) == 3"),
    ("def f(n): return (x for x in iter(int, 1))\n", "assert next(f(1)) == 0"),
    ("async def f(n): return n\n", "import asyncio\nassert asyncio.run(f(1)) == 1"),
    ("def f(n): return AssertionError\n", "assert f(1) is AssertionError"),
    ("class B(bytes):\n    __bytes__ = lambda s: b''\ndef f(n): return B(b'a')\n", "assert f(1) == b'a'"),
    ("def f(g): return [*map(g, [1, 2])]\n", "assert f(lambda x: x + 1) == [2, 3]"),
    ("def f(n):\n    def g():\n        yield from range(n)\n    return {*g()}\n", "assert f(3) == {0, 1, 2}"),
]


@pytest.mark.parametrize(("source", "check"), RIGHT)
def test_what_guards_against_attacks_lets_right_solutions_pass(process: Sandbox, source: str, check: str) -> None:
    assert judged(process, source, check).outcome == "passed"


WRONG = [
    ("def f(n): return 10**6000\n", "assert raises(ValueError, f, 1)"),
    ("def f(n): raise StopIteration\n", "assert all(map(f, [1, 2]))"),
    ("def f(n): raise StopIteration\n", "assert raises(ValueError, f, 1)\nassert f(1) == 2"),
    ("def f(n): return print\n", "assert raises(Exception, f, 1)"),
    ("class f:\n    def __init__(self, n): pass\n", "assert f(1).empty"),
    ("class f:\n    def __init__(self, n): pass\n", "assert f(1).size != 3"),
    ("class f:\n    def __init__(self, n): pass\n", "assert f(1)._wire_size.up"),
    ("def f(n): return 10**6000\n", "{1: 2}[f(1)]\nassert f(1) == 1"),
    ("def f(xs):\n    xs.clear()\n    return []\n", "xs = [1, 2]\nassert f(xs) == xs"),
    ("def f(xs):\n    xs[:] = xs[0][:] = []\n    return xs\n", "xs = [[1], [2]]\nassert f(xs) == sorted(xs)"),
    ("def f(n): return float('nan')\n", "assert f(1) == f(1)\nassert abs(f(1) - 2) < 1e-6"),
    (
        "class S(str):\n    __eq__ = lambda s, o: True\n    __hash__ = str.__hash__\ndef f(n): return S('x')\n",
        "assert f(1) == 'y'",
    ),
    ("def f(xs):\n    xs.sort()\n    return xs[0]\n", "xs = [2, 1]\nassert f(xs) == 1\nassert xs == [2, 1]"),
    ("class D(dict):\n    __contains__ = lambda s, k: True\ndef f(n): return D()\n", "assert 'a' in f(1)"),
    (
        "class T(tuple):\n    __lt__ = __gt__ = lambda s, o: True\ndef f(n): return T((1,))\n",
        "assert f(1) > (2,) and f(1) < (0,)",
    ),
    ("class N(float):\n    __sub__ = lambda s, o: 0.0\ndef f(n): return N(1)\n", "assert abs(f(1) - 2.5) < 1e-6"),
    ("class S(str):\n    startswith = lambda *_: True\ndef f(n): return S('x')\n", "assert f(1).startswith('y')"),
    ("class f:\n    def __init__(s, n): pass\n    __eq__ = lambda s, o: True\n", "assert f(1) == 2.5"),
    ("class S(set):\n    issubset = lambda *_: True\ndef f(n): return S([1])\n", "assert f(1).issubset({2})"),
    ("class S(set):\n    __sub__ = lambda *_: {*()}\ndef f(n): return S([1])\n", "assert f(1) - {2} == set()"),
    ("class O:\n    __eq__ = lambda s, o: True\ndef f(n): return O()\n", "assert f(1) == f(2)"),
    (
        "import unittest\ndef f(n): raise unittest.SkipTest\n",
        (
            "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(1), 2)\n"
            "r = unittest.TestResult()\nunittest.defaultTestLoader.loadTestsFromTestCase(T).run(r)\n"
            "if not r.wasSuccessful(): raise ValueError"
        ),
    ),
    ("def f(n): raise type('ValueError', (Exception,), {})\n", "assert raises(ValueError, f, 1)"),
    ("def f(n): raise ExceptionGroup('', [ValueError()])\n", "assert raises(ValueError, f, 1)"),
]


@pytest.mark.parametrize(("source", "check"), WRONG)
def test_what_a_check_did_not_mean_does_not_satisfy_it(process: Sandbox, source: str, check: str) -> None:
    assert judged(process, source, check).outcome == "failed"


LOOP = "for got in f(3):\n    assert got == 1"
QUOTED = "try:\n    f('x')\nexcept KeyError as error:\n    assert error.args == ('x',)"


def test_a_check_none_of_whose_asserts_ran_does_not_hold(process: Sandbox) -> None:
    assert judged(process, "def f(n): return []\n", LOOP).outcome == "failed"


def test_the_key_of_a_key_error_arrives(process: Sandbox) -> None:
    assert judged(process, "def f(key): return {}[key]\n", QUOTED).outcome == "passed"


def test_an_answer_too_large_for_a_frame_costs_one_check(process: Sandbox) -> None:
    source = "def f(n): return 'x' * n\n"
    verdict = judged(process, source, "assert f(17_000_000) == ''", "assert f(1) == 'x'")
    assert [check.passed for check in verdict.checks] == [False, True]


def test_a_range_of_huge_numbers_is_shown_the_same_in_each_run(process: Sandbox) -> None:
    verdict = judged(process, "def f(n): return range(10**6000)\n", "assert f(1) == 1")
    assert "0x" not in verdict.failures[0].actual


def test_a_changed_deque_is_seen_like_a_list(process: Sandbox) -> None:
    check = "from collections import deque\nq = deque([1, 2])\nf(q)\nassert q == deque([2])"
    assert judged(process, "def f(q): q.popleft()\n", check, mutates=True).outcome == "passed"


def test_an_iterator_is_shown_the_same_in_each_run(process: Sandbox) -> None:
    verdict = judged(process, "def f(n): return iter([n])\n", "assert f(1) == [1]")
    assert verdict.failures[0].actual == "<list_iterator object>"


def test_dying_early_does_not_make_the_share_larger(process: Sandbox) -> None:
    checks = "\n".join(f"assert f({n}) == {n}" for n in range(1, 6))
    verdict = judged(process, "import os\ndef f(n): return n if n == 1 else os._exit(0)\n", checks)
    assert (verdict.assertions_passed, verdict.assertions_total) == (1, 5)


def test_checks_that_do_not_end_say_how_they_did(process: Sandbox) -> None:
    verdict = judged(process, "def f(): return 1\n", "assert f() == 1\nimport os\nos._exit(f() + 6)")
    assert (verdict.outcome, verdict.error) == ("failed", "the checks did not come to their end: exit code 7")


def test_what_is_too_large_for_the_solution_is_not_sent_and_is_no_fault(process: Sandbox) -> None:
    size = MAX_FRAME - len('{"op": "call", "name": "g", "object": null, "args": [""], "kwargs": {}}')
    source = f"def f(n): return 'x' * {size - 300}\ndef g(text): return len(text)\n"
    checks = (f"assert g(f(1) + 'x' * {more}) == {size - 300 + more}" for more in (200, 300))
    verdict = judged(process, source, *checks, names=("f", "g"), limits=PATIENT)
    assert [check.passed for check in verdict.checks] == [True, False]
    assert "cannot be handed to the solution" in verdict.failures[0].error


def test_more_calls_than_anybody_wants_are_no_pass(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executor.grading.asking.MAX_CALLS", 5)  # the real limit takes a minute to reach
    check = "for n in range(9):\n    try:\n        f(n)\n    except Exception:\n        pass\nassert True"
    verdict = judged(process, "def f(n): return n\n", check)
    assert (verdict.outcome, verdict.error) == ("failed", "the checks made more than 5 calls")


def test_a_solution_too_large_to_load_has_failed(process: Sandbox) -> None:
    verdict = judged(process, "#" * (17 << 20) + "\ndef f(): return 1\n", "assert f() == 1")
    assert (verdict.outcome, verdict.calls) == ("failed", 0)
    assert "cannot be handed to the solution" in verdict.error


HIDES = """
import os, sys, time
channel = sys.modules["__main__"].channel
def f(n):
    os.open(f"/proc/self/fd/{channel._incoming}", os.O_WRONLY)
    n or os.write(channel._outgoing, bytes([64, 0, 0, 0]))
    while time.process_time() < 0.3: pass
    return time.process_time()
"""


def test_who_keeps_the_host_from_hanging_up_is_not_tried_again(process: Sandbox) -> None:
    verdict = judged(process, HIDES, "assert f(0)", limits=PATIENT)
    assert (verdict.outcome, verdict.candidate.status) == ("failed", "output_limit")


def test_who_keeps_the_host_from_hanging_up_does_not_look_fast(process: Sandbox) -> None:
    verdict = judged(process, HIDES, "assert f(1)", limits=PATIENT)
    assert verdict.candidate.cpu_s > BOOKED * float(verdict.passes[0].actual)


def test_work_done_by_another_process_is_counted(sandbox: Sandbox) -> None:
    source = (
        "import os, time\n"
        "def f(n):\n"
        "    read, write = os.pipe()\n"
        "    if os.fork() == 0:\n"
        "        while time.process_time() < 0.4: pass\n"
        "        os.write(write, str(time.process_time()).encode())\n"
        "        time.sleep(60)\n"
        "    return float(os.read(read, 99))\n"
    )
    verdict = judged(sandbox, source, "assert f(1) > 0", limits=PATIENT)
    assert verdict.outcome == "passed"
    assert verdict.candidate.cpu_s > BOOKED * float(verdict.passes[0].actual)


def test_a_link_in_place_of_the_working_directory_is_not_followed(process: Sandbox, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.touch(0o400)
    source = (
        f"import os\nwork = os.getcwd()\nos.rmdir(work)\nos.symlink({str(tmp_path)!r}, work)\ndef f(): return work\n"
    )
    work = Path(judged(process, source, "assert f() == ''").failures[0].actual.strip("'"))
    assert (kept.stat().st_mode & 0o777, work.is_symlink()) == (0o400, False)


@pytest.mark.parametrize("after_s", [0.2, 0.3, 0.5])
def test_closing_the_sandbox_never_makes_a_quick_solution_fail(after_s: float) -> None:
    sandbox = ProcessSandbox()
    closer = threading.Timer(after_s, sandbox.close)
    closer.start()
    with pytest.raises((Interrupted, SandboxFault)):
        judged(sandbox, "def f(n): return n\n", "for n in range(90_000):\n    assert f(n) == n")
    closer.join()
