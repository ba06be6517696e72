"""SIGKILL at any moment of a night: the same command goes on, and ends with the memory of an undisturbed night."""

import json
import os
import random
import re
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from memory.event_lines import read_chain
from memory.memory_manager import MemoryManager
from tests.forked import Forked
from tests.running import Process, cli, events, finish, logged, start, start_fresh, wait_for
from trainer.views import all_views
from utils.clock import SystemClock

SEEDS = [os.environ.get("BT_TESTS_SEED", "1")]
"""Of the moments of the kills; a failed test has it in its name."""
USUAL = ("--llm", "rehearsal", "--sandbox", "process", "--seed", "11")
TOO_SHORT = "the night was over before it was killed as often as it should: make it longer"
START_S, AFTER_S = 0.5, 0.25
VIEWS = ("core", "task_memory", "advanced", "belogs", "rules", "blueprints")
ARCHIVE = "code_archive"
MEASURED = re.compile(
    rb'"(at|\w+_at|timestamp|\w+_s|peak_mb|speed|points|best_points|efficiency_score|score_sd)": ?("[^"]*"|[^,}\s]+)'
)

SLOWER = re.compile(rb',\s*"slower than the reference: [^"]*"|"slower than the reference: [^"]*"(,\s*)?')
"""A suggestion that rests on times."""
NOTHING = re.compile(rb"\[\s*\]")


def options_of(memory: Path, *options: str | Path, cycles: int) -> tuple[str | Path, ...]:
    return ("loop.py", *USUAL, "--cycles", str(cycles), "--memory", memory, *options)


def begin(memory: Path, *options: str | Path, cycles: int) -> Forked:
    return start(*options_of(memory, *options, cycles=cycles))


def kill(process: Forked) -> None:
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, TOO_SHORT


def live_and_die(folder: Path, chance: random.Random, *, cycles: int, kills: int, in_start: float) -> None:
    """Lives of one night, each killed, most a moment after one more unit was decided, the others while they start.

    Never two in a row while they start, so that no unit is under way at more than two kills.
    """
    memory, starting = folder / "memory", False
    for number in range(kills):
        decided = logged(memory, "decided")
        starting = not starting and (number == 0 or chance.random() < in_start)
        process = begin(memory, "--record", folder / f"record-{number}.jsonl", cycles=cycles)
        if starting:
            time.sleep(chance.uniform(0, START_S))
        else:
            wait_for(lambda: logged(memory, "decided") > decided or process.poll() is not None)  # noqa: B023
            time.sleep(chance.uniform(0, AFTER_S))
        kill(process)


EXPECTED_SCORE = re.compile(rb'"score": \{"control"[^}]+\}')


def without_scores(path: Path) -> bytes:
    """A document; the evidence on scores, which rest on times, is left out."""
    if path.name != "evidence.json":
        return path.read_bytes()
    report = json.loads(path.read_bytes())
    report["claims"] = [claim for claim in report["claims"] if claim["name"] != "score"]
    return json.dumps(report, sort_keys=True).encode()


def unmeasured(data: bytes) -> bytes:
    told = NOTHING.sub(b"[]", SLOWER.sub(b"", EXPECTED_SCORE.sub(b"", data)))
    return MEASURED.sub(rb'"\1": measured', told)


def decisions(memory: Path) -> list[dict[str, Any]]:
    """What was decided, but for what is expected of scores, which rest on times."""
    found = events(memory, "decided")
    for predictions in [each["predictions"] for each in found if each["predictions"]]:
        del predictions["score"], predictions["score_sd"]
    return found


def history(memory: Path) -> list[bytes]:
    """What happened, but for what was measured and for beginnings and ends of processes and of work on a unit."""
    kept = [each for each in events(memory) if not each["kind"].startswith(("run_", "restarted"))]
    return [unmeasured(json.dumps(each, sort_keys=True).encode()) for each in kept]


def documents(memory: Path, *folders: str) -> dict[str, bytes]:
    """All files of these folders, but for what was measured."""
    paths = [path for folder in folders for path in sorted((memory / folder).rglob("*")) if path.is_file()]
    return {path.relative_to(memory).as_posix(): unmeasured(without_scores(path)) for path in paths}


def asked(folder: Path) -> list[list[str]]:
    """The requests that reached the model and came back, life by life; one that the kill tore was not handed out."""
    lives = [path.read_bytes().splitlines(keepends=True) for path in folder.glob("record-*.jsonl")]
    return [[json.loads(line)["digest"] for line in lines if line.endswith(b"\n")] for lines in lives]


def assert_the_views_follow_from_the_log(memory: Path) -> None:
    """Folded from nothing at once, and folded again while the memory is opened as after a crash."""
    assert cli("rebuild", "--check", "--memory", memory).out == "The views are as the log says.\n"
    before = {path: (memory / path).read_bytes() for path in documents(memory, *VIEWS)}
    (memory / "views.json").unlink()
    MemoryManager.open(memory, views=all_views(), clock=SystemClock(), what="a test", identify=str).close()
    assert {path: (memory / path).read_bytes() for path in documents(memory, *VIEWS)} == before


