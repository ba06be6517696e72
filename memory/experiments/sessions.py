"""An experiment as its log tells it: the sessions with their arms, mistakes and outcomes.

A mistake is a *repeat* if a session before its own, of either arm, had one with the same signature; *novel* if nothing
had; and *again* if only its own session had. The signature is exact: class and description without what never changes
a meaning (case, white space, Unicode forms, closing punctuation). It is found out without a look at the arm.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from memory.digests import normalised_rule
from memory.evidence.predictions import KEEP, NOTHING_KNOWN, PSEUDO
from memory.experiments.events import (
    ExperimentClosed,
    ExperimentCreated,
    ExperimentEvent,
    Measure,
    MistakeLogged,
    Outcome,
    Predictions,
    ReportRead,
    SessionEnded,
    SessionStarted,
)
from utils.errors import MemoryDamaged
from utils.files import sha256_hex
from utils.numbers import significant

SIGNATURE_VERSION = "1"

Novelty = Literal["novel", "repeat", "again"]


def signature_of(error_class: str, description: str) -> str:
    """What makes two mistakes the same: a version, and 16 hexadecimal digits."""
    text = f"{normalised_rule(error_class)}\x1f{normalised_rule(description)}"
    return f"{SIGNATURE_VERSION}:{sha256_hex(text.encode())[:16]}"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake as it was noted, and whether it was made before."""

    at: str
    noted: MistakeLogged
    novelty: Novelty


@dataclass(slots=True)
class Session:
    """One session; `ended` is None while it is open."""

    started_at: str
    started: SessionStarted
    mistakes: list[Mistake] = field(default_factory=list)
    ended_at: str | None = None
    ended: SessionEnded | None = None

    @property
    def number(self) -> int:
        """Counted from 1."""
        return self.started.session

    @property
    def arm(self) -> Literal["treated", "control"]:
        """What the coin said."""
        return "control" if self.started.control else "treated"

    @property
    def outcome(self) -> Outcome | None:
        """None if there is none, or not yet."""
        return self.ended.outcome if self.ended else None

    @property
    def signatures(self) -> set[str]:
        """Of its mistakes."""
        return {each.noted.signature for each in self.mistakes}

    def count(self, novelty: Novelty) -> int:
        """How many mistakes are of this kind."""
        return sum(each.novelty == novelty for each in self.mistakes)

    def good(self, measure: Measure) -> bool | None:
        """Whether it was good at this; None if that is missing: open, given up, or ended without an outcome."""
        if self.ended is None or self.ended.given_up:
            return None
        if measure == "passed":
            return None if self.outcome is None else self.outcome == "passed"
        if measure == "no-mistake":
            return not self.mistakes
        return not self.count("repeat" if measure == "no-repeat" else "novel")


@dataclass(slots=True)
class Experiment:
    """All that an experiment's log holds."""

    created_at: str
    created: ExperimentCreated
    sessions: list[Session] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    """How many sessions had ended at each look at the report."""
    seed: int | None = None
    """Known here once it is closed."""
    _earlier: set[str] = field(default_factory=set)
    """Signatures of all mistakes before the latest session."""

    @property
    def open_session(self) -> Session | None:
        """The one that was started and not ended."""
        last = self.sessions[-1] if self.sessions else None
        return last if last is not None and last.ended is None else None

    @property
    def ended_sessions(self) -> int:
        """How many are over."""
        return len(self.sessions) - (self.open_session is not None)

    def novelty(self, signature: str) -> Novelty:
        """What a mistake with this signature would be in the latest session."""
        if signature in self._earlier:
            return "repeat"
        return "again" if signature in self.sessions[-1].signatures else "novel"

    def begin(self, session: Session) -> None:
        """Let it be the latest."""
        if self.sessions:
            self._earlier |= self.sessions[-1].signatures
        self.sessions.append(session)

    def predictions(self) -> Predictions:
        """What the sessions so far say of the next, whatever its arm."""
        return Predictions(
            passed=self._mean("passed"),
            no_mistake=self._mean("no-mistake"),
            no_repeat=self._mean("no-repeat"),
            no_novel=self._mean("no-novel"),
        )

    def _mean(self, measure: Measure) -> float:
        """The discounted mean, shrunk to 1/2; what is missing takes no part."""
        total = weight = 0.0
        for session in self.sessions:
            good = session.good(measure)
            if good is not None:
                total, weight = KEEP * total + good, KEEP * weight + 1
        return significant((total + PSEUDO * NOTHING_KNOWN) / (weight + PSEUDO))


def experiment_of(events: Iterable[ExperimentEvent], *, where: str) -> Experiment | None:
    """What the events add up to; None if there are none.

    Raises:
        MemoryDamaged: they do not fit together.
    """
    experiment: Experiment | None = None
    for event in events:
        if experiment is None:
            if not isinstance(event.data, ExperimentCreated):
                raise MemoryDamaged(f"{where}: the first event is no beginning of an experiment")
            experiment = Experiment(event.at, event.data)
        elif not take(experiment, event):
            raise MemoryDamaged(f"{where}: event {event.seq} ({event.data.kind}) does not fit those before it")
    return experiment


def take(experiment: Experiment, event: ExperimentEvent) -> bool:
    """Let the experiment know of one more event; False if it cannot have happened."""
    data, session = event.data, experiment.open_session
    if isinstance(data, ReportRead):
        experiment.looks.append(data.sessions)
        return True
    if isinstance(data, SessionStarted):
        fits = session is None and experiment.seed is None and data.session == len(experiment.sessions) + 1
        if fits:
            experiment.begin(Session(event.at, data))
        return fits
    if isinstance(data, ExperimentClosed):
        experiment.seed = data.seed
        return session is None
    return not isinstance(data, ExperimentCreated) and _go_on(experiment, session, event.at, data)


def _go_on(experiment: Experiment, session: Session | None, at: str, data: MistakeLogged | SessionEnded) -> bool:
    if session is None or data.session != session.number:
        return False
    if isinstance(data, MistakeLogged):
        session.mistakes.append(Mistake(at, data, experiment.novelty(data.signature)))
    else:
        session.ended_at, session.ended = at, data
    return True
