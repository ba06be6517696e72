"""What only containers do: memory for all processes together, images, orphans, and an engine that loses one."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import docker as engine
import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.attach_stream import Demultiplexer
from executor.docker_sandbox import DockerSandbox
from executor.run_cmd import run_cmd
from executor.run_code import run_code
from executor.sandbox import Conversation, Limits, Program, Sandbox, Status
from executor.sandbox_image import ImageRecipe
from executor.seccomp import container_profile, seccomp_digest
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


def runs(client: engine.DockerClient, container: str) -> bool:
    try:
        return bool(client.containers.get(container).status == "running")
    except engine.errors.NotFound:  # another sandbox has swept it already
        return False


@contextmanager
def used_container(client: engine.DockerClient, source: str) -> Iterator[tuple[Conversation, str]]:
    """A program in a sandbox of its own, and the container in which it runs."""
    before = set(containers(client, owner=str(os.getpid())))
    with closing(DockerSandbox()) as sandbox:
        conversation = sandbox.converse(Program(source=source, limits=QUICK))
        (found,) = set(containers(client, owner=str(os.getpid()))) - before
        yield conversation, found


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
def test_a_container_is_used_again_while_it_proves_clean(docker: Sandbox) -> None:
    source = "import os; print(os.stat('/proc/1').st_ctime_ns, os.getuid())"
    ran = [run_code(docker, source, limits=replace(QUICK, file_mb=9)).stdout.text.split() for _ in range(4)]
    assert len({born for born, _ in ran}) < 4
    assert len({user for _, user in ran}) == 4


@pytest.mark.docker
def test_with_isolation_container_each_job_has_one_of_its_own(client: engine.DockerClient) -> None:
    with closing(DockerSandbox(isolation="container")) as sandbox:
        source = "import os; print(os.getuid() // 1000)"  # an agent draws a thousand ids; two can be born at one tick
        assert len({run_code(sandbox, source, limits=QUICK).stdout.text for _ in range(3)}) == 3


@pytest.mark.docker
def test_no_container_is_left_when_the_sandbox_is_closed(client: engine.DockerClient) -> None:
    before = set(containers(client, owner=str(os.getpid())))
    with closing(DockerSandbox()) as sandbox:
        for _ in range(3):
            run_code(sandbox, "print(1)", limits=QUICK)
        assert set(containers(client, owner=str(os.getpid()))) - before
    assert set(containers(client, owner=str(os.getpid()))) <= before


@pytest.mark.docker
def test_a_container_that_someone_removes_is_a_fault_and_not_an_outcome(
    client: engine.DockerClient,
) -> None:
    with used_container(client, "channel.receive()") as (conversation, found):
        client.containers.get(found).remove(force=True)
        with pytest.raises(SandboxFault, match="was lost while a job ran"):
            conversation.close()


@pytest.mark.docker
def test_a_container_that_someone_kills_is_a_fault_and_not_an_outcome(
    client: engine.DockerClient,
) -> None:
    with used_container(client, "import time; time.sleep(60)") as (conversation, found):
        client.containers.get(found).kill()
        with pytest.raises(SandboxFault, match="was lost while a job ran"):
            conversation.close()


@pytest.mark.docker
def test_idle_containers_that_somebody_kills_are_replaced_and_no_fault(client: engine.DockerClient) -> None:
    before = set(containers(client, owner=str(os.getpid())))
    with closing(DockerSandbox()) as sandbox:
        run_code(sandbox, "print(1)", limits=QUICK)
        for found in set(containers(client, owner=str(os.getpid()))) - before:
            client.containers.get(found).kill()
        assert run_code(sandbox, "print(2)", limits=QUICK).stdout.text == "2\n"


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
    while runs(client, found) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not runs(client, found)
    DockerSandbox().close()
    assert containers(client, owner=str(program.pid)) == []


@pytest.mark.docker
def test_closing_the_sandbox_removes_a_container_that_runs(client: engine.DockerClient) -> None:
    before = set(containers(client, owner=str(os.getpid())))
    sandbox = DockerSandbox()
    sandbox.converse(Program(source="import time; time.sleep(60)", limits=QUICK))
    sandbox.close()
    assert set(containers(client, owner=str(os.getpid()))) <= before


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


# --- The container's settings: as the engine tells them, and what each keeps a job from ------------------------------

MIB = 1 << 20
SETTINGS = {
    "NetworkMode": "none", "IpcMode": "none", "PidMode": "", "UTSMode": "", "UsernsMode": "", "Privileged": False,
    "ReadonlyRootfs": True, "CapDrop": ["ALL"], "CapAdd": ["SETUID", "SETGID"],
    "SecurityOpt": ["no-new-privileges", f"seccomp={container_profile()}"],
    "Memory": (64 + 8 + 16 + 48) * MIB, "MemorySwap": (64 + 8 + 16 + 48) * MIB, "OomKillDisable": False,
    "PidsLimit": 67, "NanoCpus": 1_000_000_000,
    "LogConfig": {"Type": "none", "Config": {}}, "RestartPolicy": {"Name": "", "MaximumRetryCount": 0},
    "Binds": None, "VolumesFrom": None, "Devices": None, "PortBindings": None, "PublishAllPorts": False, "Links": None,
    "GroupAdd": None, "ExtraHosts": None,
    "Tmpfs": {
        "/tmp": "rw,exec,nosuid,nodev,mode=1777,size=8m,nr_inodes=1024",
        "/dev/shm": "rw,exec,nosuid,nodev,mode=1777,size=16m,nr_inodes=1024",
        "/dev/mqueue": "ro,size=4k",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def inspected() -> dict[str, Any]:
    """What the engine says of a container in which a program runs."""
    with closing(engine.from_env()) as client, used_container(client, "channel.receive()") as (_, found):
        facts: dict[str, Any] = client.api.inspect_container(found)
    return facts


@pytest.mark.docker
@pytest.mark.parametrize("name", SETTINGS)
def test_a_running_container_has_the_setting(inspected: dict[str, Any], name: str) -> None:
    assert inspected["HostConfig"][name] == SETTINGS[name]


@pytest.mark.docker
def test_a_running_container_says_whose_it_is_and_sees_no_host_directory(
    inspected: dict[str, Any], docker: Sandbox
) -> None:
    labels = inspected["Config"]["Labels"]
    assert (labels["builder-trainer.owner"], labels["builder-trainer.host"]) == (str(os.getpid()), socket.gethostname())
    assert len(labels["builder-trainer.run"]) == 32
    assert (inspected["Mounts"], inspected["Image"], inspected["Config"]["Tty"]) == ([], docker.tier.image, False)


@pytest.mark.docker
def test_the_tier_names_the_image_and_the_rules_for_system_calls(docker: Sandbox) -> None:
    assert docker.tier.image.startswith("sha256:")
    assert docker.tier.profile == seccomp_digest()


@pytest.mark.docker
def test_a_job_finds_no_network_but_its_own_loopback(docker: Sandbox) -> None:
    listed = run_cmd(docker, ("cat", "/proc/net/dev"), limits=QUICK).stdout.text
    assert [line.split(":")[0].strip() for line in listed.splitlines()[2:]] == ["lo"]


@pytest.mark.docker
def test_a_job_cannot_write_to_the_image_because_it_is_read_only_not_because_of_its_user(docker: Sandbox) -> None:
    said = run_cmd(docker, ("touch", "/usr/planted"), limits=QUICK).stderr.text
    assert "Read-only file system" in said


@pytest.mark.docker
def test_a_job_and_the_agent_have_no_capability_and_can_gain_none(docker: Sandbox) -> None:
    source = """
