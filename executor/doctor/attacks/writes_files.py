# write into a folder of this machine
import json
import sys

try:
    with open(json.loads(sys.argv[1])["folder"] + "/written", "w") as file:
        file.write("here")
except OSError as refusal:
    print(refusal)
sys.exit(9)  # it may have written into a folder of its own; whether it was this machine's is seen from outside
