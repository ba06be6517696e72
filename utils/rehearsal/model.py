"""The rehearsal model: a simulated Builder that writes real code, right or broken in a known way.

It is to a night of learning what a flight simulator is to a flight: a dry run of tonight's settings, and a proof that
the machinery finds planted effects and finds none where none were planted. It knows the tasks' reference solutions
and understands nothing; its figures say nothing about any real model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from utils.completions import Completion, Reply
from utils.mutants import mutants
from utils.rehearsal import replies
from utils.rehearsal.answers import Written, answer, draws_for, odds
from utils.rehearsal.bugs import BREAKERS
from utils.rehearsal.draws import Draws
from utils.rehearsal.known import KnownTask, Solution, solution_of
from utils.rehearsal.proposing import reply_to
from utils.rehearsal.reading import Reader, Situation, TaskIndex, Wish
from utils.rehearsal.styles import restyled
from utils.rehearsal.tables import BugKind
from utils.rehearsal.truths import Truths

NAME = "rehearsal (simulated)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a reply is intended to be, decided before it is worded.

    Attributes:
        situation: the request as it was understood.
        probability: the odds that the reply was intended to be right; 0 if no code was wanted or none is known.
        right: whether it is intended to be right.
        again: a failed repair that sends the last code unchanged.
        bug: how it is intended to be wrong; None if it is right, sent again, or no solution was possible.
        code: the code that it holds, empty if none.
    """

    situation: Situation
    probability: float = 0.0
    right: bool = False
    again: bool = False
    bug: BugKind | None = None
    code: str = ""


class RehearsalModel:
    """Fulfils utils.completions.Model; a pure function of messages, request seed, model seed, tasks, truths and unit.

    The unit that asks counts for nothing but the planted drift. A request that names none, which all are that come
    through the HTTP server, is answered without drift.

    Whether a json_schema is given, and max_tokens, count too: a reply that is too long is cut off as a server would.
    Safe to use from many threads at once. Never raises a ModelFault.

    Args:
        tasks: what it can be asked for; a task without a usable reference is answered with a plain refusal.
        truths: the planted odds.
        seed: another seed gives another night in the same world.
    """

    def __init__(self, tasks: Sequence[KnownTask], truths: Truths, seed: int) -> None:
        self._reader = Reader(TaskIndex(tasks), truths.rules)
        self._truths = truths
        self._seed = seed

    @property
    def name(self) -> str:
        """A name that says that it is simulated."""
        return NAME

    def complete(self, completion: Completion) -> Reply:
        """The reply, after the truths' latency; the same for the same request."""
        return answer(self._write, completion, model=NAME, latency_s=self._truths.latency_s)

    def plan(self, completion: Completion) -> Plan:
        """What `complete` will answer to the same request, for those who compare intention and outcome."""
        situation = self._reader.read(completion)
        task = situation.task
        solution = solution_of(task) if task is not None and situation.wish is Wish.CODE else None
        if task is None or solution is None:
            return Plan(situation=situation)
        probability = odds(self._truths, task, situation, unit=completion.unit)
        plan = Plan(situation=situation, probability=probability)
        draws = self._draws(completion, "plan")
        if draws.chance(probability):
            change = draws.chance(self._truths.style.restyled)
            code = restyled(solution, draws) if change else solution.source
            return replace(plan, right=True, code=code)
        if situation.turn and situation.last_code and draws.chance(self._truths.repair.same_code):
            return replace(plan, again=True, code=situation.last_code)
        bug, code = self._broken(solution, self._bug_draws(task, situation.turn, draws))
        return replace(plan, bug=bug, code=code)

    def _bug_draws(self, task: KnownTask, turn: int, draws: Draws) -> Draws:
        """The task's own stream for its habitual mistake, the same in every night; a repair has no habits."""
        habitual = turn == 0 and draws.chance(self._truths.habit.share)
        return Draws("habit", self._truths.offset_seed, task.id) if habitual else draws

    def _broken(self, solution: Solution, draws: Draws) -> tuple[BugKind, str]:
        """The first kind, drawn by share without replacement, that the solution has a place for."""
        shares = self._truths.bugs.by_kind()
        while any(shares.values()):
            kind = draws.weighted(shares)
            code = _break(kind, solution, draws)
            if code is not None:
                return kind, code
            del shares[kind]
        return BugKind.PROSE, ""

    def _write(self, completion: Completion) -> Written:
        plan, draws = self.plan(completion), self._draws(completion, "words")
        wish = plan.situation.wish
        if wish is Wish.PROPOSAL:
            return Written(reply_to(completion.messages[-1].content, draws))
        if wish is not Wish.CODE:
            return Written(replies.in_json(plan.situation, self._truths.reflection, draws))
        return self._code_reply(plan, draws)

    def _code_reply(self, plan: Plan, draws: Draws) -> Written:
        style = self._truths.style
        if plan.bug is BugKind.TRUNCATED:
            return Written(replies.cut_off(plan.code, style, draws), "length")
        if plan.bug is BugKind.PROSE:
            return Written(replies.prose(draws))
        if not plan.code:
            return Written(replies.UNKNOWN)
        return Written(replies.with_code(plan.code, style, draws, turn=plan.situation.turn, again=plan.again))

    def _draws(self, completion: Completion, purpose: str) -> Draws:
        return draws_for(completion, seed=self._seed, purpose=purpose)


def _break(kind: BugKind, solution: Solution, draws: Draws) -> str | None:
    if kind is BugKind.PROSE:
        return ""
    if kind is BugKind.MUTATION:
        return next((mutant.source for mutant in mutants(solution.source, limit=1, rng=draws.generator())), None)
    return BREAKERS[kind](solution, draws)
