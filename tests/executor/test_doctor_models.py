"""Models examined: servers that do what they should, and servers, files and settings that do not."""

import json
from pathlib import Path
from typing import Any

import pytest

from builder.prompting import Prompts
from executor.doctor import forecast, stand_ins
from executor.doctor.findings import Finding
from executor.doctor.memory_folder import Past, Spent
from executor.doctor.model_server import SCHEMA, ModelServer, Waits
from memory.task_sources import built_in_curriculum
from memory.tasks import Task
from tests.memory.builders import a_task
from tests.utils.quirky_server import (
    Exchange,
    Quirk,
    QuirkyServer,
    chunks,
    delta,
    endless,
    event,
    hangs,
    plain,
    refuses,
    resets,
    says,
    unless,
    usage,
    whole,
)
from utils.completions import Completion, Message, Reply, Usage
from utils.llm_interface import Endpoint
from utils.recordings import Recorder
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.truths import Truths
from utils.settings import Settings, load_settings
from utils.text import estimate_tokens

SHORT = Waits(list_s=1.0, hello_s=1.0, answer_s=1.0, silence_s=0.5, busy_s=0.2)
TASKS = [a_task()]
CODE = "```python\ndef add(a, b):\n    return a + b\n```"
JSON = json.dumps({"error_class": "none", "lesson": "Look first.", "rule": None})


def speaks(tokens: int, seconds: float = 0.0) -> Quirk:
    """An answer that the server counts so many tokens in, after some time."""

    def quirk(exchange: Exchange) -> None:
        exchange.server.owner.released.wait(seconds)
        chunks(delta(content="word " * tokens), delta("length"), usage(20, tokens))(exchange)

    return quirk


GOOD = (says("Hello."), says(CODE), says(JSON), speaks(160))
NAMES = ("server", "model", "completion", "structured", "context", "speed")


def night(**settings: Any) -> Settings:
    return load_settings(**({"first_token_s": 1.0, "context_tokens": 8192} | settings))


def doctored(
    server: QuirkyServer | str,
    *,
    settings: Settings | None = None,
    tasks: list[Task] = TASKS,
    model: str = "",
    past: Past | None = None,
) -> dict[str, Finding]:
    """The findings on a server by the check's method."""
    url = server if isinstance(server, str) else server.url
    endpoint = Endpoint.from_url(url, model=model)
    exam = ModelServer(endpoint, settings or night(), tasks=tasks, past=past or Past(), waits=SHORT)
    return {name: getattr(exam, name)() for name in NAMES}


def levels(found: dict[str, Finding]) -> list[str]:
    return [finding.level for finding in found.values()]


def test_a_server_that_does_all_it_should_is_found_so() -> None:
    with QuirkyServer(*GOOD) as server:
        found = doctored(server)
        bodies = server.bodies
    assert levels(found) == ["ok"] * 6, found
    assert "quirky-7b; listed: quirky-7b" in found["model"].said
    assert "accepts a JSON schema; the reply keeps to it" in found["structured"].said
    assert "tokens a second (160 counted by the server" in found["speed"].said
    assert [body["max_tokens"] for body in bodies] == [16, 512, 200, 160]
    assert bodies[2]["response_format"]["json_schema"]["schema"] == SCHEMA


def test_a_closed_port_is_one_problem_and_nothing_else_is_tried() -> None:
    with QuirkyServer(says("x")) as server:
        url = server.url
    found = doctored(url, settings=load_settings(first_token_s=1.0))
    assert levels(found) == ["problem", *["warning"] * 5]
    assert "no connection" in found["server"].said
    assert found["server"].todo == "start the model server or correct its URL"
    assert all(found[name].said.startswith("not tried") for name in NAMES[1:])


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (refuses(401), "refuses the API key"),
        (refuses(404), "does not know this path"),
        (hangs(), "no answer within"),
        (plain({"data": 1}), "is none"),
    ],
)
def test_a_server_without_a_list_of_models_is_a_problem(models: Quirk, words: str) -> None:
    with QuirkyServer(*GOOD, models=models) as server:
        found = doctored(server)
    assert (found["server"].level, words in found["server"].said) == ("problem", True), found
    assert found["server"].todo


def test_with_a_name_a_server_does_without_a_list() -> None:
    with QuirkyServer(*GOOD, models=refuses(404)) as server:
        found = doctored(server, model="quirky-7b")
    assert levels(found) == ["warning", *["ok"] * 5], found


def test_an_empty_list_is_a_problem() -> None:
    with QuirkyServer(*GOOD, models=()) as server:
        found = doctored(server)
    assert (found["model"].level, "lists no models" in found["model"].said) == ("problem", True)
    assert "--model" in found["model"].todo


