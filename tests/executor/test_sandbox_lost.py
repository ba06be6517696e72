"""What comes of jobs when the engine, an image, a slot or the disk goes: a fault or a right result, no wrong one."""

import gc
import os
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import docker as engine
import pytest

from benchmarks.host_use import agents, containers, own_label
from executor.bubblewrap_sandbox import BubblewrapSandbox
from executor.docker_sandbox import DOCKERFILE, DockerSandbox
from executor.landlock_sandbox import LandlockSandbox
from executor.process_sandbox import ProcessSandbox
from executor.run_code import run_code
from executor.sandbox import Job, Limits, Program, Sandbox, Status
from executor.sandbox_image import ImageRecipe
from tests.engine_door import EngineDoor, engine_door
from utils.errors import SandboxFault

LIMITS = Limits(wall_s=8.0, cpu_s=4.0, memory_mb=64, file_mb=8)
WORKERS = 3
Answers = list[str]


def asked(sandbox: Sandbox, number: int) -> str:
    """`right`, `fault`, or what was wrong with the result of one honest job."""
    try:
        result = run_code(sandbox, f"import time; time.sleep(0.02); print({number} ** 2)", limits=LIMITS)
    except SandboxFault:
        return "fault"
    right = (result.status, result.stdout.text) == (Status.EXIT, f"{number**2}\n")
    return "right" if right else f"{result.status} {result.detail} {result.stdout.text!r}"


@contextmanager
def under_load(sandbox: Sandbox) -> Iterator[Answers]:
    """Honest jobs in some threads while the block runs; after it, what came of them."""
    answers: Answers = []
    over = threading.Event()

    def work(first: int) -> None:
        number = first
        while not over.is_set():
            answers.append(asked(sandbox, number))
            number += WORKERS

    with ThreadPoolExecutor(WORKERS) as pool:
        working = [pool.submit(work, first) for first in range(WORKERS)]
        try:
            yield answers
        finally:
            over.set()
        for each in working:
            each.result()


def comes_true(condition: Callable[[], bool], *, within_s: float = 10.0) -> bool:
    until = time.monotonic() + within_s
    while not condition() and time.monotonic() < until:
        time.sleep(0.1)
    return condition()


def more_right(answers: Answers) -> None:
    """Wait for ten more right answers."""
    known = answers.count("right")
    assert comes_true(lambda: answers.count("right") > known + 10)


@contextmanager
def with_its_slot(make: Callable[[], Sandbox]) -> Iterator[tuple[Sandbox, int]]:
    """A new sandbox with one slot, in which a job has run, and that slot's agent."""
    before = set(agents(own_label()))
    with closing(make()) as sandbox:
        assert asked(sandbox, 3) == "right"
        (agent,) = set(agents(own_label())) - before
        yield sandbox, agent


SLOTTED = [BubblewrapSandbox, pytest.param(DockerSandbox, marks=pytest.mark.docker)]


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineDoor]:
    """The engine behind a socket that can be closed; what nobody could remove meanwhile is gone all the same."""
    before = set(containers(own_label()))
    with engine_door(tmp_path / "engine.sock") as opened:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'engine.sock'}")
        yield opened
    gc.collect()  # while the test's own filter of warnings holds
    assert set(containers(own_label())) <= before


@pytest.mark.docker
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # docker-py drops those that reach nobody
def test_an_engine_that_is_cut_off_under_load_is_a_fault_and_works_again_when_it_is_back(door: EngineDoor) -> None:
    with closing(DockerSandbox()) as sandbox, under_load(sandbox) as answers:
        more_right(answers)
        door.close()
        assert comes_true(lambda: answers.count("fault") > 10)
        door.open()
        more_right(answers)
    assert set(answers) == {"right", "fault"}


@contextmanager
def own_image(folder: Path) -> Iterator[Path]:
    """A Dockerfile of an image that nobody else uses, gone afterwards."""
    recipe = folder / "Dockerfile"
    recipe.write_text(f"FROM {ImageRecipe(DOCKERFILE, ()).tag()}\nLABEL test={uuid.uuid4().hex}\n", encoding="utf-8")
    yield recipe
    subprocess.run(("docker", "rmi", "--force", ImageRecipe(recipe, ()).tag()), capture_output=True, check=False)


