"""The plain door to a sandbox for a command."""

from collections.abc import Mapping, Sequence

from executor.sandbox import ExecutionResult, Job, Limits, Sandbox

NO_FILES: Mapping[str, bytes] = {}


def run_cmd(
    sandbox: Sandbox,
    command: str | Sequence[str],
    *,
    files: Mapping[str, bytes] = NO_FILES,
    stdin: bytes = b"",
    collect: Sequence[str] = (),
    limits: Limits | None = None,
) -> ExecutionResult:
    """The facts of one command, run to its end in a fresh working directory.

    Args:
        sandbox: where to run it.
        command: the program and its arguments, no shell; "python" as the program is the sandbox's own Python 3. Or one
            text, a line for the sandbox's own `sh`, in which "python" is whatever its PATH has. Never put text of
            other origin into such a line: hand it over as an argument, in a file or as stdin.
        files: what lies in the working directory, by relative path.
        stdin: what the command reads.
        collect: patterns, as in `fnmatch`, of files in the working directory that are wanted afterwards.
        limits: what it may use; the defaults if None.

    Raises:
        SandboxFault: the sandbox could not run it.
    """
    argv = ("sh", "-c", command) if isinstance(command, str) else tuple(command)
    job = Job(argv=argv, files=files, stdin=stdin, collect=tuple(collect), limits=limits or Limits())
    return sandbox.run(job)
