"""What learning is proven to be worth: python utils/cli.py evidence."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from builder.prompting import Prompts
from memory.event_lines import read_chain
from memory.evidence.report_forms import ArmReport, ClaimReport, EffectReport, EvidenceReport, TrialReport
from memory.evidence.report_words import CLAIM_WORDS, ON_SHOWN, effect_words, judge_lines, number_of
from memory.known_rules import existing_rules
from memory.reading import check_memory, read_document
from memory.runs import run_seed, told_seeds
from trainer.replay import Replay, Replayed
from trainer.replay_parts import replay_in_parts
from utils.commands.plots import plot
from utils.commands.shared import AsJson, Memory, folder_of, show, show_lines, show_table
from utils.errors import InputError
from utils.seeds import seed_of

LOG10_PROVEN = 1.30103
Z_TEST_WARNING = (
    "A z-test of these rates would say p = {p:.2g}. That holds for one look at the end; looked at after every attempt "
    "such a test finds an effect in a third of the nights that have none."
)


def evidence(
    rule: Annotated[str | None, typer.Option(help="Only what is known of this rule, or of `recall`.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Decide every unit of the log again and compare.")] = False,
    memory: Memory = None,
    as_json: AsJson = False,
) -> int:
    """Show what learning is proven to be worth, or recompute all that this rests on."""
    folder = folder_of(memory)
    if verify:
        return _verify(folder, as_json=as_json)
    report = read_document(folder, "advanced/evidence.json", EvidenceReport)
    if rule is not None:
        return _of_rule(folder, report, rule, as_json=as_json)
    if as_json:
        show(report)
        return 0
    show_lines(_portrait(report))
    _show_trials(folder, report)
    return 0


def _portrait(report: EvidenceReport) -> Iterator[str]:
    primary = report.claims[0]
    yield report.words
    yield from judge_lines(report)
    yield ""
    yield from plot(report.history, mark=LOG10_PROVEN, unit="evidence E that learning helps, attempts with a coin")
    yield ""
    for claim in report.claims:
        yield _line(claim)
    yield ""
    yield from _moved(report)
    yield _repeats(report)
    yield _no_verdict(report)
    if report.waits_for:
        yield (
            f"{report.waiting} attempts are not counted yet: evidence goes in the order of decision, and "
            f"{report.waits_for} has no outcome yet."
        )
    yield f"This run alone: E = {number_of(primary.log10_e_tonight)}. {_missing(report, primary)}"
    if report.without_learning is not None:
        without = report.without_learning
        yield (
            f"Had nothing learned been shown, {without.rate:.3f} of all attempts would have passed (95 %, one look, "
            f"{without.low:.3f} to {without.high:.3f}; as good as {without.effective:.0f} attempts without it)."
        )
    if report.price_of_control:
        yield f"Price: the {primary.control.units} controls cost about {report.price_of_control:.0f} passes so far."
    if primary.z_test_p is not None:
        yield Z_TEST_WARNING.format(p=primary.z_test_p)


def _moved(report: EvidenceReport) -> Iterator[str]:
    """The effects on passing side by side: at the first try, after repairs, and what repairs alone make of it."""
    after, first = report.claims[:2]
    yield "Effect on passing so far, in passes an attempt; the intervals are valid whenever you look:"
    yield f"  after repairs     {after.standing}; {_effect(after.effect)}"
    yield f"  at the first try  {first.standing}; {_effect(first.effect)}"
    control, treated = report.repaired
    failed = f"of those that failed at first learned {_rate(treated)}, control {_rate(control)} passed in the end"
    yield f"  by repairs alone  {_effect(report.repair_effect)}; {failed}"


def _effect(effect: EffectReport | None) -> str:
    return "no interval before 100 attempts, 20 in either arm" if effect is None else effect_words(effect)


def _no_verdict(report: EvidenceReport) -> str:
    control, treated = report.no_verdict
    told = f"No verdict, which counts as not passed: learned {_rate(treated)}, control {_rate(control)}."
    if not (control.rate or treated.rate):
        return told
    worst = number_of(report.claims[0].log10_e_worst)
    return f"{told} Were each the worst that it could be, and each missing outcome: E = {worst}."


def _line(claim: ClaimReport) -> str:
    return (
        f"{CLAIM_WORDS[claim.name]:<24} {claim.standing:<15} E = {number_of(claim.log10_e_helps):<8} "
        f"learned {_rate(claim.treated)}, control {_rate(claim.control)}"
    )


def _rate(arm: ArmReport) -> str:
    return f"- of {arm.units}" if arm.rate is None else f"{arm.rate:.3f} of {arm.units}"


def _repeats(report: EvidenceReport) -> str:
    (any_control, any_treated), (new_control, new_treated) = report.any_mistake, report.novel_mistake
    repeats = next(claim for claim in report.claims if claim.name == "no_repeat")
    no_control, no_treated = report.no_verdict
    parts = [
        ("a repeated one", _repeated(repeats.treated, no_treated), _repeated(repeats.control, no_control)),
        ("a new one", new_treated.rate, new_control.rate),
        ("any mistake", any_treated.rate, any_control.rate),
    ]
    told = "; ".join(f"{name} {_share(ours)} against {_share(theirs)}" for name, ours, theirs in parts)
    return f"Attempts with a mistake, learned against control: {told}."


def _repeated(arm: ArmReport, unjudged: ArmReport) -> float | None:
    """The claim counts attempts without a verdict as repeats; people are told of mistakes that were seen."""
    return None if arm.rate is None else 1 - arm.rate - (unjudged.rate or 0.0)


def _share(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.3f}"


def _missing(report: EvidenceReport, primary: ClaimReport) -> str:
    if not report.missing:
        return "No outcome is missing."
    worst = number_of(primary.log10_e_worst)
    return f"{report.missing} outcomes are missing; were each the worst that it could be: E = {worst}."


def _show_trials(folder: Path, report: EvidenceReport) -> None:
    if not report.on_trial:
        show_lines(["", "Nothing is on trial yet: what seems to help has to be shown 16 times first."])
        return
    texts = {each.id: each.text for each in existing_rules(folder)}
    show_lines(["", f"On trial, each by its own coin ({report.trials} ever):"])
    rows = [
        (
            each.id,
            _standing(each),
            f"{number_of(each.log10_e_helps)} of {number_of(each.log10_bound)}",
            f"{each.shown_passed}/{each.shown_passed + each.shown_failed}",
            f"{each.dropped_passed}/{each.dropped_passed + each.dropped_failed}",
            texts.get(each.id, "earlier attempts that resemble the task"),
        )
        for each in report.on_trial
    ]
    show_table(("what", "standing", "E", "passed shown", "passed without", "text"), rows)


def _standing(trial: TrialReport) -> str:
    return trial.verdict or ("supported" if trial.supported else "on trial")


def _of_rule(folder: Path, report: EvidenceReport, name: str, *, as_json: bool) -> int:
    wanted = name if name == "recall" else existing_rules(folder).find(name).id
    found = [each for each in report.on_trial if each.id == wanted]
    before = list(_before(report, wanted))
    if not found and not before:
        raise InputError(
            f"{wanted} was never on trial: it has to be shown 16 times first, and to seem to help; "
            f"see `python utils/cli.py rules --explain {wanted}`"
        )
    if as_json:
        show([each.model_dump(mode="json") for each in found])
        return 0
    show_lines(before)
    for each in found:
        show_lines(
            [
                f"{each.id}, version {each.version}: {_standing(each)}",
                f"number {each.number} on trial: its evidence has to reach {number_of(each.log10_bound)}",
                f"E that it helps: {number_of(each.log10_e_helps)}, at its highest {number_of(each.log10_peak_helps)}",
                f"E that it harms: {number_of(each.log10_e_harms)} now",
                f"its coin let it through: {each.shown_passed} passed, {each.shown_failed} failed",
                f"its coin left it out: {each.dropped_passed} passed, {each.dropped_failed} failed",
            ]
        )
    return 0


def _before(report: EvidenceReport, wanted: str) -> Iterator[str]:
    """What an earlier judge's verdicts proved of a rule."""
    for each in report.earlier:
        for word, keys in (("certified", each.certified), ("retired", each.retired)):
            for key in keys:
                name, _, version = key.rpartition("@")
                if name == wanted:
                    yield f"{name}, version {version}: {word} before, by the old judge; that {ON_SHOWN}"


