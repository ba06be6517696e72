"""Whether a proposed task can be trusted; nothing that a model says of its proposal is believed.

Expected values are what the reference answers. The proposal's own are only compared with them, and one that differs
refuses the whole: either the reference is wrong, or the goal leaves open what is wanted. The checks have to tell the
reference from answers that solve nothing and from at least four in five of its simple mutants (utils.mutants), by the
comparisons with which solutions are graded. Each refusal names its reason.

Not covered: a reference that is wrong in the same way as all of its proposal's checks, and a goal that says something
else than both.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from pydantic import ValidationError

from executor.grading.asking import Asking
from executor.grading.grade import grade
from executor.grading.programs import CANDIDATE
from executor.grading.reference_answers import Answers, Reference, answers_of
from executor.grading.wanted import Wanted, tried, wanted_of
from executor.sandbox import Limits, Program, Sandbox
from memory.attempts import AttemptLimits, Verdict
from memory.cases import Case
from memory.task_proposals import FLAWS, Flaw, TaskProposal
from memory.tasks import Check, Task, check_flaw
from trainer.claims import case_of, disagreement, holds_floats
from trainer.hollow_answers import cheats, one_liners, shown_as, side_by_side
from trainer.known_alike import KnownTasks, shape_of
from trainer.reference_rules import banned_use
from utils.mutants import Mutant, mutants
from utils.text import one_line

FEWEST_CHECKS = 6
SHOWN_CHECKS = 2
MOST_ALIKE = 0.8
"""The share of the checks that may want the same."""
MUTANTS_TRIED = 30
FEWEST_MUTANTS = 4
EVENLY_CHARS = 2000
"""Of a longer reference mutants are drawn: to spread them evenly takes all of them, which may be thousands."""
MUTANTS_FAIL = 0.8
WHY_CHARS = 400
FLOAT_TOLERANCE = 1e-9
LIMITS = AttemptLimits(wall_s=4.0, cpu_s=1.0, memory_mb=256)
"""A reference takes milliseconds; a mutant that runs for so long has failed."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A task that can be trusted, or the reason why there is none; and what was measured of the mutants."""

    task: Task | None = None
    flaw: Flaw | None = None
    why: str = ""
    mutants: int = 0
    mutants_failed: int = 0


class _Refused(Exception):  # noqa: N818  it never leaves this module
    def __init__(self, flaw: Flaw, why: str = "") -> None:
        super().__init__(flaw)
        self.flaw: Flaw = flaw
        self.why = one_line(f"{FLAWS[flaw]}: {why}" if why else FLAWS[flaw], WHY_CHARS)


