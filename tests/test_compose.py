"""The README's compose lines, run as they stand there, with all that can go wrong in a night of containers."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKOUT
from tests.running import events, logged

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

PROJECT = f"bt-test-{os.getpid()}"
USER = os.getuid() or 1000
PATIENCE_S = 240.0


def readme_lines(start: str) -> str:
    """The first block of shell lines in the README that begins like this."""
    blocks = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    return str(next(block for block in blocks if block.startswith(start)))


@dataclass(frozen=True, slots=True)
class Stack:
    """The project's containers, begun from a copy of the checkout."""

    folder: Path

    @property
    def memory(self) -> Path:
        return self.folder / "var" / "memory"

    def shell(self, lines: str, **settings: str) -> str:
        environment = os.environ | {"COMPOSE_PROJECT_NAME": PROJECT} | settings
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"{lines}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def inspect(self, service: str) -> list[dict[str, Any]]:
        """What Docker knows of its containers."""
        names = self.shell(f"docker-compose ps -aq {service}").split()
        found: list[dict[str, Any]] = json.loads(self.shell(f"docker inspect {' '.join(names)}"))
        return found

    @property
    def finished(self) -> int:
        """Units with an outcome."""
        return logged(self.memory, "finished")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Not up yet; and down again in the end, without a trace."""
    folder = tmp_path
    for path in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.splitlines():
        if not (CHECKOUT / path).is_symlink():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / path, folder / path)
    stack = Stack(folder)
    try:
        with (folder / ".env.example").open("a") as settings:
            settings.write(f"BT_UID={USER}\nBT_GID={USER}\nBT_FAULT_WAIT_S=0.5\nBT_PATIENCE_S=1\n")
        yield stack
    finally:
        stack.shell("docker-compose --profile rehearsal down --volumes --timeout 5")
    left = [stack.shell(f"docker {kind} ls -q --filter label=com.docker.compose.project={PROJECT}")
            for kind in ("container", "volume", "network")]  # fmt: skip
    assert left == ["", "", ""]


def until(what: Callable[[], bool], stack: Stack) -> None:
    """Wait for it.

    Raises:
        AssertionError: it takes too long.
    """
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, stack.shell("docker-compose logs --no-color --tail 60 loop")
        time.sleep(0.2)


def test_the_readmes_lines_run_the_whole_system(stack: Stack) -> None:
    """One test, for all of it happens to the same containers."""
    _waits_without_a_model_and_says_so_once(stack)
    _goes_on_after_whatever_is_killed(stack)
    _has_no_container_with_more_than_it_needs(stack)


def _waits_without_a_model_and_says_so_once(stack: Stack) -> None:
    stack.shell(readme_lines("cp .env.example .env"))
    until(lambda: "waiting for the model" in stack.shell("docker-compose logs --no-color loop"), stack)

    time.sleep(5.0)
    assert stack.shell("docker-compose logs --no-color loop").count("host.docker.internal") == 1
    stack.shell("docker-compose stop --timeout 60 loop")
    loop = stack.inspect("loop")[0]
    assert (loop["State"]["ExitCode"] != 137, loop["RestartCount"]) == (True, 0)  # it ended by itself


def _goes_on_after_whatever_is_killed(stack: Stack) -> None:
    stack.shell(readme_lines("printf 'COMPOSE_PROFILES=rehearsal"))
    until(lambda: stack.finished >= 10, stack)

    _kill_the_loop(stack)
    _kill_a_sandbox_with_a_job(stack)

    (stack.memory / "stop").touch()
    until(lambda: logged(stack.memory, "run_ended") == 1, stack)
    _stays_over_until_there_is_a_new_container(stack)
    decided = [data["spec"]["unit_id"] for data in events(stack.memory, "decided")]
    finished = [data["result"]["unit_id"] for data in events(stack.memory, "finished")]
    assert sorted(decided) == sorted(finished) == sorted(set(decided))  # each once, none lost
    assert {path.stat().st_uid for path in stack.memory.rglob("*")} == {USER}


def _stays_over_until_there_is_a_new_container(stack: Stack) -> None:
    until(lambda: "The container rests" in stack.shell("docker-compose logs --no-color loop"), stack)
    stack.shell("docker-compose exec -T loop python utils/cli.py health --or-over")
    stack.shell("docker-compose restart loop")  # what a reboot does
    until(lambda: stack.shell("docker-compose logs --no-color loop").count("The container rests") == 2, stack)
    assert logged(stack.memory, "run_started") == 1
    stack.shell(readme_lines("docker-compose up -d --force-recreate loop"))
    until(lambda: logged(stack.memory, "run_started") == 2, stack)
    (stack.memory / "stop").touch()
    until(lambda: logged(stack.memory, "run_ended") == 2, stack)


def _kill_the_loop(stack: Stack) -> None:
    _kill(stack.inspect("loop")[0]["State"]["Pid"])
    until(lambda: logged(stack.memory, "run_resumed") == 1, stack)
    before = stack.finished
    until(lambda: stack.finished >= before + 5, stack)
    stack.shell("docker-compose exec -T loop python utils/cli.py health")


def _kill_a_sandbox_with_a_job(stack: Stack) -> None:
    """One whose zygote has a child."""
    agents = {each["State"]["Pid"]: each["Id"] for each in stack.inspect("sandbox")}
    end, busy = time.monotonic() + PATIENCE_S, None
    while busy is None:
        assert time.monotonic() < end
        busy = next((agent for agent in agents if any(map(_children, _children(agent)))), None)
    _kill(busy)
    before = stack.finished
    until(lambda: stack.finished >= before + 5, stack)
    until(lambda: stack.shell(f"docker inspect -f '{{{{.RestartCount}}}}' {agents[busy]}").strip() != "0", stack)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _kill(pid: int) -> None:
    """As the kernel would: `docker kill` would tell Docker not to start it again."""
    try:
        os.kill(pid, 9)
    except PermissionError:
        pytest.skip("only root may kill what containers run")


def _has_no_container_with_more_than_it_needs(stack: Stack) -> None:
    for service in ("prepare", "loop", "sandbox", "rehearsal"):
        for each in stack.inspect(service):
            host = each["HostConfig"]
            assert host["ReadonlyRootfs"]
            assert host["CapDrop"] == ["ALL"]
            assert not host["Privileged"]
            assert "no-new-privileges:true" in host["SecurityOpt"]
            assert host["Memory"] > 0
            assert host["PidsLimit"] > 0
            assert not any("docker.sock" in mount["Source"] for mount in each["Mounts"])
            assert (service == "sandbox") == (host["LogConfig"]["Type"] == "none")
    assert {each["HostConfig"]["NetworkMode"] for each in stack.inspect("sandbox")} == {"none"}
    assert stack.inspect("loop")[0]["Config"]["User"] == f"{USER}:{USER}"
    assert stack.inspect("rehearsal")[0]["Config"]["User"] == "65534:65534"
