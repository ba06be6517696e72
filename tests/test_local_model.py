"""Nights on a real llama.cpp server whose odds were written by us: does the learner find what was planted?

From the prompt over HTTP, tokenizer, model, parser, sandbox and verdict to the choice of rules, every part is real.
"""

import math
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from executor.choose_sandbox import choose_sandbox
from executor.grading.grade import grade
from memory.attempts import AttemptLimits
from memory.task_sources import load_tasks
from tests.local_nights import Unit, by_shown, coins, shows_by_third, units_of
from tests.running import cli, cli_json, events, finish, logged, loop, start, wait_for
from tests.scripted_model import (
    HARMFUL,
    HELPFUL,
    PLANTED,
    RULES,
    TASKS,
    USELESS,
    chance,
    write_model,
    write_rules,
    write_tasks,
)
from utils.completions import Completion, Message
from utils.llm_interface import Patience
from utils.local_model import LocalModel, start_server
from utils.settings import load_settings

UNITS, SEED = 300, "1"
CONTEXT = "16384"
"""In bytes, which the scripted model reads one by one; a prompt has about a thousand, and a reply may have 2048."""
ONE_THREAD = "--n_threads 1 --n_threads_batch 1"
"""Of the server: more of them wait for each other where the processor is shared with other tests."""
DRAWS, MOST_SD = 200, 3.3
MANY = 20


def against_the_real_server(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that needs llama-cpp-python and the tool beside the checkout."""
    for mark in (pytest.mark.night, pytest.mark.shared, pytest.mark.timeout(600)):
        test = mark(test)
    return test


def test_each_right_answer_passes_and_each_wrong_one_fails(tmp_path: Path) -> None:
    tasks = {task.name: task for task in load_tasks(write_tasks(tmp_path))}
    place = choose_sandbox("process", trusted_code_only=True)
    try:
        for task in TASKS:
            codes = [f"def {task.signature}:\n    return {body}\n" for body in (task.right, *task.wrong)]
            outcomes = [grade(tasks[task.name], code, place, limits=AttemptLimits()).outcome for code in codes]
            assert outcomes == ["passed", "failed", "failed"], task.name
    finally:
        place.close()


@pytest.fixture
def tool(shared: Path) -> Path:
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed; run `make local`")
    return shared / "tools" / "scripted-gguf"


@pytest.fixture
def model(tool: Path, tmp_path: Path) -> Iterator[LocalModel]:
    """The model with the planted effects, asked without a loop."""
    path = write_model(tool, tmp_path, PLANTED)
    settings = load_settings(
        llm=f"gguf:{path}", memory=tmp_path / "memory", context_tokens=int(CONTEXT), local_options=ONE_THREAD
    )
    served = LocalModel(start_server(settings, stopping=lambda: False), Patience(), stopping=lambda: False)
    yield served
    served.close()


def asked(model: LocalModel, number: int, *rules: str) -> str:
    """The answer to one of the tasks, drawn with this number as its seed."""
    message = Message("user", "\n- ".join((TASKS[number % len(TASKS)].goal, *rules)))
    completion = Completion(messages=(message,), temperature=1, top_p=1, max_tokens=512, seed=number)
    return model.complete(completion).text


def deviation(passed: int, tried: int, probability: float) -> float:
    """By how many standard deviations this is more than expected."""
    return (passed - tried * probability) / math.sqrt(tried * probability * (1 - probability))


@against_the_real_server
def test_answers_come_with_the_odds_that_were_written(model: LocalModel) -> None:
    for rules in ((), (HELPFUL,), (HARMFUL,), (HELPFUL, HARMFUL), USELESS):
        right = [TASKS[n % len(TASKS)].answer(TASKS[n % len(TASKS)].right) for n in range(DRAWS)]
        hits = sum(asked(model, n, *rules) == right[n] for n in range(DRAWS))
        assert abs(deviation(hits, DRAWS, chance(rules, PLANTED))) < MOST_SD, rules


@against_the_real_server
def test_four_that_ask_at_once_get_the_answers_of_one(model: LocalModel) -> None:
    alone = [asked(model, n) for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda n: asked(model, n), range(40))) == alone


def night(folder: Path, tool: Path, planted: Mapping[str, float], *options: str) -> list[str | Path]:
    """The command of a night with four rules, which were imported before it."""
    memory = folder / "memory"
    ran = cli("rules", "import", write_rules(folder), "--memory", memory)
    assert ran.out.startswith("4 rules of "), ran.err
    return [
        "loop.py", "--llm", f"gguf:{write_model(tool, folder, planted)}", "--tasks", write_tasks(folder),
        "--memory", memory, "--sandbox", "bubblewrap", "--max-repairs", "0", "--seed", SEED, *options,
    ]  # fmt: skip


@pytest.fixture
def as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies are drawn from the model's own odds, and the rules are all that is learned."""
    drawn = {"BT_TEMPERATURE": "1", "BT_TOP_P": "1", "BT_RECALL_TOKENS": "0"}
    for name, value in {**drawn, "BT_CONTEXT_TOKENS": CONTEXT, "BT_LOCAL_OPTIONS": ONE_THREAD}.items():
        monkeypatch.setenv(name, value)


def lived(folder: Path, tool: Path, planted: Mapping[str, float]) -> list[Unit]:
    """The units of a whole night, after a look at whether they passed as often as they should."""
    ran = loop(*night(folder, tool, planted, "--cycles", str(UNITS))[1:], timeout_s=550)
    assert (ran.code, ran.err) == (0, "")
    units = units_of(folder / "memory")
    assert len(units) == UNITS
    assert events(folder / "memory", "faulted") == []
    for shown, outcomes in by_shown(units).items():
        if outcomes.total() >= MANY:
            expected = chance(shown, planted)
            assert abs(deviation(outcomes[True], outcomes.total(), expected)) < MOST_SD, (shown, outcomes)
    return units


@against_the_real_server
@pytest.mark.usefixtures("as_written")
def test_a_night_shows_the_helpful_rule_ever_more_and_the_harmful_one_ever_less(tool: Path, tmp_path: Path) -> None:
    units = lived(tmp_path, tool, PLANTED)
    helpful, harmful = (shows_by_third(units, rule) for rule in (HELPFUL, HARMFUL))
    assert helpful[0] < helpful[2]
    assert sum(helpful) > 0.5 * UNITS  # of at most 0.76, by both coins
    assert harmful == sorted(harmful, reverse=True)
    assert harmful[0] > harmful[2]
    assert sum(harmful) < 0.1 * UNITS
    kept, dropped = coins(units, HELPFUL)[False], coins(units, HELPFUL)[True]
    assert dropped.total() >= MANY
    assert kept[True] / kept.total() > dropped[True] / dropped.total() + 0.2
    assert certified(tmp_path / "memory") == [HELPFUL]
    assert cli("evidence", "--verify", "--memory", tmp_path / "memory").code == 0


def certified(memory: Path) -> list[str]:
    """The texts of the rules that are proven to help."""
    return [each["text"] for each in cli_json("rules", "list", "--state", "certified", "--memory", memory)]


@against_the_real_server
@pytest.mark.usefixtures("as_written")
def test_a_night_without_planted_effects_has_coins_of_which_none_matters(tool: Path, tmp_path: Path) -> None:
    units = lived(tmp_path, tool, {})
    for rule in RULES:
        for outcomes in coins(units, rule).values():
            if outcomes.total() >= MANY:
                assert abs(deviation(outcomes[True], outcomes.total(), chance((), {}))) < MOST_SD, rule
    assert certified(tmp_path / "memory") == []
    assert cli_json("evidence", "--memory", tmp_path / "memory")["standing"] == "not proven yet"


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if b"llama_child" in Path(f"/proc/{child}/cmdline").read_bytes()]


