"""The seccomp filter of every sandboxed job, as bytes that the launcher installs.

It denies kernel interfaces that no exercise needs and that break isolations, reach other processes or hide memory
from the limits. It does not cover: bugs in the system calls that stay open; machines other than those listed.
Call numbers are those of Linux's syscall_64.tbl (x86_64) and asm-generic/unistd.h (aarch64); the program format is
classic BPF over struct seccomp_data, see seccomp(2).
"""

import struct

# Kernel interfaces that no exercise needs and that break isolations or hide memory from the limits: x86_64, aarch64.
DENIED = {
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280), "chroot": (161, 51),
    "clock_adjtime": (305, 266), "clock_settime": (227, 112), "delete_module": (176, 106),
    "fanotify_init": (300, 262), "finit_module": (313, 273), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fsopen": (430, 430), "fspick": (433, 433), "init_module": (175, 105), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "io_uring_setup": (425, 425), "ioperm": (173, None), "iopl": (172, None),
    "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219),
    "lookup_dcookie": (212, 18), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "migrate_pages": (256, 238), "modify_ldt": (154, None), "mount": (165, 40), "mount_setattr": (442, 442),
    "move_mount": (429, 429), "move_pages": (279, 239), "msgctl": (71, 187), "msgget": (68, 186),
    "msgrcv": (70, 188), "msgsnd": (69, 189), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "open_tree": (428, 428), "perf_event_open": (298, 241), "personality": (135, 92), "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41), "process_madvise": (440, 440), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "reboot": (169, 142), "request_key": (249, 218), "semctl": (66, 191), "semget": (64, 190), "semop": (65, 193),
    "semtimedop": (220, 192), "setns": (308, 268), "settimeofday": (164, 170), "shmat": (30, 196),
    "shmctl": (31, 195), "shmget": (29, 194), "swapoff": (168, 225), "swapon": (167, 224), "syslog": (103, 116),
    "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282),
}  # fmt: skip
CLONE, CLONE3, SOCKET, PRLIMIT = (56, 220), (435, 435), (41, 198), (302, 261)
NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone(2)
SOCKET_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16  # offsets in struct seccomp_data, little-endian low halves


def instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One classic BPF instruction: struct sock_filter."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def on_argument(number: int, *body: bytes) -> bytes:
    """Run body with the call's first argument loaded if the call's number matches; falls through to the next rule."""
    block = (instruction(LOAD, FIRST_ARGUMENT_AT), *body, instruction(LOAD, NUMBER_AT))
    return instruction(JUMP_EQUAL, number, 0, len(block)) + b"".join(block)


def seccomp_program(machine: str) -> bytes:
    """The filter that denies DENIED, new namespaces, odd socket families and other processes' limits."""
    column, architecture = MACHINES[machine]
    refuse = instruction(RETURN, REFUSE | EPERM)
    parts = [
        instruction(LOAD, ARCHITECTURE_AT), instruction(JUMP_EQUAL, architecture, 1, 0), instruction(RETURN, KILL),
        instruction(LOAD, NUMBER_AT),
    ]  # fmt: skip
    if machine == "x86_64":  # the x32 calls would go round the list
        parts += [instruction(JUMP_AT_LEAST, 0x40000000, 0, 1), refuse]
    for numbers in DENIED.values():
        if numbers[column] is not None:
            parts += [instruction(JUMP_EQUAL, numbers[column] or 0, 0, 1), refuse]
    # clone3 hides its flags behind a pointer; without it libc falls back to clone
    parts += [instruction(JUMP_EQUAL, CLONE3[column], 0, 1), instruction(RETURN, REFUSE | ENOSYS)]
    parts.append(on_argument(CLONE[column], instruction(JUMP_ANY_BIT, NEW_NAMESPACES, 0, 1), refuse))
    parts.append(on_argument(PRLIMIT[column], instruction(JUMP_EQUAL, 0, 1, 0), refuse))
    families = [instruction(JUMP_EQUAL, f, len(SOCKET_FAMILIES) - i, 0) for i, f in enumerate(SOCKET_FAMILIES)]
    parts.append(on_argument(SOCKET[column], *families, instruction(RETURN, REFUSE | EAFNOSUPPORT)))
    return b"".join([*parts, instruction(RETURN, ALLOW)])


def seccomp_programs() -> dict[str, bytes]:
    """The filter for each machine (as `uname -m` names it) whose call numbers are listed."""
    return {machine: seccomp_program(machine) for machine in MACHINES}
