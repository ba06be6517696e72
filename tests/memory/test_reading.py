import json
from pathlib import Path

import pytest

from memory.beginnings import PromptFiles, given_tasks, remember
from memory.inbox import Wish, leave
from memory.known_tasks import as_known
from memory.reading import check_memory, find_task, known_tasks, latest_belogs, read_document
from memory.views.core import BuilderProfile, SkillMap
from tests.memory.builders import AT, a_task, added, live_a_little, open_memory, unit
from utils.errors import InputError

PROFILE = "core/builder_profile.json"


REVISED = PromptFiles(("solve", "way"), "3" * 64)


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    live_a_little(tmp_path / "memory")
    return tmp_path / "memory"


def refused(folder: Path, name: str = PROFILE) -> str:
    """The one line with which reading the profile is refused."""
    with pytest.raises(InputError) as caught:
        read_document(folder, name, BuilderProfile)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_document_is_read(memory: Path) -> None:
    assert read_document(memory, PROFILE, BuilderProfile).units == 2
    assert list(read_document(memory, "core/skill_map.json", SkillMap).skills) == ["arithmetic", "sorting"]


def test_no_memory_says_how_to_start_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        assert refused(folder).endswith("start one with `python loop.py`, or name it with --memory")


def test_an_inbox_alone_is_a_memory_to_be(tmp_path: Path) -> None:
    leave(tmp_path, Wish(by="x", tasks=(a_task(),)), at=AT)
    check_memory(tmp_path)
    assert [task.id for task in known_tasks(tmp_path)] == ["add"]


def test_a_missing_document_says_what_makes_it(memory: Path) -> None:
    (memory / PROFILE).unlink()
    assert "builder_profile.json is not there yet; run `python loop.py`" in refused(memory)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "no JSON at line 1, column 1"),
        (b'{"units": 1', "no JSON at line 1"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b'{"units": NaN}', "NaN is no JSON number"),
        (b"[" * 100_000, "nested too deep"),
        (b"[]", "mend it with `python utils/cli.py rebuild`"),
        (b'{"schema_version": 1}', "memory_id: Field required; mend it with `python utils/cli.py rebuild`"),
        (b'{"schema_version": 2}', "was written by a newer version (schema 2); update this program"),
    ],
)
def test_a_damaged_or_newer_document_is_refused_in_one_line(memory: Path, text: bytes, why: str) -> None:
    (memory / PROFILE).write_bytes(text)
    assert why in refused(memory)


def test_a_document_that_is_a_folder_is_refused(memory: Path) -> None:
    (memory / PROFILE).unlink()
    (memory / PROFILE).mkdir()
    assert "builder_profile.json is a folder" in refused(memory)


def test_a_task_is_found_by_its_id(memory: Path) -> None:
    found = find_task(memory, "sort/it")
    assert (found.task.skills, found.attempts, found.passes) == (("sorting",), 1, 0)


def test_a_task_that_waits_in_the_inbox_is_found(memory: Path) -> None:
    leave(memory, Wish(by="x", tasks=(a_task("new"),)), at=AT)
    assert (find_task(memory, "new").task.id, find_task(memory, "new").attempts) == ("new", 0)


@pytest.mark.parametrize("task_id", ["nothing", "../memory", "a\n\x1b[2J", "x" * 5000, ""])
def test_an_unknown_task_is_refused_in_one_short_line(memory: Path, task_id: str) -> None:
    with pytest.raises(InputError, match=r"^there is no task '[^\n\x1b]{0,110}' in [^\n]*; `list-tasks` shows"):
        find_task(memory, task_id)


def test_a_task_called_queue_is_found_and_is_not_the_queue(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        memory.append([added("queue", origin="user"), added("Queue")])
    assert find_task(tmp_path, "queue").task.id == "queue"
    assert [task.id for task in known_tasks(tmp_path)] == ["queue", "Queue"]


def test_people_s_waiting_tasks_come_first_by_priority_each_task_once(memory: Path) -> None:
    again = a_task("wish", origin="user", priority=5)
    leave(memory, Wish(by="x", tasks=(a_task("new", priority=1), again)), at=AT)
    assert [task.id for task in known_tasks(memory)] == ["wish", "new", "add", "sort/it"]


def test_garbage_in_the_inbox_is_in_no_reader_s_way(memory: Path) -> None:
    (memory / "inbox").mkdir()
    (memory / "inbox" / "x.json").write_bytes(b"garbage")
    assert len(list(known_tasks(memory))) == 3
    assert (memory / "inbox" / "x.json").exists()


def test_a_damaged_queue_is_named(memory: Path) -> None:
    (memory / "task_memory" / "task_queue.json").write_bytes(b"{}")
    with pytest.raises(InputError, match=r"task_queue\.json: waiting: Field required"):
        list(known_tasks(memory))


def test_the_latest_logs_come_newest_first(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        memory.append([added(), added("b")])
        for number in (998, 999, 1000, 1001):
            unit(memory, number, ("add", "b")[number % 2])
    traces = [log.execution_trace_id for log in latest_belogs(tmp_path, count=3)]
    assert traces == ["abcdef12-001001", "abcdef12-001000", "abcdef12-000999"]
    of_task = [log.execution_trace_id for log in latest_belogs(tmp_path, count=9, task_id="add")]
    assert of_task == ["abcdef12-001000", "abcdef12-000998"]


def test_a_memory_without_logs_has_none(tmp_path: Path) -> None:
    open_memory(tmp_path).close()
    assert latest_belogs(tmp_path, count=5) == []


def test_tasks_and_blueprint_are_remembered_once(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        for _ in range(2):
            remember(memory, [a_task(), a_task("b")], plain=PromptFiles(("solve",), "1" * 64), revised=REVISED, by="x")
        assert memory.state.last_seq == 4
        new = [a_task(goal="New."), a_task("b")]
        remember(memory, new, plain=PromptFiles(("solve",), "2" * 64), revised=REVISED, by="x")
        versions = [each.version for each in memory.state.blueprints.versions("builder-default")]
        assert (memory.state.tasks["add"].task.goal, versions, memory.state.last_seq) == ("New.", [1, 2], 6)


def test_without_task_files_there_is_the_curriculum() -> None:
    assert {task.origin for task in given_tasks(())} == {"curriculum"}


def test_of_two_files_the_later_one_s_task_counts(tmp_path: Path) -> None:
    for name, goal in (("one", "First."), ("two", "Second.")):
        (tmp_path / name).write_text(json.dumps({**a_task().model_dump(mode="json"), "goal": goal}), encoding="utf-8")
    assert [task.goal for task in given_tasks((tmp_path / "one", tmp_path / "two"))] == ["Second."]


def test_the_rehearsal_model_is_told_what_it_needs() -> None:
    known = as_known(a_task(reference="def add(a, b): return a + b", difficulty=0.25))
    assert (known.id, known.entry_point, known.difficulty, known.skills) == ("add", "add", 0.25, ("arithmetic",))
    assert known.reference == "def add(a, b): return a + b"
