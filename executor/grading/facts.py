"""What memory keeps of how a process ended and where it ran."""

from executor.sandbox import ExecutionResult, Limits, Status, Tier
from memory.attempts import AttemptLimits, RunFacts, SandboxFacts
from memory.tasks import Task
from utils.text import clip

SHOWN_CHARS = 4000


def effective_limits(task: Task, limits: AttemptLimits) -> Limits:
    """The task's own limits where it has some, else the attempt's."""
    own = task.constraints
    return Limits(
        wall_s=own.wall_s or limits.wall_s,
        cpu_s=own.cpu_s or limits.cpu_s,
        memory_mb=own.memory_mb or limits.memory_mb,
    )


def describe_end(result: ExecutionResult) -> str:
    """How a process ended, in words."""
    match result.status:
        case Status.EXIT:
            return f"exit code {result.exit_code}"
        case Status.SIGNAL:
            return f"signal {result.signal}"
        case Status.TIMEOUT:
            return "it took too long (wall clock)"
        case Status.CPU_LIMIT:
            return "it took too long (CPU time)"
        case _:
            return str(result.status).replace("_", " ")


def run_facts(result: ExecutionResult) -> RunFacts:
    """The part of a result that memory keeps."""
    return RunFacts(
        status=result.status.value,
        exit_code=result.exit_code,
        signal=result.signal,
        wall_s=round(result.wall_s, 6),
        cpu_s=round(result.cpu_s, 6),
        peak_mb=round(result.peak_mb, 3),
        stdout=clip(result.stdout.text, SHOWN_CHARS),
        stderr=clip(result.stderr.text, SHOWN_CHARS),
    )


def sandbox_facts(tier: Tier) -> SandboxFacts:
    """The part of a tier that memory keeps."""
    return SandboxFacts(
        kind=tier.kind, safe=tier.safe, reason=tier.reason, gaps=tier.gaps, image=tier.image, profile=tier.profile
    )