def listing(names: list[str], loaded: list[dict[str, Any]]) -> Quirk:
    """A server like LM Studio, with these models and those loaded."""

    def quirk(exchange: Exchange) -> None:
        rows = loaded if exchange.path == "/api/v0/models" else [{"id": name} for name in names]
        plain({"data": rows})(exchange)

    return quirk


@pytest.mark.parametrize(
    ("loaded", "level", "words"),
    [
        ([{"id": "one", "state": "loaded", "loaded_context_length": 4096}], "ok", "it is loaded"),
        ([{"id": "one", "state": "not-loaded"}], "ok", "none is loaded yet"),
        ([{"id": "two", "state": "loaded"}], "warning", "not loaded, but two"),
        ([], "ok", "does not tell which are loaded"),
    ],
)
def test_it_is_said_whether_the_model_is_loaded(loaded: list[dict[str, Any]], level: str, words: str) -> None:
    with QuirkyServer(*GOOD, models=listing(["one", *"abcdef"], loaded)) as server:
        found = doctored(server)["model"]
    assert (found.level, words in found.said) == (level, True), found
    assert "listed: one, a, b, c, d and 2 more" in found.said


def test_a_model_that_the_list_does_not_have_is_warned_of() -> None:
    with QuirkyServer(*GOOD) as server:
        found = doctored(server, model="other")["model"]
    assert (found.level, "the list does not have other" in found.said) == ("warning", True)


@pytest.mark.parametrize(
    ("quirk", "words"),
    [
        (refuses(404, {"error": {"message": "model 'quirky-7b' not found"}}), "does not have this model"),
        (refuses(503), "HTTP 503"),
        (hangs(), "no answer within 1 s"),
        (resets, "the connection broke"),
        (says(""), "empty reply"),
    ],
)
def test_a_server_that_gives_no_answer_is_a_problem_and_is_not_asked_again(quirk: Quirk, words: str) -> None:
    with QuirkyServer(quirk) as server:
        found = doctored(server)
    assert (found["completion"].level, words in found["completion"].said) == ("problem", True), found
    assert found["completion"].todo
    assert found["structured"].said == found["speed"].said == "not tried: there was no answer"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (says("I would rather not."), "holds no code that parses"),
        (says("```python\ndef add(a, b:\n```"), "holds no code that parses"),
        (chunks(delta(reasoning_content="hm " * 600), delta("length"), usage(20, 512)), "cut off before"),
    ],
)
def test_a_reply_without_code_is_warned_of(reply: Quirk, words: str) -> None:
    with QuirkyServer(says("Hello."), reply, says(JSON), speaks(160)) as server:
        found = doctored(server)["completion"]
    assert (found.level, words in found.said) == ("warning", True), found
    assert found.todo


def test_a_server_that_writes_too_slowly_is_warned_of_and_no_check_takes_long() -> None:
    dribble = endless(event(delta(content="x")))
    with QuirkyServer(says("Hello."), dribble) as server:
        found = doctored(server)
    assert [found[name].level for name in ("completion", "structured", "speed")] == ["warning"] * 3, found
    assert "no end of 512 tokens within 1 s" in found["completion"].said
    assert "fewer than 160 tokens in 1 s" in found["speed"].said


def no_schema(body: Any) -> bool:
    return bool(body.get("response_format", {}).get("type") == "json_schema")


def no_form(body: Any) -> bool:
    return "response_format" in body


COMPLAINT = refuses(400, {"error": {"message": "response_format is not supported"}})


@pytest.mark.parametrize(
    ("asked", "level", "words"),
    [
        (no_schema, "ok", "refuses a JSON schema and accepts json_object; the reply keeps to it"),
        (no_form, "warning", "the prompt alone asks for JSON; the reply keeps to it"),
    ],
)
def test_the_form_of_json_that_the_server_accepts_is_named(asked: Any, level: str, words: str) -> None:
    with QuirkyServer(says("Hello."), says(CODE), unless(asked, COMPLAINT, says(JSON))) as server:
        found = doctored(server)["structured"]
    assert (found.level, words in found.said) == (level, True), found


@pytest.mark.parametrize("reply", [says("Never."), says('{"lesson": 7}')])
def test_a_schema_that_is_accepted_and_not_kept_to_is_warned_of(reply: Quirk) -> None:
    with QuirkyServer(says("Hello."), says(CODE), reply, speaks(160)) as server:
        found = doctored(server)["structured"]
    assert (found.level, "not what was asked for" in found.said) == ("warning", True), found


def test_a_server_that_goes_away_in_the_middle_is_warned_of() -> None:
    with QuirkyServer(says("Hello."), says(CODE), resets) as server:
        found = doctored(server)
    assert [found[name].level for name in ("structured", "speed")] == ["warning"] * 2
    assert "the connection broke" in found["speed"].said


