"""What can be seen of a run from outside, folded from its log event by event; costs the same for each event."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from memory.attempts import FITS_ONLY_SHOWN, is_judged
from utils.clock import seconds_between

LATEST = 10
RATED = 30
"""Attempts from whose times the rate is taken."""


@dataclass(slots=True)
class Unit:
    """One that is being worked on, or was."""

    unit_id: str
    task: str
    number: int
    at: str
    why: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished attempt; `error` is the class of its last error or why there is no verdict, empty if it passed."""

    unit: Unit
    at: str
    outcome: str
    turns: int
    tokens: int
    points: float | None
    error: str


@dataclass(slots=True)
class RuleTally:
    """A rule in the attempts of this run that were shown it."""

    text: str
    shown: int = 0
    passed: int = 0


@dataclass(slots=True)
class SeenRun:
    """The latest run, so far."""

    run: int = 0
    model: str = ""
    simulated: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    started_at: str = ""
    limits_from: str = ""
    """When its time limits began to count."""
    last_at: str = ""
    ended: str = ""
    """Why it ended; empty while it goes on."""
    paused_at: str = ""
    away: str = ""
    """The fault that was told of last and is not over."""
    away_at: str = ""
    outcomes: dict[str, int] = field(default_factory=dict)
    tokens: int = 0
    faults: int = 0
    decided: int = 0
    log_helps: float | None = None
    """ln E of the claim that what is learned helps, when a unit was decided last."""
    latest: deque[Ended] = field(default_factory=lambda: deque(maxlen=LATEST))
    finished_at: deque[str] = field(default_factory=lambda: deque(maxlen=RATED))
    under_way: dict[str, Unit] = field(default_factory=dict)
    rules: dict[str, RuleTally] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    """Those that are decided and not finished, parked ones too."""

    def apply(self, event: dict[str, Any]) -> None:
        """Add one event of the log."""
        data, self.last_at = event["data"], event["at"]
        match data.get("kind"):
            case "run_started" | "run_resumed" | "run_ended":
                self._run(data)
            case "decided":
                self._decide(data)
            case "finished":
                self._finish(data)
            case "parked" | "abandoned":
                self.under_way.pop(data["unit_id"], None)
            case "restarted" if unit := self.units.get(data["unit_id"]):
                unit.at = self.last_at
                self.under_way[unit.unit_id] = unit
            case "faulted":
                self.faults += 1
                self.away, self.away_at = data["message"], self.last_at
            case "recovered":
                self.away = self.away_at = ""
            case "paused":
                self.paused_at = self.last_at
            case "continued":
                self.paused_at = ""
            case _:
                pass

    def after(self, event: dict[str, Any]) -> "SeenRun":
        """This run with one more event; a new one where that begins it, with the units that are parked."""
        run = SeenRun(units=self.units) if event["data"].get("kind") == "run_started" else self
        run.apply(event)
        return run

    @property
    def tried(self) -> int:
        """Finished attempts."""
        return sum(self.outcomes.values())

    @property
    def graded(self) -> int:
        """Those with a verdict."""
        return sum(count for outcome, count in self.outcomes.items() if is_judged(outcome))

    @property
    def per_hour(self) -> float | None:
        """Attempts an hour, of the latest; None before there are two."""
        if len(self.finished_at) < 2:  # noqa: PLR2004  one is no span
            return None
        span_s = seconds_between(self.finished_at[0], self.finished_at[-1])
        return (len(self.finished_at) - 1) / span_s * 3600 if span_s > 0 else None

    def _run(self, data: dict[str, Any]) -> None:
        self.under_way.clear()
        if data["kind"] == "run_ended":
            self.ended, self.paused_at = data["reason"], ""
            return
        self.ended, self.settings = "", data.get("settings") or self.settings
        if data["kind"] == "run_started":
            self.run, self.model, self.simulated = data["run"], data["model"], data["simulated"]
            self.started_at = self.last_at
        if not self.limits_from or self.settings.get("resume", "off") == "off":
            self.limits_from = self.last_at

    def _decide(self, data: dict[str, Any]) -> None:
        spec = data["spec"]
        rules = tuple(rule["id"] for rule in spec["shown_rules"])
        for rule in spec["shown_rules"]:
            self.rules.setdefault(rule["id"], RuleTally(rule["text"]))
        unit = Unit(spec["unit_id"], spec["task_id"], spec["number"], self.last_at, data["why"], rules)
        self.units[unit.unit_id] = self.under_way[unit.unit_id] = unit
        self.decided += 1
        if data.get("evidence"):
            self.log_helps = data["evidence"]["log_helps"]

    def _finish(self, data: dict[str, Any]) -> None:
        result, belog = data["result"], data["belog"]
        name = result["unit_id"]
        known = self.units.pop(name, None) or Unit(name, belog["task_id"], 0, self.last_at)
        self.under_way.pop(name, None)
        self.away = self.away_at = ""
        outcome, score, errors = result["outcome"], result.get("score"), belog["errors_encountered"]
        tokens = sum(turn["prompt_tokens"] + turn["completion_tokens"] for turn in result["turns"])
        if reflection := result.get("reflection"):
            tokens += reflection["prompt_tokens"] + reflection["completion_tokens"]
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.tokens += tokens
        self.finished_at.append(self.last_at)
        error = _error(result, errors)
        points = score["points"] if score else None
        self.latest.append(Ended(known, self.last_at, outcome, len(result["turns"]), tokens, points, error))
        for rule in known.rules:
            if rule in self.rules:
                self.rules[rule].shown += 1
                self.rules[rule].passed += outcome == "passed"


def _error(result: dict[str, Any], errors: Sequence[dict[str, Any]]) -> str:
    """In a few words what a finished attempt ended with; empty if it passed."""
    verdict: dict[str, Any] = next((turn["verdict"] for turn in reversed(result["turns"]) if turn.get("verdict")), {})
    if result["outcome"] == "no_verdict":
        return str(verdict.get("why_none", ""))
    if result["outcome"] != "failed" or not errors:
        return ""
    return FITS_ONLY_SHOWN if verdict.get("fits_only_shown") else str(errors[-1]["error_class"])
