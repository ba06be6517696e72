"""What only containers do: memory for all processes together, images, orphans, and an engine that loses one."""

import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import docker as engine
import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.docker_sandbox import Demultiplexer, DockerSandbox
from executor.run_code import run_code
from executor.sandbox import Limits, Program, Sandbox, Status
from utils.errors import SandboxFault

QUICK = Limits(wall_s=8.0, cpu_s=4.0, memory_mb=64, file_mb=8)
HUNGRY = """
import os, time
for _ in range(PROCESSES):
    if os.fork() == 0:
        held = bytearray(b"x") * (SIZE << 20)
        time.sleep(5)
        os._exit(0)
time.sleep(5)
held = bytearray(b"x") * (SIZE << 20)
"""


@pytest.fixture
def client() -> Iterator[engine.DockerClient]:
    with closing(engine.from_env()) as found:
        yield found


def containers(client: engine.DockerClient, **label: str) -> list[str]:
    wanted = [f"builder-trainer.{name}={value}" for name, value in label.items()]
    return [c.id or "" for c in client.containers.list(all=True, filters={"label": wanted})]


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=8), st.data())
def test_an_attach_stream_is_taken_apart_alike_however_it_is_cut(
    pieces: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    raw = b"".join(bytes([stream, 0, 0, 0]) + len(piece).to_bytes(4, "big") + piece for stream, piece in pieces)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)))) | {0, len(raw)})
    demultiplexer = Demultiplexer()
    parts = [demultiplexer.feed(raw[start:end]) for start, end in pairwise(cuts)]
    assert b"".join(out for out, _ in parts) == b"".join(piece for stream, piece in pieces if stream == 1)
    assert b"".join(err for _, err in parts) == b"".join(piece for stream, piece in pieces if stream == 2)


@pytest.mark.docker
@pytest.mark.parametrize(("processes", "size"), [(6, 40), (60, 6)])
def test_processes_that_together_eat_the_memory_are_out_of_memory(docker: Sandbox, processes: int, size: int) -> None:
    source = HUNGRY.replace("PROCESSES", str(processes)).replace("SIZE", str(size))
    result = run_code(docker, source, limits=replace(QUICK, wall_s=2.0))
    assert result.status in {Status.OOM, Status.TIMEOUT}
    assert result.status is Status.OOM or "for lack of memory" in result.detail


@pytest.mark.docker
def test_killing_itself_is_not_called_out_of_memory(docker: Sandbox) -> None:
    assert run_code(docker, "import os; os.kill(os.getpid(), 9)", limits=QUICK).status is Status.SIGNAL


@pytest.mark.docker
def test_no_container_is_left_after_a_job(docker: Sandbox, client: engine.DockerClient) -> None:
    run_code(docker, "print(1)", limits=QUICK)
    assert containers(client, owner=str(os.getpid())) == []


@pytest.mark.docker
def test_a_container_that_someone_removes_is_a_fault_and_not_an_outcome(
    docker: Sandbox, client: engine.DockerClient
) -> None:
    conversation = docker.converse(Program(source="channel.receive()", limits=QUICK))
    for found in containers(client, owner=str(os.getpid())):
        client.containers.get(found).remove(force=True)
    with pytest.raises(SandboxFault, match="was lost while a job ran"):
        conversation.close()


@pytest.mark.docker
def test_a_container_that_someone_kills_is_a_fault_and_not_an_outcome(
    docker: Sandbox, client: engine.DockerClient
) -> None:
    def kill() -> None:
        for found in containers(client, owner=str(os.getpid())):
            client.containers.get(found).kill()

    threading.Timer(1.5, kill).start()
    with pytest.raises(SandboxFault, match="was lost while a job ran"):
        run_code(docker, "import time; time.sleep(60)", limits=QUICK)


@pytest.mark.docker
def test_the_next_sandbox_removes_what_a_killed_program_left(client: engine.DockerClient) -> None:
    ended = subprocess.run((sys.executable, "-c", "import os; print(os.getpid())"), capture_output=True, check=True)
    pid = ended.stdout.decode().strip()
    labels = {
        "builder-trainer.owner": pid,
        "builder-trainer.host": socket.gethostname(),
        "builder-trainer.run": "gone",
    }
    client.containers.create("debian:bookworm-slim", "true", labels=labels)
    assert len(containers(client, run="gone")) == 1
    DockerSandbox().close()
    assert containers(client, run="gone") == []


@pytest.mark.docker
def test_a_container_ends_when_the_program_that_owns_it_is_killed(client: engine.DockerClient) -> None:
    script = "from executor.docker_sandbox import DockerSandbox; from executor.sandbox import Program\n"
    script += "c = DockerSandbox().converse(Program(source='import time; time.sleep(60)'))\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        (sys.executable, "-c", script), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        program.stdout.readline()
        (found,) = containers(client, owner=str(program.pid))
        program.kill()
    deadline = time.monotonic() + 8
    while client.containers.get(found).status == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert client.containers.get(found).status == "exited"
    DockerSandbox().close()
    assert containers(client, owner=str(program.pid)) == []


@pytest.mark.docker
def test_closing_the_sandbox_removes_a_container_that_runs(client: engine.DockerClient) -> None:
    sandbox = DockerSandbox()
    sandbox.converse(Program(source="import time; time.sleep(60)", limits=QUICK))
    sandbox.close()
    assert containers(client, owner=str(os.getpid())) == []


@pytest.mark.docker
def test_an_image_is_built_at_its_first_use_and_one_without_python_is_a_fault(
    client: engine.DockerClient, tmp_path: Path
) -> None:
    recipe = tmp_path / "Dockerfile"
    recipe.write_text(f"FROM debian:bookworm-slim\nLABEL test={uuid.uuid4().hex}\n", encoding="utf-8")
    told: list[str] = []
    sandbox = DockerSandbox(dockerfile=recipe, progress=told.append)
    with pytest.raises(SandboxFault, match=r"could not start a container: .*python3"):
        run_code(sandbox, "print(1)")
    sandbox.close()
    client.images.remove(sandbox.tier.image)
    assert told[0].startswith("building the sandbox image builder-trainer-sandbox:")
    assert any("FROM debian:bookworm-slim" in line for line in told)


@pytest.mark.docker
def test_an_image_that_cannot_be_built_is_a_fault_that_says_why(tmp_path: Path) -> None:
    recipe = tmp_path / "Dockerfile"
    recipe.write_text("FROM debian:bookworm-slim\nRUN exit 3\n", encoding="utf-8")
    with pytest.raises(SandboxFault, match=r"cannot be built .*exit 3"):
        DockerSandbox(dockerfile=recipe)
