"""The Trainer's own tasks: asked of the model where the Builder is weak, kept only if they can be trusted.

What is asked follows from what is remembered alone, and the seed of the request from the run's. The reply is an
outcome, whatever it holds; a model or a sandbox that is away is a fault, and then nothing happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executor.sandbox import Sandbox
from memory.attempts import Sampling
from memory.events import Happening, TaskAdded
from memory.state import MemoryState
from memory.task_proposals import FLAWS, ChecksProposed, TaskProposal, TaskProposed
from memory.tasks import Task
from trainer.adjust_difficulty import practised_at, target_of
from trainer.known_alike import KnownTasks
from trainer.proposal_checks import Judged, ProposalJudge
from trainer.proposal_prompts import GOAL_CHARS, Wanted, checks_prompt, proposal_prompt
from trainer.read_proposal import CHECKS_SCHEMA, SCHEMA, UnreadableError, read_checks, read_proposal
from utils.completions import Completion, Message, Model, Reply
from utils.errors import ContextOverflow
from utils.files import sha256_hex
from utils.ids import derived
from utils.text import one_line

BY = "trainer"
NAMES_TOLD = 25
MISTAKES_TOLD = 3
REFUSED_TOLD = 4
CHECKS_TRIES = 3
"""So often checks of one task are asked for."""
ASKED_WEIGHT = 0.5
"""Logits by which a skill counts as stronger for each time that a task of it was asked for: all get their turn."""
MOST_TOKENS = 4096
"""Of a reply: a task takes more words than a solution."""
SYSTEM = "You are an experienced teacher of Python who writes precise tasks with exact checks."
WHY_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A proposal to be asked for: its number, the run's seed, and how the model is asked."""

    number: int
    seed: int
    sampling: Sampling


class TaskGenerator:
    """Asks for tasks and judges them; what it knows of the tasks follows the memory."""

    def __init__(self, sandbox: Sandbox) -> None:
        """`sandbox`: where proposals are tried."""
        self._known = KnownTasks()
        self._judge = ProposalJudge(sandbox, self._known)

    def generate(self, state: MemoryState, model: Model, request: Request) -> list[Happening]:
        """What is to be logged: that a task was proposed and what came of it, and the task if it is trusted.

        Raises:
            ModelFault: the model is away.
            SandboxFault: the sandbox is away.
            Interrupted: asked to stop meanwhile.
        """
        wanted = wanted_of(state)
        try:
            reply = model.complete(_completion(proposal_prompt(wanted), SCHEMA, request))
        except ContextOverflow as error:
            why = f"the model's context is too small for the request: {error}"
            return [_event(request, wanted, None, None, Judged(flaw="unreadable", why=why))]
        try:
            proposal = read_proposal(reply.text, skill=wanted.skill, difficulty=wanted.difficulty)
        except UnreadableError as error:
            return [_event(request, wanted, reply, None, Judged(flaw="unreadable", why=str(error)))]
        judged = self._judged(state, proposal)
        events: list[Happening] = [_event(request, wanted, reply, proposal, judged)]
        return events if judged.task is None else [*events, TaskAdded(task=judged.task, by=BY)]

    def generate_checks(self, task: Task, model: Model, request: Request) -> list[Happening]:
        """The same for the checks of a person's task that has none; they wait for the person's word.

        Raises:
            ModelFault: the model is away.
            SandboxFault: the sandbox is away.
            Interrupted: asked to stop meanwhile.
        """
        wanted = Wanted(skill=task.skills[0], difficulty=task.difficulty)
        asked = _completion(checks_prompt(task.goal, task.entry_point), CHECKS_SCHEMA, request)
        proposal = reply = None
        try:
            reply = model.complete(asked)
            proposal = read_checks(reply.text, task)
            judged = self._judge.judge(proposal, task_id=task.id, may_be_known=True)
        except ContextOverflow as error:
            judged = Judged(flaw="unreadable", why=f"the model's context is too small for the request: {error}")
        except UnreadableError as error:
            judged = Judged(flaw="unreadable", why=str(error))
        event = _event(request, wanted, reply, proposal, judged).model_copy(update={"for_task": task.id})
        return [event] if judged.task is None else [event, ChecksProposed(task=_with_checks(task, judged.task))]

    def _judged(self, state: MemoryState, proposal: TaskProposal) -> Judged:
        task_id = f"generated-{proposal.digest[:12]}"
        if proposal.digest in state.proposals.digests or task_id in state.tasks:
            return Judged(flaw="proposed before", why=FLAWS["proposed before"])
        self._known.learn((record.task, record.digest) for record in state.tasks.values())
        return self._judge.judge(proposal, task_id=task_id)


