"""A mistake's identity: an exact, versioned signature of one failed verdict.

Two failures are the same mistake if their signatures are equal, whoever made them and whenever; nothing but the verdict
is looked at. Within a version the rules stay as they are: a claim holds for one version, and any change is a new one.

    1:limit:slow:FUNCTION                          it was ended: slow (either clock), oom, output_limit, ...
    1:raised:CLASS:MESSAGE:LINE:WHERE              it raised; for a name that is missing: 1:raised:NameError:NAME
    1:wrong:FUNCTION:WAY:ONLY FOR:INSTEAD:ANSWERS  it answered wrongly, see memory.wrong_answers; ANSWERS, a digest of
                                                   what it answered to which arguments, where the rest says too little
    1:ended:WHY:FUNCTION                           its process ended by itself
    1:plainly:WHY:FUNCTION                         it passes but for what only a run as plain Python's shows
    1:no code:WHY                                  the reply held none

A unit that is tried again gets the same fixed checks and other fresh inputs. So those that were drawn afresh count only
where no fixed check failed, and never in ANSWERS. Not covered: two mistakes that give the same wrong answers to all
checks are one; one mistake that is made along with another may look like a new one; functions of different tasks that
have the same name are one place.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from memory.attempts import Assertion, AttemptResult, Turn, Verdict
from memory.signature_scrubbing import LIBRARY, scrubbed_line, scrubbed_message
from memory.wrong_answers import wrong_answers
from utils.files import sha256_hex
from utils.text import one_line

VERSION = 1
MAX_CHARS = 300
TEXT_CHARS = 4000
PLACE_CHARS = 80

FRESH = "fresh inputs"
"""The check of inputs that are drawn afresh for each grading; see executor.grading.fresh."""
PROGRAM = "python solution.py"
"""What a task is called with whose solution is a whole program; its texts are no literals."""

_SLOW = frozenset({"timeout", "cpu_limit"})
_BY_ITSELF = frozenset({"exit", "signal"})
_OUR_WORDS = ("the solution", "the checks", "the program")
_UNDEFINED = "the solution does not define "
_FRAME = re.compile(r'^  File "[^"\n]{0,300}", line \d+, in ([^\n]{1,200})\n    ([^\n]*)$', re.MULTILINE)
_NOT_DEFINED = re.compile(r"name '(\w{1,100})' is not defined")
_OWN_CLASS = "solution."


def signatures(result: AttemptResult) -> tuple[str, ...]:
    """The distinct signatures of a unit's failed turns, in their order; none if there is no verdict on it."""
    if not result.judged:
        return ()
    return tuple(dict.fromkeys(found for found in map(_of_turn, result.turns) if found))


def signature(verdict: Verdict) -> str:
    """One printable line of at most 300 characters that begins with the version; empty for all but a graded failure.

    The cost is bounded whatever the verdict holds: 40 literals of at most 300 characters each, beginnings of texts.
    """
    if verdict.outcome != "failed" or verdict.cooperative:
        return ""
    return _line(_parts(verdict))


def _of_turn(turn: Turn) -> str:
    if turn.verdict is not None:
        return signature(turn.verdict)
    return _line(("no code", "cut off" if turn.finish == "length" else scrubbed_message(turn.problem)))


def _line(parts: Iterable[str]) -> str:
    text = "".join(
        char if char.isprintable() else ascii(char)[1:-1] for part in parts for char in f":{part}"[:MAX_CHARS]
    )
    return one_line(f"{VERSION}{text}", MAX_CHARS)


def _parts(verdict: Verdict) -> Sequence[str]:
    failed = _fixed(verdict.failures) or verdict.failures
    place, program = _place(verdict), any(each.call == PROGRAM for each in failed[:1])
    status = verdict.candidate.status
    if status not in _BY_ITSELF:
        what = ("limit", "slow" if status in _SLOW else status, place)
        return (*what, _digest(failed)) if program else what
    if verdict.overturned:
        return ("plainly", verdict.overturned, place)
    if verdict.error:
        return _ended(verdict.error, place)
    if raised := [each for each in failed if each.error]:
        found = Counter(_raised(each.traceback.rstrip() or each.error, place) for each in raised)
        return min(found, key=lambda parts: (-found[parts], parts))
    return _wrong(failed, verdict.passes, place, program=program) if failed else ("nothing held", place)


def _fixed(assertions: Sequence[Assertion]) -> Sequence[Assertion]:
    return [each for each in assertions if each.check != FRESH]


def _place(verdict: Verdict) -> str:
    """The function that was asked; where none was, the check."""
    assertions = (*verdict.failures, *verdict.passes)
    calls = (each.call.partition("(")[0] for each in assertions if each.call)
    return (next(calls, "") or next((each.name for each in verdict.checks), ""))[:PLACE_CHARS]


def _ended(error: str, place: str) -> tuple[str, ...]:
    """It could not be loaded, or its process ended before it was asked to."""
    if error.startswith(_UNDEFINED):
        return ("ended", _UNDEFINED.strip())
    return ("ended", error[:MAX_CHARS], place) if error.startswith(_OUR_WORDS) else _raised(error.rstrip(), place)


def _raised(traceback: str, place: str) -> tuple[str, ...]:
    """The exception of a traceback, whose last line alone need be there."""
    traceback = traceback[-TEXT_CHARS:]
    kind, _, message = traceback.rpartition("\n")[2].partition(": ")
    frames = _FRAME.findall(traceback)
    function, line = frames[-1] if frames else ("", "")
    line = line[:MAX_CHARS]
    if kind == "NameError" and (missing := _NOT_DEFINED.search(message)):
        name = missing[1]
        called = re.search(rf"\b{re.escape(name)}\s*\(", line)
        return ("raised", kind, name if name in LIBRARY else "a function" if called else "a name")
    where = "" if not frames else "asked" if function == place else "inside"
    kind = "of its own" if kind.startswith(_OWN_CLASS) else kind[:PLACE_CHARS]
    return ("raised", kind, "" if kind == "KeyError" else scrubbed_message(message), scrubbed_line(line), where)


def _wrong(failed: Sequence[Assertion], held: Sequence[Assertion], place: str, *, program: bool) -> Sequence[str]:
    how = wrong_answers(failed, _fixed(held) or held, raw=program)
    enough = how.telling and not program
    return ("wrong", place, how.way, how.only, how.instead, "" if enough else _digest(_fixed(failed)))


def _digest(assertions: Sequence[Assertion]) -> str:
    """Of the arguments and answers, whatever order they came in; empty without any."""
    texts = sorted(f"{each.arguments[:TEXT_CHARS]}\0{each.actual[:TEXT_CHARS]}" for each in assertions)
    return sha256_hex("\0\0".join(texts).encode("utf-8", "replace"))[:12] if texts else ""
