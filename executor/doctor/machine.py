"""Python, the packages, and the clock."""

import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from executor.doctor.findings import Finding
from utils.clock import Clock, iso

IMPORT_S = 60
FIRST_YEAR = 2025
SAMPLE_S, MOST_DRIFT_S = 0.05, 1.0
REINSTALL = "install the locked ones: .venv/bin/pip install --require-hashes -r requirements.txt"
IMPORTER = """
import importlib, json, sys
names, sys.path[:] = json.loads(sys.argv[1])
for name in names:
    print(name, flush=True)
    importlib.import_module(name)
print("done")
"""


def python(pyproject: Path, version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Whether this Python is one that pyproject.toml allows."""
    own = ".".join(map(str, version))
    try:
        wanted = str(_project(pyproject)["requires-python"])
        fits = SpecifierSet(wanted).contains(own, prereleases=True)
    except (OSError, ValueError, KeyError, TypeError, InvalidSpecifier) as error:
        return Finding("Python", "warning", f"{own}; what is needed cannot be read from {pyproject} ({error})")
    if not fits:
        return Finding("Python", "problem", f"{own}, but {wanted} is needed", "make the environment with that Python")
    return Finding("Python", "ok", f"{own} ({wanted} is needed)")


def packages(pyproject: Path) -> Finding:
    """Whether all packages that pyproject.toml names are there in a version within its bounds, and can be imported."""
    try:
        wanted = [Requirement(str(each)) for each in _project(pyproject)["dependencies"]]
    except (OSError, ValueError, KeyError, TypeError, InvalidRequirement) as error:
        said = f"which ones are needed cannot be read from {pyproject} ({error})"
        return Finding("packages", "warning", said, "run it from a whole checkout")
    flaws = [flaw for each in wanted if (flaw := _flaw(each))]
    flaws = flaws or _import_flaws([each.name.replace("-", "_") for each in wanted])
    if flaws:
        return Finding("packages", "problem", "; ".join(flaws), REINSTALL)
    return Finding("packages", "ok", f"all {len(wanted)} are within their bounds and can be imported")


def _project(pyproject: Path) -> dict[str, Any]:
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    if not isinstance(project, dict):
        raise TypeError("no [project] table")
    return project


def _flaw(wanted: Requirement) -> str:
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    fits = wanted.specifier.contains(version, prereleases=True)
    return "" if fits else f"{wanted.name} is {version}, not {wanted.specifier}"


def _import_flaws(names: Sequence[str]) -> list[str]:
    """In a process of its own: a compiled module that was built for another processor ends the whole process."""
    argv = [sys.executable, "-c", IMPORTER, json.dumps([names, sys.path])]
    try:
        ran = subprocess.run(argv, capture_output=True, check=False, text=True, errors="replace", timeout=IMPORT_S)
    except subprocess.TimeoutExpired:
        return [f"they cannot be imported within {IMPORT_S} s"]
    last = (ran.stdout.split() or ["?"])[-1]
    if last == "done":
        return []
    why = (ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"])[-1]
    return [f"{last} cannot be imported ({why[:300]})"]


def clock(source: Clock) -> Finding:
    """Whether the date can be true, and seconds pass alike on both clocks of the machine."""
    wall, steady = source.now(), source.monotonic_s()
    time.sleep(SAMPLE_S)
    wall_s, steady_s = (source.now() - wall).total_seconds(), source.monotonic_s() - steady
    if wall.year < FIRST_YEAR:
        return Finding("clock", "problem", f"it says {iso(wall)}", "set the clock, e.g. timedatectl set-ntp true")
    if steady_s <= 0 or abs(wall_s - steady_s) > MOST_DRIFT_S:
        said = f"{steady_s:.2f} s passed on one clock and {wall_s:.2f} s on the other"
        return Finding("clock", "warning", said, "let the time be synchronised before the night: --until follows it")
    return Finding("clock", "ok", iso(wall))
