"""What the plain run sees that copies do not show, how it ends, and what its words may hold."""

import pytest

from executor.grading.plain import Plain, run_plainly
from executor.sandbox import Limits, Sandbox
from memory.tasks import Check, Task
from tests.executor.test_grade_attacks import judged

BOUNDS = Limits(wall_s=2.5, cpu_s=1.5, memory_mb=256)


def plainly(sandbox: Sandbox, source: str, *codes: str, hash_seed: int = 0) -> Plain:
    checks = tuple(Check(name=f"check {number}", code=code) for number, code in enumerate(codes))
    task = Task(id="t", name="t", goal="g", entry_point="f", checks=checks)
    return run_plainly(task, source, sandbox, limits=BOUNDS, hash_seed=hash_seed)


SEES = [
    ("def f(x, seen=[]):\n    seen.append(x)\n    return seen\n", "assert f(1) == [1]\nassert f(2) == [2]"),
    ("def f(x, seen=[]):\n    seen.append(x)\n    return seen\n", "a = f(1)\nb = f(2)\nassert a == [1]"),
    ("kept = [0]\ndef f(x): return kept\n", "f(1).append(3)\nassert f(1) == [0]"),
    ("def f(rows): return [rows[0]] * 2\n", "a = f([[1]])\na[0].append(2)\nassert a[1] == [1]"),
    ("def f(xs):\n    xs.sort()\n    return xs[0]\n", "xs = [2, 1]\nassert f(xs) == 1\nassert xs == [2, 1]"),
    ("def f(xs): return xs\n", "xs = [1]\nys = f(xs)\nys.append(2)\nassert xs == [1]"),
    ("def f(xs): return xs[:]\n", "xs = [1]\nassert f(xs) is xs"),
]


@pytest.mark.parametrize(("source", "check"), SEES)
def test_what_is_shared_is_seen_where_values_are_copies(process: Sandbox, source: str, check: str) -> None:
    assert judged(process, source, check).outcome == "failed"
    assert plainly(process, source, check) == Plain(passed=False, said="check 0: AssertionError")


def test_what_only_the_plain_run_sees_is_told(process: Sandbox) -> None:
    verdict = judged(process, *SEES[4])
    assert (verdict.checks[0].passed, verdict.plain) == (True, "check 0: AssertionError")
    assert "as plain Python runs it, it fails" in verdict.error


ENDS = [
    ("def f(n): print('p' * 100_000); return n\n", "passed"),
    ("import sys\ndef f(n): sys.stdout.close(); return n\n", "passed"),
    ("import os\ndef f(n): os._exit(0)\n", "its process ended"),
    ("import os, signal\ndef f(n): os.kill(os.getpid(), 9)\n", "its process ended"),
    ("def f(n):\n    while True: pass\n", "its process ended"),
    ("import time\ndef f(n): time.sleep(60)\n", "its process ended"),
    ("def f(n): raise SystemExit(0)\n", "check 0: an exception"),
    ("def f(n): raise KeyboardInterrupt\n", "check 0: an exception"),
    ("def f(n): return f(n)\n", "check 0: RecursionError"),
    ("def f(n): return 'x' * (1 << 40)\n", "check 0: MemoryError"),
    ("raise ValueError('no')\n", "at its start: ValueError"),
    ("def f(:\n", "at its start: SyntaxError"),
    ("def g(n): return n\n", "at its start: AttributeError"),
    ("class passed(Exception): pass\ndef f(n): raise passed('check 0: passed')\n", "check 0: an exception"),
    ("def f(n): raise type('x' * 9_000_000, (BaseException,), {})\n", "check 0: an exception"),
    ("def f(n): raise type('ValueError', (BaseException,), {})\n", "check 0: ValueError"),
    ("class Bad(Exception):\n    def __str__(s): raise s\n    __repr__ = __str__\ndef f(n): raise Bad\n",
     "check 0: an exception"),
    (("class Meta(type):\n    __name__ = property(lambda s: 1 / 0)\nclass Bad(Exception, metaclass=Meta): pass\n"
     "def f(n): raise Bad\n"), "its process ended"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "said"), ENDS)