@against_the_real_server
@pytest.mark.usefixtures("as_written")
def test_a_killed_loop_leaves_no_server_and_the_same_command_goes_on(tool: Path, tmp_path: Path) -> None:
    argv = night(tmp_path, tool, PLANTED, "--cycles", "30")
    process = start(*argv)
    wait_for(lambda: logged(tmp_path / "memory", "finished") >= 5)
    [server] = children_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not Path(f"/proc/{server}").exists(), timeout_s=10)
    assert finish(start(*argv)).code == 0
    assert len({each["result"]["unit_id"] for each in events(tmp_path / "memory", "finished")}) >= 30


@against_the_real_server
@pytest.mark.usefixtures("as_written")
def test_a_server_that_is_killed_in_mid_night_costs_no_verdict(tool: Path, tmp_path: Path) -> None:
    process = start(*night(tmp_path, tool, PLANTED, "--cycles", "30"))
    wait_for(lambda: logged(tmp_path / "memory", "finished") >= 5)
    [server] = children_of(process.pid)
    os.kill(server, signal.SIGKILL)
    ran = finish(process)
    assert (ran.code, ran.err) == (0, "")
    assert len(events(tmp_path / "memory", "finished")) == 30
    assert len(events(tmp_path / "memory", "faulted")) <= 1  # none if it happened between two requests


@against_the_real_server
def test_a_file_that_was_cut_off_is_refused_in_one_line(tool: Path, tmp_path: Path) -> None:
    whole = write_model(tool, tmp_path, PLANTED)
    whole.write_bytes(whole.read_bytes()[:100_000])
    ran = loop("--llm", f"gguf:{whole}", "--memory", tmp_path / "memory", "--sandbox", "process")
    assert ran.code == 2
    assert "ended with exit code 1 (ValueError: Failed to load model from file" in ran.err
    assert ran.err.count("\n") == 1
