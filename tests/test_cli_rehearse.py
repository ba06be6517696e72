"""`python utils/cli.py rehearse` as people type it: whole simulated nights, and what is said of them."""

import json
import os
import signal
import subprocess
import sys
from math import comb
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.running import CHECKOUT, Ran, cli, cli_json, events, finish, loop, start, wait_for
from utils.rehearsal.truths import DEFAULT_PATH

HELPFUL = (
    "Sort a copy, never the argument itself.",
    "Compare with None by identity.",
    "Use slices with explicit bounds.",
)
USELESS = ("Split parsing from computing.", "Remember that bool is a kind of int.")


def rehearse(*options: str | Path) -> Ran:
    return cli("rehearse", *options)


def planted_file(folder: Path, *, effect: float) -> Path:
    """The shipped world without drift and recall, with rules of its own, as a file for --truth."""
    shipped = DEFAULT_PATH.read_text(encoding="utf-8")
    start_of_drift, end = shipped.index("\n[drift]"), shipped.index("\n[offsets]")
    head = shipped[:start_of_drift] + shipped[end : shipped.index("\n[[rules]]")]
    effects = [(text, effect) for text in HELPFUL] + [(text, 0.0) for text in USELESS]
    rules = "".join(f'\n[[rules]]\ntext = "{text}"\neffect = {worth}\n' for text, worth in effects)
    path = folder / "truths.toml"
    path.write_text(head + rules, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What is said of two nights with three rules of +1.5; the second item is the folder of their memories."""
    folder = tmp_path_factory.mktemp("planted")
    truth, kept = planted_file(folder, effect=1.5), folder / "kept"
    options = ("--nights", "2", "--units", "320", "--truth", truth, "--keep", kept, "--seed", "3")
    return cli_json("rehearse", *options), kept


def test_rules_that_help_are_certified_and_no_others(planted: Any) -> None:
    report, _ = planted
    badges = [badge for night in report["each"] for badge in night["badges"]]
    assert badges
    assert {badge["verdict"] for badge in badges} == {"certified"}
    assert {badge["text"] for badge in badges} <= set(HELPFUL)
    assert {badge["worth"] for badge in badges} == {1.5}
    assert report["certificates"]["right"] == len(badges) / 2
    assert report["certificates"]["wrong"] == report["certificates"]["nights_with_wrong"]["nights"] == 0
    assert report["helps"]["meaning"] == "power"
    assert (report["harms"]["meaning"], report["harms"]["proven"]["nights"]) == ("false proofs", 0)
    assert report["treated"] > report["control"]


def test_the_figures_add_up(planted: Any) -> None:
    report, kept = planted
    nights = report["each"]
    assert (report["simulated"], report["nights"], report["world"]["rules"]) == (True, 2, 5)
    assert [night["number"] for night in nights] == [1, 2]
    assert len({night["seed"] for night in nights}) == 2
    for night in nights:
        assert (
            night["units"] == 320 >= night["with_coin"] == night["treated"]["units"] + night["control"]["units"] > 250
        )
        assert night["history"][-1] == [night["with_coin"], night["log10_e_helps"]]
        assert 0 < night["regret"] < night["uniform_regret"]
    proofs = sorted(night["proven_at"] or 321 for night in nights)
    assert report["helps"]["proven"]["nights"] == sum(at <= 320 for at in proofs)
    assert report["units_to_proof"] == [at if at <= 320 else None for at in proofs]
    by = dict(map(tuple, report["proven_by"]))
    assert list(by.values()) == sorted(by.values())
    assert by[max(by)] == report["helps"]["proven"]["share"]
    assert sum(report["standings"].values()) == 2
    assert report["regret"]["share"] == pytest.approx(
        report["regret"]["regret"] / report["regret"]["uniform"], abs=1e-6
    )
    told = cli_json("evidence", "--memory", kept / "night-0002")
    assert told["words"] == nights[1]["words"]
    assert [told["claims"][0][arm] for arm in ("treated", "control")] == [
        nights[1][arm] for arm in ("treated", "control")
    ]


def test_the_regret_is_what_the_log_says_was_not_shown(planted: Any) -> None:
    report, kept = planted
    shown = [
        sum(1.5 for rule in each["spec"]["shown_rules"] if rule["text"] in HELPFUL)
        for each in events(kept / "night-0001", "decided")
        if not (each["assignment"] and each["assignment"]["control"])
    ]
    best = 1.5 * len(HELPFUL)  # all of them are in scope everywhere
    assert report["each"][0]["regret"] == pytest.approx(best - fmean(shown), abs=1e-6)


def test_the_memory_of_a_night_is_whole_and_every_coin_of_it_can_be_tossed_again(planted: Any) -> None:
    _, kept = planted
    assert sorted(path.name for path in kept.iterdir()) == ["night-0001", "night-0002"]
    assert cli("rebuild", "--check", "--memory", kept / "night-0001").code == 0
    assert cli("evidence", "--verify", "--memory", kept / "night-0001").code == 0


def test_a_null_night_ends_not_proven_and_says_that_it_is_simulated() -> None:
    ran = rehearse("--nights", "1", "--units", "60", "--truth", "null")
    assert ran.code == 0, ran.err
    assert "Night 1, simulated, ended with: Not proven yet that learning helps" in ran.out
    assert "nothing that can be learned has an effect" in ran.out
    assert "help proven: false proofs\t0 nights, 0.0% (95 % interval 0.0% to 79.3%; may be 5% at most)" in ran.out
    assert ran.out.startswith("SIMULATED: 1 nights of 60 attempts")
    assert ran.err == ""


def test_the_same_seed_flies_the_same_nights_and_a_person_s_settings_and_rules_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules.txt").write_text("Draw a picture first.\nSay it aloud.\n", encoding="utf-8")
    options = ("rehearse", "--nights", "2", "--units", "30", "--rules", tmp_path / "rules.txt")
    first, again = cli_json(*options, "--workers", "1"), cli_json(*options)
    assert first == again
    assert first["world"]["rules"] == 11
    monkeypatch.setenv("BT_HOLDOUT", "0.5")
    halved = cli_json(*options)
    assert halved["world"]["settings"]["holdout"] == "0.5"
    controls = [sum(night["control"]["units"] for night in report["each"]) for report in (first, halved)]
    assert controls[0] + 5 < controls[1]


def test_without_lessons_nothing_can_be_proven_and_there_is_no_regret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BT_LESSONS", "off")
    report = cli_json("rehearse", "--nights", "1", "--units", "12")
    assert (report["regret"], report["treated"], report["control"]) == (None, None, None)
    assert (report["helps"]["meaning"], report["helps"]["proven"]["nights"]) == ("false proofs", 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_neither_processes_nor_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process = start("utils/cli.py", "rehearse", "--nights", "3", "--units", "50000")
    wait_for(lambda: len(list(tmp_path.glob("rehearse-*/night-*/memory/events/*.jsonl"))) == 2)
    children = children_of(process.pid)
    assert len(children) >= 2
    process.send_signal(number)
    ran = finish(process, 30)
    assert (ran.code, ran.out, ran.err) == (130, "", "")
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 10)
    assert list(tmp_path.iterdir()) == []


def children_of(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--truth", "nowhere.toml"), "truths file nowhere.toml cannot be read: No such file or directory"),
        (("--truth", "README.md"), "truths file README.md is no TOML"),
        (("--nights", "0"), "--nights"),
        (("--units", "0"), "--units"),
        (("--rules", "nowhere.txt"), "the file of rules nowhere.txt does not exist"),
        (("--keep", "docs"), "--keep: docs is there already; name a new folder"),
        (("--keep", "README.md"), "--keep: README.md is there already; name a new folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(options: tuple[str, ...], said: str) -> None:
    ran = rehearse(*options)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_rehearsal_in_which_nothing_helps_ends_its_summary_with_not_proven_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BT_TRUTHS", "null")
    ran = loop(
        "--llm", "rehearsal", "--sandbox", "process", "--cycles", "12", "--memory", tmp_path / "m", "--seed", "5"
    )
    assert ran.code == 0, ran.err
    assert "These figures are of the simulated rehearsal model" in ran.out
    assert "\nNot proven yet that learning helps (" in ran.out


@pytest.mark.night
@pytest.mark.timeout(600)
def test_sixteen_null_nights_hold_no_more_false_proofs_than_chance_allows() -> None:
    """At most as many as 16 nights with a chance of .05 each exceed with a probability of .01 at most: 3."""
    tail = [sum(comb(16, k) * 0.05**k * 0.95 ** (16 - k) for k in range(n + 1, 17)) for n in range(16)]
    allowed = next(n for n, beyond in enumerate(tail) if beyond <= 0.01)
    options = ("--nights", "16", "--units", "250", "--truth", "null", "--seed", "11", "--json")
    ran = subprocess.run(
        [sys.executable, str(CHECKOUT / "utils/cli.py"), "rehearse", *options],
        capture_output=True, check=True, text=True, env={**os.environ}, cwd=CHECKOUT,
    )  # fmt: skip
    report = json.loads(ran.stdout)
    assert report["helps"]["meaning"] == "false proofs"
    assert report["helps"]["proven"]["nights"] <= allowed
    assert report["certificates"]["right"] == 0
    assert report["suspended"] <= 1
