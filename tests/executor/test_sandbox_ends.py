"""How sandboxes end: closed while something runs, agents that hang or vanish, tools that are not there."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import pytest

from executor.agent.environment import ENVIRONMENT
from executor.agent_bundle import agent_command
from executor.bubblewrap_sandbox import BubblewrapSandbox
from executor.choose_sandbox import SandboxKind, choose_sandbox
from executor.isolation import AgentConfig
from executor.pipes import PipeIsolation
from executor.pooled_sandbox import PooledSandbox
from executor.process_sandbox import ProcessSandbox
from executor.run_code import run_code
from executor.sandbox import (
    ConversationEnded,
    ExecutionResult,
    Job,
    Limits,
    Program,
    Sandbox,
    Status,
    Tier,
)
from executor.slots import PoolRules
from tests.executor.conftest import opened
from utils.errors import SandboxFault

QUICK = Limits(wall_s=5.0, cpu_s=2.0, memory_mb=256, file_mb=8)
SHORT = Limits(wall_s=0.3, memory_mb=256)
ROOT = Path(__file__).resolve().parents[2]
HOST = """
import sys
from executor.choose_sandbox import choose_sandbox
from executor.sandbox import Job
argv = ("python", "-c", "import time; time.sleep(100)", sys.argv[2] + " inside")
choose_sandbox(sys.argv[1], trusted_code_only=True).run(Job(argv=argv))
"""
SLEEP = Job(argv=("sleep", "60"), limits=QUICK)


def run_in(command: tuple[str, ...], *, kind: str = "bubblewrap", start_s: float = 5.0) -> None:
    """Run a job in a sandbox whose isolation is just that command."""
    tier = Tier(kind=kind, safe=False, reason="a test")

    def launch(limits: Limits) -> PipeIsolation:
        del limits
        return PipeIsolation(command, ENVIRONMENT, kind=kind)

    with closing(PooledSandbox(tier, launch, rules=PoolRules(start_s=start_s))) as sandbox:
        sandbox.run(SLEEP)


def agent(python: str = sys.executable, **config: object) -> tuple[str, ...]:
    """The command of an agent that is told that."""
    told = {"kind": "process", "work": "/proc/nowhere", "first": False, "resident": False, "users": False, **config}
    return (*agent_command(python, compiled=True), AgentConfig(**told).text())  # type: ignore[arg-type]


def listed(marker: str, *which: str) -> str:
    """Process ids and commands of what runs and has marker in its command."""
    command = ("ps", "-ww", "-o", "pid,args", *(which or ("-e",)))
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[1:]
    return "\n".join(line for line in lines if marker in line)


def comes_true(condition: Callable[[], bool]) -> bool:
    """Whether condition holds within five seconds."""
    until = time.monotonic() + 5
    while not condition() and time.monotonic() < until:
        time.sleep(0.1)
    return condition()


def closed_during(sandbox: Sandbox, job: Job) -> ExecutionResult:
    """The result of a job during which another thread closes the sandbox, in a slot that was used before."""
    assert sandbox.run(replace(job, argv=("true",))).status is Status.EXIT
    results: list[ExecutionResult] = []
    runner = threading.Thread(target=lambda: results.append(sandbox.run(job)))
    runner.start()
    time.sleep(1.0)
    sandbox.close()
    runner.join()
    return results[0]


def test_closing_a_sandbox_ends_the_job_that_runs_and_nothing_starts_any_more() -> None:
    sandbox = ProcessSandbox()
    result = closed_during(sandbox, SLEEP)
    assert (result.status, result.exit_code) == (Status.CANCELLED, None)
    assert result.wall_s < 3
    with pytest.raises(SandboxFault, match="it was closed"):
        sandbox.run(SLEEP)


def test_closing_a_sandbox_ends_conversations_that_nobody_waits_for() -> None:
    sandbox = ProcessSandbox()
    conversation = sandbox.converse(Program(source="channel.send(b'up')\nwhile True: pass", limits=QUICK))
    sandbox.close()
    with pytest.raises(ConversationEnded):
        conversation.receive()
    assert conversation.close().status is Status.CANCELLED


def test_closing_a_sandbox_wakes_a_thread_that_waits_for_a_frame() -> None:
    sandbox = ProcessSandbox()
    conversation = sandbox.converse(Program(source="import time; time.sleep(60)", limits=QUICK))
    threading.Timer(0.2, sandbox.close).start()
    began = time.monotonic()
    with pytest.raises(ConversationEnded):
        conversation.receive()
    assert time.monotonic() - began < 2


def test_a_job_that_stops_its_agent_is_ended_by_the_host(process: Sandbox) -> None:
    source = "import os, time; os.kill(os.getppid(), 19); time.sleep(60)"
    result = run_code(process, source, limits=SHORT)
    assert (result.status, result.exit_code) == (Status.TIMEOUT, None)
    assert "ended by the host" in result.detail


def test_a_program_that_stops_its_agent_cannot_hold_up_the_closing(process: Sandbox) -> None:
    source = "import os, time; channel.send(b'done'); time.sleep(0.5); os.kill(os.getppid(), 19); time.sleep(60)"
    conversation = process.converse(Program(source=source, limits=Limits(wall_s=20.0, memory_mb=256)))
    assert conversation.receive() == b"done"
    time.sleep(1)
    assert conversation.close().status is Status.CANCELLED


def test_a_job_that_kills_its_agent_has_failed_and_is_no_fault_of_the_sandbox(process: Sandbox) -> None:
    result = run_code(process, "import os; os.kill(os.getppid(), 9)", limits=QUICK)
    assert (result.status, result.exit_code, result.signal) == (Status.SIGNAL, None, 9)


def test_a_directory_that_a_job_made_unreadable_and_deep_is_removed(process: Sandbox) -> None:
    source = "import os\nprint(os.getcwd())\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')\nos.chmod('..', 0)"
    result = run_code(process, source, limits=QUICK)
    assert result.exit_code == 0
    assert not Path(result.stdout.text.strip()).exists()


def test_an_agent_that_is_not_alone_in_its_namespace_refuses_to_work() -> None:
    with pytest.raises(SandboxFault, match="of its namespace, not 1"):
        run_in(agent(first=True))


def test_an_agent_that_cannot_prepare_a_job_says_so_before_it_has_begun() -> None:
    with pytest.raises(SandboxFault, match=r"could not start a job: RuntimeError: setup: .*nowhere"):
        run_in(agent(strict=False), kind="process")


def test_what_a_tool_prints_instead_of_starting_is_in_the_fault() -> None:
    with pytest.raises(SandboxFault, match="could not start a job: out of luck"):
        run_in(("sh", "-c", "echo out of luck >&2"))


def test_a_tool_that_says_nothing_is_given_up() -> None:
    with pytest.raises(SandboxFault, match="no answer in time"):
        run_in(("sleep", "60"), start_s=0.2)


def test_a_tool_that_cannot_be_executed_is_named() -> None:
    with pytest.raises(SandboxFault, match="cannot start /nowhere/python"):
        run_in(agent("/nowhere/python"))


def test_bubblewrap_that_is_not_installed_is_named() -> None:
    with pytest.raises(SandboxFault, match="there is no no-bwrap here: install bubblewrap"):
        BubblewrapSandbox(program="no-bwrap")


def test_closing_a_safe_sandbox_ends_what_runs_in_it(isolated: Sandbox) -> None:
    with contextmanager(opened)(cast("SandboxKind", isolated.tier.kind)) as other:
        assert closed_during(other, SLEEP).status is Status.CANCELLED


@pytest.mark.parametrize(
    ("kind", "killed"), [("process", "host"), ("landlock", "host"), ("bubblewrap", "host"), ("bubblewrap", "bwrap")]
)
def test_a_job_does_not_survive_those_who_started_it(
    kind: Literal["process", "landlock", "bubblewrap"], killed: str, tmp_path: Path
) -> None:
    choose_sandbox(kind, trusted_code_only=True).close()
    marker, environment = uuid.uuid4().hex, {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen((sys.executable, "-c", HOST, kind, marker), cwd=ROOT, env=environment) as host:
        assert comes_true(lambda: "time.sleep(100)" in listed(f"{marker} inside"))
        (child,) = listed("", "--ppid", str(host.pid)).split()[:1]
        os.kill({"host": host.pid, "bwrap": int(child)}[killed], signal.SIGKILL)
        assert comes_true(lambda: listed(f"{marker} inside") == "")
        host.kill()


def test_who_waits_for_a_frame_hears_at_once_that_the_program_has_ended(sandbox: Sandbox) -> None:
    conversation = sandbox.converse(Program(source="channel.receive()", limits=QUICK))
    conversation.send(b"end")
    began = time.monotonic()
    with pytest.raises(ConversationEnded):
        conversation.receive()
    assert time.monotonic() - began < 2.0
    assert conversation.close().status is Status.EXIT


@pytest.mark.parametrize("after_s", [0.01, 0.05, 0.2])
def test_whoever_waits_for_a_slot_when_all_is_closed_gets_a_fault(after_s: float) -> None:
    sandbox, ended = ProcessSandbox(), list[Status | type[BaseException]]()

    def wants() -> None:
        try:
            ended.append(sandbox.run(SLEEP).status)
        except BaseException as fault:  # noqa: BLE001  which one it is, is the question
            ended.append(type(fault))

    threads = [threading.Thread(target=wants) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(after_s)
    sandbox.close()
    for thread in threads:
        thread.join()
    assert len(ended) == 8
    assert set(ended) <= {SandboxFault, Status.CANCELLED}
