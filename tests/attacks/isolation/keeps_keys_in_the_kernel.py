# MUST: exit, only in isolation. Leaves keys in the kernel's keyrings, handles of files, and namespaces of its own.
# ruff: noqa: T201
# mypy: ignore-errors
import ctypes
import platform

ARM = platform.machine() == "aarch64"
libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "add_key": (217 if ARM else 248, b"user", b"left", b"secret", 6, -3),
    "request_key": (218 if ARM else 249, b"user", b"left", None, -3),
    "keyctl": (219 if ARM else 250, 0, -3, 1),
    "unshare": (97 if ARM else 272, 0x10000000),
    "setns": (268 if ARM else 308, 0, 0),
    "chroot": (51 if ARM else 161, b"."),
    "mount": (40 if ARM else 165, b"none", b".", b"tmpfs", 0, None),
    "open_tree": (428, -100, b"/", 1),
    "fsopen": (430, b"tmpfs", 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "io_uring_setup": (425, 8, ctypes.create_string_buffer(120)),
    "bpf": (280 if ARM else 321, 0, ctypes.create_string_buffer(120), 120),
    "memfd_create": (279 if ARM else 319, b"left", 0),
    "set_mempolicy": (237 if ARM else 238, 0, None, 0),
    "acct": (89 if ARM else 163, b"own"),
    "swapon": (224 if ARM else 167, b"own", 0),
}
for name, (number, *arguments) in CALLS.items():
    if libc.syscall(number, *arguments) >= 0:
        print("BREACH", name)
print("end")
