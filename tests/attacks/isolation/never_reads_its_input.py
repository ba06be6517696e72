# MUST: timeout. Is sent a megabyte that it does not read, and neither does the child that holds it open.
# mypy: ignore-errors
import os
import time

os.fork()
time.sleep(60)
