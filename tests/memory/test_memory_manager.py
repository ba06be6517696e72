import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from memory.events import BlueprintAdded, Faulted, Happening, TaskAdded
from memory.inbox import Wish, leave
from memory.lock import WriterLock, describe_holder
from memory.memory_manager import MARK_EVERY, MemoryManager
from memory.reading import read_document
from memory.view_files import FOLD_BLOCK, compare, rebuild
from memory.views.core import BuilderProfile
from tests.memory.builders import (
    AT,
    MEMORY_ID,
    FakeClock,
    a_blueprint,
    a_task,
    added,
    decided,
    differences,
    document_bytes,
    fill,
    finished,
    live_a_little,
    open_memory,
    small_disk,
    unit,
)
from tests.memory.lives import lives
from trainer.views import all_views
from utils.errors import InputError, MemoryDamaged, StorageFault

HERE = Path(__file__).resolve().parents[2]
SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def quick() -> Iterator[Path]:
    """A folder in memory where there is such a thing: what is killed is the process, so the disk does not matter."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def test_a_new_memory_has_an_id_and_its_documents(tmp_path: Path) -> None:
    with open_memory(tmp_path / "new") as memory:
        assert (memory.state.memory_id, memory.state.last_seq) == (MEMORY_ID, 1)
    assert read_document(tmp_path / "new", "core/builder_profile.json", BuilderProfile).memory_id == MEMORY_ID
    assert differences(tmp_path / "new").none


def test_an_old_memory_keeps_its_id_and_its_state(tmp_path: Path) -> None:
    live_a_little(tmp_path)
    before = document_bytes(tmp_path)
    with MemoryManager.open(
        tmp_path, views=all_views(), clock=FakeClock(), what="a test", identify=lambda: "another"
    ) as memory:
        assert (memory.state.memory_id, memory.state.totals.units, list(memory.state.in_flight)) == (
            MEMORY_ID,
            2,
            ["abcdef12-000003"],
        )
    assert document_bytes(tmp_path) == before


def test_reading_and_writing_after_opening_again_gives_one_log(tmp_path: Path) -> None:
    live_a_little(tmp_path)
    with open_memory(tmp_path) as memory:
        memory.append([finished(memory.state, 3)])
    with open_memory(tmp_path) as memory:
        assert (memory.state.totals.units, memory.state.in_flight) == (3, {})
    assert differences(tmp_path).none


def test_opening_again_rewrites_nothing_that_is_right(tmp_path: Path) -> None:
    live_a_little(tmp_path)
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in document_bytes(tmp_path)}
    open_memory(tmp_path).close()
    after = {path: (tmp_path / path).stat().st_mtime_ns for path in document_bytes(tmp_path)}
    assert [path for path in before if before[path] != after[path]] == ["views.json"]


def test_views_that_a_crash_left_behind_are_brought_up_to_date(tmp_path: Path) -> None:
    live_a_little(tmp_path)
    shutil.copytree(tmp_path, tmp_path.with_name("behind"))
    with open_memory(tmp_path) as memory:
        memory.append([finished(memory.state, 3)])
    shutil.rmtree(tmp_path.with_name("behind") / "events")
    shutil.copytree(tmp_path / "events", tmp_path.with_name("behind") / "events")
    open_memory(tmp_path.with_name("behind")).close()
    assert document_bytes(tmp_path.with_name("behind")) == document_bytes(tmp_path)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives(longest=20), st.lists(st.sampled_from(("keep", "reopen", "reopen")), min_size=22, max_size=22))
def test_any_life_leaves_the_views_that_its_log_says(quick: Path, life: list[Happening], between: list[str]) -> None:
    folder = Path(tempfile.mkdtemp(dir=quick))
    memory = open_memory(folder)
    for happening, then in zip(life, between, strict=False):
        memory.append([happening])
        memory = {"keep": lambda same: same, "reopen": reopened}[then](memory)
    memory.close()
    assert differences(folder).none
    kept = document_bytes(folder)
    shutil.rmtree(folder / "core")
    shutil.rmtree(folder / "task_memory")
    rebuild(folder, all_views(), differences(folder))
    assert document_bytes(folder) == kept


def reopened(memory: MemoryManager) -> MemoryManager:
    memory.close()
    return open_memory(memory.folder)


class TestKills:
    def run(self, *arguments: str) -> list[dict[str, object]]:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.memory.killed_writer", *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd=HERE,
            timeout=100,
        )
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def test_at_random_moments_lose_no_acknowledged_event_and_leave_the_views_right(self, quick: Path) -> None:
        rounds = self.run("at-random", str(quick / "memory"), "25")
        assert [line for line in rounds if int(str(line["events"])) < int(str(line["acknowledged"]))] == []
        assert [(line["differences"], line["twice"]) for line in rounds] == [([], 0)] * 25
        assert int(str(rounds[-1]["events"])) > 30

    @pytest.mark.parametrize("first", ["1", "2", "3"])
    def test_before_each_change_of_a_file_lose_no_acknowledged_event_and_leave_the_views_right(
        self, quick: Path, first: str
    ) -> None:
        *killed, whole = self.run("at-each", str(quick), first, "3")
        assert len(killed) > 15
        assert [line for line in killed if int(str(line["events"])) < int(str(line["acknowledged"]))] == []
        assert [(line["differences"], line["twice"]) for line in killed] == [([], 0)] * len(killed)
        assert whole["differences"] == []


class TestOneWrite:
    def touched(self, memory: MemoryManager, number: int) -> set[str]:
        """Files that one decided and finished unit wrote, digits left out."""
        before = {path: path.stat().st_mtime_ns for path in memory.folder.rglob("*")}
        unit(memory, number)
        changed = {
            path for path in memory.folder.rglob("*") if path.is_file() and path.stat().st_mtime_ns != before.get(path)
        }
        return {"".join(c for c in str(path.relative_to(memory.folder)) if not c.isdigit()) for path in changed}

    def test_touches_the_same_files_at_the_tenth_and_at_the_two_hundredth_unit(self, quick: Path) -> None:
        with open_memory(quick / "memory") as memory:
            memory.append([added(), *(added(f"t{number}") for number in range(50))])
            for number in range(1, 10):
                unit(memory, number)
            early = self.touched(memory, 10)
            for number in range(11, 210):
                unit(memory, number)
            assert self.touched(memory, 210) == early
        assert early == {
            "advanced/current_difficulty.json",
            "advanced/strategy_weights.json",
            "advanced/trainer_log.json",
            "belogs//abcdef-.json",
            "core/builder_profile.json",
            "core/score_log.json",
            "core/skill_map.json",
            "events/.jsonl",
            "events/head.json",
            "task_memory/task_add.json",
        }

    def test_appends_to_the_log_and_rewrites_none_of_it(self, quick: Path) -> None:
        with open_memory(quick) as memory:
            memory.append([added()])
            unit(memory, 1)
            before = (quick / "events" / "000001.jsonl").read_bytes()
            unit(memory, 2)
        assert (quick / "events" / "000001.jsonl").read_bytes().startswith(before)


class TestOneWriter:
    def test_a_second_one_is_refused_and_told_who_the_first_is(self, tmp_path: Path) -> None:
        with (
            open_memory(tmp_path, what="loop.py"),
            pytest.raises(
                InputError, match=rf"is in use by `loop\.py` \(process {os.getpid()} on .*, since 2026-01-31T"
            ),
        ):
            open_memory(tmp_path)

    def test_readers_are_not_blocked(self, tmp_path: Path) -> None:
        with open_memory(tmp_path) as memory:
            memory.append([added()])
            assert differences(tmp_path).none
            assert read_document(tmp_path, "core/builder_profile.json", BuilderProfile).units == 0

    def test_the_next_one_may_write_when_the_first_has_closed(self, tmp_path: Path) -> None:
        open_memory(tmp_path).close()
        open_memory(tmp_path).close()
        assert not (tmp_path / "writer.json").exists()

    def test_one_that_failed_to_open_holds_nothing(self, tmp_path: Path) -> None:
        live_a_little(tmp_path)
        good = (tmp_path / "events" / "000001.jsonl").read_bytes()
        (tmp_path / "events" / "000001.jsonl").write_bytes(b"garbage\n")
        with pytest.raises(MemoryDamaged):
            open_memory(tmp_path)
        (tmp_path / "events" / "000001.jsonl").write_bytes(good)
        open_memory(tmp_path).close()
        assert differences(tmp_path).none

    def test_a_killed_one_leaves_the_lock_free_and_a_stale_note_that_is_replaced(self, tmp_path: Path) -> None:
        code = (
            "import os, signal, sys; from pathlib import Path; from tests.memory.builders import open_memory;"
            "memory = open_memory(Path(sys.argv[1]), 'the dead'); os.kill(os.getpid(), signal.SIGKILL)"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=HERE, timeout=30)
        assert describe_holder(tmp_path).startswith("`the dead` (process ")
        with open_memory(tmp_path, what="the living"):
            assert describe_holder(tmp_path).startswith("`the living` (process ")

    def test_one_that_cannot_leave_its_note_does_not_keep_the_lock(self, tmp_path: Path) -> None:
        first, second = WriterLock(tmp_path), WriterLock(tmp_path)
        (tmp_path / "writer.json").mkdir()
        with pytest.raises(StorageFault, match=r"cannot write .*writer\.json"):
            first.acquire("one", AT)
        (tmp_path / "writer.json").rmdir()
        assert second.try_acquire("two", AT)
        second.release()

    def test_a_lock_that_cannot_be_made_is_a_fault(self, tmp_path: Path) -> None:
        (tmp_path / "writer.lock").mkdir()
        with pytest.raises(StorageFault, match="cannot lock"):
            WriterLock(tmp_path).acquire("one", AT)

    @pytest.mark.parametrize("note", [b"", b"{", b"[]", b"\xff", b'{"command": "x"}'])
    def test_one_whose_note_says_nothing_is_another_process(self, tmp_path: Path, note: bytes) -> None:
        (tmp_path / "writer.json").write_bytes(note)
        assert describe_holder(tmp_path) == "another process"

    def test_trying_says_whether_it_became_the_writer(self, tmp_path: Path) -> None:
        first, second = WriterLock(tmp_path), WriterLock(tmp_path)
        assert first.try_acquire("one", AT)
        assert not second.try_acquire("two", AT)
        first.release()
        assert second.try_acquire("two", AT)
        second.release()


class TestAFullDisk:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        with small_disk(tmp_path / "disk", kib=512) as folder:
            yield folder

    def test_when_only_the_log_fits_the_event_counts_and_the_views_follow_when_opened_again(self, disk: Path) -> None:
        memory = open_memory(disk / "memory")
        memory.append([added()])
        filler = fill(disk)
        with capture_logs(), pytest.raises(StorageFault, match=r"cannot write .*No space left on device"):
            memory.append([decided(1)])
        assert list(memory.state.in_flight) == ["abcdef12-000001"]
        filler.unlink()
        memory.close()
        with open_memory(disk / "memory") as again:
            assert list(again.state.in_flight) == ["abcdef12-000001"]
        assert differences(disk / "memory").none

    def test_when_nothing_fits_nothing_has_happened(self, disk: Path) -> None:
        memory = open_memory(disk / "memory")
        memory.append([added()])
        filler = fill(disk)
        with pytest.raises(StorageFault, match="cannot append to"):
            memory.append([Faulted(fault="x", message="y" * 9000)])
        assert memory.state.totals.faults == 0
        filler.unlink()
        memory.append([decided(1)])
        memory.close()
        assert differences(disk / "memory").none

    def test_views_that_were_behind_follow_with_the_next_batch(self, disk: Path) -> None:
        with open_memory(disk / "memory") as memory:
            memory.append([added(), added("b"), added("c")])
            filler = fill(disk)
            with capture_logs(), pytest.raises(StorageFault):
                memory.append([decided(1)])
            filler.unlink()
            memory.append([decided(2, "b")])
            assert differences(disk / "memory").none

    def test_leaves_no_half_written_file_behind(self, disk: Path) -> None:
        memory = open_memory(disk / "memory")
        memory.append([added()])
        fill(disk)
        with capture_logs(), pytest.raises(StorageFault):
            memory.append([decided(1)])
        memory.close()
        assert list((disk / "memory").rglob(".*.new")) == []


def test_a_view_that_could_not_be_written_follows_when_the_memory_is_opened_again(tmp_path: Path) -> None:
    memory = open_memory(tmp_path)
    memory.append([added()])
    (tmp_path / "advanced" / "trainer_log.json").unlink()
    (tmp_path / "advanced" / "trainer_log.json").mkdir()
    with pytest.raises(StorageFault, match=r"cannot write .*trainer_log\.json"):
        memory.append([decided(1)])
    memory.close()
    (tmp_path / "advanced" / "trainer_log.json").rmdir()
    open_memory(tmp_path).close()
    assert differences(tmp_path).none


class TestFolders:
    def test_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match=r"file is no folder; choose another with --memory$"):
            open_memory(tmp_path / "file")

    def test_a_folder_below_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match="cannot be used: Not a directory"):
            open_memory(tmp_path / "file" / "memory")

    def test_a_folder_of_other_things_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(InputError, match=r"holds other files \(thesis\.tex\); choose an empty folder"):
            open_memory(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    def test_a_folder_of_other_things_with_an_events_folder_is_refused_too(self, tmp_path: Path) -> None:
        (tmp_path / "calendar.txt").touch()
        (tmp_path / "events").mkdir()
        with pytest.raises(InputError, match=r"holds other files \(calendar\.txt\)"):
            open_memory(tmp_path)

    def test_a_folder_with_nothing_but_an_inbox_and_hidden_files_becomes_a_memory(self, tmp_path: Path) -> None:
        (tmp_path / ".DS_Store").touch()
        leave(tmp_path, Wish(by="a test", tasks=(a_task(),)), at=AT)
        with open_memory(tmp_path) as memory:
            assert memory.take_wishes(all_views) == 1

    def test_a_name_with_control_characters_is_no_obstacle(self, tmp_path: Path) -> None:
        live_a_little(tmp_path / "a\nb\x1b[2J")
        assert differences(tmp_path / "a\nb\x1b[2J").none

    def test_a_name_that_is_not_utf_8_is_no_obstacle(self, tmp_path: Path) -> None:
        live_a_little(tmp_path / "\udcff")
        assert differences(tmp_path / "\udcff").none

    def test_a_folder_that_may_not_be_written_is_a_fault_that_names_it(self, tmp_path: Path) -> None:
        live_a_little(tmp_path / "disk")
        mount = ("mount", "--bind", "-o", "ro", str(tmp_path / "disk"), str(tmp_path / "disk"))
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("a read-only mount takes the rights of root")
        subprocess.run(("mount", "-o", "remount,ro,bind", str(tmp_path / "disk")), check=True)
        try:
            with pytest.raises(StorageFault, match="Read-only file system"):
                open_memory(tmp_path / "disk")
            assert differences(tmp_path / "disk").none
        finally:
            subprocess.run(("umount", str(tmp_path / "disk")), check=True)


class TestTheMark:
    def test_is_written_every_hundred_batches(self, quick: Path) -> None:
        with open_memory(quick) as memory:
            memory.append([added()])
            for _ in range(MARK_EVERY):
                memory.append([Faulted(fault="x", message="y")])
            assert json.loads((quick / "views.json").read_bytes())["seq"] == 100

    @pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"seq": "x"}', b'{"seq": NaN}', b"\xff"])
    def test_that_says_nothing_means_that_all_views_are_written_anew(self, tmp_path: Path, text: bytes) -> None:
        live_a_little(tmp_path)
        (tmp_path / "core" / "skill_map.json").unlink()
        (tmp_path / "views.json").write_bytes(text)
        open_memory(tmp_path).close()
        assert differences(tmp_path).none

    def test_that_is_ahead_of_a_log_without_its_tail_is_not_believed(self, tmp_path: Path) -> None:
        with open_memory(tmp_path) as memory:
            memory.append([added()])
            memory.append([Faulted(fault="x", message="y")] * FOLD_BLOCK)
            memory.append([decided(3)])
            short = (tmp_path / "events" / "000001.jsonl").read_bytes()
            memory.append([finished(memory.state, 3, "failed")])
        (tmp_path / "events" / "000001.jsonl").write_bytes(short)
        (tmp_path / "events" / "head.json").unlink()
        open_memory(tmp_path).close()
        assert list(differences(tmp_path).lines()) == ["extra: belogs/000000/abcdef12-000003.json"]


class TestRebuild:
    def test_mends_what_is_missing_different_or_too_much_and_touches_nothing_else(self, tmp_path: Path) -> None:
        live_a_little(tmp_path)
        before = document_bytes(tmp_path)
        (tmp_path / "core" / "skill_map.json").unlink()
        (tmp_path / "core" / "score_log.json").write_bytes(b"{}")
        (tmp_path / "rules" / "rule-x.json").write_bytes(b"{}")
        found = differences(tmp_path)
        assert list(found.lines()) == [
            "missing: core/skill_map.json",
            "different: core/score_log.json",
            "extra: rules/rule-x.json",
        ]
        rebuild(tmp_path, all_views(), found)
        assert document_bytes(tmp_path) == before

    def test_leaves_a_person_s_own_files_alone(self, tmp_path: Path) -> None:
        live_a_little(tmp_path)
        (tmp_path / "rules" / "notes.md").write_text("mine", encoding="utf-8")
        assert differences(tmp_path).none

    def test_refuses_a_log_that_lost_its_tail_before_it_touches_a_view(self, tmp_path: Path) -> None:
        live_a_little(tmp_path)
        lines = (tmp_path / "events" / "000001.jsonl").read_bytes().splitlines(keepends=True)
        (tmp_path / "events" / "000001.jsonl").write_bytes(b"".join(lines[:-2]))
        with pytest.raises(MemoryDamaged, match="are missing at the end"):
            differences(tmp_path)

    def test_a_comparison_under_a_writer_leaves_out_what_changed_meanwhile(self, tmp_path: Path) -> None:
        live_a_little(tmp_path)
        started = time.time() - 1
        os.utime(tmp_path / "core" / "skill_map.json", (1, 1))
        (tmp_path / "core" / "score_log.json").write_bytes(b"newer")
        assert compare(tmp_path, all_views(), changed_since=started).none

    def test_a_wish_has_the_running_writer_do_it(self, tmp_path: Path) -> None:
        live_a_little(tmp_path)
        with open_memory(tmp_path) as memory:
            (tmp_path / "core" / "skill_map.json").write_bytes(b"{}")
            leave(tmp_path, Wish(by="a test", tasks=(), rebuild=True), at=AT)
            assert memory.take_wishes(all_views) == 1
            assert differences(tmp_path).none


def test_wishes_become_tasks_with_their_bringer_and_leave_the_inbox(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        leave(tmp_path, Wish(by="somebody", tasks=(a_task("wish", origin="user"),)), at=AT)
        assert memory.take_wishes(all_views) == 1
        assert memory.take_wishes(all_views) == 0
        assert list(memory.state.wishes) == ["wish"]
    lines = (tmp_path / "events" / "000001.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["data"]["by"] == "somebody"


def test_what_cannot_happen_is_refused_and_the_log_stays_readable(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        memory.append([added()])
        memory.append([decided(1)])
        once = finished(memory.state, 1)
        memory.append([once])
        with pytest.raises(ValueError, match="was not decided, or has finished before"):
            memory.append([once])
        with pytest.raises(ValueError, match="was not added"):
            memory.append([decided(2, "unknown")])
    with open_memory(tmp_path) as memory:
        assert memory.state.totals.units == 1


def test_blueprints_and_past_attempts_are_found(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        memory.append([TaskAdded(task=a_task("add", name="Addition"), by="a test")])
        assert memory.get_latest_blueprint_version("builder-default") is None
        memory.append([BlueprintAdded(blueprint=a_blueprint(1)), BlueprintAdded(blueprint=a_blueprint(2))])
        unit(memory, 1)
        unit(memory, 2)
        assert memory.get_latest_blueprint_version("builder-default") == a_blueprint(2)
        assert memory.get_past_attempts("Addition") == ("abcdef12-000002", "abcdef12-000001")
        assert memory.get_past_attempts("add") == memory.get_past_attempts("Addition")
        assert memory.get_past_attempts("nothing") == ()


def test_attempts_have_folders_that_stay_inside_of_the_archive(tmp_path: Path) -> None:
    with open_memory(tmp_path) as memory:
        folders = {memory.attempt_folder(task, 3) for task in ("Sort/It", "sort/it", "sort-it", ".hidden", "a.b")}
    assert len(folders) == 5
    assert {folder.parent.parent for folder in folders} == {tmp_path / "code_archive"}
    assert {folder.name for folder in folders} == {"attempt-0003"}
