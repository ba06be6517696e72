"""What a solution comes to through what the checks hand it: what those objects are for, and never what is expected."""

import pytest

from executor.sandbox import Sandbox
from tests.executor.test_grade_attacks import judged

SECRET = "a-secret-of-the-checks"
ASKS = """
import sys, json
channel = sys.modules["__main__"].channel
def ask(number, name, *args):
    channel.send(json.dumps({{"back": {{"name": name, "object": number, "args": args, "kwargs": {{}}}}}}).encode())
    return channel.receive().decode()
lying = {{"o": 999, "of": "Text", "as": "__closure__", "m": "x", "d": ["__str__", "startswith", "__eq__"]}}
def f(*given):
    return {asked}
"""
ROUND = [
    "ask(0, '__getattr__', '__closure__')",
    "ask(0, '__getattr__', '__globals__')",
    "ask(0, '__getattr__', '__defaults__')",
    "ask(0, '__getattr__', '__code__')",
    "ask(0, '__getattr__', '__self__')",
    "ask(0, '__getattr__', '__class__')",
    "ask(0, '__getattr__', '__reduce_ex__')",
    "ask(0, '__getattr__')",
    "ask(0, '__getattr__', lying)",
    "ask(0, '__getattr__', ['__globals__'])",
    "ask(0, '__format__', '__globals__')",
    "ask(0, '__reduce__')",
    "ask(0, '__getattribute__', '__globals__')",
    "ask(0, '__setattr__', 'x', 1)",
    "ask(0, '__dir__')",
    "ask(0, '__init__')",
    "ask(1, '__getattr__', 'name')",
    "ask(-1, '__call__')",
    "ask(10**30, '__call__')",
]


@pytest.mark.parametrize("asked", ROUND)
def test_a_function_of_the_checks_can_be_called_and_tells_nothing_else(process: Sandbox, asked: str) -> None:
    check = (
        f"secret = {SECRET!r}\ndef made(secret):\n    return lambda given=secret: len(secret)\n"
        "assert f(made(secret)) == 7"
    ).replace("\\\n", "\n")
    verdict = judged(process, ASKS.format(asked=asked), check)
    assert verdict.outcome == "failed"
    assert "error" in verdict.failures[0].actual
    assert SECRET not in verdict.model_dump_json()


REACH = [
    ("json", "g.codecs.sys.modules"),
    ("json", "g.decoder"),
    ("Path('a')", "g.joinpath('/proc/self/mem').open('rb')"),
    ("Path", "g('/proc/self/cmdline').read_text()"),
    ("sys.stdin", "g.buffer"),
    ("(x for x in [1])", "g.gi_frame.f_globals"),
    ("(x for x in [1])", "g.gi_code.co_consts"),
    ("agen()", "g.ag_frame.f_back"),
    ("Own().method", "g.__self__.expected"),
    ("Own().method", "g.__func__"),
    ("Own().method", "g.expected"),
    ("string.Formatter()", "g.format('{0.__globals__}', g)"),
    ("attrgetter", "g('__globals__')(g.__globals__)"),
    ("functools.partial(open)", "g('/etc/passwd').read()"),
    ("sys._getframe()", "g.f_locals"),
    ("compile('1', '', 'eval')", "g.co_consts"),
    ("error()", "g.tb_frame"),
    ("logging.getLogger()", "g.manager"),
]
HANDS = f"""
import functools, json, logging, string, sys
from operator import attrgetter
from pathlib import Path
expected = {SECRET!r}
class Own:
    expected = {SECRET!r}
    def method(self): return 1
async def agen():
    yield 1
def error():
    try: 1 / 0
    except ZeroDivisionError as found: return found.__traceback__
"""


@pytest.mark.parametrize(("given", "reach"), REACH)
def test_through_nothing_that_is_handed_out_a_solution_comes_to_the_rest(
    process: Sandbox, given: str, reach: str
) -> None:
    source = (
        f"def f(g):\n    try:\n        return repr({reach})\n    except Exception as error:\n        return 'refused'\n"
    )
    verdict = judged(process, source, f"{HANDS}\nassert f({given}) == 7")
    assert verdict.outcome == "failed"
    assert SECRET not in verdict.failures[0].actual
    assert verdict.failures[0].actual == "'refused'" or "cannot cross" in verdict.failures[0].error