def test_however_a_plain_run_ends_it_is_told_in_words_of_the_judge(process: Sandbox, source: str, said: str) -> None:
    found = plainly(process, source, "assert f(1) == 1")
    assert found == Plain(passed=said == "passed", said=said)


SPEAKS = """
import sys
channel = sys.modules["__main__"].channel
channel.send({frame!r})
channel.receive()
def f(n): return n
"""
FRAMES = [
    b"a text of its own", b"[]", b"{}", b"[" * 5000, b"null", b'"\xff"', b'{"passed": 1, "where": "", "raised": ""}',
    b'{"passed": "true", "where": "check 0", "raised": "a text of its own"}',
    b'{"passed": false, "where": "a text of its own", "raised": "a text of its own"}',
    b'{"passed": false, "where": ["check 0"], "raised": {"a text of its own": 1}}',
]  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES)
def test_nothing_of_what_a_plain_run_says_was_chosen_by_the_solution(process: Sandbox, frame: bytes) -> None:
    found = plainly(process, SPEAKS.format(frame=frame), "assert f(1) == 2")
    assert not found.passed
    assert found.said in (
        "its process answered nonsense",
        "check 0: an exception",
        "at its start: an exception",
        "its process ended",
    )


HIDES = "import sys\nif sys._getframe(1).f_code.co_name == 'load': {there}\ndef f(n): return n\n"


@pytest.mark.parametrize("there", ["import os; os._exit(0)", "raise ValueError", "import time; time.sleep(99)",
                                   "x = ['y' * 10_000_000 for _ in range(10_000)]", "while True: pass"])  # fmt: skip
def test_who_fails_in_one_of_the_two_fails(process: Sandbox, there: str) -> None:
    verdict = judged(
        process,
        HIDES.format(there=there),
        "assert f(1) == 1",
    )
    assert (verdict.outcome, verdict.candidate.status) == ("failed", "exit")


FOOLS = [
    ("import sys, json\nch = sys.modules['__main__'].channel\n"
    "if sys._getframe(1).f_code.co_name == 'load':\n"
    "    ch.send(b'{\"op\": \"plain\", \"passed\": true, \"where\": \"\", \"raised\": \"\"}')\ndef f(n): return 1\n"),
    "import builtins\ndef f(n):\n    builtins.AssertionError = type('Never', (Exception,), {})\n    return 1\n",
    "class Same(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef f(n): return Same(1)\n",
    "class Same:\n    def __eq__(s, o): return True\n    __hash__ = object.__hash__\ndef f(n): return Same()\n",
    ("import gc\ndef f(n):\n    for each in gc.get_objects():\n        if type(each) is dict and 'wanted' in each:\n"
    "            return each['wanted']\n    return 1\n"),
    "import sys\ndef f(n): return sys._getframe(1).f_globals.get('wanted')\n",
]  # fmt: skip


@pytest.mark.parametrize("source", FOOLS)
def test_who_fools_the_plain_run_does_not_pass(process: Sandbox, source: str) -> None:
    assert judged(process, source, "wanted = 7\nassert f(1) == wanted").outcome == "failed"


def test_a_wrong_answer_that_hangs_on_the_order_of_texts_in_a_set_says_so(process: Sandbox) -> None:
    words = ["ab", "cd", "ef", "gh", "ij", "kl", "mn"]
    check = f"assert f({words}) == list(set({words}))"
    source = "def f(words): return list(set(words))\n"
    assert judged(process, source, check).outcome == "passed"
    first = judged(process, "def f(words): return list(set(words))\n", f"assert f({words}) == []").failures[0].actual
    verdict = judged(process, source, f"assert f({words}) == {first}")
    assert (verdict.outcome, verdict.plain) == ("failed", "check 0: AssertionError")
    assert "PYTHONHASHSEED" in verdict.error
