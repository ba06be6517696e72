"""What holds in every mode: right from wrong, no verdict on a closed sandbox, no pass for an attack."""

import threading
from pathlib import Path

import pytest

from executor.grading.grade import grade
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits, Verdict
from memory.tasks import Task
from tests.executor.grading_tasks import CASES, COOPERATIVE, FRESH, PROGRAM, PROGRAM_REFERENCE, REFERENCE, judged
from utils.errors import Interrupted, SandboxFault


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
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return "passed" if first.startswith("# MUST: pass") or "(in cases: pass)" in first else "failed"


def test_attacks_on_the_checks_do_not_pass_cases_either(isolated: Sandbox) -> None:
    """Fixed cases in some sandboxes and fresh inputs in the others, for that is not the sandbox's business."""
    task = FRESH if isolated.tier.kind in {"docker", "bubblewrap"} else CASES
    short = AttemptLimits(wall_s=2.5, cpu_s=1.5, memory_mb=256)
    found = {path.stem: grade(task, path.read_text(encoding="utf-8"), isolated, limits=short, seed=3).outcome
             for path in attacks()}  # fmt: skip
    assert found == {path.stem: deserves(path) for path in attacks()}


@pytest.mark.parametrize("path", attacks(), ids=lambda path: path.stem)
def test_attacks_on_the_checks_print_nothing_that_passes(isolated: Sandbox, path: Path) -> None:
    short = AttemptLimits(wall_s=2.5, cpu_s=1.5, memory_mb=256)
    assert grade(PROGRAM, path.read_text(encoding="utf-8"), isolated, limits=short).outcome == "failed"


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
def test_a_program_passes_by_nothing_but_the_right_output(isolated: Sandbox, source: str) -> None:
    assert judged(isolated, PROGRAM, source).outcome == "failed"


@pytest.mark.shared
@pytest.mark.parametrize("task", [CASES, FRESH], ids=lambda task: task.id)
def test_the_shared_attacks_do_not_pass_cases(isolated: Sandbox, shared: Path, task: Task) -> None:
    files = sorted((shared / "attacks" / "grading").glob("*.py"))
    found = {path.stem for path in files if judged(isolated, task, path.read_text()).outcome == "passed"}
    assert found == {"h01_honest_correct", "h04_honest_prints_noise"}


@pytest.mark.shared
def test_the_shared_attacks_print_nothing_that_passes(isolated: Sandbox, shared: Path) -> None:
    files = sorted((shared / "attacks" / "grading").glob("*.py"))
    assert {judged(isolated, PROGRAM, path.read_text()).outcome for path in files} == {"failed"}
