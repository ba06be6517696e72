"""The report of an experiment as a document; memory.experiments.verdict makes it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share
from memory.experiments.events import Measure

Verdict = Literal["proven", "not proven yet", "harm proven"]
What = Literal["passed", "any mistake", "repeat hazard", "novel mistake"]
SHOWN: dict[Measure, What] = {
    "passed": "passed",
    "no-mistake": "any mistake",
    "no-repeat": "repeat hazard",
    "no-novel": "novel mistake",
}

BEFORE_AFTER = (
    "What a comparison of before and after cannot show: whether the rules did it. Tasks, tools and people drift; rules "
    "are written after bad days, and after bad days come better ones by themselves (regression to the mean); and the "
    "share of repeats among mistakes rises by itself as the list of known mistakes grows: in simulated nights without "
    "any learning from .31 to .74 over 500 attempts, where a before/after test called a trainer that does nothing "
    '"worse" in 95-100 % of the nights; a trainer that halves all mistakes leaves that share as it is. Only sessions '
    "whose arm a coin decided, in the same weeks, tell the two apart."
)


class Rate(BaseModel):
    """So many of so many."""

    model_config = FROZEN

    count: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=0)]

    @property
    def share(self) -> float | None:
        """None of nothing."""
        return self.count / self.of if self.of else None


class Exact(BaseModel):
    """The test and the interval for one look, at the planned number of sessions.

    Attributes:
        sessions: those that it is made of, in the order of their coins.
        valid: whether this is the planned number.
        treated, control, difference, low, high, odds_ratio: see exact_tests.Effect; of the rate that is shown.
        two_sided, better, worse, mid: see exact_tests.PValues.
    """

    model_config = FROZEN

    sessions: Annotated[int, Field(ge=0)]
    valid: bool
    treated: Rate
    control: Rate
    difference: float
    low: float
    high: float
    odds_ratio: float
    two_sided: Share
    better: Share
    worse: Share
    mid: Share


class Evidence(BaseModel):
    """The wealth of the bets, now and at its largest, and after which session it reached 20; infinity is capped."""

    model_config = FROZEN

    better: float
    worse: float
    better_at_most: float
    worse_at_most: float
    better_proven_at: int | None
    worse_proven_at: int | None


class Finding(BaseModel):
    """One measure.

    Attributes:
        worst_case: the evidence if each missing session had gone against its own claim.
        exact: None as long as an arm is empty.
    """

    model_config = FROZEN

    measure: Measure
    shown: What
    lower_is_better: bool
    primary: bool
    treated: Rate
    control: Rate
    evidence: Evidence
    worst_case: Evidence
    exact: Exact | None


class Missing(BaseModel):
    """Sessions whose outcome is not there, the open one too, and whether the arms lose alike."""

    model_config = FROZEN

    treated: Rate
    control: Rate
    p: Share
    unequal: bool


class Report(BaseModel):
    """All of it."""

    model_config = FROZEN

    schema_version: Literal[1] = 1
    name: str
    claim: str
    control_share: float
    planned: int | None
    sessions: int
    open_session: int | None
    closed: bool
    looks_before_planned: int
    wrong_coins: tuple[int, ...] | None
    """Sessions whose coin is not what the seed gives; None if the seed is not at hand."""
    verdict: Verdict
    findings: tuple[Finding, ...]
    repeated_mistake_rate: dict[Literal["treated", "control"], Rate]
    missing: Missing
    before_after: str = BEFORE_AFTER

    @property
    def primary(self) -> Finding:
        """What the claim is about."""
        return next(each for each in self.findings if each.primary)
