"""Landlock's rules for a job, as data that the agent hands to the kernel, and what this kernel's Landlock can do.

Landlock (Linux 5.13 or later) lets a process without any privilege give up rights for itself and all that come from
it: a domain. Its versions (ABI) differ in what they know; numbers and structures are those of linux/landlock.h, the
same on x86_64 and aarch64. It never covers: looking at a file's name, size, times and rights, changing its rights,
owner or times, sockets other than TCP's, pathname sockets; `executor.landlock_calls` closes the worst of these.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from utils.errors import SandboxFault

CREATE_RULESET = 444
ASK_FOR_VERSION = 1
NEWEST = 7  # versions beyond it are used as this one

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15  # since versions 2, 3 and 5
BIND_AND_CONNECT_TCP = 0b11  # since version 4
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11  # since version 6
LOG_NOTHING = 1  # since version 7: what a job is refused shall not fill the machine's audit log

LOOK = EXECUTE | READ_FILE | READ_DIR
WORK = LOOK | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_FIFO | MAKE_SYM | REFER | TRUNCATE

SWITCHED_OFF = (
    "Landlock is built into this kernel but switched off: add landlock to the list behind lsm= of the kernel's "
    "command line (/sys/kernel/security/lsm shows the list)"
)
WHY_NOT = {
    errno.ENOSYS: "this kernel has no Landlock: it needs Linux 5.13 or later, built with CONFIG_SECURITY_LANDLOCK",
    errno.EOPNOTSUPP: SWITCHED_OFF,
    errno.EPERM: "what this program runs in, probably a container, refuses Landlock: correct its seccomp profile",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What may be done with a file, or with a folder and all below it."""

    path: str
    rights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """What a domain takes away, and what it leaves.

    Attributes:
        attributes: struct landlock_ruleset_attr, as long as the version knows it.
        flags: of landlock_restrict_self.
        rules: what is left.
        work: the rights that are left in the job's own folder.
    """

    attributes: bytes
    flags: int
    rules: tuple[Rule, ...]
    work: int


def kernel_version() -> int:
    """The version of this kernel's Landlock, from 1 to NEWEST, found by asking the kernel.

    Raises:
        SandboxFault: it has none, or refuses; says what to do.
    """
    if sys.platform != "linux":
        raise SandboxFault("Landlock is a part of Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    found = int(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ASK_FOR_VERSION))
    if found < 1:
        number = ctypes.get_errno()
        raise SandboxFault(WHY_NOT.get(number, f"the kernel refuses Landlock: {os.strerror(number)}"))
    return min(found, NEWEST)


def known_rights(version: int) -> int:
    """Every right to files that a version knows."""
    since = {2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}
    return (1 << 13) - 1 | sum(right for first, right in since.items() if version >= first)


def ruleset(version: int, rules: Iterable[Rule]) -> Ruleset:
    """A domain that takes away all that the version knows, but for these rules and the job's own folder."""
    known = known_rights(version)
    words = [known]
    if version >= 4:  # noqa: PLR2004  the versions are named above
        words.append(BIND_AND_CONNECT_TCP)
    if version >= 6:  # noqa: PLR2004
        words.append(ABSTRACT_SOCKETS_AND_SIGNALS)
    return Ruleset(
        attributes=struct.pack(f"={len(words)}Q", *words),
        flags=LOG_NOTHING if version >= 7 else 0,  # noqa: PLR2004
        rules=tuple(Rule(path=rule.path, rights=rule.rights & known) for rule in rules),
        work=WORK & known,
    )
