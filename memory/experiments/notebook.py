"""Experiments on disk: a folder for each, `experiments/<name>/` in the memory, with its own chained log and seed.

A coin is on the disk before anybody is told what it said, and one session is open at a time, so that nobody can toss
again. Commands wait for each other at a lock.

Not covered: a person who reads the seed's file to know the coins beforehand, or who writes the whole log anew.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from memory.event_lines import holds_log, read_log
from memory.event_log import ChainedLog, Happened
from memory.events import FORMAT
from memory.experiments.events import (
    ExperimentClosed,
    ExperimentCreated,
    ExperimentEvent,
    Measure,
    MistakeLogged,
    Outcome,
    ReportRead,
    SessionEnded,
    SessionStarted,
)
from memory.experiments.sessions import Experiment, Mistake, Session, experiment_of, signature_of, take
from utils.clock import Clock, iso
from utils.errors import InputError, StorageFault
from utils.files import sha256_hex
from utils.lots import Lots, says_yes
from utils.seeds import seed_of
from utils.text import one_line

LOCK_WAIT_S = 10.0
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is decided before the first coin; see ExperimentCreated."""

    name: str
    claim: str
    measure: Measure = "passed"
    control_share: float = 0.5
    planned: int | None = None


class Notebook:
    """An experiment that this process may write to; see `opened`."""

    def __init__(self, folder: Path, log: ChainedLog[ExperimentEvent], experiment: Experiment, clock: Clock) -> None:
        """As `opened` makes it."""
        self._folder, self._log, self._clock = folder, log, clock
        self.experiment = experiment

    def start(self, error_class: str | None = None) -> Session:
        """The session that is open, or a new one with an arm of its own.

        Raises:
            InputError: the experiment is closed, or its seed is not there.
            StorageFault: the coin cannot be kept, so there is none.
        """
        experiment = self.experiment
        if experiment.open_session is not None:
            return experiment.open_session
        if experiment.seed is not None:
            raise InputError(f"{experiment.created.name} is closed; begin another one with `experiment create`")
        number = len(experiment.sessions) + 1
        lot = lot_of(kept_seed(self._folder, experiment), number)
        control = says_yes(lot, probability=experiment.created.control_share)
        self._append(
            SessionStarted(
                session=number,
                lot=lot,
                control=control,
                predictions=experiment.predictions(),
                error_class=error_class,
            )
        )
        return experiment.sessions[-1]

    def log_mistake(self, description: str, *, error_class: str | None, corrected_by_rule: str | None) -> Mistake:
        """Note a mistake of the open session; its class is the session's if none is given.

        Raises:
            InputError: no session is open, or there is no class.
            pydantic.ValidationError: a text is empty, too long, or no text.
            StorageFault: the disk refuses.
        """
        session = self._session()
        name = error_class if error_class is not None else session.started.error_class
        if name is None:
            raise InputError("--error-class: say of which class the mistake is, e.g. TypeError")
        noted = MistakeLogged(
            session=session.number,
            error_class=name,
            description=description,
            signature="",
            corrected_by_rule=corrected_by_rule,
        )
        signature = signature_of(noted.error_class, noted.description)
        self._append(noted.model_copy(update={"signature": signature}))
        return session.mistakes[-1]

    def end(self, outcome: Outcome | None, *, given_up: bool) -> Session:
        """End the open session.

        Raises:
            InputError: none is open.
            StorageFault: the disk refuses.
        """
        session = self._session()
        self._append(SessionEnded(session=session.number, outcome=outcome, given_up=given_up))
        return session

    def note_look(self) -> None:
        """Keep that somebody looks at the report."""
        self._append(ReportRead(sessions=self.experiment.ended_sessions))

    def close(self) -> int:
        """End the experiment and tell its seed.

        Raises:
            InputError: a session is open, or the seed is not there.
            StorageFault: the disk refuses.
        """
        experiment = self.experiment
        if experiment.seed is not None:
            return experiment.seed
        if experiment.open_session is not None:
            raise InputError(f"session {experiment.open_session.number} is open; end it with `experiment end` first")
        seed = kept_seed(self._folder, experiment)
        self._append(ExperimentClosed(seed=seed))
        return seed

    def _session(self) -> Session:
        session = self.experiment.open_session
        if session is None:
            raise InputError(f"no session of {self.experiment.created.name} is open; begin one with `experiment start`")
        return session

    def _append(self, happening: Happened) -> None:
        for event in self._log.append(iso(self._clock.now()), [happening]):
            take(self.experiment, event)


