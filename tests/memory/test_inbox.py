import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from memory.inbox import MAX_WISH_BYTES, Wish, drain, leave, waiting
from memory.rule_wishes import AddRule, EditRule, JudgeRule
from tests.memory.builders import AT, a_task
from utils.errors import InputError, StorageFault


def wish(*task_ids: str) -> Wish:
    return Wish(by="a test", tasks=tuple(a_task(each) for each in task_ids))


def drained(folder: Path) -> list[str]:
    """The ids of the tasks that were taken in, in order."""
    taken: list[str] = []
    drain(folder, lambda wishes: taken.extend(task.id for each in wishes for task in each.tasks))
    return taken


def put(folder: Path, name: str, data: bytes) -> Path:
    (folder / "inbox").mkdir(exist_ok=True)
    (folder / "inbox" / name).write_bytes(data)
    return folder / "inbox" / name


def test_an_empty_or_missing_inbox_gives_nothing(tmp_path: Path) -> None:
    assert drain(tmp_path, lambda wishes: pytest.fail(str(wishes))) == 0
    (tmp_path / "inbox").mkdir()
    assert drain(tmp_path, lambda wishes: pytest.fail(str(wishes))) == 0


def test_wishes_are_taken_in_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    leave(tmp_path, wish("late"), at="2026-01-31T23:59:59.124Z")
    leave(tmp_path, wish("early", "early-too"), at="2026-01-31T23:59:59.123Z")
    leave(tmp_path, wish("last"), at="2026-02-01T00:00:00.000Z")
    assert drained(tmp_path) == ["early", "early-too", "late", "last"]
    assert list((tmp_path / "inbox").iterdir()) == []


def test_a_wish_comes_out_as_it_went_in(tmp_path: Path) -> None:
    rules = (
        AddRule(text="Zähle ab 0.", skills=("lists",), error_classes=("KeyError", "wrong answer")),
        EditRule(rule="rule-0123456789ab", text="Count from 0."),
        JudgeRule(rule="rule-0123456789ab", standing="banned"),
    )
    left = Wish(by="Größe", tasks=(a_task("x", goal="naïve \U0001f600", priority=3),), rules=rules, rebuild=True)
    leave(tmp_path, left, at=AT)
    assert waiting(tmp_path) == [left]


def test_a_wish_stays_until_it_was_taken(tmp_path: Path) -> None:
    leave(tmp_path, wish("x"), at=AT)

    def full(_: Sequence[Wish]) -> None:
        raise StorageFault("the disk is full")

    with pytest.raises(StorageFault):
        drain(tmp_path, full)
    assert drained(tmp_path) == ["x"]


