"""Rules from notes: the items of lists under a heading such as "Rules" or "Lessons learned" in a Markdown file.

Everything else in the notes is left alone: other sections, prose, quotes and fenced code. What stands in such a list
and cannot be a rule by itself is refused with its line, so that nothing is brought in by mistake: an item below an
item, a box to be ticked, an item that only leads to others, and an empty one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from utils.errors import InputError
from utils.text import one_line

SUFFIXES = (".md", ".markdown")
HEADINGS = "Rules or Lessons"

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_OF_RULES = re.compile(r"\b(rules?|lessons?)\b", re.IGNORECASE)
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_BOX = re.compile(r"\[[ xX]?\](?:\s|$)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_NOT_NESTED = 1
"""Spaces before an item of the outermost list, at most."""


@dataclass(slots=True)
class _Item:
    line: int
    text: str


def notebook_items(name: str, text: str) -> list[tuple[str, object]]:
    """Where each rule of the notes stands, and its text; at least one.

    Raises:
        InputError: there is no such heading, no item under it, or an item is no rule; names the file and the line.
    """
    sections = list(_lines_of_rules(text))
    if not sections:
        raise InputError(f"{name}: has no heading that speaks of {HEADINGS}; put one above the list of rules")
    items = [_checked(name, item) for item in _items(name, sections)]
    if not items:
        raise InputError(f"{name}: has no list under its heading of {HEADINGS}; write each rule as `- rule`")
    return items


def _lines_of_rules(text: str) -> Iterator[tuple[int, str]]:
    """The lines, with their numbers, of the sections whose heading, or a heading above it, speaks of rules.

    The heading's own line is among them, as an empty one.
    """
    fence, inside = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        mark = _FENCE.match(line)
        heading = None if fence else _HEADING.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif heading and (not inside or len(heading[1]) <= inside):
            inside = len(heading[1]) if _OF_RULES.search(heading[2]) else 0
        if inside:
            yield number, "" if fence or mark or heading else line


def _items(name: str, lines: list[tuple[int, str]]) -> Iterator[_Item]:
    """The items, lines that go on with them joined."""
    item: _Item | None = None
    for number, line in lines:
        start = _ITEM.match(line)
        if start is None and item is not None and line.strip():
            item.text += f" {line.strip()}"
            continue
        if item is not None and (start is not None or not line.strip()):
            yield item
            item = None
        if start is not None:
            if len(start[1].expandtabs(4)) > _NOT_NESTED:
                raise InputError(f"{name}, line {number}: an item below another; a rule stands by itself, move it out")
            item = _Item(number, (start[2] or "").strip())
    if item is not None:
        yield item


def _checked(name: str, item: _Item) -> tuple[str, object]:
    place = f"{name}, line {item.line}"
    shown = one_line(item.text, 60)
    if not item.text:
        raise InputError(f"{place}: an empty item; write a rule or take it out")
    if _BOX.match(item.text):
        raise InputError(f"{place}: {shown!r} is to be ticked, no rule; take the box away or the item out")
    if item.text.endswith(":"):
        raise InputError(f"{place}: {shown!r} only leads to what follows; write it as a whole rule")
    return place, _STRONG.sub(r"\2", item.text)
