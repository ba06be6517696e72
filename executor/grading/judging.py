"""The host's side of code mode: it carries calls from the judge to the candidate, and counts what the judge reports."""

import ast
import json
import secrets
from collections.abc import Mapping
from typing import Any

from executor.grading.answers import frame_of, frame_of_answer, refusal
from executor.grading.asking import Asking
from executor.grading.facts import describe_end
from executor.grading.plain import Plain, heard
from executor.grading.tally import Tally
from executor.grading.two_judges import reach
from executor.sandbox import Conversation, ConversationCancelled, ConversationEnded, ExecutionResult
from memory.attempts import Assertion, CheckVerdict
from memory.tasks import Check, Task
from utils.errors import Interrupted, SandboxFault
from utils.python_source import parse_python


class Judging:
    """One judge that runs the checks of one task."""

    def __init__(
        self, task: Task, judge: Conversation, line: Asking, tally: Tally, *, plainly: Mapping[str, Any]
    ) -> None:
        """Nothing is sent yet. `plainly` orders the plain run, if that can change anything."""
        self._task, self._judge, self._line, self._tally, self._plainly = task, judge, line, tally, plainly
        self._nonce = secrets.token_hex(16)
        self.done = False
        """Whether the judge has said, with the nonce, that all checks are over."""
        self.excuses: list[str] = []
        """For each check that failed why that says nothing of the solution; empty where it does."""
        self._runs_plainly = False

    def relay(self) -> None:
        """Carry calls and answers until the judge is done or gone.

        Raises:
            Interrupted: the sandbox was closed meanwhile.
        """
        start = {
            "setup": self._task.setup,
            "interface": self._task.callable_names,
            "kinds": self._line.kinds,
            "classes": [name for name in self._task.callable_names if name not in functions_of(self._task)],
            "mutates": self._task.mutates_arguments,
            "checks": [check.model_dump(include={"code"}) for check in self._task.checks],
        }
        try:
            self._judge.send(json.dumps(start).encode())
            while not self.done:
                self._take(json.loads(self._judge.receive()))
        except ConversationCancelled:
            raise Interrupted("the sandbox was closed during a grading") from None
        except ConversationEnded:
            return

    def plain_word(self) -> Plain | None:
        """What the plain run says, which began when the checks were over; None if there is none.

        Raises:
            Interrupted: the sandbox was closed meanwhile.
        """
        return heard(self._judge, self._task) if self.done and self._runs_plainly else None

    def blame(self, judge: ExecutionResult) -> str:
        """Why the checks are not done, empty if they are.

        Raises:
            SandboxFault: the judge broke by itself, before it had asked the candidate anything.
        """
        if self.done:
            return ""
        if self._line.calls == 0 and not self._tally.checks:
            said = f"{describe_end(judge)}): {judge.stderr.text[-500:]}"
            raise SandboxFault(f"the judge ended before its first call ({said}")
        return f"the checks did not come to their end: {describe_end(judge)}"

    def _take(self, message: dict[str, Any]) -> None:
        match message["op"]:
            case "call":
                self._judge.send(frame_of_answer(self._line.call(_request(message), self._ask_back)))
            case "check":
                self._note(self._task.checks[message["index"]], message)
            case "over":
                self._end_checks()
            case "done":
                self.done = message["nonce"] == self._nonce

    def _end_checks(self) -> None:
        """Tell the nonce, and order the plain run, which is not made if it is too large for a frame."""
        order = frame_of({"nonce": self._nonce, "plainly": self._plainly}) if self._is_open() else None
        self._runs_plainly = order is not None
        self._judge.send(order or json.dumps({"nonce": self._nonce}).encode())

    def _is_open(self) -> bool:
        """Whether what the plain run says can change anything: all holds, or what does not has an excuse."""
        return all(self.excuses) or bool(reach(self._task))

    def _ask_back(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What an object of the checks gives; it may call the solution meanwhile."""
        frame = frame_of({"back": asked})
        if frame is None:
            return refusal("so much cannot be handed to the checks")
        self._judge.send(frame)
        while True:
            message = json.loads(self._judge.receive())
            if message["op"] == "returned":
                return {key: message[key] for key in ("value", "error") if key in message}
            self._take(message)

    def _note(self, check: Check, message: Mapping[str, Any]) -> None:
        failed, error, total = message["failures"], message["error"], message["total"]
        if not (total or error) and could_hold(check.code):
            error = "none of its assertions ran"
        passed = not error and message["passed"] == total
        if not passed:
            self.excuses.append(message["excuse"])
        # a check that died outside of an assert lost one thing that it wanted, whatever it counted until then
        total += 1 if error and not failed else 0
        if error:  # nor shall dying early make the share that held larger
            total = max(total, count_asserts(check.code))
        if error and not failed:
            failed = [{"line": 0, "source": "", "expected": "", "error": error, **message["last"]}]
        self._tally.note(
            CheckVerdict(
                name=check.name, passed=passed, assertions_passed=message["passed"], assertions_total=total, error=error
            ),
            failures=[Assertion(check=check.name, passed=False, **each) for each in failed],
            passes=[Assertion(check=check.name, passed=True, **each) for each in message["passes"]],
        )


def functions_of(task: Task) -> set[str]:
    """The names that are functions, by the task's own reference or by how classes are written.

    What they answer is no object of theirs.
    """
    if task.reference is None:
        return {name for name in task.callable_names if not name[0].isupper()}
    try:
        body = parse_python(task.reference).body
    except SyntaxError:
        return set()
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


def _request(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: message[key] for key in ("name", "object", "args", "kwargs")}


def could_hold(code: str) -> bool:
    """Whether an assert of the code can hold; `assert False` marks a place that must not be reached."""
    asserts = (node.test for node in ast.walk(parse_python(code)) if isinstance(node, ast.Assert))
    return any(not isinstance(test, ast.Constant) or test.value for test in asserts)


def count_asserts(code: str) -> int:
    """How many asserts stand in the code; at least 1."""
    return max(1, sum(isinstance(node, ast.Assert) for node in ast.walk(parse_python(code))))