GARBAGE = {
    "no-json": b"hello",
    "empty": b"",
    "no-object": b"[]",
    "not-utf8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "not-a-number": b'{"by": "x", "tasks": [], "schema_version": NaN}',
    "no-task": b'{"by": "x", "tasks": [{"id": "x"}]}',
    "long-name": json.dumps({"by": "x" * 201, "tasks": []}).encode(),
    "no-kind-of-rule": b'{"by": "x", "rules": [{"kind": "love", "rule": "rule-0123456789ab"}]}',
    "rule-without-words": b'{"by": "x", "rules": [{"kind": "add", "text": "..."}]}',
    "rule-of-two-lines": b'{"by": "x", "rules": [{"kind": "add", "text": "a\\nb"}]}',
    "path-for-a-rule": b'{"by": "x", "rules": [{"kind": "edit", "rule": "../../x", "text": "y"}]}',
    "no-standing": b'{"by": "x", "rules": [{"kind": "judge", "rule": "rule-0123456789ab", "standing": "set aside"}]}',
    "surrogate": b'{"by": "\\ud800", "tasks": []}',
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_wish_is_moved_away_with_a_notice_and_stops_nobody(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, f"{name}.json", GARBAGE[name])
    leave(tmp_path, wish("good"), at=AT)
    with capture_logs() as notices:
        assert drained(tmp_path) == ["good"]
    assert [(notice["event"], notice["file"]) for notice in notices] == [("inbox.refused", str(path))]
    assert "\n" not in notices[0]["why"]
    assert (tmp_path / "inbox" / "refused" / path.name).read_bytes() == GARBAGE[name]
    assert not path.exists()


def test_a_huge_file_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = put(tmp_path, "huge.json", b"")
    os.truncate(path, 50 * MAX_WISH_BYTES)
    with capture_logs() as notices:
        assert drained(tmp_path) == []
    assert notices[0]["why"].endswith(f"is larger than {MAX_WISH_BYTES} bytes")
    assert (tmp_path / "inbox" / "refused" / "huge.json").exists()


def test_a_wish_of_a_newer_version_is_refused_and_says_so(tmp_path: Path) -> None:
    put(tmp_path, "newer.json", b'{"schema_version": 2, "by": "the future", "dreams": []}')
    with capture_logs() as notices:
        assert drained(tmp_path) == []
    assert notices[0]["why"].endswith("newer.json was written by a newer version (schema 2); update this program")


@pytest.mark.parametrize(
    "task_id", ["../../etc/passwd", "/etc/passwd", "a/../b", "a//b", "a/", ".hidden", "a\nb", "a\0"]
)
def test_ids_that_are_paths_to_elsewhere_are_refused(tmp_path: Path, task_id: str) -> None:
    task = a_task().model_dump(mode="json") | {"id": task_id}
    put(tmp_path, "trick.json", json.dumps({"by": "x", "tasks": [task]}).encode())
    with capture_logs() as notices:
        assert drained(tmp_path) == []
    assert "tasks.0.id: " in notices[0]["why"]


def test_a_folder_and_a_pipe_in_the_inbox_are_moved_away(tmp_path: Path) -> None:
    (tmp_path / "inbox" / "folder.json").mkdir(parents=True)
    os.mkfifo(tmp_path / "inbox" / "pipe.json")
    with capture_logs() as notices:
        assert drained(tmp_path) == []
    assert len(notices) == 2
    assert sorted(path.name for path in (tmp_path / "inbox" / "refused").iterdir()) == ["folder.json", "pipe.json"]


def test_other_files_in_the_inbox_are_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, "notes.txt", b"mine")
    hidden = put(tmp_path, ".half.json.new", b"{")
    (tmp_path / "inbox" / "gone.json").symlink_to("nowhere")
    with capture_logs() as notices:
        assert drained(tmp_path) == []
    assert notices == []
    assert path.exists()
    assert hidden.exists()


def test_a_reader_moves_nothing(tmp_path: Path) -> None:
    path = put(tmp_path, "garbage.json", b"garbage")
    leave(tmp_path, wish("good"), at=AT)
    with capture_logs() as notices:
        assert [each.tasks[0].id for each in waiting(tmp_path)] == ["good"]
    assert (path.exists(), notices) == (True, [])


def test_a_task_that_would_not_fit_into_the_log_is_refused_when_it_is_left(tmp_path: Path) -> None:
    checks = [{"name": f"n{number}", "code": "assert 1 " + "#" * 99_000} for number in range(90)]
    big = Wish(by="a test", tasks=(a_task("big", checks=checks),))
    with pytest.raises(InputError, match=r"^the task big has \d+ bytes, \d+ fit; shorten its checks$"):
        leave(tmp_path, big, at=AT)
    put(tmp_path, "big.json", big.model_dump_json().encode())
    with capture_logs():
        assert drained(tmp_path) == []


def test_a_wish_of_the_time_before_rules_is_still_one(tmp_path: Path) -> None:
    put(tmp_path, "old.json", b'{"by": "x", "rebuild": true, "schema_version": 1, "tasks": []}')
    assert waiting(tmp_path) == [Wish(by="x", rebuild=True)]


def test_a_newer_wish_is_no_wish_of_this_program() -> None:
    with pytest.raises(ValidationError):
        Wish.model_validate({"schema_version": 2, "by": "x", "tasks": []})


def test_leaving_and_draining_at_the_same_time_loses_nothing(tmp_path: Path) -> None:
    names = [[f"t{thread}-{number}" for number in range(40)] for thread in range(4)]
    threads = [threading.Thread(target=leave_all, args=(tmp_path, each)) for each in names]
    for thread in threads:
        thread.start()
    taken: list[str] = []
    while any(thread.is_alive() for thread in threads):
        taken += drained(tmp_path)
    taken += drained(tmp_path)
    assert sorted(taken) == sorted(name for each in names for name in each)


def leave_all(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        leave(folder, wish(name), at=AT)
