"""What a call of the candidate should give, and the host's comparison of it with what came: io mode."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from executor.grading.asking import Asking
from executor.grading.compare import same
from executor.grading.facts import SHOWN_CHARS
from executor.grading.showing import shown
from executor.grading.transcript import call_text, error_text
from executor.grading.wire import Encoder
from memory.attempts import Assertion
from memory.cases import Case
from memory.literals import literal
from utils.text import clip, well_formed

TEXT_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One call and its right outcome, in the wire's form.

    Attributes:
        check: the check's name.
        call: the call as people read it.
        request: name, object, args and kwargs.
        value: what it gives; None as well if it raises.
        raises: the builtin exception that it raises, empty if it gives a value.
        after: its positional arguments as it leaves them; None: whatever it likes.
    """

    check: str
    call: str
    request: Mapping[str, Any]
    value: Any = None
    raises: str = ""
    after: list[Any] | None = field(default=None)

    @property
    def expected(self) -> str:
        """The right outcome as people read it."""
        if self.raises:
            return f"raises {self.raises}"
        left = "" if self.after is None else f", its arguments then {shown(self.after, TEXT_CHARS)}"
        return clip(f"{shown(self.value, TEXT_CHARS)}{left}", TEXT_CHARS)


def request_of(name: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """A call of a function of the interface; arguments in the wire's form."""
    return {"name": name, "object": None, "args": args, "kwargs": kwargs}


def wanted_of(case: Case) -> Wanted:
    """The case of a task in the wire's form."""
    parsed = case.parsed
    encode = Encoder().encode
    kwargs = {name: encode(value) for name, value in parsed.kwargs.items()}
    return Wanted(
        check=case.title,
        call=case.call,
        request=request_of(parsed.name, [encode(value) for value in parsed.args], kwargs),
        value=None if case.expected is None else encode(literal(case.expected)),
        raises=case.raises or "",
        after=None if case.after is None else encode(literal(case.after)),
    )


def tried(wanted: Wanted, line: Asking, *, tolerance: float | None) -> Assertion:
    """The call made and its answer judged.

    Raises:
        Interrupted: the sandbox was closed meanwhile.
    """
    reply = line.call(wanted.request)
    error = reply.get("error")
    return Assertion(
        check=wanted.check,
        line=0,
        source="",
        passed=_raised(error, wanted.raises) if error else _right(reply, wanted, tolerance),
        call=clip(wanted.call or call_text(wanted.request, limit=TEXT_CHARS), TEXT_CHARS),
        arguments=shown(wanted.request["args"], TEXT_CHARS),
        expected=wanted.expected,
        actual="" if error else _given(reply, wanted),
        error=clip(error_text(error), SHOWN_CHARS) if error else "",
        traceback=well_formed(str(error.get("traceback", ""))) if error else "",
        cpu_s=reply.get("cpu_s"),
    )


def _raised(error: Mapping[str, Any], kind: str) -> bool:
    """Whether the exception is what was wanted; a process that is gone and a value that cannot cross are none."""
    return bool(kind) and not error.get("gone") and not error.get("unplain") and kind in error["classes"]


def _right(reply: Mapping[str, Any], wanted: Wanted, tolerance: float | None) -> bool:
    if wanted.raises or not same(reply["value"], wanted.value, tolerance=tolerance):
        return False
    return wanted.after is None or same(reply.get("args"), wanted.after, tolerance=tolerance)


def _given(reply: Mapping[str, Any], wanted: Wanted) -> str:
    left = "" if wanted.after is None else f", its arguments then {shown(reply.get('args'), TEXT_CHARS)}"
    return well_formed(clip(f"{shown(reply['value'], TEXT_CHARS)}{left}", TEXT_CHARS))
