"""Find out whether a rule, a prompt or a habit helps: python utils/cli.py experiment ..."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from memory.experiments.events import Measure, Outcome
from memory.experiments.notebook import (
    Notebook,
    Plan,
    check_coins,
    create,
    known_names,
    opened,
    read_experiment,
)
from memory.experiments.sessions import Experiment, Session
from memory.experiments.verdict import report_of
from utils.clock import SystemClock
from utils.commands.experiment_words import (
    METRICS_HEADERS,
    arm_in_words,
    metrics_row,
    report_lines,
    session_document,
)
from utils.commands.shared import AsJson, Memory, folder_of, show, show_lines, show_table, wrong_option
from utils.errors import InputError

MEASURES: tuple[Measure, ...] = ("passed", "no-mistake", "no-repeat", "no-novel")
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed")
OPTIONS = {
    "claim": "--claim",
    "control_share": "--share",
    "corrected_by_rule": "--corrected-by-rule",
    "description": "--description",
    "error_class": "--error-class",
    "name": "NAME",
    "planned": "--sessions",
}
"""Field of an event -> where a person gives it."""
MAX_SEED = 2**63

T = TypeVar("T")
Word = TypeVar("Word", bound=str)

Name = Annotated[str | None, typer.Option(help="Which experiment; not needed if there is only one.")]
ErrorClass = Annotated[str | None, typer.Option(help="A class of mistakes, e.g. TypeError.")]

experiment = typer.Typer(no_args_is_help=True, help="Log sessions by hand, and learn whether what is tried helps.")


@experiment.command("create")
def create_experiment(  # noqa: PLR0913, PLR0917  one parameter for each option
    name: Annotated[str, typer.Argument(metavar="NAME", help="a-z, 0-9, - and _, at most 60.")],
    claim: Annotated[str, typer.Option(help="What is tested, e.g. the text of the rules in use.")],
    share: Annotated[float, typer.Option(help="Share of sessions that are controls, between 0 and 1.")] = 0.5,
    measure: Annotated[str, typer.Option(help=f"What should get better: {', '.join(MEASURES)}.")] = "passed",
    sessions: Annotated[int | None, typer.Option(help="After how many the exact test is to be read.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the coins; drawn by itself if not given.")] = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Begin an experiment: say what is claimed, and how it is to be measured, before the first coin."""
    if seed is not None and not 0 <= seed < MAX_SEED:
        raise InputError(f"--seed: a whole number from 0 to {MAX_SEED - 1} is needed, not {seed}")
    plan = Plan(
        name=name,
        claim=claim,
        measure=_one_of(measure, MEASURES, "--measure"),
        control_share=share,
        planned=sessions,
    )
    made = _valid(lambda: create(folder_of(memory), plan, clock=SystemClock(), seed=seed)).created
    words = f"{name} begins: {share:.0%} of the sessions will be controls; hash of the seed {made.seed_sha256}"
    show(made if as_json else words)


@experiment.command("list")
def list_experiments(memory: Memory = None, as_json: AsJson = False) -> None:
    """Show the experiments of this memory."""
    folder = folder_of(memory)
    found = [read_experiment(folder, name) for name in known_names(folder)]
    if as_json:
        show([{"name": each.created.name, "claim": each.created.claim, "sessions": len(each.sessions),
               "closed": each.seed is not None} for each in found])  # fmt: skip
        return
    rows = [
        (each.created.name, str(len(each.sessions)), "closed" if each.seed is not None else "going on",
         each.created.claim)
        for each in found
    ]  # fmt: skip
    show_table(("experiment", "sessions", "", "claim"), rows)


@experiment.command("start")
def start_session(
    error_class: ErrorClass = None, name: Name = None, memory: Memory = None, as_json: AsJson = False
) -> None:
    """Begin a session: a coin says whether it is treated or a control. An open session is shown again, as it is."""
    with _opened(memory, name) as notebook:
        again = notebook.experiment.open_session is not None
        session = _valid(lambda: notebook.start(error_class))
        created = notebook.experiment.created
    if as_json:
        show({"name": created.name, "already_open": again, **session_document(session)})
        return
    state = "is open already" if again else "begins"
    show_lines([f"session {session.number} of {created.name} {state}: {arm_in_words(session)}", created.claim])


