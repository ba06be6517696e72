"""The plain door to a sandbox for a command."""

from collections.abc import Mapping, Sequence

from executor.sandbox import ExecutionResult, Job, Limits, Sandbox

NO_FILES: Mapping[str, bytes] = {}


def run_cmd(
    sandbox: Sandbox,
    argv: Sequence[str],
    *,
    files: Mapping[str, bytes] = NO_FILES,
    stdin: bytes = b"",
    limits: Limits | None = None,
) -> ExecutionResult:
    """The facts of one command, run to its end in a fresh working directory.

    Args:
        sandbox: where to run it.
        argv: the program and its arguments, no shell; "python" is the sandbox's own Python 3.
        files: what lies in the working directory, by relative path.
        stdin: what the command reads.
        limits: what it may use; the defaults if None.

    Raises:
        SandboxFault: the sandbox could not run it.
    """
    return sandbox.run(Job(argv=tuple(argv), files=files, stdin=stdin, limits=limits or Limits()))
