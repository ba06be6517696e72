import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from memory.event_lines import MAX_LINE_BYTES, read_chain
from memory.event_log import EventLog
from memory.events import Decided, Event, Faulted, Happening, Parked
from tests.memory.builders import AT, a_spec, added, created, decided, fill, small_disk
from utils.errors import InputError, MemoryDamaged, StorageFault

SEVERAL = [Parked(unit_id=f"m-{number}", reason="r" * 50) for number in range(8)]


def log_of(folder: Path, happenings: Sequence[Happening], *, segment_bytes: int = 1 << 20) -> list[Event]:
    """A log with these events, appended one by one, in segments of so many bytes."""
    log = opened(folder, segment_bytes=segment_bytes)
    events = [event for happening in happenings for event in log.append(AT, [happening])]
    log.close()
    return events


def opened(folder: Path, *, segment_bytes: int = 1 << 20) -> EventLog:
    log = EventLog(folder, segment_bytes=segment_bytes)
    list(log.recover())
    return log


def recovered(folder: Path) -> list[Event]:
    log = EventLog(folder)
    events = list(log.recover())
    log.close()
    return events


def first_segment(folder: Path) -> Path:
    return folder / "000001.jsonl"


def edit_lines(path: Path, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))


def test_events_come_back_as_they_were_appended(tmp_path: Path) -> None:
    events = log_of(tmp_path, [created(), added(), decided(), *SEVERAL])
    assert recovered(tmp_path) == events
    assert [event for event, _ in read_chain(tmp_path)] == events
    assert [event.seq for event in events] == list(range(1, 12))


def test_every_line_holds_the_hash_of_the_line_before(tmp_path: Path) -> None:
    log_of(tmp_path, [created(), *SEVERAL])
    heads = [head for _, head in read_chain(tmp_path)]
    lines = [json.loads(line) for line in first_segment(tmp_path).read_text(encoding="utf-8").splitlines()]
    assert [line["prev"] for line in lines] == ["0" * 64, *(head.hash for head in heads[:-1])]
    assert json.loads((tmp_path / "head.json").read_bytes()) == {
        "schema_version": 1,
        "seq": heads[-1].seq,
        "hash": heads[-1].hash,
    }


def test_an_empty_batch_changes_nothing(tmp_path: Path) -> None:
    log_of(tmp_path, SEVERAL)
    before = first_segment(tmp_path).read_bytes()
    log = opened(tmp_path)
    assert log.append(AT, []) == []
    log.close()
    assert first_segment(tmp_path).read_bytes() == before


def test_a_torn_last_line_is_set_aside_and_the_log_goes_on(tmp_path: Path) -> None:
    events = log_of(tmp_path, SEVERAL)
    whole = first_segment(tmp_path).stat().st_size
    with first_segment(tmp_path).open("ab") as stream:
        stream.write(b'{"at":"2026')
    with capture_logs() as notices:
        log = EventLog(tmp_path)
        assert list(log.recover()) == events
    [later] = log.append(AT, [Parked(unit_id="m-9", reason="later")])
    log.close()
    assert [notice["event"] for notice in notices] == ["memory.torn_line"]
    assert [path.read_bytes() for path in (tmp_path / "torn").iterdir()] == [b'{"at":"2026']
    assert (tmp_path / "torn" / f"000001-at-{whole}.bin").exists()
    assert recovered(tmp_path) == [*events, later]


def test_readers_stop_before_a_torn_last_line_and_leave_it_alone(tmp_path: Path) -> None:
    events = log_of(tmp_path, SEVERAL)
    with first_segment(tmp_path).open("ab") as stream:
        stream.write(b"{")
    before = first_segment(tmp_path).read_bytes()
    assert [event for event, _ in read_chain(tmp_path)] == events
    assert first_segment(tmp_path).read_bytes() == before


def test_a_torn_line_longer_than_a_block_is_set_aside_whole(tmp_path: Path) -> None:
    events = log_of(tmp_path, SEVERAL)
    torn = b"x" * 200_000
    with first_segment(tmp_path).open("ab") as stream:
        stream.write(torn)
    assert recovered(tmp_path) == events
    assert [path.read_bytes() for path in (tmp_path / "torn").iterdir()] == [torn]


def test_a_log_that_is_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    first_segment(tmp_path).write_bytes(b'{"at":')
    assert recovered(tmp_path) == []
    assert log_of(tmp_path, [created()])[0].seq == 1


