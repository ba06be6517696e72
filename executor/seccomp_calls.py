"""Which system calls a sandboxed job may make, and why not those others that Docker's default profile lets through.

One table for the filter of every job and for the profile of every container (`executor.seccomp` makes both from it).
What is in no table here is refused, too. Numbers are those of Linux's syscall_64.tbl (x86_64) and
asm-generic/unistd.h (aarch64); None where a machine does not have the call.
"""

from dataclasses import dataclass

Numbers = tuple[int | None, int | None]  # x86_64, aarch64

EPERM, ENOTTY, ENOSYS, EPROTONOSUPPORT, ENOTSUP, EAFNOSUPPORT = 1, 25, 38, 93, 95, 97

# What Python, a shell and their tools call; grouped by what it is for.
ALLOWED: dict[str, dict[str, Numbers]] = {
    "files that are open": {
        "read": (0, 63), "readv": (19, 65), "pread64": (17, 67), "preadv": (295, 69), "preadv2": (327, 286),
        "write": (1, 64), "writev": (20, 66), "pwrite64": (18, 68), "pwritev": (296, 70), "pwritev2": (328, 287),
        "lseek": (8, 62), "close": (3, 57), "close_range": (436, 436), "dup": (32, 23), "dup2": (33, None),
        "dup3": (292, 24), "fcntl": (72, 25), "flock": (73, 32), "fstat": (5, 80), "fstatfs": (138, 44),
        "fsync": (74, 82), "fdatasync": (75, 83), "ftruncate": (77, 46), "fallocate": (285, 47),
        "fadvise64": (221, 223), "sendfile": (40, 71), "copy_file_range": (326, 285), "pipe": (22, None),
        "pipe2": (293, 59), "eventfd2": (290, 19), "fgetxattr": (193, 10), "flistxattr": (196, 13),
        "fchmod": (91, 52), "fchown": (93, 55), "fchdir": (81, 50), "getdents64": (217, 61),
    },
    "files by name": {
        "open": (2, None), "openat": (257, 56), "openat2": (437, 437), "creat": (85, None), "access": (21, None),
        "faccessat": (269, 48), "faccessat2": (439, 439), "stat": (4, None), "lstat": (6, None),
        "newfstatat": (262, 79), "statx": (332, 291), "statfs": (137, 43), "readlink": (89, None),
        "readlinkat": (267, 78), "getcwd": (79, 17), "chdir": (80, 49), "mkdir": (83, None), "mkdirat": (258, 34),
        "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38),
        "renameat2": (316, 276), "link": (86, None), "linkat": (265, 37), "symlink": (88, None),
        "symlinkat": (266, 36), "chmod": (90, None), "fchmodat": (268, 53), "fchmodat2": (452, 452),
        "chown": (92, None), "lchown": (94, None), "fchownat": (260, 54), "truncate": (76, 45), "umask": (95, 166),
        "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
        "getxattr": (191, 8), "lgetxattr": (192, 9), "listxattr": (194, 11), "llistxattr": (195, 12),
    },
    "memory": {
        "brk": (12, 214), "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216),
        "madvise": (28, 233), "msync": (26, 227),
    },
    "processes and threads": {
        "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "exit": (60, 93), "exit_group": (231, 94),
        "wait4": (61, 260), "waitid": (247, 95), "pidfd_open": (434, 434), "set_tid_address": (218, 96),
        "set_robust_list": (273, 99), "rseq": (334, 293), "futex": (202, 98), "arch_prctl": (158, None),
        "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getpgid": (121, 155),
        "getpgrp": (111, None), "setpgid": (109, 154), "getsid": (124, 156), "setsid": (112, 157),
        "getpriority": (140, 141), "sched_yield": (24, 124),
        "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
        "sched_getattr": (315, 275), "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
        "sched_rr_get_interval": (148, 127), "getcpu": (309, 168), "getrlimit": (97, 163), "setrlimit": (160, 164),
        "getrusage": (98, 165), "times": (100, 153), "restart_syscall": (219, 128),
    },
    "who and where": {
        "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
        "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158), "uname": (63, 160),
        "sysinfo": (99, 179), "getrandom": (318, 278),
    },
    "signals": {
        "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
        "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137),
        "sigaltstack": (131, 132), "pause": (34, None), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
        "pidfd_send_signal": (424, 424),
    },
    "time": {
        "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
        "nanosleep": (35, 101), "gettimeofday": (96, 169), "time": (201, None), "alarm": (37, None),
        "getitimer": (36, 102), "setitimer": (38, 103), "timer_create": (222, 107), "timer_settime": (223, 110),
        "timer_gettime": (224, 108), "timer_getoverrun": (225, 109), "timer_delete": (226, 111),
        "timerfd_create": (283, 85), "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    },
    "waiting for several": {
        "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
        "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None),
        "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441),
    },
    "sockets that are open": {
        "bind": (49, 200), "connect": (42, 203), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
        "getsockname": (51, 204), "getpeername": (52, 205), "getsockopt": (55, 209), "shutdown": (48, 210),
        "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212),
        "sendmmsg": (307, 269), "recvmmsg": (299, 243),
    },
}  # fmt: skip

# What a container's first process, the agent, calls beyond that, to give a job a user of its own.
AGENT: dict[str, Numbers] = {
    "setgroups": (116, 159),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
}
# Allowed by Docker's default profile (that of 20.10 or a later one), refused here, for the reason named.
REFUSED: dict[str, dict[str, Numbers]] = {
    "reads, writes or steers other processes": {
        "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
        "process_mrelease": (448, 448), "get_robust_list": (274, 100), "rt_sigqueueinfo": (129, 138),
        "rt_tgsigqueueinfo": (297, 240),
    },
    "queues and memory that outlive a job and carry data to the next": {
        "shmget": (29, 194), "shmat": (30, 196), "shmdt": (67, 197), "shmctl": (31, 195), "semget": (64, 190),
        "semop": (65, 193), "semtimedop": (220, 192), "semctl": (66, 191), "msgget": (68, 186), "msgsnd": (69, 189),
        "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
        "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183), "mq_notify": (244, 184),
        "mq_getsetattr": (245, 185),
    },
    "memory that the job's limits do not count, or that cannot be taken back": {
        "memfd_create": (319, 279), "memfd_secret": (447, 447), "mlock": (149, 228), "mlock2": (325, 284),
        "mlockall": (151, 230), "munlock": (150, 229), "munlockall": (152, 231), "remap_file_pages": (216, 234),
    },
    "work that the kernel does later, past every filter of calls": {
        "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
        "io_setup": (206, 0), "io_destroy": (207, 1), "io_submit": (209, 2), "io_cancel": (210, 3),
        "io_getevents": (208, 4), "io_pgetevents": (333, 292),
    },
    "moves pages between pipes and files: read-only files were overwritten so": {
        "splice": (275, 76), "tee": (276, 77), "vmsplice": (278, 75),
    },
    "changes who a process is; the agent has done that": {
        "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
        "setfsuid": (122, 151), "setfsgid": (123, 152), "capset": (126, 91), "capget": (125, 90),
    },
    "filters and confinements, which the agent installs otherwise": {
        "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
        "landlock_restrict_self": (446, 446),
    },
    "odd layouts of memory and segments, of use to exploits alone": {
        "personality": (135, 92), "modify_ldt": (154, None), "get_thread_area": (211, None),
        "set_thread_area": (205, None),
    },
    "tells what others read from the disk": {
        "mincore": (27, 232), "cachestat": (451, 451), "readahead": (187, 213),
    },
    "files past the folders that are shut, and events on whole file systems": {
        "name_to_handle_at": (303, 264), "fanotify_mark": (301, 263),
    },
    "hides its flags behind a pointer; libc does with clone then": {
        "clone3": (435, 435),
    },
    "data beside a file, which neither wipe nor size limit sees": {
        "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
        "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    },
    "makes the whole machine write to its disks": {
        "sync": (162, 81), "syncfs": (306, 267), "sync_file_range": (277, 84),
    },
    "chooses processor and turn, on which the times of other jobs depend": {
        "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "sched_setparam": (142, 118),
        "sched_setscheduler": (144, 119), "ioprio_set": (251, 30), "ioprio_get": (252, 31),
    },
    "the machine's clock": {
        "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    },
    "runs a file that has no name": {
        "execveat": (322, 281),
    },
    "watches, which take kernel memory that the job's limits do not count": {
        "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
        "inotify_rm_watch": (255, 28),
    },
    "nothing that runs here calls it": {
        "getdents": (78, None), "epoll_ctl_old": (214, None), "epoll_wait_old": (215, None), "eventfd": (284, None),
        "signalfd": (282, None), "signalfd4": (289, 74), "futex_waitv": (449, 449), "membarrier": (324, 283),
        "pkey_alloc": (330, 289), "pkey_free": (331, 290), "pkey_mprotect": (329, 288),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Argument:
    """A test of one argument of a call: the low 32 bits under mask are value."""

    index: int
    value: int
    mask: int = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """A call that is allowed if in one of its ways every test holds, and answered with error otherwise."""

    name: str
    numbers: Numbers
    ways: tuple[tuple[Argument, ...], ...]
    error: int = EPERM
    reason: str


def _values(index: int, *values: int) -> tuple[tuple[Argument, ...], ...]:
    """One way for each value of an argument."""
    return tuple((Argument(index, value),) for value in values)


NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone(2)
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
KIND, STREAM, DATAGRAM = 0xF, 1, 2  # the low bits of socket(2)'s second argument
TCP, UDP = 6, 17
FILE_TYPE, FIFO = 0o170000, 0o010000
SOL_SOCKET, IPPROTO_TCP, IPPROTO_IPV6, IPV6_V6ONLY = 1, 6, 41, 26
TCP_OPTIONS = (1, 4, 5, 6)  # TCP_NODELAY and the times of SO_KEEPALIVE
# PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP,
# PR_SET_SECCOMP, PR_CAPBSET_READ, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS
PRCTL_OPTIONS = (1, 2, 3, 4, 15, 16, 21, 22, 23, 38, 39)
# TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, TCGETS2
IOCTL_REQUESTS = (0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A)

SOCKETS = (
    (Argument(0, AF_UNIX),),
    *(
        (Argument(0, family), Argument(1, kind, KIND), Argument(2, protocol))
        for family in (AF_INET, AF_INET6)
        for kind, protocol in ((STREAM, 0), (STREAM, TCP), (DATAGRAM, 0), (DATAGRAM, UDP))
    ),
)
SOCKET_OPTIONS = (
    (Argument(1, SOL_SOCKET),),
    *((Argument(1, IPPROTO_TCP), Argument(2, option)) for option in TCP_OPTIONS),
    (Argument(1, IPPROTO_IPV6), Argument(2, IPV6_V6ONLY)),
)
CONDITIONAL = (
    Conditional(
        name="clone", numbers=(56, 220), ways=((Argument(0, 0, NEW_NAMESPACES),),),
        reason="new namespaces open the parts of the kernel that only root may use otherwise",
    ),
    Conditional(
        name="socket", numbers=(41, 198), ways=SOCKETS, error=EAFNOSUPPORT,
        reason="only local sockets, TCP and UDP: AF_VSOCK reaches the host past the network namespace, the others "
        "(AF_NETLINK, AF_PACKET, AF_ALG, SCTP, ...) are rarely used code of the kernel",
    ),
    Conditional(
        name="socketpair", numbers=(53, 199), ways=_values(0, AF_UNIX), error=EAFNOSUPPORT,
        reason="as for socket; no other family makes pairs that honest code uses",
    ),
    Conditional(
        name="setsockopt", numbers=(54, 208), ways=SOCKET_OPTIONS, error=EPROTONOSUPPORT,
        reason="packet filters, encryption in the kernel and other ways into its rarely used code",
    ),
    Conditional(
        name="prctl", numbers=(157, 167), ways=_values(0, *PRCTL_OPTIONS),
        reason="becoming the reaper of its descendants, who may trace it, what the processor may guess, memory maps",
    ),
    Conditional(
        name="prlimit64", numbers=(302, 261), ways=_values(0, 0),
        reason="the limits of other processes",
    ),
    Conditional(
        name="setpriority", numbers=(141, 140), ways=tuple((Argument(0, which), Argument(1, 0)) for which in (0, 1)),
        reason="making others wait, the agent where it shares their user; a process and its own group may be nice",
    ),
    Conditional(
        name="ioctl", numbers=(16, 29), ways=_values(1, *IOCTL_REQUESTS), error=ENOTTY,
        reason="typing into a terminal (TIOCSTI), sharing blocks of files, and every driver's own requests",
    ),
    Conditional(
        name="mknod", numbers=(133, None), ways=((Argument(1, FIFO, FILE_TYPE),),),
        reason="devices; named pipes are honest",
    ),
    Conditional(
        name="mknodat", numbers=(259, 33), ways=((Argument(2, FIFO, FILE_TYPE),),),
        reason="devices; named pipes are honest",
    ),
)  # fmt: skip
# What refused calls answer where EPERM would break libc (clone3) or copying with all attributes (cp -a).
ANSWERS = {
    "clone3": ENOSYS,
    **dict.fromkeys(REFUSED["data beside a file, which neither wipe nor size limit sees"], ENOTSUP),
}
