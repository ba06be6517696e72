"""What the model client learns about the forms of a request that a server understands."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.utils.asking import SCHEMA, SkippingTime, ask, model_of
from tests.utils.quirky_server import Quirk, QuirkyServer, chunks, delta, refuses, says, unless
from utils.errors import ModelFault, ModelRefused

JSON = says('{"a": 1}')
Asked = Callable[[Any], bool]


def schema_form(body: Any) -> str:
    return str(body.get("response_format", {"type": "none"})["type"])


def asks_for_schema(body: Any) -> bool:
    return schema_form(body) == "json_schema"


def asks_for_json(body: Any) -> bool:
    return "response_format" in body


def asks_for_usage(body: Any) -> bool:
    return "stream_options" in body


def asks_to_stream(body: Any) -> bool:
    return bool(body["stream"])


def test_a_schema_is_sent_as_a_schema_where_it_is_understood() -> None:
    with QuirkyServer(JSON) as server:
        model_of(server).complete(ask(json_schema=SCHEMA))
        assert server.bodies[0]["response_format"] == {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": SCHEMA},
        }


@pytest.mark.parametrize(
    ("asked", "refusal", "forms"),
    [
        (
            asks_for_schema,
            refuses(400, {"error": "'response_format.type' must be 'json_object' or 'text'"}),
            ["json_schema", "json_object"],
        ),
        (
            asks_for_json,
            refuses(400, {"error": {"message": "response_format is not supported by this server"}}),
            ["json_schema", "json_object", "none"],
        ),
        (
            asks_for_json,
            refuses(422, {"detail": [{"loc": ["body", "response_format"]}]}),
            ["json_schema", "json_object", "none"],
        ),
        (asks_for_schema, refuses(500, {"error": "failed to parse grammar"}), ["json_schema", "json_object"]),
        (asks_for_schema, refuses(501), ["json_schema", "json_schema", "json_object"]),
        (asks_for_schema, chunks({"error": "json_schema: no"}), ["json_schema", "json_object"]),
    ],
)
def test_a_refused_form_of_json_is_not_tried_again(asked: Asked, refusal: Quirk, forms: list[str]) -> None:
    with QuirkyServer(unless(asked, refusal, JSON)) as server:
        model = model_of(server)
        replies = [model.complete(ask(json_schema=SCHEMA)).text for _ in range(2)]
        assert replies == ['{"a": 1}'] * 2
        assert [schema_form(body) for body in server.bodies] == [*forms, forms[-1]]


def test_a_request_without_a_schema_neither_asks_for_json_nor_unlearns_it() -> None:
    with QuirkyServer(unless(asks_for_usage, refuses(400, {"error": "stream_options?"}), JSON)) as server:
        model = model_of(server)
        model.complete(ask())
        model.complete(ask(json_schema=SCHEMA))
        assert [schema_form(body) for body in server.bodies] == ["none", "none", "json_schema"]
        assert [asks_for_usage(body) for body in server.bodies] == [True, False, False]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (asks_for_usage, "Unknown field: stream_options"),
        (asks_for_usage, "no"),
        (asks_to_stream, "streaming is not supported"),
        (asks_to_stream, "no"),
    ],
)
def test_a_server_that_refuses_to_count_or_to_stream_is_asked_without(asked: Asked, said: str) -> None:
    with QuirkyServer(unless(asked, refuses(400, {"error": {"message": said}}), says("x"))) as server:
        model = model_of(server)
        assert [model.complete(ask()).text for _ in range(3)] == ["x"] * 3
        assert [asked(body) for body in server.bodies][-3:] == [False] * 3


def test_a_server_that_refuses_several_things_is_asked_without_all_of_them() -> None:
    inner = unless(asks_for_usage, refuses(400, {"error": "include_usage is unknown"}), JSON)
    with QuirkyServer(unless(asks_for_json, refuses(400, {"error": "response_format?"}), inner)) as server:
        model = model_of(server)
        model.complete(ask(json_schema=SCHEMA))
        model.complete(ask(json_schema=SCHEMA))
        assert [(schema_form(body), asks_for_usage(body)) for body in server.bodies] == [
            ("json_schema", True),
            ("json_object", True),
            ("none", True),
            ("none", False),
            ("none", False),
        ]


def test_a_bad_request_that_the_form_is_not_to_blame_for_is_reported_and_teaches_nothing() -> None:
    refusal = refuses(400, {"error": {"message": "the seed must be positive"}})
    with QuirkyServer(unless(lambda body: "seed" in body, refusal, JSON)) as server:
        model = model_of(server)
        with pytest.raises(ModelRefused, match="the seed must be positive"):
            model.complete(ask(json_schema=SCHEMA, seed=-1))
        model.complete(ask(json_schema=SCHEMA))
        last = server.bodies[-1]
        assert (schema_form(last), asks_for_usage(last), asks_to_stream(last)) == ("json_schema", True, True)


def test_the_first_complaint_is_the_one_that_is_reported() -> None:
    quirks = [refuses(400, {"error": "first"}), refuses(400, {"error": "second"})]
    with QuirkyServer(*quirks) as server, pytest.raises(ModelRefused, match="first"):
        model_of(server).complete(ask())


def test_a_fault_on_the_way_down_is_retried_from_where_it_stood() -> None:
    no_json = refuses(400, {"error": "response_format?"})
    with QuirkyServer(no_json, refuses(503), no_json, refuses(500), JSON) as server:
        assert model_of(server).complete(ask(json_schema=SCHEMA)).text == '{"a": 1}'
        assert [schema_form(body) for body in server.bodies] == [
            "json_schema",
            "json_object",
            "json_object",
            "none",
            "none",
        ]


def test_a_refusal_of_another_kind_on_the_way_down_is_the_one_that_counts() -> None:
    with QuirkyServer(refuses(400, {"error": "response_format?"}), refuses(401)) as server:
        time = SkippingTime()
        with pytest.raises(ModelRefused, match="refuses the API key"):
            model_of(server, time=time).complete(ask(json_schema=SCHEMA))


def test_an_empty_reply_in_a_weaker_form_is_still_a_fault() -> None:
    quirk = unless(asks_for_json, refuses(400, {"error": "response_format?"}), chunks(delta("stop")))
    with QuirkyServer(quirk) as server, pytest.raises(ModelFault, match="empty reply"):
        model_of(server).complete(ask(json_schema=SCHEMA))


def test_threads_learn_together() -> None:
    with (
        QuirkyServer(unless(asks_for_json, refuses(400, {"error": "response_format?"}), JSON)) as server,
        ThreadPoolExecutor(4) as pool,
    ):
        model = model_of(server)
        list(pool.map(lambda n: model.complete(ask(str(n), json_schema=SCHEMA)), range(12)))
        model.complete(ask("last", json_schema=SCHEMA))
        assert [schema_form(body) for body in server.bodies if body["messages"][0]["content"] == "last"] == ["none"]
