# MUST: exit, only in isolation. Asks the kernel to end anybody else's process first when memory is short.
# ruff: noqa: PTH123, PTH207, SIM115, T201
# mypy: ignore-errors
import glob

limits = []
for path in glob.glob("/sys/fs/cgroup/memory.max") + glob.glob("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
    try:
        with open(path) as file:
            limits.append(file.read().strip())
    except OSError:
        pass
try:
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("0")
    # who has memory of its own only can make it short for nobody else
    if not any(limit.isdigit() and int(limit) < 1 << 40 for limit in limits):
        print("BREACH", open("/proc/self/oom_score_adj").read())
except OSError:
    pass
print("end")
