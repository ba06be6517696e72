"""What the next run would begin with, and what waits for a person."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from memory.analysis import Analysis, SkillFinding, TaskList
from memory.evidence.report_forms import EvidenceReport
from memory.reading import pending_tasks
from memory.state import MemoryState
from trainer.candidates import Candidates
from trainer.choice import Choice
from trainer.morning_report.night import Run
from trainer.strategy_manager import StrategyManager
from utils.settings import Schedule

SKILLS_NAMED = 5
DRAFTS_NAMED = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """Tomorrow.

    Attributes:
        parked: attempts that are finished first.
        wishes: people's tasks that wait, those in the inbox included.
        first: what would be chosen next after these; None if nothing is worth a try.
        practice: skills, those first whose level ends lowest.
        units_to_verdict: see ClaimReport.
        drafts: ids of tasks whose proposed checks wait to be confirmed.
        quarantined: tasks that may be broken.
        dead_ends: tasks that wait for a change.
    """

    parked: int
    wishes: int
    first: Choice | None
    practice: tuple[SkillFinding, ...]
    units_to_verdict: int | None
    drafts: tuple[str, ...]
    quarantined: TaskList
    dead_ends: TaskList


def plan_of(memory: Path, state: MemoryState, run: Run, *, analysis: Analysis, evidence: EvidenceReport) -> Plan:
    """What would happen if the same command were given again."""
    schedule = cast("Schedule", run.settings.get("schedule", "curriculum"))
    strategy = StrategyManager(run.tasks or (), schedule=schedule)
    known = [each for each in analysis.skills if each.level is not None]
    practice = sorted(known, key=lambda each: (each.level.high if each.level else 1.0, each.skill))
    waiting = sum(1 for _ in Candidates(state, (), model=run.model).wishes())
    return Plan(
        parked=len(state.in_flight),
        wishes=waiting + len(pending_tasks(memory)),
        first=strategy.next_task(state, model=run.model) if run.tasks and schedule != "once" else None,
        practice=tuple(practice[:SKILLS_NAMED]),
        units_to_verdict=evidence.claims[0].units_to_verdict,
        drafts=tuple(sorted(state.proposals.drafts)[:DRAFTS_NAMED]),
        quarantined=analysis.quarantined,
        dead_ends=analysis.dead_ends,
    )
