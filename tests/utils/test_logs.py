import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from utils import logs
from utils.logs import log_to_file


@pytest.fixture(autouse=True)
def afterwards(tmp_path: Path) -> Iterator[None]:
    """The next test logs as if nothing had been configured."""
    yield
    log_to_file(tmp_path / "closed.jsonl")
    structlog.reset_defaults()


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_events_are_lines_of_json_with_level_and_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "logs" / "loop.jsonl"
    log_to_file(path)
    structlog.get_logger().info("attempt.graded", task="a\nb\x1b \ud800 %s", passed=3, path=path)
    found = read(path)[0]
    assert (found["event"], found["level"], found["task"], found["passed"]) == (
        "attempt.graded", "info", "a\nb\x1b \ud800 %s", 3,
    )  # fmt: skip
    assert str(found["timestamp"]).endswith("Z")
    assert capsys.readouterr() == ("", "")


def test_an_exception_is_kept_with_its_traceback(tmp_path: Path) -> None:
    log_to_file(tmp_path / "l.jsonl")
    try:
        {"found": 1}["lost"]
    except KeyError:
        structlog.get_logger().exception("attempt.defect")
    assert "KeyError: 'lost'" in str(read(tmp_path / "l.jsonl")[0]["exception"])


def test_another_file_takes_over(tmp_path: Path) -> None:
    log_to_file(tmp_path / "one.jsonl")
    structlog.get_logger().info("first")
    log_to_file(tmp_path / "two.jsonl")
    structlog.get_logger().info("second")
    assert [[line["event"] for line in read(tmp_path / f"{name}.jsonl")] for name in ("one", "two")] == [
        ["first"], ["second"],
    ]  # fmt: skip


def test_the_log_cannot_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 2000)  # 20 MiB would take a while
    log_to_file(tmp_path / "l.jsonl")
    for number in range(500):
        structlog.get_logger().info("tick", number=number)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 4
    assert max(sizes) <= 2000
