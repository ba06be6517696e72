"""What servers tell of the models in their memory; each in the shape of its documentation."""

from typing import Any

import pytest

from tests.utils.asking import model_of, patience
from tests.utils.quirky_server import Exchange, Quirk, QuirkyServer, hangs, plain, raw, refuses, says
from utils.completions import Completion, Message
from utils.errors import Interrupted
from utils.llm_loaded import LoadedModel

LM_STUDIO = {
    "object": "list",
    "data": [
        {"id": "nomic", "object": "model", "type": "embeddings", "state": "not-loaded", "max_context_length": 2048},
        {"id": "coder", "type": "llm", "state": "loaded", "max_context_length": 32768, "loaded_context_length": 4096},
    ],
}
OLLAMA = {"models": [{"name": "gemma3:latest", "model": "gemma3:latest", "size": 1, "context_length": 8192}]}
LLAMA_CPP = {"default_generation_settings": {"n_ctx": 2048, "params": {}}, "total_slots": 1}
VLLM = {"object": "list", "data": [{"id": "served", "object": "model", "max_model_len": 16384}]}


def at(**places: object) -> Quirk:
    """Bodies at paths, / written as _; everything else is not found."""

    def quirk(exchange: Exchange) -> None:
        body = places.get(exchange.path.replace("/", "_"))
        if callable(body):
            body(exchange)
        elif body is None:
            refuses(404, {"error": "not found"})(exchange)
        else:
            plain(body)(exchange)

    return quirk


@pytest.mark.parametrize(
    ("path", "body", "loaded"),
    [
        ("_api_v0_models", LM_STUDIO, (LoadedModel(name="coder", context_tokens=4096),)),
        ("_api_v0_models", {"data": [{"id": "a", "state": "not-loaded"}]}, ()),
        ("_api_ps", OLLAMA, (LoadedModel(name="gemma3:latest", context_tokens=8192),)),
        ("_api_ps", {"models": []}, ()),
        ("_props", LLAMA_CPP, (LoadedModel(name="", context_tokens=2048),)),
        ("_v1_models", VLLM, (LoadedModel(name="served", context_tokens=16384),)),
        ("_v1_models", {"data": [{"id": "quirky-7b"}]}, None),
        ("_api_ps", {"models": [{"model": 7}, "x", {"model": "m", "context_length": True}]}, (LoadedModel(name="m"),)),
        ("_api_ps", {"models": "many"}, None),
        ("_props", {"default_generation_settings": {"n_ctx": "long"}}, None),
        ("_api_v0_models", ["loaded"], None),
        ("_api_v0_models", raw(b"<html>"), None),
        ("_nowhere", {}, None),
    ],
)
def test_each_server_is_understood_and_others_tell_nothing(path: str, body: Any, loaded: object) -> None:
    with QuirkyServer(says("x"), models=at(**{path: body})) as server:
        assert model_of(server).loaded_models() == loaded


def test_a_server_that_hangs_at_strange_paths_is_not_waited_for_long() -> None:
    with QuirkyServer(says("x"), models=hangs()) as server:
        model = model_of(server)
        assert model.loaded_models() is None
        assert server.model_requests == 1


def test_it_can_be_interrupted() -> None:
    with QuirkyServer(says("x")) as server, pytest.raises(Interrupted):
        model_of(server, stopping=lambda: True).loaded_models()


def test_a_name_is_matched_as_the_servers_do() -> None:
    assert LoadedModel(name="gemma3:latest").answers_to("gemma3")
    assert LoadedModel(name="").answers_to("anything")
    assert not LoadedModel(name="gemma3:4b").answers_to("gemma3")


def test_the_form_that_the_server_accepted_can_be_asked_for() -> None:
    wish = Completion(messages=(Message("user", "x"),), json_schema={"type": "object"})
    refusal = refuses(400, {"error": {"message": "response_format json_schema is not supported"}})
    with QuirkyServer(refusal, says("{}")) as server:
        model = model_of(server, waits=patience())
        before = model.schema_form
        model.complete(wish)
        assert (before, model.schema_form) == ("json_schema", "json_object")
