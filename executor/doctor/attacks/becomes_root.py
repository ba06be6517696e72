# gain the rights of the administrator
import os
import sys

for attempt in (
    lambda: os.setuid(0),
    lambda: os.chroot("."),
    lambda: os.nice(-5),
    lambda: os.mknod("disk", 0o60600, 2048),
):
    try:
        attempt()
        sys.exit(0)
    except OSError as refusal:
        print(refusal)
sys.exit(9)
