"""Units that wait: who goes next, who is left for the next run, what is told and logged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from executor.parking import LONELY_S, PATIENT_FAULTS, Parking
from memory.memory_manager import MemoryManager
from tests.memory.builders import added, decided, finished, open_memory, run_started
from tests.running import events
from utils.clock import Clock, SystemClock
from utils.errors import Defect, Interrupted, ModelFault

AWAY = ModelFault("the server is away")
ONE, TWO = "abcdef12-000001", "abcdef12-000002"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[MemoryManager]:
    with open_memory(tmp_path) as memory:
        memory.append([added(), run_started()])
        memory.append([decided(1), decided(2)])
        yield memory


def parking(memory: MemoryManager, model: str = "rehearsal", clock: Clock | None = None) -> Parking:
    parked = Parking(memory, clock or SystemClock(), model=model, longest_s=300, workers=1)
    parked.begin()
    return parked


def test_units_go_in_the_order_of_their_decision_but_those_of_another_model_stay(memory: MemoryManager) -> None:
    assert parking(memory).mine == [ONE, TWO]
    other = parking(memory, "another")
    assert (other.mine, other.others, other.leave()) == ([], 2, None)


def test_an_outage_is_told_and_logged_once_and_each_unit_as_parked_once(memory: MemoryManager) -> None:
    parked = parking(memory)
    told = []
    for _ in range(4):
        for _ in range(2):
            unit = parked.leave()
            assert unit is not None
            told.append(parked.park(unit, AWAY))
        parked.next_wait_s()
    assert [bool(each) for each in told] == [True] + [False] * 7
    assert len(events(memory.folder, "faulted")) == 1
    assert [each["unit_id"] for each in events(memory.folder, "parked")] == [ONE, TWO]


def test_what_went_through_shows_that_nothing_is_away(memory: MemoryManager) -> None:
    parked = parking(memory)
    parked.park(ONE, AWAY)
    assert parked.away
    parked.back()
    assert not parked.away


def test_a_unit_that_alone_meets_faults_is_left_for_the_next_run_once_another_went_through(
    memory: MemoryManager,
) -> None:
    parked = parking(memory)
    memory.append([finished(memory.state, 2)])
    parked.begin()
    for _ in range(PATIENT_FAULTS):
        assert parked.leave() == ONE
        parked.park(ONE, AWAY)
    assert parked.wants_another
    for _ in range(PATIENT_FAULTS):
        parked.back()
        if parked.leave() is None:
            break
        parked.park(ONE, AWAY)
    assert parked.mine == []
    assert list(memory.state.in_flight) == [ONE]


class Waited:
    """A clock that stands still but for what is waited."""

    def __init__(self) -> None:
        self.waited_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=self.waited_s)

    def monotonic_s(self) -> float:
        return self.waited_s

    def elapsed_s(self) -> float:
        return self.monotonic_s()


@pytest.mark.parametrize("every_s", [60.0, 300.0])
def test_a_unit_that_nobody_can_stand_in_for_is_left_after_two_hours_however_often_it_was_tried(
    memory: MemoryManager, every_s: float
) -> None:
    clock = Waited()
    parked = parking(memory, clock=clock)
    memory.append([finished(memory.state, 2)])
    parked.begin()
    while parked.leave() is not None:
        parked.park(ONE, AWAY)
        clock.waited_s += every_s
        parked.give_up_lonely()
    assert LONELY_S <= clock.waited_s < LONELY_S + 2 * every_s


def test_a_defect_leaves_its_unit_for_the_next_run_and_a_stop_is_no_fault(memory: MemoryManager) -> None:
    parked = parking(memory)
    assert "defect" in parked.park(parked.leave() or "", Defect("a defect of this program"))
    assert parked.park(parked.leave() or "", Interrupted("stop")) == ""
    assert (parked.mine, parked.away) == ([], "")
    assert len(events(memory.folder, "faulted")) == 1
