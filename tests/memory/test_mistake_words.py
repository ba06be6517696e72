import pytest

from memory.attempts import Assertion, RunFacts, Verdict
from memory.mistake_words import mistake_words
from memory.signatures import signature
from tests.memory.builders import a_verdict


def failing(*, status: str = "exit", error: str = "", **fields: str) -> Verdict:
    facts = RunFacts(status=status, exit_code=1, wall_s=0, cpu_s=0, peak_mb=0)
    assertion = Assertion(check="small", line=1, source="s", passed=False, **fields)
    return a_verdict("failed", error=error, failures=(assertion,), candidate=facts)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (failing(status="timeout", call="total([1])"), "too slow in `total`"),
        (failing(status="output_limit", call="total([1])"), "stopped for output limit in `total`"),
        (failing(call="total([])", error="KeyError: 'a'"), "raises KeyError"),
        (failing(call="f()", error="NameError: name 'g' is not defined"), "raises NameError, a name"),
        (failing(error="the solution does not define total"), "the solution does not define what was asked for"),
        (
            failing(call="total([1, 2])", arguments="[[1, 2]]", actual="4", expected="3"),
            "wrong answers of `total`: number high by-one",
        ),
        (
            failing(call="total([1, 2])", arguments="[[1, 2]]", actual="[1, 2]", expected="3"),
            "wrong answers of `total`: kind list for number, argument 1 instead",
        ),
    ],
)
def test_a_mistake_is_told_in_words(verdict: Verdict, words: str) -> None:
    assert mistake_words(signature(verdict)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1:no code:it holds no Python code", "no code in the reply: it holds no Python code"),
        ("1:no code:cut off", "no code in the reply: cut off"),
        ("1:wrong:f:list/reordered:empty::", "wrong answers of `f`: list reordered, only for arguments that are empty"),
        ("1:ended:the program ended early:f", "the program ended early, when `f` was called"),
        ("1:raised:KeyError::return v0[v1]:inside", "raises KeyError, return v0[v1]"),
        ("1:nothing held:f", "nothing held:f"),
        ("9:of a form to come", "of a form to come"),
        ("1:limit:oom", "stopped for oom"),
        ("1:wrong:" + "x" * 500, "wrong answers of `" + "x" * 142),
        ("", ""),
    ],
)
def test_every_text_has_words(text: str, words: str) -> None:
    assert mistake_words(text) == words
