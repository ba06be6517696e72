# read a file of this machine
import json
import sys

try:
    with open(json.loads(sys.argv[1])["folder"] + "/secret") as file:
        print(file.read())
except OSError as refusal:
    print(refusal)
    sys.exit(9)
