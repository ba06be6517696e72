"""The seccomp filter that closes what Landlock leaves open, of what `executor.seccomp`'s filter lets through.

A landlock job has no namespaces: sockets reach this machine's services, and where it runs as the loop's own user, the
kernel lets it change rights and times of that user's files and priorities of its processes. Older versions of Landlock
know neither signals (before 6) nor truncation (before 3). Numbers are those of syscall_64.tbl and asm-generic/unistd.h.
"""

from executor.seccomp import (
    ALLOW,
    ARCHITECTURE_AT,
    EAFNOSUPPORT,
    ENOSYS,
    EPERM,
    FIRST_ARGUMENT_AT,
    JUMP_ANY_BIT,
    JUMP_EQUAL,
    KILL,
    LOAD,
    MACHINES,
    NUMBER_AT,
    REFUSE,
    RETURN,
    instruction,
)

Numbers = tuple[int | None, int | None]  # x86_64, aarch64

OWN_PID = 0x7FFFFFFF  # no process has this id; the agent puts the job's in its place
AND = 0x54
NOTHING_DONE = 0
AF_UNIX, STREAM, SEQPACKET, SOCKET_TYPE = 1, 1, 5, 0xF
O_TRUNC, O_ACCMODE, O_RDONLY, NO_ACCESS = 0o1000, 3, 0, 3  # mode 3 opens for neither, which Landlock does not look at

SOCKET: Numbers = (41, 198)
SOCKETPAIR: Numbers = (53, 199)
WITHOUT_NAMESPACES: dict[str, Numbers] = {"bind": (49, 200), "connect": (42, 203)}
# What the kernel lets a user do to its own files and processes, whatever Landlock says.
OF_THE_SAME_USER: dict[str, Numbers] = {
    "chown": (92, None), "fchown": (93, 55), "fchownat": (260, 54), "lchown": (94, None), "setpriority": (141, 140),
}  # fmt: skip
# Much honest code sets rights and times in passing (shutil.copy, tarfile): it is told that all went well.
RIGHTS_AND_TIMES: dict[str, Numbers] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "futimesat": (261, None), "utime": (132, None), "utimensat": (280, 88), "utimes": (235, None),
}  # fmt: skip
SIGNALS_BY_PID: dict[str, Numbers] = {"kill": (62, 129), "tgkill": (234, 131)}
OTHER_SIGNALS: dict[str, Numbers] = {"pidfd_send_signal": (424, 424), "tkill": (200, 130)}
FCNTL: Numbers = (72, 25)
SIGNALS_FROM_FILES = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX
TRUNCATE: Numbers = (76, 45)
OPEN: Numbers = (2, None)
OPENAT: Numbers = (257, 56)
OPENAT2: Numbers = (437, 437)


def extra_filters(*, own_user: bool, version: int) -> dict[str, bytes]:
    """The filter for each machine (as `uname -m` names it) whose call numbers are listed.

    Args:
        own_user: whether each job has a user of its own, so that the kernel keeps it from the loop's files and
            processes.
        version: of Landlock.
    """
    return {machine: _filter(machine, own_user=own_user, version=version) for machine in MACHINES}


def _filter(machine: str, *, own_user: bool, version: int) -> bytes:
    column, architecture = MACHINES[machine]
    rules = _sockets(column) + _every(WITHOUT_NAMESPACES, column, EPERM)
    if version < 3:  # noqa: PLR2004  the first one with TRUNCATE
        rules += _truncation(column)
    if not own_user:
        rules += _every(OF_THE_SAME_USER, column, EPERM) + _every(RIGHTS_AND_TIMES, column, NOTHING_DONE)
        if version < 6:  # noqa: PLR2004  the first one with scopes
            rules += _signals(column)
    head = (instruction(LOAD, ARCHITECTURE_AT), instruction(JUMP_EQUAL, architecture, 1, 0), instruction(RETURN, KILL))
    return b"".join((*head, instruction(LOAD, NUMBER_AT), *rules, instruction(RETURN, ALLOW)))


def _refusal(error: int) -> bytes:
    return instruction(RETURN, REFUSE | error)


def _every(calls: dict[str, Numbers], column: int, error: int) -> list[bytes]:
    """Answer each of the calls with error."""
    return [part for numbers in calls.values() for part in _on(numbers[column], _refusal(error))]


def _on(number: int | None, *body: bytes) -> list[bytes]:
    """Run body for that call; what falls through goes on with the call's number loaded."""
    if number is None:
        return []
    block = (*body, instruction(LOAD, NUMBER_AT))
    return [instruction(JUMP_EQUAL, number, 0, len(block)), *block]


def _argument(index: int) -> bytes:
    """Load the low half of an argument."""
    return instruction(LOAD, FIRST_ARGUMENT_AT + 8 * index)


def _unless(values: tuple[int, ...], error: int) -> list[bytes]:
    """Answer with error unless what is loaded is one of the values."""
    tests = [instruction(JUMP_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [*tests, _refusal(error)]


def _only(number: int | None, index: int, values: tuple[int, ...], error: int) -> list[bytes]:
    """Let the call through with these values of an argument only."""
    return _on(number, _argument(index), *_unless(values, error))


def _sockets(column: int) -> list[bytes]:
    """No sockets but connected pairs; one of datagrams could still send to any address."""
    kind = (_argument(1), instruction(AND, SOCKET_TYPE), *_unless((STREAM, SEQPACKET), EPERM))
    pair = _on(SOCKETPAIR[column], _argument(0), *_unless((AF_UNIX,), EAFNOSUPPORT), *kind)
    return [*_on(SOCKET[column], _refusal(EAFNOSUPPORT)), *pair]


def _truncation(column: int) -> list[bytes]:
    """No emptying of files that are not open for writing, of which Landlock would not hear."""

    def flags_at(index: int) -> list[bytes]:
        refuse = (instruction(AND, O_ACCMODE), instruction(JUMP_EQUAL, O_RDONLY, 1, 0),
                  instruction(JUMP_EQUAL, NO_ACCESS, 0, 1), _refusal(EPERM))  # fmt: skip
        return [_argument(index), instruction(JUMP_ANY_BIT, O_TRUNC, 0, len(refuse)), *refuse]

    return [
        *_on(TRUNCATE[column], _refusal(EPERM)),
        *_on(OPEN[column], *flags_at(1)),
        *_on(OPENAT[column], *flags_at(2)),
        *_on(OPENAT2[column], _refusal(ENOSYS)),  # hides its flags behind a pointer; libc does without
    ]


def _signals(column: int) -> list[bytes]:
    """Signals from the job's first process to itself, or to the group of the sender, which is the job's."""
    rules = _every(OTHER_SIGNALS, column, EPERM)
    for name, numbers in SIGNALS_BY_PID.items():
        rules += _only(numbers[column], 0, (OWN_PID, 0) if name == "kill" else (OWN_PID,), EPERM)
    owners = ((instruction(JUMP_EQUAL, command, 0, 1), _refusal(EPERM)) for command in SIGNALS_FROM_FILES)
    return rules + _on(FCNTL[column], _argument(1), *(part for each in owners for part in each))