@dataclass(slots=True)
class ProposalJudge:
    """Judges proposals in one sandbox.

    Attributes:
        sandbox: where everything of a proposal runs.
        known: the tasks that a new one must differ from; whoever owns it keeps it up to date.
    """

    sandbox: Sandbox
    known: KnownTasks = field(default_factory=KnownTasks)

    def judge(self, proposal: TaskProposal, *, task_id: str, may_be_known: bool = False) -> Judged:
        """The trusted task, under this id, or why there is none; a person may want what is known already.

        Raises:
            SandboxFault: a sandbox could not start or was lost; nothing is said about the proposal.
            Interrupted: the sandbox was closed meanwhile.
        """
        try:
            _refuse_at_sight(proposal)
            if not may_be_known:
                _refuse_reworded(self.known, proposal)
            task = self._task(proposal, task_id)
            self._refuse_trivial(task)
            if not may_be_known:
                self._refuse_known(task)
            self._refuse_unsound(task)
            self._refuse_cheatable(task)
            return self._tried_on_mutants(task)
        except _Refused as refused:
            return Judged(flaw=refused.flaw, why=refused.why)

    def _task(self, proposal: TaskProposal, task_id: str) -> Task:
        """The task with the reference's answers as what is wanted."""
        claims = [wanted_of(case) for case in _once_each(proposal.claims)]
        reference = Reference(
            source=proposal.reference,
            names=(proposal.entry_point,),
            requests=[claim.request for claim in claims],
        )
        answers = answers_of(reference, self.sandbox, limits=_limits(LIMITS))
        if answers.broken:
            raise _Refused("broken", answers.broken)
        if wrong := disagreement(claims, answers.each):
            raise _Refused("wrong reference", wrong)
        if answers.unstable:
            raise _Refused("nondeterministic", answers.unstable)
        return _assembled(proposal, _cases(claims, answers), answers, task_id)

    def _refuse_trivial(self, task: Task) -> None:
        """What one short expression solves teaches nothing."""
        wanted = [wanted_of(case) for case in task.cases]
        expected = [case.expected for case in task.cases if case.expected is not None]
        bodies = list(one_liners(expected, min(len(each.request["args"]) for each in wanted)))
        names = [f"answer{number}" for number in range(len(bodies))]
        source = "".join(f"def {name}(*args): return {body}\n" for name, body in zip(names, bodies, strict=True))
        with self._line(source, names) as line:
            for name, body in zip(names, bodies, strict=True):
                if all(_gives(each, name, line, task) for each in wanted):
                    raise _Refused("trivial", f"{body} solves it")

    def _refuse_known(self, task: Task) -> None:
        shapes = Counter(shape_of(wanted_of(case).request) for case in task.cases)
        name = str(task.entry_point)
        with self._line(str(task.reference), [name]) as line:
            for shape in shapes:
                if alike := self.known.alike_in_answers(line, name, shape):
                    raise _Refused("duplicate", alike)
            if line.gone:
                raise _Refused("broken", "its process ended at calls of other tasks")

    def _refuse_unsound(self, task: Task) -> None:
        """The whole grading, as the Builder will meet it, passes the reference twice, and alike."""
        first, second = (self._verdict(task, str(task.reference), LIMITS) for _ in range(2))
        for verdict in (first, second):
            if verdict.outcome != "passed":
                failed = next((f"{each.source or each.call} does not hold" for each in verdict.failures), "")
                raise _Refused("wrong reference", verdict.why_none or verdict.error or failed)
        if _outcome(first) != _outcome(second):
            raise _Refused("nondeterministic", "it is not graded alike twice")

    def _refuse_cheatable(self, task: Task) -> None:
        for name, source in cheats(task):
            if self._passes(task, source):
                raise _Refused("cheatable", f"{name} passes")

    def _tried_on_mutants(self, task: Task) -> Judged:
        """The task, if its checks fail enough of the mutants."""
        source = str(task.reference)
        drawn = None if len(source) <= EVENLY_CHARS else np.random.default_rng(0)
        wrong = mutants(source, limit=MUTANTS_TRIED, rng=drawn)
        if len(wrong) < FEWEST_MUTANTS:
            raise _Refused("trivial", f"there are {len(wrong)} ways to get its reference wrong")
        survivors = self._pass_cases(task, wrong)
        if task.checks:
            survivors = [each for each in survivors if self._passes(task, each.source)]
        if len(survivors) > (1 - MUTANTS_FAIL) * len(wrong):
            told = "; ".join(each.description for each in survivors[:3])
            raise _Refused("weak checks", f"{len(survivors)} of {len(wrong)} pass: {told}")
        return Judged(task=task, mutants=len(wrong), mutants_failed=len(wrong) - len(survivors))

    def _pass_cases(self, task: Task, wrong: Sequence[Mutant]) -> list[Mutant]:
        """The mutants that pass all cases; they share a process, and one that ends it or takes too long has failed."""
        wanted = [wanted_of(case) for case in task.cases]
        passing: list[Mutant] = []
        waiting = list(wrong)
        while waiting:
            names = [f"mutant{number}" for number in range(len(waiting))]
            tried_ones = 0
            with self._line(side_by_side([each.source for each in waiting], str(task.entry_point)), names) as line:
                for name, mutant in zip(names, waiting, strict=True):
                    tried_ones += 1
                    if all(_gives(each, name, line, task) for each in wanted):
                        passing.append(mutant)
                    if line.gone:
                        break
            waiting = waiting[tried_ones:]
        return passing

    def _passes(self, task: Task, source: str) -> bool:
        return self._verdict(task, source, LIMITS).outcome == "passed"

    def _verdict(self, task: Task, source: str, limits: AttemptLimits) -> Verdict:
        return grade(task, source, self.sandbox, limits=limits)

    @contextmanager
    def _line(self, source: str, names: Sequence[str]) -> Iterator[Asking]:
        """A line to code that is loaded in a process of its own."""
        program = self.sandbox.converse(Program(source=CANDIDATE, limits=_limits(LIMITS)))
        try:
            line = Asking(program, mutates=False)
            if error := line.load(source, names):
                raise _Refused("broken", error[-WHY_CHARS // 2 :])
            yield line
        finally:
            program.close()


def _refuse_at_sight(proposal: TaskProposal) -> None:
    """What no run is needed for."""
    if banned := banned_use(proposal.reference, proposal.entry_point):
        raise _Refused("banned", banned)
    if any(case.parsed.name != proposal.entry_point for case in proposal.claims):
        raise _Refused("broken", f"a check calls something else than {proposal.entry_point}")
    if flaw := next(filter(None, (check_flaw(f"assert {each}") for each in proposal.properties)), ""):
        raise _Refused("broken", f"a property {flaw}")
    if (found := len(_once_each(proposal.claims))) < FEWEST_CHECKS:
        raise _Refused("too few checks", f"{found} different calls with what they give, {FEWEST_CHECKS} are needed")


def _refuse_reworded(known: KnownTasks, proposal: TaskProposal) -> None:
    if alike := known.alike_in_words(proposal.goal, proposal.entry_point):
        raise _Refused("duplicate", alike)


def _once_each(claims: Sequence[Case]) -> list[Case]:
    """The claims without repetitions of a call, the first of each."""
    return list({repr(case.parsed): case for case in reversed(claims)}.values())[::-1]


def _cases(claims: Sequence[Wanted], answers: Answers) -> tuple[Case, ...]:
    cases = [case_of(claim, answer) for claim, answer in zip(claims, answers.each, strict=True)]
    unwritten = next((claim.call for claim, case in zip(claims, cases, strict=True) if case is None), "")
    if unwritten:
        raise _Refused("broken", f"the answer to {unwritten} cannot be written down")
    outcomes = Counter(case.expected or f"raises {case.raises}" for case in cases if case is not None)
    most, count = outcomes.most_common(1)[0]
    if count > MOST_ALIKE * len(cases):
        raise _Refused("trivial", f"{count} of {len(cases)} calls give {most}")
    return tuple(case for case in cases if case is not None)


def _assembled(proposal: TaskProposal, cases: tuple[Case, ...], answers: Answers, task_id: str) -> Task:
    shown = [shown_as(case.call, case.expected) for case in cases if case.expected is not None][:SHOWN_CHECKS]
    floats = any(holds_floats(answer.value) for answer in answers.each)
    try:
        return Task(
            id=task_id,
            name=proposal.name,
            goal=proposal.goal,
            entry_point=proposal.entry_point,
            examples=tuple(shown),
            skills=proposal.skills,
            difficulty=proposal.difficulty,
            checks=tuple(Check(name=one_line(each, 100), code=f"assert {each}") for each in proposal.properties),
            cases=cases,
            tolerance=FLOAT_TOLERANCE if floats else None,
            origin="generated",
            reference=proposal.reference,
        )
    except ValidationError as error:
        raise _Refused("broken", error.errors()[0]["msg"]) from error


def _gives(wanted: Wanted, name: str, line: Asking, task: Task) -> bool:
    asked = replace(wanted, request={**wanted.request, "name": name})
    return tried(asked, line, tolerance=task.tolerance).passed


def _outcome(verdict: Verdict) -> tuple[object, ...]:
    return verdict.checks, verdict.calls, [(each.call, each.answer) for each in verdict.transcript]


def _limits(limits: AttemptLimits) -> Limits:
    return Limits(wall_s=limits.wall_s, cpu_s=limits.cpu_s, memory_mb=limits.memory_mb)
