import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from utils.clock import SystemClock, iso
from utils.errors import InputError, StorageFault
from utils.files import file_stem, json_text, parse_json, read_bounded, sha256_hex, sync_folder, write_atomically
from utils.ids import derived, memory_id, new_seed, unit_id, unit_number


def test_a_written_file_holds_the_new_bytes_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.json"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_a_fault_that_names_it_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    with pytest.raises(StorageFault, match=r"^cannot write .*folder: .*; make room or correct its permissions$"):
        write_atomically(tmp_path / "folder", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_file_below_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault, match="cannot write"):
        write_atomically(tmp_path / "file" / "below", b"data")


def test_a_replaced_file_was_never_half_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new" * 1000)
        assert reader.read() == b"old"


def test_a_folder_can_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "missing")


@pytest.mark.parametrize("name", ["add", "task_1", "a-b", "x" * 80, "a-1234567", "a-1234567g"])
def test_a_harmless_name_is_its_own_stem(name: str) -> None:
    assert file_stem(name) == name


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("HumanEval/1", "humaneval-1"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("", "x"),
        ("\0\n\x1b[2J", "2j"),
        ("\ud800", "x"),
        ("Größe", "gr-e"),
        ("y" * 81, "y" * 80),
        ("-a-", "a"),
        ("a-12345678", "a-12345678"),
    ],
)
def test_any_other_name_is_tidied_and_gets_eight_digits_of_its_hash(name: str, tidy: str) -> None:
    assert file_stem(name) == f"{tidy}-{sha256_hex(name.encode('utf-8', 'surrogatepass'))[:8]}"


def test_a_reserved_name_is_given_to_nobody() -> None:
    assert file_stem("queue", reserved="queue").startswith("queue-")
    assert file_stem("queue") == "queue"


names = st.text(st.characters(codec="utf-8") | st.sampled_from("aA/-_.0f"), max_size=90)


@given(names, names)
@example("a/b", file_stem("a/b"))
@example("Queue", file_stem("queue", reserved="queue"))
@example("queue", file_stem("queue", reserved="queue"))
def test_different_names_get_different_stems_also_where_case_is_folded(one: str, other: str) -> None:
    stems = {file_stem(name, reserved="queue").casefold() for name in (one, other)}
    assert len(stems) == len({one, other})
    assert "queue" not in stems


@given(names)
def test_a_stem_is_a_harmless_file_name(name: str) -> None:
    stem = file_stem(name)
    assert stem == stem.lower()
    assert 0 < len(stem) <= 89
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")


def test_json_for_people_is_sorted_indented_and_ends_its_line() -> None:
    assert json_text({"b": 1, "a": ["é"]}) == '{\n  "a": [\n    "é"\n  ],\n  "b": 1\n}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_json_number_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"a": value})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(values)
def test_json_comes_back_as_it_was(value: object) -> None:
    assert parse_json(json_text(value).encode(), where="here") == value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff", "not UTF-8 at byte 0"),
        (b'{"a": 1', "no JSON at line 1, column 8: Expecting ',' delimiter"),
        (b"", "no JSON at line 1, column 1: Expecting value"),
        (b"[NaN]", "NaN is no JSON number"),
        (b"[-Infinity]", "-Infinity is no JSON number"),
        (b"[1e999]", "1e999 is out of range"),
        (b"[" * 100_000, "JSON nested too deep"),
        (b"9" * 5000, "Exceeds the limit"),
        (b"\xef\xbb\xbf{}", "no JSON at line 1, column 1"),
    ],
)
def test_what_is_no_json_is_refused_with_place_and_reason(data: bytes, why: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_json(data, where="here")
    assert str(caught.value).startswith(f"here: {why}")
    assert "\n" not in str(caught.value)


def test_text_is_parsed_like_bytes() -> None:
    assert parse_json('{"a": 1.5}', where="here") == {"a": 1.5}


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_bounded(tmp_path / "file", limit=5, what="the file") == b"12345"
    with pytest.raises(InputError, match=r"^the file .*file is larger than 4 bytes$"):
        read_bounded(tmp_path / "file", limit=4, what="the file")


def test_what_is_no_file_is_refused_by_its_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    for name, kind in (("pipe", "is no regular file"), ("", "is a folder"), ("none", "does not exist")):
        with pytest.raises(InputError, match=rf"^the file .* {kind}$"):
            read_bounded(tmp_path / name, limit=5, what="the file")
    with pytest.raises(InputError, match="does not exist"):
        read_bounded(tmp_path / "link", limit=5, what="the file")
    with pytest.raises(InputError, match=r"^the file "):
        read_bounded(tmp_path / "nul\0", limit=5, what="the file")


def test_the_system_s_clock_is_aware_and_goes_on() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic_s() <= clock.monotonic_s()


def test_moments_are_written_in_utc_with_milliseconds() -> None:
    assert iso(datetime(2026, 1, 31, 23, 59, 59, 123999, tzinfo=UTC)) == "2026-01-31T23:59:59.123Z"
    east = timezone(timedelta(hours=2))
    assert iso(datetime(2026, 2, 1, 1, 0, tzinfo=east)) == "2026-01-31T23:00:00.000Z"


def test_derived_numbers_depend_on_seed_and_every_name() -> None:
    numbers = {derived(1), derived(2), derived(1, "a"), derived(1, "a", 1), derived(1, "a1"), derived(1, 1, "a")}
    assert len(numbers) == 6
    assert all(0 <= number < 2**63 for number in numbers)
    assert derived(1, "a") == 6148644138517888281


def test_ids_are_made_of_the_memory_and_a_number() -> None:
    assert unit_id(memory_id(1), 12).endswith("-000012")
    assert len(memory_id(1)) == 8
    assert memory_id(1) != memory_id(2)
    assert unit_number(unit_id("abcdef12", 12)) == 12
    assert unit_number(unit_id("abcdef12", 1_234_567)) == 1_234_567


def test_new_seeds_differ() -> None:
    assert new_seed() != new_seed()


def test_hashes_are_sha_256() -> None:
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert json.loads(json_text(sha256_hex(b"a")))[:8] == "ca978112"
