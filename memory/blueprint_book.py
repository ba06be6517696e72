"""The book of blueprints: every version, which one is used for which tasks, and what is on trial against it.

The fold of what the log says of ways of working. Trials of families that share tasks are never open at the same time,
so that a unit has one coin at most, and the version that a revision is held against does not change under it.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from memory.belogs import BELog
from memory.blueprints import DEFAULT_ID, Blueprint, BlueprintRevisionProposal, blueprint_id
from memory.events import (
    BlueprintAdded,
    BlueprintRolledBack,
    BlueprintWord,
    RevisionAdopted,
    RevisionDropped,
    RevisionProposed,
    RevisionRefused,
)
from memory.evidence.logged import TrialFigures
from memory.tasks import Task
from utils.text import clip

GLANCES_KEPT = 12
GLANCE_CHARS = 300
CHECK_TRIES = 4
"""Attempts at a task for which its cross-check waits: while a trial goes on, each may go to the version before."""

TrialState = Literal["on trial", "adopted", "dropped", "rolled back"]


@dataclass(slots=True)
class RevisionTrial:
    """A revision and the version that it is held against."""

    number: int
    proposal: BlueprintRevisionProposal
    base: Blueprint
    challenger: Blueprint
    state: TrialState = "on trial"
    why: str = ""
    figures: TrialFigures | None = None
    unchecked: dict[str, int] = field(default_factory=dict)
    """Tasks of the cross-check that were not tried with the revision yet -> for how many attempts it still waits."""
    checked: tuple[int, int] = (0, 0)
    """Of those that were: failed, and passed."""

    @property
    def family(self) -> str:
        """Whose tasks it is for."""
        return self.proposal.family


@dataclass(frozen=True, slots=True)
class Glance:
    """What is kept of a BELog to learn from: an attempt that failed, or that passed after repairs."""

    task: str
    blueprint: str
    success: bool
    error_class: str
    message: str
    lesson: str


class BlueprintBook:
    """All that is known of ways of working."""

    def __init__(self) -> None:
        """Nothing is."""
        self.trials: list[RevisionTrial] = []
        """In the order of their numbers."""
        self.changes: Counter[str] = Counter()
        """Family -> how often the version that it is worked on with changed."""
        self.refusals = 0
        """Proposals that were no use."""
        self.quiet_units = 0
        """Graded units since something was proposed, refused or decided."""
        self._versions: dict[str, list[Blueprint]] = {}
        self._used: dict[str, list[Blueprint]] = {}
        """Blueprint -> the versions that were used one after the other, the present one last."""
        self._glances: dict[str, deque[Glance]] = {}

    def __iter__(self) -> Iterator[str]:
        """The ids of all blueprints of which a version is known."""
        return iter(self._versions)

    def versions(self, blueprint: str) -> tuple[Blueprint, ...]:
        """Every version that there ever was, those on trial and dropped ones among them."""
        return tuple(self._versions.get(blueprint, ()))

    def latest(self, blueprint: str) -> Blueprint | None:
        """The version in use; None if none is."""
        used = self._used.get(blueprint)
        return used[-1] if used else None

    @property
    def shipped(self) -> Blueprint | None:
        """The newest version that came with the program, which holds nothing learned."""
        return next((each for each in reversed(self._versions.get(DEFAULT_ID, ())) if not each.revised), None)

    def used_for(self, family: str) -> Blueprint | None:
        """The version with which a family's tasks are worked on: its own blueprint's, or else everybody's."""
        return self.latest(blueprint_id(family)) or self.latest(DEFAULT_ID)

    def trial_of(self, task: Task) -> RevisionTrial | None:
        """What is on trial for this task; None where nothing is."""
        return next((trial for trial in self.open if self._covers(trial, task.skills[0])), None)

    def _covers(self, trial: RevisionTrial, skill: str) -> bool:
        return trial.family == skill or (not trial.family and self.latest(blueprint_id(skill)) is None)

    @property
    def open(self) -> list[RevisionTrial]:
        """What is on trial."""
        return [trial for trial in self.trials if trial.state == "on trial"]

    def may_try(self, family: str) -> bool:
        """Whether a revision for this family can go on trial: no open one shares tasks with it."""
        return not any(not family or not trial.family or trial.family == family for trial in self.open)

    def next_version(self, blueprint: str) -> int:
        """The number of the next version."""
        return len(self._versions.get(blueprint, ())) + 1

    def glances(self, family: str) -> tuple[Glance, ...]:
        """The latest attempts to learn from, oldest first; of all tasks for the family of all."""
        if family:
            return tuple(self._glances.get(family, ()))
        return tuple(each for glances in self._glances.values() for each in glances)

    def note_belog(self, belog: BELog, task: Task) -> None:
        """Keep what a graded attempt's log teaches, in a bounded window for each main skill."""
        self.quiet_units += 1
        if not belog.errors_encountered:
            return
        last, lessons = belog.errors_encountered[-1], belog.improvement_suggestions
        kept = self._glances.setdefault(task.skills[0], deque(maxlen=GLANCES_KEPT))
        kept.append(
            Glance(
                task=clip(belog.task_name, GLANCE_CHARS),
                blueprint=f"{belog.blueprint_id}@{belog.blueprint_version}",
                success=bool(belog.success),
                error_class=last.error_class,
                message=clip(last.told or "", GLANCE_CHARS),
                lesson=clip(lessons[0], GLANCE_CHARS) if lessons and last.told is not None else "",
            )
        )

    def note_check(self, belog: BELog) -> None:
        """A task was tried; it may be one that a revision's cross-check waits for."""
        for trial in self.checking:
            if belog.task_id not in trial.unchecked:
                continue
            trial.unchecked[belog.task_id] -= 1
            if (belog.blueprint_id, belog.blueprint_version) == (trial.challenger.id, trial.challenger.version):
                failed, passed = trial.checked
                trial.checked = (failed + (not belog.success), passed + bool(belog.success))
                del trial.unchecked[belog.task_id]
            elif not trial.unchecked[belog.task_id]:
                del trial.unchecked[belog.task_id]

    @property
    def checking(self) -> list[RevisionTrial]:
        """Trials, open or adopted, whose cross-check is not finished."""
        return [trial for trial in self.trials if trial.unchecked]

    def why_impossible(self, word: BlueprintWord) -> str:  # noqa: PLR0911  one answer for each kind
        """Why this cannot come next; empty if it can."""
        match word:
            case RevisionProposed(blueprint=blueprint, proposal=proposal) if not self.may_try(proposal.family):
                return f"a revision that shares tasks with {blueprint.key} is on trial"
            case RevisionProposed(trial=trial) if trial != len(self.trials) + 1:
                return f"trial {trial} cannot come after {len(self.trials)}"
            case RevisionProposed(blueprint=blueprint) if blueprint.version != self.next_version(blueprint.id):
                return f"{blueprint.key} is not the next version"
            case RevisionProposed(base=base, proposal=proposal):
                used = self.used_for(proposal.family)
                return "" if used is not None and used.key == base else f"{base} is not in use"
            case RevisionAdopted(trial=trial) | RevisionDropped(trial=trial) if not self._is_open(trial):
                return f"trial {trial} is not open"
            case BlueprintRolledBack(blueprint=blueprint):
                return self.why_not_back(blueprint)
            case _:
                return ""

    def _is_open(self, number: int) -> bool:
        return 0 < number <= len(self.trials) and self.trials[number - 1].state == "on trial"

    def why_not_back(self, blueprint: str) -> str:
        """Why a blueprint cannot be rolled back; empty if it can."""
        used = self.latest(blueprint)
        if used is None:
            return f"no version of the blueprint {blueprint!r} is in use"
        if blueprint == DEFAULT_ID and not self._before(used):
            return f"{used.key} works as the first version did; there is nothing to go back to"
        return ""

    def _before(self, used: Blueprint) -> list[Blueprint]:
        """The versions up to the last one that worked otherwise; new wordings of the prompts are no other way."""
        older = list(self._used[used.id])
        while older and older[-1].way == used.way:
            older.pop()
        return older

    def apply(self, word: BlueprintWord) -> None:
        """What happened; it has to be possible."""
        match word:
            case BlueprintAdded(blueprint=blueprint):
                self._keep(blueprint)
                self._use(blueprint)
            case RevisionProposed():
                self._begin(word)
            case RevisionRefused():
                self.refusals += 1
                self.quiet_units = 0
            case RevisionAdopted(trial=number, figures=figures):
                trial = self.trials[number - 1]
                trial.state, trial.why, trial.figures = "adopted", "proven better", figures
                self._use(trial.challenger)
                self.quiet_units = 0
            case RevisionDropped(trial=number, why=why, figures=figures):
                trial = self.trials[number - 1]
                trial.state, trial.why, trial.figures = "dropped", why, figures
                trial.unchecked.clear()
                self.quiet_units = 0
            case BlueprintRolledBack(blueprint=blueprint, by=by):
                self._roll_back(blueprint, by)

    def _keep(self, blueprint: Blueprint) -> None:
        self._versions.setdefault(blueprint.id, []).append(blueprint)

    def _use(self, blueprint: Blueprint) -> None:
        self._used.setdefault(blueprint.id, []).append(blueprint)
        self.changes[blueprint.family] += 1

    def _begin(self, word: RevisionProposed) -> None:
        base = self.used_for(word.proposal.family)
        assert base is not None  # it was asked whether this is possible
        self._keep(word.blueprint)
        unchecked = dict.fromkeys(word.proposal.cross_check, CHECK_TRIES)
        self.trials.append(
            RevisionTrial(word.trial, word.proposal, base, word.blueprint, unchecked=unchecked)
        )  # fmt: skip
        self.quiet_units = 0

    def _roll_back(self, blueprint: str, by: str) -> None:
        gone = self._used[blueprint][-1]
        self._used[blueprint] = self._before(gone)
        self.changes[gone.family] += 1
        self.quiet_units = 0
        for trial in self.trials:
            if trial.state == "adopted" and (trial.challenger.id, trial.challenger.way) == (gone.id, gone.way):
                trial.state, trial.why = "rolled back", f"taken back by {by}"
            elif trial.state == "on trial" and trial.base.key == gone.key:
                trial.state, trial.why = "dropped", f"{gone.key} was rolled back by {by}"
            else:
                continue
            trial.unchecked.clear()

    def changes_for(self, task: Task) -> int:
        """How often the way in which this task is worked on changed; what is on trial is no change."""
        return self.changes[""] + self.changes[task.skills[0]]
