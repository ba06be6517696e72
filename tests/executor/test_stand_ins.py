"""What the checks can do with objects of a solution: all that Python can, but never learn what is expected."""

import pytest

from executor.grading.grade import grade
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits, Verdict
from memory.tasks import Check, Task
from tests.executor.test_grade_attacks import judged


def blocks(text: str) -> list[str]:
    """The parts of a text between empty lines."""
    return text.strip().split("\n\n")


STACK = """
from __future__ import annotations
import contextlib, enum, collections, functools, typing

class Stack:
    '''Of numbers.'''
    limit = 9
    def __init__(self, *items): self.items = list(items)
    @property
    def top(self): return self.items[-1]
    @classmethod
    def of(cls, n): return cls(*range(n))
    @staticmethod
    def name(): return 'stack'
    def push(self, x): self.items.append(x); return self
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __contains__(self, x): return x in self.items
    def __getitem__(self, n): return self.items[n]
    def __setitem__(self, n, x): self.items[n] = x
    def __delitem__(self, n): del self.items[n]
    def __eq__(self, other): return isinstance(other, Stack) and self.items == other.items
    def __lt__(self, other): return len(self) < len(other)
    def __hash__(self): return hash(tuple(self.items))
    def __add__(self, other): return Stack(*self.items, *getattr(other, 'items', [other]))
    def __radd__(self, other): return Stack(other, *self.items)
    def __iadd__(self, other): self.items.append(other); return self
    def __neg__(self): return Stack(*self.items[::-1])
    def __bool__(self): return bool(self.items)
    def __call__(self, n): return self.items[n]
    def __enter__(self): self.items.append('in'); return self
    def __exit__(self, kind, error, trace): self.items.append(kind and kind.__name__); return kind is KeyError
    def __str__(self): return 'S' + str(self.items)
    def __repr__(self): return 'Stack' + str(tuple(self.items))
    def __format__(self, spec): return f'{self.items[0]:{spec}}'

def build(*items): return Stack(*items)
"""
STACK_CHECKS = blocks("""
s = Stack(1, 2)
assert (s.items, s.top, s.limit, len(s), list(s)) == ([1, 2], 2, 9, 2, [1, 2])

s = Stack()
assert s.push(1) is s
assert s.push(2).push(3) is s
assert s.items == [1, 2, 3]

s = Stack(1)
s.items = [7]
assert s.top == 7
s.extra = 'x'
assert s.extra == 'x'
del s.extra
assert not hasattr(s, 'extra') and hasattr(s, 'top') and getattr(s, 'nothing', 5) == 5

s = Stack(1, 2)
s[0] = 5
del s[1]
assert s[0] == 5 and 5 in s and 2 not in s and s[-1] == 5

assert Stack(1) == Stack(1) and Stack(1) != Stack(2) and Stack() < Stack(1) and len({Stack(1), Stack(1)}) == 1

assert Stack(1) + Stack(2) == Stack(1, 2)
assert Stack(1) + 2 == Stack(1, 2)
assert 0 + Stack(1) == Stack(0, 1)

s = t = Stack(1)
s += 2
assert s is t and t.items == [1, 2] and -t == Stack(2, 1)

assert sorted([Stack(1, 2), Stack(), Stack(3)], key=len)[0] == Stack() and max(Stack(), Stack(1)).items == [1]

assert not Stack() and Stack(0)
assert (str(Stack(1)), repr(Stack(1)), f'{Stack(1):03}') == ('S[1]', 'Stack(1,)', '001')

assert Stack.of(2).items == [0, 1] and Stack.name() == 'stack' and Stack.limit == 9 and Stack(4, 5)(1) == 5

s = Stack()
with s as t:
    assert t is s
assert s.items == ['in', None]

s = Stack()
with s:
    raise KeyError('gone')
assert s.items == ['in', 'KeyError']

s = Stack()
try:
    with s:
        raise ValueError
except ValueError:
    s.push('out')
assert s.items[1:] == ['ValueError', 'out']

assert isinstance(build(1), Stack) and type(build(1)) is type(Stack(2)) and build(1) == Stack(1)

push = build(1).push
assert push(2).items == [1, 2]
assert [*map(build(5, 6), [1, 0])] == [6, 5]

import copy
s = Stack(1)
t, u = copy.copy(s), copy.deepcopy(s)
s.push(2)
assert t.items == [1, 2] and u.items == [1]

a, *rest = Stack(1, 2, 3)
assert (a, rest) == (1, [2, 3]) and {**{'s': Stack(1)}}['s'] == Stack(1)

import threading
s = Stack()
ts = [threading.Thread(target=s.push, args=(n,)) for n in range(9)]
[t.start() for t in ts]
[t.join() for t in ts]
assert sorted(s) == list(range(9))

assert Stack.__doc__ == 'Of numbers.' and Stack.__name__ == 'Stack' and Stack(1).__class__.__name__ == 'Stack'
""")


