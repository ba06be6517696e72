"""The agent's parts without a sandbox around them: messages, what is kept of output, user ids, its language."""

import ast
import inspect
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import executor.agent as agent_package
from executor.agent.frames import (
    HEAD,
    Channel,
    Inbox,
    MalformedError,
    packed,
    read_exactly,
    read_message,
    write_all,
)
from executor.agent.job import put_files, seconds_up
from executor.agent.outcome import Capture
from executor.agent.processes import tasks_of
from executor.agent.surroundings import Users
from executor.agent_bundle import agent_source
from tests.running import CHECKOUT

LARGEST = 1 << 16
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)
HEADERS = st.none() | st.dictionaries(st.text(), JSON, max_size=3)
MESSAGES = st.lists(st.tuples(HEADERS, st.binary(max_size=50)), max_size=6)


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        try:
            os.close(fd)
        except OSError:
            continue  # the test has


def all_of(inbox: Inbox) -> list[tuple[dict[str, Any] | None, bytes]]:
    found = []
    while (message := inbox.next()) is not None:
        found.append(message)
    return found


@given(MESSAGES, st.data())
def test_messages_come_out_as_they_went_in_however_they_are_cut(
    messages: list[tuple[dict[str, Any] | None, bytes]], data: st.DataObject
) -> None:
    raw = b"".join(packed(header, blob) for header, blob in messages)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)))) | {0, len(raw)})
    inbox, found = Inbox(largest=LARGEST), []
    for start, end in pairwise(cuts):
        inbox.feed(raw[start:end])
        found += all_of(inbox)
    assert found == messages
    assert len(inbox) == 0


@given(st.lists(st.binary(max_size=40)))
def test_blobs_lie_one_behind_the_other(blobs: list[bytes]) -> None:
    inbox = Inbox(largest=LARGEST)
    inbox.feed(packed({"op": "run"}, *blobs))
    assert inbox.next() == ({"op": "run"}, b"".join(blobs))


@given(st.binary(max_size=60) | st.builds(lambda text: HEAD.pack(len(text), 0) + text, st.binary(min_size=1)))
def test_nonsense_is_refused_or_waited_for_and_never_taken_for_a_header_of_another_kind(nonsense: bytes) -> None:
    inbox = Inbox(largest=LARGEST)
    inbox.feed(nonsense)
    try:
        found = all_of(inbox)
    except ValueError:
        return
    assert all(header is None or isinstance(header, dict) for header, _ in found)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_message_beyond_the_largest_size_is_refused_before_it_has_come(header: int, blob: int) -> None:
    inbox = Inbox(largest=LARGEST)
    inbox.feed(HEAD.pack(header, blob))
    if HEAD.size + header + blob > LARGEST:
        with pytest.raises(MalformedError, match="a message of"):
            inbox.next()
    elif header or blob:
        assert inbox.next() is None


@pytest.mark.parametrize("text", [b"[]", b"3", b'"run"', b"null", b"true"])
def test_a_header_is_an_object(text: bytes) -> None:
    inbox = Inbox(largest=LARGEST)
    inbox.feed(HEAD.pack(len(text), 0) + text)
    with pytest.raises(MalformedError, match="no object"):
        inbox.next()


@given(HEADERS.filter(bool), st.binary(max_size=100), st.integers(0, 200))
def test_a_message_on_a_pipe_is_read_whole_or_not_at_all(header: dict[str, Any], blob: bytes, cut: int) -> None:
    raw = packed(header, blob)
    with pipe() as (reading, writing):
        os.write(writing, raw[:cut])
        os.close(writing)
        assert read_message(reading) == ((header, blob) if cut >= len(raw) else None)


def test_more_than_a_pipe_holds_goes_through_whole() -> None:
    much = os.urandom(300_000)
    with pipe() as (reading, writing):
        writer = Thread(target=write_all, args=(writing, much))
        writer.start()
        assert read_exactly(reading, len(much)) == much
        writer.join()


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_frames_of_a_program_come_back_as_they_were_sent(frames: list[bytes]) -> None:
    with pipe() as (reading, writing):
        channel = Channel(reading, writing, max_frame=50)
        for frame in frames:
            channel.send(frame)
        assert [channel.receive() for _ in frames] == frames
        with pytest.raises(ValueError, match="a frame may have 50 bytes, this one has 51"):
            channel.send(bytes(51))
        os.close(writing)
        assert channel.receive() is None


@given(st.lists(st.binary(max_size=30)), st.integers(0, 20))
def test_of_output_the_first_and_the_last_bytes_are_kept_and_all_are_counted(pieces: list[bytes], half: int) -> None:
    whole, capture = b"".join(pieces), Capture(half)
    for piece in pieces:
        capture.feed(piece)
    assert capture.total == len(whole)
    assert capture.head == whole[:half]
    rest = whole[half:]
    assert bytes(capture.tail) == rest[max(0, len(rest) - half) :]


@given(st.floats(0.001, 1e6))
def test_seconds_are_rounded_up_to_what_the_kernel_takes(seconds: float) -> None:
    assert seconds_up(seconds) >= max(1, seconds)
    assert seconds_up(seconds) < seconds + 1 or seconds_up(seconds) == 1


