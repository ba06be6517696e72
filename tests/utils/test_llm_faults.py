"""The model client against servers that fail: what is asked again, what is given up, and what it says."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from structlog.testing import capture_logs

from tests.utils.asking import KEY, SkippingTime, ask, model_of, patience
from tests.utils.quirky_server import (
    DONE,
    Exchange,
    Quirk,
    QuirkyServer,
    chunks,
    delta,
    drops,
    endless,
    event,
    hangs,
    plain,
    raw,
    refuses,
    resets,
    says,
    usage,
    whole,
)
from utils.errors import ContextOverflow, ModelFault, ModelRefused

PASSING = {
    "reset": resets,
    "no byte": hangs(),
    "headers only": hangs(b""),
    "stall": hangs(event(delta(content="Once"))),
    "drop in a stream": drops(event(delta(content="Once"))),
    "drop in a body": drops(b'{"choices": ['),
    "end without an end": raw(event(delta(content="Once"))),
    "408": refuses(408),
    "425": refuses(425),
    "429": refuses(429),
    "500": refuses(500, {"detail": [{"loc": "x"}]}),
    "502 of a proxy": refuses(502, "<html>Bad Gateway</html>"),
    "503": refuses(503, ["Loading model"]),
    "error in a body": plain({"error": {"message": "no slot"}}),
    "error of vLLM": plain({"object": "error", "message": "engine dead", "code": 500}),
    "error as text": plain({"error": "no slot"}),
    "error in a chunk": chunks(delta(content="Once"), {"error": {"message": "crashed"}}),
    "error line": raw(b'error: {"code": 500, "message": "crashed"}\n\n'),
    "empty stream": raw(b""),
    "only the end": raw(DONE),
    "no choices": plain({"choices": []}),
    "null choices": chunks({"choices": None}),
    "empty reply": says(""),
    "empty reply, for its length": says("", finish="length"),
    "blank reply": says(" ", "\n"),
    "cut off": says("def f(", finish="length"),
    "cut off, counted": chunks(delta(content="def f("), delta("length"), usage(9, 3)),
    "no UTF-8": raw(b'data: {"choices": [{"delta": {"content": "\xff"}}]}\n\n', DONE),
    "broken JSON": raw(b'data: {"choices": [\n\n', DONE),
    "deep JSON": raw(b"data: " + b"[" * 100_000 + b"\n\n", DONE),
    "no object": raw(b"data: 5\n\n", DONE),
    "a list": raw(b"[1, 2]"),
    "a line without end": endless(b"data: " + b"x" * 100_000),
    "broken gzip": raw(b"no gzip", Content_Encoding="gzip"),
    "no HTTP": lambda exchange: exchange.write(b"SSH-2.0-OpenSSH\r\n"),
}


@pytest.mark.parametrize("quirk", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_asked_again(quirk: Quirk) -> None:
    waits = patience(first_token_s=0.6, stall_s=0.6)
    with QuirkyServer(quirk, says("Here."), models=("m",)) as server:
        reply = model_of(server, waits=waits, reply_limit_bytes=1000).complete(ask())
    assert (reply.text, len(server.requests)) == ("Here.", 2)


@pytest.mark.parametrize("quirk", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_is_a_fault_of_one_line_that_names_the_server(quirk: Quirk) -> None:
    waits = patience(attempts=1, first_token_s=0.2, stall_s=0.2)
    with QuirkyServer(quirk) as server, pytest.raises(ModelFault) as fault:
        model_of(server, waits=waits, reply_limit_bytes=1000).complete(ask())
    assert type(fault.value) is ModelFault
    assert re.fullmatch(rf"[ -~]+ at {server.url} \(1 attempt in \d+ s\); [ -~]+", str(fault.value))


def test_waits_grow_up_to_a_cap() -> None:
    time = SkippingTime()
    with QuirkyServer(refuses(503)) as server, pytest.raises(ModelFault, match="5 attempts in 15 s"):
        model_of(
            server, time=time, waits=patience(attempts=5, first_wait_s=1.0, growth=3.0, cap_s=5.5, total_s=100.0)
        ).complete(ask())
    assert time.slept_s == pytest.approx(1 + 3 + 5.5 + 5.5, abs=0.1)


def test_no_attempt_starts_after_all_patience() -> None:
    with QuirkyServer(refuses(503)) as server, pytest.raises(ModelFault):
        model_of(server, waits=patience(attempts=99, first_wait_s=1.0, growth=2.0, total_s=8.0)).complete(ask())
    assert len(server.requests) == 4  # at 0, 1, 3 and 7 s


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("4", 4.0), ("0", 1.0), ("1.5", 1.5), ("999", 10.0), ("soon", 1.0), ("-3", 1.0), ("", 1.0)],
)
def test_a_server_that_names_a_wait_gets_it_within_bounds(header: str, wait_s: float) -> None:
    time = SkippingTime()
    with QuirkyServer(refuses(429, Retry_After=header), says("x")) as server:
        model_of(server, time=time, waits=patience(cap_s=10.0)).complete(ask())
    assert time.slept_s == pytest.approx(wait_s, abs=0.1)


@pytest.mark.parametrize("ending", ["GMT", "-0000"])
def test_a_wait_may_be_named_as_a_date(ending: str) -> None:
    time = SkippingTime()
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=6), usegmt=True).replace("GMT", ending)
    with QuirkyServer(refuses(503, Retry_After=then), says("x")) as server:
        model_of(server, time=time).complete(ask())
    assert 4 < time.slept_s < 7


def test_an_answer_that_drips_for_ever_is_a_fault() -> None:
    with (
        QuirkyServer(endless(b": still there\n\n")) as server,
        pytest.raises(ModelFault, match=r"no end of the answer after 0\.3 s"),
    ):
        model_of(server, waits=patience(attempts=1, answer_s=0.3)).complete(ask())


def test_a_first_token_may_take_longer_than_a_stall_though_the_server_says_hello() -> None:
    def loads(exchange: Exchange) -> None:
        raw(event(delta(role="assistant")))(exchange)
        exchange.server.owner.released.wait(0.6)
        exchange.write(event(delta(content="ready")) + DONE)

    with QuirkyServer(loads) as server:
        reply = model_of(server, waits=patience(attempts=1, stall_s=0.2)).complete(ask())
    assert reply.text == "ready"


REFUSALS = {
    "wrong key": (refuses(401, {"error": f"bad key {KEY}"}), r"refuses the API key \(HTTP 401: bad key \*\*\*\)"),
    "forbidden": (refuses(403), "refuses the API key"),
    "wrong path": (refuses(404, {"detail": "Not Found"}), r"Not Found\); does the URL end in /v1\?"),
    "wrong method": (refuses(405, {}), r"does the URL end in /v1\?"),
    "wrong path, says LM Studio": (plain({"error": "Unexpected endpoint or method."}), "end in /v1"),
    "a web page": (raw(b"\n<!doctype html><p>Hi</p>"), r"web page\); does the URL end in /v1\?"),
    "bad request": (refuses(400, {"error": {"message": "seed is not supported"}}), "seed is not supported"),
    "unprocessable": (refuses(422, {"detail": [{"msg": "too hot"}]}), "too hot"),
    "other": (refuses(418, "teapot"), "HTTP 418: teapot"),
    "no credit": (refuses(429, {"error": {"code": "insufficient_quota", "message": "Pay."}}), "no credit left"),
    "moved": (refuses(307, Location="https://elsewhere/v1"), "redirects to https://elsewhere/v1"),
    "moved nowhere": (refuses(302), "redirects to elsewhere"),
    "unknown model": (
        refuses(404, {"error": {"message": "model 'x' not found, try pulling it first"}}),
        "it offers quirky-7b, quirky-1b; choose one with --model",
    ),
    "unknown model, by code": (refuses(404, {"error": {"code": "model_not_found"}}), "it offers quirky-7b"),
    "unknown model, as a bad request": (refuses(400, {"error": "Model `x` does not exist."}), "it offers quirky-7b"),
}


@pytest.mark.parametrize(("quirk", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_will_not_pass_is_refused_with_one_line_and_without_the_key(quirk: Quirk, message: str) -> None:
    time = SkippingTime()
    with QuirkyServer(quirk, models=("quirky-7b", "quirky-1b")) as server, pytest.raises(ModelRefused) as refused:
        model_of(server, time=time).complete(ask())
    said = str(refused.value)
    assert re.search(message, said)
    assert re.fullmatch("[ -~]+", said)
    assert KEY not in said
    assert time.slept_s == 0


@pytest.mark.parametrize("listing", [refuses(500), refuses(404, {"error": "model list not found"})])
def test_an_unknown_model_is_refused_also_where_no_models_are_listed(listing: Quirk) -> None:
    unknown = refuses(404, {"error": {"message": "model 'x' not found"}})
    with QuirkyServer(unknown, models=listing) as server, pytest.raises(ModelRefused, match="offers nothing"):
        model_of(server).complete(ask())


def test_a_wrong_key_is_refused_while_models_are_listed() -> None:
    with QuirkyServer(says("x"), models=refuses(401)) as server, pytest.raises(ModelRefused, match="API key"):
        model_of(server).list_models()


def test_what_a_server_says_cannot_steer_a_terminal_or_flood_it() -> None:
    with QuirkyServer(refuses(400, {"error": "\x1b[2J\n" + "x" * 5000})) as server, pytest.raises(ModelRefused) as no:
        model_of(server).complete(ask())
    assert r"\x1b[2J xxx" in str(no.value)
    assert len(str(no.value)) < 500


def test_an_endless_error_is_cut_off() -> None:
    with (
        QuirkyServer(endless(b"x" * 10_000, status=400)) as server,
        pytest.raises(ModelRefused, match="characters left out"),
    ):
        model_of(server).complete(ask())


OVERFLOWS = {
    "OpenAI": refuses(400, {"error": {"message": "Too long.", "code": "context_length_exceeded"}}),
    "llama.cpp": refuses(
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_ctx": 4096,
            }
        },
    ),
    "llama.cpp's words alone": refuses(500, {"error": "the request exceeds the available context size."}),
    "llama-cpp-python": refuses(400, {"error": {"message": "Requested tokens (9) exceed context window of 8"}}),
    "vLLM": refuses(400, {"object": "error", "message": "This model's maximum context length is 4096 tokens. However"}),
    "vLLM, by prompt": refuses(400, {"message": "The decoder prompt is longer than the maximum model length of 8"}),
    "LM Studio": chunks(
        {"error": {"message": "Trying to keep the first 9 tokens when context the overflows. However, the model"}}
    ),
    "LM Studio, newer": plain(
        {"error": "The number of tokens to keep from the initial prompt is greater than the context length."}
    ),
    "LM Studio, MLX": refuses(400, {"error": "Context size has been exceeded."}),
    "LM Studio, in mid-answer": chunks(
        delta(content="x"), {"error": {"message": "Reached context length of 4096 tokens with model (arch: x)"}}
    ),
    "Ollama": refuses(400, {"error": {"message": "prompt too long; exceeded max context length by 4 tokens"}}),
    "Anthropic's words": refuses(400, {"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}),
    "SGLang": refuses(400, {"message": "The input (9 tokens) is longer than the model's context length (8 tokens)."}),
    "TGI": refuses(422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9 `inputs` tokens"}),
    "too large": refuses(413),
}


@pytest.mark.parametrize("quirk", OVERFLOWS.values(), ids=OVERFLOWS)
def test_a_prompt_that_is_too_long_is_known_in_every_dialect_at_the_first_answer(quirk: Quirk) -> None:
    with QuirkyServer(quirk) as server, pytest.raises(ContextOverflow, match="do not fit the model's context"):
        model_of(server).complete(ask())
    assert len(server.requests) == 1


def test_a_model_that_does_not_fit_into_memory_is_no_overflow() -> None:
    said = {"error": {"message": "cannot load the model with context length 131072: out of memory"}}
    with QuirkyServer(refuses(500, said), says("x")) as server:
        assert model_of(server).complete(ask()).text == "x"


def test_a_prompt_that_cannot_fit_is_not_sent() -> None:
    with QuirkyServer(says("x")) as server:
        model = model_of(server, context_tokens=1000)
        assert model.complete(ask("word " * 700, max_tokens=100)).text == "x"
        with pytest.raises(ContextOverflow, match="879 tokens of prompt and room for 200 more, in a context of 1000"):
            model.complete(ask("word " * 700, max_tokens=200))
    assert len(server.requests) == 1


def test_a_prompt_that_the_server_shortened_silently_is_an_overflow() -> None:
    with (
        QuirkyServer(chunks(delta(content="x"), delta("stop"), usage(2050, 1))) as server,
        pytest.raises(ContextOverflow, match="read only 2050 of about 5004 tokens and did not say so"),
    ):
        model_of(server).complete(ask("word " * 4000))


@pytest.mark.parametrize(("words", "counted"), [(4000, 2600), (700, 100), (4000, 0)])
def test_a_count_that_may_be_right_or_is_none_is_no_overflow(words: int, counted: int) -> None:
    with QuirkyServer(whole("x", usage={"prompt_tokens": counted, "completion_tokens": 1})) as server:
        assert model_of(server).complete(ask("word " * words)).text == "x"


def test_an_answer_that_ends_twice_at_the_same_length_has_filled_the_context() -> None:
    full = chunks(delta(content="def f("), delta("length"), usage(4000, 96))
    with QuirkyServer(full) as server, pytest.raises(ContextOverflow, match="twice at 4096 tokens in all"):
        model_of(server).complete(ask())
    assert len(server.requests) == 2


def test_one_situation_is_logged_once_however_often_it_is_tried() -> None:
    quirks = [refuses(429), refuses(429), refuses(429), refuses(429), refuses(500), says("x")]
    with QuirkyServer(*quirks) as server, capture_logs() as logged:
        model = model_of(server)
        with pytest.raises(ModelFault):
            model.complete(ask())
        model.complete(ask())
    assert [(entry["event"], entry["trouble"]) for entry in logged] == [
        ("model.retry", "busy"),
        ("model.fault", "busy"),
        ("model.retry", "server_error"),
        ("model.recovered", "server_error"),
    ]


def test_a_recovery_is_logged_and_trouble_after_it_again() -> None:
    with QuirkyServer(refuses(429), says("x"), refuses(429), says("x")) as server, capture_logs() as logged:
        model = model_of(server)
        model.complete(ask())
        model.complete(ask())
    assert [entry["event"] for entry in logged] == ["model.retry", "model.recovered"] * 2
    assert KEY not in str(logged)