def test_a_batch_that_a_crash_tore_keeps_its_whole_first_events(tmp_path: Path) -> None:
    """All or nothing holds for a failed write; after a crash in mid-write a part of a batch may be there.

    It is harmless because what must not be parted is one event: the whole outcome of a unit is its `finished`. The
    loop's batches of several (tasks, a fault with its unit parked, an analysis with the end of a run) may stop early.
    """
    log = opened(tmp_path)
    log.append(AT, [created(), added()])
    log.append(AT, [Faulted(fault="ModelFault", message="away"), Parked(unit_id="m-1", reason="away")])
    log.close()
    (tmp_path / "head.json").unlink()  # a crash comes before the head is written
    data = first_segment(tmp_path).read_bytes()
    first_segment(tmp_path).write_bytes(data[:-10])
    assert [event.data.kind for event in recovered(tmp_path)] == ["memory_created", "task_added", "faulted"]


def flipped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b"rrr", b"rRr", 1), *lines[4:]]


def flipped_last(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1].replace(b"rrr", b"rRr", 1)]


def removed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], *lines[4:]]


def removed_first(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[3], *lines[4:]]


def garbage(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"no json\n", *lines[4:]]


def not_utf8(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b"rrr", b"r\xffr", 1), *lines[4:]]


def surrogate(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b"rrr", b"\xed\xa0\x80", 1), *lines[4:]]


def no_object(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"[1]\n", *lines[4:]]


def nested_deep(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"[" * 100_000 + b"\n", *lines[4:]]


def blank(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"\n", *lines[3:]]


def zeros(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"\0" * (len(lines[3]) - 1) + b"\n", *lines[4:]]


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (flipped, 5),
        (flipped_last, 8),
        (removed, 4),
        (removed_first, 1),
        (swapped, 4),
        (doubled, 5),
        (garbage, 4),
        (not_utf8, 4),
        (surrogate, 4),
        (no_object, 4),
        (nested_deep, 4),
        (blank, 4),
        (zeros, 4),
    ],
)
def test_damage_is_refused_with_file_and_line(
    tmp_path: Path, edit: Callable[[list[bytes]], list[bytes]], line: int
) -> None:
    log_of(tmp_path, SEVERAL)
    edit_lines(first_segment(tmp_path), edit)
    with pytest.raises(MemoryDamaged, match=rf"^{first_segment(tmp_path)}, line {line}: [^\n]+$"):
        recovered(tmp_path)
    with pytest.raises(MemoryDamaged, match=rf"line {line}: "):
        list(read_chain(tmp_path))


def test_what_is_damaged_is_not_written_to(tmp_path: Path) -> None:
    log_of(tmp_path, SEVERAL)
    edit_lines(first_segment(tmp_path), swapped)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(MemoryDamaged):
        recovered(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_missing_tail_is_noticed(tmp_path: Path) -> None:
    log_of(tmp_path, SEVERAL)
    edit_lines(first_segment(tmp_path), lambda lines: lines[:-2])
    with pytest.raises(MemoryDamaged, match="events 7 to 8 are missing at the end"):
        recovered(tmp_path)


def test_a_last_line_that_lost_its_end_is_missing_and_not_torn(tmp_path: Path) -> None:
    log_of(tmp_path, SEVERAL)
    first_segment(tmp_path).write_bytes(first_segment(tmp_path).read_bytes()[:-1])
    with pytest.raises(MemoryDamaged, match="events 8 to 8 are missing"):
        recovered(tmp_path)


def test_an_emptied_log_is_noticed(tmp_path: Path) -> None:
    log_of(tmp_path, SEVERAL)
    first_segment(tmp_path).unlink()
    with pytest.raises(MemoryDamaged, match="events 1 to 8 are missing"):
        recovered(tmp_path)


def test_without_a_head_file_the_log_is_trusted_alone(tmp_path: Path) -> None:
    events = log_of(tmp_path, SEVERAL)
    edit_lines(first_segment(tmp_path), lambda lines: lines[:-2])
    (tmp_path / "head.json").unlink()
    assert recovered(tmp_path) == events[:-2]
    assert json.loads((tmp_path / "head.json").read_bytes())["seq"] == 6


def test_a_head_that_is_behind_is_brought_up_to_date(tmp_path: Path) -> None:
    log_of(tmp_path, SEVERAL[:3])
    behind = (tmp_path / "head.json").read_bytes()
    log_of(tmp_path, SEVERAL[3:])
    head = (tmp_path / "head.json").read_bytes()
    (tmp_path / "head.json").write_bytes(behind)
    assert len(recovered(tmp_path)) == 8
    assert (tmp_path / "head.json").read_bytes() == head


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'{"seq": 1}', b'{"seq": "x", "hash": ""}', b"\xff"])
def test_a_head_file_that_says_nothing_is_refused_with_a_way_out(tmp_path: Path, text: bytes) -> None:
    log_of(tmp_path, SEVERAL)
    (tmp_path / "head.json").write_bytes(text)
    with pytest.raises(
        MemoryDamaged, match=r"^[^\n]*head\.json cannot be read [^\n]*; delete it to trust the log alone$"
    ):
        recovered(tmp_path)


