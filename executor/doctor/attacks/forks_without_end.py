# start more processes than it may
import json
import os
import sys
import time

for _ in range(json.loads(sys.argv[1])["processes"] + 8):
    try:
        child = os.fork()
    except OSError as refusal:
        print(refusal)
        sys.exit(9)
    if child == 0:
        time.sleep(20)
        os._exit(0)
