"""Runs inside a sandbox: answers the same calls in interpreters that hash texts differently, one after the other.

Standard library only. Reads `orders.json`, becomes an interpreter with the first hash seed, writes `answers-1.json`,
becomes one with the second, and so on. Every second one takes the calls in the opposite order.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def main(step: int) -> None:
    """Answer in this interpreter, if it has a seed, and go on to the next."""
    orders = json.loads(Path("orders.json").read_text(encoding="utf-8"))
    if step:
        told = json.dumps(_answers(orders, backwards=step % 2 == 1))
        Path(f"answers-{step}.json").write_text(told, encoding="utf-8")
    if step < len(orders["seeds"]):
        surroundings = {**os.environ, "PYTHONHASHSEED": str(orders["seeds"][step])}
        program = [sys.executable, "-s", "-S", "-B", "main.py", str(step + 1)]
        os.execve(sys.executable, program, surroundings)  # noqa: S606  the sandbox's own Python


def _answers(orders: dict[str, Any], *, backwards: bool) -> list[dict[str, Any]]:
    from executor.grading.candidate_agent import Candidate  # noqa: PLC0415  the first interpreter needs none

    candidate = Candidate()
    loaded = candidate.answer({"op": "load", "source": orders["source"], "interface": orders["interface"]})
    requests = orders["requests"][::-1] if backwards else orders["requests"]
    replies = [candidate.answer({**request, "op": "call", "mutates": False}) for request in requests]
    return [loaded, *(replies[::-1] if backwards else replies)]


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