def test_a_memory_of_a_newer_format_is_refused_in_one_line(tmp_path: Path) -> None:
    log_of(tmp_path, [created()])
    newer = first_segment(tmp_path).read_bytes().replace(b'"format":1', b'"format":2,"mood":"new"')
    first_segment(tmp_path).write_bytes(newer)
    (tmp_path / "head.json").unlink()
    with pytest.raises(
        MemoryDamaged, match=r"^[^\n]*line 1: this memory was written by a newer version \(format 2\); update$"
    ):
        recovered(tmp_path)


def test_an_event_of_an_unknown_kind_is_refused_in_one_printable_line(tmp_path: Path) -> None:
    log_of(tmp_path, [created()])
    data = first_segment(tmp_path).read_bytes().replace(b"memory_created", rb"dreamt\n\u001b[2J")
    first_segment(tmp_path).write_bytes(data)
    (tmp_path / "head.json").unlink()
    with pytest.raises(MemoryDamaged, match=r"^[^\n\x1b]*line 1: not an event of this version: data: [^\n\x1b]*$"):
        recovered(tmp_path)


def test_a_number_that_is_out_of_turn_is_refused(tmp_path: Path) -> None:
    log_of(tmp_path, [created()])
    first_segment(tmp_path).write_bytes(first_segment(tmp_path).read_bytes().replace(b'"seq":1', b'"seq":2'))
    (tmp_path / "head.json").unlink()
    with pytest.raises(MemoryDamaged, match="line 1: event 1 was expected, this is 2"):
        recovered(tmp_path)


