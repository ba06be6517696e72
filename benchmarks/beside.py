"""Another build of this program, measured beside this one in the same run; its checkout is given with `--beside`.

Both builds are spoken to alike: a process of their own in their checkout grades what it is handed, in turn with the
other's. A task goes over with the fields that it uses, so that a build that knows fewer can read it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from memory.tasks import Task

CHECKOUT = Path(__file__).resolve().parents[1]
_BEGIN = """
import json, resource, sys
from executor.choose_sandbox import choose_sandbox
from executor.grading.grade import grade
from memory.attempts import AttemptLimits
from memory.tasks import Task
sandbox = choose_sandbox(sys.argv[1], trusted_code_only=True)
def graded(line):
    row = json.loads(line)
    return grade(Task.model_validate(row["task"]), row["source"], sandbox, limits=AttemptLimits()).outcome
"""
_SERVES = """
for line in sys.stdin:
    print(graded(line), flush=True)
sandbox.close()
"""
_COUNTS = """
lines = list(sys.stdin)
graded(lines[0])
def used():
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime
before, outcomes = used(), [graded(line) for line in lines]
own = used() - before
sandbox.close()
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"cpu_s": own + children.ru_utime + children.ru_stime, "outcomes": outcomes}))
"""


def row(task: Task, source: str) -> str:
    """A line that asks for a grading."""
    return json.dumps({"task": task.model_dump(mode="json", exclude_defaults=True), "source": source})


class Build:
    """A process of a build that grades one line after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def passes(self, line: str) -> bool:
        """Whether it says that this one passes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip() == "passed"


@contextmanager
def serving(checkout: Path, kind: str) -> Iterator[Build]:
    """The build of a checkout, grading in a kind of sandbox."""
    command = (sys.executable, "-c", _BEGIN + _SERVES, kind)
    with subprocess.Popen(command, cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Build(process)


def cpu_s(checkout: Path, kind: str, lines: Sequence[str]) -> float:
    """Seconds of CPU, of all its processes, that a build takes to grade these; each has to pass."""
    command = (sys.executable, "-c", _BEGIN + _COUNTS, kind)
    done = subprocess.run(command, cwd=checkout, input="\n".join(lines), capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    if set(told["outcomes"]) != {"passed"}:
        raise AssertionError(f"{checkout} does not pass all of them")
    return float(told["cpu_s"])
