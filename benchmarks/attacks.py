"""Hostile programs, out of tests/attacks/isolation, and what a correct sandbox does with each."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from executor.sandbox import Limits, Status

FOLDER = Path(__file__).parents[1] / "tests" / "attacks" / "isolation"
LIMITS = Limits(wall_s=10.0, cpu_s=5.0, memory_mb=256, file_mb=8, processes=32)
TIGHT = replace(LIMITS, wall_s=1.5, cpu_s=1.0)


@dataclass(frozen=True, slots=True)
class Attack:
    """A hostile program and what its first line says of it: `# MUST: exit or timeout, only in isolation. It ..`."""

    name: str
    source: str

    @property
    def first_line(self) -> str:
        """What a correct sandbox does with it."""
        return self.source.partition("\n")[0]

    @property
    def statuses(self) -> set[Status]:
        """How it may end."""
        wanted = re.fullmatch(r"# MUST: ([a-z_ ]+)[.,] ?.*", self.first_line)
        assert wanted is not None, self.name
        return {Status(word) for word in wanted[1].split(" or ")}

    @property
    def scope(self) -> str:
        """Where it can harm nobody: `anywhere`, `isolation`, `namespace` or `container`."""
        found = re.search(r", only in (?:an? )?(isolation|namespace|container)\.", self.first_line)
        return found[1] if found else "anywhere"

    @property
    def limits(self) -> Limits:
        """What it may use; more time where it is its CPU time that has to be noticed."""
        return replace(TIGHT, wall_s=30.0) if self.statuses == {Status.CPU_LIMIT} else TIGHT


def attacks(*scopes: str) -> list[Attack]:
    """The attacks of these scopes, by name."""
    found = [Attack(path.stem, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.py"))]
    return [attack for attack in found if attack.scope in scopes]


def attacks_for(kind: str) -> list[Attack]:
    """The attacks that a sandbox of this kind survives, without harm to the host."""
    scopes = ["anywhere", "isolation", "namespace", "container"]
    narrower = {"process": 1, "landlock": 2, "bubblewrap": 3}
    return attacks(*scopes[: narrower.get(kind, len(scopes))])