def test_an_object_of_a_class_that_the_task_names_does_what_it_does_in_python(process: Sandbox) -> None:
    task = Task(
        id="t", name="t", goal="g", entry_point="Stack", interface=("build",),
        checks=tuple(Check(name=f"check {number}", code=code) for number, code in enumerate(STACK_CHECKS)),
    )  # fmt: skip
    verdict = graded(process, task, STACK)
    assert [check.name for check in verdict.checks if not check.passed] == []
    assert (verdict.outcome, verdict.plain) == ("passed", "passed")


def graded(sandbox: Sandbox, task: Task, source: str) -> Verdict:
    return grade(task, source, sandbox, limits=AttemptLimits(wall_s=8.0, cpu_s=3.0, memory_mb=256))


HYBRIDS = """
import collections, enum, json, typing

class Point(typing.NamedTuple):
    x: int
    y: int = 0
    @property
    def far(self): return self.x + self.y
    def moved(self, by): return Point(self.x + by, self.y)

class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

class Colour(enum.Enum):
    RED = 'r'

class Name(str):
    def shout(self): return self.upper() + '!'

class Rows(list):
    def total(self): return sum(self)

class Table(dict):
    def __missing__(self, key): return key * 2

def f(kind, *args):
    return {'point': Point, 'level': Level, 'colour': Colour, 'name': Name, 'rows': Rows, 'table': Table}[kind](*args)
"""
HYBRID_CHECKS = blocks("""
p = f('point', 1, 2)
assert p == (1, 2) and p.x == 1 and p.far == 3 and p[1] == 2 and p.moved(1) == (2, 2)

assert f('point', 1)._asdict() == {'x': 1, 'y': 0} and f('point', 1)._replace(x=5) == (5, 0)

x, y = f('point', 3, 4)
assert (x, y) == (3, 4) and isinstance(f('point', 1), tuple) and hash(f('point', 1)) == hash((1, 0))

assert f('level', 1) == 1 and f('level', 2).name == 'HIGH' and f('level', 1) + 1 == 2 and f('level', 1) < 2

assert f('colour', 'r').name == 'RED' and f('colour', 'r').value == 'r' and f('colour', 'r') is f('colour', 'r')

n = f('name', 'ann')
assert n == 'ann' and n.shout() == 'ANN!' and n + 'e' == 'anne' and n.startswith('a')

r = f('rows', [1, 2])
assert r == [1, 2] and r.total() == 3
r.append(3)
assert r == [1, 2, 3] and r.total() == 6

r = f('rows', [2, 1])
r.sort()
assert r == [1, 2] and r[0] == 1 and 2 in r and r + [3] == [1, 2, 3] and r[::-1] == [2, 1]

t = f('table', {'a': 1})
assert t == {'a': 1} and t['b'] == 'bb' and 'b' not in t
t['c'] = 3
assert t == {'a': 1, 'c': 3}

t = f('table')
t.update(a=1)
assert sorted(t.items()) == [('a', 1)] and len(t) == 1 and {**t} == {'a': 1}
""")


@pytest.mark.parametrize("check", HYBRID_CHECKS)
def test_what_derives_from_a_plain_value_is_that_value_with_more_methods(process: Sandbox, check: str) -> None:
    verdict = judged(process, HYBRIDS, check)
    assert (verdict.outcome, [each.error for each in verdict.failures]) == ("passed", [])