class TestSegments:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Four segments of two events each."""
        log_of(tmp_path, SEVERAL, segment_bytes=250)
        assert [path.name for path in sorted(tmp_path.glob("*.jsonl"))] == [f"00000{n}.jsonl" for n in range(1, 5)]
        return tmp_path

    def test_they_roll_over_and_are_one_log(self, folder: Path) -> None:
        assert [event.data for event in recovered(folder)] == SEVERAL

    def test_a_log_goes_on_in_the_last_of_them(self, folder: Path) -> None:
        log = opened(folder)
        log.append(AT, [created()])
        log.close()
        assert len(list(folder.glob("*.jsonl"))) == 4
        assert [event.seq for event in recovered(folder)] == list(range(1, 10))

    def test_a_crash_right_after_a_new_one_was_made_is_harmless(self, folder: Path) -> None:
        (folder / "000005.jsonl").touch()
        log = opened(folder)
        log.append(AT, [created()])
        log.close()
        assert (folder / "000005.jsonl").stat().st_size > 0
        assert len(recovered(folder)) == 9

    @pytest.mark.parametrize(("missing", "place"), [(1, "000002"), (2, "000003")])
    def test_a_missing_one_is_refused(self, folder: Path, missing: int, place: str) -> None:
        (folder / f"00000{missing}.jsonl").unlink()
        with pytest.raises(MemoryDamaged, match=rf"{place}\.jsonl, line 1: it does not follow the line before"):
            recovered(folder)

    def test_a_missing_last_one_is_refused(self, folder: Path) -> None:
        (folder / "000004.jsonl").unlink()
        with pytest.raises(MemoryDamaged, match="events 7 to 8 are missing"):
            recovered(folder)

    def test_one_that_is_cut_off_in_the_middle_of_the_log_is_refused_even_without_a_head_file(
        self, folder: Path
    ) -> None:
        os.truncate(folder / "000002.jsonl", 100)
        (folder / "head.json").unlink()
        with pytest.raises(MemoryDamaged, match=r"000002\.jsonl, line 1: it has no end"):
            recovered(folder)

    def test_other_files_in_the_folder_are_no_segments(self, folder: Path) -> None:
        (folder / "000002 (copy).jsonl").write_bytes(b"{}\n")
        (folder / "notes.jsonl").write_bytes(b"{}\n")
        assert len(recovered(folder)) == 8

    def test_one_that_cannot_be_opened_is_refused_by_name(self, folder: Path) -> None:
        (folder / "000002.jsonl").unlink()
        (folder / "000002.jsonl").mkdir()
        with pytest.raises(MemoryDamaged, match=r"000002\.jsonl cannot be read: Is a directory"):
            recovered(folder)


def test_an_event_that_is_too_long_for_a_line_is_refused_before_it_is_written(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append(AT, [created()])
    with pytest.raises(InputError, match=r"a faulted event of \d+ bytes does not fit"):
        log.append(AT, [Faulted(fault="ModelFault", message="x" * MAX_LINE_BYTES)])
    log.append(AT, [Parked(unit_id="m-1", reason="after")])
    log.close()
    assert [event.data.kind for event in recovered(tmp_path)] == ["memory_created", "parked"]


def test_a_long_line_that_fits_is_read_back(tmp_path: Path) -> None:
    long = Faulted(fault="ModelFault", message="x" * (MAX_LINE_BYTES - 1000))
    log_of(tmp_path, [created(), long])
    assert recovered(tmp_path)[-1].data == long


def test_a_line_that_is_too_long_is_refused_and_not_taken_for_a_torn_one(tmp_path: Path) -> None:
    log_of(tmp_path, [created()])
    with first_segment(tmp_path).open("ab") as stream:
        stream.write(b"x" * (MAX_LINE_BYTES + 1) + b"\n")
    with pytest.raises(MemoryDamaged, match="line 2: it has no end"):
        recovered(tmp_path)


def test_lone_surrogates_become_replacement_characters_for_the_writer_too(tmp_path: Path) -> None:
    log = opened(tmp_path)
    [event] = log.append(AT, [Parked(unit_id="m-1", reason="a \ud800 b \ud83d\ude00")])
    log.close()
    assert event.data == Parked(unit_id="m-1", reason="a \ufffd b \U0001f600")
    assert recovered(tmp_path) == [event]


def test_what_cannot_be_read_back_is_not_written(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append(AT, [created()])
    spec = a_spec().model_copy(update={"number": 0})
    with pytest.raises(MemoryDamaged, match="not an event of this version"):
        log.append(AT, [Decided(spec=a_spec(), run=1, why="").model_copy(update={"spec": spec})])
    log.close()
    assert len(recovered(tmp_path)) == 1


class TestAFullDisk:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        with small_disk(tmp_path / "disk", kib=256) as folder:
            yield folder

    def test_is_a_fault_that_leaves_the_log_as_it_was(self, disk: Path) -> None:
        log = opened(disk / "events")
        log.append(AT, [created()])
        before = (disk / "events" / "000001.jsonl").read_bytes()
        with pytest.raises(StorageFault, match=r"cannot append to .*000001\.jsonl: No space left on device; make room"):
            log.append(AT, [created(), Faulted(fault="x", message="y" * 300_000)])
        assert (disk / "events" / "000001.jsonl").read_bytes() == before
        [event] = log.append(AT, [Parked(unit_id="m-1", reason="there is room for this")])
        log.close()
        assert [each.seq for each in recovered(disk / "events")] == [1, event.seq] == [1, 2]

    def test_is_a_fault_also_where_a_new_segment_is_due(self, disk: Path) -> None:
        log = opened(disk / "events", segment_bytes=10)
        log.append(AT, [created()])
        with pytest.raises(StorageFault):
            log.append(AT, [Faulted(fault="x", message="y" * 300_000)])
        log.append(AT, [Parked(unit_id="m-1", reason="fits")])
        log.close()
        assert [each.seq for each in recovered(disk / "events")] == [1, 2]

    def test_an_event_that_fits_counts_even_if_the_head_file_no_longer_does(self, disk: Path) -> None:
        log = opened(disk / "events")
        log.append(AT, [created()])
        filler = fill(disk)
        with capture_logs() as notices:
            log.append(AT, [Parked(unit_id="m-1", reason="fits into the last block")])
        assert [notice["event"] for notice in notices] == ["memory.head_not_written"]
        filler.unlink()
        log.append(AT, [Parked(unit_id="m-2", reason="later")])
        log.close()
        assert len(recovered(disk / "events")) == 3
        assert json.loads((disk / "events" / "head.json").read_bytes())["seq"] == 3


LIMITED = """
import resource, signal, sys
from pathlib import Path
from memory.event_log import EventLog
from memory.events import Faulted, Parked
from utils.errors import StorageFault

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = EventLog(Path(sys.argv[1]))
list(log.recover())
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    log.append("now", [Faulted(fault="x", message="y" * 9000)])
except StorageFault as fault:
    sys.stdout.write(str(fault))
log.append("now", [Parked(unit_id="m-1", reason="small")])
log.close()
"""


def test_a_file_size_limit_is_a_fault_too_and_the_next_append_works(tmp_path: Path) -> None:
    log_of(tmp_path, [created()])
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], check=True, capture_output=True, text=True, timeout=30
    )
    assert "cannot append to" in ran.stdout
    assert [event.data.kind for event in recovered(tmp_path)] == ["memory_created", "parked"]


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "events").write_bytes(b"a file")
    with pytest.raises(StorageFault, match="cannot write in"):
        opened(tmp_path / "events")
