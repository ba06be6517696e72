from pathlib import Path

from tests.memory.builders import live_a_little, open_memory
from tests.running import cli


def test_a_memory_that_was_not_analysed_yet_says_so_in_one_line(tmp_path: Path) -> None:
    open_memory(tmp_path).close()
    ran = cli("get-analysis", "--memory", tmp_path)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "was analysed yet" in ran.err


def test_an_analysis_of_an_older_version_is_shown(tmp_path: Path) -> None:
    live_a_little(tmp_path)
    assert cli("get-analysis", "--memory", tmp_path).out == "Analysis 1, after 1 attempts\nAll is well.\n"
