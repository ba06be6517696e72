"""The two programs that run inside sandboxes, as source text that needs nothing but the standard library."""

from pathlib import Path

_HERE = Path(__file__).parent
_MODULES = ("wire", "candidate_agent", "remote", "judge_agent")

# the agents import each other by their names in this project; inside a sandbox those modules are made from text
_LOADER = """
import sys, types
for name in ("executor", "executor.grading"):
    sys.modules[name] = types.ModuleType(name)
for name, text in {sources!r}:
    module = sys.modules["executor.grading." + name] = types.ModuleType("executor.grading." + name)
    exec(compile(text, name + ".py", "exec"), module.__dict__)
sys.modules["executor.grading.{agent}"].main(channel)
"""


def _program(agent: str, modules: tuple[str, ...]) -> str:
    sources = [(name, (_HERE / f"{name}.py").read_text(encoding="utf-8")) for name in modules]
    return _LOADER.format(sources=sources, agent=agent)


CANDIDATE = _program("candidate_agent", _MODULES[:2])
JUDGE = _program("judge_agent", _MODULES)
