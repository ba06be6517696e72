"""What the sandbox benchmark compares, each as something that can be done once and is right or not.

A job prints 42. A graded pair is `executor.grading.grade.grade`, unchanged, on the reference of a task: one program for
the solution and one for its judge, which runs both plainly in the end. Without a sandbox each is a plain subprocess:
that prints 42, or that runs the reference and its checks in one. Another build's pair is a process of its checkout.
"""

import inspect
import subprocess
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

from docker.errors import DockerException

from benchmarks.beside import row, serving
from benchmarks.services import served
from executor.choose_sandbox import SandboxKind, choose_sandbox
from executor.grading import plain_agent
from executor.grading.grade import grade
from executor.process_sandbox import base_python
from executor.sandbox import Job, Sandbox
from memory.attempts import AttemptLimits
from memory.tasks import Task
from utils.errors import InputError

Action = Callable[[], bool]
SOURCE = "print(6 * 7)"
PRINTED = b"42\n"
LIMITS = AttemptLimits(wall_s=10.0, cpu_s=5.0, memory_mb=256)
WAIT_S = 60
SERVICES = 5
HARDENED = (
    "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit",
    "64", "--memory", "512m", "--memory-swap", "512m", "--cpus", "1", "--ipc", "none", "--log-driver", "none", "--user",
    "65534:65534", "--tmpfs", "/tmp:rw,nosuid,nodev,size=64m",
)  # fmt: skip
PLAIN, PLAIN_CHECKS, RUN, EXEC = "plain subprocess", "plain subprocess: checks", "docker run --rm", "docker exec"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to get a result, by name; `action` does it once and says whether the result was right."""

    name: str
    action: Action


def fork_of(kind: str) -> str:
    """The name of a kind's job in a fork of an interpreter that is there."""
    return f"{kind}: fork"


def fresh_of(kind: str) -> str:
    """The name of a kind's job in an interpreter of its own."""
    return f"{kind}: fresh"


def graded_of(kind: str) -> str:
    """The name of a kind's graded pair."""
    return f"{kind}: graded pair"


def beside_of(kind: str) -> str:
    """The name of a kind's graded pair in the other build."""
    return f"{kind}: graded, other build"


def printing(*command: str) -> Action:
    """A command that has to print 42."""
    return lambda: subprocess.run(command, capture_output=True, check=False, timeout=WAIT_S).stdout == PRINTED


def plain(task: Task) -> Iterator[Contender]:
    """The job and the checks with nothing around them."""
    python = (str(base_python()), "-s", "-S", "-P", "-c")
    yield Contender(PLAIN, printing(*python, SOURCE))
    helper = f"Any = object\n{inspect.getsource(plain_agent.raises)}"
    parts = (helper, task.setup, task.reference or "", *(check.code for check in task.checks), SOURCE)
    yield Contender(PLAIN_CHECKS, printing(*python, "\n".join(parts)))


def job(sandbox: Sandbox, *, fresh: bool) -> Action:
    """The job in a sandbox."""
    what = Job(argv=("python", "main.py"), files={"main.py": SOURCE.encode()}, fresh=fresh)
    return lambda: sandbox.run(what).stdout.head == PRINTED


def graded(sandbox: Sandbox, task: Task) -> Action:
    """The graded pair in a sandbox."""
    return lambda: grade(task, task.reference or "", sandbox, limits=LIMITS).outcome == "passed"


@contextmanager
def docker_commands(image: str) -> Iterator[tuple[Contender, Contender]]:
    """The two ways of the command line: a hardened container for each job, and one hardened container for all."""
    python = ("/usr/bin/python3", "-c", SOURCE)
    name = f"builder-trainer-bench-{uuid.uuid4().hex}"
    subprocess.run(
        ("docker", "run", "--rm", "--detach", "--name", name, *HARDENED, image, "sleep", "3600"),
        capture_output=True, check=True, timeout=WAIT_S,
    )  # fmt: skip
    try:
        yield (
            Contender(RUN, printing("docker", "run", "--rm", *HARDENED, image, *python)),
            Contender(EXEC, printing("docker", "exec", name, *python)),
        )
    finally:
        subprocess.run(("docker", "rm", "--force", name), capture_output=True, check=True, timeout=WAIT_S)


def opened(stack: ExitStack, kinds: Sequence[SandboxKind] = get_args(SandboxKind)) -> dict[str, Sandbox]:
    """The sandboxes of these kinds that work on this machine, by kind; says which do not."""
    found: dict[str, Sandbox] = {}
    for kind in kinds:
        try:
            if kind == "socket":
                found[kind] = stack.enter_context(served(SERVICES))
                continue
            found[kind] = choose_sandbox(kind, trusted_code_only=True)
        except (InputError, DockerException) as missing:
            print(f"not here: {missing}")
            continue
        stack.callback(found[kind].close)
    return found


def others(stack: ExitStack, task: Task, checkout: Path, kinds: Sequence[SandboxKind]) -> list[Contender]:
    """The graded pair of another build's checkout in these kinds of sandbox."""
    line = row(task, task.reference or "")
    builds = {kind: stack.enter_context(serving(checkout, kind)) for kind in kinds}
    return [Contender(beside_of(kind), partial(build.passes, line)) for kind, build in builds.items()]


def contenders(stack: ExitStack, task: Task) -> list[Contender]:
    """All that this machine can do."""
    found = [*plain(task)]
    for kind, sandbox in opened(stack).items():
        if sandbox.tier.image and not any(each.name == RUN for each in found):
            found += stack.enter_context(docker_commands(sandbox.tier.image))
        found += [
            Contender(fork_of(kind), job(sandbox, fresh=False)),
            Contender(fresh_of(kind), job(sandbox, fresh=True)),
            Contender(graded_of(kind), graded(sandbox, task)),
        ]
    return found