def _verify(folder: Path, *, as_json: bool) -> int:
    check_memory(folder)
    started = time.perf_counter()
    seeds = _seeds(folder)
    prompts = Prompts(failure_chars=4000)
    replay = Replay(
        seeds, lambda settings: prompts.fits(context_tokens=settings.context_tokens, reply_tokens=settings.reply_tokens)
    )
    events = (event for event, _ in read_chain(folder / "events"))
    found = replay_in_parts(replay, events, processes=os.cpu_count() or 1)
    if as_json:
        show(_as_dict(found))
    else:
        show_lines([*_told(found), f"{time.perf_counter() - started:.1f} s."])
    return 0 if found.right else 1


def _seeds(folder: Path) -> dict[int, int]:
    """Those that were told, and where the memory's own seed is there, that of a run that has not ended."""
    seeds = told_seeds(folder / "events")
    if (folder / "seed").exists():
        own = seed_of(folder, None)
        latest = max(seeds, default=0) + 1
        seeds.setdefault(latest, run_seed(own, latest))
    return seeds


def _told(found: Replayed) -> Iterator[str]:
    yield from found.findings
    if found.found > len(found.findings):
        yield f"... and {found.found - len(found.findings)} more"
    for why, count in found.unknown.items():
        yield f"{count} attempts cannot be decided again: {why}"
    what = (
        f"{found.units} attempts of {found.events} events were decided again: {found.coins} coins, "
        f"{found.predictions} predictions, {found.e_values} e-values"
    )
    yield f"{what}; {'all as logged' if not found.found else f'{found.found} differ'}."


def _as_dict(found: Replayed) -> dict[str, object]:
    return {
        "right": found.right,
        "events": found.events,
        "units": found.units,
        "coins": found.coins,
        "predictions": found.predictions,
        "e_values": found.e_values,
        "differences": found.found,
        "findings": found.findings,
        "unknown": found.unknown,
    }