def create(memory: Path, plan: Plan, *, clock: Clock, seed: int | None = None) -> Experiment:
    """Begin an experiment: its seed is on the disk, and the seed's hash in its log, before the first coin.

    Raises:
        InputError: there is one of this name.
        pydantic.ValidationError: the plan is none.
        StorageFault: the disk refuses.
    """
    folder = folder_of_experiment(memory, plan.name)
    created = ExperimentCreated(
        format=FORMAT,
        name=plan.name,
        claim=plan.claim,
        measure=plan.measure,
        control_share=plan.control_share,
        planned=plan.planned,
        seed_sha256="",
    )
    with _locked(folder), _log_of(folder) as (log, experiment):
        if experiment is not None:
            raise InputError(f"there is an experiment {plan.name} in {memory} already; choose another name")
        hashed = _hash_of(seed_of(folder, seed))
        [event] = log.append(iso(clock.now()), [created.model_copy(update={"seed_sha256": hashed})])
        return Experiment(event.at, created.model_copy(update={"seed_sha256": hashed}))


@contextmanager
def opened(memory: Path, name: str, *, clock: Clock) -> Iterator[Notebook]:
    """The experiment, to write to; others wait meanwhile.

    Raises:
        InputError: there is none of this name, or others use it for longer than ten seconds.
        MemoryDamaged: its log is damaged.
        StorageFault: the disk refuses.
    """
    folder = _known_folder(memory, name)
    with _locked(folder), _log_of(folder) as (log, experiment):
        if experiment is None:
            raise InputError(f"the experiment {name} was never begun; begin it with `experiment create`")
        yield Notebook(folder, log, experiment, clock)


def read_experiment(memory: Path, name: str) -> Experiment:
    """The experiment as it stands; disturbs nobody.

    Raises:
        InputError: there is none of this name.
        MemoryDamaged: its log is damaged.
    """
    folder = _known_folder(memory, name)
    experiment = experiment_of((event for event, _ in read_log(folder, ExperimentEvent)), where=str(folder))
    if experiment is None:
        raise InputError(f"the experiment {name} was never begun; begin it with `experiment create`")
    return experiment


def known_names(memory: Path) -> list[str]:
    """The experiments of this memory, by name."""
    folders = (memory / "experiments").glob("*")
    return sorted(path.name for path in folders if _NAME.fullmatch(path.name) and holds_log(path))


def folder_of_experiment(memory: Path, name: str) -> Path:
    """Where the experiment of this name lies, or would.

    Raises:
        InputError: it cannot be a name.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{one_line(repr(name), 60)} is no name of an experiment; take at most 60 of a-z, 0-9, - and _, "
            "beginning with a letter or a digit"
        )
    return memory / "experiments" / name


def lot_of(seed: int, session: int) -> int:
    """The bits of a session's coin."""
    return Lots(seed, f"session-{session}", "experiment").draw()


def kept_seed(folder: Path, experiment: Experiment) -> int:
    """The seed that the experiment was begun with.

    Raises:
        InputError: its file is not there, or holds another one.
    """
    path = folder / "seed"
    seed = seed_of(folder, None) if path.exists() else None
    if seed is None or _hash_of(seed) != experiment.created.seed_sha256:
        raise InputError(f"{path} is not the seed that the experiment was begun with; bring that file back")
    return seed


def check_coins(memory: Path, experiment: Experiment) -> list[int] | None:
    """The sessions whose arm is not what the seed gives; None if the seed is neither in its file nor told."""
    folder = folder_of_experiment(memory, experiment.created.name)
    try:
        seed = kept_seed(folder, experiment) if experiment.seed is None else experiment.seed
    except InputError:
        return None
    share, told = experiment.created.control_share, _hash_of(seed) == experiment.created.seed_sha256
    return [
        each.number
        for each in experiment.sessions
        if not told
        or each.started.lot != lot_of(seed, each.number)
        or each.started.control != says_yes(each.started.lot, probability=share)
    ]


def _hash_of(seed: int) -> str:
    return sha256_hex(str(seed).encode())


def _known_folder(memory: Path, name: str) -> Path:
    folder = folder_of_experiment(memory, name)
    if not holds_log(folder):
        known = ", ".join(known_names(memory))
        raise InputError(f"there is no experiment {name} in {memory}; {f'known: {known}' if known else 'none is yet'}")
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / "writer.lock", timeout=LOCK_WAIT_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise InputError(f"{folder} is in use by another command; try again when that has ended") from None
    except OSError as error:
        raise StorageFault(f"cannot write in {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _log_of(folder: Path) -> Iterator[tuple[ChainedLog[ExperimentEvent], Experiment | None]]:
    """The log, read to its end, and what it tells so far."""
    log = ChainedLog(folder, ExperimentEvent)
    try:
        yield log, experiment_of(log.recover(), where=str(folder))
    finally:
        log.close()
