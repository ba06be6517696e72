# open parts of the kernel that honest programs do not need: user namespaces, io_uring, virtual machines' sockets
import ctypes
import errno
import sys

NEW_USER, VSOCK = 0x10000000, 40
IO_URING_SETUP = 425
libc = ctypes.CDLL(None, use_errno=True)
for call, arguments in (
    (libc.unshare, (NEW_USER,)),
    (libc.syscall, (IO_URING_SETUP, 1, 0)),
    (libc.socket, (VSOCK, 1, 0)),
):
    ctypes.set_errno(0)
    answer = int(call(*arguments))
    if answer >= 0 or ctypes.get_errno() not in {errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT, errno.EACCES}:
        print(answer, ctypes.get_errno())
        sys.exit(0)
sys.exit(9)
