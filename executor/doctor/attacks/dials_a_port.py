# reach a service of this machine by TCP
import json
import socket
import sys

try:
    socket.create_connection(("127.0.0.1", json.loads(sys.argv[1])["port"]), timeout=0.5)
except OSError as refusal:
    print(refusal)
    sys.exit(9)
