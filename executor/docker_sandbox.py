"""Runs jobs in warm, hardened Docker containers; the only module that imports `docker`.

Memory and processes are limited for the container as a whole, and OOM is read from the container's own counter. All
that runs in it is held by this project's seccomp profile, and every job by the agent's narrower filter inside it.
It does not cover: kernel exploits (give the engine a runtime such as runsc for that), side channels.
"""

import io
import os
import re
import socket
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from select import POLLIN, POLLOUT, poll
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound
from docker.types import LogConfig

from executor.agent.environment import ENVIRONMENT
from executor.agent_bundle import agent_command
from executor.attach_stream import Demultiplexer
from executor.host_processes import is_running, is_stopped
from executor.isolation import SHARED_MEMORY, TEMPORARY, WORK, AgentConfig, Exchange, Loss
from executor.pooled_sandbox import PooledSandbox
from executor.sandbox import Limits, Status, Tier
from executor.sandbox_image import DOCKERFILE, RECIPE, ImageRecipe
from executor.seccomp import container_profile, seccomp_digest
from executor.slots import IsolationOf, PoolRules, jobs_of
from utils.errors import SandboxFault

__all__ = ["DOCKERFILE", "DockerSandbox"]

KERNEL_GAP = "the host's kernel is shared"
ENGINE_GAPS = {
    "MemoryLimit": "this engine does not limit a container's memory",
    "SwapLimit": "this engine does not limit a container's swap",
    "PidsLimit": "this engine does not limit a container's processes",
    "CpuCfsQuota": "this engine does not limit a container's share of the CPU",
}
QUEUES = "/dev/mqueue"
CHUNK = 1 << 16
MIB = 1 << 20
SHARED_MEMORY_MB = 16
AGENT_MB = 48  # measured: agent and zygote keep 20 MiB, and as much again while a large order is read
AGENT_PROCESSES = 3  # itself, its zygote, and the process between a zygote and its child
API_TIMEOUT_S = 30
BUILD_SILENCE_S = 600  # a build says nothing while one package is unpacked or waited for
START_S = 60.0
NO_ENGINE = "no Docker engine answers: start Docker or set DOCKER_HOST, or choose another sandbox"
END_S = 5
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # what a build says on its stderr comes in red
KILLED = 137  # the exit code that the engine gives to a container whose PID 1 got SIGKILL
RUN, OWNER, HOST = "builder-trainer.run", "builder-trainer.owner", "builder-trainer.host"
# What docker-py raises: its own errors, and those of requests, which are OSErrors.
ENGINE_ERRORS = (DockerException, OSError)


def _host_config(client: docker.DockerClient, limits: Limits, runtime: str) -> Any:  # noqa: ANN401  docker-py's dict
    def tmpfs(size_mb: int) -> str:
        return f"rw,exec,nosuid,nodev,mode=1777,size={size_mb}m,nr_inodes={limits.inodes}"

    memory_mb = limits.memory_mb + limits.file_mb + SHARED_MEMORY_MB + AGENT_MB  # files on tmpfs are memory, too
    return client.api.create_host_config(
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        cap_add=["SETUID", "SETGID"],
        security_opt=["no-new-privileges", f"seccomp={container_profile()}"],
        pids_limit=limits.processes + AGENT_PROCESSES,
        mem_limit=memory_mb * MIB,
        memswap_limit=memory_mb * MIB,
        nano_cpus=1_000_000_000,
        ipc_mode="none",
        runtime=runtime or None,
        log_config=LogConfig(type="none"),
        # the engine would mount a file system for message queues that everybody may write to
        tmpfs={TEMPORARY: tmpfs(limits.file_mb), SHARED_MEMORY: tmpfs(SHARED_MEMORY_MB), QUEUES: "ro,size=4k"},
    )


def _agent(*, with_packages: bool) -> list[str]:
    """The container's command; a fork of the agent finds packages only if that looked for them."""
    config = AgentConfig(kind="docker", work=WORK, cgroup=True, roots=(TEMPORARY, SHARED_MEMORY))
    flags = ("-s",) if with_packages else ("-s", "-S")
    return [*agent_command("/usr/bin/python3", flags=flags, compiled=False), config.text()]


def _shape(limits: Limits) -> tuple[int, ...]:
    """What a container is made for."""
    return limits.memory_mb, limits.file_mb, limits.processes, limits.inodes


