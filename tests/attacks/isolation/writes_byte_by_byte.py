# MUST: timeout or cpu_limit or output_limit. Never stops to write, one byte at a time, to both streams in turn.
# mypy: ignore-errors
import os

while True:
    os.write(1, b".")
    os.write(2, b".")
