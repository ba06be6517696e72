"""Where tasks come from: the built-in curriculum, HumanEval's and MBPP's files as published, and our own files.

    HumanEval    JSON lines with task_id, prompt, entry_point, canonical_solution, test
    MBPP         JSON lines with text, code, task_id, test_setup_code, test_list (the full set), or one JSON array
                 with prompt, code, task_id, test_imports, test_list (the sanitized set)
    our own      JSON (an object, an array), JSON lines, or TOML with [[task]] tables; the fields are those of
                 memory.tasks.Task, and memory/curriculum/README.md shows the TOML

Each of them may be packed with gzip. The shape is told from the content, not from the file's name.
"""

import io
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from memory.bounded_text import StrictJsonError, read_text, shown, shown_path, strict_json
from memory.task_rows import Row, task_of
from memory.tasks import Origin, Task
from utils.errors import InputError

_CURRICULUM = Path(__file__).resolve().parent / "curriculum"
_TOML_START = re.compile(r"#|\[\[?\s*[A-Za-z_]|[A-Za-z0-9_.-]+\s*=")
_TOML_LINE = re.compile(r"at line (\d+)")


def built_in_curriculum() -> tuple[Task, ...]:
    """The tasks that come with the program, in the order of skills (files) and within each file.

    Raises:
        InputError: a file of the curriculum was changed and is wrong now.
    """
    files = sorted(_CURRICULUM.glob("*.toml"))
    tasks = [each.task for path in files for each in _load(path, origin="curriculum")]
    _refuse_twins(tasks, [shown_path(_CURRICULUM)] * len(tasks))
    return tuple(tasks)


@dataclass(frozen=True, slots=True)
class PlacedTask:
    """A task, and the file and the line or row where it stands."""

    task: Task
    place: str


def load_tasks(path: Path) -> tuple[Task, ...]:
    """The tasks of one file, in its order; at least one.

    Raises:
        InputError: the file or a row of it is wrong; one line that names the file, the line or row, the field and
            what to do.
    """
    return tuple(each.task for each in load_placed(path))


def load_placed(path: Path) -> tuple[PlacedTask, ...]:
    """The same, each with its place.

    Raises:
        InputError: as `load_tasks`.
    """
    return _load(path, origin="file")


def _load(path: Path, *, origin: Origin) -> tuple[PlacedTask, ...]:
    rows = list(_rows(shown_path(path), read_text(path)))
    if not rows:
        raise InputError(f"{shown_path(path)}: holds no task; add one")
    tasks = tuple(task_of(row, origin=origin) for row in rows)
    _refuse_twins(tasks, [row.place for row in rows])
    return tuple(PlacedTask(task, row.place) for task, row in zip(tasks, rows, strict=True))


def _refuse_twins(tasks: list[Task] | tuple[Task, ...], places: list[str]) -> None:
    seen: dict[str, str] = {}
    for task, place in zip(tasks, places, strict=True):
        if task.id in seen:
            raise InputError(f"{place}, field id: {task.id} is already used by {seen[task.id]}; rename one")
        seen[task.id] = place


def _rows(name: str, text: str) -> Iterator[Row]:
    start = text.lstrip()
    if _TOML_START.match(start):
        return _toml_rows(name, text)
    if start.startswith("["):
        return _array_rows(name, text)
    if start.startswith("{"):
        return _object_rows(name, text)
    raise InputError(f"{name}: neither JSON, JSON lines nor TOML; see memory/curriculum/README.md for the shape")


def _toml_rows(name: str, text: str) -> Iterator[Row]:
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, and int()'s refusal of endless numbers
        line = _TOML_LINE.search(str(error))
        place = f"{name}, line {line[1]}" if line else name
        raise InputError(f"{place}: broken TOML ({shown(error)}); correct it") from error
    except RecursionError as error:
        raise InputError(f"{name}: broken TOML (nested too deeply); correct it") from error
    if "goal" in document:
        yield Row(f"{name}, the task", document)
        return
    if document.keys() != {"task"} or not isinstance(document["task"], list):
        raise InputError(f"{name}: a TOML file holds [[task]] tables only (found {shown(', '.join(document))})")
    yield from _numbered(f"{name}, task", document["task"])


def _array_rows(name: str, text: str) -> Iterator[Row]:
    rows = _json(name, text, first_line=1)
    assert isinstance(rows, list)
    return _numbered(f"{name}, row", rows)


def _numbered(prefix: str, rows: list[object]) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        yield _row(f"{prefix} {number}", row)


def _row(place: str, value: object) -> Row:
    if not isinstance(value, dict):
        raise InputError(f"{place}: must be an object with the fields of a task; correct it")
    return Row(place, value)


def _object_rows(name: str, text: str) -> Iterator[Row]:
    """One object over several lines, or JSON lines; a file is lines as soon as two of them open an object."""
    lines = [(number, line.rstrip()) for number, line in enumerate(io.StringIO(text), start=1) if line.strip()]
    if len(lines) > 1 and not any(line.startswith("{") for _, line in lines[1:]) and not _complete(lines[0][1]):
        yield _row(f"{name}, the task", _json(name, text, first_line=1))
        return
    for number, line in lines:
        yield _row(f"{name}, line {number}", _json(name, line, first_line=number))


def _complete(line: str) -> bool:
    return line.endswith("}")


def _json(name: str, text: str, *, first_line: int) -> object:
    try:
        return strict_json(text)
    except StrictJsonError as error:
        at = first_line + max(error.line, 1) - 1
        raise InputError(f"{name}, line {at}: {error}; correct it") from error
