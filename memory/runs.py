"""Begins, continues and ends a run in the log.

The seed of all coins of a run is derived from the memory's; its hash is logged when the run begins, the seed itself
when it has ended, so that nobody can know a coin before it is tossed and everybody can toss it again afterwards. It
tells nothing of the memory's own seed. A run that did not say that it ended is continued, with the seed it had.
"""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from memory.attempts import JUDGE, SandboxFacts
from memory.decisions import POLICY
from memory.event_lines import segments
from memory.events import Abandoned, RunEnded, RunResumed, RunStarted
from memory.memory_manager import MemoryManager
from memory.state import MemoryState
from utils.errors import InputError
from utils.files import sha256_hex
from utils.ids import derived
from utils.settings import Settings

MOST_DEATHS = 3
"""A unit during which the program died so often is given up: it would take the program down for ever."""
REASON_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetup:
    """What a run is made with; `settings` holds no secrets, `tasks` are what it can choose from, in order."""

    model: str
    simulated: bool
    sandbox: SandboxFacts
    settings: dict[str, str]
    tasks: tuple[str, ...]


def goes_on(state: MemoryState, *, model: str, simulated: bool) -> bool:
    """Whether a run with this model continues one that did not end."""
    return not state.run_ended and (state.model, state.run_simulated) == (model, simulated)


def since(state: MemoryState, *, model: str, simulated: bool) -> datetime | None:
    """When the run began that one with this model continues; None if it begins a new one."""
    return datetime.fromisoformat(state.run_started_at) if goes_on(state, model=model, simulated=simulated) else None


def with_its_model(settings: Settings, state: MemoryState) -> Settings:
    """The settings; where a run of a server's model is gone on with, and none is named, with that model's name.

    So the server need not be there yet when the machine has just been started.
    """
    goes_on_with_it = settings.resume != "off" and not state.run_ended and not state.run_simulated
    if settings.model or not goes_on_with_it or not settings.llm.startswith(("http://", "https://")):
        return settings
    return settings.model_copy(update={"model": state.model})


def in_its_container(settings: Settings) -> Settings:
    """The settings; where a container has one run, with the container's name, which is the host's in it."""
    name = settings.container or socket.gethostname()
    return settings.model_copy(update={"container": name if settings.resume == "container" else None})


def why_none(settings: Settings, state: MemoryState) -> str:
    """Why no run is to begin or to go on; empty if one is."""
    if not state.run_ended:
        return ""
    if settings.resume == "only":
        return "no run was interrupted: there is nothing to go on with"
    if settings.container and settings.container == state.run_container:
        return "the run of this container is over; a new container begins a new one"
    return ""


def run_seed(seed: int, run: int) -> int:
    """The seed of a run, from the memory's."""
    return derived(seed, "run", run)


def told_seeds(folder: Path) -> dict[int, int]:
    """Run -> its seed, of all runs that have ended; `folder` is that of the log. Nothing is checked here.

    The memory's own seed, if its file is there, tells that of the run that did not end; see run_seed.
    """
    found = {}
    for segment in segments(folder):
        with segment.open("rb") as lines:
            for line in lines:
                if b'"kind":"run_ended"' in line:
                    data = json.loads(line)["data"]
                    if data["kind"] == "run_ended" and data.get("seed") is not None:
                        found[data["run"]] = data["seed"]
    return found


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
        last_at = state.last_at
        memory.append(
            [
                RunResumed(
                    run=state.runs,
                    sandbox=setup.sandbox,
                    settings=setup.settings,
                    tasks=setup.tasks,
                    policy=POLICY,
                    judge=JUDGE,
                )
            ]
        )
        _give_up_deadly_units(memory, note)
        if goes_on(state, model=setup.model, simulated=setup.simulated):
            note(f"run {state.runs} did not say that it ended: its last word was at {last_at}; it goes on")
            return
        note(f"run {state.runs} did not say that it ended: its last word was at {last_at}; it was with another model")
        end(memory, f"it did not say that it ended; its last word was at {last_at}", seed=seed)
    number = state.runs + 1
    memory.append(
        [
            RunStarted(
                run=number,
                model=setup.model,
                simulated=setup.simulated,
                sandbox=setup.sandbox,
                settings=setup.settings,
                tasks=setup.tasks,
                policy=POLICY,
                judge=JUDGE,
                seed_sha256=told_at_first(run_seed(seed, number)),
            )
        ]
    )


def told_at_first(seed: int) -> str:
    """What a run tells of its seed when it begins: the hash of its decimal text."""
    return sha256_hex(str(seed).encode())


def _check_seed(memory: MemoryManager, seed: int) -> None:
    state = memory.state
    of_memory = told_at_first(seed)  # what older versions told
    if state.run_seed_sha256 not in (told_at_first(run_seed(seed, state.runs)), of_memory):
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