@experiment.command("log-mistake")
def log_mistake(
    description: Annotated[str, typer.Option(help="What went wrong; the same words mean the same mistake.")],
    error_class: ErrorClass = None,
    corrected_by_rule: Annotated[str | None, typer.Option(metavar="ID", help="The rule that caught it.")] = None,
    name: Name = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Note a mistake of the open session, and say whether an earlier session made it."""
    with _opened(memory, name) as notebook:
        mistake = _valid(
            lambda: notebook.log_mistake(description, error_class=error_class, corrected_by_rule=corrected_by_rule)
        )
    if as_json:
        show({**mistake.noted.model_dump(mode="json", exclude={"kind"}), "novelty": mistake.novelty})
        return
    words = {"novel": "new", "repeat": "a repeat of an earlier session's", "again": "made in this session before"}
    show(f"session {mistake.noted.session}: noted, {words[mistake.novelty]} ({mistake.noted.signature})")


@experiment.command("end")
def end_session(
    outcome: Annotated[str | None, typer.Option(help="passed or failed; missing if not given.")] = None,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Nothing of it can be used; it counts as missing.")
    ] = False,
    name: Name = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """End the open session."""
    if give_up and outcome is not None:
        raise InputError("--give-up: a session that is given up has no --outcome; leave one of them out")
    word = None if outcome is None else _one_of(outcome, OUTCOMES, "--outcome")
    with _opened(memory, name) as notebook:
        session = notebook.end(word, given_up=give_up)
    document = session_document(session)
    show(document if as_json else f"session {session.number} ended: {document['state']}, {session.arm}")


@experiment.command("metrics")
def show_metrics(
    session: Annotated[int | None, typer.Argument(metavar="[SESSION]", help="Its number; the latest if none.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All sessions.")] = False,
    name: Name = None,
    memory: Memory = None,
    as_json: AsJson = False,
) -> None:
    """Show what was logged of one session, or of all."""
    folder = folder_of(memory)
    found = read_experiment(folder, _chosen(folder, name))
    chosen = _sessions(found, session, every=every)
    if as_json:
        show([session_document(each) for each in chosen] if every else session_document(chosen[0]))
        return
    show_table(METRICS_HEADERS, [metrics_row(each) for each in chosen])
    if not every:
        rows = [(each.novelty, each.noted.error_class, each.noted.description, each.noted.corrected_by_rule or "")
                for each in chosen[0].mistakes]  # fmt: skip
        show_table(("mistake", "class", "description", "corrected by"), rows)


@experiment.command("report")
def show_report(name: Name = None, memory: Memory = None, as_json: AsJson = False) -> None:
    """Say what the coins prove so far. Looking as often as you like is allowed; that somebody looked is kept."""
    folder = folder_of(memory)
    with _opened(folder, name) as notebook:
        report = report_of(notebook.experiment, wrong_coins=check_coins(folder, notebook.experiment))
        notebook.note_look()
    if as_json:
        show(report)
    else:
        show_lines(report_lines(report))


@experiment.command("close")
def close_experiment(name: Name = None, memory: Memory = None, as_json: AsJson = False) -> None:
    """End the experiment and tell its seed, so that anybody can toss the coins again."""
    with _opened(memory, name) as notebook:
        seed, created = notebook.close(), notebook.experiment.created
    if as_json:
        show({"name": created.name, "seed": seed, "seed_sha256": created.seed_sha256})
    else:
        show(f"{created.name} is closed; the seed of its coins was {seed}")


def _opened(memory: Path | None, name: str | None) -> AbstractContextManager[Notebook]:
    folder = folder_of(memory)
    return opened(folder, _chosen(folder, name), clock=SystemClock())


def _chosen(folder: Path, name: str | None) -> str:
    """The experiment that is meant."""
    if name is not None:
        return name
    known = known_names(folder)
    if len(known) == 1:
        return known[0]
    if not known:
        raise InputError(f"there is no experiment in {folder}; begin one with `experiment create NAME --claim TEXT`")
    raise InputError(f"--name: say which of the experiments is meant: {', '.join(known)}")


def _sessions(found: Experiment, number: int | None, *, every: bool) -> list[Session]:
    if every and number is not None:
        raise InputError("SESSION: leave it out, or leave out --all")
    if every:
        return found.sessions
    count = len(found.sessions)
    if not count:
        raise InputError(f"{found.created.name} has no session yet; begin one with `experiment start`")
    if number is not None and not 1 <= number <= count:
        raise InputError(f"SESSION: {found.created.name} has the sessions 1 to {count}, not {number}")
    return [found.sessions[(number or count) - 1]]


def _valid(action: Callable[[], T]) -> T:
    try:
        return action()
    except ValidationError as error:
        raise wrong_option(error, OPTIONS, whole="the experiment") from error


def _one_of(given: str, words: tuple[Word, ...], option: str) -> Word:
    for word in words:
        if given == word:
            return word
    raise InputError(f"{option}: {given[:60]!r} is none of {', '.join(words)}")
