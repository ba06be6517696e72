# MUST: exit, only in a namespace. Makes every process, group and user as slow as can be, and itself a deadline task.
# ruff: noqa: SIM105, T201
# mypy: ignore-errors
import os

for which, whom in [(os.PRIO_PROCESS, pid) for pid in range(200)] + [(os.PRIO_PGRP, pid) for pid in range(200)]:
    try:
        os.setpriority(which, whom, 19)
    except OSError:
        pass
for uid in (0, os.getuid(), 65534):
    try:
        os.setpriority(os.PRIO_USER, uid, 19)
    except OSError:
        pass
for policy in (os.SCHED_FIFO, os.SCHED_RR, os.SCHED_IDLE, os.SCHED_BATCH):
    try:
        os.sched_setscheduler(1, policy, os.sched_param(1 if policy in (os.SCHED_FIFO, os.SCHED_RR) else 0))
        print("BREACH", policy)
    except OSError:
        pass
print("end")
