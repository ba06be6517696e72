"""A dry run of tonight, many times over: python utils/cli.py rehearse."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from memory.beginnings import given_tasks
from memory.rule_sources import load_rules
from memory.rule_wishes import AddRule
from utils.commands.planted import Planted
from utils.commands.plots import percent, plot
from utils.commands.rehearsal_report import BadgeReport, ProofReport, RehearsalReport, ShareReport, World, report_of
from utils.commands.shared import AsJson, show, show_lines, show_table, wrong_option
from utils.errors import InputError
from utils.lots import Lots
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import truths_of
from utils.settings import Settings, load_settings, public

SHIPPED = "as shipped"
TOLD = (
    "holdout", "holdout_proven", "dropout", "dropout_trial", "dropout_certified", "lessons", "recall_tokens",
    "max_repairs", "context_tokens", "reply_tokens", "schedule", "tasks",
)  # fmt: skip
"""The settings that a simulated night rests on."""
SIMULATED = (
    "SIMULATED: {nights} nights of {units} attempts through the loop's own code, with a simulated model and nothing "
    "executed. No figure below is of a real model."
)


def rehearse(  # noqa: PLR0913, PLR0917  one parameter for each option
    nights: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    units: Annotated[int, typer.Option(min=1, max=100_000, help="Attempts a night.")] = 500,
    truth: Annotated[str | None, typer.Option(help="What is planted: a file of truths, or `null`: no effect.")] = None,
    rules: Annotated[Path | None, typer.Option(help="More rules, as for `rules import`.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Another seed flies other nights.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Nights at the same time.")] = 2,
    keep: Annotated[Path | None, typer.Option(help="A new folder for the memories of the nights.")] = None,
    as_json: AsJson = False,
) -> int:
    """Fly simulated nights with tonight's settings: how often would learning be proven, rightly or not?"""
    # docker and openai take 0.7 s to import, for which no other command should wait
    from utils.commands.flights import Night  # noqa: PLC0415
    from utils.commands.night_pool import Job, fly_all  # noqa: PLC0415

    settings = load_settings()
    truths = truths_of(Path(truth) if truth is not None else settings.truths)
    brought = _rules(truths, rules)
    name = truth or (str(settings.truths) if settings.truths is not None else SHIPPED)
    world = _world(settings, truths, name=name, rules=len(brought), units=units, seed=seed)
    kept = _folders(keep, nights)
    jobs = [
        Job(
            number, Night(seed=_seed(seed, number), units=units, truths=truths, rules=brought, settings=settings), place
        )
        for number, place in enumerate(kept, start=1)
    ]
    with _bar() as bar:
        task = bar.add_task("nights, simulated", total=nights)
        flown = fly_all(jobs, workers=workers, landed=lambda _: bar.advance(task))
    report = report_of(world, flown)
    if as_json:
        show(report)
    else:
        _print(report, keep)
    return 0


def _rules(truths: Truths, more: Path | None) -> tuple[AddRule, ...]:
    """The planted ones, in the order of the file, and those of a file of rules."""
    try:
        planted = [AddRule(text=rule.text) for rule in truths.rules]
    except ValidationError as error:
        raise wrong_option(error, {"text": "--truth, the text of a rule"}, whole="--truth") from error
    return (*planted, *(load_rules(more) if more is not None else ()))


def _world(settings: Settings, truths: Truths, *, name: str, rules: int, units: int, seed: int) -> World:
    tasks, learns = given_tasks(settings.tasks), settings.lessons == "on"
    effects = Planted(truths).everything(tasks, recall=settings.recall_tokens > 0) if learns else set()
    told = public(settings)
    return World(
        truths=name,
        rules=rules,
        may_help=max(effects, default=0.0) > 0,
        may_harm=min(effects, default=0.0) < 0,
        units=units,
        seed=seed,
        settings={field: told[field] for field in TOLD if field in told},
    )


