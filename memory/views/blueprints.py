"""blueprints/: one file for each version, and how the versions of each blueprint stand."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import Share
from memory.blueprint_book import RevisionTrial
from memory.blueprints import Blueprint, Way
from memory.events import BlueprintAdded, BlueprintWord, Event, Finished, RevisionProposed
from memory.evidence.certificates import threshold
from memory.evidence.logged import TrialFigures
from memory.evidence.report_forms import EffectReport
from memory.evidence.revisions import RevisionEvidence
from memory.state import MemoryState
from memory.views.view import Document
from utils.files import file_stem

Count = Annotated[int, Field(ge=0)]
VersionState = Literal["in use", "used before", "on trial", "adopted", "dropped", "rolled back"]
DIGITS = 6
LN10 = 2.302585092994046


class CrossCheckReport(BaseModel):
    """Tasks that passed before the change: how many were tried with the revision, and how they went.

    `risk` is the share of failures that was expected whatever changes, `share_failed` what the tries show, both by
    (failed + 1) / (tried + 2).
    """

    required: bool
    tasks: Count
    waiting: Count
    failed: Count
    passed: Count
    risk: Share
    share_failed: Share


class TrialStanding(BaseModel):
    """How a revision fares on its own coin, or fared until its trial ended; rates of passing are None without units.

    Attributes:
        number: in the order of all trials of this memory.
        base: the version that it is held against.
        units: graded, of both arms.
        base_rate: share of the base's units that passed.
        rate: share of the revision's.
        log10_e_better: evidence that it is better, as a power of ten.
        log10_needed: what that has to reach for an adoption, by the trial's number.
        log10_e_worse: evidence that it is worse; proven at 1.30, which is 20.
        effect: of the revision on passing, with an interval that may be looked at any time; None before 100 units.
        why: how it ended; empty while it goes on.
        proposed: what the revision should mend, in the model's words.
        cross_check: of what passed before.
    """

    number: Annotated[int, Field(ge=1)]
    base: str
    units: Count
    base_rate: Share | None
    rate: Share | None
    log10_e_better: float
    log10_needed: float
    log10_e_worse: float
    effect: EffectReport | None = None
    why: str
    proposed: str
    cross_check: CrossCheckReport


class VersionStanding(BaseModel):
    """One version of a blueprint; `trial` is None for those that came with the program."""

    version: Annotated[int, Field(ge=1)]
    title: str
    state: VersionState
    way: Way
    trial: TrialStanding | None = None


class BlueprintStanding(BaseModel):
    """A blueprint with all of its versions, oldest first; `in_use` is None where its family has no own way any more."""

    schema_version: Literal[1] = 1
    id: str
    family: str
    in_use: int | None
    versions: tuple[VersionStanding, ...]


class BlueprintsView:
    """blueprints/<id>/v<version>.json and blueprints/<id>/standing.json."""

    def __init__(self) -> None:
        self._new: list[Blueprint] = []
        self._moved: dict[str, None] = {}
        self._state: MemoryState | None = None

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take a new version; notice what may have moved."""
        self._state, data = state, event.data
        if isinstance(data, BlueprintAdded | RevisionProposed):
            self._new.append(data.blueprint)
        if isinstance(data, BlueprintWord):
            self._moved.update(dict.fromkeys(state.blueprints))
        elif isinstance(data, Finished):
            trials = {*(trial.number for trial in state.blueprints.open)}
            trials |= {trial.number for trial in state.blueprints.checking}
            self._moved.update(dict.fromkeys(state.blueprints.trials[each - 1].challenger.id for each in trials))

    def changed(self) -> Iterator[Document]:
        """The new versions, and the standing of what moved."""
        for blueprint in self._new:
            yield Document(f"blueprints/{file_stem(blueprint.id)}/v{blueprint.version}.json", blueprint)
        for name in self._moved if self._state is not None else ():
            assert self._state is not None
            yield Document(standing_file(name), standing_of(self._state, name))
        self._new, self._moved = [], {}


def standing_file(blueprint: str) -> str:
    """Where a blueprint's standing lies below the memory's folder."""
    return f"blueprints/{file_stem(blueprint)}/standing.json"


def standing_of(state: MemoryState, blueprint: str) -> BlueprintStanding:
    """How the versions of a blueprint stand."""
    book = state.blueprints
    used, versions = book.latest(blueprint), book.versions(blueprint)
    return BlueprintStanding(
        id=blueprint,
        family=versions[0].family,
        in_use=used.version if used else None,
        versions=tuple(_version(state, each, used) for each in versions),
    )


def _version(state: MemoryState, version: Blueprint, used: Blueprint | None) -> VersionStanding:
    trial = next((each for each in state.blueprints.trials if each.challenger.key == version.key), None)
    before: VersionState = trial.state if trial is not None else "used before"
    return VersionStanding(
        version=version.version,
        title=version.title,
        state="in use" if used is not None and used.key == version.key else before,
        way=version.way,
        trial=None if trial is None else _trial(state, trial),
    )


def _trial(state: MemoryState, trial: RevisionTrial) -> TrialStanding:
    if trial.state == "on trial":
        evidence = state.learning.evidence.revisions.of(trial.number)
        return _standing(trial, evidence.figures, _effect(evidence))
    return _standing(trial, trial.figures, None)


def _standing(trial: RevisionTrial, figures: TrialFigures | None, effect: EffectReport | None) -> TrialStanding:
    passed, failed = (figures.passed, figures.failed) if figures else ((0, 0), (0, 0))
    return TrialStanding(
        number=trial.number,
        base=trial.base.key,
        units=sum(passed) + sum(failed),
        base_rate=_rate(passed[0], failed[0]),
        rate=_rate(passed[1], failed[1]),
        log10_e_better=_tens(figures.log_helps if figures else 0.0),
        log10_needed=_tens(float(threshold(trial.number))),
        log10_e_worse=_tens(figures.log_harms if figures else 0.0),
        effect=effect,
        why=trial.why,
        proposed=trial.proposal.why,
        cross_check=_cross_check(trial),
    )


def _cross_check(trial: RevisionTrial) -> CrossCheckReport:
    failed, passed = trial.checked
    return CrossCheckReport(
        required=trial.proposal.cross_check_required,
        tasks=len(trial.proposal.cross_check),
        waiting=len(trial.unchecked),
        failed=failed,
        passed=passed,
        risk=trial.proposal.breakage_risk,
        share_failed=round((failed + 1) / (failed + passed + 2), DIGITS),
    )


def _effect(evidence: RevisionEvidence) -> EffectReport | None:
    found = evidence.claim.effect.interval()
    if found is None:
        return None
    return EffectReport(mean=round(found.mean, DIGITS), low=round(found.low, DIGITS), high=round(found.high, DIGITS))


def _rate(passed: int, failed: int) -> float | None:
    return round(passed / (passed + failed), DIGITS) if passed + failed else None


def _tens(log_e: float) -> float:
    return round(log_e / LN10, DIGITS) + 0.0
