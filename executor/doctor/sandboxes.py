"""Where code runs: each kind tried with a job, the one that the loop would take, and a grading in it."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from executor.bubblewrap_sandbox import BubblewrapSandbox
from executor.choose_sandbox import DEFAULTS, RUNTIME_TODO, TRIAL, SandboxKind, SandboxOptions, choose_sandbox
from executor.docker_sandbox import DockerSandbox
from executor.doctor.attack import FOLDER, Attack, run_attacks
from executor.doctor.findings import Finding, Level, fault_finding
from executor.grading.grade import grade
from executor.landlock_sandbox import LandlockSandbox
from executor.sandbox import Sandbox, Status, Tier
from executor.sandbox_image import DOCKERFILE
from memory.attempts import AttemptLimits, Verdict
from memory.tasks import Check, Task
from utils.errors import Fault, InputError, SandboxFault
from utils.settings import SandboxChoice

Waiting = Callable[[str], None]

BUILD = "`doctor --sandbox docker` builds it now, which takes some minutes and the network; the first run would, too"
NOT_NEEDED = "nothing, it is not needed with these settings; else: "
INSTALL_BUBBLEWRAP = "install bubblewrap 0.8 or later and let it make user namespaces"
USE_LANDLOCK = "do what it says; it needs nothing else"
START_DOCKER = "start Docker or set DOCKER_HOST"
LEAVE_PROCESS = f"{START_DOCKER}, or {INSTALL_BUBBLEWRAP}, and leave --sandbox process out"
HOLE = "run no model's code here, choose another --sandbox, and report it as docs/security.md says"
SHOW = "try again; if it stays so, show `doctor --json` to the project"
OWN_CODE = "; no matter for the rehearsal model, whose code is this project's own"
DOCKER_IS_THE_WAY = "start Docker Desktop and run with --sandbox docker: no other kind of sandbox works on this system"
TASK = Task(
    id="doctor-double",
    name="Double a number",
    goal="Write double(x): twice x.",
    entry_point="double",
    checks=(Check(name="doubles", code="assert double(21) == 42\nassert double(-1) == -2"),),
)
RIGHT = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x + 21\n"


class _NotBuilt(SandboxFault):
    """The image would have to be built, and nobody asked for that."""


@dataclass(slots=True)
class Building:
    """Lets an image be built only if that was asked for; notes whether one was missing."""

    allowed: bool
    waiting: Waiting
    missing: bool = False

    def progress(self, text: str) -> None:
        """What the Docker sandbox calls before it builds, and with each line of the build.

        Raises:
            SandboxFault: nobody asked for it.
        """
        self.missing = True
        if not self.allowed:
            raise _NotBuilt("its image is not built yet")
        self.waiting(text)


def system(platform: str = sys.platform) -> Finding:
    """Whether this is Linux; elsewhere Docker is the way, and untried."""
    if platform == "linux":
        return Finding("system", "ok", "Linux")
    name = {"darwin": "macOS", "win32": "Windows"}.get(platform, platform)
    return Finding("system", "warning", f"{name}: Docker is the way there, and nobody has tried it", DOCKER_IS_THE_WAY)


def docker(
    wanted: SandboxChoice, waiting: Waiting, *, options: SandboxOptions = DEFAULTS, dockerfile: Path = DOCKERFILE
) -> Finding:
    """Whether a job runs in a container; the image is built only if Docker was asked for by name."""
    building = Building(allowed=wanted == "docker", waiting=waiting)

    def made() -> Sandbox:
        return DockerSandbox(
            progress=building.progress,
            dockerfile=dockerfile,
            packages=options.packages,
            isolation=options.isolation,
            runtime=options.runtime,
        )

    todo = f"{START_DOCKER}; {RUNTIME_TODO}" if options.runtime else START_DOCKER
    finding = _trial("docker", wanted == "docker", todo, made)
    if building.missing and not building.allowed:
        return Finding("docker", "warning", "the engine answers, but its image for sandboxes is not built yet", BUILD)
    return finding


def bubblewrap(wanted: SandboxChoice, program: str = "bwrap") -> Finding:
    """Whether a job runs in bubblewrap."""
    return _trial("bubblewrap", wanted == "bubblewrap", INSTALL_BUBBLEWRAP, lambda: BubblewrapSandbox(program=program))


def landlock(wanted: SandboxChoice) -> Finding:
    """Whether a job runs in a Landlock domain; where the kernel does not let it, why."""
    return _trial("landlock", wanted == "landlock", USE_LANDLOCK, LandlockSandbox)


def _trial(kind: SandboxKind, needed: bool, todo: str, make: Callable[[], Sandbox]) -> Finding:  # noqa: FBT001
    """What came of a tiny job; where the kind was not asked for by name, others may do."""
    level: Level = "problem" if needed else "warning"
    todo = todo if needed else NOT_NEEDED + todo
    started = time.perf_counter()
    try:
        with closing(make()) as sandbox:
            result = sandbox.run(TRIAL)
    except SandboxFault as fault:
        return Finding(kind, level, " ".join(str(fault).split())[:400], todo)
    if result.status is not Status.EXIT or result.exit_code != 0 or result.stdout.head != b"42\n":
        said = f"a tiny job ended with {result.status} and gave {result.stdout.text[:100]!r}, not '42'"
        return Finding(kind, level, said, todo)
    return Finding(kind, "ok", f"a tiny job printed what it should, {time.perf_counter() - started:.2f} s in all")


class Workplace:
    """The sandbox that the loop would take, and a grading in it; closed with the stack."""

    def __init__(
        self,
        wanted: SandboxChoice,
        *,
        trusted_code_only: bool,
        stack: ExitStack,
        waiting: Waiting,
        options: SandboxOptions = DEFAULTS,
    ) -> None:
        """Nothing is started yet."""
        self._wanted, self._trusted, self._options = wanted, trusted_code_only, options
        self._stack, self._waiting = stack, waiting
        self._sandbox: Sandbox | None = None

    def choice(self) -> Finding:
        """Which sandbox it is, whether it works, and what it does not cover."""
        building = Building(allowed=self._wanted == "docker", waiting=self._waiting)
        try:
            sandbox = choose_sandbox(
                self._wanted, trusted_code_only=self._trusted, progress=building.progress, options=self._options
            )
        except InputError as refusal:
            other = RUNTIME_TODO if self._options.runtime else f"{START_DOCKER}, or {INSTALL_BUBBLEWRAP}"
            todo = BUILD if building.missing else other
            return Finding("sandbox", "problem", str(refusal), todo)
        self._stack.callback(sandbox.close)
        self._sandbox, tier = sandbox, sandbox.tier
        said = f"{tier.kind} ({tier.reason}); does not cover: {'; '.join(tier.gaps) or 'nothing known'}"
        if building.missing and not building.allowed:
            return Finding("sandbox", "warning", f"tried {said}. The loop would build Docker's image first", BUILD)
        if not (tier.safe or self._trusted):
            return Finding(
                "sandbox", "warning", f"UNSAFE: the model's code can do all that you can. {said}", LEAVE_PROCESS
            )
        return Finding("sandbox", "ok", said)

    def attacks(self, folder: Path = FOLDER) -> Finding:
        """Which of a dozen short attacks get through in it; details hold them all, and what the tier does not cover."""
        if self._sandbox is None:
            return Finding("attacks", "warning", "not tried: there is no sandbox")
        started = time.perf_counter()
        try:
            came = run_attacks(self._sandbox, folder)
        except Fault as fault:
            return fault_finding("attacks", "problem", fault, "choose another --sandbox")
        return self._judged(came, self._sandbox.tier, time.perf_counter() - started)

    def _judged(self, came: Sequence[Attack], tier: Tier, took_s: float) -> Finding:
        """An attack that got through is a problem where the sandbox is called safe; elsewhere it shows what is not."""
        details = (*(f"{each.outcome}: {each.goal}" for each in came), *(f"not covered: {gap}" for gap in tier.gaps))
        through = [each.goal for each in came if each.outcome == "got through"]
        unclear = [f"{each.goal} ({each.detail})" for each in came if each.outcome == "proved nothing"]
        said = f"{len(came) - len(through) - len(unclear)} of {len(came)} were held in {tier.kind}, {took_s:.1f} s"
        said += f"; got through: {'; '.join(through)}" if through else ""
        said += f"; proved nothing: {'; '.join(unclear)}" if unclear else ""
        if through and tier.safe:
            return Finding("attacks", "problem", said, HOLE, details)
        if unclear or (through and not self._trusted):
            return Finding("attacks", "warning", said, LEAVE_PROCESS if through else SHOW, details)
        return Finding("attacks", "ok", said + (OWN_CODE if through else ""), "", details)

    def grading(self, limits: AttemptLimits, *, right: str = RIGHT, wrong: str = WRONG) -> Finding:
        """Whether a right solution of a tiny task passes and a wrong one fails, under the limits of a night."""
        if self._sandbox is None:
            return Finding("grading", "warning", "not tried: there is no sandbox")
        todo = "raise BT_WALL_S, BT_CPU_S and BT_MEMORY_MB if they are set; else choose another --sandbox"
        started = time.perf_counter()
        try:
            passed, failed = (grade(TASK, code, self._sandbox, limits=limits) for code in (right, wrong))
        except Fault as fault:
            return fault_finding("grading", "problem", fault, todo)
        if passed.outcome != "passed":
            return Finding("grading", "problem", f"a right solution failed: {_why(passed)}", todo)
        if failed.outcome != "failed":
            return Finding("grading", "problem", "a wrong solution passed", "trust no verdict of this machine")
        took_s = time.perf_counter() - started
        return Finding("grading", "ok", f"a right solution passed and a wrong one failed, {took_s / 2:.2f} s each")


def _why(verdict: Verdict) -> str:
    failure = verdict.error or next((each.error for each in verdict.failures), "")
    return " ".join(failure.split())[-300:] or f"its process ended with {verdict.candidate.status}"
