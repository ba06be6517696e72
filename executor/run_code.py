"""The plain door to a sandbox for Python source."""

from collections.abc import Mapping, Sequence

from executor.run_cmd import NO_FILES, run_cmd
from executor.sandbox import ExecutionResult, Limits, Sandbox

MAIN = "main.py"


def run_code(
    sandbox: Sandbox,
    source: str,
    *,
    files: Mapping[str, bytes] = NO_FILES,
    stdin: bytes = b"",
    collect: Sequence[str] = (),
    limits: Limits | None = None,
) -> ExecutionResult:
    """The facts of one Python script, run to its end as main.py in a fresh working directory.

    Modules among `files` are not found by `import`: the sandbox's Python ignores the script's directory, so that a
    file cannot pose as a library.

    Args:
        sandbox: where to run it.
        source: the script; source that does not compile is an outcome (exit code 1), not an error.
        files: what else lies in the working directory, by relative path.
        stdin: what the script reads.
        collect: patterns, as in `fnmatch`, of files in the working directory that are wanted afterwards.
        limits: what it may use; the defaults if None.

    Raises:
        SandboxFault: the sandbox could not run it.
    """
    script = source.encode("utf-8", "surrogatepass")  # a lone surrogate is the script's own syntax error
    argv, given = ("python", MAIN), {**files, MAIN: script}
    return run_cmd(sandbox, argv, files=given, stdin=stdin, collect=collect, limits=limits)
