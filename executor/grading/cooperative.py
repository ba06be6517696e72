"""Cooperative mode: the solution and a module of tests share a process, for suites that need its classes themselves.

Not covered, by its nature: a solution that changes the tests or writes their results. So such a verdict is marked
`cooperative`, and whoever learns from outcomes treats the task as ungraded. What the host does ask for is its own
nonce and exactly the tests that the task's source defines, each of them reported as passed.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from executor.grading.facts import SHOWN_CHARS, describe_end, run_facts, sandbox_facts
from executor.grading.tally import Tally
from executor.sandbox import (
    Conversation,
    ConversationCancelled,
    ConversationEnded,
    Limits,
    Program,
    Sandbox,
)
from memory.attempts import Assertion, CheckVerdict, Verdict
from memory.tasks import Task
from utils.errors import Interrupted
from utils.text import clip, well_formed

_AGENT = Path(__file__).with_name("cooperative_agent.py")
_PROGRAM = f"{_AGENT.read_text(encoding='utf-8')}\n\nmain(channel)\n"
MAX_NAMES = 5
_NONSENSE = "the solution's process answered nonsense"


def grade_by_tests(task: Task, source: str, sandbox: Sandbox, *, limits: Limits) -> Verdict:
    """The verdict of tests that ran beside the solution, marked as cooperative.

    Raises:
        SandboxFault: the sandbox could not start or was lost.
        Interrupted: the sandbox was closed meanwhile.
    """
    program = sandbox.converse(Program(source=_PROGRAM, limits=limits))
    nonce = secrets.token_hex(16)
    try:
        reply = _asked(program, task, source, nonce)
    finally:
        ended = program.close()
    error = f"the solution's process ended: {describe_end(ended)}" if reply is None else _flaw(reply, task, nonce)
    tally = Tally()
    results = reply["results"] if reply is not None and not error else {}
    for name in task.check_names:
        _note(tally, name, results.get(name))
    return Verdict(
        outcome="passed" if not error and all(check.passed for check in tally.checks) else "failed",
        checks=tuple(tally.checks),
        failures=tuple(tally.failures),
        passes=tuple(tally.passes),
        assertions_passed=sum(check.passed for check in tally.checks),
        assertions_total=len(tally.checks),
        candidate=run_facts(ended),
        error=well_formed(clip(error, SHOWN_CHARS)),
        sandbox=sandbox_facts(ended.tier),
        cooperative=True,
    )


def _asked(program: Conversation, task: Task, source: str, nonce: str) -> dict[str, Any] | None:
    """What the program reports, as it came; None if it ended first, nothing at all if it is no report."""
    request = {"nonce": nonce, "source": source, "tests": task.tests, "names": task.callable_names}
    try:
        program.send(json.dumps(request).encode())
        found = json.loads(program.receive())
    except ConversationCancelled:
        raise Interrupted("the sandbox was closed during a grading") from None
    except ConversationEnded:
        return None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _flaw(reply: Mapping[str, Any], task: Task, nonce: str) -> str:
    """Why a report does not count; empty if it does."""
    if reply.get("nonce") != nonce:
        return _NONSENSE
    error, results = reply.get("error"), reply.get("results")
    if not isinstance(error, str) or not isinstance(results, dict):
        return _NONSENSE
    if error:
        return error
    wanted, found = set(task.check_names), set(results)
    lost, more = sorted(wanted - found)[:MAX_NAMES], sorted(found - wanted)[:MAX_NAMES]
    if lost or more:
        parts = [
            f"{word}: {', '.join(names)}" for word, names in (("missing", lost), ("not of the task", more)) if names
        ]
        return f"other tests were reported than the task has ({clip('; '.join(parts), SHOWN_CHARS // 4)})"
    return ""


def _note(tally: Tally, name: str, result: object) -> None:
    """One test; whatever is no clear pass has failed."""
    match result:
        case {"passed": True}:
            passed, error = True, ""
        case {"passed": False, "error": str(error)}:
            passed, error = False, well_formed(clip(error, SHOWN_CHARS // 2))
        case _:
            passed, error = False, "not run"
    check = CheckVerdict(
        name=name,
        passed=passed,
        assertions_passed=int(passed),
        assertions_total=1,
        error="" if passed else _last(error),
    )
    found = Assertion(
        check=name, line=0, source=name, passed=passed, error=_last(error), traceback=error, cpu_s=_cpu_s(result)
    )
    tally.note(check, failures=[] if passed or error == "not run" else [found], passes=[found] if passed else [])


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return clip(lines[-1], SHOWN_CHARS // 8) if lines else ""


def _cpu_s(result: object) -> float | None:
    seconds = result.get("cpu_s") if isinstance(result, dict) else None
    return round(seconds, 6) if type(seconds) is float and 0 <= seconds < float("inf") else None