@pytest.mark.docker
def test_slots_go_on_without_their_image_new_ones_are_a_fault_and_the_next_sandbox_builds_it_anew(
    tmp_path: Path,
) -> None:
    DockerSandbox().close()  # the usual image is there
    with own_image(tmp_path) as recipe, closing(engine.from_env()) as client:
        before = set(containers(own_label()))
        with closing(DockerSandbox(dockerfile=recipe)) as sandbox:
            assert asked(sandbox, 3) == "right"
            client.images.remove(ImageRecipe(recipe, ()).tag(), force=True)
            assert asked(sandbox, 4) == "right"
            for name in set(containers(own_label())) - before:
                client.containers.get(name).remove(force=True)
            with suppress(engine.errors.ImageNotFound):
                client.images.remove(sandbox.tier.image, force=True)
            with pytest.raises(SandboxFault, match=r"(?i)no such image"):
                run_code(sandbox, "print(1)", limits=replace(LIMITS, file_mb=9))
        with closing(DockerSandbox(dockerfile=recipe)) as sandbox:
            assert asked(sandbox, 5) == "right"


@pytest.mark.docker
def test_containers_that_are_removed_between_jobs_and_under_load_cost_no_result() -> None:
    with closing(engine.from_env()) as client, closing(DockerSandbox()) as sandbox:
        before = set(containers(own_label()))
        with under_load(sandbox) as answers:
            for _ in range(4):
                more_right(answers)
                for name in set(containers(own_label())) - before:
                    with suppress(engine.errors.APIError):
                        client.containers.get(name).remove(force=True)
        assert asked(sandbox, 3) == "right"
    assert set(answers) <= {"right", "fault"}


@pytest.mark.docker
def test_agents_that_are_killed_under_load_give_no_wrong_result() -> None:
    before = set(agents(own_label()))
    with closing(DockerSandbox()) as sandbox:
        with under_load(sandbox) as answers:
            for _ in range(4):
                more_right(answers)
                for agent in set(agents(own_label())) - before:
                    with suppress(ProcessLookupError):
                        os.kill(agent, signal.SIGKILL)
        assert asked(sandbox, 3) == "right"
    assert set(answers) <= {"right", "fault"}


@pytest.mark.night
@pytest.mark.parametrize("make", SLOTTED)
def test_an_idle_slot_that_hangs_is_replaced(make: Callable[[], Sandbox]) -> None:
    with with_its_slot(make) as (sandbox, agent):
        os.kill(agent, signal.SIGSTOP)
        assert asked(sandbox, 4) in {"right", "fault"}
        assert asked(sandbox, 5) == "right"
        assert comes_true(lambda: agent not in agents(own_label()))


@pytest.mark.parametrize("make", SLOTTED)
def test_a_slot_that_hangs_while_a_job_runs_is_a_fault(make: Callable[[], Sandbox]) -> None:
    with with_its_slot(make) as (sandbox, agent):
        conversation = sandbox.converse(Program(source="channel.receive()", limits=replace(LIMITS, wall_s=1.0)))
        os.kill(agent, signal.SIGSTOP)
        with pytest.raises(SandboxFault):
            conversation.close()
        assert asked(sandbox, 5) == "right"


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small file system for the folders of sandboxes, with no room left."""
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    disk = Path(tempfile.mkdtemp(dir="/tmp"))  # where other users may enter, as the jobs' users have to
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=16m,mode=755", "tmpfs", disk), check=True)
    try:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with suppress(OSError):
            (disk / "ballast").write_bytes(bytes(17 << 20))
        yield disk
    finally:
        subprocess.run(("umount", "--lazy", disk), check=True)
        disk.rmdir()


@pytest.mark.parametrize("make", [ProcessSandbox, LandlockSandbox])
def test_a_disk_that_is_full_is_a_fault_and_not_an_outcome(make: Callable[[], Sandbox], full_disk: Path) -> None:
    job = Job(argv=("python", "main.py"), files={"main.py": b"print(1)" + b" " * 9000}, limits=LIMITS)
    with closing(make()) as sandbox:
        with pytest.raises(SandboxFault):
            sandbox.run(job)
        (full_disk / "ballast").unlink()
        assert sandbox.run(job).stdout.text == "1\n"
