# read the environment of a process of this machine
import os
import sys

try:
    processes = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError as refusal:
    print(refusal)
    sys.exit(9)
for name in processes:
    try:
        with open(f"/proc/{name}/environ", "rb") as environ:
            if b"BAIT=" in environ.read():
                sys.exit(0)
    except OSError:
        continue
sys.exit(9)
