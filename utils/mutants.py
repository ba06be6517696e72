"""Simple mutants of Python source: the same program with one small, plausible mistake.

They measure checks (checks that let many mutants pass are weak) and they are what a simulated programmer gets
wrong. First order only: no mutant holds two mistakes. Not covered: a mutant may behave like its source (`<` for
`<=` where equality never occurs), which nobody can decide in general.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from utils.mutation_operators import Change, Kind
from utils.mutation_sites import changes
from utils.python_source import parse_python

__all__ = ["Kind", "Mutant", "mutants"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one mistake.

    Attributes:
        source: the whole program; what was not changed keeps its layout and its comments.
        kind: what sort of mistake it is.
        line: where it was made, counted from 1 in the program that was given.
        description: what was done, for people, e.g. "`<` became `<=` in line 7".
    """

    source: str
    kind: Kind
    line: int
    description: str


def mutants(source: str, *, limit: int | None = None, rng: np.random.Generator | None = None) -> list[Mutant]:
    """Mutants of the source that parse, differ from it and from each other; the same every time.

    Args:
        source: a Python module; line ends become "\\n".
        limit: most mutants wanted. Without an rng they are spread evenly over the source.
        rng: if given, mutants are drawn, without replacement, and come in the order of the draw.

    Returns:
        All mutants in the order of the source, or `limit` of them.

    Raises:
        SyntaxError: the source is no Python or too deeply nested.
        ValueError: `limit` is negative.
    """
    if limit is not None and limit < 0:
        raise ValueError(f"limit must be 0 or more, not {limit}")
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    tree = parse_python(text)
    try:
        found = list(changes(tree))
        if rng is not None:
            found = [found[at] for at in rng.permutation(len(found))]
            return list(_first(_rendered(found, tree, text), limit))
        every = list(_rendered(found, tree, text))
    except RecursionError as error:
        raise SyntaxError("too deeply nested") from error
    if limit is None or limit >= len(every):
        return every
    return [every[at * len(every) // limit] for at in range(limit)]


def _first(items: Iterator[Mutant], limit: int | None) -> Iterator[Mutant]:
    for count, item in enumerate(items):
        if count == limit:
            return
        yield item


def _rendered(found: list[Change], tree: ast.Module, text: str) -> Iterator[Mutant]:
    spots = _spots(tree)
    lines = [line.encode() for line in text.split("\n")]
    seen = {(at, ast.dump(statement)) for at, statement in enumerate(tree.body)}
    for change in found:
        spot = spots[change.target]
        wanted, source = _render(change, tree, lines, spot)
        if source is not None and (spot.top, wanted) not in seen:
            seen.add((spot.top, wanted))
            yield Mutant(source, change.kind, change.target.lineno, f"{change.told} in line {change.target.lineno}")


@dataclass(frozen=True, slots=True, eq=False)
class _Spot:
    """Where a node hangs in its tree.

    Attributes:
        parent: the node above it.
        field: the parent's field that holds it.
        index: its place if that field is a list, else None.
        top: which statement of the module it belongs to.
        outer: the f-string around it, whose text is replaced as a whole (positions inside are wrong in 3.11), or None.
    """

    parent: ast.AST
    field: str
    index: int | None
    top: int
    outer: ast.JoinedStr | None

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    @contextmanager
    def holding(self, node: ast.AST, instead_of: ast.AST) -> Iterator[None]:
        self.put(node)
        try:
            yield
        finally:
            self.put(instead_of)


def _spots(tree: ast.Module) -> dict[ast.AST, _Spot]:
    spots: dict[ast.AST, _Spot] = {}
    for top, statement in enumerate(tree.body):
        spots[statement] = _Spot(tree, "body", top, top, None)
        for parent in ast.walk(statement):
            above = spots[parent].outer
            outer = parent if above is None and isinstance(parent, ast.JoinedStr) else above
            for field, value in ast.iter_fields(parent):
                children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
                for index, child in children:
                    if isinstance(child, ast.AST):
                        spots[child] = _Spot(parent, field, index, top, outer)
    return spots


def _render(change: Change, tree: ast.Module, lines: list[bytes], spot: _Spot) -> tuple[str, str | None]:
    """The dump of the changed statement, and source for it or None if it cannot be written in place."""
    with spot.holding(change.replacement, instead_of=change.target):
        wanted = ast.dump(tree.body[spot.top])
        try:
            new = ast.unparse(spot.outer or change.replacement)
        except ValueError:  # an f-string that 3.11 cannot quote
            return wanted, None
    for candidate in (new, f"({new})"):
        source = _spliced(lines, spot.outer or change.target, candidate)
        try:
            body = parse_python(source).body
        except SyntaxError:
            continue
        if len(body) == len(tree.body) and ast.dump(body[spot.top]) == wanted:
            return wanted, source
    return wanted, None


def _spliced(lines: list[bytes], node: ast.stmt | ast.expr, new: str) -> str:
    """The source with the node's text replaced; columns are counted in bytes of UTF-8, as ast does."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    before = [*lines[: node.lineno - 1], lines[node.lineno - 1][: node.col_offset]]
    after = [lines[node.end_lineno - 1][node.end_col_offset :], *lines[node.end_lineno :]]
    return (b"\n".join(before) + new.encode() + b"\n".join(after)).decode()
