"""What learning is proven to be worth, and its recomputation: on simulated nights through the real loop."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.nights import Night, fly
from memory.attempts import JUDGE
from memory.decisions import POLICY
from memory.event_lines import FIRST_PREV, encode, segments
from memory.events import Event
from tests.running import cli, cli_json, events, loop
from utils.files import sha256_hex
from utils.rehearsal.worlds import planted_night

UNITS = 220


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night with two rules at +2.5, two at -2.5 and four that do nothing."""
    truths, rules = planted_night(2, 2, 4, 2.5, seed=5)
    memory = tmp_path_factory.mktemp("night") / "memory"
    fly(Night(seed=5, units=UNITS, policy="builder-trainer", truths=truths, rules=rules), memory)
    assert cli("rebuild", "--memory", memory).code == 0
    return memory


@pytest.fixture
def night(flown: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    shutil.copytree(flown, tmp_path / "memory")
    return tmp_path / "memory"


def rewrite(memory: Path, change: Callable[[dict[str, Any]], bool]) -> None:
    """Change the first event that takes the change, and forge the chain of hashes so that nobody sees it."""
    head, done = FIRST_PREV, False
    for segment in segments(memory / "events"):
        lines = []
        for raw in segment.read_bytes().splitlines():
            document = json.loads(raw)
            done = done or change(document["data"])
            document.pop("prev")
            line = encode(Event.model_validate(document), head)
            head = sha256_hex(line[:-1])
            lines.append(line)
        segment.write_bytes(b"".join(lines))
    assert done, "nothing was changed"
    (memory / "events" / "head.json").unlink()


def test_what_another_version_decided_is_not_taken_for_forged(night: Path) -> None:
    def as_before(data: dict[str, Any]) -> bool:
        return data["kind"] == "run_started" and data.update(policy=POLICY + 1) is None

    rewrite(night, as_before)

    found = verified(night)
    assert (found["differences"], found["right"]) == (0, False)
    assert found["unknown"] == {"another version of the program decided it, in another way": UNITS}


def test_the_policy_has_another_number_when_it_decides_otherwise(flown: Path) -> None:
    chosen = [
        (data["spec"]["task_id"], [(each["id"], each["dropped"]) for each in data["assignment"]["nominees"]])
        for data in events(flown, "decided")
        if data["assignment"]
    ]
    digest = sha256_hex(json.dumps(chosen).encode())[:16]
    assert (POLICY, digest) == (2, "c222dd92adc8cc5c"), (
        "raise POLICY in memory/decisions.py, and note the new digest here"
    )


def by_the_old_judge(data: dict[str, Any]) -> bool:
    """A log that was written before there was another one."""
    return bool(data["kind"] == "run_started" and data.pop("judge") == JUDGE)


def test_a_log_of_the_old_judge_keeps_its_figures_and_says_what_they_rest_on(night: Path) -> None:
    before = cli_json("evidence", "--memory", night)
    rewrite(night, by_the_old_judge)
    assert cli("rebuild", "--memory", night).code == 0
    after = cli_json("evidence", "--memory", night)
    assert (after.pop("judge"), before.pop("judge")) == (1, JUDGE)
    assert after == before
    assert verified(night)["right"]
    told = cli("evidence", "--memory", night).out.splitlines()[1]
    assert (
        told
        == "All of it was said by the old judge: what is proven or certified rests on checks that the model was shown."
    )


def test_certificates_of_the_old_judge_prove_nothing_before_the_present_one(night: Path, tmp_path: Path) -> None:
    rewrite(night, by_the_old_judge)
    assert cli("rebuild", "--memory", night).code == 0
    certified = {each["id"] for each in cli_json("rules", "list", "--state", "certified", "--memory", night)}
    ran = loop("--llm", "rehearsal", "--sandbox", "process", "--cycles", "3", "--memory", night)
    assert ran.code == 0
    assert "Not proven yet that learning helps (3 attempts with a coin" in ran.out
    report = cli_json("evidence", "--memory", night)
    (earlier,) = report["earlier"]
    assert (earlier["standing"], earlier["units"] > UNITS * 0.9) == ("proven", True)
    assert {key.partition("@")[0] for key in earlier["certified"]} == certified != set()
    assert cli_json("rules", "list", "--state", "certified", "--memory", night) == []
    page = tmp_path / "report.html"
    assert cli("report", "--memory", night, "--out", page).code == 0
    for told in (cli("evidence", "--memory", night).out, page.read_text(encoding="utf-8")):
        assert "Before, by the old judge: Proven: what was learned makes attempts pass" in told
        assert "rests on checks that the model was shown, and counts for nothing here." in told
    of_rule = cli("evidence", "--rule", min(certified), "--memory", night).out
    assert of_rule.startswith(f"{min(certified)}, version 1: certified before, by the old judge; that rests on")
    assert verified(night)["right"]
    assert cli("rebuild", "--check", "--memory", night).code == 0


def verified(memory: Path) -> dict[str, Any]:
    ran = cli("evidence", "--verify", "--json", "--memory", memory)
    found: dict[str, Any] = json.loads(ran.out)
    assert ran.code == (0 if found["right"] else 1)
    return found


def late(data: dict[str, Any]) -> bool:
    """Whether this is a decision from the second half of the night, when there are trials."""
    return bool(data["kind"] == "decided" and data["assignment"] and int(data["spec"]["unit_id"][-6:]) > UNITS // 2)


def test_everything_that_a_verdict_rests_on_is_recomputed(night: Path) -> None:
    found = verified(night)
    assert found["right"]
    assert (found["units"], found["differences"], found["findings"]) == (UNITS, 0, [])
    assert found["coins"] > 2 * UNITS
    assert found["predictions"] > UNITS * 0.9


def last_digit(value: float) -> float:
    """The same number but for its 12th digit."""
    text = f"{value:.11e}"
    digits, _, exponent = text.partition("e")
    return float(f"{digits[:-1]}{(int(digits[-1]) + 1) % 10}e{exponent}")


def on(*path: str | int, become: Callable[[Any], Any], when: Callable[[dict[str, Any]], bool] = late) -> Any:
    """A change of one value of the first decision for which there is one."""

    def change(data: dict[str, Any]) -> bool:
        if not when(data):
            return False
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        if place[path[-1]] is None:
            return False
        place[path[-1]] = become(place[path[-1]])
        return True

    return change


def evidence_at_the_end(data: dict[str, Any]) -> bool:
    return bool(data["kind"] == "run_ended")


TAMPERED: dict[str, tuple[Any, str]] = {
    "a holdout coin": (on("assignment", "lot", become=lambda lot: lot ^ 1), "assignment.lot"),
    "an arm": (on("assignment", "control", become=lambda arm: not arm), "assignment.control"),
    "a probability": (on("assignment", "holdout_probability", become=lambda _: 0.25), "holdout_probability"),
    "a dropout coin": (on("assignment", "nominees", 0, "lot", become=lambda lot: lot ^ 1), "nominees[0].lot"),
    "a score": (on("assignment", "nominees", 0, "score", become=last_digit), "nominees[0].score"),
    "a baseline": (on("assignment", "nominees", 0, "baseline", become=last_digit), "nominees[0].baseline"),
    "an e-value": (on("assignment", "nominees", 0, "log_e", become=last_digit), "nominees[0].log_e"),
    "a prediction": (on("predictions", "passed", "mean", become=last_digit), "predictions.passed.mean"),
    "the evidence": (on("evidence", "log_helps", become=last_digit), "evidence.log_helps"),
    "a forecast": (on("forecast", become=last_digit), "forecast"),
    "why a task was chosen": (on("why", become=lambda why: why + "!"), "why"),
    "the evidence at the end": (
        on("evidence", "log_harms", become=last_digit, when=evidence_at_the_end),
        "the evidence at the end: log_harms",
    ),
    "the seed that was told": (
        on("seed", become=lambda seed: seed + 1, when=evidence_at_the_end),
        "is not the one whose hash it told first",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_one_changed_byte_is_found_and_named_though_the_chain_was_forged(night: Path, name: str) -> None:
    change, named = TAMPERED[name]
    rewrite(night, change)
    found = verified(night)
    assert not found["right"]
    assert named in found["findings"][0]
    assert "event " in found["findings"][0]


def test_an_outcome_that_was_changed_changes_all_that_was_decided_after_it(night: Path) -> None:
    def turn(data: dict[str, Any]) -> bool:
        if data["kind"] != "finished" or data["result"]["outcome"] != "failed":
            return False
        data["result"]["outcome"] = "passed"
        return True

    rewrite(night, turn)
    assert verified(night)["differences"] > 10


def test_without_a_forged_chain_a_changed_byte_is_refused_with_its_place(night: Path) -> None:
    path = segments(night / "events")[0]
    path.write_bytes(path.read_bytes().replace(b'"control":true', b'"control":false', 1))
    ran = cli("evidence", "--verify", "--memory", night)
    assert ran.code == 2
    assert "000001.jsonl, line" in ran.err
    assert ran.err.count("\n") == 1


def test_the_verdict_is_told_in_words_with_its_history(night: Path) -> None:
    report = cli_json("evidence", "--memory", night)
    assert report["standing"] == "proven"
    lines = cli("evidence", "--memory", night).out.splitlines()
    assert lines[0] == report["words"]
    assert lines[0].startswith("Proven: what was learned makes attempts pass (after ")
    assert any("10^1.3 |" in line for line in lines)
    assert any(line.startswith("passes, after repairs    proven") for line in lines)
    assert any(line.startswith("A z-test of these rates would say p = ") for line in lines)
    assert any(line.startswith("Price: the ") for line in lines)
    treated, control = report["claims"][0]["treated"], report["claims"][0]["control"]
    assert 0.04 * UNITS < control["units"] < 0.3 * UNITS  # a fifth, and .05 once learning is proven
    assert treated["rate"] > control["rate"]


def test_only_rules_that_help_are_certified_and_each_is_explained(night: Path) -> None:
    truths, _ = planted_night(2, 2, 4, 2.5, seed=5)
    helpful = {rule.text for rule in truths.rules if rule.effect > 0}
    certified = cli_json("rules", "list", "--state", "certified", "--memory", night)
    assert {each["text"] for each in certified} <= helpful
    assert certified
    told = cli("rules", "--explain", certified[0]["id"], "--memory", night).out
    assert f"{certified[0]['id']}: certified, version 1" in told
    assert "that certify it." in told
    latest = cli_json("rules", "--explain", certified[0]["id"], "--memory", night)["latest"]
    assert len(latest) == 10
    assert {each["came"] for each in latest} <= {"shown", "dropped", "control"}
    of_rule = cli("evidence", "--rule", certified[0]["id"], "--memory", night)
    assert ": certified" in of_rule.out


def test_what_harms_is_explained_too(night: Path) -> None:
    truths, _ = planted_night(2, 2, 4, 2.5, seed=5)
    harmful = {rule.text for rule in truths.rules if rule.effect < 0}
    known = cli_json("rules", "list", "--all", "--memory", night)
    for rule in [each for each in known if each["text"] in harmful and each["state"] == "set aside"]:
        told = cli("rules", "--explain", rule["id"], "--memory", night).out
        assert "It is not shown: at least 8 graded attempts saw it" in told
    ran = cli("evidence", "--rule", next(each["id"] for each in known if not each["trial"]), "--memory", night)
    assert (ran.code, ran.out) == (2, "")
    assert "was never on trial" in ran.err


@pytest.mark.parametrize(
    "options",
    [
        ("evidence",),
        ("evidence", "--verify"),
        ("evidence", "--rule", "ffffffff"),
        ("rules", "--explain", "ffffffff"),
    ],
)
def test_where_there_is_no_memory_one_line_says_so(tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = cli(*options, "--memory", tmp_path / "none")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: there is no memory at ")
    assert ran.err.count("\n") == 1


def test_a_run_that_has_not_ended_is_verified_with_the_memorys_own_seed_or_said_to_be_unknown(night: Path) -> None:
    def open_ended(memory: Path) -> None:
        path = segments(memory / "events")[-1]
        lines = path.read_bytes().splitlines(keepends=True)
        last = next(n for n, line in enumerate(lines) if b'"kind":"run_ended"' in line)
        path.write_bytes(b"".join(lines[:last]))
        (memory / "events" / "head.json").unlink()

    open_ended(night)
    assert verified(night)["right"]
    (night / "seed").unlink()
    found = verified(night)
    assert not found["right"]
    assert found["unknown"] == {"its run's seed is not told yet": UNITS}
