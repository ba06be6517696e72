"""A night in which the way of working is changed, through the real loop; and what a person can see and do of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.nights import Night, fly
from memory.event_lines import read_chain
from memory.events import Decided, Finished, RevisionAdopted, RevisionProposed
from memory.reading import latest_belogs
from tests.running import cli, cli_json
from tests.test_evidence import last_digit, on, rewrite, verified
from utils.rehearsal.lessons import LESSONS, SKILL_RULES
from utils.rehearsal.tables import PlantedRule
from utils.rehearsal.worlds import planted_night

UNITS = 150
SETTINGS = {"blueprint_trials": "on", "max_repairs": 0, "recall_tokens": 0}


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night in which all words that the simulated model can propose are worth +2.5 logits each."""
    truths, _ = planted_night(0, 0, 0, seed=3)
    known = {*SKILL_RULES.values(), *(rule for lesson in LESSONS.values() for rule in lesson.rules)}
    words = tuple(PlantedRule(text=text, effect=2.5) for text in sorted(known))
    memory = tmp_path_factory.mktemp("night") / "memory"
    night = Night(
        seed=4, units=UNITS, policy="builder-trainer", truths=truths.model_copy(update={"rules": words}), rules=(),
        settings=SETTINGS,
    )  # fmt: skip
    fly(night, memory)
    assert cli("rebuild", "--memory", memory).code == 0
    return memory


@pytest.fixture
def night(flown: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(flown, tmp_path / "memory")
    return tmp_path / "memory"


def happened(memory: Path, kind: type) -> list[Any]:
    return [event.data for event, _ in read_chain(memory / "events") if isinstance(event.data, kind)]


def test_a_better_way_of_working_is_proposed_proven_and_used(flown: Path) -> None:
    proposed, adopted = happened(flown, RevisionProposed), happened(flown, RevisionAdopted)
    assert proposed
    assert adopted
    first = adopted[0].figures
    assert first.log_helps >= first.log_needed
    decided = happened(flown, Decided)
    tossed = [each for each in decided if each.blueprint is not None]
    assert {each.spec.blueprint_version for each in tossed if each.blueprint.trial == 1} == {1, 2}
    for each in tossed:
        assert (each.spec.guidance == ()) == (each.spec.blueprint_version == 1)
    adopted_ways = {proposed[each.trial - 1].proposal.way.guidance for each in adopted}
    untossed = [each.spec.guidance for each in decided if each.blueprint is None]
    assert untossed[0] == ()
    assert untossed[-1] in adopted_ways
    passed = [each.result.outcome == "passed" for each in happened(flown, Finished)]
    assert sum(passed[-30:]) > sum(passed[:30]) + 8


def test_every_belog_names_its_blueprint_and_version(flown: Path) -> None:
    specs = {each.spec.unit_id: each.spec for each in happened(flown, Decided)}
    belogs = latest_belogs(flown, count=UNITS)
    assert len(belogs) == UNITS
    for belog in belogs:
        spec = specs[belog.execution_trace_id]
        assert (belog.blueprint_id, belog.blueprint_version) == (spec.blueprint_id, spec.blueprint_version)
    assert {belog.blueprint_version for belog in belogs} >= {1, 2}


def test_the_coins_and_the_ends_of_trials_are_recomputed(night: Path) -> None:
    found = verified(night)
    assert (found["right"], found["units"], found["findings"]) == (True, UNITS, [])
    assert found["coins"] >= len([each for each in happened(night, Decided) if each.blueprint])


def tossed(data: dict[str, Any]) -> bool:
    return bool(data["kind"] == "decided" and data["blueprint"] and int(data["spec"]["unit_id"][-6:]) > 60)


def ended(data: dict[str, Any]) -> bool:
    return bool(data["kind"] == "revision_adopted")


TAMPERED: dict[str, tuple[Callable[[dict[str, Any]], bool], str]] = {
    "a coin": (on("blueprint", "lot", become=lambda lot: lot ^ 1, when=tossed), "blueprint.lot"),
    "an arm": (on("blueprint", "challenger", become=lambda arm: not arm, when=tossed), "blueprint.challenger"),
    "a version": (on("spec", "blueprint_version", become=lambda _: 7, when=tossed), "spec.blueprint_version"),
    "a prediction": (
        on("blueprint", "prediction", "mean", become=last_digit, when=tossed),
        "blueprint.prediction.mean",
    ),
    "an e-value": (on("blueprint", "log_e", become=last_digit, when=tossed), "blueprint.log_e"),
    "the figures of an adoption": (on("figures", "log_helps", become=last_digit, when=ended), "figures.log_helps"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_one_changed_byte_is_found_and_named(night: Path, name: str) -> None:
    change, named = TAMPERED[name]
    rewrite(night, change)
    found = verified(night)
    assert not found["right"]
    assert any(named in finding for finding in found["findings"])


def test_blueprints_are_listed_and_shown_with_what_their_coins_say(flown: Path) -> None:
    (row,) = [each for each in cli_json("blueprint", "list", "--memory", flown) if each["id"] == "builder-default"]
    versions = row["versions"]
    assert row["in_use"] > 1
    assert {"in use", "used before"} <= {each["state"] for each in versions}
    told = cli("blueprint", "show", "builder-default", "--memory", flown).out
    assert f"version {row['in_use']} is in use" in told
    assert "Trial 1 against builder-default@1, " in told
    trial = versions[1]["trial"]
    assert trial["rate"] > trial["base_rate"]
    assert trial["log10_e_better"] >= trial["log10_needed"] == pytest.approx(1.30103, abs=1e-5)
    assert cli("blueprint", "list", "--memory", flown).out.startswith("builder-default\tall tasks\tv")


def test_one_command_takes_a_version_back(night: Path) -> None:
    before = cli_json("blueprint", "show", "builder-default", "--memory", night)["in_use"]
    told = cli("blueprint", "rollback", "builder-default", "--memory", night).out
    assert told.startswith(f"builder-default@{before} was taken back; version ")
    after = cli_json("blueprint", "show", "builder-default", "--memory", night)
    assert after["in_use"] < before
    assert next(each for each in after["versions"] if each["version"] == before)["state"] == "rolled back"
    while after["in_use"] > 1:
        after = json.loads(cli("blueprint", "rollback", "builder-default", "--json", "--memory", night).out)
    ran = cli("blueprint", "rollback", "builder-default", "--memory", night)
    assert (ran.code, ran.out) == (2, "")
    assert "there is nothing to go back to" in ran.err
    assert cli("rebuild", "--check", "--memory", night).code == 0


@pytest.mark.parametrize("command", [("show", "nobody"), ("rollback", "nobody")])
def test_an_unknown_blueprint_is_refused_in_one_line(flown: Path, command: tuple[str, str]) -> None:
    ran = cli("blueprint", *command, "--memory", flown)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "there is no blueprint 'nobody'" in ran.err
