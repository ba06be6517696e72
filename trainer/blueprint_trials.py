"""Which version of a blueprint a unit is worked on with, and when a trial ends.

While a revision is on trial, a coin of probability CHALLENGED decides for each graded unit of its family between it and
the version that was used before. The coin is tossed first, before anything is nominated, and for every unit, controls
of what is learned among them: the holdout proves rules and recall, which both of its arms see or do not see whatever
the blueprint's coin says, and the blueprint's coin proves the blueprint. So neither proof depends on the other, and a
revision is tried on all units of its family. Where nothing learned is to be shown at all, the version that came with
the program is used, without a coin.

A trial ends with an adoption where memory.evidence.revisions proves the revision better. It is dropped

- as worse, where that is proven,
- as hopeless, where the 95 % interval of its average effect on passing, which may be looked at after every unit, lies
  below WORTHWHILE; where from ENOUGH_UNITS units on the average effect so far lies below half of that; and after
  MOST_UNITS units in any case,
- where an alarm suspends its evidence.

All of it is a function of the log. Simulated: `make bench-blueprints`, docs/experiments.md.
"""

from dataclasses import dataclass

from memory.assignment import BlueprintToss
from memory.blueprint_book import RevisionTrial
from memory.blueprints import Blueprint
from memory.events import RevisionAdopted, RevisionDropped
from memory.evidence.predictions import cell_of
from memory.evidence.revisions import RevisionEvidence
from memory.state import MemoryState
from memory.tasks import Task
from utils.lots import Lots, says_yes
from utils.numbers import significant
from utils.settings import Settings

CHALLENGED = 0.5
WORTHWHILE = 0.05
"""Share of units: an effect on passing that is smaller is not worth a change."""
ENOUGH_UNITS, MOST_UNITS = 300, 800


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version for a unit, and its coin, if one was tossed."""

    blueprint: Blueprint
    toss: BlueprintToss | None = None


def trials_on(settings: Settings) -> bool:
    """Whether revisions are tried: never where nothing learned is to be shown."""
    return settings.blueprint_trials == "on" and settings.lessons == "on"


def choose_blueprint(state: MemoryState, task: Task, settings: Settings, *, unit: str, seed: int) -> Chosen:
    """The version that a unit is worked on with; a function of memory, unit and the run's seed.

    Args:
        state: what is remembered; it has to know the version that came with the program.
        task: the unit's.
        settings: whether there are trials, and whether anything learned is shown.
        unit: its id.
        seed: the run's.
    """
    book = state.blueprints
    trial = book.trial_of(task) if trials_on(settings) and task.graded else None
    if trial is not None:
        toss = _toss(state, trial, task, Lots(seed, unit, "blueprint"))
        return Chosen(trial.challenger if toss.challenger else trial.base, toss)
    used = book.shipped if settings.lessons == "off" else book.used_for(task.skills[0])
    assert used is not None  # a run begins with remembering it
    return Chosen(used)


def _toss(state: MemoryState, trial: RevisionTrial, task: Task, lots: Lots) -> BlueprintToss:
    evidence, lot = state.learning.evidence.revisions.of(trial.number), lots.draw()
    return BlueprintToss(
        trial=trial.number,
        probability=CHALLENGED,
        lot=lot,
        challenger=says_yes(lot, probability=CHALLENGED),
        prediction=evidence.predict(cell_of(task)),
        log_e=significant(evidence.claim.wealth.log_helps),
    )


def due_endings(state: MemoryState) -> list[RevisionAdopted | RevisionDropped]:
    """What is to be said of open trials before the next unit is decided."""
    revisions = state.learning.evidence.revisions
    endings = (ending_of(revisions.of(trial.number)) for trial in state.blueprints.open)
    return [ending for ending in endings if ending is not None]


def ending_of(evidence: RevisionEvidence) -> RevisionAdopted | RevisionDropped | None:
    """How a trial ends now; None while it goes on."""
    if evidence.suspended:
        why = f"nothing can be concluded: {evidence.suspended}"
        return RevisionDropped(trial=evidence.number, reason="suspended", why=why, figures=evidence.figures)
    if evidence.better:
        return RevisionAdopted(trial=evidence.number, figures=evidence.figures)
    if evidence.worse:
        why = "with it, attempts fail more often; that is proven"
        return RevisionDropped(trial=evidence.number, reason="worse", why=why, figures=evidence.figures)
    if why := why_hopeless(evidence):
        return RevisionDropped(trial=evidence.number, reason="hopeless", why=why, figures=evidence.figures)
    return None


def why_hopeless(evidence: RevisionEvidence) -> str:
    """Why a trial is not worth its units; empty if it is."""
    claim = evidence.claim
    interval = claim.effect.interval()
    if interval is not None and interval.high < WORTHWHILE:
        return f"its effect is at most {interval.high:+.3f} passes an attempt (95 %), and {WORTHWHILE:+.2f} are wanted"
    if claim.units >= MOST_UNITS or (claim.units >= ENOUGH_UNITS and claim.effect.mean < WORTHWHILE / 2):
        return f"not proven better after {claim.units} attempts; its average effect so far is {claim.effect.mean:+.3f}"
    return ""
