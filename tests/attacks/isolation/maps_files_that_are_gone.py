# MUST: exit, only in isolation. Runs, maps and stands in files and folders that it has removed, and ends all at once.
# ruff: noqa: PTH102, PTH106, PTH107, PTH109, PTH118, PTH123, T201
# mypy: ignore-errors
import mmap
import os
import shutil
import subprocess

maps = []
for folder in (os.getcwd(), "/dev/shm"):
    try:
        path = os.path.join(folder, "mapped")
        with open(path, "w+b") as file:
            file.truncate(1 << 20)
            maps.append(mmap.mmap(file.fileno(), 1 << 20))
            maps[-1][:] = b"left" * (1 << 18)
            os.remove(path)
    except OSError:
        pass
try:
    shutil.copy("/bin/sleep", "gone")
    subprocess.Popen(["./gone", "30"])
    os.remove("gone")
    os.mkdir("deep")
    os.chdir("deep")
    subprocess.Popen(["/bin/sleep", "30"])
    os.rmdir("../deep")
except OSError:
    pass
print("end", flush=True)
os._exit(0)
