"""Decides every unit of a log again, from the events before it and the seeds that were told, and compares.

Choices, coins and texts have to be the same, floats to the 12 digits that are logged. So whoever doubts a verdict can
recompute all that it rests on: which task came next, what was nominated and with which score, each coin, each
prediction, and the evidence as it stood. The log's own chain of hashes shows that nothing was changed behind it; this
shows that it was never anything else than what the program decides.

Not covered: outcomes, which only the Builder's model and the sandbox can give again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from memory.decisions import POLICY
from memory.events import Decided, Event, RevisionAdopted, RevisionDropped, RunEnded, RunResumed, RunStarted
from memory.recall import RecallIndex
from memory.runs import told_at_first
from memory.state import MemoryState
from trainer.assign import Fits
from trainer.blueprint_trials import due_endings, ending_of, trials_on
from trainer.decide import Decider, decider_of
from utils.settings import Settings

MOST_FINDINGS = 20
DECIDING = (
    "schedule", "lessons", "holdout", "holdout_proven", "dropout", "dropout_trial", "dropout_certified",
    "recall_tokens", "context_tokens", "reply_tokens", "max_repairs", "temperature", "top_p",
    "wall_s", "cpu_s", "memory_mb", "blueprint_trials",
)  # fmt: skip
"""The settings that a decision rests on."""


@dataclass(slots=True)
class Replayed:
    """What came of it.

    Attributes:
        events: of the log.
        units: decided again.
        coins: tossed again.
        predictions: made again.
        e_values: computed again.
        findings: what is not as the program decides, with its event; the first 20.
        found: how many such things there are.
        unknown: units that could not be decided again, by reason.
    """

    events: int = 0
    units: int = 0
    coins: int = 0
    predictions: int = 0
    e_values: int = 0
    findings: list[str] = field(default_factory=list)
    found: int = 0
    unknown: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Replayed") -> None:
        """What came of a later part of the log."""
        for name in ("events", "units", "coins", "predictions", "e_values", "found"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.findings = (self.findings + other.findings)[:MOST_FINDINGS]
        for why, count in other.unknown.items():
            self.unknown[why] = self.unknown.get(why, 0) + count

    @property
    def right(self) -> bool:
        """Whether everything was decided again, and nothing was found."""
        return not self.found and not self.unknown


class Replay:
    """Goes through a log once.

    Args:
        seeds: run -> its seed, as far as they are known.
        fits: from settings to the test whether a prompt leaves room for a reply.
    """

    def __init__(self, seeds: Mapping[int, int], fits: Callable[[Settings], Fits]) -> None:
        self._seeds, self._fits = seeds, fits
        self._state, self._recall = MemoryState(), RecallIndex()
        self._decider: Decider | None = None
        self._model = self._kind = self._why_not = ""
        self._result = Replayed()

    def run(self, events: Iterable[Event]) -> Replayed:
        """What comes of these events, the next ones of the log in order.

        Raises:
            MemoryDamaged: they do not fit together.
        """
        self._result = Replayed()
        for event in events:
            self._result.events += 1
            self._check(event)
            self._fold(event)
        return self._result

    def close(self) -> None:
        """Free what finds earlier attempts; it is built anew where it is needed again."""
        self._recall.close()

    def pass_over(self, events: Iterable[Event]) -> None:
        """Take events in without deciding anything again, for a copy of this does.

        Raises:
            MemoryDamaged: they do not fit together.
        """
        for event in events:
            if isinstance(event.data, RunStarted | RunResumed):
                self._note_run(event.data)
            self._fold(event)

    def _fold(self, event: Event) -> None:
        self._state.apply(event)
        self._recall.fold(event, self._state)

    def _check(self, event: Event) -> None:
        match event.data:
            case RunStarted() | RunResumed():
                self._begin(event.seq, event.data)
            case Decided():
                self._decide(event.seq, event.data)
            case RevisionAdopted() | RevisionDropped():
                self._check_ending(event.seq, event.data)
            case RunEnded(evidence=evidence) if evidence is not None:
                self._result.e_values += 1
                self._compare(event.seq, "the evidence at the end", evidence, self._state.learning.evidence.mark())

    def _begin(self, seq: int, data: RunStarted | RunResumed) -> None:
        if isinstance(data, RunStarted):
            seed = self._seeds.get(data.run)
            if seed is not None and told_at_first(seed) != data.seed_sha256:
                self._find(f"event {seq}: the seed that run {data.run} told is not the one whose hash it told first")
        self._note_run(data)

    def _note_run(self, data: RunStarted | RunResumed) -> None:
        """What the decisions from here on rest on."""
        if isinstance(data, RunStarted):
            self._model = data.model
        self._kind = data.sandbox.kind if data.sandbox is not None else self._kind
        if data.settings is None or data.tasks is None:
            self._decider, self._why_not = None, "an older version did not log what it rests on"
            return
        if data.policy != POLICY:
            self._decider, self._why_not = None, "another version of the program decided it, in another way"
            return
        settings = settings_of(data.settings)
        self._decider = decider_of(
            settings,
            data.tasks,
            recall=self._recall,
            fits=self._fits(settings),
            model=self._model,
            sandbox=self._kind,
        )

    def _decide(self, seq: int, logged: Decided) -> None:
        seed = self._seeds.get(self._state.runs)
        if self._decider is None or seed is None:
            why = "its run's seed is not told yet" if seed is None else self._why_not
            self._result.unknown[why] = self._result.unknown.get(why, 0) + 1
            return
        again = self._decider.next(self._state, seed=seed)
        what = f"unit {logged.spec.unit_id}"
        if again is None:
            self._find(f"event {seq}, {what}: there was nothing to decide")
            return
        self._check_open_trials(seq, what, self._decider)
        self._count(logged)
        self._compare(seq, what, logged, again)

    def _check_ending(self, seq: int, logged: RevisionAdopted | RevisionDropped) -> None:
        """Whether a trial ended as its coins say; where its base changed they say nothing."""
        if isinstance(logged, RevisionDropped) and logged.reason == "base changed":
            return
        self._result.e_values += 1
        again = ending_of(self._state.learning.evidence.revisions.of(logged.trial))
        what = f"the end of trial {logged.trial}"
        if again is None:
            self._find(f"event {seq}, {what}: there was nothing to end it")
        else:
            self._compare(seq, what, logged, again)

    def _check_open_trials(self, seq: int, what: str, decider: Decider) -> None:
        if trials_on(decider.settings) and (due := due_endings(self._state)):
            self._find(f"event {seq}, {what}: trial {due[0].trial} of a blueprint should have ended before")

    def _count(self, logged: Decided) -> None:
        self._result.units += 1
        if logged.blueprint is not None:
            self._result.coins += 1
            self._result.predictions += 1
            self._result.e_values += 1
        if logged.assignment is None:
            return
        self._result.coins += 1 + len(logged.assignment.nominees)
        self._result.predictions += logged.predictions is not None
        self._result.e_values += len(logged.assignment.nominees) + (logged.evidence is not None)

    def _compare(self, seq: int, what: str, logged: Any, again: Any) -> None:  # noqa: ANN401  any two models
        if logged == again:
            return
        for path, old, new in _differences(logged.model_dump(mode="json"), again.model_dump(mode="json"), ""):
            self._find(f"event {seq}, {what}: {path} is {_short(old)}, decided again it is {_short(new)}")

    def _find(self, text: str) -> None:
        self._result.found += 1
        if len(self._result.findings) < MOST_FINDINGS:
            self._result.findings.append(text)


def settings_of(logged: Mapping[str, str]) -> Settings:
    """The settings that a decision rests on, as a run logged them; nobody's environment changes them."""
    fields = Settings.model_fields
    return Settings(**{name: logged.get(name, fields[name].default) for name in DECIDING})


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401  any JSON
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, pair in enumerate(zip(old, new, strict=True)):
            yield from _differences(*pair, f"{path}[{number}]")
    elif old != new:
        yield path, old, new


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  characters
