# MUST: exit, only in isolation. Hard links, symbolic links and renames between the system's files and its own.
# ruff: noqa: PLW0108, PTH101, PTH104, PTH110, PTH116, PTH211, T201
# mypy: ignore-errors
import os

for number, path in enumerate(("/usr/bin/env", "/bin/sh", "/etc/ld.so.cache", "/etc/passwd", "/proc/self/exe")):
    for attempt in (
        lambda source, target: os.link(source, target, follow_symlinks=True),
        lambda source, target: os.rename(source, target),
        lambda source, target: os.link("main.py", source + ".new"),
        lambda source, target: os.symlink("main.py", source + ".new"),
        lambda source, target: os.chmod(source, 0o4777),
        lambda source, target: os.chown(source, os.getuid(), os.getgid()),
    ):
        before = os.stat(path) if os.path.exists(path) else None
        try:
            attempt(path, f"link{number}")
            after = os.stat(path)
            if before and (before.st_nlink, before.st_mode, before.st_uid) != (
                after.st_nlink,
                after.st_mode,
                after.st_uid,
            ):
                print("BREACH", path)
        except (OSError, NotImplementedError):
            pass
print("end")
