"""How many attempts a proof takes, at which share of controls, for which effect: python utils/cli.py power."""

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from memory.attempts import FROZEN
from memory.builder_model import logistic
from memory.evidence.power import Effort, Floats, World, proven_within, quantile, units_to_proof, z_test_units
from utils.commands.shared import AsJson, show, show_lines, show_table
from utils.errors import InputError

SHARES = (0.05, 0.10, 0.20, 0.30, 0.50)
MOST_UNITS, MOST_NIGHTS = 20_000, 20_000
ENOUGH = 0.95
"""Of the nights are played until their proof; all quantiles that are shown lie within."""
USUAL_POWER = 0.8
SEED = 1
EVERY_S = 0.2
HEADERS = ("controls", "median", "80 %", "90 %", "z-test", "price", "price of 100")


class Answer(BaseModel):
    """What one share of controls costs and gives.

    Attributes:
        holdout: the share.
        simulated: not if the z-test needs more units than are simulated.
        median, quantile_80, quantile_90: units within which so many nights have their proof; None: more than simulated.
        proven: the share of nights with a proof within the units that were asked for; None if none were.
        needed: units within which the share of nights that was asked for has its proof; None also if none was.
        z_test: units of the z-test for one look at the end.
        price: expected good outcomes that the controls miss until the median's proof.
        price_of_100: the same in 100 units.
    """

    model_config = FROZEN

    holdout: float
    simulated: bool
    median: int | None = None
    quantile_80: int | None = None
    quantile_90: int | None = None
    proven: float | None = None
    needed: int | None = None
    z_test: int
    price: float | None = None
    price_of_100: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, checked; `without` and `with_it` are rates as they were given or follow from --effect."""

    without: float
    with_it: float
    holdout: float
    alpha: float
    units: int | None
    power: float | None
    nights: int

    @property
    def falls(self) -> bool:
        """Whether it is less of something bad that is to be proven."""
        return self.with_it < self.without

    def world(self, holdout: float) -> World:
        """The same with rates of the better outcome, at some share of controls."""
        flip = self.falls
        return World(
            control=1 - self.without if flip else self.without,
            treated=1 - self.with_it if flip else self.with_it,
            holdout=holdout,
            alpha=self.alpha,
        )


def show_power(  # noqa: PLR0913, PLR0917  one parameter for each option
    effect: Annotated[float | None, typer.Option(help="In logits, on top of --base.")] = None,
    base: Annotated[float | None, typer.Option(help="Rate without what is tested, for --effect; .5.")] = None,
    without: Annotated[float | None, typer.Option("--from", help="Rate without what is tested.")] = None,
    with_it: Annotated[
        float | None, typer.Option("--to", help="Rate with it; a lower one means less mistakes.")
    ] = None,
    holdout: Annotated[float, typer.Option(help="Share of controls.")] = 0.20,
    alpha: Annotated[float, typer.Option(help="How often nothing at all may end in a proof.")] = 0.05,
    units: Annotated[int | None, typer.Option(help="How likely is a proof within so many attempts?")] = None,
    power: Annotated[float | None, typer.Option(help="Within how many attempts is a proof so likely?")] = None,
    seeds: Annotated[int, typer.Option(help="Simulated nights.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Say how many attempts a proof takes, by simulating the very test that is made; the rates are yours."""
    rates = _rates(effect, base, without, with_it)
    question = Question(
        without=rates[0],
        with_it=rates[1],
        holdout=_inside(holdout, "--holdout"),
        alpha=_inside(alpha, "--alpha"),
        units=_whole(units, "--units", most=MOST_UNITS),
        power=_power(power, units),
        nights=_whole(seeds, "--seeds", most=MOST_NIGHTS) or 1,
    )
    answers = _answers(question)
    if as_json:
        show(_document(question, answers))
        return
    show_lines(_lines(question, next(each for each in answers if each.holdout == holdout)))
    show_table(HEADERS, [_row(each) for each in answers])


def _rates(
    effect: float | None, base: float | None, without: float | None, with_it: float | None
) -> tuple[float, float]:
    """The two rates that were asked for, in (0, 1) or at most one at its end."""
    if effect is not None:
        if without is not None or with_it is not None:
            raise InputError("--effect: give it with --base, or give --from and --to instead")
        if not math.isfinite(effect) or effect == 0:
            raise InputError(f"--effect: a number of logits other than 0 is needed, not {effect}")
        rate = _inside(0.5 if base is None else base, "--base")
        return rate, logistic(math.log(rate / (1 - rate)) + effect)
    if base is not None:
        raise InputError("--base: it belongs to --effect; give --from instead")
    if without is None or with_it is None:
        raise InputError("--effect, or both --from and --to: say how large the effect is")
    for rate, option in ((without, "--from"), (with_it, "--to")):
        if not 0 <= rate <= 1:
            raise InputError(f"{option}: a rate between 0 and 1 is needed, not {rate}")
    if without == with_it:
        raise InputError("--to: it is the same as --from; what changes nothing cannot be proven")
    return without, with_it


