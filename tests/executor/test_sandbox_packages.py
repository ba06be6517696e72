"""Packages beside the standard library, where the sandbox's Python is this machine's."""

import json
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from executor.choose_sandbox import SandboxKind, SandboxOptions, choose_sandbox
from executor.grading.trial import try_task
from executor.process_sandbox import base_python
from executor.sandbox import Job
from memory.attempts import AttemptLimits
from memory.task_sources import load_tasks
from utils.errors import InputError

KINDS: list[SandboxKind] = ["process", "bubblewrap", "landlock"]
MBPP_PLUS: dict[str, Any] = {
    "task_id": 9002,
    "prompt": "Write a function halves: half of every member.",
    "code": "def halves(xs):\n    return [x / 2 for x in xs]\n",
    "test_imports": [],
    "test_list": ["assert halves([1, 2]) == [0.5, 1.0]", "assert halves([]) == []"],
    "test": "import numpy as np\nfor given in [[1], [3, 4]]:\n"
    "    assert np.allclose(halves(given), [x / 2 for x in given])",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_lacks_a_package_does_not_work_and_says_which(kind: SandboxKind) -> None:
    with pytest.raises(InputError, match=f"--sandbox {kind} does not work here") as refused:
        choose_sandbox(kind, trusted_code_only=True, options=SandboxOptions(packages=("nobody-has-this",))).close()
    if "nobody-has-this" not in str(refused.value):
        pytest.skip(str(refused.value))
    assert "has no nobody-has-this (BT_SANDBOX_PACKAGES)" in str(refused.value)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_with_numpy_a_row_of_mbpp_plus_is_graded_whole(kind: SandboxKind, tmp_path: Path) -> None:
    if subprocess.run([base_python(), "-s", "-c", "import numpy"], check=False, capture_output=True).returncode:
        pytest.skip(f"{base_python()} has no numpy")
    path = tmp_path / "mbpp.jsonl"
    path.write_text(json.dumps(MBPP_PLUS), encoding="utf-8")
    (task,) = load_tasks(path)
    limits = AttemptLimits(wall_s=20.0, cpu_s=10.0, memory_mb=1024)
    with closing(choose_sandbox(kind, trusted_code_only=True)) as without:
        assert try_task(task, without, limits).flaw.startswith("it needs numpy, which this sandbox does not have")
    options = SandboxOptions(packages=("numpy",))
    with closing(choose_sandbox(kind, trusted_code_only=True, options=options)) as sandbox:
        assert try_task(task, sandbox, limits).flaw == ""
        ran = sandbox.run(Job(argv=("python", "-c", "import numpy; print(numpy.ones(2).sum())")))
    assert ran.stdout.text == "2.0\n"
