"""The benchmarks of the sandboxes themselves: would they notice, and do sandboxes pass a short one?"""

import random
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.attacks import attacks_for
from benchmarks.bench_sandbox import Goal, goals, latencies, table, throughputs
from benchmarks.contenders import PLAIN, PLAIN_CHECKS, RUN, Contender
from benchmarks.host_use import Use, left, left_files, left_processes, own_use
from benchmarks.recorded import one_task
from benchmarks.soak_sandbox import Soak, growth
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import ExecutionResult, Job
from memory.tasks import Task
from tests.running import wait_for

CHECKOUT = Path(__file__).resolve().parents[1]
BUBBLEWRAP_AND_DOCKER = ["bubblewrap", pytest.param("docker", marks=pytest.mark.docker)]
# of each name: milliseconds of one, results a second
QUICK: dict[str, float] = {PLAIN: 10, PLAIN_CHECKS: 20, RUN: 300, "docker: fork": 10, "docker: graded pair": 19}
RATES = {PLAIN: 150.0, PLAIN_CHECKS: 80.0, RUN: 5.0, "docker: fork": 100.0, "docker: graded pair": 60.0}


def ran(module: str, *options: str, timeout_s: float = 100) -> tuple[int, str]:
    """Exit code and output of a benchmark."""
    done = subprocess.run(
        (sys.executable, "-m", f"benchmarks.{module}", *options),
        cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=timeout_s,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_every_round_takes_each_once_in_an_order_of_its_own() -> None:
    heard: list[str] = []

    def contender(name: str) -> Contender:
        def action() -> bool:
            heard.append(name)
            return True

        return Contender(name, action)

    times = latencies([contender(name) for name in "abcd"], 20, random.Random(1))
    rounds = [tuple(heard[start : start + 4]) for start in range(0, len(heard), 4)]
    assert {name: len(found) for name, found in times.items()} == dict.fromkeys("abcd", 20)
    assert all(sorted(each) == list("abcd") for each in rounds)
    assert len(set(rounds)) > 5


def test_a_result_that_is_wrong_ends_the_benchmark() -> None:
    with pytest.raises(AssertionError, match="the result is wrong"):
        throughputs([Contender("liar", lambda: False)], 1, random.Random(1))


def test_goals_are_ratios_of_one_run_and_what_was_not_measured_is_missed() -> None:
    times = {name: [ms] * 9 for name, ms in QUICK.items()}
    found = goals(times, RATES, {"docker": [24.0, 24.0], "bubblewrap": [26.0, 26.0]})
    assert [(goal.figure, goal.held) for goal in found] == [
        (20.0, True),
        (0.95, True),
        (None, False),
        (24.0, True),
        (26.0, False),
    ]
    assert "MISSED" in Goal("speed", None, most=2.0).line()
    assert "20.0" in next(line for line in table(times, RATES).splitlines() if line.startswith("docker: fork"))


def test_growth_of_the_supervisor_is_seen() -> None:
    flat = [Use(50.0, 20, 6)] * 100
    assert all(row.within for row in growth(flat, connections=0))
    leaking = [Use(50.0 + job / 5, 20 + job, 6) for job in range(100)]
    assert [row.within for row in growth(leaking, connections=0)] == [False, False, True]


def test_a_process_and_a_file_that_are_left_are_found(tmp_path: Path) -> None:
    marker = f"left{uuid.uuid4().hex}"
    assert [found for found in left(marker, tmp_path) if "container" not in found and marker in found] == []
    before = {*left_processes(marker)}  # of other tests
    with subprocess.Popen((sys.executable, "-c", "input()", marker), stdin=subprocess.PIPE) as process:
        wait_for(lambda: left_processes(marker) != [*before])  # a program has no arguments yet when it has just begun
        assert [found.split()[1] for found in left_processes(marker) if found not in before] == [f"{process.pid}:"]
        process.kill()
    with tempfile.NamedTemporaryFile(prefix=marker, dir="/tmp") as file:
        (tmp_path / "job").mkdir()
        assert left_files(marker, tmp_path) == [str(tmp_path / "job"), file.name]


class Forgetful(ProcessSandbox):
    """Loses what one job in three prints."""

    jobs = 0

    def run(self, job: Job) -> ExecutionResult:
        Forgetful.jobs += 1
        lost = Job(argv=("true",)) if Forgetful.jobs % 3 == 0 else job
        return super().run(lost)


def test_wrong_results_are_counted() -> None:
    sandbox = Forgetful()
    soak = Soak(sandbox)
    soak.run(7)
    sandbox.close()
    assert len(soak.wrong) >= 1
    assert sum(Counter(soak.statuses).values()) == len(soak.uses) == 7


def test_each_kind_meets_the_attacks_that_its_walls_are_for() -> None:
    process, landlock, bubblewrap, docker = (
        {attack.name for attack in attacks_for(kind)} for kind in ("process", "landlock", "bubblewrap", "docker")
    )
    assert process < landlock < docker
    assert docker - bubblewrap == {"eats_memory_together"}


def test_the_graded_task_has_a_reference_and_checks() -> None:
    task: Task = one_task()
    assert task.reference
    assert task.checks
    assert own_use().threads >= 1


def test_a_short_storm_is_survived_and_its_figures_are_printed() -> None:
    options = ("--kind", "bubblewrap", "--rounds", "1", "--seconds", "1", "--attacks", "closes_all_it_has")
    code, said = ran("storm_sandbox", *options)
    assert code == 0, said
    calm, storm = (line.split() for line in said.splitlines() if line.startswith(("calm ", "storm ")))
    assert (int(calm[5]), int(storm[5]) > 0, storm[-1]) == (0, True, "0")


def test_an_attack_that_nobody_knows_is_bad_input() -> None:
    code, said = ran("storm_sandbox", "--attacks", "nonsense")
    assert code == 2
    assert "no attack of that name" in said


@pytest.mark.night
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", BUBBLEWRAP_AND_DOCKER)
def test_a_tenth_of_the_soak_gives_no_wrong_result_leaves_nothing_and_stays_small(kind: str) -> None:
    code, said = ran("soak_sandbox", "--kind", kind, "--jobs", "500", timeout_s=290)
    assert code == 0, said
    assert "wrong results: 0" in said
    assert "left behind: 0" in said


@pytest.mark.night
@pytest.mark.docker
@pytest.mark.timeout(300)
def test_the_whole_benchmark_measures_every_way_and_says_of_each_goal_whether_it_holds() -> None:
    code, said = ran("bench_sandbox", "--rounds", "2", "--slices", "1", "--answers", "4", timeout_s=290)
    verdicts = [line.split()[0] for line in said.splitlines() if line.startswith(("held", "MISSED"))]
    assert all(name in said for name in (PLAIN, RUN, "docker exec", "docker: fresh", "bubblewrap: graded pair"))
    assert len(verdicts) == 5, said
    assert code == int("MISSED" in verdicts)
