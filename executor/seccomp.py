"""The system calls of `executor.seccomp_calls` as the kernel and Docker want them: a filter and a profile.

Both are allow-lists. The filter is put on every job by its agent, the profile on every container with all that runs
in it. It does not cover: bugs in the calls that stay open; machines other than those listed.
The filter is classic BPF over struct seccomp_data, see seccomp(2).
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

from executor.seccomp_calls import (
    AGENT,
    ALLOWED,
    ANSWERS,
    CONDITIONAL,
    EAFNOSUPPORT,
    ENOSYS,
    EPERM,
    REFUSED,
    Argument,
    Conditional,
    Numbers,
)

__all__ = ["EAFNOSUPPORT", "ENOSYS", "EPERM", "container_profile", "seccomp_digest", "seccomp_programs"]

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
DOCKER_MACHINES = ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, AND, RETURN = 0x20, 0x54, 0x06
JUMP_EQUAL, JUMP_ABOVE, JUMP_AT_LEAST, JUMP_ANY_BIT = 0x15, 0x25, 0x35, 0x45
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16  # offsets in struct seccomp_data, little-endian low halves
X32 = 0x40000000  # the calls of x86_64's other ABI begin there
ALL_BITS = 0xFFFFFFFF


def instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One classic BPF instruction: struct sock_filter."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def seccomp_programs() -> dict[str, bytes]:
    """The filter for each machine (as `uname -m` names it) whose call numbers are listed."""
    return {machine: _program(machine) for machine in MACHINES}


def _program(machine: str) -> bytes:
    """Lets through what the tables allow; ENOSYS for calls newer than the tables, as libc expects, EPERM for others."""
    column, architecture = MACHINES[machine]
    allowed = [*_numbers(ALLOWED.values(), column)]
    answers = _answers(column)
    newest = max(*allowed, *answers)
    return b"".join((
        instruction(LOAD, ARCHITECTURE_AT), instruction(JUMP_EQUAL, architecture, 1, 0), instruction(RETURN, KILL),
        instruction(LOAD, NUMBER_AT),
        instruction(JUMP_AT_LEAST, X32, 0, 1), _refusal(EPERM),
        instruction(JUMP_ABOVE, newest, 0, 1), _refusal(ENOSYS),
        *(_on(number, _refusal(error)) for number, error in answers.items()),
        *(_within(low, high) for low, high in _ranges(allowed)),
        *(_on(number, _condition(call)) for call in CONDITIONAL if (number := call.numbers[column]) is not None),
        _refusal(EPERM),
    ))  # fmt: skip


def _numbers(groups: Iterable[dict[str, Numbers]], column: int) -> Iterator[int]:
    """One machine's numbers of all calls in the groups."""
    for numbers in chain.from_iterable(group.values() for group in groups):
        if (number := numbers[column]) is not None:
            yield number


def _answers(column: int) -> dict[int, int]:
    """What those refused calls answer that do not answer EPERM, by one machine's numbers."""
    known = {name: numbers[column] for group in REFUSED.values() for name, numbers in group.items()}
    return {number: error for name, error in ANSWERS.items() if (number := known[name]) is not None}


def _ranges(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The first and last of each run of consecutive numbers."""
    low = high = None
    for number in sorted(numbers):
        if low is None or high is None or number > high + 1:
            if low is not None and high is not None:
                yield low, high
            low = number
        high = number
    if low is not None and high is not None:
        yield low, high


def _within(low: int, high: int) -> bytes:
    """Allow these numbers; others go on."""
    allow = instruction(RETURN, ALLOW)
    if low == high:
        return instruction(JUMP_EQUAL, low, 0, 1) + allow
    return instruction(JUMP_AT_LEAST, low, 0, 2) + instruction(JUMP_ABOVE, high, 1, 0) + allow


def _on(number: int, body: bytes) -> bytes:
    """Run body, which returns, for that number; others go on."""
    return instruction(JUMP_EQUAL, number, 0, len(body) // 8) + body


def _refusal(error: int) -> bytes:
    return instruction(RETURN, REFUSE | error)


def _condition(call: Conditional) -> bytes:
    """Allow the call in each of its ways, else answer with its error."""
    return b"".join((*(_way(way) for way in call.ways), _refusal(call.error)))


def _way(way: tuple[Argument, ...]) -> bytes:
    """Allow if every test holds, else go on behind it; made from its end, so that it is known how far to jump."""
    code = instruction(RETURN, ALLOW)
    for test in reversed(way):
        masked = instruction(AND, test.mask) if test.mask != ALL_BITS else b""
        load = instruction(LOAD, FIRST_ARGUMENT_AT + 8 * test.index)
        code = load + masked + instruction(JUMP_EQUAL, test.value, 0, len(code) // 8) + code
    return code


@cache
def container_profile() -> str:
    """The seccomp profile of a container, as JSON for `docker run --security-opt seccomp=`.

    The engine refuses what is not listed with EPERM, and with ENOSYS what is newer than all that is listed.
    """
    names = sorted(chain(chain.from_iterable(ALLOWED.values()), AGENT))
    ways = ((call.name, way) for call in CONDITIONAL for way in call.ways)
    syscalls = [
        {"names": names, "action": "SCMP_ACT_ALLOW"},
        *({"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": error} for name, error in ANSWERS.items()),
        *({"names": [name], "action": "SCMP_ACT_ALLOW", "args": [*map(_docker_test, way)]} for name, way in ways),
    ]
    machines = [{"architecture": machine, "subArchitectures": []} for machine in DOCKER_MACHINES]
    profile = {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": EPERM, "archMap": machines, "syscalls": syscalls,
    }  # fmt: skip
    return json.dumps(profile, sort_keys=True)


def _docker_test(test: Argument) -> dict[str, object]:
    if test.mask == ALL_BITS:
        return {"index": test.index, "value": test.value, "op": "SCMP_CMP_EQ"}
    return {"index": test.index, "value": test.mask, "valueTwo": test.value, "op": "SCMP_CMP_MASKED_EQ"}


@cache
def seccomp_digest() -> str:
    """Names the rules that a result was got under: `sha256:` over the profile and every machine's filter."""
    programs = seccomp_programs()
    rules = container_profile().encode("ascii") + b"".join(programs[machine] for machine in sorted(programs))
    return f"sha256:{hashlib.sha256(rules).hexdigest()}"
