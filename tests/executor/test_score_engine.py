import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.score_engine import CodeSize, ReferenceTimes, Weights, elegance, measure_code, score, speed
from memory.attempts import AttemptLimits, Outcome, RunFacts, Score, Verdict
from memory.tasks import Task
from tests.memory.builders import a_task, a_verdict
from utils.errors import Fault, Interrupted, SandboxFault

REFERENCE = "def add(a, b):\n    return a + b\n"
LONGER = "def add(a, b):\n    total = a\n    total += b\n    return total\n"
BRANCHING = "def add(a, b):\n    return a + b if a else b\n"
WEIGHTS = Weights()
CHECKOUT = Path(__file__).resolve().parents[2]


def verdict(outcome: Outcome = "passed", *, held: int = 1, total: int = 1, cpu_s: float = 0.1) -> Verdict:
    facts = RunFacts(status="exit", exit_code=0, wall_s=1, cpu_s=cpu_s, peak_mb=10)
    return a_verdict(outcome, assertions_passed=held, assertions_total=total, candidate=facts)


def scored(
    code: str = REFERENCE, seen: Verdict | None = None, *, reference: str | None = REFERENCE, difficulty: float = 0.5
) -> Score:
    task = a_task(reference=reference, difficulty=difficulty)
    cpu_s = None if reference is None else 0.1
    return score(task, code, seen or verdict(), reference_cpu_s=cpu_s, weights=WEIGHTS)


def test_a_solution_like_the_reference_has_all_points_of_its_difficulty() -> None:
    assert scored(difficulty=1) == Score(accuracy=1, speed=1, elegance=1, difficulty=1, points=100)
    assert scored(difficulty=0).points == 50


def test_each_part_counts_by_its_weight() -> None:
    halved = score(
        a_task(reference=REFERENCE, difficulty=1),
        LONGER,
        verdict(cpu_s=0.205),
        reference_cpu_s=0.1,
        weights=Weights(accuracy=2, speed=1, elegance=1),
    )
    assert (halved.speed, halved.elegance) == (0.5, 0.707107)
    assert halved.points == pytest.approx(100 * (2 + 0.5 + 0.5**0.5) / 4, abs=1e-4)


def test_without_a_reference_accuracy_alone_counts() -> None:
    assert scored(reference=None) == Score(accuracy=1, speed=None, elegance=None, difficulty=0.5, points=75)


def test_slower_is_worse_and_faster_than_the_reference_is_no_better() -> None:
    times = [0.0, 0.05, 0.1, 0.2, 0.4, 5.0]
    speeds = [scored(seen=verdict(cpu_s=cpu_s)).speed for cpu_s in times]
    assert speeds == [1, 1, 1, 0.512195, 0.259259, 0.020979]
    points = [scored(seen=verdict(cpu_s=cpu_s)).points for cpu_s in times]
    assert points == sorted(points, reverse=True)


def test_differences_below_the_noise_of_the_clock_hardly_count() -> None:
    assert speed(0.002, 0.001) == pytest.approx(0.857, abs=0.001)


@pytest.mark.parametrize("worse", [LONGER, BRANCHING, REFERENCE + "\n\ndef other():\n    return 1\n"])
def test_longer_or_more_branching_is_less_elegant(worse: str) -> None:
    neat = elegance(worse, REFERENCE)
    assert neat is not None
    assert neat < 1
    assert scored(worse).points < scored().points
    assert elegance(REFERENCE, worse) == 1


def test_comments_docstrings_names_and_layout_cost_nothing() -> None:
    talkative = (
        '"""Sums."""\n\n\ndef add(first_number, second_number):\n    """The sum."""\n    # the sum\n'
        "    return (\n        first_number\n        + second_number\n    )\n"
    )
    assert elegance(talkative, REFERENCE) == 1


def test_branching_cannot_be_hidden_in_classes_inner_functions_or_the_module() -> None:
    branches = "if a:\n    x = 1\nelse:\n    x = 2\n"
    inner = f"def f(a):\n    def g():\n{indented(branches, 8)}    return g\n"
    method = f"class A:\n    def f(self, a):\n{indented(branches, 8)}"
    measured = [measure_code(code) for code in (branches, f"def f(a):\n{indented(branches, 4)}", method, inner)]
    assert measured == [CodeSize(2, 3), CodeSize(3, 4), CodeSize(3, 5), CodeSize(4, 6)]


