"""The memory's folder: what a run could open and what not, held against what the memory itself says."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from executor.doctor import disk
from executor.doctor.findings import Finding
from executor.doctor.memory_folder import OWN, MemoryFolder
from memory.event_log import EventLog
from memory.memory_manager import MARK_FILE
from tests.memory.builders import (
    a_turn,
    added,
    created,
    decided,
    document_bytes,
    fill,
    finished,
    live_a_little,
    open_memory,
    run_started,
    small_disk,
)
from tests.running import CHECKOUT, start, wait_for
from utils.clock import SystemClock
from utils.errors import InputError
from utils.seeds import seed_of


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """A memory with two finished attempts and a parked one."""
    folder = tmp_path / "memory"
    live_a_little(folder)
    return folder


def examined(folder: Path) -> tuple[MemoryFolder, list[Finding]]:
    found = MemoryFolder(folder, SystemClock())
    return found, [found.usable(), found.log(), found.views()]


def levels(folder: Path) -> list[str]:
    return [finding.level for finding in examined(folder)[1]]


def segment(folder: Path) -> Path:
    return folder / "events" / "000001.jsonl"


def test_a_memory_is_found_whole_and_left_as_it_was(memory: Path) -> None:
    before = document_bytes(memory)
    found, findings = examined(memory)
    assert [finding.level for finding in findings] == ["ok", "ok", "ok"], findings
    assert "2 finished attempts, 1 parked ones" in findings[1].said
    assert found.past.state.totals.units == 2
    assert [spent.units for spent in found.past.by_model.values()] == [2]
    assert document_bytes(memory) == before


def test_where_there_is_no_memory_yet_one_can_be_begun_and_nothing_is_made(tmp_path: Path) -> None:
    _, findings = examined(tmp_path / "a" / "b")
    assert [finding.level for finding in findings] == ["ok", "ok", "ok"]
    assert "a run can begin one" in findings[0].said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*sorted(OWN - {"events", "seed"}), ".hidden", "holiday.jpg", "core"])
def test_a_folder_is_taken_for_a_memorys_if_the_memory_takes_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir() if "." not in name else (tmp_path / name).write_text("x")
    said = levels(tmp_path)[0]
    try:
        open_memory(tmp_path).close()
        real = "ok"
    except InputError:
        real = "problem"
    assert said == real


def test_a_file_or_a_folder_below_a_file_is_no_place_for_a_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        finding = examined(folder)[1][0]
        assert (finding.level, "--memory" in finding.todo) == ("problem", True)


def test_a_memory_that_another_process_writes_in_names_that_process(memory: Path) -> None:
    with open_memory(memory, what="a long run"):
        finding = examined(memory)[1][0]
    assert finding.level == "problem"
    assert "in use by `a long run` (process " in finding.said
    assert levels(memory)[0] == "ok"


def test_a_lock_that_died_with_its_holder_is_free(tmp_path: Path) -> None:
    process = start("loop.py", "--llm", "rehearsal", "--sandbox", "process", "--hours", "1", "--memory", tmp_path)
    wait_for((tmp_path / "writer.json").exists)
    assert levels(tmp_path)[0] == "problem"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert levels(tmp_path)[0] == "ok"


def test_another_seed_than_the_memorys_is_a_problem(memory: Path) -> None:
    seed_of(memory, 7)
    assert MemoryFolder(memory, SystemClock()).usable(7).level == "ok"
    finding = MemoryFolder(memory, SystemClock()).usable(8)
    assert (finding.level, "another seed" in finding.said) == ("problem", True)


def test_a_full_disk_is_a_problem_for_disk_and_memory(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=400) as folder:
        live_a_little(folder / "memory")
        fill(folder)
        assert disk.writing(folder / "memory").level == "problem"
        assert disk.space(folder / "memory").level == "problem"
        finding = examined(folder / "memory")[1][0]
    assert finding.level == "problem", finding


def damaged_middle(folder: Path) -> None:
    raw = segment(folder).read_bytes()
    segment(folder).write_bytes(raw.replace(b"a test", b"A TEST", 1))


def lost_tail(folder: Path) -> None:
    lines = segment(folder).read_bytes().splitlines(keepends=True)
    segment(folder).write_bytes(b"".join(lines[:-2]))


def broken_head(folder: Path) -> None:
    (folder / "events" / "head.json").write_text("{")


@pytest.mark.parametrize(
    ("harm", "words"),
    [(damaged_middle, "line 3: it does not follow"), (lost_tail, "are missing at the end"), (broken_head, "head.json")],
)
def test_a_damaged_log_is_a_problem_with_its_place(memory: Path, harm: object, words: str) -> None:
    assert callable(harm)
    harm(memory)
    _, (usable, log, views) = examined(memory)
    assert (usable.level, log.level, views.level) == ("ok", "problem", "warning")
    assert words in log.said
    assert log.todo
    assert views.said == "not looked at: the log is no use"


def test_a_memory_of_a_newer_version_is_a_problem(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events")
    assert list(log.recover()) == []
    log.append("2026-01-01T00:00:00.000Z", [created(format_=1)])
    log.close()
    text = segment(tmp_path).read_text().replace('"format":1', '"format":99')
    segment(tmp_path).write_text(text)
    (tmp_path / "events" / "head.json").unlink()
    finding = examined(tmp_path)[1][1]
    assert (finding.level, "newer version" in finding.said) == ("problem", True)


def test_a_folder_that_this_user_may_not_enter_is_a_problem(memory: Path) -> None:
    memory.parent.chmod(0o700)
    script = (
        "import encodings.utf_8_sig, os, sys; from contextlib import ExitStack\n"
        "from executor.doctor.tonight import Tonight\n"
        "from utils.clock import SystemClock; from utils.settings import load_settings\n"
        "os.setuid(65534)\n"
        "night = Tonight(load_settings(memory=sys.argv[1]), SystemClock(), ExitStack(), print)\n"
        "print([check.look().level for check in night.checks()[3:9]])"
    )
    argv = [sys.executable, "-c", script, str(memory)]
    ran = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=30)
    if "setuid" in ran.stderr:
        pytest.skip("becoming another user takes the rights of root")
    assert ran.stdout == "['problem', 'problem', 'problem', 'problem', 'warning', 'problem']\n", ran.stderr


def wrong_mark(folder: Path) -> None:
    (folder / MARK_FILE).write_text(json.dumps({"schema_version": 1, "seq": 2}))


def no_mark(folder: Path) -> None:
    (folder / MARK_FILE).unlink()


def odd_mark(folder: Path) -> None:
    (folder / MARK_FILE).write_text('["seq"]')


def no_head(folder: Path) -> None:
    (folder / "events" / "head.json").unlink()


def no_profile(folder: Path) -> None:
    (folder / "core" / "builder_profile.json").unlink()


def newer_profile(folder: Path) -> None:
    path = folder / "core" / "builder_profile.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 2'))


@pytest.mark.parametrize("harm", [wrong_mark, no_mark, odd_mark, no_head, no_profile, newer_profile])
def test_views_that_may_be_behind_are_warned_of_and_a_run_mends_them(memory: Path, harm: object) -> None:
    assert callable(harm)
    harm(memory)
    _, (usable, log, views) = examined(memory)
    assert (usable.level, log.level, views.level) == ("ok", "ok", "warning"), views
    assert views.todo


def test_the_tokens_of_replies_are_counted_for_each_model(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        memory.append([added(), run_started()])
        memory.append([decided(1, model="one"), decided(2, model="two")])
        memory.append(
            [finished(memory.state, 1, turns=(a_turn(completion_tokens=40), a_turn(1, completion_tokens=60)))]
        )
        memory.append([finished(memory.state, 2, turns=(a_turn(completion_tokens=5),))])
    found, _ = examined(tmp_path)
    assert found.past.by_model["one"].units == 1
    assert found.past.by_model["one"].reply_tokens - found.past.by_model["two"].reply_tokens == 95
