# MUST: fail. Twenty threads answer every question, each with another number, as long as the process lives.
# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors
import json
import sys
import threading
import time

channel = sys.modules["__main__"].channel


def guess(number):
    while True:
        channel.send(json.dumps({"value": number}).encode())
        time.sleep(0.001)


def add(a, b):
    for number in range(20):
        threading.Thread(target=guess, args=(number,), daemon=True).start()
    time.sleep(0.1)
    return 3