class ContainerIsolation:
    """An agent that is PID 1 of a container, behind the engine's attach stream."""

    def __init__(self, client: docker.DockerClient, container: Mapping[str, Any]) -> None:
        """Start it; `container` is what the engine is asked to create."""
        self._client, self._ended, self._demultiplexer = client, False, Demultiplexer()
        created = client.api.create_container(
            **container, entrypoint=[], hostname="sandbox", user="0:0", environment=ENVIRONMENT, working_dir="/",
            stdin_open=True, tty=False, detach=False,
        )  # fmt: skip
        self._id = str(created["Id"])
        with ExitStack() as undo:
            undo.callback(self._remove)
            attached = client.api.attach_socket(self._id, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            undo.callback(attached._response.close)  # noqa: SLF001  docker-py hangs it there; it holds the connection
            self._socket = undo.enter_context(socket.socket(fileno=os.dup(attached.fileno())))
            self._socket.settimeout(0)
            client.api.start(self._id)
            self._undo = undo.pop_all()

    def _remove(self) -> None:
        with suppress(*ENGINE_ERRORS):  # what cannot be removed now is swept by the next sandbox
            self._client.api.remove_container(self._id, force=True, v=True)

    def exchange(self, outgoing: memoryview, *, timeout_s: float) -> Exchange:
        """Write some of outgoing, read what is there, wait no longer than timeout_s for the first of it."""
        events = (POLLOUT if outgoing else 0) | (0 if self._ended else POLLIN)
        poller = poll()
        poller.register(self._socket, events)
        ready = dict(poller.poll(timeout_s * 1000)).get(self._socket.fileno(), 0)
        data, errors = self._read() if ready & ~POLLOUT and not self._ended else (b"", b"")
        written = self._write(outgoing) if ready & POLLOUT else 0
        return Exchange(written=written, data=data, errors=errors, ended=self._ended)

    def _read(self) -> tuple[bytes, bytes]:
        try:
            raw = self._socket.recv(CHUNK)
        except BlockingIOError:
            return b"", b""
        except OSError:
            raw = b""
        self._ended = not raw
        return self._demultiplexer.feed(raw)

    def _write(self, outgoing: memoryview) -> int:
        try:
            return self._socket.send(outgoing[:CHUNK])
        except OSError:
            return 0  # full, or gone, which the next read tells

    def kill(self) -> None:
        """Drop the stream. Removing the container ends it; asked before, an engine that cannot get rid of the
        container's output answers nobody (seen with 20.10).
        """
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def stopped(self) -> bool:
        """Whether the engine says that it is paused, or this host's kernel that its PID 1 is stopped."""
        try:
            state = self._client.api.inspect_container(self._id)["State"]
        except ENGINE_ERRORS:
            return True  # the engine has gone: nobody can say that it was the job
        return bool(state["Paused"]) or is_stopped(int(state["Pid"]))

    def loss(self) -> Loss | None:
        """What the engine says: memory, the agent's own end, or (None) someone else, which a job cannot be."""
        try:
            self._client.api.wait(self._id, timeout=END_S)
            state = self._client.api.inspect_container(self._id)["State"]
        except ENGINE_ERRORS:
            return None
        if state["OOMKilled"]:
            return Loss(Status.OOM, "the container ran out of memory")
        return None if state["ExitCode"] == KILLED else Loss(Status.SIGNAL, "the container ended with the job")

    def dispose(self) -> None:
        """Close the stream and remove the container."""
        self._undo.close()


def _connect() -> docker.DockerClient:
    try:
        _knock(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
        client = docker.from_env(timeout=API_TIMEOUT_S)
    except ENGINE_ERRORS as fault:
        raise SandboxFault(f"{NO_ENGINE} ({fault})") from fault
    try:
        client.ping()
    except ENGINE_ERRORS as fault:
        client.close()
        raise SandboxFault(f"{NO_ENGINE} ({fault})") from fault
    return client


def _knock(address: str) -> None:
    """Raise OSError if nobody listens on a local socket; docker-py would leave its own open then."""
    scheme, _, path = address.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)


def _image(client: docker.DockerClient, recipe: ImageRecipe, progress: Callable[[str], None]) -> str:
    """The id of the image that the recipe describes; built if this engine does not have it."""
    tag = recipe.tag()
    with suppress(ImageNotFound):
        found = client.images.get(tag)
        if found.labels.get(RECIPE) == recipe.digest():
            return str(found.id)
    progress(f"building the sandbox image {tag}, once")
    _build(client, recipe, progress)
    return str(client.images.get(tag).id)


def _build(client: docker.DockerClient, recipe: ImageRecipe, progress: Callable[[str], None]) -> None:
    complaint = begun = ""
    for event in client.api.build(
        fileobj=io.BytesIO(recipe.dockerfile.read_bytes()), tag=recipe.tag(), buildargs=dict(recipe.arguments),
        labels=recipe.labels(), rm=True, forcerm=True, decode=True, timeout=BUILD_SILENCE_S,
    ):  # fmt: skip
        *lines, begun = (begun + COLOUR.sub("", str(event.get("stream", "")))).split("\n")  # events cut lines anywhere
        for line in filter(None, map(str.strip, lines)):
            progress(line)
            complaint = f"{line}; " if line.startswith("E: ") else complaint  # apt-get's way to say what is wrong
        if "error" in event:
            complaint = f"{begun.strip()}; " if begun.startswith("E: ") else complaint  # its end may never have come
            said = f"{complaint}{event['error'].strip()}"
            raise SandboxFault(f"the sandbox image cannot be built from {recipe.dockerfile}: {said}")


def _sweep(client: docker.DockerClient) -> None:
    """Remove containers that a process of this host left behind when it was killed."""
    for container in client.api.containers(all=True, filters={"label": [f"{HOST}={socket.gethostname()}", OWNER]}):
        if not is_running(int(container["Labels"][OWNER])):
            with suppress(DockerException):  # another sweep may be faster
                client.api.remove_container(container["Id"], force=True, v=True)


class DockerSandbox(PooledSandbox):
    """Runs jobs in containers.

    Args:
        reason: why this kind was chosen, for the tier.
        progress: is told what happens while the image is built, line by line.
        dockerfile: what a job sees; needs /usr/bin/python3, 3.11 or later, and no context.
        packages: what jobs may import besides, as in `numpy` for Debian's python3-numpy.
        isolation: whether a container is used for many jobs while it proves clean, or for one.
        runtime: of the containers, if not the engine's default; `runsc` has a kernel of its own.

    Raises:
        InputError: a name is none of a package.
        SandboxFault: no engine answers, or the image cannot be built.
    """

    def __init__(
        self,
        *,
        reason: str = "asked for",
        progress: Callable[[str], None] = lambda _: None,
        dockerfile: Path = DOCKERFILE,
        packages: tuple[str, ...] = (),
        isolation: IsolationOf = "slot",
        runtime: str = "",
    ) -> None:
        recipe = ImageRecipe(dockerfile, packages)
        self._client = _connect()
        try:
            _sweep(self._client)
            image = _image(self._client, recipe, progress)
            facts = self._client.info()
        except (*ENGINE_ERRORS, SandboxFault) as fault:
            self._client.close()
            raise SandboxFault(f"the Docker sandbox cannot be prepared: {fault}") from fault
        self._labels = {RUN: uuid.uuid4().hex, OWNER: str(os.getpid()), HOST: socket.gethostname()}
        gaps = (KERNEL_GAP, *(gap for fact, gap in ENGINE_GAPS.items() if not facts.get(fact)))
        tier = Tier(kind="docker", safe=True, reason=reason, gaps=gaps, image=image, profile=seccomp_digest())
        self._command, self._runtime = _agent(with_packages=bool(packages)), runtime
        rules = PoolRules(jobs=jobs_of(isolation), start_s=START_S)
        super().__init__(tier, self._launch, shape=_shape, rules=rules)

    def close(self) -> None:
        """Leave nothing behind: no container, no connection."""
        super().close()
        mine = {"label": f"{RUN}={self._labels[RUN]}"}
        with suppress(*ENGINE_ERRORS):  # those that could not be removed at their time, as the engine was away
            for container in self._client.api.containers(all=True, filters=mine):
                with suppress(*ENGINE_ERRORS):  # that one is being removed already
                    self._client.api.remove_container(container["Id"], force=True, v=True)
        self._client.close()

    def _launch(self, limits: Limits) -> ContainerIsolation:
        try:
            config = _host_config(self._client, limits, self._runtime)
            return ContainerIsolation(
                self._client,
                {"image": self.tier.image, "command": self._command, "labels": self._labels, "host_config": config},
            )
        except ENGINE_ERRORS as fault:
            raise SandboxFault(f"the Docker engine could not start a container: {fault}") from fault
