"""What is kept of each task, skill, error and run: aggregates and bounded windows."""

from collections import deque
from dataclasses import dataclass, field

from memory.assignment import Assignment
from memory.attempts import AttemptSpec
from memory.tasks import Task

RECENT = 10
LEVELS_KEPT = 20
COSTS_KEPT = 50
PREVIOUS_KEPT = 10
CHOICES_KEPT = 10
UNJUDGED = "there is no verdict on an answer to it"
"""Begins the reason why such a task was put aside."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one past attempt took."""

    tokens: int
    turns: int
    wall_s: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What could make a failed task come out differently.

    `blueprints` counts changes of the way of working, `rules` those of what may be shown.
    """

    model: str
    blueprints: int
    rules: int


@dataclass(slots=True)
class TaskRecord:
    """The attempts at one task.

    `fails_in_a_row` are the graded ones since the last pass, `failed_under` the circumstances of the latest of them;
    `suspect_tries` are those since the task was last found sound, `suspect_odds` the sum of the probabilities of
    passing that its skills and declared difficulty alone gave them. `quarantined` says why it is not chosen,
    `tried_as` is the digest of the text that was tried before it counted.
    `passes_as_it_is` are those since its text last changed; `abandoned` units of it took the program down, the latest
    under the circumstances `abandoned_under`. `no_verdicts` counts attempts without a verdict, `unjudged` says why
    there is none on the latest, until the task is tried with its reference; `last_outcome` is of another one.
    """

    task: Task
    digest: str
    decided: int = 0
    attempts: int = 0
    passes: int = 0
    first_passes: int = 0
    retries_after_pass: int = 0
    failures_after_pass: int = 0
    last_outcome: str = ""
    last_unit: int = 0
    best_points: float = 0.0
    fails_in_a_row: int = 0
    failed_under: Circumstances | None = None
    suspect_tries: int = 0
    suspect_odds: float = 0.0
    quarantined: str = ""
    tried_as: str = ""
    passes_as_it_is: int = 0
    abandoned: int = 0
    abandoned_under: Circumstances | None = None
    no_verdicts: int = 0
    unjudged: str = ""
    previous: deque[str] = field(default_factory=lambda: deque(maxlen=PREVIOUS_KEPT))
    costs: deque[Cost] = field(default_factory=lambda: deque(maxlen=COSTS_KEPT))

    @property
    def is_untried(self) -> bool:
        """Whether nobody knows yet that it can be passed and failed: the project's own tasks are known to be sound."""
        trusted = self.task.origin in ("curriculum", "generated") or not self.task.graded
        return not trusted and self.tried_as != self.digest

    @property
    def awaits_validation(self) -> bool:
        """Whether it is suspected of being broken and its reference was not tried since."""
        return bool(self.quarantined) and self.suspect_tries > 0


@dataclass(slots=True)
class SkillRecord:
    """The graded attempts that practised one skill; of the latest `levels` and `efficiencies`, oldest first."""

    attempts: int = 0
    passes: int = 0
    first_passes: int = 0
    retries_after_pass: int = 0
    failures_after_pass: int = 0
    last_at: str = ""
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    levels: deque[float] = field(default_factory=lambda: deque(maxlen=LEVELS_KEPT))
    efficiencies: deque[float] = field(default_factory=lambda: deque(maxlen=LEVELS_KEPT))
    errors: dict[str, int] = field(default_factory=dict)
    """class of an attempt's last error, mended or not -> how many attempts; bounded."""


@dataclass(slots=True)
class ForecastRecord:
    """How good forecasts of passing were: n, and the sums that the Brier score takes."""

    units: int = 0
    squared_errors: float = 0.0
    passes: int = 0

    def note(self, forecast: float, *, passed: bool) -> None:
        """Add one unit."""
        self.units += 1
        self.squared_errors += (passed - forecast) ** 2
        self.passes += passed

    @property
    def brier(self) -> float | None:
        """Mean squared error of the forecasts (Brier 1950), 0..1, smaller is better; None without any."""
        return self.squared_errors / self.units if self.units else None

    @property
    def constant_brier(self) -> float | None:
        """The score of the best constant forecast, which only hindsight knows: the share of passes."""
        if not self.units:
            return None
        share = self.passes / self.units
        return share * (1 - share)


@dataclass(slots=True)
class Totals:
    """Of the whole memory, or of one run; `fits_only_shown` are some of the failed ones."""

    units: int = 0
    passed_first: int = 0
    passed_repaired: int = 0
    failed: int = 0
    fits_only_shown: int = 0
    no_verdict: int = 0
    ungraded: int = 0
    abandoned: int = 0
    faults: int = 0
    tokens: int = 0
    controls: int = 0
    forecasts: ForecastRecord = field(default_factory=ForecastRecord)
    by_skill: dict[str, tuple[int, int]] = field(default_factory=dict)
    """skill -> (attempts, passes); filled for runs."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A unit that was decided, for the reason `slot`, and has no outcome yet."""

    spec: AttemptSpec
    task: Task
    forecast: float | None = None
    assignment: Assignment | None = None
    slot: str = ""

    @property
    def shown(self) -> tuple[str, ...]:
        """Keys of the learned things that its prompts show."""
        return () if self.assignment is None else tuple(each.key for each in self.assignment.shown)


@dataclass(slots=True)
class Choice:
    """A unit that was decided, why, and what became of it; no outcome yet is empty."""

    unit_id: str
    task_id: str
    slot: str
    why: str
    outcome: str = ""


@dataclass(slots=True)
class ErrorRecord:
    """A class of errors that ended attempts, and the first example of it; `told` is what prompts may say of that."""

    count: int
    task_id: str
    example: str
    told: str = ""
