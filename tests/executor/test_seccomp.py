"""Which system calls a job may make: the rules as the kernel would read them, and as real jobs meet them."""

import errno
import json
import re
import struct
from itertools import chain, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.seccomp import MACHINES, container_profile, seccomp_digest, seccomp_programs
from executor.seccomp_calls import AGENT, ALLOWED, ANSWERS, CONDITIONAL, REFUSED, Argument, Conditional

MOBY = Path(__file__).resolve().parents[2] / "../shared/data/seccomp/moby-default.json"
HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
NEWEST = 452
OPEN = {name: numbers for group in ALLOWED.values() for name, numbers in group.items()}
CLOSED = {name: numbers for group in REFUSED.values() for name, numbers in group.items()}
CONDITIONS = {call.name: call for call in CONDITIONAL}
EVERY = OPEN | CLOSED | {call.name: call.numbers for call in CONDITIONAL}
NAMES = [{numbers[column]: name for name, numbers in EVERY.items()} for column in (0, 1)]
# Written out once more, so that nothing leaves these lists unseen: what no job may ever call.
NEVER = {
    "adjtimex", "cachestat", "capget", "capset", "clock_adjtime", "clone3", "epoll_ctl_old", "epoll_wait_old",
    "eventfd", "execveat", "fanotify_mark", "fremovexattr", "fsetxattr", "futex_waitv", "get_robust_list",
    "get_thread_area", "getdents", "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch",
    "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "io_uring_enter",
    "io_uring_register", "io_uring_setup", "ioprio_get", "ioprio_set", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "lremovexattr", "lsetxattr", "membarrier", "memfd_create", "memfd_secret", "mincore",
    "mlock", "mlock2", "mlockall", "modify_ldt", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive",
    "mq_timedsend", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "munlock", "munlockall", "name_to_handle_at",
    "personality", "pkey_alloc", "pkey_free", "pkey_mprotect", "process_mrelease", "process_vm_readv",
    "process_vm_writev", "ptrace", "readahead", "remap_file_pages", "removexattr", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "seccomp",
    "semctl", "semget", "semop", "semtimedop", "set_thread_area", "setfsgid", "setfsuid", "setgid", "setregid",
    "setreuid", "setuid", "setxattr", "shmat", "shmctl", "shmdt", "shmget", "signalfd", "signalfd4", "splice", "sync",
    "sync_file_range", "syncfs", "tee", "vmsplice",
}  # fmt: skip
# Small numbers, flags that matter, and what a reading as signed or as 64 bits would mistake.
ARGUMENTS = st.tuples(*[st.sampled_from([0, 1, 2, 3, 6, 10, 17, 40, 0x10000000, 0x5412, 2**32, 2**63, 2**64 - 1])] * 6)


without_headers = pytest.mark.skipif(not HEADER.is_file(), reason="the kernel's headers for x86_64 are not installed")


def numbers_of_header() -> dict[str, int]:
    lines = re.findall(r"#define __NR_(\w+) (\d+)", HEADER.read_text(encoding="utf-8"))
    return {name: int(number) for name, number in lines}


