"""The small mistakes that can be made at one node of a tree.

Each operator takes a node and yields the changes that it knows for it, none if it knows none.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard


class Kind(StrEnum):
    """What sort of mistake it is."""

    COMPARISON = "comparison"
    ARITHMETIC = "arithmetic"
    CONSTANT = "constant"
    STRING = "string"
    CONDITION = "condition"
    LOGIC = "logic"
    NOT = "not"
    RETURN = "return"
    STATEMENT = "statement"
    ARGUMENTS = "arguments"
    LOOP = "loop"
    BOUND = "bound"
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One mistake: `target`, a node of the tree, becomes `replacement`.

    Attributes:
        kind: what sort of mistake it is.
        target: the node that is replaced.
        replacement: what stands there afterwards; shares the target's children.
        told: what happened, for people, without the line.
    """

    kind: Kind
    target: ast.stmt | ast.expr
    replacement: ast.AST
    told: str


_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.FloorDiv,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_SYMBOLS: dict[type[ast.AST], str] = dict(
    [
        *zip((ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq), ("<", "<=", ">", ">=", "==", "!="), strict=True),
        *zip((ast.In, ast.NotIn, ast.Is, ast.IsNot), ("in", "not in", "is", "is not"), strict=True),
        *zip(
            (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod), ("+", "-", "*", "/", "//", "%"), strict=True
        ),
        *zip((ast.Pow, ast.LShift, ast.RShift, ast.BitAnd), ("**", "<<", ">>", "&"), strict=True),
        *zip((ast.BitOr, ast.BitXor, ast.And, ast.Or), ("|", "^", "and", "or"), strict=True),
    ]
)
_ANY_ORDER = frozenset({"min", "max", "gcd", "lcm", "isclose", "isinstance", "issubclass"})
_TOLD_CHARS = 60


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _TOLD_CHARS else text[: _TOLD_CHARS - 3] + "..."


def _became(before: str, after: str) -> str:
    return f"`{before}` became `{after}`"


def _replaced(kind: Kind, target: ast.stmt | ast.expr, replacement: ast.AST) -> Change:
    return Change(kind, target, replacement, _became(_short(target), _short(replacement)))


def _plus(node: ast.expr, step: int) -> ast.expr:
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value + step >= 0:
        return ast.Constant(node.value + step)
    return ast.BinOp(node, ast.Add() if step > 0 else ast.Sub(), ast.Constant(abs(step)))


def comparisons(node: ast.AST) -> Iterator[Change]:
    """`<` for `<=`, `==` for `!=`, `in` for `not in` ..., each operator of a chain by itself."""
    if not isinstance(node, ast.Compare):
        return
    for at, old in enumerate(node.ops):
        for new in _COMPARISONS[type(old)]:
            ops = [*node.ops[:at], new(), *node.ops[at + 1 :]]
            changed = ast.Compare(node.left, ops, node.comparators)
            yield Change(Kind.COMPARISON, node, changed, _became(_SYMBOLS[type(old)], _SYMBOLS[new]))


def _is_text_or_list(node: ast.AST) -> bool:
    literal = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return literal or isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp)


def arithmetic(node: ast.AST) -> Iterator[Change]:
    """`+` for `-`, `*` for `+`, `//` for `/` ...; not where an operand is plainly a text or a list."""
    if isinstance(node, ast.BinOp):
        new = _ARITHMETIC.get(type(node.op))
        if new is None or _is_text_or_list(node.left) or _is_text_or_list(node.right):
            return
        changed: ast.stmt | ast.expr = ast.BinOp(node.left, new(), node.right)
        told = _became(_SYMBOLS[type(node.op)], _SYMBOLS[new])
    elif isinstance(node, ast.AugAssign):
        new = _ARITHMETIC.get(type(node.op))
        if new is None or _is_text_or_list(node.value):
            return
        changed = ast.AugAssign(node.target, new(), node.value)
        told = _became(f"{_SYMBOLS[type(node.op)]}=", f"{_SYMBOLS[new]}=")
    else:
        return
    yield Change(Kind.ARITHMETIC, node, changed, told)


def is_minus(node: ast.AST) -> TypeGuard[ast.UnaryOp]:
    """Whether it is a minus sign with its operand."""
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def constants(node: ast.AST) -> Iterator[Change]:
    """Numbers off by one, True for False; a literal -1 counts as one number."""
    if is_minus(node):
        value = node.operand.value if isinstance(node.operand, ast.Constant) else None
        if type(value) is int and value > 0:
            smaller = ast.UnaryOp(ast.USub(), ast.Constant(value - 1)) if value > 1 else ast.Constant(0)
            yield _replaced(Kind.CONSTANT, node, smaller)
            yield _replaced(Kind.CONSTANT, node, ast.UnaryOp(ast.USub(), ast.Constant(value + 1)))
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield _replaced(Kind.CONSTANT, node, ast.Constant(not node.value))
        elif isinstance(node.value, int | float):
            yield _replaced(Kind.CONSTANT, node, ast.Constant(node.value + 1))
            if node.value >= 1:
                yield _replaced(Kind.CONSTANT, node, ast.Constant(node.value - 1))


def _other_text(text: str) -> str:
    if len(text) > 1:
        return text[:-1]
    return text.swapcase() if text.isalpha() and text.swapcase() != text else "" if text else " "


