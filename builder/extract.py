"""Finds the code in a model's reply: in fences, between prose, after thinking."""

import ast
import re
from dataclasses import dataclass

from utils.text import visible

MAX_CODE_CHARS = 100_000
_FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_PYTHON = frozenset({"", "python", "py", "python3", "py3", "py3k", "ipython", "pycon"})
_START = re.compile(
    r"^(?:from\s+\w|import\s+\w|def\s+\w|class\s+\w|async\s+def\s|@\w|[A-Za-z_]\w*\s*(?::[^=\n]+)?=[^=])"
)


@dataclass(frozen=True, slots=True)
class Extraction:
    """The code of a reply, or why there is none; exactly one of the two is empty."""

    code: str = ""
    problem: str = ""


def extract_code(reply: str, names: tuple[str, ...]) -> Extraction:
    """The code that the reply means as its solution.

    Of several blocks the last one that defines all `names` is taken: models improve on themselves. If no block does,
    but all that parse together do, they are joined. Otherwise the longest one.

    Args:
        reply: the model's text, `<think>` blocks and all.
        names: what the solution should define.
    """
    text = visible(reply).replace("\r\n", "\n")
    if not text.strip():
        return Extraction(problem="the reply is empty after the thinking was taken out")
    code = _from_blocks(_blocks(text), names) if "```" in text or "~~~" in text else ""
    code = code or _from_prose(text)
    if not code:
        return Extraction(problem="it holds no Python code")
    if len(code) > MAX_CODE_CHARS:
        return Extraction(problem=f"its code is longer than {MAX_CODE_CHARS} characters")
    return Extraction(code=code.rstrip() + "\n")


def _blocks(text: str) -> list[str]:
    return [_dedented(match[3]) for match in _FENCE.finditer(text) if match[2].lower() in _PYTHON and match[3].strip()]


def _dedented(code: str) -> str:
    """Blocks inside of lists are indented as a whole."""
    first = next((line for line in code.splitlines() if line.strip()), "")
    margin = first[: len(first) - len(first.lstrip())]
    return "\n".join(line.removeprefix(margin) for line in code.splitlines()) if margin else code


def _from_blocks(blocks: list[str], names: tuple[str, ...]) -> str:
    wanted = set(names)
    whole = [block for block in blocks if wanted and wanted <= defined_names(block)]
    if whole:
        return whole[-1]
    parsed = [block for block in blocks if parses(block)]
    joined = "\n\n".join(parsed)
    if wanted and len(parsed) > 1 and wanted <= defined_names(joined):
        return joined
    return max(parsed or blocks, key=len, default="")


def _from_prose(text: str) -> str:
    """Code without fences: from the first line that looks like it to the last line with which it still parses."""
    if "```" in text or "~~~" in text:
        return ""
    lines = text.splitlines()
    start = next((index for index, line in enumerate(lines) if _START.match(line)), None)
    if start is None:
        return ""
    rest = lines[start:]
    if not any(re.match(r"\s*(?:def|class|async\s+def|import|from)\s", line) for line in rest):
        return ""
    end = _longest_prefix(rest)
    return "\n".join(rest[:end] if end else rest)


def _longest_prefix(lines: list[str]) -> int:
    """How many lines parse together; tries only where a new top-level line begins, so it is quick."""
    edges = [index for index, line in enumerate(lines) if index and line and not line[0].isspace()]
    return next((end for end in [len(lines), *reversed(edges)] if parses("\n".join(lines[:end]))), 0)


def parses(code: str) -> bool:
    """Whether it is Python."""
    return _tree(code) is not None


def defined_names(code: str) -> set[str]:
    """What its top level defines; empty if it does not parse."""
    tree = _tree(code)
    names: set[str] = set()
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def imported_modules(code: str) -> tuple[str, ...]:
    """Top-level names of the modules that it imports, sorted; empty if it does not parse."""
    tree = _tree(code)
    found: set[str] = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return tuple(sorted(found))


def _tree(code: str) -> ast.Module | None:
    if len(code) > MAX_CODE_CHARS:
        return None
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
