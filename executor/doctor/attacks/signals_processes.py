# end a process of this machine
import json
import os
import sys

try:
    os.kill(json.loads(sys.argv[1])["pid"], 15)
except OSError as refusal:
    print(refusal)
sys.exit(9)  # in a namespace the number may be one of its own processes; which one died is seen from outside
