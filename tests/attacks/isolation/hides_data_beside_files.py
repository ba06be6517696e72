# MUST: exit, only in isolation. Puts data into attributes, flags and access lists of files and folders that stay.
# ruff: noqa: PTH123, T201
# mypy: ignore-errors
import fcntl
import os
import struct

FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE, FS_APPEND = 0x80086601, 0x40086602, 0x10, 0x20
open("own", "w").close()
for path in ("own", ".", "/tmp", "/dev/shm", "/dev/null", "/proc/self"):
    for name in ("user.left", "trusted.left", "security.left", "system.posix_acl_access", "system.posix_acl_default"):
        try:
            os.setxattr(path, name, struct.pack("<IHHIHHI", 2, 1, 7, 0, 32, 7, 0))
            print("BREACH", path, name)
        except OSError:
            pass
    for flags in (FS_IMMUTABLE, FS_APPEND):
        try:
            fd = os.open(path, os.O_RDONLY)
            fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("L", flags))
            print("BREACH", path, flags)
        except OSError:
            pass
print("end")