for who in ("1", "self"):
    facts = dict(line.split(":", 1) for line in open(f"/proc/{who}/status"))
    print(*(facts[name].strip() for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")))
"""
    setuid_and_setgid = f"{(1 << 7) | (1 << 6):016x}"
    agent, job = run_code(docker, source, limits=QUICK).stdout.text.splitlines()
    assert agent == f"{setuid_and_setgid} {setuid_and_setgid} 1 2"
    assert job == f"{0:016x} {setuid_and_setgid} 1 2"


@pytest.mark.docker
def test_a_job_that_forks_without_end_gets_no_more_processes_than_its_limit(docker: Sandbox) -> None:
    source = """
import os, sys, time
count = 1
try:
    while os.fork():
        count += 1
    time.sleep(3)
except OSError:
    print(count, flush=True)
os._exit(0)
"""
    result = run_code(docker, source, limits=replace(QUICK, processes=20))
    assert 5 < int(result.stdout.text) <= 20


@pytest.mark.docker
def test_processes_of_a_job_share_one_processor(docker: Sandbox) -> None:
    source = "import os, time\nfor _ in range(3): os.fork()\nuntil = time.monotonic() + 1.5\n"
    source += "while time.monotonic() < until: pass\nif os.getppid() == 1: time.sleep(0.3)"
    assert 0 < run_code(docker, source, limits=QUICK).cpu_s < 2.2


@pytest.mark.docker
def test_what_a_job_prints_is_kept_by_nobody_but_the_host(client: engine.DockerClient) -> None:
    unread = pytest.raises(engine.errors.APIError, match="does not support reading")
    with used_container(client, "print('x' * 9999, flush=True)\nchannel.receive()") as (_, found), unread:
        client.containers.get(found).logs()


# --- The image -------------------------------------------------------------------------------------------------------


@pytest.mark.docker
@pytest.mark.parametrize(
    "look",
    [
        ("find", "/", "-xdev", "-perm", "/6000", "-not", "-path", "/tmp*"),
        ("find", "/var/lib/apt/lists", "/var/cache/apt", "/var/cache/debconf", "/var/log", "/root", "-type", "f"),
        ("find", "/", "-xdev", "-nouser", "-o", "-xdev", "-perm", "-2", "-type", "f"),
    ],
    ids=["raises its privileges", "was left by a package manager", "belongs to nobody or can be written by all"],
)
def test_nothing_in_the_image(docker: Sandbox, look: tuple[str, ...]) -> None:
    result = run_cmd(docker, look, limits=QUICK)
    assert result.stdout.text == ""


@pytest.mark.docker
def test_the_standard_library_is_compiled(docker: Sandbox) -> None:
    source = """
import importlib.util, pathlib, sysconfig
library = pathlib.Path(sysconfig.get_path("stdlib"))
modules = [path for path in library.rglob("*.py") if "lib2to3/tests" not in str(path)]
missing = [str(path) for path in modules if not pathlib.Path(importlib.util.cache_from_source(str(path))).is_file()]
print(len(modules) > 400, missing)
"""
    assert run_code(docker, source, limits=QUICK).stdout.text == "True []\n"


@pytest.mark.docker
def test_packages_that_were_asked_for_can_be_imported_by_jobs_and_by_programs() -> None:
    with closing(DockerSandbox(packages=("six",))) as sandbox:
        assert run_code(sandbox, "import six; print(six.PY3)", limits=QUICK).stdout.text == "True\n"
        conversation = sandbox.converse(Program(source="import six; channel.send(b'found')", limits=QUICK))
        assert conversation.receive() == b"found"
        conversation.close()
    with closing(DockerSandbox()) as sandbox:
        assert "No module named 'six'" in run_code(sandbox, "import six", limits=QUICK).stderr.text


@pytest.mark.docker
def test_a_package_that_debian_does_not_have_is_a_fault_that_names_it() -> None:
    said = ""
    for _ in range(3):  # an engine that is busy may drop what a build printed last
        with pytest.raises(SandboxFault, match="returned a non-zero code: 100") as refused:
            DockerSandbox(packages=("no-such-thing",))
        said += str(refused.value)
    assert "Unable to locate package python3-no-such-thing" in said


@pytest.mark.docker
def test_another_image_under_the_name_is_not_taken_and_a_changed_recipe_is_built_anew(
    client: engine.DockerClient, tmp_path: Path
) -> None:
    recipe = ImageRecipe(tmp_path / "Dockerfile", ("six", "attr"))
    recipe.dockerfile.write_text('FROM debian:bookworm-slim\nARG PACKAGES=""\nRUN echo "wanted: $PACKAGES"\n')
    base = client.images.get("debian:bookworm-slim")
    base.tag(recipe.tag())
    told: list[str] = []
    images = []
    for packages in (("six", "attr"), ("attr", "six"), ("attr",)):
        with closing(DockerSandbox(dockerfile=recipe.dockerfile, packages=packages, progress=told.append)) as sandbox:
            images.append(sandbox.tier.image)
    for image in set(images):
        client.images.remove(image, force=True)
    assert base.id not in images
    assert images[0] == images[1] != images[2]
    wanted = [line for line in told if line.startswith("wanted: ")]
    assert wanted == ["wanted: python3-attr python3-six", "wanted: python3-attr"]
