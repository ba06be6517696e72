# MUST: exit, only in a namespace. Opens for writing all that /proc says of other processes, and the kernel's own settings.
# ruff: noqa: E501, PTH118, PTH208, T201
# mypy: ignore-errors
import os

NAMES = "autogroup attr/current attr/exec clear_refs comm coredump_filter gid_map loginuid mem oom_adj oom_score_adj"
NAMES += " patch_state projid_map sched sessionid setgroups timens_offsets timerslack_ns uid_map environ fd/0 fd/1 fd/3"
mine = str(os.getpid())
for entry in sorted(os.listdir("/proc")):
    if entry.isdigit() and entry != mine:
        for name in NAMES.split():
            for path in (f"/proc/{entry}/{name}", f"/proc/{entry}/task/{entry}/{name}"):
                try:
                    fd = os.open(path, os.O_WRONLY)
                    os.write(fd, b"0")
                    print("BREACH", path)
                except OSError:
                    pass
for folder, _, names in os.walk("/proc/sys"):
    for name in names:
        try:
            os.close(os.open(os.path.join(folder, name), os.O_WRONLY))
            print("BREACH", folder, name)
        except OSError:
            pass
print("end")
