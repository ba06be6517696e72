# take more memory than it may
import json
import sys

try:
    held = bytearray(4 * json.loads(sys.argv[1])["memory_mb"] << 20)
except MemoryError as refusal:
    print(repr(refusal))
    sys.exit(9)