def assert_a_night_survives(folder: Path, seed: str, *, cycles: int, kills: int, in_start: float) -> None:
    whole, killed = folder / "whole", folder / "killed"
    undisturbed = begin(whole / "memory", "--record", whole / "record-0.jsonl", cycles=cycles)
    live_and_die(killed, random.Random(seed), cycles=cycles, kills=kills, in_start=in_start)
    record = ("--record", killed / f"record-{kills}.jsonl")
    last = start_fresh(*options_of(killed / "memory", *record, cycles=cycles))
    process: Process
    for process in (undisturbed, last):
        ran = finish(process, timeout_s=600)
        assert ran.code == 0, ran.err
    ours, theirs = killed / "memory", whole / "memory"
    assert decisions(ours) == decisions(theirs)
    assert len(events(ours, "finished")) == len(events(ours, "decided")) == cycles
    assert history(ours) == history(theirs)
    assert documents(ours, *VIEWS) == documents(theirs, *VIEWS)
    assert documents(ours, ARCHIVE) == documents(theirs, ARCHIVE)
    assert [line.seq for line, _ in read_chain(ours / "events")] == list(range(1, len(events(ours)) + 1))
    requests = Counter(request for life in asked(killed) for request in life)
    assert requests.keys() == {request for life in asked(whole) for request in life}
    # A kill may come between a reply and its storing, and so cost the last reply of a life; none else is asked again.
    assert {each for each, times in requests.items() if times > 1} <= {life[-1] for life in asked(killed) if life}
    assert requests.total() - len(requests) <= kills
    assert_the_views_follow_from_the_log(ours)


def cut(memory: Path, *, after: int) -> None:
    """Leave nothing but the seed and the log's first events: all that a kill cannot touch once they are written."""
    log = memory / "events" / "000001.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    for path in memory.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "seed":
            path.unlink()
    log.parent.mkdir()
    log.write_bytes(b"".join(lines[:after]))


@dataclass(frozen=True, slots=True)
class Short:
    """A night with all that can follow an attempt: after the tenth a task is put aside, then all is analysed."""

    folder: Path

    @property
    def whole(self) -> Path:
        return self.folder / "whole"

    @property
    def kinds(self) -> list[str]:
        return [each["kind"] for each in events(self.whole)]

    def lived(self, memory: Path) -> Path:
        """The memory, once the night is over."""
        ran = finish(begin(memory, "--tasks", self.folder / "tasks.json", "--max-repairs", "0", cycles=11))
        assert ran.code == 0, ran.err
        return memory

    def assert_goes_on(self, *, after: int) -> None:
        """Cut off behind so many events, it becomes the same memory."""
        memory = Path(shutil.copytree(self.whole, self.folder / f"cut-{after}"))
        cut(memory, after=after)
        self.lived(memory)
        assert history(memory) == history(self.whole), f"cut off after event {after}"
        assert documents(memory, *VIEWS) == documents(self.whole, *VIEWS)


@pytest.fixture
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Short:
    """A whole night of two easy tasks, of which one has a check that no solution passes."""
    monkeypatch.setenv("BT_ANALYSE_EVERY", "5")
    rows = [
        {
            "id": name,
            "name": name,
            "goal": f"Write {name}(x), which returns 2 * x.",
            "entry_point": name,
            "skills": ["numbers"],
            "difficulty": 0.05,
            "checks": [{"name": "double", "code": f"assert {name}(4) == {wanted}"}],
            "reference": f"def {name}(x):\n    return 2 * x\n",
            "origin": "curriculum",  # so that nobody tries it before its first attempt
        }
        for name, wanted in (("right", 8), ("wrong", 9))
    ]
    (tmp_path / "tasks.json").write_text(json.dumps(rows), encoding="utf-8")
    night = Short(tmp_path)
    night.lived(night.whole)
    return night


def test_a_night_cut_off_between_an_attempt_and_what_follows_it_still_has_all_of_that(short: Short) -> None:
    aside = short.kinds.index("quarantined")
    assert short.kinds[aside - 1 : aside + 3] == ["finished", "quarantined", "validated", "analysed"]
    for after in (aside, aside + 1, aside + 2):
        short.assert_goes_on(after=after)


@pytest.mark.night
@pytest.mark.timeout(600)
def test_a_night_cut_off_after_any_event_ends_as_the_whole_one(short: Short) -> None:
    for after in range(1, len(short.kinds)):
        short.assert_goes_on(after=after)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_night_killed_eight_times_leaves_the_memory_of_an_undisturbed_one(tmp_path: Path, seed: str) -> None:
    assert_a_night_survives(tmp_path, seed, cycles=14, kills=8, in_start=1.0)


@pytest.mark.night
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_night_killed_a_hundred_times_leaves_the_memory_of_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: str
) -> None:
    monkeypatch.setenv("BT_ANALYSE_EVERY", "5")
    monkeypatch.setenv("BT_PROPOSE_EVERY", "25")
    monkeypatch.setenv("BT_BLUEPRINT_TRIALS", "on")
    assert_a_night_survives(tmp_path, seed, cycles=150, kills=100, in_start=0.25)
    assert events(tmp_path / "killed" / "memory", "revision_proposed")
    assert events(tmp_path / "killed" / "memory", "task_proposed")
