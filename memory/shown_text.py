"""What a Builder is given with a task, read for the calls and statements that stand in it."""

import ast
import re
from collections.abc import Iterator

from memory.check_sites import Site, own_names
from memory.solution_calls import form, forms, forms_in_text, squeezed
from memory.tasks import Task
from utils.python_source import parse_python

LEAST_TOLD = 5
"""Characters of arguments that count as told where they stand without their call, as in `[1, 2] --> 3`."""
NEAR = 40
"""Words within which a program's output has to follow its input to count as told."""
_PROMPTED = re.compile(r"^[ \t]*(?:>>>|\.\.\.) ?", re.MULTILINE)
_TRIM = "`'\"“”‘’.,;:()"


class ShownText:
    """The goal, the starter, the examples, the name and the notes of one task."""

    def __init__(self, task: Task) -> None:
        """Everything is read once."""
        self._names = own_names(task)
        texts = (task.name, task.goal, task.starter, *task.examples, *task.constraints.notes)
        # a docstring also as its reader sees it
        text = "\n".join((*texts, *_docstrings(task.starter)))
        self._calls = forms_in_text(text, self._names) | self._called(task)
        self._lines = frozenset(line for code in self._code(task, text) for line in self._statements(code))
        self._words, self._squeezed = _words(text), squeezed(text)

    def knows(self, call: str) -> bool:
        """Whether a call, in its form, stands in it."""
        return call in self._calls

    def holds(self, site: Site) -> bool:
        """Whether all that the site asks stands in it."""
        if site.kind == "program":
            return self._tells(*site.content.split("\0"))
        if site.calls is None:
            return site.content in self._lines
        return bool(site.calls) and (site.calls <= self._calls or self._gives(site.arguments))

    def _gives(self, arguments: frozenset[str]) -> bool:
        """Whether all that calls are given stands in it, written out in one piece."""
        return bool(arguments) and all(len(each) >= LEAST_TOLD and each in self._squeezed for each in arguments)

    def _called(self, task: Task) -> frozenset[str]:
        found = set[str]()
        for line in (line for example in task.examples for line in _body(example)):
            found |= forms(line, self._names) or frozenset()
        return frozenset(found)

    def _code(self, task: Task, text: str) -> Iterator[str]:
        yield from task.examples
        yield "\n".join(_PROMPTED.sub("", line) for line in text.split("\n") if _PROMPTED.match(line))

    def _statements(self, code: str) -> Iterator[str]:
        """The form of each whole piece of code, and of each test in it."""
        body = _body(code)
        yield ast.dump(ast.Module(body, []))
        for line in body:
            if isinstance(line, ast.Assert):
                yield form(line.test, self._names)

    def _tells(self, stdin: str, stdout: str) -> bool:
        """Whether a program's input stands in it, and not far behind it the output."""
        given, wanted = _words(stdin), _words(stdout)
        return any(
            bool(_places(self._words[end : end + NEAR + len(wanted)], wanted))
            for end in (at + len(given) for at in _places(self._words, given))
        )


def _words(text: str) -> list[str]:
    return [bare for word in text.split() if (bare := word.strip(_TRIM))]


def _places(words: list[str], part: list[str]) -> list[int]:
    """Where the part begins in the words."""
    return [at for at in range(len(words) - len(part) + 1) if words[at : at + len(part)] == part]


def _body(code: str) -> list[ast.stmt]:
    try:
        return parse_python(code).body
    except SyntaxError:
        return []


def _docstrings(code: str) -> Iterator[str]:
    for node in ast.walk(ast.Module(_body(code), [])):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
