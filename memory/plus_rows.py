"""Checks of rows that give inputs and a tolerance in place of expected answers: HumanEval+ as published.

What each input should give is what the row's own solution answers, in the judge's process. Two numbers are the same
where they are off by no more than the row's `atol` and a ten-millionth of what is wanted, as EvalPlus compares them
(Liu et al. 2023); answers with floats have 1e-6 where the row says nothing. The row's `test`, which says the same with
NumPy, is not needed then.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

ALONE = 12
"""So many inputs, the published ones first, are a check each."""
TOGETHER = 40
"""At most so many checks hold the others."""
WRITTEN_TWICE_CHARS = 1000
"""Arguments of up to so many characters stand in the call and in what is wanted, so that the call can be read."""
CHECK_CHARS = 1_500_000
FLOATS = 1e-6
_SETUP = '''
import copy as _plus_copy

_plus_space = {{"__name__": "answers"}}
exec({source!r}, _plus_space)


class _PlusNear:
    """Equal to what is off by no more than the tolerance."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return repr(self.value)

    def __eq__(self, other):
        return other == self.value or _plus_near(other, self.value)


def _plus_near(one, other):
    if isinstance(other, (list, tuple)):
        return isinstance(one, (list, tuple)) and len(one) == len(other) and all(map(_plus_near, one, other))
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return one == other or (numbers and abs(one - other) <= {tolerance!r} + 1e-7 * abs(other))


def _plus_floats(value):
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return isinstance(value, float) or any(map(_plus_floats, parts))


def _plus_wanted(*given):
    answer = _plus_space[{name!r}](*given)
    return _PlusNear(answer) if {always!r} or _plus_floats(answer) else answer


def _plus_again(given):
    return _plus_copy.deepcopy(given)
'''
_ROOT = "assert abs(poly({first}, {name}({first}))) <= {tolerance!r}"
"""Of a polynomial any root is right, so the published comparison puts it in."""


def plus_setup(name: str, source: str, *, tolerance: float) -> str:
    """What runs in the judge before the checks: the solution of the row under a name of its own."""
    return _SETUP.format(source=source, name=name, tolerance=tolerance or FLOATS, always=bool(tolerance))


def plus_checks(name: str, base: Sequence[object], plus: Sequence[object], *, tolerance: float) -> list[dict[str, str]]:
    """The checks, each input once: the first ones by themselves, all others in groups of some length."""
    inputs = list(dict.fromkeys(repr(each) for each in [*base, *plus]))
    asserts = [_assert(name, each, tolerance) for each in inputs]
    return [{"name": _title(chunk), "code": "\n".join(text for _, text in chunk)} for chunk in _chunks(asserts)]


def _assert(name: str, given: str, tolerance: float) -> str:
    """An assert on one input, a list of arguments as text."""
    arguments = given[1:-1]
    if name == "find_zero":
        return _ROOT.format(first=arguments, name=name, tolerance=tolerance or FLOATS)
    if len(given) <= WRITTEN_TWICE_CHARS:
        return f"assert {name}({arguments}) == _plus_wanted({arguments})"
    return f"given = {given}\nassert {name}(*_plus_again(given)) == _plus_wanted(*given)"


def _chunks(asserts: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Numbered asserts in groups: by count, and none longer than a check may be but for one that is so by itself."""
    numbered = list(enumerate(asserts, start=1))
    yield from ([each] for each in numbered[:ALONE])
    others = numbered[ALONE:]
    size = -(-len(others) // TOGETHER) or 1
    for _, group in groupby(others, key=lambda each: (each[0] - ALONE - 1) // size):
        yield from _short_enough(list(group))


def _short_enough(group: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    held: list[tuple[int, str]] = []
    for each in group:
        if held and sum(len(text) + 1 for _, text in [*held, each]) > CHECK_CHARS:
            yield held
            held = []
        held = [*held, each]
    yield held


def _title(chunk: Sequence[tuple[int, str]]) -> str:
    first, last = chunk[0][0], chunk[-1][0]
    return f"input {first}" if first == last else f"inputs {first} to {last}"
