"""Forks writers of a memory, kills each with SIGKILL, opens the memory again and says what it found.

    python -m tests.memory.killed_writer at-random FOLDER ROUNDS     killed after a random time, in one memory
    python -m tests.memory.killed_writer at-each FOLDER FIRST STEP   killed before its n-th change of a file, n = FIRST,
                                                                     FIRST + STEP, .. until one is not killed any more

Writes a line of JSON for each kill. A program of its own because only a process without threads may fork.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from memory.event_lines import read_chain
from memory.memory_manager import MemoryManager
from tests.memory.builders import a_reflection, added, decided, differences, finished, live_a_little, open_memory
from utils.ids import unit_number

CHANGES = {"open", "os.rename", "os.truncate", "os.remove", "os.mkdir"}


def write_units(folder: Path, acknowledge: Callable[[int], None], *, units: int) -> None:
    """Finish what is in flight, then decide and finish units; tells the last event's number after each append."""
    with open_memory(folder) as memory:
        if not memory.state.tasks:
            memory.append([added(), added("sort", origin="user")])
        for unit in list(memory.state.in_flight):
            end(memory, unit_number(unit), acknowledge)
        for _ in range(units):
            number = memory.state.decided + 1
            memory.append([decided(number, ("add", "sort")[number % 2])])
            acknowledge(memory.state.last_seq)
            end(memory, number, acknowledge)


def end(memory: MemoryManager, number: int, acknowledge: Callable[[int], None]) -> None:
    rule = a_reflection(f"Rule {number % 3}.")
    memory.append([finished(memory.state, number, ("passed", "failed")[number % 3 == 0], reflection=rule)])
    acknowledge(memory.state.last_seq)


def found(folder: Path) -> dict[str, object]:
    """What is there before and after the memory is opened again."""
    opened = open_memory(folder)
    opened.close()
    return {
        "events": sum(1 for _ in read_chain(folder / "events")),
        "twice": opened.state.totals.units + len(opened.state.in_flight) - opened.state.decided,
        "differences": list(differences(folder).lines()),
    }


def forked(work: Callable[[Callable[[int], None]], None]) -> tuple[int, int]:
    """The child's process id, and the pipe on which it acknowledges."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(lambda seq: print_to(writing, seq))
        finally:
            os._exit(0)
    os.close(writing)
    return child, reading


def print_to(descriptor: int, seq: int) -> None:
    os.write(descriptor, f"{seq}\n".encode())


def acknowledged(child: int, reading: int) -> int:
    os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        return max((int(line) for line in stream), default=0)


def at_random(folder: Path, rounds: int) -> None:
    """Every other writer lives until it has written something, so that the memory grows on a slow machine, too."""
    chance = random.Random(7)
    for number in range(rounds):
        child, reading = forked(lambda tell: write_units(folder, tell, units=100_000))
        heard = hear(reading, chance.randint(2, 8)) if number % 2 else 0
        time.sleep(chance.uniform(0.0, 0.02) if number % 2 else chance.uniform(0.005, 0.15))
        os.kill(child, signal.SIGKILL)
        report({"acknowledged": max(heard, acknowledged(child, reading)), **found(folder)})


def hear(reading: int, times: int) -> int:
    """Wait for so many acknowledgements; the last one."""
    heard = b""
    while heard.count(b"\n") < times:
        heard += os.read(reading, 1)
    return int(heard.split()[-1])


def at_each(folder: Path, first: int, step: int) -> None:
    live_a_little(folder / "base")
    for number in range(first, 1000, step):
        copy = folder / f"copy-{number}"
        shutil.copytree(folder / "base", copy)
        child, reading = forked(lambda tell, copy=copy, number=number: dying(copy, tell, number))  # type: ignore[misc]
        seq = acknowledged(child, reading)
        report({"acknowledged": seq, **found(copy)})
        shutil.rmtree(copy)
        if seq == END:
            return


END = 1_000_000


def dying(folder: Path, tell: Callable[[int], None], number: int) -> None:
    """Write a unit, but die before the number-th change of a file."""
    left = number

    def watch(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        changes = event in CHANGES and (event != "open" or any(mode in str(args[1]) for mode in "wax+"))
        left -= changes
        if changes and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    write_units(folder, tell, units=1)
    tell(END)


def report(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    mode, where = sys.argv[1], Path(sys.argv[2])
    if mode == "at-random":
        at_random(where, int(sys.argv[3]))
    else:
        at_each(where, int(sys.argv[3]), int(sys.argv[4]))
