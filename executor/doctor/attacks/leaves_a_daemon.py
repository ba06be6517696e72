# leave a process that outlives it
import json
import os
import sys
import time

name = "daemon-" + json.loads(sys.argv[1])["marker"]
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)
        os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(20)", name])
    os._exit(0)
time.sleep(0.1)
sys.exit(9)  # whether it still runs is seen from outside