def indented(code: str, margin: int) -> str:
    return "".join(" " * margin + line for line in code.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("code", "complexity"),
    [
        ("x = 1", 1),
        ("def f(): pass", 2),
        ("async def f(): pass", 2),
        ("x = a and b and c or d", 4),
        ("x = [y for y in z if y if not y]", 4),
        ("for x in y: pass\nelse: pass", 3),
        ("while x: pass", 2),
        ("try: pass\nexcept A: pass\nexcept B: pass\nelse: pass\nfinally: pass", 4),
        ("try: pass\nexcept* A: pass", 2),
        ("match x:\n case 1: pass\n case _: pass", 3),
        ("assert x", 2),
        ("x = 1 if y else 2", 2),
        ("if x: pass\nelif y: pass\nelse: pass", 3),
        ("with x: pass", 1),
    ],
)
def test_each_decision_counts_once(code: str, complexity: int) -> None:
    found = measure_code(code)
    assert found is not None
    assert found.complexity == complexity


def test_more_assertions_that_hold_are_worth_more() -> None:
    shares = [scored(seen=verdict("failed", held=held, total=10)) for held in range(11)]
    points = [each.points for each in shares]
    assert points == sorted(set(points))
    assert [each.accuracy for each in shares][:3] == [0, 0.1, 0.2]
    assert shares[10].accuracy == pytest.approx(10 / 11, abs=1e-6)


def test_harder_tasks_are_worth_more() -> None:
    points = [scored(difficulty=difficulty).points for difficulty in (0, 0.1, 0.5, 0.9, 1)]
    assert points == [50, 55, 75, 95, 100]


def test_a_failure_of_code_that_cannot_be_measured_does_not_beat_a_poor_pass() -> None:
    hopeless = f"{REFERENCE}# {'x' * 60_000}\n"
    failure = scored(hopeless, verdict("failed", held=99, total=100))
    poor = scored(LONGER * 200, verdict(cpu_s=100))
    assert (failure.elegance, failure.points < poor.points) == (None, True)


SECONDS = st.floats(0, 1000)
WEIGHT = st.floats(0, 1)
CODES = st.sampled_from([REFERENCE, LONGER, BRANCHING, LONGER * 40, "def f(", "", "# nothing"])


@given(
    st.sampled_from([REFERENCE, LONGER, None, "def f("]), st.floats(0, 1), st.one_of(st.none(), SECONDS),
    st.builds(Weights, accuracy=st.floats(0.001, 1), speed=WEIGHT, elegance=WEIGHT),
    CODES, SECONDS, CODES, SECONDS, st.integers(0, 1000), st.integers(0, 1000),
)  # fmt: skip
def test_points_are_bounded_and_no_failure_beats_a_pass_of_the_same_task(  # noqa: PLR0913, PLR0917  one for each part
    reference: str | None, difficulty: float, reference_cpu_s: float | None, weights: Weights,
    good: str, good_s: float, bad: str, bad_s: float, held: int, more: int,
) -> None:  # fmt: skip
    task = a_task(reference=reference, difficulty=difficulty)
    passed = score(task, good, verdict(cpu_s=good_s), reference_cpu_s=reference_cpu_s, weights=weights)
    failed = score(
        task, bad, verdict("failed", held=held, total=held + more, cpu_s=bad_s), reference_cpu_s=None, weights=weights
    )
    assert 0 <= failed.points <= passed.points <= 100


HOSTILE: dict[str, Callable[[], str]] = {
    "signs": lambda: "-" * 49_000 + "1",
    "nots": lambda: "not " * 12_000 + "x",
    "open parentheses": lambda: "(" * 10_000,
    "parentheses": lambda: "(" * 190 + "1" + ")" * 190,
    "attributes": lambda: "a." * 24_000 + "a",
    "calls": lambda: "f" + "()" * 24_000,
    "lists": lambda: "[" * 24_000 + "]" * 24_000,
    "operators": lambda: "1" + "+1" * 24_000,
    "powers": lambda: "1" + "**1" * 16_000,
    "conditions": lambda: "a if a else " * 4000 + "a",
    "lambdas": lambda: "lambda:" * 7000 + "1",
    "f-strings in f-strings": lambda: "f'{" * 16_000 + "}'" * 16_000,
    "format specs": lambda: "f'" + "{a:" * 12_000 + "}" * 12_000 + "'",
    "else ifs": lambda: "if a:\n pass\n" + "elif a:\n pass\n" * 3000,
    "nested blocks": lambda: "".join(" " * depth + "if a:\n" for depth in range(98)) + " " * 98 + "pass",
    "nested classes": lambda: "".join(" " * depth + "class A:\n" for depth in range(98)) + " " * 98 + "pass",
    "nested functions": lambda: "".join(" " * depth + "def f():\n" for depth in range(98)) + " " * 98 + "pass",
    "patterns": lambda: "match a:\n case " + "[" * 24_000 + "]" * 24_000 + ": pass",
    "a table": lambda: "x = [\n" + "1,\n" * 16_000 + "]\n",
    "a long string": lambda: '"""\n' + "a\n" * 24_000 + '"""\n',
    "statements": lambda: "a;" * 24_000,
    "functions": lambda: "def f():0\n" * 4900,
    "a long import": lambda: "import " + "a." * 24_000 + "a",
    "a large number": lambda: "9" * 49_000,
    "null bytes": lambda: "\0" * 49_000,
    "surrogates": lambda: "'\ud800'",
    "an encoding": lambda: "# coding: utf-7\n+AGE-",
    "escapes that warn": lambda: r"x = '\d'",
    "too much": lambda: "x = 1\n" * 1_000_000,
    "nothing": lambda: "",
}


