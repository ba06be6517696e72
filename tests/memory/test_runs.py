"""Runs in the log: begun, continued, ended; their seeds; units that take the program down with them."""

from pathlib import Path

import pytest

from memory import runs
from memory.builder_model import Belief, prior_difficulty
from memory.events import Parked, Restarted
from memory.memory_manager import MemoryManager
from memory.runs import RunSetup
from tests.memory.builders import SANDBOX, added, decided, finished, open_memory
from tests.running import events
from utils.errors import InputError
from utils.files import sha256_hex

SETUP = RunSetup(model="a model", simulated=False, sandbox=SANDBOX, settings={}, tasks=())


def begin(memory: MemoryManager) -> list[str]:
    notes: list[str] = []
    runs.begin(memory, SETUP, seed=11, note=notes.append)
    return notes


def die_in_flight(folder: Path, times: int) -> list[str]:
    """Decide a unit, and let the program die that often without a word."""
    with open_memory(folder) as memory:
        begin(memory)
        memory.append([added()])
        memory.append([decided(1)])
    notes = []
    for _ in range(times):
        with open_memory(folder) as memory:
            notes = begin(memory)
            restart(memory)
    return notes


def restart(memory: MemoryManager) -> None:

    for unit in memory.state.in_flight:
        memory.append([Restarted(unit_id=unit)])


def test_the_seed_of_a_run_is_told_at_its_end_and_its_hash_at_its_beginning(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        for _ in range(2):
            begin(memory)
            runs.end(memory, "enough", seed=11)
    hashes = [each["seed_sha256"] for each in events(tmp_path, "run_started")]
    seeds = [each["seed"] for each in events(tmp_path, "run_ended")]
    assert hashes == [sha256_hex(str(seed).encode()) for seed in seeds]
    assert seeds == [runs.run_seed(11, 1), runs.run_seed(11, 2)]
    assert len({*seeds, 11}) == 3


def test_a_run_that_did_not_end_is_continued_with_its_number(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        begin(memory)
    with open_memory(tmp_path) as memory:
        begin(memory)
        assert (memory.state.runs, memory.state.run_ended) == (1, False)
    assert len(events(tmp_path, "run_resumed")) == 1


@pytest.mark.parametrize(("times", "left"), [(1, 1), (2, 1), (3, 0)])
def test_a_unit_that_died_three_times_in_flight_is_given_up(tmp_path: Path, times: int, left: int) -> None:
    notes = die_in_flight(tmp_path, times)
    with open_memory(tmp_path) as memory:
        assert len(memory.state.in_flight) == left
        assert memory.state.totals.abandoned == 1 - left
        assert memory.state.learning.model.units == 0
    assert any("is given up" in note for note in notes) == (not left)
    assert "run 1 did not say that it ended: its last word was at 2026-01-31T" in notes[-1]
    assert [each["deaths"] for each in events(tmp_path, "abandoned")] == [3] * (1 - left)


def test_waiting_parked_is_no_death(tmp_path: Path) -> None:

    with open_memory(tmp_path) as memory:
        begin(memory)
        memory.append([added()])
        memory.append([decided(1)])
        memory.append([Parked(unit_id="abcdef12-000001", reason="a fault")])
    for _ in range(4):
        with open_memory(tmp_path) as memory:
            begin(memory)
            assert list(memory.state.in_flight) == ["abcdef12-000001"]


def test_a_unit_that_finishes_after_two_deaths_is_as_good_as_any(tmp_path: Path) -> None:
    die_in_flight(tmp_path, 2)
    with open_memory(tmp_path) as memory:
        memory.append([finished(memory.state, 1)])
        assert (memory.state.totals.units, memory.state.totals.abandoned, dict(memory.state.deaths)) == (1, 0, {})


def test_another_kind_of_run_is_not_continued_but_begun_anew(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        begin(memory)
    with open_memory(tmp_path) as memory:
        other = RunSetup(model="a model", simulated=True, sandbox=SANDBOX, settings={}, tasks=())
        runs.begin(memory, other, seed=11, note=print)
        assert (memory.state.runs, memory.state.run_simulated, memory.state.run_decided) == (2, True, 0)
    assert events(tmp_path, "run_ended")[0]["reason"].startswith("it did not say that it ended; its last word")


def test_a_run_is_not_continued_with_another_seed(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        begin(memory)
    with open_memory(tmp_path) as memory, pytest.raises(InputError, match="seed is not the seed that run 1 was begun"):
        runs.begin(memory, SETUP, seed=12, note=print)


def test_a_task_whose_text_was_changed_begins_anew(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        begin(memory)
        memory.append([added(difficulty=0.3)])
        for number in (1, 2):
            memory.append([decided(number)])
            memory.append([finished(memory.state, number, "failed")])
        memory.append([decided(3)])
        memory.append([added(difficulty=0.1, goal="Add two numbers, please.")])
        memory.append([finished(memory.state, 3, "failed")])
        record, learning = memory.state.tasks["add"], memory.state.learning
        assert (record.fails_in_a_row, record.suspect_tries, record.failed_under) == (0, 0, None)
        assert learning.model.difficulty("add", declared=0.1) == Belief(prior_difficulty(0.1), 1.0)
        ability = learning.model.ability("arithmetic")
        assert learning.level("arithmetic") == ability
