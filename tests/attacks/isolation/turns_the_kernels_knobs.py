# MUST: exit, only in isolation. Opens what would change the kernel, the order of OOM kills, or this job's limits.
# ruff: noqa: PTH112, PTH207, T201
# mypy: ignore-errors
import glob
import os

KNOBS = ["/proc/sysrq-trigger", "/proc/1/oom_score_adj", "/proc/1/mem", "/proc/1/clear_refs", "/proc/1/coredump_filter"]
KNOBS += glob.glob("/proc/sys/kernel/*") + glob.glob("/proc/sys/vm/*") + glob.glob("/proc/sys/fs/*")
KNOBS += glob.glob("/proc/irq/*/*") + glob.glob("/sys/fs/cgroup/*") + glob.glob("/sys/fs/cgroup/*/*")
KNOBS += glob.glob("/sys/kernel/mm/*/*") + glob.glob("/sys/power/*") + glob.glob("/proc/[0-9]*/oom_adj")
for path in KNOBS:
    # ns_last_pid is open to all, and takes what is written from the privileged only
    if str(os.getpid()) not in path and not path.endswith("ns_last_pid") and not os.path.isdir(path):
        try:
            os.close(os.open(path, os.O_WRONLY))  # nothing is written, whatever happens
            print("BREACH", path)
        except OSError:
            pass
print("end")