def test_no_code_can_crash_or_stall_the_measurement(tmp_path: Path) -> None:
    places = [tmp_path / f"{number}.py" for number in range(len(HOSTILE))]
    for place, make in zip(places, HOSTILE.values(), strict=True):
        place.write_bytes(make().encode("utf-8", "surrogatepass"))
    program = (
        "import sys\nfrom pathlib import Path\nfrom executor.score_engine import measure_code\n"
        "for name in sys.argv[1:]:\n"
        "    measure_code(Path(name).read_bytes().decode('utf-8', 'surrogatepass'))\n"
        "    print(name, flush=True)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *places],
        capture_output=True, text=True, check=False, timeout=60, cwd=CHECKOUT,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr, ran.stdout.split()) == (0, "", [str(place) for place in places])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_measured_quickly(name: str) -> None:
    code = HOSTILE[name]()
    started = time.process_time()
    measure_code(code)
    assert time.process_time() - started < 5.0  # measured: 0.3 at most, but for 1.2 of the long import


def test_code_that_is_no_python_is_not_measured() -> None:
    assert [measure_code(code) for code in ("def f(", "\0", "x" * 50_001)] == [None, None, None]
    assert measure_code("") == CodeSize(1, 1)


class Grader:
    """Gives the outcomes one after the other, and counts."""

    def __init__(self, outcomes: Iterable[Verdict | Fault]) -> None:
        self.asked = 0
        self._outcomes = iter(outcomes)

    def __call__(self, _task: Task, _code: str, _limits: AttemptLimits) -> Verdict:
        self.asked += 1
        outcome = next(self._outcomes)
        if isinstance(outcome, Fault):
            raise outcome
        return outcome


def test_a_reference_is_timed_once_for_each_task_and_limits() -> None:
    grader = Grader(verdict(cpu_s=cpu_s) for cpu_s in (0.1, 0.2, 0.3))
    times, limits = ReferenceTimes(grader), AttemptLimits()
    one, two = a_task(reference=REFERENCE), a_task("two", reference=REFERENCE)
    found = [times.of(task, limits) for task in (one, one, two, one)]
    assert (found, grader.asked) == ([0.1, 0.1, 0.2, 0.1], 2)
    assert (times.of(one, AttemptLimits(cpu_s=1)), grader.asked) == (0.3, 3)


def test_a_reference_that_does_not_pass_here_is_no_comparison() -> None:
    grader = Grader([verdict("failed")])
    times = ReferenceTimes(grader)
    task = a_task(reference=REFERENCE)
    assert [times.of(task, AttemptLimits()) for _ in range(2)] == [None, None]
    assert times.of(a_task(), AttemptLimits()) is None
    assert grader.asked == 1


def test_a_sandbox_that_was_lost_is_tried_again_for_the_next_attempt() -> None:
    times = ReferenceTimes(Grader([SandboxFault("lost"), verdict(cpu_s=0.1)]))
    task = a_task(reference=REFERENCE)
    assert [times.of(task, AttemptLimits()) for _ in range(2)] == [None, 0.1]


def test_a_stop_while_the_reference_runs_is_told() -> None:
    times = ReferenceTimes(Grader([Interrupted("Ctrl-C"), verdict(cpu_s=0.1)]))
    task = a_task(reference=REFERENCE)
    with pytest.raises(Interrupted):
        times.of(task, AttemptLimits())
    assert times.of(task, AttemptLimits()) == 0.1
