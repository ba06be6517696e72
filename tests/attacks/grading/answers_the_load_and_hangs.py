# MUST: fail. Says that it is loaded and then never answers, within the time limit.
# mypy: ignore-errors
import sys
import time

channel = sys.modules["__main__"].channel
channel.send(b'{"missing": []}')
time.sleep(60)