def _folders(keep: Path | None, nights: int) -> list[Path | None]:
    if keep is None:
        return [None] * nights
    try:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise InputError(f"--keep: {keep} is there already; name a new folder")
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--keep: {keep} cannot be made: {error.strerror}") from error
    return [keep / f"night-{number:04d}" for number in range(1, nights + 1)]


def _seed(seed: int, number: int) -> int:
    """That of a night, below 2**63; none of another rehearsal's."""
    return Lots(seed, f"night {number}", "rehearse").draw() >> 1


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _print(report: RehearsalReport, keep: Path | None) -> None:
    world = report.world
    show_lines([SIMULATED.format(nights=report.nights, units=world.units), *_about(report), ""])
    show_table(("simulated", ""), list(_rows(report)))
    mark = report.helps.proven.bound or 0.5
    unit = "simulated nights in which help is proven, by attempts with a coin:"
    show_lines(["", *plot(report.proven_by, mark=mark, unit=unit, label=percent)])
    show_lines(["", f"Night 1, simulated, ended with: {report.each[0].words}"])
    if keep is not None:
        show_lines([f"The memories are in {keep}; see one with `python utils/cli.py evidence --memory`."])


def _about(report: RehearsalReport) -> Iterator[str]:
    world = report.world
    planted = {
        (True, True): "some of what can be learned helps, some harms",
        (True, False): "some of what can be learned helps, nothing harms",
        (False, True): "nothing that can be learned helps, some of it harms",
        (False, False): "nothing that can be learned has an effect",
    }
    yield (
        f"World: {world.truths}, seed {world.seed}; {world.rules} rules are brought in; "
        f"{planted[world.may_help, world.may_harm]}."
    )
    yield f"Your settings: {', '.join(f'{name} {value}' for name, value in world.settings.items())}."
    yield "Not used: your model, sandbox, workers, and limits of time and tokens."


def _rows(report: RehearsalReport) -> Iterator[tuple[str, str]]:
    yield "nights ended", ", ".join(f"{count} {name}" for name, count in report.standings.items())
    yield f"help proven: {report.helps.meaning}", _proof(report.helps)
    yield f"harm proven: {report.harms.meaning}", _proof(report.harms)
    median, most = report.units_to_proof
    yield "attempts to the proof of help", f"median {_by(median)}, 80 % quantile {_by(most)}"
    for each in report.evidence:
        low, median_e, high, highest = (f"{10**value:.2g}" for value in each.quantiles)
        quantiles = f"5 % quantile {low}, median {median_e}, 80 % {high}, 95 % {highest}"
        yield f"evidence E after {each.unit} attempts", quantiles
    yield "certificates a night", _badges(report.certificates)
    yield "retirements a night", _badges(report.retirements)
    if report.regret is not None:
        share = "" if report.regret.share is None else f", {report.regret.share:.0%} of what drawing rules would have"
        yield "regret of the choice of rules", f"{report.regret.regret:.2f} logits an attempt{share}"
    yield "pass rate", f"{_rate(report.treated)} with what was learned, {_rate(report.control)} of controls"
    if report.brier is not None and report.constant_brier is not None:
        yield "forecasts (Brier score)", f"{report.brier:.4f}, best constant {report.constant_brier:.4f}"
    yield "nights suspended by an alarm", f"{report.suspended}"


def _proof(proof: ProofReport) -> str:
    return f"{proof.proven.nights} nights, {_interval(proof.proven)}"


def _interval(share: ShareReport) -> str:
    bound = "" if share.bound is None else f"; may be {share.bound:.0%} at most"
    return f"{share.share:.1%} (95 % interval {share.low:.1%} to {share.high:.1%}{bound})"


def _badges(badges: BadgeReport) -> str:
    wrong = _interval(badges.nights_with_wrong)
    return f"{badges.right:.2f} right, {badges.wrong:.2f} wrong; nights with a wrong one: {wrong}"


def _by(unit: int | None) -> str:
    return "not reached in these nights" if unit is None else str(unit)


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"
