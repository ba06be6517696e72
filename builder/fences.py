"""Fenced blocks of Markdown, the way models write them, found in one pass over the lines.

Follows CommonMark 0.31 (section 4.5) but for four things: a fence may be indented by any amount or stand behind the
marker of a list item, a Python fence may open at the end of a line of prose, a fence may close at the end of a line of
code, and a fence inside of a triple-quoted string closes nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENING = re.compile(r"([ \t]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?)(`{3,}+|~{3,}+)[ \t]*+\{?\.?([\w+#-]*+)[^`]*$")
_AFTER_PROSE = ("```python", "```py", "```python3")
_TAB = 4
_SLACK = 3
"""A closing fence may be indented by so much more than its opening one."""
_STRING_LINES = 40
"""So far behind the first fence that could close a block the end of a triple-quoted string is looked for."""
_DEPTH = 2
_WRAPPERS = frozenset({"markdown", "md"})


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the first word behind its fence in lower case, what stands in it, and whether it was closed."""

    language: str
    text: str
    closed: bool


@dataclass(frozen=True, slots=True)
class _Fence:
    indent: int
    mark: str
    language: str


def fenced_blocks(text: str, depth: int = _DEPTH) -> Iterator[Block]:
    """The blocks of a text in their order; a block of Markdown gives the blocks in it. Lines end with a line feed."""
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        fence = _opening(lines[index])
        index += 1
        if fence is None:
            continue
        end = _closing(lines, index, fence)
        inside = "\n".join([*lines[index:end], *_before_fence(lines[end : end + 1], fence)])
        if fence.language in _WRAPPERS and depth:
            yield from fenced_blocks(inside, depth - 1)
        else:
            yield Block(fence.language, inside, closed=end < len(lines))
        index = end + 1


def _opening(line: str) -> _Fence | None:
    if match := _OPENING.match(line):
        return _Fence(len(match[1].expandtabs(_TAB)), match[2], match[3].lower())
    if line.rstrip().lower().endswith(_AFTER_PROSE):
        return _Fence(0, "```", "python")
    return None


def _closing(lines: list[str], start: int, fence: _Fence) -> int:
    """The line that closes the block: the first that can and is in no triple-quoted string; the text's end if none."""
    first, double, single = len(lines), 0, 0
    for index in range(start, len(lines)):
        line = lines[index]
        if index > first + _STRING_LINES:
            break
        if _closes(line, fence):
            if double % 2 == 0 and single % 2 == 0:
                return index
            first = min(first, index)
        double += line.count('"""')
        single += line.count("'''")
    return first


def _before_fence(line: list[str], fence: _Fence) -> list[str]:
    """What stands before the fence on the line that closes the block."""
    return [each.rstrip().rstrip(fence.mark[0]) for each in line if each.strip().strip(fence.mark[0])]


def _closes(line: str, fence: _Fence) -> bool:
    mark = line.strip()
    if not mark.endswith(fence.mark):
        return False
    if mark.strip(fence.mark[0]):
        return not mark.startswith(fence.mark[0])
    indent = len(line.expandtabs(_TAB)) - len(line.expandtabs(_TAB).lstrip())
    return indent <= fence.indent + _SLACK
