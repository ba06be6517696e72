"""The sandboxes that the tests run in: every kind that works on this machine."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from benchmarks.services import services
from executor.choose_sandbox import SandboxKind, choose_sandbox
from executor.sandbox import Sandbox
from executor.socket_sandbox import SocketSandbox
from utils.errors import InputError

DOCKER = pytest.param("docker", marks=pytest.mark.docker)
SOCKET = pytest.param("socket", marks=pytest.mark.docker)


def opened(kind: SandboxKind) -> Iterator[Sandbox]:
    if kind == "socket":
        with services(6) as (path, _), closing(SocketSandbox(path)) as served:
            yield served
        return
    try:
        sandbox = choose_sandbox(kind, trusted_code_only=True)
    except InputError as fault:
        pytest.skip(str(fault))
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module", params=["process", "bubblewrap", "landlock", DOCKER, SOCKET])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Every kind."""
    yield from opened(request.param)


@pytest.fixture(scope="module", params=["bubblewrap", "landlock", DOCKER, SOCKET])
def isolated(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Every kind that is safe for code that is not trusted."""
    yield from opened(request.param)


@pytest.fixture(scope="module", params=["bubblewrap", DOCKER, SOCKET])
def namespaced(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Every kind in which a job has file systems, processes and a network of its own."""
    yield from opened(request.param)


@pytest.fixture(scope="module")
def landlock() -> Iterator[Sandbox]:
    """Landlock domains."""
    yield from opened("landlock")


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    """The kind that protects nothing."""
    yield from opened("process")


@pytest.fixture(scope="module")
def docker() -> Iterator[Sandbox]:
    """Containers."""
    yield from opened("docker")
