# MUST: cpu_limit or timeout. Sixteen threads that hold no lock compute for ever.
# ruff: noqa: ANN201
# mypy: ignore-errors
import hashlib
import threading


def burn():
    while True:
        hashlib.pbkdf2_hmac("sha256", b"a", b"b", 1_000_000)


for _ in range(16):
    threading.Thread(target=burn).start()