def test_each_job_of_a_root_agent_has_a_user_of_its_own_that_runs_nothing() -> None:
    if os.getuid() != 0:
        pytest.skip("only root gives users")
    users = Users(given=True)
    found = [users.fresh() for _ in range(300)]
    assert len(set(found)) == 300
    assert all(uid is not None and uid >= 60_000 and tasks_of(uid) == 0 for uid in found)


def test_two_agents_give_different_users() -> None:
    if os.getuid() != 0:
        pytest.skip("only root gives users")
    first, second = Users(given=True), Users(given=True)
    assert not {first.fresh() for _ in range(50)} & {second.fresh() for _ in range(50)}


def test_where_none_are_given_jobs_have_the_agents_own_user() -> None:
    assert [Users(given=False).fresh() for _ in range(2)] == [None, None]


NAMES = st.text(st.sampled_from("./ab\n~-é"), min_size=1, max_size=8) | st.sampled_from(["a/b/c", "../a", "a/../../b"])


@given(st.dictionaries(NAMES, st.binary(max_size=4), max_size=3))
def test_a_jobs_files_are_written_below_its_folder_or_not_at_all(files: dict[str, bytes]) -> None:
    before = Path.cwd()
    with TemporaryDirectory() as top:
        work = Path(top) / "in" / "work"
        work.mkdir(parents=True)
        os.chdir(work)
        given = [(name, len(data)) for name, data in files.items()]
        try:
            put_files(given, memoryview(b"".join(files.values())))
            assert {name: Path(name).read_bytes() for name in files} == files
        except (ValueError, OSError):
            pass  # no relative path, or a file stands where another needs a folder
        finally:
            os.chdir(before)
        assert {path.name for path in Path(top).rglob("*") if not path.is_relative_to(work)} == {"in"}


# --- The language of the agent --------------------------------------------------------------------------------------

SOURCES = [
    *sorted(Path(inspect.getfile(agent_package)).parent.glob("*.py")),
    *(CHECKOUT / "executor/grading" / f"{name}.py" for name in ("wire", "candidate_agent", "remote", "judge_agent")),
]
NEWER_NAMES = {
    "aiter", "anext", "add_note", "ExceptionGroup", "BaseExceptionGroup", "bit_count", "pairwise", "batched",
    "EllipsisType", "NoneType", "NotImplementedType", "UnionType", "aclosing", "eventfd", "splice", "unshare",
    "setns", "get_annotations", "orig_argv", "stdlib_module_names", "co_qualname", "co_positions",
    "StrEnum", "UTC", "tomllib", "file_digest", "cbrt", "exp2", "sumprod", "Self", "Never", "assert_never", "override",
    "ParamSpec", "TypeAlias", "TypeGuard", "process_cpu_count", "activate_stack_trampoline", "RLIMIT_KQUEUES",
}  # fmt: skip
NEWER_ARGUMENTS = {"zip": {"strict"}, "dataclass": {"slots", "kw_only"}, "glob": {"root_dir"}, "bisect": {"key"}}


def newer_than_3_9(source: str) -> list[str]:
    """What in it Python 3.9 does not have, by a list of the names and arguments that came later; [] for nothing."""
    found = []
    for node in ast.walk(ast.parse(source, feature_version=(3, 9))):
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            found += [name] if name in NEWER_NAMES else []
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found += [alias.name for alias in node.names if alias.name in NEWER_NAMES]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = {keyword.arg for keyword in node.keywords} & NEWER_ARGUMENTS.get(called, set())
            found += [f"{called}({argument}=)" for argument in given]
            one_argument = called in {"format_exception", "print_exception"} and len(node.args) == 1
            found += [f"{called}(exception)"] if one_argument else []
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_what_runs_inside_of_sandboxes_is_python_3_9(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert newer_than_3_9(source) == []
    annotated = any(isinstance(node, ast.arg) and node.annotation for node in ast.walk(ast.parse(source)))
    assert not annotated or "from __future__ import annotations" in source  # `X | None` would be evaluated there


def test_the_whole_bundle_parses_as_python_3_9() -> None:
    ast.parse(agent_source(compiled=False), feature_version=(3, 9))


@pytest.mark.parametrize(
    "source",
    [
        "match x:\n    case 1: pass",
        "try: pass\nexcept* ValueError: pass",
        "import tomllib",
        "from enum import StrEnum",
        "zip(a, b, strict=True)",
        "x.bit_count()",
        "traceback.format_exception(error)",
        "@dataclass(slots=True)\nclass A: pass",
    ],
)
def test_the_check_for_newer_pythons_finds_them(source: str) -> None:
    try:
        found = newer_than_3_9(source)
    except SyntaxError:
        return
    assert found


def test_a_header_can_hold_every_character() -> None:
    inbox = Inbox(largest=LARGEST)
    inbox.feed(packed({"argv": ["\ud800\x00é"]}))
    message = inbox.next()
    assert message is not None
    assert json.dumps(message[0]) == json.dumps({"argv": ["\ud800\x00é"]})
