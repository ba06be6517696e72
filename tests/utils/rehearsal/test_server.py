import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any

import pytest

from tests.utils.rehearsal.worlds import FAILED, OPEN_TASK, ROOTS_TASK, TASKS, ask, follow_up, reflect
from utils.completions import Completion, Model, Reply
from utils.errors import ModelFault
from utils.llm_interface import Endpoint, OpenAIModel
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.server import MAX_BODY_BYTES, RehearsalServer
from utils.rehearsal.tables import Drift
from utils.rehearsal.truths import Truths

MODEL = RehearsalModel(TASKS, Truths.default(), 5)
SCHEMA = {"type": "object", "properties": {"lesson": {"type": "string"}}}
USER = {"role": "user", "content": "Hello."}


class Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def name(self) -> str:
        return "broken"

    def complete(self, completion: Completion) -> Reply:
        raise self._error


@contextmanager
def serving(model: Model) -> Iterator[RehearsalServer]:
    with RehearsalServer(model, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[RehearsalServer]:
    with serving(MODEL) as running:
        yield running


def call(server: RehearsalServer, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def post(server: RehearsalServer, fields: Any) -> tuple[int, Any]:
    status, body = call(server, "POST", "/v1/chat/completions", json.dumps(fields).encode())
    return status, json.loads(body)


def chat(completion: Completion, **more: Any) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.content} for message in completion.messages]
    return {"model": "any", "messages": messages, "seed": completion.seed, **more}


def streamed(server: RehearsalServer, fields: Any) -> list[Any]:
    status, body = call(server, "POST", "/v1/chat/completions", json.dumps({**fields, "stream": True}).encode())
    lines = body.decode().split("\n\n")
    assert (status, lines[-2:]) == (200, ["data: [DONE]", ""])
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


def raw(server: RehearsalServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def usage_of(reply: Reply) -> dict[str, int]:
    prompt, answer = reply.usage.prompt_tokens, reply.usage.completion_tokens
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


REQUESTS = [
    *(ask(ROOTS_TASK, seed) for seed in range(6)),
    ask(OPEN_TASK, None),
    follow_up(ask(ROOTS_TASK), "```\nx\n```", FAILED),
    reflect(),
]


@pytest.mark.parametrize("completion", REQUESTS)
def test_an_answer_over_http_is_the_model_s_own(server: RehearsalServer, completion: Completion) -> None:
    status, answer = post(server, chat(completion))
    reply = MODEL.complete(completion)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": reply.text},
        "finish_reason": reply.finish,
        "logprobs": None,
    }
    assert (status, answer["choices"], answer["usage"]) == (200, [choice], usage_of(reply))
    assert (answer["object"], answer["model"]) == ("chat.completion", "rehearsal (simulated)")


@pytest.mark.parametrize("completion", [*REQUESTS, replace(reflect(), json_schema=SCHEMA)])
def test_the_program_s_own_client_gets_the_model_s_answer(server: RehearsalServer, completion: Completion) -> None:
    client = OpenAIModel(Endpoint.from_url(server.url))
    reply, own = client.complete(completion), MODEL.complete(completion)
    client.close()
    assert (reply.text, reply.finish, reply.model) == (own.text, own.finish, own.model)
    assert replace(reply.usage, estimated=True) == own.usage


def test_a_client_does_not_say_which_unit_asks_so_the_server_has_no_drift() -> None:
    drifting = Truths.default().model_copy(
        update={"drift": Drift(bound=10.0, skills={"math": 10.0, "edge-cases": 10.0})}
    )
    model = RehearsalModel(TASKS, drifting, 5)
    asked = [replace(ask(ROOTS_TASK, seed), unit="ab12cd34-009000") for seed in range(30)]
    with serving(model) as running:
        client = OpenAIModel(Endpoint.from_url(running.url))
        answers = [client.complete(each).text for each in asked]
        client.close()
    assert answers == [model.complete(replace(each, unit="")).text for each in asked]
    assert answers != [model.complete(each).text for each in asked]


@pytest.mark.parametrize("completion", REQUESTS)
def test_a_streamed_answer_is_the_same_text(server: RehearsalServer, completion: Completion) -> None:
    chunks = streamed(server, chat(completion, stream_options={"include_usage": True}))
    reply = MODEL.complete(completion)
    deltas = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1]]
    finishes = [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]]
    assert "".join(deltas) == reply.text
    assert finishes == [None] * (len(chunks) - 2) + [reply.finish]
    assert (chunks[-1]["choices"], chunks[-1]["usage"]) == ([], usage_of(reply))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


def test_a_stream_holds_no_usage_unless_it_is_asked_for(server: RehearsalServer) -> None:
    assert not [chunk for chunk in streamed(server, chat(ask(ROOTS_TASK))) if "usage" in chunk]