def decision(program: bytes, number: int, arguments: tuple[int, ...], architecture: int) -> int:
    """What the kernel would return for a call: classic BPF over struct seccomp_data."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, *arguments)
    at = value = 0
    while True:
        code, yes, no, operand = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        match code:
            case 0x20:
                (value,) = struct.unpack_from("<I", data, operand)
            case 0x54:
                value &= operand
            case 0x06:
                return int(operand)
            case _:
                true = {0x15: value == operand, 0x25: value > operand, 0x35: value >= operand}[code]
                at += yes if true else no


def holds(call: Conditional, arguments: tuple[int, ...]) -> bool:
    return any(all(arguments[test.index] & test.mask == test.value for test in way) for way in call.ways)


def expected(column: int, number: int, arguments: tuple[int, ...]) -> int:
    """What the tables say."""
    name = NAMES[column].get(number)
    if name in OPEN:
        return ALLOW
    if name in CONDITIONS:
        return ALLOW if holds(CONDITIONS[name], arguments) else ERROR | CONDITIONS[name].error
    if name in ANSWERS:
        return ERROR | ANSWERS[name]
    return ERROR | (errno.ENOSYS if NEWEST < number < 0x40000000 else errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
@given(arguments=ARGUMENTS)
def test_every_call_is_decided_as_the_tables_say(machine: str, arguments: tuple[int, ...]) -> None:
    column, architecture = MACHINES[machine]
    program = seccomp_programs()[machine]
    for number in chain(range(500), (0x40000000, 0x40000001, 0xFFFFFFFF)):
        assert decision(program, number, arguments, architecture) == expected(column, number, arguments), number


@pytest.mark.parametrize(("machine", "call"), [*product(MACHINES, CONDITIONAL)], ids=lambda it: getattr(it, "name", it))
def test_a_conditional_call_is_open_in_each_of_its_ways_and_in_no_other(machine: str, call: Conditional) -> None:
    (column, architecture), program = MACHINES[machine], seccomp_programs()[machine]
    number = call.numbers[column]
    if number is None:
        pytest.skip(f"{machine} has no {call.name}")
    for way in call.ways:
        right = with_arguments((0,) * 6, way)
        assert decision(program, number, right, architecture) == ALLOW
        for test in way:
            wrong = with_arguments(right, (Argument(test.index, right[test.index] ^ 0x10000000),))
            wanted = ALLOW if holds(call, wrong) else ERROR | call.error
            assert decision(program, number, wrong, architecture) == wanted


def with_arguments(before: tuple[int, ...], way: tuple[Argument, ...]) -> tuple[int, ...]:
    after = list(before)
    for test in way:
        after[test.index] = test.value
    return tuple(after)


@pytest.mark.parametrize(
    ("numbers", "arguments", "error"),
    [
        ((16, 29), (0, 0x5412), errno.ENOTTY),  # TIOCSTI
        ((16, 29), (0, 0x541C), errno.ENOTTY),  # TIOCLINUX
        ((16, 29), (0, 0x40049409), errno.ENOTTY),  # FICLONE
        ((302, 261), (1, 0), errno.EPERM),  # the limits of process 1
        ((56, 220), (0x10000011,), errno.EPERM),  # CLONE_NEWUSER
        ((41, 198), (40, 1), errno.EAFNOSUPPORT),  # AF_VSOCK
        ((157, 167), (36, 1), errno.EPERM),  # PR_SET_CHILD_SUBREAPER
        ((157, 167), (28, 1), errno.EPERM),  # PR_SET_SECUREBITS
        ((259, 33), (0, 0, 0o020666), errno.EPERM),  # a character device
    ],
)
def test_ways_that_were_used_in_attacks_are_refused(
    numbers: tuple[int, int], arguments: tuple[int, ...], error: int
) -> None:
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    said = {decision(seccomp_programs()[m], numbers[column], padded, arch) for m, (column, arch) in MACHINES.items()}
    assert said == {ERROR | error}


@pytest.mark.parametrize("machine", MACHINES)
def test_another_architecture_ends_the_process(machine: str) -> None:
    program = seccomp_programs()[machine]
    others = [0x40000003, 0x40000028, *(value for name, (_, value) in MACHINES.items() if name != machine)]
    assert {decision(program, 0, (0,) * 6, other) for other in others} == {KILL}  # i386, ARM's 32 bits, the other one


def test_no_call_is_in_two_tables_and_no_number_stands_for_two_calls() -> None:
    names = [*OPEN, *CLOSED, *CONDITIONS]
    assert len(names) == len(set(names))
    for column in (0, 1):
        known = [numbers[column] for numbers in EVERY.values() if numbers[column] is not None]
        assert len(known) == len(set(known))


def test_nothing_that_no_job_may_ever_call_is_open() -> None:
    assert set(CLOSED) == NEVER
    assert NEVER & {*OPEN, *CONDITIONS} == set()
    assert set(AGENT) == {"setgroups", "setresgid", "setresuid"}
    assert set(AGENT) & {*OPEN, *CONDITIONS} == set()


@without_headers
def test_numbers_are_those_of_the_kernels_header() -> None:
    ours = EVERY | AGENT
    header = numbers_of_header()
    assert {name: x86 for name, (x86, _) in ours.items() if x86 != header.get(name, x86)} == {}


@pytest.mark.shared
@pytest.mark.skipif(not MOBY.is_file(), reason="Docker's default profile lies beside the checkout")
@without_headers
def test_each_call_that_docker_allows_and_this_project_refuses_has_its_reason_and_none_is_allowed_beyond() -> None:
    rules = json.loads(MOBY.read_text(encoding="utf-8"))["syscalls"]
    free = [r for r in rules if r["action"] == "SCMP_ACT_ALLOW" and not (r.get("includes") or {}).get("caps")]
    theirs = {name for rule in free for name in rule["names"]} & set(numbers_of_header())
    ours = {*OPEN, *CONDITIONS, *AGENT} & set(numbers_of_header())
    assert ours - theirs == set()
    assert theirs - ours - set(CLOSED) == set()
    assert len(ours) < 0.7 * len(theirs)


def test_the_containers_profile_names_what_the_job_may_call_and_what_the_agent_needs_and_nothing_else() -> None:
    profile = json.loads(container_profile())
    rules = profile["syscalls"]
    free = [set(rule["names"]) for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" and "args" not in rule]
    assert free == [{*OPEN, *AGENT}]
    assert {rule["names"][0] for rule in rules if "args" in rule} == set(CONDITIONS)
    told = {rule["names"][0]: rule["errnoRet"] for rule in rules if rule["action"] == "SCMP_ACT_ERRNO"}
    assert (profile["defaultAction"], profile["defaultErrnoRet"], told) == ("SCMP_ACT_ERRNO", errno.EPERM, ANSWERS)
    assert [machine["subArchitectures"] for machine in profile["archMap"]] == [[], []]  # neither x32 nor 32 bits


def test_the_digest_names_the_rules() -> None:
    assert re.fullmatch("sha256:[0-9a-f]{64}", seccomp_digest())
