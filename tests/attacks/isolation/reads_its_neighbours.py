# MUST: exit, only in isolation. Looks in every file, environment and memory that it can open for another job's secret.
# ruff: noqa: PTH118, PTH123, PTH208, T201
# mypy: ignore-errors
import os
import sys

SECRET = b"the neighbour's" + b" secret"
try:
    processes = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError:
    processes = []
for pid in processes:
    for name in ("environ", "cmdline", "root/tmp/job/secret", "cwd/secret", "fd/3"):
        try:
            with open(f"/proc/{pid}/{name}", "rb") as file:
                if int(pid) != os.getpid() and SECRET in file.read(1 << 16):
                    print("BREACH", pid, name)
        except OSError:
            pass
for top in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/home", "/root"):
    for folder, folders, names in os.walk(top):
        if folder == sys.prefix:
            folders.clear()
        for name in names:
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    if SECRET in file.read(1 << 16):
                        print("BREACH", folder, name)
            except OSError:
                pass
print("end")