NODE = """
class Node:
    def __init__(self, value, after=None): self.value, self.after = value, after
    def __lt__(self, other): return self.value < other.value
    def __eq__(self, other): return self.value == other.value
    def __add__(self, other): return Node(self.value + other.value)
    def __len__(self): return 1 + (len(self.after) if self.after else 0)
"""
HELPED = [
    (
        ("def f(node):\n    back = None\n    while node is not None:\n"
        "        node.after, back, node = back, node, node.after\n    return back\n"),
        "n = f(Node(1, Node(2, Node(3))))\nassert (n.value, n.after.value) == (3, 2)\nassert len(n) == 3",
    ),
    ("def f(a, b): return min(a, b)\n", "a, b = Node(2), Node(1)\nassert f(a, b) is b"),
    ("def f(a, b): return [(a + b).value, a == b, len(a)]\n", "assert f(Node(1), Node(2)) == [3, False, 1]"),
    ("def f(make): return make(3).value\n", "assert f(Node) == 3"),
    ("def f(it): return next(it)\n", "it = iter([1, 2, 3])\nassert f(it) == 1\nassert list(it) == [2, 3]"),
    ("def f(it): return [next(it) for _ in range(40)]\n", "import itertools as i\nassert f(i.count()) == [*range(40)]"),
    ("def f(it): return sum(it)\n", "assert f(x * 2 for x in range(5000)) == 24995000"),
    ("def f(it): return ''.join(it)\n", "assert f(reversed('abc')) == 'cba'"),
    ("def f(it): return dict(it)\n", "assert f(zip('ab', [1, 2])) == {'a': 1, 'b': 2}"),
    ("def f(text): return [*text] + [text.read()]\n", "import io\nassert f(io.StringIO('a\\nb')) == ['a\\n', 'b', '']"),
    ("def f(rng): return rng.randint(1, 9)\n", "import random\nassert f(random.Random(1)) in range(1, 10)"),
    ("def f(g): return max([(1, 2), (2, 1)], key=g)\n", "import operator as o\nassert f(o.itemgetter(1)) == (1, 2)"),
    (
        ("class f:\n    def __init__(s): s.hs = []\n    def on(s, h): s.hs.append(h)\n"
        "    def off(s, h): s.hs.remove(h)\n    def emit(s, x): return [h(x) for h in s.hs]\n"),
        ("class L:\n    def hear(s, x): return x\nb, l = f(), L()\nb.on(l.hear)\n"
        "assert b.emit(3) == [3]\nb.off(l.hear)\nassert b.emit(4) == []"),
    ),
    (
        ("def f(g):\n    try: return g()\n    except LookupError: raise\n"
        "    except Exception as e: return type(e).__name__, str(e)\n"),
        ("class Boom(Exception): pass\nclass Gone(KeyError): pass\ndef g(): raise Boom('b')\ndef h(): raise Gone('g')\n"
        "assert f(g) == ('Boom', 'b')\nassert raises(Gone, f, h)"),
    ),
    ("def f(lock):\n    with lock: return lock.locked()\n", "import threading\nassert f(threading.Lock())"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "check"), HELPED)
def test_what_the_checks_hand_out_is_used_as_in_python(process: Sandbox, source: str, check: str) -> None:
    verdict = judged(process, source, f"{NODE}\n{check}")
    assert (verdict.outcome, [each.error for each in verdict.failures]) == ("passed", [])


@pytest.mark.parametrize("check", ["assert f(ValueError(3)) == 'ValueError'", "import math\nassert f(math) == 'module'",
                                   "from pathlib import Path\nassert f(Path('a')) == 'PosixPath'"])  # fmt: skip
def test_what_may_not_be_handed_out_leaves_a_right_solution_without_verdict(process: Sandbox, check: str) -> None:
    verdict = judged(process, "def f(x): return type(x).__name__\n", check)
    assert (verdict.outcome, verdict.plain) == ("no_verdict", "passed")
    assert "cannot cross" in verdict.why_none
    assert judged(process, "def f(x): return 'wrong'\n", check).outcome == "failed"
