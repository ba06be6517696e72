"""The two agents without sandboxes: in threads, with the test as the host that relays between them."""

import contextlib
import json
import queue
import threading
from typing import Any

import pytest

from executor.grading import candidate_agent, judge_agent, recording


class Line:
    """One end of a channel between a thread and the test."""

    def __init__(self) -> None:
        self.to_agent: queue.Queue[bytes | None] = queue.Queue()
        self.to_host: queue.Queue[bytes] = queue.Queue()

    def receive(self) -> bytes | None:
        with contextlib.suppress(queue.Empty):  # a test that has ended closes its line in this way
            return self.to_agent.get(timeout=10)
        return None

    def send(self, frame: bytes) -> None:
        self.to_host.put(frame)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self.to_agent.put(json.dumps(message).encode())
        return self.answer()

    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.to_host.get(timeout=10))
        return found


def started(main: Any) -> tuple[Line, threading.Thread]:
    line = Line()
    thread = threading.Thread(target=main, args=(line,), daemon=True)
    thread.start()
    return line, thread


def reports(
    source: str, check: str, *, setup: str = "", mutates: bool = False, names: tuple[str, ...] = ("f",)
) -> list[dict[str, Any]]:
    """What the judge says after its calls were relayed to the candidate."""
    candidate, _ = started(candidate_agent.main)
    loaded = candidate.ask({"op": "load", "source": source, "interface": names})
    assert loaded["missing"] == []
    judge, thread = started(judge_agent.main)
    message = judge.ask(order(check, setup=setup, names=names, kinds=loaded["kinds"], mutates=mutates))
    said = []
    while message["op"] != "done":
        if message["op"] in ("call", "returned"):
            message = judge.ask(candidate.ask(handed_on(message, mutates=mutates)))
            continue
        if message["op"] == "over":
            message = judge.ask({"nonce": "n"})
            continue
        said.append(message)
        message = judge.answer()
    assert message["nonce"] == "n"
    for line in (candidate, judge):
        line.to_agent.put(None)
    thread.join(timeout=10)
    return said


def handed_on(message: dict[str, Any], *, mutates: bool) -> dict[str, Any]:
    if message["op"] == "call":
        return {**message, "mutates": mutates}
    return {key: part for key, part in message.items() if key != "op"}


def order(
    check: str,
    *,
    setup: str = "",
    names: tuple[str, ...] = ("f",),
    kinds: dict[str, Any] | None = None,
    mutates: bool = False,
) -> dict[str, Any]:
    function = {"o": 0, "c": 0, "of": "function", "m": "builtins", "d": ["__call__"]}
    return {
        "setup": setup,
        "interface": names,
        "kinds": kinds or {"f": function},
        "classes": [name for name in names if name[0].isupper()],
        "mutates": mutates,
        "checks": [{"code": check}],
    }


