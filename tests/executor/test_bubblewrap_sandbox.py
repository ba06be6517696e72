"""Bubblewrap started by an ordinary user: the agent, its zygote and all jobs have the same user id."""

import os
import re

import pytest

from benchmarks.services import ROOT
from tests.executor.test_landlock_sandbox import NOBODY_ELSE, run_python

ATTACKS = ROOT / "tests" / "executor" / "test_isolation_attacks.py"
SAME_USER = (
    "shuts_the_folders signals_until signals_once signals_by_way signals_its_agent renices_whom floods_its_agent"
    " leaves_connections"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="the attacks run as an ordinary user anyway")
def test_attacks_of_the_agents_own_user_harm_nobody() -> None:
    chosen = f"bubblewrap and ({' or '.join(SAME_USER.split())})"
    ran = run_python(NOBODY_ELSE, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ATTACKS), "-k", chosen)
    if "ModuleNotFoundError" in ran.stderr or "Permission denied" in ran.stderr:
        pytest.skip("no other user can run Python in this checkout")
    if re.search(r"\d skipped", ran.stdout):
        pytest.skip("no ordinary user can start bubblewrap here")
    assert re.search(r"^8 passed", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr
