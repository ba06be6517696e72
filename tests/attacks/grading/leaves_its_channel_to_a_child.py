# MUST: fail. Ends at once and leaves its channel to an orphan that goes on answering, always the same.
# mypy: ignore-errors
import os
import sys

channel = sys.modules["__main__"].channel
if os.fork() == 0:
    os.setsid()
    channel.send(b'{"missing": []}')
    while channel.receive() is not None:
        channel.send(b'{"value": 3}')
os._exit(0)
