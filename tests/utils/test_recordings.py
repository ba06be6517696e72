"""Replies that are recorded and given again."""

import json
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.utils.asking import SCHEMA, ask
from utils.completions import Completion, Message, Reply, Usage
from utils.errors import InputError, ModelRefused, StorageFault
from utils.recordings import Recorder, Recording, ReplayModel, request_digest
from utils.text import well_formed

USAGE = Usage(prompt_tokens=3, completion_tokens=1)


class Counting:
    """Answers 1, 2, 3 and so on."""

    name = "counting"

    def __init__(self) -> None:
        self._numbers: Iterator[int] = iter(range(1, 1000))

    def complete(self, completion: Completion) -> Reply:
        text = well_formed(f"{next(self._numbers)} to {completion.messages[-1].content}")
        return Reply(text=text, reasoning="hm", finish="length", usage=USAGE, model="counting-v1", wall_s=0.25)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "night.jsonl"


def record(path: Path, *questions: Completion) -> list[Reply]:
    recorder = Recorder(Counting(), path)
    replies = [recorder.complete(question) for question in questions]
    recorder.close()
    return replies


def test_the_same_requests_get_the_same_replies_in_their_order(path: Path) -> None:
    questions = [ask("a"), ask("b", json_schema=SCHEMA, seed=1), ask("a"), ask("Grüße \ud800")]
    replies = record(path, *questions)
    replay = ReplayModel(path)
    assert [replay.complete(question) for question in questions] == replies
    assert replay.name == "replay:night.jsonl"


def test_a_request_beyond_the_recorded_ones_is_refused_and_says_what_to_do(path: Path) -> None:
    record(path, ask("a"))
    replay = ReplayModel(path)
    replay.complete(ask("a"))
    for question, what in ((ask("a"), "only 1 replies"), (ask("b"), "no reply")):
        with pytest.raises(ModelRefused, match=rf"night\.jsonl has {what} to this request .* or record it anew"):
            replay.complete(question)


@pytest.mark.parametrize(
    "change",
    [
        {"messages": (Message("system", "Write it."),)},
        {"messages": (Message("user", "Write it. "),)},
        {"temperature": 0.3},
        {"top_p": 0.9},
        {"max_tokens": 1},
        {"seed": 0},
        {"json_schema": {}},
    ],
)
def test_any_difference_makes_another_request(change: dict[str, Any]) -> None:
    assert request_digest(replace(ask(), **change)) != request_digest(ask())


def test_equal_requests_have_one_digest_in_every_process() -> None:
    ones = [ask(temperature=1, json_schema={"a": 1, "b": 2}), ask(temperature=1.0, json_schema={"b": 2, "a": 1})]
    assert [request_digest(one) for one in ones] == [
        "cde50fb51b2a6d1c91a2402d7118e6d4d3b4812226e6683a08f20289e90014e0"
    ] * 2


def test_the_unit_that_asks_is_no_part_of_a_request_and_not_kept(path: Path) -> None:
    [reply] = record(path, ask("a", unit="ab12cd34-000001"))
    assert b"ab12cd34" not in path.read_bytes()
    assert ReplayModel(path).complete(ask("a", unit="ab12cd34-000002")) == reply


def test_a_recording_goes_on_where_it_ended(path: Path) -> None:
    record(path, ask("a"))
    record(path, ask("a"))
    replay = ReplayModel(path)
    assert [replay.complete(ask("a")).text for _ in range(2)] == ["1 to a"] * 2


@pytest.mark.parametrize("kept", [1, 30, -1])
def test_a_torn_last_line_is_left_out_with_a_notice_and_cut_off_before_more_is_written(path: Path, kept: int) -> None:
    record(path, ask("a"), ask("b"))
    first, second, _ = path.read_bytes().split(b"\n")
    path.write_bytes(first + b"\n" + second[:kept])
    with capture_logs() as logged:
        replay = ReplayModel(path)
    assert [(entry["event"], entry["line"]) for entry in logged] == [("recording.torn", 2)]
    assert replay.complete(ask("a")).text == "1 to a"
    record(path, ask("c"))
    assert [json.loads(line)["reply"]["text"] for line in path.read_text().splitlines()] == ["1 to a", "1 to c"]


def cut_in_the_middle(line: bytes) -> bytes:
    return line[: len(line) // 2] + b"\n"


def changed_reply_field(line: bytes) -> bytes:
    return line.replace(b'"wall_s"', b'"hall_s"')


def changed_request(line: bytes) -> bytes:
    return line.replace(b'"max_tokens":2048', b'"max_tokens":2049')


def newer_version(line: bytes) -> bytes:
    return line.replace(b'"schema_version":1', b'"schema_version":2')


def no_utf8(line: bytes) -> bytes:
    return b"\xff" + line


@pytest.mark.parametrize("damage", [cut_in_the_middle, changed_reply_field, changed_request, newer_version, no_utf8])
def test_damage_in_the_middle_is_refused_with_its_line(path: Path, damage: Callable[[bytes], bytes]) -> None:
    record(path, ask("a"), ask("b"), ask("c"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + damage(lines[1]) + lines[2])
    with pytest.raises(InputError, match=r"night\.jsonl, line 2 is no recording"):
        ReplayModel(path)
    with pytest.raises(InputError, match="line 2"):
        Recorder(Counting(), path)


@pytest.mark.parametrize("content", [b"notes", b'{"api_key": "x"}', b"notes\n"])
def test_a_file_of_something_else_is_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"no (file of )?recording"):
        Recorder(Counting(), path)
    assert path.read_bytes() == content


def test_a_file_that_is_not_there_cannot_be_replayed(path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        ReplayModel(path)


def test_a_folder_cannot_be_recorded_into(tmp_path: Path) -> None:
    with pytest.raises(StorageFault, match="Is a directory"):
        Recorder(Counting(), tmp_path)


@pytest.fixture
def little_room(path: Path) -> Iterator[Path]:
    """A limit on the size of files, which a write notices in the same way as a full disk."""
    record(path, ask("a"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, hard))
    yield path
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_a_storage_fault_and_tears_no_line(little_room: Path) -> None:
    before = little_room.read_bytes()
    recorder = Recorder(Counting(), little_room)
    with pytest.raises(StorageFault, match="the disk is full"):
        recorder.complete(ask())
    recorder.close()
    assert little_room.read_bytes() == before


def test_threads_record_and_replay_whole_lines(path: Path) -> None:
    recorder = Recorder(Counting(), path)
    assert recorder.name == "counting"
    with ThreadPoolExecutor(4) as pool:
        recorded = list(pool.map(recorder.complete, [ask(str(n)) for n in range(40)]))
        recorder.close()
        replay = ReplayModel(path)
        assert list(pool.map(replay.complete, [ask(str(n)) for n in range(40)])) == recorded


def test_a_line_can_be_read_by_hand(path: Path) -> None:
    record(path, ask("a"))
    recording = Recording.model_validate_json(path.read_bytes())
    assert (recording.schema_version, recording.request, recording.reply.text) == (1, ask("a"), "1 to a")
