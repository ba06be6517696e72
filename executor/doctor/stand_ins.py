"""The models that are no servers: the rehearsal model and recordings."""

from collections.abc import Sequence
from pathlib import Path

from executor.doctor.findings import Finding, fault_finding
from memory.known_tasks import as_known
from memory.tasks import Task
from utils.choose_model import rehearsal_model
from utils.completions import Completion, Message
from utils.errors import InputError
from utils.recordings import ReplayModel
from utils.rehearsal.known import solution_of


def rehearsal(tasks: Sequence[Task], truths: Path | None) -> Finding:
    """Whether the rehearsal model can be made and knows solutions; it is asked for one."""
    try:
        model = rehearsal_model([as_known(task) for task in tasks], truths, seed=0)
    except InputError as error:
        return fault_finding("model", "problem", error, "correct BT_TRUTHS or leave it out")
    known = [task for task in tasks if solution_of(as_known(task))]
    said = (
        f"{model.name}: no language model, its figures say nothing about one; knows {len(known)} of {len(tasks)} tasks"
    )
    if not known:
        return Finding("model", "warning", said, "give it tasks with references, or take the built-in curriculum")
    plan = model.plan(Completion(messages=(Message("user", known[0].goal),)))
    answered = f"asked for {known[0].id} it means to answer {'rightly' if plan.right else 'wrongly'}"
    return Finding("model", "ok", f"{said}; {answered}")


def replay(path: Path) -> Finding:
    """Whether the file of recordings can be read to its end, and how many replies it has."""
    todo = "record a run with --record FILE"
    try:
        ReplayModel(path)
        with path.open("rb") as stream:
            replies = sum(line.endswith(b"\n") for line in stream)
    except InputError as error:
        return fault_finding("model", "problem", error, todo)
    except OSError as error:
        return Finding("model", "problem", f"cannot read {path}: {error.strerror}", todo)
    if not replies:
        return Finding("model", "problem", f"{path} holds no replies", todo)
    said = f"no language model: {replies} recorded replies of {path}, for the same tasks, settings and seed only"
    return Finding("model", "ok", said)
