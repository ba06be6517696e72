"""The verdict of plain Python on a solution, for comparing others with it.

Not covered: tasks with cases, programs or tests of their own, and solutions that lie (the checks share their process).
"""

import json
import subprocess
import sys
from pathlib import Path

from memory.tasks import Task

RUNNER = Path(__file__).with_name("plain_runner.py")
WALL_S = 60.0
CPU_S = 2


def plain_flaw(task: Task, source: str, *, hash_seed: int = 0, inputs_seed: int = 0) -> str:
    """Why plain Python fails the solution, in words; empty if it passes."""
    job = {
        "solution": source,
        "setup": task.setup,
        "interface": task.callable_names,
        "checks": [check.code for check in task.checks],
        "generator": task.generator.source if task.generator else "",
        "count": task.generator.count if task.generator else 0,
        "reference": task.reference or "",
        "mutates": task.mutates_arguments,
        "seed": inputs_seed,
        "cpu_s": CPU_S,
    }
    done = subprocess.run(
        (sys.executable, "-s", "-P", str(RUNNER)),
        input=json.dumps(job).encode(),
        capture_output=True,
        check=False,
        timeout=WALL_S,
        env={"PYTHONHASHSEED": str(hash_seed), "PATH": "/usr/bin:/bin"},
    )
    if not done.stdout:
        return f"ended by itself: {done.returncode}"
    why: str = json.loads(done.stdout)
    return why
