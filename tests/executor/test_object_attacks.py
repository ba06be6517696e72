"""Objects that lie to the checks that hold them: plain Python passes each of them, and the separated judge must not."""

from pathlib import Path

import pytest

from benchmarks.plain_python import plain_flaw
from executor.grading.grade import grade
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits
from memory.tasks import Check, Task

FOLDER = Path(__file__).parents[1] / "attacks" / "objects"
ATTACKS = sorted(FOLDER.glob("*.py"))
LIMITS = AttemptLimits(wall_s=4.0, cpu_s=2.0, memory_mb=256)
FILLED = "tally = Tally()\ntally.add(2)\ntally.add(3)\n"
CHECKS = {
    "totals": FILLED + "assert tally.total() == 5\nassert 5 == tally.total()\nassert tally.total() in {5}",
    "values": FILLED + "assert tally.values() == [2, 3]\nassert [2, 3] == tally.values()",
    "held": FILLED + "assert 3 in tally.values() and 9 not in tally.values() and len(tally.values()) == 2",
    "an object": FILLED + "assert len(tally) == 2 and 3 in tally and 9 not in tally and list(tally) == [2, 3]",
    "nothing": "assert Tally().total() == 0 and Tally().values() == [] and not Tally().values()",
    "equal": "first, second = Tally(), Tally()\nassert first == second\nfirst.add(1)\nassert first != second",
    "refused": "assert raises(ValueError, Tally().add, -1)",
    "near": "assert abs(half(3) - 1.5) < 1e-9\nassert abs(1.5 - half(3)) < 1e-9",
}
TALLY = Task(
    id="tally",
    name="tally",
    goal="class Tally, half(x)",
    entry_point="Tally",
    interface=("half",),
    reference=(FOLDER / "h_honest.py").read_text(encoding="utf-8"),
    checks=tuple(Check(name=name, code=code) for name, code in CHECKS.items()),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_plain_python_alone_would_pass_it(attack: Path) -> None:
    assert plain_flaw(TALLY, attack.read_text(encoding="utf-8")) == ""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_only_who_does_not_lie_is_passed(sandbox: Sandbox, attack: Path) -> None:
    source = attack.read_text(encoding="utf-8")
    verdict = grade(TALLY, source, sandbox, limits=LIMITS)
    assert verdict.outcome == ("passed" if source.startswith("# MUST: pass") else "failed")


DIGS = "def first(numbers):\n    return numbers.gi_frame.f_globals['want']\n"
WANTS = "want = 7\nnumbers = (number for number in [7])\nassert first(numbers) == want"


def test_a_generator_of_the_checks_tells_nothing_of_what_they_know(sandbox: Sandbox) -> None:
    task = TALLY.model_copy(
        update={
            "entry_point": "first",
            "interface": (),
            "checks": (Check(name="first", code=WANTS),),
            "reference": None,
        }
    )
    assert plain_flaw(task, DIGS) == ""
    assert grade(task, DIGS, sandbox, limits=LIMITS).outcome == "failed"
    assert grade(task, "def first(numbers):\n    return next(numbers)\n", sandbox, limits=LIMITS).outcome == "passed"
