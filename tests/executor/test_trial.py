"""Tasks that nobody can pass, nobody can fail, or that never ask: told from their text and a few gradings."""

from typing import Any

import pytest

from executor.grading.check_reach import reach_of
from executor.grading.idle_checks import idle_flaw
from executor.grading.trial import try_task
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits
from memory.cases import Case, Generator, ProgramCase
from memory.tasks import Check, Task
from tests.executor.grading_tasks import CASES, CODE, COOPERATIVE, FRESH, PROGRAM

LIMITS = AttemptLimits(wall_s=8.0, cpu_s=2.0, memory_mb=256)
UNITTEST = """
import unittest
class T(unittest.TestCase):
    def test(self):
        self.assertEqual(f(1), 2)
r = unittest.TestResult()
T("test").run(r)
assert r.wasSuccessful()
"""
DOUBLE = "def f(x):\n    return 2 * x\n"


def task(*checks: str, **fields: Any) -> Task:
    made = tuple(Check(name=f"check {number}", code=code) for number, code in enumerate(checks))
    return Task.model_validate({"id": "t", "name": "t", "goal": "g", "entry_point": "f", "checks": made, **fields})


@pytest.mark.parametrize(
    ("broken", "kind", "told"),
    [
        (task('assert (f(1) == 2, "wrong")'), "nobody can fail", "its brackets make it a pair"),
        (task("f(1)\nassert True"), "nobody can fail", "`assert True` can never fail"),
        (task("assert f(1) == 2", "assert 1 + 1 == 2"), "nobody can fail", "does not look at anything of the solution"),
        (task("assert f(1) or True"), "nobody can fail", "can never fail"),
        (task("assert f(1) is None"), "nobody can fail", "an answer that does nothing passes"),
        (task("q = Queue()\nq.push(1)\nassert q.pop() is None", entry_point="Queue"), "nobody can fail", "nothing"),
        (task("assert f(1) == f(1)"), "nobody can fail", "an answer that does nothing passes"),
        (task("assert isinstance(f(1), str)"), "nobody can fail", "an answer that always gives another text passes"),
        (task("assert raises(Exception, f, 1)"), "nobody can fail", "an answer that only raises passes"),
        (task("for x in []:\n    assert f(x) == 1"), "never asks", "its checks never ask the solution anything"),
        (task("import numpy_is_not_here\nassert f(1) == 2"), "nobody can pass", "it needs numpy_is_not_here"),
        (task("assert f(1) == 2", setup="import numpy_is_not_here"), "nobody can pass", "BT_SANDBOX_PACKAGES"),
        (task("assert f(1) == 2", setup="table = 1 // 0"), "nobody can pass", "ZeroDivisionError"),
        (task("xs = [1][5]\nassert f(xs) == 2"), "nobody can pass", "IndexError"),
        (task("assert f(1) == 2", "assert g(1) == 2"), "nobody can pass", "a check uses g, which nothing defines"),
        (task("assert f(1) == 2", reference="def f(x):\n    return x\n"), "nobody can pass", "f(1) == 2 gave 1, not 2"),
        (task("assert f(1) == 2", reference="def g(x):\n    return x\n"), "nobody can pass", "does not define f"),
        (task("assert f(1) == 2", reference="import numpy_is_not_here\n" + DOUBLE), "nobody can pass", "it needs"),
        (
            task("assert f(1) == 2", reference=DOUBLE, generator=Generator(source="def inputs(rng): return [1]")),
            "nobody can pass",
            "its generator",
        ),
        (task(cases=(Case(call="f(1)", expected="None"),)), "nobody can fail", "an answer that does nothing passes"),
        (
            task(entry_point=None, program_cases=(ProgramCase(stdin="1\n", stdout="\n"),)),
            "nobody can fail",
            "a program that prints nothing passes",
        ),
        (
            task(entry_point=None, program_cases=(ProgramCase(stdin="1\n", stdout="2\n"),), reference="print(3)"),
            "nobody can pass",
            "its own reference does not pass",
        ),
        (task("import random\nrandom.seed(4)\nassert f(1) == 5"), "out of reach", "seed random numbers"),
    ],
)  # fmt: skip
def test_a_broken_task_is_told_in_one_line(process: Sandbox, broken: Task, kind: str, told: str) -> None:
    trial = try_task(broken, process, LIMITS)
    assert (trial.kind, told in trial.flaw, "\n" in trial.flaw) == (kind, True, False), trial.flaw


