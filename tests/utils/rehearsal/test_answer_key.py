"""Nothing but the simulation reads the answer key: the code says so, and so does a run that is watched."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import CHECKOUT, finish, serving

FLOORS = ("builder", "trainer", "executor", "memory", "utils")
SIMULATION = CHECKOUT / "utils" / "rehearsal"
HOLD_THE_KEY = ("utils.rehearsal.truths", "utils.rehearsal.worlds")
MAY_HAND_IT_ON = {
    "utils/choose_model.py",  # loads it for the simulation that it makes
    # dry runs alone: they plant it and hold it against what a night chose; `loop.py` imports none of them
    "utils/commands/flights.py",
    "utils/commands/planted.py",
    "utils/commands/rehearse.py",
}


def imported(path: Path) -> set[str]:
    """Every module that a file may mean by its imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = [] if not node.level else list(path.relative_to(CHECKOUT).parts[: -node.level])
            base = ".".join([*package, *([node.module] if node.module else [])])
            found.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
    return found


def modules() -> list[Path]:
    below = [path for floor in FLOORS for path in (CHECKOUT / floor).rglob("*.py")]
    return [path for path in [*below, *CHECKOUT.glob("*.py")] if SIMULATION not in path.parents]


def test_no_other_module_imports_what_holds_the_key() -> None:
    importers = {str(path.relative_to(CHECKOUT)) for path in modules() if not imported(path).isdisjoint(HOLD_THE_KEY)}
    assert importers <= MAY_HAND_IT_ON
    assert "utils/choose_model.py" in importers  # or the search finds nothing


def test_the_loop_imports_nothing_of_the_dry_runs() -> None:
    told = "import sys, loop; print(*(name for name in sys.modules if name.startswith('utils.commands')))"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, text=True, cwd=CHECKOUT)
    assert ran.stdout.split() == []


@pytest.mark.parametrize(
    "line",
    [
        "import utils.rehearsal.truths",
        "from utils.rehearsal.truths import Truths",
        "from utils.rehearsal import truths as t",
        "from .rehearsal import truths",
        "def f():\n    from .rehearsal.truths import Truths",
    ],
)
def test_every_way_to_import_it_is_seen(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "utils").mkdir()
    path = tmp_path / "utils" / "other.py"
    path.write_text(line, encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.CHECKOUT", tmp_path)
    assert "utils.rehearsal.truths" in imported(path)


WATCHED = """
import json, os, runpy, sys, sysconfig

KEY, REPORT, PROGRAM = sys.argv[1:4]
OUTSIDE = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
PYDANTIC = os.sep + "pydantic"

def reader(frame):
    while frame is not None:
        name = frame.f_code.co_filename
        if not (name.startswith((*OUTSIDE, "<")) or PYDANTIC in name):
            return name
        frame = frame.f_back
    return ""

def watch(event, values):
    if event == "open" and isinstance(values[0], (str, bytes)) and os.path.realpath(os.fsdecode(values[0])) == KEY:
        os.write(report, json.dumps(reader(sys._getframe(1))).encode() + b"\\n")
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn") and KEY in str(values):
        os.write(report, b'"a subprocess"\\n')

report = os.open(REPORT, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(watch)
sys.argv = sys.argv[3:]
sys.path.insert(0, os.path.dirname(PROGRAM))
runpy.run_path(PROGRAM, run_name="__main__")
"""


def readers(tmp_path: Path, program: Path, *options: str | Path, key: Path = SIMULATION / "truths.toml") -> list[str]:
    """The files whose code opened the key while the program ran, in order."""
    report = tmp_path / "report"
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED, *map(str, (key, report, program, *options))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={"BT_CPU_S": "1", **os.environ},
    )
    ran = finish(process)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]


def night(tmp_path: Path, llm: str) -> list[str]:
    options = ("--memory", tmp_path / "memory", "--seed", "1", "--sandbox", "process", "--cycles", "3")
    return readers(tmp_path, CHECKOUT / "loop.py", "--llm", llm, *options)


def test_in_a_rehearsal_only_the_simulation_opens_the_key(tmp_path: Path) -> None:
    found = night(tmp_path, "rehearsal")
    assert found
    assert {Path(name).parent for name in found} == {SIMULATION}


def test_with_a_server_the_loop_never_opens_the_key(tmp_path: Path) -> None:
    with serving("-m utils.rehearsal", "--port", "0") as url:
        assert night(tmp_path, url) == []


@pytest.mark.parametrize(
    "line",
    [
        "open({key!r}).close()",
        "__import__('pathlib').Path({key!r}).read_bytes()",
        "__import__('os').open({key!r}, 0)",
        "__import__('tomllib').load(open({link!r}, 'rb'))",
        "__import__('shutil').copy({key!r}, {link!r} + '.copy')",
    ],
)
def test_a_program_that_peeks_is_seen(tmp_path: Path, line: str) -> None:
    key, link, program = SIMULATION / "truths.toml", tmp_path / "link", tmp_path / "peek.py"
    link.symlink_to(key)
    program.write_text(line.format(key=str(key), link=str(link)), encoding="utf-8")
    assert readers(tmp_path, program) == [str(program)]


@pytest.mark.parametrize("line", ["subprocess.run(['cat', {key!r}], check=True)", "os.system('cat ' + {key!r})"])
def test_a_program_that_has_it_read_by_another_is_seen(tmp_path: Path, line: str) -> None:
    program = tmp_path / "peek.py"
    program.write_text("import os, subprocess\n" + line.format(key=str(SIMULATION / "truths.toml")), encoding="utf-8")
    assert readers(tmp_path, program) == ["a subprocess"]
