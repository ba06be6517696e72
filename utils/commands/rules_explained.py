"""Why a rule is shown or not: python utils/cli.py rules --explain ID."""

from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist

from pydantic import BaseModel

from memory.evidence.report_forms import EvidenceReport, TrialReport
from memory.evidence.report_words import number_of
from memory.reading import read_document
from memory.rule_coins import RuleCoin, latest_coins
from memory.views.library import Rule
from trainer.nominate import MOST, TAU
from trainer.trials import TRIAL_SDS, TRIAL_SHOWS
from utils.errors import InputError

LATEST = 10
FIXED = {
    "banned": "It is never shown: a person banned it.",
    "pinned": "It is nominated wherever it applies: a person pinned it.",
    "merged": "It is never shown: a person merged it into {into}.",
    "retired": "It is never shown: its own coins proved that it harms. Pin it to show it in spite of that.",
    "set aside": "It is not shown: at least 8 graded attempts saw it, and it is believed to harm.",
}
"""State -> why, where chance has no part in it."""


class Explanation(BaseModel):
    """Why a rule is shown or not, its coins, and its effect."""

    schema_version: int = 1
    rule: Rule
    why: str
    proof: str
    trial: TrialReport | None
    latest: list[RuleCoin]


def explain(folder: Path, rule: Rule) -> Explanation:
    """All that there is to say of one rule of the memory in this folder."""
    trial = _trial(folder, rule)
    return Explanation(
        rule=rule,
        why=_why(rule),
        proof=_proof(rule, trial),
        trial=trial,
        latest=latest_coins(folder, rule.id, most=LATEST),
    )


def in_words(found: Explanation) -> Iterator[str]:
    """The explanation for a person."""
    rule = found.rule
    yield f"{rule.id}: {rule.state}, version {rule.version}: {rule.text}"
    yield f"Where: {_scope(rule)}."
    yield found.why
    yield (
        f"Coins: nominated {rule.nominated} times, {rule.held_out} held out with the whole attempt, {rule.dropped} "
        f"left out alone; {rule.shown} graded attempts saw it, {rule.passed_shown} of them passed."
    )
    reach = 1.96 * rule.effect.sd
    yield (
        f"Believed effect: {rule.effect.mean:+.2f} logits, 95 % between {rule.effect.mean - reach:+.2f} and "
        f"{rule.effect.mean + reach:+.2f}."
    )
    yield found.proof
    if found.latest:
        yield "Latest nominations:"
    for coin in found.latest:
        score = "pinned" if coin.score is None else f"score {coin.score:+.3f}"
        became = {True: "passed", False: "failed", None: "no verdict"}[coin.success]
        yield f"  {coin.unit_id}  {coin.task_id}: {score}; {_came(coin)}; {became}"


def _came(coin: RuleCoin) -> str:
    if coin.came == "control":
        return f"control, by the attempt's coin ({coin.holdout_probability:.2f})"
    if coin.came == "dropped":
        return f"left out, by its own coin ({coin.drop_probability:.2f})"
    return "shown"


def _scope(rule: Rule) -> str:
    where = f"tasks of {', '.join(rule.skills)}" if rule.skills else "all tasks"
    if not rule.error_classes:
        return where
    return f"{where}, once one of these errors came up in their skills: {', '.join(rule.error_classes)}"


def _why(rule: Rule) -> str:
    if rule.state in FIXED:
        return FIXED[rule.state].format(into=rule.merged_into)
    chance = NormalDist().cdf(rule.effect.mean / (TAU * rule.effect.sd))
    return (
        f"Where it applies, its draw is above 0 with probability {chance:.2f}; it is nominated if the draw is also "
        f"among the best {MOST}, and if it fits into the model's context."
    )


def _trial(folder: Path, rule: Rule) -> TrialReport | None:
    try:
        report = read_document(folder, "advanced/evidence.json", EvidenceReport)
    except InputError:  # nothing was analysed yet
        return None
    return next((each for each in report.on_trial if (each.id, each.version) == (rule.id, rule.version)), None)


def _proof(rule: Rule, trial: TrialReport | None) -> str:
    if trial is not None:
        return (
            f"Proof: number {trial.number} on trial; E = {number_of(trial.log10_e_helps)}, at its highest "
            f"{number_of(trial.log10_peak_helps)}, of {number_of(trial.log10_bound)} that certify it."
        )
    return (
        f"Proof: not on trial; it goes there with {TRIAL_SHOWS} graded attempts that saw it ({rule.shown} so far) and "
        f"a believed effect above {TRIAL_SDS:g} sd ({rule.effect.mean / rule.effect.sd:+.1f} sd now)."
    )
