import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from memory.experiments.notebook import Plan, create
from memory.inbox import Wish, leave
from memory.replies import RememberingModel
from memory.schema_files import FOLDER, KINDS, schemas, write_schemas
from tests.memory.builders import AT, a_task, document_bytes, live_a_little
from tests.memory.test_replies import Scripted, asking
from utils.clock import SystemClock

HERE = Path(__file__).resolve().parents[2]


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((FOLDER / f"{name}.json").read_bytes()))


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """A memory with a document of every kind."""
    live_a_little(tmp_path)
    RememberingModel(Scripted("one"), tmp_path / "code_archive" / "add" / "attempt-0001").complete(asking("a"))
    leave(tmp_path, Wish(by="a test", tasks=(a_task("late"),)), at=AT)
    create(tmp_path, Plan(name="heaps", claim="Use a heap."), clock=SystemClock())
    return tmp_path


def documents(memory: Path, where: str) -> list[Any]:
    """The documents at these places; each line of the log is one."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(memory.glob(where))]
    lines = [line for text in texts for line in text.splitlines()] if where.endswith("jsonl") else texts
    return [json.loads(text) for text in lines]


def test_the_files_are_what_the_models_say() -> None:
    """After a change of a model: python -m memory.schema_files."""
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir()} == schemas()


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(schemas()[name]))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_real_memory_fulfils_them(memory: Path, kind: Any) -> None:
    (memory / "task_memory" / "task_queue.json").rename(memory / "queue")
    where = kind.where.replace("task_memory/task_queue.json", "queue")
    found = documents(memory, where)
    assert found
    for document in found:
        validator(kind.name).validate(document)


def test_every_document_of_a_memory_has_a_kind(memory: Path) -> None:
    known = {path.relative_to(memory).as_posix() for kind in KINDS for path in memory.glob(kind.where)}
    assert set(document_bytes(memory)) - known == {"views.json"}


def test_a_task_fulfils_its_schema_and_a_task_without_a_goal_does_not() -> None:
    document = a_task().model_dump(mode="json")
    validator("task").validate(document)
    del document["goal"]
    with pytest.raises(ValidationError, match="'goal' is a required property"):
        validator("task").validate(document)


def test_writing_removes_the_schema_of_a_kind_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_bytes(b"{}")
    write_schemas(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == schemas()


def test_the_command_writes_them(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "memory.schema_files", str(tmp_path)], check=True, cwd=HERE, timeout=30)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == schemas()
