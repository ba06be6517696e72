from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.assess import Assessor
from executor.code_figures import MeasuredCode, measure_code
from executor.sandbox import Sandbox
from executor.score_engine import ReferenceTimes, Weights, elegance, score, speed
from memory.attempts import AttemptLimits, CodeFigures, Outcome, RunFacts, Score, Verdict
from memory.tasks import Check, Task
from tests.memory.builders import a_spec, a_task, a_verdict
from utils.errors import Fault, Interrupted, SandboxFault

REFERENCE = "def add(a, b):\n    return a + b\n"
LONGER = "def add(a, b):\n    total = a\n    total += b\n    return total\n"
BRANCHING = "def add(a, b):\n    return a + b if a else b\n"
WEIGHTS = Weights()


def verdict(outcome: Outcome = "passed", *, held: int = 1, total: int = 1, cpu_s: float = 0.1) -> Verdict:
    facts = RunFacts(status="exit", exit_code=0, wall_s=1, cpu_s=cpu_s, peak_mb=10)
    return a_verdict(outcome, assertions_passed=held, assertions_total=total, candidate=facts)


def scored(
    code: str = REFERENCE, seen: Verdict | None = None, *, reference: str | None = REFERENCE, difficulty: float = 0.5
) -> Score:
    task = a_task(reference=reference, difficulty=difficulty)
    cpu_s = None if reference is None else 0.1
    return score(task, code, seen or verdict(), reference_cpu_s=cpu_s, weights=WEIGHTS)


def measured(code: str) -> MeasuredCode:
    found = measure_code(code)
    assert found is not None
    return found


def neat(code: str, reference: str = REFERENCE) -> float:
    return elegance(measured(code), measured(reference))


def test_a_solution_like_the_reference_has_all_points_of_its_difficulty() -> None:
    figures = CodeFigures(complexity=2, size=5, issues=0)
    assert scored(difficulty=1) == Score(
        accuracy=1, speed=1, elegance=1, difficulty=1, points=100, figures=figures, reference_figures=figures
    )
    assert scored(difficulty=0).points == 50


def test_each_part_counts_by_its_weight() -> None:
    halved = score(
        a_task(reference=REFERENCE, difficulty=1),
        LONGER,
        verdict(cpu_s=0.205),
        reference_cpu_s=0.1,
        weights=Weights(accuracy=2, speed=1, elegance=1),
    )
    shorter = (5 / 9) ** (1 / 3)
    assert (halved.speed, halved.elegance) == (0.5, round(shorter, 6))
    assert halved.points == pytest.approx(100 * (2 + 0.5 + shorter) / 4, abs=1e-4)


def test_without_a_reference_accuracy_alone_counts() -> None:
    found = scored(reference=None)
    assert (found.speed, found.elegance, found.points, found.reference_figures) == (None, None, 75, None)


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
    assert neat(worse) < 1
    assert scored(worse).points < scored().points
    assert neat(REFERENCE, worse) == 1


@pytest.mark.parametrize("worse", [LONGER, BRANCHING, "def add(a, b=[]):\n    return a + b\n"])
def test_what_elegance_compared_stands_beside_it(worse: str) -> None:
    found = scored(worse)
    assert (found.figures, found.reference_figures) == (measured(worse).figures, measured(REFERENCE).figures)
    assert found.issues == measured(worse).issues


def test_each_poor_habit_costs_some_elegance() -> None:
    habits = ["    x0 = 0\n", "    x1 = 1\n", "    x2 = 2\n"]
    plain = "def add(a, b):\n{}    return a + b\n"
    unused = [neat(plain.format("".join(habits[:count]))) for count in range(4)]
    assert unused == sorted(set(unused), reverse=True)
    [issue] = measured(plain.format("".join(habits))).issues
    assert (issue.rule, issue.count, issue.line, issue.text) == ("F841", 3, 2, "x0 = 0")


def test_more_assertions_that_hold_are_worth_more() -> None:
    shares = [scored(seen=verdict("failed", held=held, total=10)) for held in range(11)]
    points = [each.points for each in shares]
    assert points == sorted(set(points))
    assert [each.accuracy for each in shares][:3] == [0, 0.1, 0.2]
    assert shares[10].accuracy == pytest.approx(10 / 11, abs=1e-6)


def test_harder_tasks_are_worth_more() -> None:
    points = [scored(difficulty=difficulty).points for difficulty in (0, 0.1, 0.5, 0.9, 1)]
    assert points == [50, 55, 75, 95, 100]


@pytest.mark.parametrize(("weight", "easiest"), [(0.0, 100.0), (0.25, 75.0), (1.0, 0.0)])
def test_the_weight_of_difficulty_says_what_the_easiest_task_is_worth(weight: float, easiest: float) -> None:
    weights = Weights(difficulty=weight)
    points = [
        score(a_task(reference=REFERENCE, difficulty=hard), REFERENCE, verdict(), reference_cpu_s=1, weights=weights)
        for hard in (0.0, 1.0)
    ]
    assert [each.points for each in points] == [easiest, 100]


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
    st.builds(Weights, accuracy=st.floats(0.001, 1), speed=WEIGHT, elegance=WEIGHT, difficulty=WEIGHT),
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


SUM = "def add(a, b):\n    return sum(range(a, b))\n"
BUSY = "def add(a, b):\n    for _ in range(100):\n        total = sum(range(a, b))\n    return total\n"


def test_speed_is_measured_against_the_reference_in_the_same_sandbox(process: Sandbox) -> None:
    task = a_task(checks=(Check(name="long", code="assert add(0, 100_000) == 4999950000"),), reference=SUM)
    assessor, spec = Assessor(process, Weights()), a_spec()
    found = {code: assessor.score(task, code, assessor.grade(task, code, spec), spec) for code in (SUM, BUSY)}
    slow, like_it = found[BUSY], found[SUM]
    assert slow is not None
    assert like_it is not None
    assert (slow.accuracy, like_it.accuracy) == (1, 1)
    assert slow.speed is not None
    assert like_it.speed is not None
    assert slow.speed < like_it.speed <= 1
    assert slow.points < like_it.points


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