def test_the_context_that_the_server_tells_is_used() -> None:
    loaded = [{"id": "one", "state": "loaded", "loaded_context_length": 2300}]
    with QuirkyServer(*GOOD, models=listing(["one"], loaded)) as server:
        found = doctored(server, settings=load_settings(first_token_s=1.0))["context"]
    assert (found.level, found.said.startswith("its repairs may not fit: 2300 tokens")) == ("warning", True), found


def test_a_server_that_does_not_tell_its_context_is_warned_of() -> None:
    with QuirkyServer(*GOOD) as server:
        found = doctored(server, settings=load_settings(first_token_s=1.0))["context"]
    assert (found.level, "BT_CONTEXT_TOKENS" in found.todo) == ("warning", True), found


@pytest.mark.parametrize(
    ("context", "level", "words"),
    [
        (8192, "ok", "8192 tokens; big needs about"),
        (4000, "warning", "its repairs may not fit"),
        (3000, "warning", "the biggest task does not fit"),
        (2048, "problem", "no task fits"),
    ],
)
def test_a_context_is_held_against_the_biggest_and_the_smallest_task(context: int, level: str, words: str) -> None:
    tasks = [a_task(), a_task("big", goal="word " * 1000)]
    found = forecast.context(context, tasks, load_settings())
    assert (found.level, words in found.said) == (level, True), found


def test_without_tasks_there_is_nothing_to_hold_a_context_against() -> None:
    assert forecast.context(8192, [], load_settings()).said == "not tried: there are no tasks"


def test_what_is_taken_for_the_builders_own_words_is_about_right() -> None:
    prompts, settings = Prompts(failure_chars=4000), load_settings()
    for task in built_in_curriculum():
        told = estimate_tokens(prompts.system()) + estimate_tokens(prompts.solve(task))
        assert told <= forecast.need_of(task, settings).first - settings.reply_tokens <= told + 60


def reply(tokens: int, wall_s: float, *, estimated: bool = False) -> Reply:
    return Reply(
        text="x", usage=Usage(prompt_tokens=9, completion_tokens=tokens, estimated=estimated), model="m", wall_s=wall_s
    )


def test_the_speed_and_what_the_memory_tells_make_a_forecast() -> None:
    found = forecast.speed(reply(160, 8.0), Spent(units=10, reply_tokens=4000))
    assert found == Finding(
        "speed",
        "ok",
        "20.0 tokens a second (160 counted by the server, in 8.0 s): at most about 1,440 attempts in 8 hours, one "
        "after the other, with 400 tokens each (the mean of 10 in this memory)",
    )


@pytest.mark.parametrize("spent", [None, Spent(), Spent(units=4, reply_tokens=4)])
def test_a_memory_that_cannot_tell_yet_is_not_asked(spent: Spent | None) -> None:
    found = forecast.speed(reply(160, 8.0, estimated=True), spent)
    assert "160 estimated" in found.said
    assert "720 attempts in 8 hours, one after the other, with 800 tokens each (assumed)" in found.said


@pytest.mark.parametrize(("tokens", "wall_s", "words"), [(160, 160.0, "about 36 attempts"), (5, 1.0, "cannot be told")])
def test_a_slow_model_and_a_short_answer_are_warned_of(tokens: int, wall_s: float, words: str) -> None:
    found = forecast.speed(reply(tokens, wall_s), None)
    assert (found.level, words in found.said) == ("warning", True), found


def test_the_rehearsal_model_says_that_it_is_simulated() -> None:
    found = stand_ins.rehearsal(built_in_curriculum(), None)
    assert found.level == "ok"
    assert "simulated" in found.said
    assert "no language model" in found.said


def test_a_rehearsal_without_solutions_or_with_wrong_truths_is_found_out(tmp_path: Path) -> None:
    assert stand_ins.rehearsal([a_task(reference=None)], None).level == "warning"
    assert stand_ins.rehearsal([a_task()], tmp_path / "none.toml").level == "problem"


def test_recordings_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "night.jsonl"
    recorder = Recorder(RehearsalModel([], Truths.default(), 0), path)
    for text in ("one", "two"):
        recorder.complete(Completion(messages=(Message("user", text),)))
    recorder.close()
    found = stand_ins.replay(path)
    assert (found.level, "2 recorded replies" in found.said) == ("ok", True)


@pytest.mark.parametrize(
    ("content", "words"), [("", "holds no replies"), ("{}\n", "is no recording"), (None, "cannot read")]
)
def test_recordings_that_are_none_are_a_problem(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "night.jsonl"
    if content is not None:
        path.write_text(content)
    found = stand_ins.replay(path)
    assert (found.level, words in found.said) == ("problem", True), found
    assert found.todo


def test_a_server_that_answers_in_one_piece_will_do() -> None:
    with QuirkyServer(whole("Hello."), whole(CODE), whole(JSON), whole("word " * 200)) as server:
        found = doctored(server)
    assert levels(found) == ["ok"] * 6, found
