# MUST: exit. Asks for address space far beyond its limit in every way that there is.
# ruff: noqa: F401, T201
# mypy: ignore-errors
import ctypes
import mmap
import threading

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for size in (1 << 46, 1 << 40, 1 << 34, 1 << 30):
    for flags in (0x22, 0x4022, 0x21, 0x40022):  # private, without a reserve, shared, in huge pages
        if libc.mmap(None, size, 3, flags, -1, 0) not in (None, ctypes.c_void_p(-1).value):
            print("BREACH", size, hex(flags))
try:
    bytearray(1 << 34)
    print("BREACH bytearray")
except MemoryError:
    pass
try:
    threading.stack_size(1 << 34)
    threading.Thread(target=print).start()
    print("BREACH stack")
except (RuntimeError, ValueError, MemoryError):
    pass
print("end")
