# MUST: exit, only in isolation. Raises its own limits, and those of the agent and its parent.
# ruff: noqa: T201
# mypy: ignore-errors
import os
import resource

for name in [name for name in dir(resource) if name.startswith("RLIMIT_")]:
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        for wanted in ((hard, hard + 1), (hard, -1), (-1, -1)):
            try:
                resource.setrlimit(kind, wanted)
                print("BREACH", name, wanted)
            except (OSError, ValueError):
                pass
    for pid in (1, os.getppid()):
        try:
            resource.prlimit(pid, kind, (1, 1))
            print("BREACH", name, pid)
        except (OSError, ValueError):
            pass
for change in (lambda: os.nice(-1), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))):
    try:
        change()
        print("BREACH", change.__code__.co_names)
    except OSError:
        pass
print("end")