def only(found: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(found) == 1
    return found[0]


def test_a_right_answer_is_counted_and_nothing_is_noted() -> None:
    report = only(reports("def f(x): return x + 1\n", "assert f(1) == 2\nassert f(x=-1) == 0"))
    assert (report["passed"], report["total"], report["failures"], report["error"]) == (2, 2, [], "")
    assert [(each["call"], each["expected"], each["actual"]) for each in report["passes"]] == [
        ("f(1)", "2", "2"), ("f(x=-1)", "0", "0"),
    ]  # fmt: skip


def test_a_wrong_one_is_noted_with_what_was_asked_and_wanted() -> None:
    failure = only(reports("def f(x): return x + 1\n", "assert 3 == f(1)"))["failures"][0]
    assert failure == {
        "line": 1, "source": "3 == f(1)", "expected": "3", "error": "",
        "call": "f(1)", "arguments": "[1]", "actual": "2", "cpu_s": failure["cpu_s"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "check", "error"),
    [
        ("def f(x): raise KeyError(x)\n", "assert f(1) == 2", "KeyError: 1"),
        (
            "class Own(Exception): pass\ndef f(x): raise Own('no')\n",
            "assert f(1) == 2",
            "CandidateError: solution.Own: no",
        ),
        ("class Own(OSError): pass\ndef f(x): raise Own('no')\n", "assert f(1) == 2", "Own: no"),
        ("def f(x): raise AssertionError('me')\n", "assert f(1) == 2", "AssertionError: me"),
        (
            "def f(x): raise BaseExceptionGroup('g', [KeyError()])\n",
            "assert f(1) == 2",
            "ExceptionGroup: g (1 sub-exception)",
        ),
        ("def f(x): return 1 << (1 << 21)\n", "assert f(1) == 2", "NoPlainValue: the result cannot be compared"),
        ("class E: pass\ndef f(x): return E()\n", "assert len(f(1))", "TypeError: object of type 'E' has no len()"),
        ("class E: pass\ndef f(x): return E()\n", "assert f(1).__missing__", "AttributeError"),
    ],
)
def test_exceptions_are_noted_as_what_they_are_here(source: str, check: str, error: str) -> None:
    failure = only(reports(source, check))["failures"][0]
    assert failure["error"].startswith(error)


def test_a_check_that_dies_outside_of_an_assert_says_of_what() -> None:
    report = only(reports("def f(x): return x\n", "assert f(1) == 1\nf(1).nothing\nassert f(2) == 3"))
    assert (report["passed"], report["total"]) == (1, 1)
    assert report["error"] == "AttributeError: 'int' object has no attribute 'nothing'"


def test_stand_ins_go_to_and_fro() -> None:
    source = "class C:\n    n = 0\n    def up(self): self.n += 1; return self\ndef f(c): return c.n\n"
    report = only(reports(source, "c = C()\nassert f(c.up().up()) == 2\nassert f(c) == 2", names=("f", "C")))
    assert (report["passed"], report["total"]) == (2, 2)


def test_changed_arguments_come_back_in_place() -> None:
    source = "def f(a, b, c, d):\n    a.append(1); b['k'] = 1; c.add(1); d += b'x'\n"
    check = (
        "a, b, c, d = [], {}, set(), bytearray()\nf(a, b, c, d)\n"
        "assert (a, b, c, d) == ([1], {'k': 1}, {1}, bytearray(b'x'))"
    )
    assert only(reports(source, check, mutates=True))["failures"] == []


def test_raises_tells_the_kinds_apart() -> None:
    source = "def f(x): raise ValueError(x)\n"
    check = "assert raises(ValueError, f, 1)\nassert not raises(ValueError, int, 1)\nassert raises(KeyError, f, 1)"
    report = only(reports(source, check))
    assert (report["passed"], report["total"]) == (2, 3)


def test_only_so_many_failures_and_so_much_text_are_kept() -> None:
    report = only(reports("def f(x): return 'y' * 9000\n", "for i in range(50):\n    assert f(i) == ''"))
    assert len(report["failures"]) == recording.MAX_FAILURES
    assert report["total"] == 50
    assert len(report["failures"][0]["actual"]) <= recording.MAX_TEXT


def test_after_the_candidate_has_gone_nothing_more_is_asked_of_it() -> None:
    judge, thread = started(judge_agent.main)
    assert judge.ask(order("assert f(1) == 1\nassert f(2) == 2"))["op"] == "call"
    report = judge.ask({"error": {"classes": [], "message": "it died", "gone": True}})
    judge.to_agent.put(None)
    assert (report["op"], report["total"], report["error"]) == (
        "check",
        1,
        "CandidateGone: it died",
    )
    thread.join(timeout=10)


def test_an_answer_that_is_no_value_is_the_candidates_error() -> None:
    judge, _ = started(judge_agent.main)
    judge.ask(order("assert f(1) == 1"))
    report = judge.ask({"value": {"t": 7}})
    judge.to_agent.put(None)
    assert report["failures"][0]["error"].startswith("CandidateError: the answer is no plain value")


@pytest.mark.parametrize(
    ("source", "message"),
    [("def f(:", "SyntaxError"), ("1/0", "ZeroDivisionError"), ("raise SystemExit(3)", "SystemExit")],
)
def test_what_cannot_be_loaded_is_described(source: str, message: str) -> None:
    candidate, _ = started(candidate_agent.main)
    reply = candidate.ask({"op": "load", "source": source, "interface": ["f"]})
    assert message in reply["error"]["classes"][0]


def test_what_is_not_defined_is_named() -> None:
    candidate, _ = started(candidate_agent.main)
    assert candidate.ask({"op": "load", "source": "f = 1\ndef h(): pass", "interface": ["f", "g", "h"]}) == {
        "missing": ["f", "g"],
        "kinds": {},
    }
