"""Finds the best sandbox that works here, by running a tiny job in it; never falls through to less without saying so.

For code that nobody has read: Docker, then bubblewrap, then Landlock, then a refusal that says what to install; with a
runtime for containers Docker or a refusal, since who names a runtime wants no less. For the rehearsal model, whose code
is this project's own: bubblewrap, then a plain process, so that a first run needs nothing and waits for no image.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from executor.bubblewrap_sandbox import BubblewrapSandbox
from executor.docker_sandbox import DockerSandbox
from executor.landlock_sandbox import LandlockSandbox
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import Job, Sandbox, Status
from executor.sandbox_service import SOCKET
from executor.slots import IsolationOf
from executor.socket_sandbox import SocketSandbox
from utils.errors import InputError, SandboxFault
from utils.settings import Settings

SandboxKind = Literal["docker", "socket", "bubblewrap", "landlock", "process"]
Progress = Callable[[str], None]

UNTRUSTED: tuple[SandboxKind, ...] = ("docker", "bubblewrap", "landlock")
TRUSTED: tuple[SandboxKind, ...] = ("bubblewrap", "process")
RUNTIME_TODO = "install it, name it in Docker's daemon.json under runtimes and restart Docker, or leave BT_RUNTIME out"
TRIAL = Job(argv=("python", "-c", "print(6 * 7)"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How a sandbox is made, whichever it will be; each kind takes what concerns it.

    Attributes:
        packages: Python packages that code can import beside the standard library; a kind that cannot have them does
            not work.
        socket: where sandbox services dial.
        isolation: whether a container, or a set of namespaces, is used for many jobs while it proves clean, or for one.
        runtime: of Docker's containers, if not the engine's default.
    """

    packages: tuple[str, ...] = ()
    socket: Path = Path(SOCKET)
    isolation: IsolationOf = "slot"
    runtime: str = ""

    @classmethod
    def of_settings(cls, settings: Settings) -> "SandboxOptions":
        """What a person has set."""
        return cls(
            packages=settings.sandbox_packages,
            socket=settings.sandbox_socket,
            isolation=settings.isolation,
            runtime=settings.runtime,
        )


DEFAULTS = SandboxOptions()


def choose_sandbox(
    wanted: Literal["auto", "docker", "socket", "bubblewrap", "landlock", "process"],
    *,
    trusted_code_only: bool,
    progress: Progress = lambda _: None,
    options: SandboxOptions = DEFAULTS,
) -> Sandbox:
    """The wanted sandbox, or for `auto` the best one that works; a job has run in it.

    Args:
        wanted: a kind, or `auto`.
        trusted_code_only: whether all code that will run is this project's own.
        progress: is told what takes long.
        options: how it is made. Where a runtime is set, `auto` takes no other kind for code that is not trusted.

    Raises:
        InputError: the wanted kind does not work here, or none does that is safe enough.
    """
    if wanted != "auto":
        try:
            return _working(wanted, "asked for", progress, options)
        except SandboxFault as fault:
            raise InputError(f"--sandbox {wanted} does not work here: {_line(fault)}") from fault
    failed: dict[SandboxKind, str] = {}
    for kind in TRUSTED if trusted_code_only else ("docker",) if options.runtime else UNTRUSTED:
        try:
            reason = _reason(kind, failed, trusted_code_only=trusted_code_only)
            return _working(kind, reason, progress, options)
        except SandboxFault as fault:
            failed[kind] = _line(fault)
    if options.runtime and not trusted_code_only:
        raise InputError(f"BT_RUNTIME={options.runtime} asks for Docker, which does not work here: {failed['docker']}")
    raise InputError(
        f"no sandbox works here ({_listed(failed)}): install and start Docker, or install bubblewrap 0.8 or later, "
        "or use a kernel with Landlock, or type --sandbox process to run code without protection"
    )


def _working(kind: SandboxKind, reason: str, progress: Progress, options: SandboxOptions) -> Sandbox:
    """A sandbox of that kind in which a job has run."""
    sandbox = _made(kind, reason, progress, options)
    try:
        result = sandbox.run(TRIAL)
    except SandboxFault as fault:
        sandbox.close()
        if kind == "docker" and options.runtime:
            raise InputError(
                f"BT_RUNTIME={options.runtime} does not work here: {_line(fault)}; {RUNTIME_TODO}"
            ) from fault
        raise
    if result.status is Status.EXIT and result.stdout.head == b"42\n":
        return sandbox
    sandbox.close()
    raise SandboxFault(f"a trial job ended with {result.status}: {result.detail or result.stderr.text}")


def _made(kind: SandboxKind, reason: str, progress: Progress, options: SandboxOptions) -> Sandbox:
    match kind:
        case "docker":
            return DockerSandbox(
                reason=reason,
                progress=progress,
                packages=options.packages,
                isolation=options.isolation,
                runtime=options.runtime,
            )
        case "socket":
            return SocketSandbox(options.socket, reason=reason)
        case "bubblewrap":
            return BubblewrapSandbox(reason=reason, isolation=options.isolation, packages=options.packages)
        case "landlock":
            return LandlockSandbox(reason=reason, packages=options.packages)
        case "process":
            return ProcessSandbox(reason=reason, packages=options.packages)


def _reason(kind: SandboxKind, failed: Mapping[SandboxKind, str], *, trusted_code_only: bool) -> str:
    why = "the code is this project's own, and a quick start counts" if trusted_code_only else "the code is not trusted"
    passed_over = f"; passed over: {_listed(failed)}" if failed else ""
    return f"auto: {why}; {kind} works{passed_over}"


def _listed(failed: Mapping[SandboxKind, str]) -> str:
    return "; ".join(f"{kind}: {why}" for kind, why in failed.items())


def _line(fault: SandboxFault) -> str:
    """The fault in one line of bounded length."""
    return " ".join(str(fault).split())[:400]
