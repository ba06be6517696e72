# MUST: exit, only in isolation. Writes reports of an end by signal 31 wherever there is a descriptor, and opens others.
# ruff: noqa: PTH207, T201
# mypy: ignore-errors
import glob
import json
import os
import struct

report = {"event": "result", "status": "signal", "exit_code": None, "signal": 31, "wall_s": 0, "cpu_s": 0, "peak_mb": 0}
report |= {"stdout": {"head": "", "tail": "", "total": 0}, "stderr": {"head": "", "tail": "", "total": 0}, "detail": ""}
frame = json.dumps(report).encode()
frame = struct.pack(">I", len(frame)) + frame
mux = b"\x02\0\0\0" + struct.pack(">I", len(frame)) + frame
for fd in range(1, 1024):
    try:
        os.write(fd, frame)
        if fd > 2:
            print("BREACH", fd)
    except OSError:
        pass
for path in (
    glob.glob("/proc/*/fd/*") + glob.glob("/proc/*/task/*/fd/*") + ["/dev/stdout", "/dev/stderr", "/dev/console"]
):
    if not path.startswith(("/proc/thread-self", "/proc/self", f"/proc/{os.getpid()}/")):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            os.write(fd, mux + frame)
            if path.startswith("/proc"):
                print("BREACH", path)
        except OSError:
            pass
print("end")
