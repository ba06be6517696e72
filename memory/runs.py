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
from utils.files import sha256_hex
from utils.ids import derived

MOST_DEATHS = 3
"""A unit during which the program died so often is given up: it would take the program down for ever."""
REASON_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run is made with; `settings` holds no secrets."""

    model: str
    simulated: bool
    sandbox: SandboxFacts
    settings: dict[str, str]


def run_seed(seed: int, run: int) -> int:
    """The seed of a run, from the memory's."""
    return derived(seed, "run", run)


def begin(memory: MemoryManager, facts: RunFacts, *, seed: int, note: Callable[[str], None]) -> None:
    """Begin a run, or continue the one that did not end; `seed` is the memory's, `note` tells a person.

    Raises:
        StorageFault: it cannot be logged.
    """
    state = memory.state
    if not state.run_ended:
        memory.append([RunResumed(run=state.runs, model=facts.model)])
        _give_up_deadly_units(memory, note)
        return
    number = state.runs + 1
    memory.append(
        [
            RunStarted(
                run=number,
                model=facts.model,
                simulated=facts.simulated,
                sandbox=facts.sandbox,
                settings=facts.settings,
                seed_sha256=sha256_hex(str(run_seed(seed, number)).encode()),
            )
        ]
    )


def _give_up_deadly_units(memory: MemoryManager, note: Callable[[str], None]) -> None:
    for unit, deaths in list(memory.state.deaths.items()):
        if deaths >= MOST_DEATHS:
            memory.append([Abandoned(unit_id=unit, deaths=deaths)])
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
            )
        ]
    )