@pytest.mark.parametrize(
    "sound",
    [
        CODE,
        CASES,
        FRESH,
        PROGRAM,
        COOPERATIVE,
        task("assert f(1) == 2"),
        task("try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass", "assert raises(ValueError, f, -1)"),
        task("assert f(1) == 2", "for x in f(3):\n    assert x > 0"),
        task("b = f(1)\nassert b.items() == [1]", interface=("Bag",), reference="class f:\n    def __init__(self, x):\n"
             "        self.x = x\n    def items(self):\n        return [self.x]\nclass Bag: pass\n"),
        task("s = f()\ns.push(1)\nassert s.pop() == 1", entry_point="f"),
        task("import random\nrandom.seed(4)\nxs = random.sample(range(9), 4)\nassert f(xs) == 2 * xs"),
        task("try:\n    r = f(1)\nexcept Exception:\n    pass\nassert r == 2"),
        task("if f(1):\n    two = 2\nassert two == f(1)"),
        task("n = f()\nassert getattr(n, 'value', None) is not None"),
        task("assert callable(f().push)"),
        Task(id="t", name="t", goal="g"),
    ],
)  # fmt: skip
def test_nothing_is_said_of_a_sound_task(process: Sandbox, sound: Task) -> None:
    assert try_task(sound, process, LIMITS).flaw == ""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("p = open('a.txt', 'w')\np.write('x')\nassert f('a.txt') == 'x'", "files"),
        ("import os, tempfile\np = os.path.join(tempfile.mkdtemp(), 'a')\nassert f(p) == 1", "files"),
        ("from pathlib import Path\np = Path('out')\nf(p)\nassert (p / 'a').read_text() == 'x'", "files"),
        ("import os\nf()\nassert os.path.exists('out.txt')", "files"),
        ("import time\ntime.time = lambda: 5.0\nassert f() == 5.0", "change a module"),
        ("import time\nreal, time.time = time.time, lambda: 5.0\nassert f() == 5.0", "change a module"),
        ("import math as m\nsetattr(m, 'pi', 3)\nassert f() == 3", "change a module"),
        ("import decimal\ndecimal.getcontext().prec = 5\nassert f() == 3", "change a module"),
        ("import sys\nsys.modules['clock'] = None\nassert f() == 3", "change a module"),
        ("import os\nos.environ['APP'] = 'x'\nassert f() == 'x'", "environment"),
        ("from os import environ as e\ne.update(APP='x')\nassert f() == 'x'", "environment"),
        ("import os\nos.chdir('/tmp')\nassert f() == '/tmp'", "environment"),
        ("from random import seed\nseed(4)\na = f()\nseed(4)\nassert f() == a", "seed random"),
        ("import io, contextlib\nb = io.StringIO()\nwith contextlib.redirect_stdout(b):\n    f()\nassert b.getvalue()",
         "capture what is printed"),
        ("import io, sys\nsys.stdout = io.StringIO()\nf()\nassert sys.stdout.getvalue() == 'x'", "capture"),
        ("import builtins\nbuiltins.input = lambda p='': '5'\nassert f() == 5", "change a module"),
        ("import io, sys\nsys.stdin = io.StringIO('5')\nassert f() == 5", "standard input"),
        ("input = lambda prompt='': '5'\nassert f() == 5", "standard input"),
        ("from unittest.mock import patch\nwith patch('time.time', return_value=5):\n    assert f() == 5", "mock"),
        ("from unittest import mock\nwith mock.patch.object(int, 'x'):\n    assert f() == 5", "mock"),
        ("import warnings\nwith warnings.catch_warnings(record=True) as w:\n    f()\nassert w", "warnings"),
        ("assert eval(f('1+1')) == 2", "run what the solution answers as code"),
        ("f.cache = {}\nassert f(1) == 2", ""),
        ("a = f(1)\na.next = f(2)\nassert a.total() == 3", ""),
        ("assert f([1, 2]) == 3", ""),
        ("import os\nassert f(os.path.join('a', 'b')) == 'a'", ""),
        ("input = [3, 1]\nassert f(input) == [1, 3]", ""),
        ("import random\nr = random.Random(4)\nr.seed(5)\nassert f(r.random()) > 0", ""),
        ("import time\nstart = time.time()\nf(1)\nassert time.time() - start < 5 and f(1) == 2", ""),
        ("class Own:\n    def __init__(self):\n        self.x = 1\nassert f(Own().x) == 2", ""),
        ("rows = f(2)\nrows[0] = 5\nassert f(2)[0] == 0", ""),
    ],
)  # fmt: skip
def test_what_calls_cannot_carry_is_told_from_the_text_of_a_check(code: str, told: str) -> None:
    why = reach_of(code, ["f"])
    assert told in why
    assert bool(told) == bool(why)


@pytest.mark.parametrize(
    "code",
    [
        "x = f(1)\ny = [x]\nassert y",
        "try:\n    f(1)\nexcept ValueError:\n    assert True",
        "def check(candidate):\n    assert candidate(1) == 2",
        "def near(g):\n    assert g(1) == 2\nnear(f)",
        "xs = [2, 1]\nf(xs)\nassert xs == [1, 2]",
        "if f(1) != 2:\n    raise ValueError('wrong')\nassert True",
        UNITTEST,
    ],
)
def test_an_assert_that_the_solution_has_a_hand_in_is_not_idle(code: str) -> None:
    assert idle_flaw(code, ["f"]) == ""