OTHERS = [
    tuple(each.split("\n---\n"))
    for each in blocks("""
def f(n):
    k = [0]
    def up():
        k[0] += n; return k[0]
    return up
---
up = f(2)
assert (up(), up()) == (2, 4)
assert callable(up)

import itertools
def f(n): return itertools.count(n)
---
c = f(5)
assert [next(c) for _ in range(40)] == [*range(5, 45)]

def f(n):
    got = yield n
    while True: got = yield got * 2
---
g = f(1)
assert next(g) == 1 and g.send(4) == 8
g.close()
assert list(g) == []

class It:
    def __init__(s, n): s.n, s.asked = n, 0
    def __iter__(s): return s
    def __next__(s):
        s.asked += 1
        if s.asked > s.n: raise StopIteration
        return s.asked
def f(n): return It(n)
---
i = f(50)
assert [next(i) for _ in range(20)] == [*range(1, 21)]
assert i.asked == 20
assert sum(1 for _ in i) == 30

def f(xs):
    for x in xs:
        if x == 30: raise ValueError(x)
        yield x
---
got = []
try:
    for x in f(range(40)): got.append(x)
except ValueError as error:
    got.append(error.args[0])
assert got == [*range(31)]

async def f(n):
    if n < 0: raise ValueError(n)
    return n + 1
---
import asyncio
assert asyncio.run(f(1)) == 2
async def both(): return await asyncio.gather(f(1), f(2))
assert asyncio.run(both()) == [2, 3]
assert raises(ValueError, lambda: asyncio.run(f(-1)))

import functools
@functools.lru_cache
def f(n): return n + 1
---
assert f(1) == f(1) == 2
assert f.cache_info().hits == 1

def f(n):
    '''Adds one.'''
    return n + 1
---
assert f.__name__ == 'f' and f.__doc__ == 'Adds one.'
assert f(1) == 2

def f(g, *xs): return [g(x) for x in xs]
---
assert f(lambda x: x * 2, 1, 2) == [2, 4]
assert f(len, 'ab') == [2]
assert f(str.upper, 'a') == ['A']

def f(g, x):
    try:
        return g(x)
    except KeyError as error:
        return error.args
---
def g(x): raise KeyError(x, 2)
assert f(g, 1) == (1, 2)
assert raises(ZeroDivisionError, f, lambda x: x / 0, 1)

def f(g, n): return n if n <= 0 else g(n - 1) + 1
---
def g(n): return f(g, n)
assert f(g, 20) == 20

def f(o): return o.value + o.plus(1)
---
class O:
    value = 2
    def plus(self, n): return self.value + n
assert f(O()) == 5

def f(n): return n + 1
---
def check(candidate):
    assert candidate(1) == 2
    assert candidate(2) == 3

def f(n): return n + 1
---
try:
    assert f(1) == 7
except AssertionError:
    assert f(1) == 2

def f(n): return {n: [1]}.keys()
---
assert f(1) == {1} and list(f(2)) == [2]
""")
]


@pytest.mark.parametrize(("source", "check"), OTHERS)
def test_functions_iterators_and_callbacks_are_as_in_python(process: Sandbox, source: str, check: str) -> None:
    verdict = judged(process, source, check)
    assert (verdict.outcome, [each.error for each in verdict.failures]) == ("passed", [])


@pytest.mark.parametrize(
    "check",
    [
        "def check(candidate):\n    assert candidate(1) == 3",
        "try:\n    assert f(1) == 7\nexcept AssertionError:\n    assert f(1) == 8",
        "assert f(lambda: 1) == 2",
        (
            "import threading\nsaid = []\nt = threading.Thread(target=lambda: said.append(f(1)))\n"
            "t.start()\nt.join()\n"
            "assert said == [3]"
        ),
    ],
)
def test_a_wrong_answer_is_wrong_in_these_forms_too(process: Sandbox, check: str) -> None:
    assert judged(process, "def f(n): return n + 1\n", check).outcome == "failed"


