"""The agent as one text: its own modules, and those that programs find in every sandbox.

A sandbox has no files of this project; `python -c` of the bundle, with its configuration as the only argument, is all
that runs there. For the same Python it is handed over compiled, which saves 20 ms of the 30 that it takes to start.
"""

import base64
import json
import marshal
import sys
import zlib
from functools import cache
from pathlib import Path

MOST_OF_AN_ARGUMENT = 100_000
"""Characters; Linux takes at most 131,071 bytes in one argument of a program."""
_ROOT = Path(__file__).parents[1]
_FRAMES = "executor.agent.frames"
_AGENT = tuple(
    f"executor.agent.{name}"
    for name in (
        "environment", "kernel", "processes", "workspace", "surroundings", "host", "job", "outcome", "zygote",
        "watch", "resident",
    )
)  # fmt: skip
_LIBRARY = tuple(
    f"executor.grading.{name}"
    for name in (
        "wire", "remote", "raised", "candidate_agent", "checks_code", "recording", "plain_agent", "handing_out",
        "judge_agent",
    )
)  # fmt: skip

# has the modules of SOURCES, and the packages above them, imported by their names when they are asked for
_LOADER = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
class Given:
    def __init__(self, sources):
        self.sources = dict(sources)
        self.packages = {name.rsplit(".", depth)[0] for name in self.sources for depth in range(1, name.count(".") + 1)}
    def find_spec(self, name, path=None, target=None):
        if name in self.sources or name in self.packages:
            return type(sys.__spec__)(name, self, is_package=name in self.packages)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        source = self.sources.pop(module.__name__, "")
        exec(compile(source, module.__name__, "exec") if isinstance(source, str) else source, module.__dict__)
sys.meta_path.insert(0, Given(SOURCES))
"""
_START = """
LIBRARY, LOADER = {library!r}, {loader!r}
SOURCES = unpacked(LIBRARY) + unpacked({agent!r})
exec(LOADER)
for NAME, _ in SOURCES:
    __import__(NAME)
in_a_fresh_interpreter = "%s\\nSOURCES = unpacked(%r)\\n%s" % (UNPACK, LIBRARY, LOADER)
exec(*sys.modules["executor.agent.resident"].main(in_a_fresh_interpreter))
sys.modules["executor.agent.job"].leave()
"""
_UNPACK = """
import binascii, json, marshal, zlib
def unpacked(data): return {module}.loads(zlib.decompress(binascii.a2b_base64(data)))
"""


@cache
def agent_source(*, compiled: bool) -> str:
    """The bundle, for `python -c`; with `compiled` for this very version of Python only."""
    unpack = _UNPACK.format(module="marshal" if compiled else "json")
    library, agent = _packed((_FRAMES, *_LIBRARY), compiled=compiled), _packed(_AGENT, compiled=compiled)
    return f"{unpack}\nUNPACK = {unpack!r}\n" + _START.format(library=library, loader=_LOADER, agent=agent)


def _packed(names: tuple[str, ...], *, compiled: bool) -> str:
    texts = [(name, (_ROOT / (name.replace(".", "/") + ".py")).read_text(encoding="utf-8")) for name in names]
    if compiled:
        data = marshal.dumps([(name, compile(text, name, "exec", optimize=2)) for name, text in texts])
    else:
        data = json.dumps(texts).encode("ascii")
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def agent_command(python: str, *, flags: tuple[str, ...] = ("-s", "-S"), compiled: bool) -> tuple[str, ...]:
    """What starts an agent; its configuration has to follow as one more argument."""
    source = agent_source(compiled=compiled)
    parts = [source[start : start + MOST_OF_AN_ARGUMENT] for start in range(0, len(source), MOST_OF_AN_ARGUMENT)]
    joined = f"import sys\nexec(''.join(sys.argv.pop(1) for _ in range({len(parts)})))"
    return (python, *flags, "-c", joined, *parts)


if __name__ == "__main__":
    sys.stdout.write(agent_source(compiled=False))
