"""Python, packages, clock and disk: right ones are found right, wrong ones are found out."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from executor.doctor import disk, machine
from executor.doctor.findings import Check, Finding, examine, fault_finding, summary, works
from tests.running import CHECKOUT
from utils.clock import SystemClock
from utils.errors import ModelFault

OWN = CHECKOUT / "pyproject.toml"


def project(folder: Path, *dependencies: str, python: str = ">=3.11") -> Path:
    path = folder / "pyproject.toml"
    path.write_text(f'[project]\nrequires-python = "{python}"\ndependencies = {json.dumps(dependencies)}\n')
    return path


def package(folder: Path, name: str, source: str) -> None:
    """An installed package of version 1.0."""
    (folder / f"{name}.py").write_text(source)
    facts = folder / f"{name}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")


class FixedClock:
    """A clock whose two times are told."""

    def __init__(self, start: datetime, *, wall_s: float, steady_s: float) -> None:
        self._walls = [start, start + timedelta(seconds=wall_s)]
        self._steadies = [0.0, steady_s]

    def now(self) -> datetime:
        return self._walls.pop(0)

    def monotonic_s(self) -> float:
        return self._steadies.pop(0)

    def elapsed_s(self) -> float:
        return self.monotonic_s()


def test_this_python_and_these_packages_will_do() -> None:
    assert machine.python(OWN).level == "ok"
    found = machine.packages(OWN)
    assert found.level == "ok", found
    assert "can be imported" in found.said


def test_a_python_that_is_too_old_is_a_problem() -> None:
    found = machine.python(OWN, (3, 10, 4))
    assert (found.level, found.said) == ("problem", "3.10.4, but >=3.11 is needed")
    assert found.todo


@pytest.mark.parametrize("text", ["", "[project", "project = 1", '[project]\nrequires-python = "x"\ndependencies = 3'])
def test_a_project_file_that_cannot_be_read_is_said_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    for found in (machine.python(path), machine.packages(path), machine.packages(tmp_path / "none.toml")):
        assert found.level == "warning"
        assert "cannot be read" in found.said


def test_missing_and_wrong_packages_are_all_named(tmp_path: Path) -> None:
    found = machine.packages(project(tmp_path, "pytest>=999", "no-such-package>=1", "typer>=0.1"))
    assert found.level == "problem"
    assert "pytest is " in found.said
    assert "not >=999" in found.said
    assert "no-such-package is missing" in found.said
    assert "typer" not in found.said
    assert "requirements.txt" in found.todo


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("import os; os.kill(os.getpid(), 4)", "exit code -4"),
    ],
)
def test_a_package_that_cannot_be_imported_is_named_also_if_it_kills_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, why: str
) -> None:
    package(tmp_path, "lamepackage", source)
    monkeypatch.syspath_prepend(tmp_path)
    found = machine.packages(project(tmp_path, "lamepackage>=1", "typer"))
    assert found.level == "problem"
    assert "lamepackage cannot be imported" in found.said
    assert why in found.said


def test_a_package_whose_import_takes_for_ever_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "slowpackage", "import time; time.sleep(60)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(machine, "IMPORT_S", 1)
    assert "within 1 s" in machine.packages(project(tmp_path, "slowpackage>=1")).said


def test_the_clock_of_this_machine_will_do() -> None:
    assert machine.clock(SystemClock()).level == "ok"


@pytest.mark.parametrize(
    ("start", "wall_s", "steady_s", "level"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0.05, 0.05, "problem"),
        (datetime(2026, 1, 1, tzinfo=UTC), 3600.0, 0.05, "warning"),
        (datetime(2026, 1, 1, tzinfo=UTC), 0.05, 0.0, "warning"),
        (datetime(2026, 1, 1, tzinfo=UTC), 0.05, 0.05, "ok"),
    ],
)
def test_a_clock_that_stands_at_1970_jumps_or_stands_still_is_noticed(
    start: datetime, wall_s: float, steady_s: float, level: str
) -> None:
    found = machine.clock(FixedClock(start, wall_s=wall_s, steady_s=steady_s))
    assert found.level == level
    assert bool(found.todo) == (level != "ok")


def test_a_disk_with_room_is_written_to_and_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    assert disk.space(folder, disk.Room(enough_bytes=1, least_bytes=1)).level == "ok"
    found = disk.writing(folder)
    assert found.level == "ok", found
    assert "MB/s" in found.said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("room", "level"),
    [
        (disk.Room(enough_bytes=10**18, least_bytes=1), "warning"),
        (disk.Room(enough_bytes=10**18, least_bytes=10**18), "problem"),
        (disk.Room.above(reserve_mb=10**9), "problem"),
    ],
)
def test_too_little_room_is_noticed(tmp_path: Path, room: disk.Room, level: str) -> None:
    found = disk.space(tmp_path, room)
    assert found.level == level
    assert "attempts" in found.said
    assert "make room" in found.todo


def test_a_folder_below_a_file_has_no_disk_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert disk.writing(tmp_path / "file" / "memory").level == "problem"


def test_a_disk_that_takes_no_more_is_a_problem(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from executor.doctor import disk\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "found = disk.writing(Path(sys.argv[1])); print(found.level, found.said)"
    )
    argv = [sys.executable, "-c", script, str(tmp_path)]
    ran = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=30)
    assert ran.stdout.startswith("problem a probe file")
    assert list(tmp_path.iterdir()) == []


def test_a_slow_disk_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "SLOW_LINE_S", 0.0)
    found = disk.writing(tmp_path)
    assert (found.level, "slow" in found.todo) == ("warning", True)


def test_findings_add_up_to_one_line() -> None:
    ok, warning, problem = Finding("a", "ok", ""), Finding("b", "warning", ""), Finding("c", "problem", "")
    assert works([ok, warning])
    assert not works([ok, problem])
    assert summary([ok]) == "A night would work with these settings: nothing is amiss."
    assert summary([warning, warning]).endswith("work with these settings: 2 warnings.")
    assert summary([problem, warning]).endswith("not work with these settings: 1 problem and 1 warning.")


def test_what_is_waited_for_is_said_before_it_is_done() -> None:
    order: list[str] = []

    def look() -> Finding:
        order.append("looked")
        return Finding("a", "ok", "")

    assert list(examine([Check("doing a", look)], order.append)) == [Finding("a", "ok", "")]
    assert order == ["doing a", "looked"]


def test_the_advice_in_a_message_becomes_what_is_to_be_done() -> None:
    assert fault_finding("x", "problem", ModelFault("it is away; start it"), "else") == Finding(
        "x", "problem", "it is away", "start it"
    )
    assert fault_finding("x", "ok", ModelFault("it is\naway"), "else") == Finding("x", "ok", "it is away", "else")
