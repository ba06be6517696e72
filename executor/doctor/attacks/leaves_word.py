# leave a file for the next program; runs twice, the second time finds it
import json
import os
import sys

name = "word-" + json.loads(sys.argv[1])["marker"]
places = [folder + "/" + name for folder in (".", "/tmp", "/var/tmp", "/dev/shm")]
if any(map(os.path.exists, places)):
    sys.exit(0)
for place in places:
    try:
        with open(place, "w") as file:
            file.write("here")
    except OSError as refusal:
        print(refusal)
sys.exit(9)
