# MUST: exit, only in a namespace. Stops, ends and disturbs the agent by every way that leads there.
# ruff: noqa: PTH123, SIM105, SIM115, T201
# mypy: ignore-errors
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
for number in set(range(1, 65)) - {32, 33}:
    for call in (os.kill, lambda pid, sent: libc.syscall(234, pid, pid, sent)):  # tgkill on x86_64, capset on aarch64
        try:
            call(1, number)
        except OSError:
            pass
try:
    signal.pidfd_send_signal(os.pidfd_open(1), signal.SIGSTOP)
except (OSError, AttributeError):
    pass
try:
    os.kill(-1, signal.SIGSTOP)  # everything but itself
except OSError:
    pass
for change in (
    lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
    lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
    lambda: os.sched_setaffinity(1, {0}),
):
    try:
        change()
        print("BREACH", change.__code__.co_names)
    except OSError:
        pass
if open("/proc/1/stat").read().rsplit(")", 1)[1].split()[0] in "Tt":
    print("BREACH stopped")
print("end")
