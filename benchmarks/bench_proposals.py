"""Proposed tasks with planted faults: is none of the faulty ones trusted, and are most of the good ones?

    python -m benchmarks.bench_proposals [--good 100] [--faulty 100] [--seed 0] [--sandbox auto]

The rehearsal model draws the proposals and says what is wrong with each; the judge sees their replies alone, dressed as
by a model that knows no JSON mode. Trusted ones become known, so that later ones can repeat them. Exit code 1 where a
goal is missed.
"""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from executor.choose_sandbox import choose_sandbox
from executor.sandbox import Sandbox
from memory.digests import task_digest
from memory.task_sources import built_in_curriculum
from memory.tasks import Task
from trainer.known_alike import KnownTasks
from trainer.proposal_checks import Judged, ProposalJudge
from trainer.proposal_prompts import Wanted, proposal_prompt
from trainer.read_proposal import UnreadableError, read_proposal
from utils.rehearsal.draws import Draws
from utils.rehearsal.proposing import Fault, Proposed, propose, worded

GOOD_TRUSTED = 0.9
NAMES_TOLD = 60


@dataclass(slots=True)
class Found:
    """What came of all proposals.

    Attributes:
        verdicts: (planted fault, flaw that was found or "trusted") -> how many.
        missed: what was judged wrongly, in words.
        mutants: the shares of mutants that the trusted tasks' checks fail.
        seconds: of each judgement.
    """

    verdicts: Counter[tuple[Fault, str]] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    mutants: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def note(self, made: Proposed, judged: Judged, seconds: float) -> None:
        """Count one."""
        self.verdicts[made.fault, judged.flaw or "trusted"] += 1
        self.seconds.append(seconds)
        if judged.task is not None:
            self.mutants.append(judged.mutants_failed / judged.mutants)
        if (judged.task is not None) != (made.fault is Fault.NONE):
            self.missed.append(f"{made.fault} ({made.name}): {judged.why or 'trusted'}")

    def count(self, *, faulty: bool, trusted: bool | None = None) -> int:
        """How many with or without a fault, all or those that were trusted or not."""
        return sum(
            count for (fault, verdict), count in self.verdicts.items()
            if (fault is not Fault.NONE) == faulty and trusted in (None, verdict == "trusted")
        )  # fmt: skip

    @property
    def reached(self) -> bool:
        """Whether no faulty one was trusted and enough of the good ones were."""
        good = self.count(faulty=False, trusted=True) >= GOOD_TRUSTED * self.count(faulty=False)
        return good and not self.count(faulty=True, trusted=True)


def faults(good: int, faulty: int) -> list[Fault]:
    """What to plant: good ones spread evenly, the faults taking turns."""
    kinds = [fault for fault in Fault if fault is not Fault.NONE]
    count = good + faulty
    marks = [at * good // count != (at + 1) * good // count for at in range(count)]
    turn = iter(kinds[at % len(kinds)] for at in range(faulty))
    return [Fault.NONE if mark else next(turn) for mark in marks]


def judge_all(wanted: Sequence[Fault], sandbox: Sandbox, *, seed: int) -> Found:
    """The proposals with these faults, judged one after the other."""
    tasks: list[Task] = list(built_in_curriculum())
    skills = sorted({task.skills[0] for task in tasks})
    known, found = KnownTasks(), Found()
    known.learn((task, task_digest(task)) for task in tasks)
    judge = ProposalJudge(sandbox, known)
    for number, fault in enumerate(wanted):
        skill = skills[number % len(skills)]
        names = [task.name for task in tasks[-NAMES_TOLD:]]
        draws = Draws("bench proposals", seed, number)
        made = propose(proposal_prompt(Wanted(skill=skill, difficulty=0.5, known=names)), draws, fault=fault)
        started = time.perf_counter()
        judged = _judged(judge, worded(made, draws), skill=skill, task_id=f"generated-{number}")
        found.note(made, judged, time.perf_counter() - started)
        if judged.task is not None:
            tasks.append(judged.task)
            known.learn([(judged.task, task_digest(judged.task))])
    return found


def _judged(judge: ProposalJudge, text: str, *, skill: str, task_id: str) -> Judged:
    try:
        proposal = read_proposal(text, skill=skill, difficulty=0.5)
    except UnreadableError as error:
        return Judged(flaw="unreadable", why=str(error))
    return judge.judge(proposal, task_id=task_id)


def lines(found: Found) -> Iterator[str]:
    """The figures, for people."""
    for fault in Fault:
        of = {verdict: count for (planted, verdict), count in sorted(found.verdicts.items()) if planted is fault}
        told = ", ".join(f"{verdict} {count}" for verdict, count in of.items())
        if of:
            yield f"{fault.value:16} {sum(of.values()):4}   {told}"
    good, trusted = found.count(faulty=False), found.count(faulty=False, trusted=True)
    yield f"good ones trusted: {trusted} of {good} ({trusted / max(1, good):.1%}); wanted {GOOD_TRUSTED:.0%}"
    yield f"faulty ones trusted: {found.count(faulty=True, trusted=True)} of {found.count(faulty=True)}; wanted 0"
    if found.mutants:
        yield f"mutants that the trusted tasks fail: {min(found.mutants):.0%} at least"
    ordered = sorted(found.seconds)
    yield f"one judgement: median {ordered[len(ordered) // 2]:.2f} s, longest {ordered[-1]:.2f} s"
    yield from (f"  wrongly judged: {each}" for each in found.missed)


def main() -> int:
    """Judge, print, say whether the goals were reached."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--good", type=int, default=100)
    parser.add_argument("--faulty", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sandbox", default="auto", choices=["auto", "docker", "bubblewrap", "landlock", "process"])
    given = parser.parse_args()
    with closing(choose_sandbox(given.sandbox, trusted_code_only=True)) as sandbox:
        found = judge_all(faults(given.good, given.faulty), sandbox, seed=given.seed)
    for each in lines(found):
        print(each, flush=True)
    return 0 if found.reached else 1


if __name__ == "__main__":
    sys.exit(main())
