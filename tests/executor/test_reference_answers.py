"""A reference is asked often enough that what differs from run to run shows."""

import pytest

from executor.grading.reference_answers import Answer, Answers, Reference, answers_of
from executor.grading.wanted import request_of
from executor.sandbox import Limits, Sandbox

LIMITS = Limits(wall_s=5.0, cpu_s=1.0, memory_mb=256)
WORDS = ["ab", "cd", "ef", "gh", "ij"]


def asked(sandbox: Sandbox, source: str, *arguments: object) -> Answers:
    """What `f` of the source answers to each of the arguments."""
    requests = [request_of("f", [each], {}) for each in arguments]
    return answers_of(Reference(source=source, names=("f",), requests=requests), sandbox, limits=LIMITS)


def test_values_and_exceptions_are_answers_in_every_kind_of_sandbox(sandbox: Sandbox) -> None:
    found = asked(sandbox, "def f(x):\n    return x + 1\n", 1, 2.5, "a")
    assert found == Answers(each=(Answer(value=2), Answer(value=3.5), Answer(raises="TypeError")))


@pytest.mark.parametrize(
    "body",
    ["list(set(x))", "hash(x[0]) % 1000", "repr(object())"],
)
def test_what_another_hash_or_address_changes_is_seen_in_every_kind_of_sandbox(sandbox: Sandbox, body: str) -> None:
    found = asked(sandbox, f"def f(x):\n    return {body}\n", WORDS)
    assert " gives something else " in found.unstable


def test_sets_and_dicts_may_come_in_any_order(process: Sandbox) -> None:
    found = asked(process, "def f(x):\n    return set(x), {each: 1 for each in set(x)}\n", WORDS)
    assert (found.broken, found.unstable) == ("", "")


def test_what_remembers_is_seen_when_it_is_asked_again_or_the_other_way_round(process: Sandbox) -> None:
    counting = asked(process, "n = []\ndef f(x):\n    n.append(x)\n    return len(n)\n", 1, 2)
    first = asked(process, "n = []\ndef f(x):\n    n.append(x)\n    return n[0] * 0 + (n[0] == 1)\n", 1, 2)
    assert counting.unstable == "f(1) gives something else asked again"
    assert first.unstable == "f(1) gives something else where texts hash differently"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def f(x):\n    while True: pass\n", "its process ended: it took too long (CPU time)"),
        ("import os\ndef f(x):\n    os._exit(0)\n", "its process ended: exit code 0"),
        ("def f(x):\n    return iter(x)\n", "is no plain data"),
        ("def f(x):\n    x.append(1)\n", "it changes the arguments of f(['ab', 'cd', 'ef', 'gh', 'ij'])"),
        ("def g(x):\n    return x\n", "the solution does not define f"),
        ("def f(x):\n    return 1 +\n", "SyntaxError"),
    ],
)
def test_what_keeps_a_reference_from_answering_is_told(process: Sandbox, source: str, why: str) -> None:
    assert why in asked(process, source, WORDS).broken