def _inside(value: float, option: str) -> float:
    if not 0 < value < 1:
        raise InputError(f"{option}: a number between 0 and 1, neither of them, is needed, not {value}")
    return value


def _whole(value: int | None, option: str, *, most: int) -> int | None:
    if value is not None and not 1 <= value <= most:
        raise InputError(f"{option}: a whole number from 1 to {most} is needed, not {value}")
    return value


def _power(power: float | None, units: int | None) -> float | None:
    if power is None:
        return None
    if units is not None:
        raise InputError("--power: one of --units and --power is enough; leave one out")
    if not 0 < power <= ENOUGH:
        raise InputError(f"--power: a number above 0 and at most {ENOUGH:g} is needed, not {power}")
    return power


def _answers(question: Question) -> list[Answer]:
    """One for each share of controls."""
    z_test = z_test_units(question.world(question.holdout), power=question.power or USUAL_POWER)
    if z_test > MOST_UNITS:
        raise InputError(
            f"the effect is too small: with {question.holdout:g} controls one look at the end would need {z_test} "
            f"attempts already, and {MOST_UNITS} are simulated"
        )
    shares = sorted({*SHARES, question.holdout})
    progress = _Progress(len(shares))
    answers = [_answer(question, share, progress) for share in shares]
    progress.clear()
    return answers


def _answer(question: Question, share: float, progress: "_Progress") -> Answer:
    world = question.world(share)
    z_test = z_test_units(world, power=question.power or USUAL_POWER)
    per_unit = share * world.difference
    blank = Answer(holdout=share, simulated=z_test <= MOST_UNITS, z_test=z_test, price_of_100=round(100 * per_unit, 3))
    progress.next()
    if not blank.simulated:
        return blank
    effort = Effort(
        nights=question.nights, horizon=MOST_UNITS, seed=SEED, enough=ENOUGH, at_least=question.units or 0
    )  # fmt: skip
    stops = units_to_proof(world, effort, progress=progress.tell)
    median = _units(stops, 0.5)
    return blank.model_copy(
        update={
            "median": median,
            "quantile_80": _units(stops, 0.8),
            "quantile_90": _units(stops, 0.9),
            "proven": None if question.units is None else proven_within(stops, question.units),
            "needed": None if question.power is None else _units(stops, question.power),
            "price": None if median is None else round(median * per_unit, 1),
        }
    )


def _units(stops: Floats, share: float) -> int | None:
    found = quantile(stops, share)
    return int(found) if math.isfinite(found) else None


def _document(question: Question, answers: list[Answer]) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "from": question.without,
        "to": question.with_it,
        "alpha": question.alpha,
        "holdout": question.holdout,
        "units": question.units,
        "power": question.power,
        "nights": question.nights,
        "most_units": MOST_UNITS,
        "by_holdout": [each.model_dump(mode="json") for each in answers],
    }


def _lines(question: Question, answer: Answer) -> Iterator[str]:
    what = "mistakes made" if question.falls else "attempts passed"
    yield (
        f"from {question.without:.3g} to {question.with_it:.3g} of {what}, {question.holdout:g} controls, proof at "
        f"1/{question.alpha:g} = {1 / question.alpha:g}, {question.nights} simulated nights"
    )
    if question.units is not None:
        yield f"a proof within {question.units} attempts: {answer.proven:.0%} of the nights"
    elif question.power is not None:
        yield f"a proof in {question.power:.0%} of the nights: within {_counted(answer.needed)} attempts"
    else:
        yield f"half of the nights have their proof within {_counted(answer.median)} attempts"
    power = question.power or USUAL_POWER
    yield (
        f"for comparison, the z-test with power {power:g}: {answer.z_test} attempts, valid only for one look at the "
        "end; the proof above may be looked for after every attempt"
    )
    yield (
        f"price: {'avoidable mistakes' if question.falls else 'passes'} that the controls cost until half of the "
        "nights have their proof"
    )


def _row(answer: Answer) -> tuple[str, ...]:
    price = "-" if answer.price is None else f"{answer.price:.1f}"
    quantiles = (
        _counted(each) if answer.simulated else "-" for each in (answer.median, answer.quantile_80, answer.quantile_90)
    )
    return (f"{answer.holdout:g}", *quantiles, str(answer.z_test), price, f"{answer.price_of_100:.1f}")


def _counted(units: int | None) -> str:
    return f"more than {MOST_UNITS}" if units is None else str(units)


class _Progress:
    """One line on a terminal, nothing elsewhere."""

    def __init__(self, parts: int) -> None:
        self._parts, self._part, self._at = parts, 0, 0.0
        self._shown = sys.stderr.isatty()

    def next(self) -> None:
        """The next share begins."""
        self._part += 1

    def tell(self, units: int) -> None:
        """So many units of this share are simulated."""
        if self._shown and time.monotonic() - self._at > EVERY_S:
            self._at = time.monotonic()
            self._say(f"share {self._part} of {self._parts}: {units} units")

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._say("")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
