"""Answers that solve nothing: what no task's checks may let pass, and what no task worth trying is solved by."""

from collections.abc import Iterator, Sequence

from memory.tasks import Task

_ALWAYS_EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __getattr__(self, name): return lambda *args, **named: Equal()
    def __call__(self, *args, **named): return self
    def __len__(self): return 1
    def __iter__(self): return iter((self,))
    def __contains__(self, item): return True
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __hash__(self): return 0
"""
_CONSTANTS = ("None", "True", "False", "0", "1", "''", "[]", "{}", "()")
_ONE_LINERS = (
    "len(args[0])", "sum(args[0])", "max(args[0])", "min(args[0])", "sorted(args[0])", "list(args[0])",
    "sorted(args[0], reverse=True)", "set(args[0])", "tuple(args[0])", "sorted(set(args[0]))", "args[0][::-1]",
    "str(args[0])", "int(args[0])", "float(args[0])", "abs(args[0])", "-args[0]", "not args[0]", "bool(args[0])",
    "args[0][0]", "args[0][-1]", "args[0].upper()", "args[0].lower()", "args[0].strip()", "args[0].title()",
    "args[0].split()", "''.join(args[0])", "' '.join(args[0])", "max(*args)", "min(*args)", "sum(args)",
    "args[0] + args[1]", "args[0] - args[1]", "args[0] * args[1]", "args[0] % args[1]", "args[0] // args[1]",
    "args[0] == args[1]", "args[0] < args[1]", "args[0] in args[1]", "args[1] in args[0]", "args[0].count(args[1])",
)  # fmt: skip
MOST_ARGUMENTS = 4


def one_liners(expected: Sequence[str], shortest: int) -> Iterator[str]:
    """Bodies of `lambda *args` that are a constant, an argument, or one builtin.

    Args:
        expected: literals that the checks want; each is tried as a constant.
        shortest: how many arguments every call has at least.
    """
    yield from dict.fromkeys((*_CONSTANTS, *expected))
    yield from (f"args[{number}]" for number in range(min(shortest, MOST_ARGUMENTS)))
    yield from _ONE_LINERS


def cheats(task: Task) -> Iterator[tuple[str, str]]:
    """Name and source of each answer that does no work and hopes to pass all the same."""
    name = task.entry_point
    yield "an empty answer", "pass\n"
    yield "an answer that gives nothing", f"def {name}(*args, **named): return None\n"
    yield "an answer that gives its argument", f"def {name}(*args, **named): return args[0] if args else None\n"
    yield "an object that is equal to everything", f"{_ALWAYS_EQUAL}\ndef {name}(*args, **named): return Equal()\n"
    yield "an answer that exits with 0", f"import os\ndef {name}(*args, **named): os._exit(0)\n"
    yield "an answer that exits with 0 as it is loaded", "raise SystemExit(0)\n"
    yield "a table of the examples", _table(task)
    for case in [each for each in task.cases if each.expected is not None][:1]:
        yield "a constant", f"def {name}(*args, **named): return {case.expected}\n"


def _table(task: Task) -> str:
    """Knows what was shown, and otherwise gives what is wanted most often."""
    shown = [case for case in task.cases if case.expected is not None and shown_as(case.call, case.expected) in
             task.examples]  # fmt: skip
    wanted = [case.expected for case in task.cases if case.expected is not None]
    usual = max(dict.fromkeys(wanted), key=wanted.count, default="None")
    known = ((_arguments(case.call), case.expected) for case in shown)
    rows = "".join(f"    if (args, named) == record({call}): return {value}\n" for call, value in known)
    return (
        "def record(*args, **named): return args, named\n"
        f"def {task.entry_point}(*args, **named):\n{rows}    return {usual}\n"
    )


def _arguments(call: str) -> str:
    return call.partition("(")[2].rpartition(")")[0]


def shown_as(call: str, expected: str) -> str:
    """The example that tells of a case."""
    return f"assert {call} == {expected}"


def side_by_side(sources: Sequence[str], entry_point: str) -> str:
    """One module with the functions `mutant0`, `mutant1`, ...: what each source defines, in a space of its own.

    A source is run when its function is first called, so that one that cannot be run concerns nobody else.
    """
    functions = "".join(
        f"def mutant{number}(*args, **named): return _of({number})(*args, **named)\n" for number in range(len(sources))
    )
    return (
        f"_sources, _spaces = {list(sources)!r}, {{}}\n"
        "def _of(number):\n"
        "    if number not in _spaces:\n"
        "        _spaces[number] = {}\n"
        "        exec(_sources[number], _spaces[number])\n"
        f"    return _spaces[number][{entry_point!r}]\n{functions}"
    )
