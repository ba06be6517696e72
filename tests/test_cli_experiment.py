"""`python utils/cli.py experiment ...` as people type it."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from memory.experiments.notebook import Plan, create, folder_of_experiment
from tests.running import Ran, cli, cli_json, finish, start
from utils.clock import SystemClock
from utils.errors import InputError
from utils.files import sha256_hex

CLAIM = "Use a heap for the k smallest."


def run(*options: str | Path, memory: Path) -> Ran:
    return cli("experiment", *options, "--memory", memory)


def asked(*options: str | Path, memory: Path) -> Any:
    return cli_json("experiment", *options, "--memory", memory)


def log_lines(memory: Path) -> list[dict[str, Any]]:
    text = (memory / "experiments" / "heaps" / "000001.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["data"] for line in text.splitlines()]


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """A memory with nothing but an experiment, planned for two sessions, one in each arm."""
    create(tmp_path / "m", Plan(name="heaps", claim=CLAIM, planned=2), clock=SystemClock(), seed=1)
    return tmp_path / "m"


def test_a_session_from_its_coin_to_its_report(memory: Path) -> None:
    begun = asked("start", "--error-class", "IndexError", memory=memory)
    assert (begun["session"], begun["state"], begun["already_open"]) == (1, "open", False)
    noted = asked("log-mistake", "--description", "Off by one.", "--corrected-by-rule", "rule-1", memory=memory)
    assert (noted["novelty"], noted["error_class"], noted["corrected_by_rule"]) == ("novel", "IndexError", "rule-1")
    same = run("log-mistake", "--error-class", "indexerror", "--description", " off  by ONE", memory=memory)
    assert same.out == f"session 1: noted, made in this session before ({noted['signature']})\n"
    assert run("end", "--outcome", "failed", memory=memory).out == f"session 1 ended: failed, {begun['arm']}\n"
    second = asked("start", memory=memory)
    repeat = asked("log-mistake", "--error-class", "IndexError", "--description", "off by one", memory=memory)
    assert (repeat["session"], repeat["novelty"]) == (2, "repeat")
    run("end", "--outcome", "passed", memory=memory)
    shown = asked("metrics", "--all", memory=memory)
    assert [each["counts"] for each in shown] == [
        {"mistakes": 2, "novel": 1, "again": 1, "repeats": 0},
        {"mistakes": 1, "novel": 0, "again": 0, "repeats": 1},
    ]
    assert asked("metrics", memory=memory) == shown[1]
    assert asked("metrics", "1", memory=memory) == shown[0]
    assert {begun["arm"], second["arm"]} == {"control", "treated"}
    report = asked("report", memory=memory)
    assert (report["verdict"], report["sessions"], report["wrong_coins"]) == ("not proven yet", 2, [])
    rates = {each["shown"]: (each["treated"], each["control"]) for each in report["findings"]}
    assert rates["passed"] == ({"count": 1, "of": 1}, {"count": 0, "of": 1})
    assert rates["any mistake"] == ({"count": 1, "of": 1}, {"count": 1, "of": 1})
    assert rates["repeat hazard"] == ({"count": 1, "of": 1}, {"count": 0, "of": 1})
    assert rates["novel mistake"] == ({"count": 0, "of": 1}, {"count": 1, "of": 1})
    assert report["repeated_mistake_rate"] == {"treated": {"count": 1, "of": 1}, "control": {"count": 0, "of": 2}}


def test_the_coin_is_in_the_log_and_its_seed_is_told_at_the_end_alone(memory: Path) -> None:
    seed = memory / "experiments" / "heaps" / "seed"
    assert stat.S_IMODE(seed.stat().st_mode) == 0o600
    created = log_lines(memory)[0]
    assert created["seed_sha256"] == sha256_hex(b"1")
    arm = asked("start", memory=memory)["arm"]
    assert log_lines(memory)[-1]["control"] == (arm == "control")
    assert run("close", memory=memory).err == "error: session 1 is open; end it with `experiment end` first\n"
    run("end", "--give-up", memory=memory)
    assert "seed" not in log_lines(memory)[-1]
    assert asked("close", memory=memory)["seed"] == 1
    assert log_lines(memory)[-1] == {"kind": "experiment_closed", "seed": 1}
    seed.unlink()
    assert asked("report", memory=memory)["wrong_coins"] == []
    assert run("start", memory=memory).err == "error: heaps is closed; begin another one with `experiment create`\n"


def test_an_open_session_is_never_tossed_again(memory: Path) -> None:
    first = asked("start", memory=memory)
    for _ in range(3):
        assert asked("start", memory=memory) == {**first, "already_open": True}
    assert [each["kind"] for each in log_lines(memory)] == ["experiment_created", "session_started"]


def test_commands_at_the_same_time_get_one_session_and_one_arm(memory: Path) -> None:
    both = [start("utils/cli.py", "experiment", "start", "--memory", memory, "--json") for _ in range(3)]
    ended = [finish(process) for process in both]
    assert [each.code for each in ended] == [0, 0, 0]
    answers = [json.loads(each.out) for each in ended]
    assert {(each["session"], each["arm"]) for each in answers} == {(1, answers[0]["arm"])}
    assert sorted(each["already_open"] for each in answers) == [False, True, True]


def test_a_torn_last_line_is_set_aside_and_the_coin_stays_the_same(memory: Path) -> None:
    arm = asked("start", memory=memory)["arm"]
    path = memory / "experiments" / "heaps" / "000001.jsonl"
    head = path.parent / "head.json"
    whole, first = path.read_bytes(), path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(whole[:-9])  # as a crash in the middle of the write leaves it: nobody was told of this arm yet
    head.write_text(json.dumps({"hash": sha256_hex(first[:-1]), "seq": 1}), encoding="utf-8")
    again = asked("start", memory=memory)
    assert (again["session"], again["arm"], again["already_open"]) == (1, arm, False)
    assert [each.read_bytes() for each in (path.parent / "torn").iterdir()] == [whole[len(first) : -9]]


@pytest.mark.parametrize("command", ["start", "report", "metrics"])
def test_damage_in_the_middle_is_refused_with_its_place(memory: Path, command: str) -> None:
    run("start", memory=memory)
    path = memory / "experiments" / "heaps" / "000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"control_share":0.5', b'"control_share":0.9'))
    ran = run(command, memory=memory)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "000001.jsonl, line 2: it does not follow the line before" in ran.err


def test_a_lost_or_other_seed_stops_the_coins_and_not_the_report(memory: Path) -> None:
    seed = memory / "experiments" / "heaps" / "seed"
    for damage in (lambda: seed.write_text("2\n", encoding="ascii"), seed.unlink):
        damage()
        ran = run("start", memory=memory)
        assert ran.code == 2
        assert ran.err.endswith("seed is not the seed that the experiment was begun with; bring that file back\n")
    assert "coins      not checked: the seed is not at hand" in run("report", memory=memory).out


def test_the_report_says_what_it_can_and_cannot_show(memory: Path) -> None:
    run("start", memory=memory)
    run("end", "--outcome", "passed", memory=memory)
    run("start", memory=memory)
    early = run("report", memory=memory).out
    assert "missing    " in early
    assert "session 2 is open and counts as missing until it is ended" in early
    run("end", "--outcome", "failed", memory=memory)
    late = run("report", memory=memory).out
    assert late.startswith(f"heaps: not proven yet\n{CLAIM}\n")
    assert "Verdict on the claim (passed): NOT PROVEN YET" in late
    assert "Exact test over 2 sessions" in late
    assert "it was looked at 1 time before: valid only if nothing that was seen then could have ended" in late
    assert "from .31 to .74 over 500 attempts" in late
    assert "regression to the mean" in late


def test_several_experiments_want_a_name_and_are_listed(memory: Path) -> None:
    assert run("create", "other", "--claim", "Talk less.", "--share", "0.3", memory=memory).code == 0
    ran = run("start", memory=memory)
    assert (ran.code, ran.err) == (2, "error: --name: say which of the experiments is meant: heaps, other\n")
    assert run("start", "--name", "other", memory=memory).code == 0
    assert run("list", memory=memory).out == f"heaps\t0\tgoing on\t{CLAIM}\nother\t1\tgoing on\tTalk less.\n"
    assert [each["sessions"] for each in asked("list", memory=memory)] == [0, 1]


@pytest.mark.parametrize(
    "name", ["../x", "a/b", ".", "..", "", "A", "a" * 61, "-a", "x\n", "\udcff", "/tmp/x", "a\\b", "ä", "con.txt"]
)
def test_a_name_that_could_leave_its_folder_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no name of an experiment"):
        folder_of_experiment(tmp_path, name)


@pytest.mark.parametrize("command", [("create", "../x", "--claim", "c"), ("start", "--name", "\udcff/x")])
def test_such_a_name_is_refused_in_one_line_before_anything_is_written(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    ran = run(*command, memory=tmp_path / "m")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "is no name of an experiment; take at most 60 of a-z" in ran.err
    assert not (tmp_path / "m").exists()


def test_an_experiment_begins_with_what_was_decided(tmp_path: Path) -> None:
    made = asked("create", "x", "--claim", "c", "--share", "0.3", "--measure", "no-repeat", memory=tmp_path)
    assert (made["name"], made["control_share"], made["measure"], made["planned"]) == ("x", 0.3, "no-repeat", None)
    assert made["seed_sha256"] == sha256_hex((tmp_path / "experiments" / "x" / "seed").read_bytes().strip())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("create", "heaps", "--claim", "again"), "there is an experiment heaps in"),
        (("create", "x", "--claim", " "), "--claim: String should have at least 1 character"),
        (("create", "x", "--claim", "\udcff"), "--claim: "),
        (("create", "x", "--claim", "c" * 5000), "--claim: String should have at most 4000 characters"),
        (("create", "x", "--claim", "c", "--share", "nan"), "--share: "),
        (("create", "x", "--claim", "c", "--share", "1"), "--share: Input should be less than 1"),
        (("create", "x", "--claim", "c", "--sessions", "0"), "--sessions: "),
        (("create", "x", "--claim", "c", "--seed", "-1"), "--seed: a whole number"),
        (("create", "x", "--claim", "c", "--measure", "speed"), "--measure: 'speed' is none of passed, no-mistake"),
        (("start", "--name", "y"), "there is no experiment y in"),
        (("start", "--error-class", "e" * 61), "--error-class: String should have at most 60"),
        (("log-mistake", "--description", "d"), "no session of heaps is open; begin one with `experiment start`"),
        (("end", "--outcome", "passed"), "no session of heaps is open"),
        (("end", "--outcome", "great"), "--outcome: 'great' is none of passed, failed"),
        (("end", "--outcome", "passed", "--give-up"), "--give-up: a session that is given up has no --outcome"),
        (("metrics",), "heaps has no session yet"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(memory: Path, options: tuple[str, ...], said: str) -> None:
    before = log_lines(memory)
    ran = run(*options, memory=memory)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert ran.err.startswith(f"error: {said}")
    assert log_lines(memory) == before
    assert [path.name for path in (memory / "experiments").iterdir()] == ["heaps"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("log-mistake", "--description", "d"), "--error-class: say of which class the mistake is"),
        (
            ("log-mistake", "--error-class", "E", "--description", "d" * 2001),
            "--description: String should have at most",
        ),
        (("log-mistake", "--error-class", "E", "--description", "\udcff"), "--description: "),
        (("log-mistake", "--error-class", "", "--description", "d"), "--error-class: "),
        (("metrics", "2"), "SESSION: heaps has the sessions 1 to 1, not 2"),
        (("metrics", "0"), "SESSION: heaps has the sessions 1 to 1, not 0"),
        (("metrics", "1", "--all"), "SESSION: leave it out, or leave out --all"),
    ],
)
def test_what_a_session_cannot_take_is_refused_in_one_line(memory: Path, options: tuple[str, ...], said: str) -> None:
    run("start", memory=memory)
    before = log_lines(memory)
    ran = run(*options, memory=memory)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert ran.err.startswith(f"error: {said}")
    assert log_lines(memory) == before


def test_without_an_experiment_the_way_to_one_is_named(tmp_path: Path) -> None:
    ran = run("start", memory=tmp_path)
    assert ran.code == 2
    assert ran.err.endswith("begin one with `experiment create NAME --claim TEXT`\n")
