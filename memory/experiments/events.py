"""The lines of an experiment's log: what was claimed, what the coins said, what happened in the sessions."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from memory.assignment import Lot
from memory.attempts import FROZEN, Share
from memory.events import Numbered
from memory.rules import ErrorClass

MAX_CLAIM, MAX_DESCRIPTION, MAX_SESSIONS = 4000, 2000, 100_000

ExperimentName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
"""Names a folder; no capital letters, for some file systems fold case."""
Measure = Literal["passed", "no-mistake", "no-repeat", "no-novel"]
"""What a session can be good at; each is yes or no, and yes is better.

`passed`: its outcome. `no-mistake`: no mistake was logged. `no-repeat`: none whose signature an earlier session of this
experiment, of either arm, had. `no-novel`: none that was new.
"""
Outcome = Literal["passed", "failed"]
Number = Annotated[int, Field(ge=1, le=MAX_SESSIONS)]
Claim = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CLAIM)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_DESCRIPTION)]
Chance = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
RuleName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Predictions(BaseModel):
    """What the past alone says of each measure, 0..1, 12 significant digits."""

    model_config = FROZEN

    passed: Share
    no_mistake: Share
    no_repeat: Share
    no_novel: Share

    def of(self, measure: Measure) -> float:
        """Of one measure."""
        value: float = getattr(self, measure.replace("-", "_"))
        return value


class ExperimentCreated(BaseModel):
    """The first line: everything that is decided before the first coin."""

    model_config = FROZEN

    kind: Literal["experiment_created"] = "experiment_created"
    format: int
    name: ExperimentName
    claim: Claim
    measure: Measure
    control_share: Chance
    planned: Number | None
    """The number of sessions after which the exact test is to be read, if there is to be one."""
    seed_sha256: str
    """Of the seed as decimal text; the seed itself is told when the experiment is closed."""


class SessionStarted(BaseModel):
    """A coin was tossed; this is on the disk before anybody is told what it said."""

    model_config = FROZEN

    kind: Literal["session_started"] = "session_started"
    session: Number
    lot: Lot
    control: bool
    predictions: Predictions
    error_class: ErrorClass | None = None


class MistakeLogged(BaseModel):
    """A mistake of the open session."""

    model_config = FROZEN

    kind: Literal["mistake_logged"] = "mistake_logged"
    session: Number
    error_class: ErrorClass
    description: Description
    signature: str
    corrected_by_rule: RuleName | None = None


class SessionEnded(BaseModel):
    """The open session is over; without an outcome its mistakes still count, given up it is missing altogether."""

    model_config = FROZEN

    kind: Literal["session_ended"] = "session_ended"
    session: Number
    outcome: Outcome | None = None
    given_up: bool = False


class ReportRead(BaseModel):
    """Somebody looked at the report when so many sessions had ended."""

    model_config = FROZEN

    kind: Literal["report_read"] = "report_read"
    sessions: Annotated[int, Field(ge=0)]


class ExperimentClosed(BaseModel):
    """No session comes any more; the seed is told, so that anybody can toss the coins again."""

    model_config = FROZEN

    kind: Literal["experiment_closed"] = "experiment_closed"
    seed: Annotated[int, Field(ge=0)]


class ExperimentEvent(Numbered):
    """One line of an experiment's log."""

    data: Annotated[
        ExperimentCreated | SessionStarted | MistakeLogged | SessionEnded | ReportRead | ExperimentClosed,
        Field(discriminator="kind"),
    ]
