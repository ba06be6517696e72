"""Begins, continues and ends a run in the log.

The seed of all coins of a run is derived from the memory's; its hash is logged when the run begins, the seed itself
when it has ended, so that nobody can know a coin before it is tossed and everybody can toss it again afterwards. It
tells nothing of the memory's own seed. A run that did not say that it ended is continued, with the seed it had.
"""

from collections.abc import Callable
from dataclasses import dataclass

from memory.attempts import SandboxFacts
from memory.events import Abandoned, RunEnded, RunResumed, RunStarted
from memory.memory_manager import MemoryManager
from utils.errors import InputError
from utils.files import sha256_hex
from utils.ids import derived

MOST_DEATHS = 3
"""A unit during which the program died so often is given up: it would take the program down for ever."""
REASON_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetup:
    """What a run is made with; `settings` holds no secrets."""

    model: str
    simulated: bool
    sandbox: SandboxFacts
    settings: dict[str, str]


def run_seed(seed: int, run: int) -> int:
    """The seed of a run, from the memory's."""
    return derived(seed, "run", run)


def begin(memory: MemoryManager, setup: RunSetup, *, seed: int, note: Callable[[str], None]) -> None:
    """Begin a run, or continue the one that did not end if it was of the same kind.

    Args:
        memory: where it is logged.
        setup: what this run is made with.
        seed: the memory's.
        note: tells a person.

    Raises:
        InputError: the seed is not the one that the run to be continued was begun with.
        StorageFault: it cannot be logged.
    """
    state = memory.state
    if not state.run_ended:
        _check_seed(memory, seed)
        memory.append([RunResumed(run=state.runs)])
        _give_up_deadly_units(memory, note)
        if (state.model, state.run_simulated) == (setup.model, setup.simulated):
            return
        end(memory, "it did not say that it ended", seed=seed)
    number = state.runs + 1
    memory.append(
        [
            RunStarted(
                run=number,
                model=setup.model,
                simulated=setup.simulated,
                sandbox=setup.sandbox,
                settings=setup.settings,
                seed_sha256=_told_at_first(run_seed(seed, number)),
            )
        ]
    )


def _told_at_first(seed: int) -> str:
    return sha256_hex(str(seed).encode())


def _check_seed(memory: MemoryManager, seed: int) -> None:
    state = memory.state
    of_memory = _told_at_first(seed)  # what older versions told
    if state.run_seed_sha256 not in (_told_at_first(run_seed(seed, state.runs)), of_memory):
        raise InputError(
            f"{memory.folder / 'seed'} is not the seed that run {state.runs} was begun with; bring that file back"
        )


def _give_up_deadly_units(memory: MemoryManager, note: Callable[[str], None]) -> None:
    for unit, deaths in list(memory.state.deaths.items()):
        if deaths >= MOST_DEATHS:
            task = memory.state.in_flight[unit].task.id
            memory.append([Abandoned(unit_id=unit, task_id=task, deaths=deaths)])
            note(f"{unit} is given up: the program died {deaths} times while it was being worked on")


def end(memory: MemoryManager, reason: str, *, seed: int) -> None:
    """Say why the run ended, and tell its seed.

    Raises:
        StorageFault: it cannot be logged.
    """
    state = memory.state
    memory.append(
        [
            RunEnded(
                run=state.runs,
                reason=reason[:REASON_CHARS],
                units=state.run_totals.units,
                seed=run_seed(seed, state.runs),
                evidence=state.learning.evidence.mark(),
            )
        ]
    )
