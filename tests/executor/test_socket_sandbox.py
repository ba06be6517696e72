"""Sandboxes that are services: who may dial, what they are asked, what happens when they die."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.services import ROOT, service, services
from executor.run_code import run_code
from executor.sandbox import Job, Limits, Program, Sandbox, Status
from executor.sandbox_service import SOCKET, service_source
from executor.seccomp import container_profile
from executor.socket_sandbox import SocketSandbox
from utils.errors import SandboxFault
from utils.settings import Settings

QUICK = Limits(wall_s=8.0, cpu_s=4.0, memory_mb=256, file_mb=8)


def test_the_profile_that_compose_reads_is_the_projects_own() -> None:
    kept = json.loads((ROOT / "executor" / "images" / "seccomp.json").read_text(encoding="utf-8"))
    assert kept == json.loads(container_profile()), "write it anew: docs/security.md says how"


def test_the_socket_that_services_dial_is_the_one_that_the_loop_listens_on() -> None:
    assert str(Settings.model_fields["sandbox_socket"].default) == SOCKET


def test_the_compose_file_hands_no_container_the_engine_and_no_sandbox_a_network() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert "docker.sock" not in text
    assert (service()["network_mode"], service()["restart"]) == ("none", "always")


def test_a_services_file_needs_nothing_but_the_standard_library() -> None:
    script = "import sys; sys.modules.update(dict.fromkeys(('pydantic', 'numpy', 'docker'))); import runpy\n"
    script += "runpy.run_module('executor.sandbox_service', run_name='__main__')"
    ran = subprocess.run((sys.executable, "-S", "-c", script), capture_output=True, text=True, check=False, cwd=ROOT)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == service_source()


def test_without_a_service_a_job_is_a_fault_that_says_what_to_start(tmp_path: Path) -> None:
    with (
        closing(SocketSandbox(tmp_path / "agent.sock", start_s=0.3)) as sandbox,
        pytest.raises(SandboxFault, match=r"no sandbox service has dialled .*start two for each worker"),
    ):
        sandbox.run(Job(argv=("true",)))


def test_the_socket_is_its_owners_alone_and_goes_with_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "new" / "agent.sock"
    with closing(SocketSandbox(path)):
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not path.exists()


def test_a_socket_that_nobody_listens_on_is_replaced_and_a_used_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with closing(SocketSandbox(path)), pytest.raises(SandboxFault, match="another program listens there"):
        SocketSandbox(path)


def test_a_path_that_is_too_long_for_a_socket_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxFault, match=r"cannot listen for sandbox services at .*too long"):
        SocketSandbox(tmp_path / ("x" * 200))


def test_closing_wakes_a_job_that_waits_for_a_service(tmp_path: Path) -> None:
    sandbox = SocketSandbox(tmp_path / "agent.sock", start_s=60.0)
    threading.Timer(0.3, sandbox.close).start()
    began = time.monotonic()
    with pytest.raises(SandboxFault):
        sandbox.run(Job(argv=("true",)))
    assert time.monotonic() - began < 5


def test_whoever_dials_and_talks_nonsense_or_nothing_gets_no_job(tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    with closing(SocketSandbox(path, start_s=0.5)) as sandbox:
        for said in (b"", b"GET / HTTP/1.1\r\nHost: agent\r\n\r\n", b"\xff" * 64, b"\0\0\0\2\0\0\0\0[]"):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(path))
                line.sendall(said)
                with pytest.raises(SandboxFault, match="could not start a job"):
                    sandbox.run(Job(argv=("true",)))


def test_a_service_that_is_not_shut_in_gets_no_job(tmp_path: Path) -> None:
    """An agent as an ordinary process of this machine, which has a network, a writable root and no filter."""
    path = tmp_path / "agent.sock"
    source = service_source(str(path)).replace('"first": true', '"first": false')
    with (
        closing(SocketSandbox(path, start_s=20.0)) as sandbox,
        subprocess.Popen((sys.executable, "-s", "-c", source), stdin=subprocess.DEVNULL) as agent,
    ):
        with pytest.raises(SandboxFault, match=r"not safe: .*root file system can be .*no seccomp profile"):
            sandbox.run(Job(argv=("true",)))
        agent.kill()


# --- With a real engine ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Sandbox, list[Any]]]:
    with services(2) as (path, containers), closing(SocketSandbox(path)) as sandbox:
        yield sandbox, containers


@pytest.mark.docker
def test_services_run_jobs_and_programs(running: tuple[Sandbox, list[Any]]) -> None:
    sandbox, _ = running
    users = {run_code(sandbox, "import os; print(os.getuid())", limits=QUICK).stdout.text for _ in range(5)}
    assert len(users) == 5
    conversation = sandbox.converse(Program(source="channel.send(channel.receive() * 2)", limits=QUICK))
    conversation.send(b"ab")
    assert conversation.receive() == b"abab"
    assert conversation.close().status is Status.EXIT


@pytest.mark.docker
def test_a_job_cannot_reach_the_socket(running: tuple[Sandbox, list[Any]]) -> None:
    source = "import os, socket\nfor path in ('/run/builder-trainer', '/run/builder-trainer/agent.sock'):\n"
    source += "    try:\n        os.stat(path) and os.listdir(path); print('BREACH')\n"
    source += "    except OSError as e: print(e.errno)\n"
    source += "try:\n    socket.socket(socket.AF_UNIX).connect('/run/builder-trainer/agent.sock'); print('BREACH')\n"
    source += "except OSError as e: print(e.errno)"
    assert run_code(running[0], source, limits=QUICK).stdout.text == "13\n13\n13\n"


@pytest.mark.docker
def test_more_than_a_service_has_is_refused_before_anything_runs(running: tuple[Sandbox, list[Any]]) -> None:
    with pytest.raises(SandboxFault, match=r"has only 1280 memory_mb of 4104: give it more"):
        running[0].run(Job(argv=("true",), limits=Limits(memory_mb=4096, file_mb=8)))


@pytest.mark.docker
def test_a_service_that_is_killed_in_mid_job_is_a_fault_and_comes_back(running: tuple[Sandbox, list[Any]]) -> None:
    sandbox, containers = running
    conversation = sandbox.converse(Program(source="import time; time.sleep(60)", limits=QUICK))
    for container in containers:
        container.kill()
    with pytest.raises(SandboxFault, match="was lost while a job ran"):
        conversation.close()
    for container in containers:
        container.start()  # an end that a person asked for is not undone by the engine
    assert run_code(sandbox, "print(1)", limits=QUICK).stdout.text == "1\n"


@pytest.mark.docker
def test_a_loop_that_comes_back_finds_its_services_again() -> None:
    with services(1) as (path, _):
        for turn in range(3):
            with closing(SocketSandbox(path)) as sandbox:
                assert run_code(sandbox, f"print({turn})", limits=QUICK).stdout.text == f"{turn}\n"
                sandbox.converse(Program(source="import time; time.sleep(60)", limits=QUICK))
        assert not path.exists()


@pytest.mark.docker
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network_mode": "bridge"}, "it has a network"),
        ({"read_only": False}, "root file system"),
        ({"security_opt": ["no-new-privileges", "seccomp=unconfined"]}, "no seccomp profile"),
        ({"cap_add": ["SETUID", "SETGID", "SYS_ADMIN"]}, "other capabilities"),
    ],
    ids=lambda each: str(next(iter(each))) if isinstance(each, dict) else "",
)
def test_a_service_with_a_hole_is_refused(change: dict[str, Any], words: str) -> None:
    with (
        services(1, **change) as (path, _),
        closing(SocketSandbox(path)) as sandbox,
        pytest.raises(SandboxFault, match=words),
    ):
        sandbox.run(Job(argv=("true",), limits=QUICK))
