"""The server of recorded answers, with one line on disk for each answer before any byte of it is sent.

    python -m tests.recorded_witness TOOL LEDGER OPTIONS-OF-THE-TOOL...

`/stats` goes with the process and counts a garbled answer as any other. The ledger outlives a SIGKILL and tells, in
the tool's own draws, what each request got: http_429, http_500, `whole`, `garbled` (empty or cut off) or `dropped`.
The five probabilities of the tool have to differ where they are not 0, since they tell the draws apart.
"""

import os
import sys
import threading
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any


def loaded(path: str) -> ModuleType:
    """The tool, which has no suffix, as a module."""
    loader = SourceFileLoader("recorded_llm", path)
    spec = spec_from_loader("recorded_llm", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def watched(server: type, ledger: Path) -> type:
    """The tool's server, but that it writes down what it draws; a request is answered by one thread."""
    lines = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    here = threading.local()

    def note(name: str) -> None:
        os.write(lines, f"{name}\n".encode())

    class Watched(server):  # type: ignore[misc]
        options: Any

        def count(self, name: str) -> None:
            if name.startswith("http_"):
                note(name)
            super().count(name)

        def draw(self, probability: float) -> bool:
            hit = bool(super().draw(probability))
            if probability == self.options.garble:
                here.garbled = hit
            elif probability == self.options.drop:  # the last draw of every answer
                note("dropped" if hit else "garbled" if here.garbled else "whole")
            return hit

    return Watched


if __name__ == "__main__":
    tool = loaded(sys.argv[1])
    tool.Server = watched(tool.Server, Path(sys.argv[2]))  # type: ignore[attr-defined]
    sys.argv[1:3] = []
    tool.main()
