# write more than it may, in many files
import json
import sys
import time

try:
    for number in range(4 * json.loads(sys.argv[1])["file_mb"]):
        with open(f"part-{number}", "wb") as file:
            file.write(bytes(1 << 20))
    time.sleep(0.4)  # where a folder is only looked at now and then
except OSError as refusal:
    print(refusal)
    sys.exit(9)
