"""Where people's rules come from: files of plain text, JSON, JSON lines or TOML, and notes in Markdown.

    plain text   one rule a line; blank lines and lines that start with # are left out
    JSON         an array of {"text": .., "skills": [..], "error_classes": [..]}; the last two may be missing
    JSON lines   such an object on every line
    TOML         [[rule]] tables with the same fields

The shape is told from the first line that says something; only notes are told by the file's name, see notebooks.
Rules of equal normalised text are one, with the scopes of all.
"""

import tomllib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from memory.bounded_text import StrictJsonError, shown_path, strict_json
from memory.notebooks import SUFFIXES, notebook_items
from memory.rule_origins import GivenSource, Source
from memory.rule_wishes import AddRule
from memory.rules import RuleBook, RuleRecord
from utils.errors import InputError
from utils.files import read_bounded
from utils.text import one_line

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_RULES = 10_000
TOML_TABLE = "[[rule]]"
NOBODY = Source(kind="person", by="")

Row = tuple[str, object]
"""Where it stands, and what stands there: a text, or an object with fields."""


class _Line(BaseModel):
    """A rule as a file has it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str
    skills: list[str] = []
    error_classes: list[str] = []


def load_rules(path: Path, source: GivenSource | None = None) -> tuple[AddRule, ...]:
    """The rules of one file, in its order, each once; at least one.

    Args:
        path: the file; notes in Markdown if its name says so.
        source: where they come from; by default a notebook for notes, else a person.

    Raises:
        InputError: the file or a rule of it is wrong; one line that names the file, the line or rule, the field and
            what to do.
    """
    name = shown_path(path)
    notes = path.suffix.lower() in SUFFIXES
    found = notebook_items(name, _text(path)) if notes else _rows(name, _text(path))
    rows = list(islice(found, MAX_RULES + 1))
    if len(rows) > MAX_RULES:
        raise InputError(f"{name}: more than {MAX_RULES} rules; add them in parts")
    if not rows:
        raise InputError(f"{name}: holds no rule; write one a line")
    book = RuleBook()
    for place, value in rows:
        rule = _rule(place, value)
        book.propose(rule.text, source=NOBODY, at="", skills=rule.skills, error_classes=rule.error_classes)
    origin = {"source": source or ("notebook" if notes else "person"), "file": one_line(path.name)}
    return tuple(_rule(name, _fields(record)).model_copy(update=origin) for record in book)


def _fields(record: RuleRecord) -> object:
    return {"text": record.text, "skills": sorted(record.skills), "error_classes": sorted(record.error_classes)}


def _rule(place: str, value: object) -> AddRule:
    try:
        line = _Line.model_validate({"text": value} if isinstance(value, str) else value)
        return AddRule(text=line.text, skills=tuple(line.skills), error_classes=tuple(line.error_classes))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the rule"
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{place}, {one_line(field, 60)}: {message}; correct it") from error


def _text(path: Path) -> str:
    data = read_bounded(path, limit=MAX_FILE_BYTES, what="the file of rules")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{shown_path(path)}, line {number}: not UTF-8; save the file as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows(name: str, text: str) -> Iterator[Row]:
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1)]
    said = [(number, line) for number, line in lines if line and not line.startswith("#")]
    first = said[0][1] if said else ""
    if first.startswith(TOML_TABLE):
        return _toml_rows(name, text)
    if first.startswith("["):
        return _array_rows(name, text)
    if first.startswith("{"):
        return ((f"{name}, line {number}", _json(f"{name}, line {number}", line)) for number, line in said)
    return ((f"{name}, line {number}", line) for number, line in said)


def _toml_rows(name: str, text: str) -> Iterator[Row]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: broken TOML ({one_line(str(error))}); correct it") from error
    if document.keys() != {"rule"}:
        others = one_line(", ".join(document.keys() - {"rule"}), 60)
        raise InputError(f"{name}: holds {others} beside the {TOML_TABLE} tables; take it out")
    return ((f"{name}, rule {number}", value) for number, value in enumerate(document["rule"], start=1))


def _array_rows(name: str, text: str) -> Iterator[Row]:
    rows = _json(name, text)
    if not isinstance(rows, list):
        raise InputError(f"{name}: must be an array of rules; correct it")
    return ((f"{name}, rule {number}", value) for number, value in enumerate(rows, start=1))


def _json(place: str, text: str) -> object:
    try:
        return strict_json(text)
    except StrictJsonError as error:
        at = f"{place}, line {error.line}" if error.line > 1 else place
        raise InputError(f"{at}: {error}; correct it, or do not begin with a brace or bracket") from error