def strings(node: ast.AST) -> Iterator[Change]:
    """A text without its last character, or in the other case if it is a single letter; also parts of f-strings."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield _replaced(Kind.STRING, node, ast.Constant(_other_text(node.value)))
    elif isinstance(node, ast.JoinedStr):
        for at, part in enumerate(node.values):
            if isinstance(part, ast.Constant):
                other = _other_text(str(part.value))
                new: list[ast.expr] = [ast.Constant(other)] if other else []
                yield _replaced(Kind.STRING, node, ast.JoinedStr([*node.values[:at], *new, *node.values[at + 1 :]]))


def conditions(node: ast.AST) -> Iterator[Change]:
    """The condition of an if, a while, a conditional expression or a comprehension, the other way round."""
    tests: list[ast.expr] = []
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        tests = [node.test]
    elif isinstance(node, ast.comprehension):
        tests = node.ifs
    for test in tests:
        plain = isinstance(test, ast.Compare) and len(test.ops) == 1  # comparisons() turns these round
        if not plain and not isinstance(test, ast.UnaryOp) and not isinstance(test, ast.Constant):
            yield _replaced(Kind.CONDITION, test, ast.UnaryOp(ast.Not(), test))


def logic(node: ast.AST) -> Iterator[Change]:
    """`and` for `or`, and the other way round."""
    if isinstance(node, ast.BoolOp):
        new: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        told = _became(_SYMBOLS[type(node.op)], _SYMBOLS[type(new)])
        yield Change(Kind.LOGIC, node, ast.BoolOp(new, node.values), told)


def negations(node: ast.AST) -> Iterator[Change]:
    """A dropped `not`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _replaced(Kind.NOT, node, node.operand)


def _wrong_value(value: ast.expr) -> ast.expr:
    match value:
        case ast.List() | ast.ListComp() | ast.Call(func=ast.Name(id="sorted" | "list")):
            wrong: ast.expr = ast.List([], ast.Load())
        case ast.Dict() | ast.DictComp():
            wrong = ast.Dict([], [])
        case ast.JoinedStr() | ast.Call(func=ast.Attribute(attr="join" | "strip" | "lower" | "upper" | "format")):
            wrong = ast.Constant("")
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            wrong = ast.Constant(value=True)
        case _:
            wrong = ast.Constant(0)
    return wrong


def returns(node: ast.AST) -> Iterator[Change]:
    """`return None`, and a constant of the likely type."""
    if not isinstance(node, ast.Return) or node.value is None or isinstance(node.value, ast.Constant):
        return
    yield _replaced(Kind.RETURN, node, ast.Return(ast.Constant(None)))
    wrong = _wrong_value(node.value)
    if ast.dump(wrong) != ast.dump(node.value):
        yield _replaced(Kind.RETURN, node, ast.Return(wrong))


def arguments(node: ast.AST) -> Iterator[Change]:
    """Two neighbouring arguments of a call, swapped; not where their order does not matter."""
    if not isinstance(node, ast.Call) or any(isinstance(arg, ast.Starred) for arg in node.args):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _ANY_ORDER:
        return
    for at in range(len(node.args) - 1):
        first, second = node.args[at : at + 2]
        if ast.dump(first) != ast.dump(second):
            args = [*node.args[:at], second, first, *node.args[at + 2 :]]
            yield _replaced(Kind.ARGUMENTS, node, ast.Call(node.func, args, node.keywords))


def loops(node: ast.AST) -> Iterator[Change]:
    """`break` for `continue`, and the other way round."""
    if isinstance(node, ast.Break):
        yield _replaced(Kind.LOOP, node, ast.Continue())
    elif isinstance(node, ast.Continue):
        yield _replaced(Kind.LOOP, node, ast.Break())


def bounds(node: ast.AST) -> Iterator[Change]:
    """Slices that start or end one place off, lose a bound or run backwards; ranges that end one place off."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        cut = node.slice
        for changed in _other_slices(cut):
            yield _replaced(Kind.BOUND, node, ast.Subscript(node.value, changed, node.ctx))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range" and node.args:
        last = 0 if len(node.args) == 1 else 1
        if not isinstance(node.args[last], ast.Constant):
            for step in (-1, 1):
                stop = _plus(node.args[last], step)
                args = [*node.args[:last], stop, *node.args[last + 1 :]]
                yield _replaced(Kind.BOUND, node, ast.Call(node.func, args, node.keywords))


def _other_slices(cut: ast.Slice) -> Iterator[ast.Slice]:
    if cut.lower is not None and not isinstance(cut.lower, ast.UnaryOp):
        yield ast.Slice(_plus(cut.lower, 1), cut.upper, cut.step)
        yield ast.Slice(None, cut.upper, cut.step)
    if cut.upper is not None and not isinstance(cut.upper, ast.UnaryOp):
        yield ast.Slice(cut.lower, _plus(cut.upper, -1), cut.step)
        yield ast.Slice(cut.lower, _plus(cut.upper, 1), cut.step)
    if isinstance(cut.step, ast.UnaryOp):
        yield ast.Slice(cut.lower, cut.upper, None)


def raised(node: ast.AST) -> Iterator[Change]:
    """An exception that is no longer raised."""
    if isinstance(node, ast.Raise):
        yield Change(Kind.EXCEPTION, node, ast.Pass(), f"`{_short(node)}` was left out")


def statements(deletable: set[ast.AST]) -> Callable[[ast.AST], Iterator[Change]]:
    """An operator that leaves out one of the `deletable` statements."""

    def leave_out(node: ast.AST) -> Iterator[Change]:
        if isinstance(node, ast.stmt) and node in deletable:
            yield Change(Kind.STATEMENT, node, ast.Pass(), f"`{_short(node)}` was left out")

    return leave_out


SIMPLE: tuple[Callable[[ast.AST], Iterator[Change]], ...] = (
    *(comparisons, arithmetic, constants, strings, conditions, logic, negations),
    *(returns, arguments, loops, bounds, raised),
)
"""All operators that need to know nothing but the node."""
