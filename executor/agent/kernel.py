"""What the agent asks of the kernel beyond Python's standard library: prctl, seccomp, Landlock."""

from __future__ import annotations

import binascii
import ctypes
import os
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 2, 4, 22
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF, LANDLOCK_RULE_PATH_BENEATH = 444, 445, 446, 1
OWN_PID = struct.pack("=I", 0x7FFFFFFF)  # stands in the landlock kind's filter for the id of the job's first process
LIBC = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int, pointer: object = 0) -> None:
    """The kernel's prctl; nothing where there is none (macOS)."""
    if sys.platform == "linux" and LIBC.prctl(option, ctypes.c_ulong(value), pointer, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


def parent_death_signal() -> int:
    """The signal that this process gets when its parent ends; 0 for none."""
    found = ctypes.c_int(0)
    if sys.platform == "linux":
        LIBC.prctl(PR_GET_PDEATHSIG, ctypes.byref(found), 0, 0, 0)
    return found.value


class FilterProgram(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def filter_calls(filters: dict[str, str]) -> None:
    """Install the host's seccomp filter for this machine on this process for good, if there is one."""
    code = binascii.a2b_base64(filters.get(os.uname().machine, "")).replace(OWN_PID, struct.pack("=I", os.getpid()))
    if code and sys.platform == "linux":
        prctl(PR_SET_SECCOMP, 2, ctypes.byref(FilterProgram(len(code) // 8, code)))


def confine(orders: dict[str, Any], work: str) -> None:
    """Shut this process for good into a Landlock domain: the host's rules, and the job's own folder."""
    attributes = binascii.a2b_base64(orders["attributes"])
    ruleset = _landlock(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    for path, rights in [*orders["rules"], [work, orders["work"]]]:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        _landlock(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
        os.close(beneath)
    _landlock(LANDLOCK_RESTRICT_SELF, ruleset, orders["flags"])
    os.close(ruleset)


def _landlock(call: int, *arguments: object) -> int:
    """One of Landlock's system calls, which libc has no names for."""
    result = int(LIBC.syscall(call, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"landlock call {call}")
    return result