def is_due(state: MemoryState, *, every: int) -> bool:
    """Whether a task is to be asked for now: `every` so many units, 0 for never."""
    return every > 0 and state.totals.units - state.proposals.units_at_last >= every


def without_checks(state: MemoryState) -> Task | None:
    """The person's task for which checks are to be asked: the one without any that came first; None without one."""
    proposals = state.proposals
    for record in state.wishes.values():
        task = record.task
        open_to_it = task.mode == "none" and task.id not in proposals.drafts and len(task.goal) <= GOAL_CHARS
        if open_to_it and proposals.checks_asked[task.id] < CHECKS_TRIES:
            return task
    return None


def _with_checks(task: Task, judged: Task) -> Task:
    """The person's task with what was proposed for it; all else is as the person said."""
    fields = ("entry_point", "cases", "checks", "examples", "tolerance", "reference")
    return task.model_copy(update={name: getattr(judged, name) for name in fields})


def wanted_of(state: MemoryState) -> Wanted:
    """What the next task should be: of a weak skill that was not asked for often, as hard as it can take."""
    skill = min(state.by_skill, key=lambda name: (_strength(state, name), name), default="general")
    errors = state.skills[skill].errors if skill in state.skills else {}
    frequent = sorted(errors, key=lambda name: (-errors[name], name))[:MISTAKES_TOLD]
    names = [state.tasks[task].task.name for task in state.by_skill.get(skill, ())]
    refused = [each for each in state.proposals.latest if each.flaw is not None]
    return Wanted(
        skill=skill,
        difficulty=target_of(practised_at(skill, state.learning), goal=state.learning.aim.goal),
        mistakes=[_mistake(state, name) for name in frequent],
        known=names[-NAMES_TOLD:],
        refused=[f"{each.name or 'no name'}: {FLAWS[each.flaw]}" for each in refused[-REFUSED_TOLD:] if each.flaw],
    )


def _strength(state: MemoryState, skill: str) -> float:
    asked = state.proposals.by_skill[skill]
    return round(state.learning.level(skill).mean + ASKED_WEIGHT * asked, 6)


def _mistake(state: MemoryState, name: str) -> str:
    known = state.errors.get(name)
    return f"{name}: {known.told}" if known and known.told else name


def _completion(prompt: str, schema: Mapping[str, Any], request: Request) -> Completion:
    return Completion(
        messages=(Message("system", SYSTEM), Message("user", prompt)),
        temperature=request.sampling.temperature,
        top_p=request.sampling.top_p,
        max_tokens=max(request.sampling.max_tokens, MOST_TOKENS),
        seed=derived(request.seed, "proposal", request.number),
        json_schema=schema,
    )


def _event(
    request: Request, wanted: Wanted, reply: Reply | None, proposal: TaskProposal | None, judged: Judged
) -> TaskProposed:
    usage = None if reply is None else reply.usage
    text = "" if reply is None else reply.text
    return TaskProposed(
        number=request.number,
        skill=wanted.skill,
        digest=proposal.digest if proposal else sha256_hex(text.encode("utf-8", "replace")),
        name=proposal.name if proposal else "",
        flaw=judged.flaw,
        why=one_line(judged.why, WHY_CHARS),
        task_id=judged.task.id if judged.task else None,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )
