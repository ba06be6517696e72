"""The attacks that `doctor` runs: every kind that is called safe holds them, one that holds nothing is found out."""

import ast
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from executor.doctor.attack import FOLDER, HELD_BY, run_attacks
from executor.doctor.sandboxes import Workplace, system
from executor.sandbox import Sandbox
from utils.settings import SandboxChoice

SCRIPTS = sorted(FOLDER.glob("*.py"))
WHOEVER_RUNS_IT = {
    "read a file of this machine", "write into a folder of this machine", "reach a service of this machine by TCP",
    "end a process of this machine", "leave a file for the next program; runs twice, the second time finds it",
}  # fmt: skip


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def place(stack: ExitStack, kind: SandboxChoice, *, trusted: bool = False) -> Workplace:
    """Where a night would run code, chosen."""
    found = Workplace(kind, trusted_code_only=trusted, stack=stack, waiting=lambda _: None)
    if found.choice().level == "problem":
        pytest.skip(f"{kind} does not work here")
    return found


def left_behind() -> set[Path]:
    return {path for folder in ("/tmp", "/var/tmp", "/dev/shm") for path in Path(folder).glob("word-*")}


def test_every_safe_kind_holds_them_all_within_seconds(isolated: Sandbox) -> None:
    began = time.monotonic()
    came = run_attacks(isolated)
    assert time.monotonic() - began < 15  # 1.2 to 2.2 s on a quiet machine
    assert [each for each in came if each.outcome != "held"] == []
    assert len(came) == len(SCRIPTS) >= 12


def test_they_find_out_a_sandbox_that_protects_nothing_and_leave_no_trace(process: Sandbox) -> None:
    before = left_behind()
    came = {each.goal: each.outcome for each in run_attacks(process)}
    assert {goal for goal, outcome in came.items() if outcome == "got through"} >= WHOEVER_RUNS_IT
    assert "proved nothing" not in came.values()
    assert came["run on after its time, deaf to signals"] == "held"  # limits hold there, too
    assert left_behind() <= before


@pytest.mark.parametrize(
    ("source", "outcome", "detail"),
    [
        ("import sys; sys.exit(9)", "held", ""),
        ("pass", "got through", ""),
        ("1 / 0", "proved nothing", "exit 1 "),
        ("this is no python", "proved nothing", "exit 1 "),
        ("import os; os.abort()", "proved nothing", "signal"),
        ("import time; time.sleep(5)", "proved nothing", "timeout"),
    ],
)
def test_only_a_refusal_counts_as_held(
    process: Sandbox, tmp_path: Path, source: str, outcome: str, detail: str
) -> None:
    (tmp_path / "own.py").write_text(f"# do harm\n{source}\n")
    (came,) = run_attacks(process, tmp_path)
    assert (came.goal, came.outcome) == ("do harm", outcome)
    assert came.detail.startswith(detail)
    assert bool(came.detail) == bool(detail)


@pytest.mark.parametrize("kind", ["bubblewrap", "landlock"])
def test_an_attack_that_gets_through_in_a_safe_sandbox_is_a_problem(
    stack: ExitStack, tmp_path: Path, kind: SandboxChoice
) -> None:
    (tmp_path / "own.py").write_text("# do harm\n")
    found = place(stack, kind).attacks(tmp_path)
    assert (found.level, found.said.partition(";")[2]) == ("problem", " got through: do harm")
    assert "report it" in found.todo
    assert found.details[0] == "got through: do harm"
    assert "not covered: the host's kernel is shared" in found.details


def test_in_a_plain_process_it_is_a_warning_for_a_models_code_and_none_for_the_rehearsals(stack: ExitStack) -> None:
    untrusted, trusted = place(stack, "process").attacks(), place(stack, "process", trusted=True).attacks()
    assert (untrusted.level, "leave --sandbox process out" in untrusted.todo) == ("warning", True)
    assert (trusted.level, trusted.todo, "no matter for the rehearsal" in trusted.said) == ("ok", "", True)
    assert "got through: " in untrusted.said


def test_an_attack_that_proves_nothing_is_a_warning(stack: ExitStack, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("# do harm\n1 / 0\n")
    found = place(stack, "process", trusted=True).attacks(tmp_path)
    assert (found.level, "proved nothing: do harm (exit 1 " in found.said) == ("warning", True)


def test_a_sandbox_that_is_lost_is_a_problem() -> None:
    with ExitStack() as stack:
        lost = place(stack, "process")
    assert lost.attacks().level == "problem"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_attack_says_what_it_must_not_achieve_and_runs_on_old_pythons(script: Path) -> None:
    source = script.read_text(encoding="utf-8")
    assert source.startswith("# ")
    ast.parse(source, feature_version=(3, 9))


def test_the_limits_that_may_end_an_attack_belong_to_attacks_that_there_are() -> None:
    assert set(HELD_BY) <= {script.stem for script in SCRIPTS}


def test_elsewhere_than_on_linux_docker_is_said_to_be_the_way() -> None:
    assert system("linux").level == "ok"
    for platform, name in (("darwin", "macOS"), ("win32", "Windows")):
        found = system(platform)
        assert (found.level, found.said.startswith(f"{name}: Docker is the way")) == ("warning", True)
        assert "--sandbox docker" in found.todo
