# MUST: exit. Files whose names are options, paths, control characters, no UTF-8, or as long as names may be.
# ruff: noqa: PTH101, PTH102, PTH123, PTH211, T201
# mypy: ignore-errors
import os

for name in (b"-rf", b"--", b"*", b"a\nb", b"\x1b[2J", b"\xff\xfe", b" ", b".. ", b"$(id)", b"`id`", b"x" * 255, b"\\"):
    for make in (
        lambda path: os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0)),
        lambda path: os.mkdir(path, 0),
        lambda path: os.symlink(b"/", path),
        lambda path: os.mkfifo(path, 0),
    ):
        try:
            make(make.__code__.co_names[-1].encode()[:3] + name if len(name) < 200 else name)
            make(name)
        except OSError:
            pass
os.mkdir("closed")
open("closed/inside", "w").close()
os.chmod("closed", 0)
os.chmod(".", 0)
print("end")