EXCEPTIONS = """
import json
class Own(ValueError):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code
class More(Own): pass
class Bare(Exception): pass
def f(kind):
    if kind == 'own': raise Own('no', 7)
    if kind == 'more': raise More('no', [8])
    if kind == 'json': json.loads('{x')
    if kind == 'key': raise KeyError('k', 2)
    if kind == 'os': open('/nowhere')
    if kind == 'cause':
        try: {}['a']
        except KeyError as error: raise ValueError('v') from error
    if kind == 'note':
        error = ValueError('v'); error.add_note('n'); raise error
    if kind == 'group': raise ExceptionGroup('g', [ValueError('a'), KeyError('b')])
    if kind == 'attributes':
        error = Bare(); error.where = {'line': (1, 2)}; raise error
"""
EXCEPTION_CHECKS = blocks("""
try:
    f('own')
    assert False
except Own as e:
    assert (str(e), e.args, e.code) == ('no', ('no',), 7)

try:
    f('more')
    assert False
except Own as e:
    assert e.code == [8] and type(e).__name__ == 'More'

assert raises(ValueError, f, 'own') and issubclass(Own, ValueError) and issubclass(More, Own)

import json
try:
    f('json')
    assert False
except json.JSONDecodeError as e:
    assert (e.pos, e.lineno, e.doc) == (1, 1, '{x')

try:
    f('key')
    assert False
except KeyError as e:
    assert e.args == ('k', 2)

try:
    f('os')
    assert False
except FileNotFoundError as e:
    assert (e.errno, e.filename) == (2, '/nowhere')

try:
    f('cause')
    assert False
except ValueError as e:
    assert type(e.__cause__) is KeyError and e.__cause__.args == ('a',)

try:
    f('note')
    assert False
except ValueError as e:
    assert e.__notes__ == ['n']

try:
    f('group')
    assert False
except* ValueError as g:
    assert str(g.exceptions[0]) == 'a'
except* KeyError as g:
    assert g.exceptions[0].args == ('b',)

try:
    f('attributes')
    assert False
except Bare as e:
    assert e.where == {'line': (1, 2)}
""")


@pytest.mark.parametrize("check", EXCEPTION_CHECKS)
def test_an_exception_arrives_with_all_that_it_carries(process: Sandbox, check: str) -> None:
    verdict = judged(process, EXCEPTIONS, check, names=("f", "Own", "More", "Bare"))
    assert (verdict.outcome, [each.error for each in verdict.failures], verdict.checks[0].error) == ("passed", [], "")


SHARED = [
    tuple(each.split("\n---\n"))
    for each in blocks("""
def f(a, b): a.append(1); return a is b
---
xs = []
assert f(xs, xs)
assert xs == [1]

def f(grid): grid[0].append(1); return grid
---
row = [0]
g = [row, row]
assert f(g) is g
assert row == [0, 1] and g[1] is row

def f(*, seen): seen['a'] = seen.get('a', 0) + 1
---
d = {}
f(seen=d)
f(seen=d)
assert d == {'a': 2}

def f(xs): return xs[1:]
---
xs = [1, 2]
ys = f(xs)
ys.append(3)
assert xs == [1, 2] and ys == [2, 3]

def f(xs, s, d): xs.sort(); s.add(1); d.popleft()
---
from collections import deque
xs, s, d = [2, 1], set(), deque([1, 2])
f(xs, s, d)
assert (xs, s, d) == ([1, 2], {1}, deque([2]))
""")
]


@pytest.mark.parametrize(("source", "check"), SHARED)
def test_containers_are_shared_where_the_task_says_that_arguments_change(
    process: Sandbox, source: str, check: str
) -> None:
    verdict = judged(process, source, check, mutates=True)
    assert (verdict.outcome, [each.error for each in verdict.failures]) == ("passed", [])


def test_a_cycle_is_refused_and_gives_no_pass(process: Sandbox) -> None:
    verdict = judged(process, "def f(n):\n    xs = []\n    xs.append(xs)\n    return xs\n", "assert f(1) == 1")
    assert verdict.outcome == "failed"


def test_a_check_that_changes_a_list_of_an_object_gets_no_verdict(process: Sandbox) -> None:
    check = "s = Stack([1])\ns.items[0].append(2)\nassert s.top == [1, 2]"
    verdict = judged(process, STACK, check, names=("Stack", "build"))
    assert (verdict.outcome, verdict.plain) == ("no_verdict", "passed")
    assert "changes what it was given" in verdict.why_none
