"""The plain door to a sandbox for Python source."""

from collections.abc import Mapping

from executor.run_cmd import NO_FILES, run_cmd
from executor.sandbox import ExecutionResult, Limits, Sandbox

MAIN = "main.py"


def run_code(
    sandbox: Sandbox,
    source: str,
    *,
    files: Mapping[str, bytes] = NO_FILES,
    stdin: bytes = b"",
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
        limits: what it may use; the defaults if None.

    Raises:
        SandboxFault: the sandbox could not run it.
    """
    script = source.encode("utf-8", "surrogatepass")  # a lone surrogate is the script's own syntax error
    return run_cmd(sandbox, ("python", MAIN), files={**files, MAIN: script}, stdin=stdin, limits=limits)
