"""Finds the code in a model's reply: in fences, between prose, after thinking, in several pieces.

Every reply is read in about a second at most, however hostile it is: blocks are found line by line, and no more than
PARSED_CHARS characters are parsed. Code is chosen, and put together from whole pieces; a piece is never changed, but
that the margin of a block inside of a list is taken off, and that a bare body is indented to continue the starter.
"""

import ast
import bisect
import itertools
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from builder.fences import Block, fenced_blocks
from builder.python_names import MAX_CODE_CHARS, TopLevel, needed_names, tree_of
from utils.python_source import parse_python
from utils.text import visible, well_formed

PARSED_CHARS = 200_000
MAX_PIECES = 100
_TRIES = 12

_PYTHON = frozenset({"python", "py", "python3", "py3", "ipython", "ipython3"})
_PYTHON_OR_NONE = _PYTHON | {""}
_START = re.compile(
    r"(?:from\s+[\w.]+\s+import\b|import\s+[\w.]|(?:async\s+)?def\s+\w+\s*[(\[]|class\s+\w+\s*[(:\[]|@\w"
    r"|[A-Za-z_]\w*\s*(?::[^=\n]+)?=[^=])"
)
_DEFINITION = re.compile(r"(?:async\s+)?def\s+\w+\s*[(\[]|class\s+\w+\s*[(:\[]")
_ENDS = ast.Return | ast.Raise | ast.Yield | ast.YieldFrom


@dataclass(frozen=True, slots=True)
class Extraction:
    """The code of a reply, or why there is none; exactly one of the two is empty."""

    code: str = ""
    problem: str = ""


def extract_code(reply: str, names: tuple[str, ...], starter: str = "") -> Extraction:
    """The code that the reply means as its solution.

    Of several blocks the last one that defines all `names` is taken, for models improve on themselves, together with
    those blocks, and the starter, that define what it uses and does not define itself. If no block defines all names,
    those that do together are joined. A body alone continues the starter. If nothing defines the names, a block that
    tries to is taken, broken as it is, so that its error can be told; else the longest one.

    Args:
        reply: the model's text, `<think>` blocks and all.
        names: what the solution should define.
        starter: the code that the reply was asked to continue.
    """
    text = _unified(reply)
    shown = visible(text)
    if not shown.strip():
        return Extraction(problem="the reply is empty after the thinking was taken out")
    code = _Reading(frozenset(names), _unified(starter)).solution(text, shown).strip("\n").rstrip()
    if not code:
        return Extraction(problem="it holds no Python code")
    if len(code) > MAX_CODE_CHARS:
        return Extraction(problem=f"its code is longer than {MAX_CODE_CHARS} characters")
    return Extraction(code=code + "\n")


def _unified(text: str) -> str:
    return well_formed(text).replace("\r\n", "\n").replace("\r", "\n")


