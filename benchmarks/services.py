"""Sandbox services as docker-compose.yml makes them, on the real engine, for benchmarks and tests."""

import io
import os
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import docker as engine
import yaml

from executor.sandbox_service import SOCKET
from executor.socket_sandbox import SocketSandbox

ROOT = Path(__file__).resolve().parents[1]
IMAGE = "builder-trainer-service:test"
COMPOSE = ROOT / "docker-compose.yml"


def service() -> dict[str, Any]:
    """The sandbox service of the compose file."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["sandbox"]
    return found


@cache
def image() -> str:
    """The service's image, built from this checkout."""
    with closing(engine.from_env(timeout=600)) as client, closing(_context()) as context:
        built, _ = client.images.build(
            fileobj=context, custom_context=True, dockerfile=service()["build"]["dockerfile"], tag=IMAGE, rm=True
        )
        return str(built.id)


def _context() -> io.BytesIO:
    """What .dockerignore lets through of it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in ("executor", "utils"):
            archive.add(ROOT / folder, folder, filter=lambda each: None if "__pycache__" in each.name else each)
    packed.seek(0)
    return packed


def options(socket_folder: str) -> dict[str, Any]:
    """The compose file's settings as the engine's API wants them."""
    of = service()
    mounts = dict(each.split(":", 1) for each in of["tmpfs"])
    security = [_with_profile(each) for each in of["security_opt"]]
    return {
        "network_mode": of["network_mode"], "read_only": of["read_only"], "tmpfs": mounts, "ipc_mode": of["ipc"],
        "cap_drop": of["cap_drop"], "cap_add": of["cap_add"], "security_opt": security,
        "mem_limit": of["mem_limit"], "memswap_limit": of["memswap_limit"], "pids_limit": of["pids_limit"],
        "nano_cpus": int(float(of["cpus"]) * 1e9), "restart_policy": {"Name": of["restart"]},
        "volumes": {socket_folder: {"bind": str(Path(SOCKET).parent), "mode": "rw"}},
        "log_config": engine.types.LogConfig(type=of["logging"]["driver"]),
    }  # fmt: skip


def _with_profile(option: str) -> str:
    """Compose reads the file that is named; the engine wants what is in it."""
    name, _, path = option.partition(":")
    return f"seccomp={(ROOT / path).read_text(encoding='utf-8')}" if name == "seccomp" else name


def label() -> str:
    """What the containers of this process's services bear."""
    return f"builder-trainer.service={os.getpid()}"


@contextmanager
def served(count: int) -> Iterator[SocketSandbox]:
    """A sandbox behind so many services."""
    with services(count) as (path, _), closing(SocketSandbox(path)) as sandbox:
        yield sandbox


@contextmanager
def services(count: int, **changed: Any) -> Iterator[tuple[Path, list[Any]]]:
    """So many running services; the socket's path on this side, and their containers."""
    with tempfile.TemporaryDirectory(prefix="bt-") as folder, closing(engine.from_env()) as client:
        settings: Mapping[str, Any] = {"labels": [label()], **options(folder), **changed}
        running = [client.containers.run(image(), detach=True, **settings) for _ in range(count)]
        try:
            yield Path(folder) / Path(SOCKET).name, running
        finally:
            for container in running:
                container.remove(force=True)
