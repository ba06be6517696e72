# reach a service of this machine by a local socket
import json
import socket
import sys

try:
    socket.socket(socket.AF_UNIX).connect(json.loads(sys.argv[1])["local"])
except OSError as refusal:
    print(refusal)
    sys.exit(9)