@pytest.mark.parametrize(
    "response_format",
    [
        {"type": "json_schema", "json_schema": {"name": "r", "schema": SCHEMA}},
        {"type": "json_object"},
        {"type": "text"},
    ],
)
def test_a_reflection_comes_with_any_response_format(server: RehearsalServer, response_format: Any) -> None:
    _, answer = post(server, chat(reflect(), response_format=response_format))
    assert answer["choices"][0]["message"]["content"] == MODEL.complete(reflect()).text


def test_text_parts_the_developer_role_and_null_options_are_understood(server: RehearsalServer) -> None:
    parts = [{"type": "text", "text": "Please:\n  "}, {"type": "text", "text": f"{ROOTS_TASK.goal}\nThanks."}]
    messages = [{"role": "developer", "content": "You write Python."}, {"role": "user", "content": parts}]
    fields = {"messages": messages, "seed": 1, "temperature": None, "max_tokens": None, "stop": ["x"], "stream": None}
    _, answer = post(server, fields)
    assert answer["choices"][0]["message"]["content"] == MODEL.complete(ask(ROOTS_TASK)).text


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_answer_is_cut_off_at_the_wanted_length(server: RehearsalServer, name: str) -> None:
    _, answer = post(server, chat(ask(ROOTS_TASK), **{name: 5}))
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 5


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ([], "JSON object"),
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [USER] * 1001}, "messages"),
        ({"messages": ["Hello."]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [USER, {"role": "user", "content": None}]}, "messages[1].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"messages": [USER], "temperature": "hot"}, "temperature"),
        ({"messages": [USER], "temperature": 2.1}, "temperature"),
        ({"messages": [USER], "top_p": True}, "top_p"),
        ({"messages": [USER], "top_p": float("nan")}, "top_p"),
        ({"messages": [USER], "max_tokens": 0}, "max_tokens"),
        ({"messages": [USER], "seed": 1.5}, "seed"),
        ({"messages": [USER], "seed": 2**70}, "seed"),
        ({"messages": [USER], "n": 2}, "n"),
        ({"messages": [USER], "stream": 1}, "stream"),
        ({"messages": [USER], "stream_options": []}, "stream_options"),
        ({"messages": [USER], "response_format": "json"}, "response_format"),
        ({"messages": [USER], "response_format": {"type": "xml"}}, "response_format"),
        ({"messages": [USER], "response_format": {"type": {}}}, "response_format"),
        ({"messages": [USER], "response_format": {"type": "json_schema"}}, "json_schema.schema"),
    ],
)
def test_a_wrong_request_is_refused_with_the_field(server: RehearsalServer, fields: Any, told: str) -> None:
    status, answer = post(server, fields)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert told in answer["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_a_body_that_is_no_json_is_refused(server: RehearsalServer, body: bytes) -> None:
    status, answer = call(server, "POST", "/v1/chat/completions", body)
    assert status == 400
    assert "JSON" in json.loads(answer)["error"]["message"]


def test_a_body_that_is_too_large_is_refused_unread(server: RehearsalServer) -> None:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
    assert raw(server, head.encode()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "length", ["", "Content-Length: -1\r\n", "Content-Length: ²\r\n", f"Content-Length: {'9' * 20}\r\n"]
)
def test_a_body_of_unknown_length_is_refused(server: RehearsalServer, length: str) -> None:
    request = f"POST /v1/chat/completions HTTP/1.1\r\n{length}\r\n".encode("latin-1")
    assert raw(server, request).startswith(b"HTTP/1.1 400 ")


def test_the_models_and_the_health_say_that_it_is_simulated(server: RehearsalServer) -> None:
    models, health = call(server, "GET", "/v1/models"), call(server, "GET", "/health?now")
    listed = {"id": "rehearsal (simulated)", "object": "model", "created": 0, "owned_by": "simulation"}
    assert (models[0], json.loads(models[1])) == (200, {"object": "list", "data": [listed]})
    assert (health[0], json.loads(health[1])) == (200, {"status": "ok", "simulated": True})


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1"), ("POST", "/v1/completions")])
def test_other_paths_are_not_found(server: RehearsalServer, method: str, path: str) -> None:
    assert call(server, method, path, b"{}")[0] == 404


def test_a_connection_serves_many_requests_and_a_client_that_leaves_harms_nobody(server: RehearsalServer) -> None:
    raw(server, b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    statuses = []
    for path in ("/health", "/nothing", "/v1/models"):
        connection.request("GET", path)
        answer = connection.getresponse()
        statuses.append((answer.status, len(answer.read()) > 0))
    connection.close()
    assert statuses == [(200, True), (404, True), (200, True)]


def test_a_fault_of_the_model_is_answered_as_the_server_s_own() -> None:
    with serving(Broken(ModelFault("away"))) as running:
        status, answer = post(running, chat(ask(ROOTS_TASK)))
    assert (status, answer["error"]["type"], answer["error"]["message"]) == (503, "server_error", "away")


def test_a_bug_of_the_model_is_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Broken(AssertionError("a bug"))) as running, pytest.raises(RemoteDisconnected):
        post(running, chat(ask(ROOTS_TASK)))
    assert "AssertionError: a bug" in capsys.readouterr().err
