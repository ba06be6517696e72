"""One small task in each mode, so that the same solutions and attacks can be tried in all of them."""

from executor.grading.grade import grade
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits, AttemptSpec, Verdict
from memory.cases import Case, Generator, ProgramCase
from memory.tasks import Check, Task

REFERENCE = "def add(a, b):\n    return a + b\n"
GENERATOR = Generator(
    source="def inputs(rng):\n    while True:\n        yield rng.randint(-99, 99), rng.randint(-99, 99)\n", count=5
)
LIMITS = AttemptLimits(wall_s=8.0, cpu_s=2.0, memory_mb=256)
CODE = Task(
    id="add-code",
    name="add",
    goal="add(a, b)",
    entry_point="add",
    reference=REFERENCE,
    checks=(Check(name="small", code="assert add(1, 2) == 3"), Check(name="more", code="assert add(-1, 1) == 0")),
)
CASES = Task(
    id="add-cases",
    name="add",
    goal="add(a, b)",
    entry_point="add",
    reference=REFERENCE,
    cases=(
        Case(call="add(1, 2)", expected="3"),
        Case(call="add(-1, 1)", expected="0"),
        Case(call="add(None, 1)", raises="TypeError"),
        Case(call="add(100, 3)", expected="103"),
        Case(call="add(2, 4)", expected="6"),
        Case(call="add(100000000000000000000, 1)", expected="100000000000000000001"),
    ),
)
FRESH = CASES.model_copy(update={"id": "add-fresh", "generator": GENERATOR})
PROGRAM_REFERENCE = "a, b = map(int, input().split())\nprint(a + b)\n"
PROGRAM = Task(
    id="add-program",
    name="add",
    goal="read two numbers, print their sum",
    reference=PROGRAM_REFERENCE,
    program_cases=(ProgramCase(stdin="1 2\n", stdout="3\n"), ProgramCase(name="below 0", stdin="-1 1\n", stdout="0\n")),
)
TESTS = """
import unittest
from solution import add

class Adds(unittest.TestCase):
    def test_small(self):
        self.assertEqual(add(1, 2), 3)

    def test_parts(self):
        for n in range(3):
            with self.subTest(n=n):
                self.assertEqual(add(n, n), 2 * n)

class Plain:
    def test_more(self):
        assert add(-1, 1) == 0

def test_text():
    assert add("a", "b") == "ab"
"""
COOPERATIVE = Task(id="add-tests", name="add", goal="add(a, b)", entry_point="add", tests=TESTS, reference=REFERENCE)

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