_NOTHING = TopLevel()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some code of a reply; without a tree it is no Python. `raw` has its margin still."""

    code: str
    tree: ast.Module | None
    raw: str = ""
    named: bool = True
    """Whether it was said to be Python."""
    binds: TopLevel = _NOTHING


@dataclass(slots=True)
class _Reading:
    """The search for what defines `names` in one reply; parses no more than `left` characters."""

    names: frozenset[str]
    starter: str
    left: int = PARSED_CHARS
    _starters: list[_Piece] = field(default_factory=list)

    def solution(self, text: str, shown: str) -> str:
        """The code of a reply, empty if there is none; `shown` is the reply without its thinking."""
        whole = self._piece(text)
        if self.names and self.names <= whole.binds.defined:
            return text
        self._starters = [self._piece(self.starter)] if self.starter.strip() else []
        blocks = list(fenced_blocks(shown))
        pieces = self._of_blocks(block for block in blocks if block.language in _PYTHON_OR_NONE)
        others = self._of_blocks(block for block in blocks if block.language not in _PYTHON_OR_NONE)
        return (
            self._composed(pieces)
            or self._continued([piece.raw for piece in reversed(pieces)] if blocks else [shown])
            or (self._composed(others) if self.names else "")
            or (self._composed(list(self._unfenced(shown))) if self.names or not blocks else "")
            or self._best(pieces)
            or (self._broken(shown) if self.names or not blocks else "")
        )

    def _tree(self, code: str) -> ast.Module | None:
        if len(code) > MAX_CODE_CHARS:
            return None
        self.left -= len(code)
        return tree_of(code) if self.left >= 0 else None

    def _piece(self, code: str, *, raw: str = "", named: bool = True) -> _Piece:
        tree = self._tree(code)
        return _Piece(code, tree, raw, named, _NOTHING if tree is None else TopLevel.of(tree))

    def _of_blocks(self, blocks: Iterable[Block]) -> list[_Piece]:
        """The last ones first, for what is left to parse should go to them."""
        latest = list(blocks)[-MAX_PIECES:]
        return [self._of_block(block) for block in reversed(latest)][::-1]

    def _of_block(self, block: Block) -> _Piece:
        """The block as it is; the start of it, where its fence was not closed as it should and the rest is prose."""
        code, named = _dedented(block.text), block.language in _PYTHON
        piece = self._piece(code, raw=block.text, named=named)
        if piece.tree is not None or (block.closed and "```" not in code):
            return piece
        lines = code.split("\n")
        for start in (code.partition("```")[0], "\n".join(lines[: self._parsing_prefix(lines)])):
            shorter = self._piece(start, raw=block.text, named=named)
            if self.names and self.names <= shorter.binds.defined:
                return shorter
        return piece

    def _composed(self, pieces: Sequence[_Piece]) -> str:
        """The pieces that define the names and what these use, in their order; empty if one is defined nowhere."""
        if not self.names:
            return max((piece.code for piece in pieces if piece.tree and piece.tree.body), key=len, default="")
        whole = [index for index, piece in enumerate(pieces) if self.names <= piece.binds.defined]
        parts = {whole[-1]} if whole else {_last(pieces, name) for name in self.names}
        if not pieces or -1 in parts:
            return ""
        known = [*self._starters, *pieces]
        chosen = _closure(known, {part + len(self._starters) for part in parts})
        joined = "\n\n".join(known[index].code.strip("\n") for index in sorted(chosen))
        return joined if len(chosen) == 1 or self._tree(joined) else pieces[max(parts)].code

    def _continued(self, bodies: Iterable[str]) -> str:
        """The starter with a body; empty if none fits."""
        if not (self.names and self._starters):
            return ""
        starter = self.starter.rstrip()
        length = starter.count("\n") + 1
        for body in bodies:
            text = body.strip("\n")
            for indented in (text, "    " + text, textwrap.indent(_dedented(text), "    ")):
                code = f"{starter}\n{indented}"
                tree = self._tree(code)
                if tree and self.names <= TopLevel.of(tree).defined and _goes_on(tree, self.names, length):
                    return code
        return ""

    def _unfenced(self, text: str) -> Iterable[_Piece]:
        """The stretches of lines that are code: each from a line that looks like it to the last that still parses."""
        lines = text.split("\n")
        ends = list(itertools.accumulate(len(line) + 1 for line in lines))
        place = 0
        for start in [index for index, line in enumerate(lines) if _START.match(line)][:MAX_PIECES]:
            if start >= place and self.left > 0:
                stop = bisect.bisect_right(ends, ends[start] + MAX_CODE_CHARS)
                place = start + self._parsing_prefix(lines[start:stop])
                yield self._piece("\n".join(lines[start:place]))

    def _parsing_prefix(self, lines: Sequence[str]) -> int:
        """How many lines parse together; each try ends before the top-level line with the error of the try before."""
        end = len(lines)
        for _ in range(_TRIES):
            code = "\n".join(lines[:end])
            if end <= 0 or len(code) > MAX_CODE_CHARS or self.left < len(code):
                return 0
            self.left -= len(code)
            try:
                parse_python(code)
            except SyntaxError as error:
                end = min(end, error.lineno or 0) - 1
                while end > 0 and (not lines[end] or lines[end][0].isspace()):
                    end -= 1
            else:
                return end
        return 0

    def _best(self, pieces: Sequence[_Piece]) -> str:
        """Of blocks that do not define the names the one that comes nearest."""
        tries = [piece.code for piece in pieces if any(_mentions(piece.code, name) for name in self.names)]
        parsed = [piece.code for piece in pieces if piece.tree is not None and piece.tree.body]
        named = [piece.code for piece in pieces if piece.named or _DEFINITION.search(piece.code)]
        return tries[-1] if tries else max(parsed or named, key=len, default="")

    def _broken(self, text: str) -> str:
        """From the first line that looks like code to the end, if a function or class is defined in it."""
        lines = text.split("\n")
        start = next((index for index, line in enumerate(lines) if _START.match(line)), len(lines))
        return "\n".join(lines[start:]) if any(map(_DEFINITION.match, lines[start:])) else ""


def _dedented(code: str) -> str:
    """Blocks inside of lists are indented as a whole."""
    first = next((line for line in code.split("\n") if line.strip()), "")
    margin = first[: len(first) - len(first.lstrip())]
    return "\n".join(line.removeprefix(margin) for line in code.split("\n")) if margin else code


def _last(pieces: Sequence[_Piece], name: str) -> int:
    return max((index for index, piece in enumerate(pieces) if name in piece.binds.defined), default=-1)


def _closure(pieces: Sequence[_Piece], chosen: set[int]) -> set[int]:
    """The chosen pieces and the latest ones that provide what these need."""
    provided = [piece.binds.defined | piece.binds.imported for piece in pieces]
    latest = {name: index for index, names in enumerate(provided) for name in names}
    waiting = list(chosen)
    while waiting:
        tree = pieces[waiting.pop()].tree
        needed = needed_names(tree) if tree else frozenset()
        known = {name for index in chosen for name in provided[index]}
        new = {latest[name] for name in needed - known if name in latest} - chosen
        chosen |= new
        waiting.extend(new)
    return chosen


def _goes_on(tree: ast.Module, names: frozenset[str], after: int) -> bool:
    """Whether one of the named definitions returns, yields or raises after that line: words and examples do not."""
    return any(
        isinstance(inner, _ENDS) and inner.lineno > after
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name in names
        for inner in ast.walk(node)
    )


def _mentions(code: str, name: str) -> bool:
    return re.search(rf"\b(?:def|class)\s+{re.escape(name)}\b", code) is not None
