"""The model client against servers that do what they should, more or less."""

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.utils.asking import KEY, SCHEMA, SkippingTime, ask, model_of, patience
from tests.utils.quirky_server import (
    DONE,
    Exchange,
    QuirkyServer,
    chunks,
    delta,
    endless,
    event,
    hangs,
    plain,
    raw,
    refuses,
    says,
    usage,
    whole,
)
from utils.completions import Message, Reply, Usage
from utils.errors import InputError, Interrupted, ModelFault, ModelRefused
from utils.llm_interface import Endpoint, OpenAIModel
from utils.text import visible

CHECKOUT = Path(__file__).resolve().parents[2]


def test_an_answer_comes_whole_with_its_counts_and_the_servers_own_name() -> None:
    with QuirkyServer(chunks(delta(content="Hel"), delta(content="lo"), delta("stop"), usage(7, 2))) as server:
        reply = model_of(server, model="asked-for").complete(ask())
    assert reply == Reply(
        text="Hello", usage=Usage(prompt_tokens=7, completion_tokens=2), model="quirky-7b", wall_s=reply.wall_s
    )
    assert 0 < reply.wall_s < 5


def test_the_whole_request_is_sent() -> None:
    with QuirkyServer(says("x")) as server:
        model_of(server).complete(ask("Hi \ud800", temperature=0.5, top_p=0.9, max_tokens=99, seed=7))
        (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "quirky-7b",
        "messages": [{"role": "user", "content": "Hi \ufffd"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 99,
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_nothing_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "from-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Own: from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with QuirkyServer(says("x")) as server:
        model_of(server, api_key="").complete(ask())
        (request,) = server.requests
    assert {name.lower() for name in request.headers} == {
        "host",
        "accept",
        "content-type",
        "content-length",
        "user-agent",
        "accept-encoding",
    }


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with QuirkyServer(says("x")) as server:
        assert model_of(server).complete(ask()).text == "x"


def test_a_server_that_cannot_stream_is_not_asked_to_stream_again() -> None:
    with QuirkyServer(whole("All at once.", usage={"prompt_tokens": 3, "completion_tokens": 4})) as server:
        model = model_of(server)
        replies = [model.complete(ask()) for _ in range(2)]
        streamed = [body["stream"] for body in server.bodies]
    assert [reply.text for reply in replies] == ["All at once."] * 2
    assert replies[0].usage == Usage(prompt_tokens=3, completion_tokens=4)
    assert streamed == [True, False]


def test_one_body_may_take_longer_than_a_first_token_once_the_server_is_known_not_to_stream() -> None:
    def slow(exchange: Exchange) -> None:
        exchange.server.owner.released.wait(1.2)
        whole("late")(exchange)

    with QuirkyServer(whole("soon"), slow) as server:
        model = model_of(server, waits=patience(attempts=1, first_token_s=0.7, stall_s=0.7))
        assert [model.complete(ask()).text for _ in range(2)] == ["soon", "late"]


def test_reasoning_is_kept_apart_whatever_its_field_is_called() -> None:
    sent = chunks(
        delta(role="assistant", content=None),
        delta(reasoning_content="Let me ", reasoning="Let me "),
        delta(reasoning="think."),
        delta(content="42"),
        delta("stop"),
    )
    with QuirkyServer(sent) as server:
        reply = model_of(server).complete(ask())
    assert (reply.text, reply.reasoning) == ("42", "Let me think.")


def test_chunks_of_unusual_shape_are_read_for_what_they_hold() -> None:
    sent = raw(
        b": a comment\n\nevent: message\nid: 1\nretry: 5\n\n",
        event({"choices": None}),
        event({"choices": [], "usage": None, "prompt_filter_results": [{}]}),
        event({"choices": [None], "error": None}),
        event({"choices": [{"delta": None, "text": "a"}]}),
        event({"choices": [{"message": {"content": "b"}}]}),
        event(delta(content=[{"type": "text", "text": "c"}, 5], tool_calls=None, logprobs={"x": 1})),
        b'data:{"choices":[{"delta":{"content":"d"}}]}\r\n',
        event(delta(content="\ud83d") | {"usage": {"prompt_tokens": None, "completion_tokens": 2.5}}),
        event(delta(content="\ude00 \ud800")),
        event(delta("eos")),
    )
    with QuirkyServer(sent) as server:
        reply = model_of(server).complete(ask())
    assert (reply.text, reply.finish) == ("abcd\U0001f600 \ufffd", "stop")
    assert reply.usage == Usage(prompt_tokens=7, completion_tokens=3, estimated=True)


def test_a_stream_that_is_torn_anywhere_is_put_together() -> None:
    sent = b"".join(map(event, [delta(content="Grüße, "), delta(content="世界"), delta("stop")])) + DONE
    with QuirkyServer(raw(*[sent[i : i + 3] for i in range(0, len(sent), 3)])) as server:
        assert model_of(server).complete(ask()).text == "Grüße, 世界"


def test_an_answer_with_its_end_is_whole_even_if_the_stream_is_not() -> None:
    with QuirkyServer(hangs(event(delta(content="done")), event(delta("stop")))) as server:
        reply = model_of(server, waits=patience(stall_s=0.3)).complete(ask())
    assert (reply.text, len(server.requests)) == ("done", 1)


def test_an_endless_stream_is_an_outcome_of_limited_length() -> None:
    with QuirkyServer(endless(event(delta(content="ä" * 100)))) as server:
        reply = model_of(server, reply_limit_bytes=10_001).complete(ask())
    assert (reply.text, reply.finish) == ("ä" * 5000, "length")


def test_a_reply_cut_off_at_max_tokens_is_an_outcome() -> None:
    counted = chunks(delta(content="long"), delta("length"), usage(5, 100))
    uncounted = chunks(*[delta(content="w ") for _ in range(90)], delta("length"))
    with QuirkyServer(counted, uncounted) as server:
        model = model_of(server)
        replies = [model.complete(ask(max_tokens=100)) for _ in range(2)]
    assert [(reply.text, reply.finish) for reply in replies] == [("long", "length"), ("w " * 90, "length")]


def test_json_is_taken_from_the_reasoning_if_it_was_asked_for_and_put_there() -> None:
    sent = chunks(delta(reasoning_content='So: {"a": 1}'), delta(content="<think>\n</think>\n"), delta("stop"))
    with QuirkyServer(sent) as server:
        model = model_of(server)
        wished, plain_reply = model.complete(ask(json_schema=SCHEMA)), model.complete(ask())
    assert (wished.text, wished.reasoning) == ('{"a": 1}', 'So: {"a": 1}')
    assert plain_reply.text == "<think>\n</think>\n"


def test_reasoning_without_json_leaves_the_reply_as_it_is() -> None:
    with QuirkyServer(chunks(delta(reasoning="no idea"), delta("stop"))) as server:
        reply = model_of(server).complete(ask(json_schema=SCHEMA))
    assert (reply.text, reply.reasoning) == ("", "no idea")


def test_the_models_are_listed_in_the_servers_order() -> None:
    with QuirkyServer(says("x"), models=("b", "a")) as server:
        assert model_of(server).list_models() == ("b", "a")


def test_without_a_name_the_first_model_that_can_chat_is_taken_and_asked_for_once() -> None:
    with QuirkyServer(says("x"), models=("text-embedding-nomic", "coder-7b", "other")) as server:
        model = model_of(server, model="")
        model.complete(ask())
        model.complete(ask())
        assert (model.name, server.model_requests) == ("coder-7b", 1)
        assert [body["model"] for body in server.bodies] == ["coder-7b"] * 2


def test_without_a_name_a_server_without_a_list_says_how_to_name_the_model() -> None:
    with QuirkyServer(says("x"), models=refuses(404)) as server, pytest.raises(ModelRefused, match="--model"):
        model_of(server, model="").complete(ask())
    with QuirkyServer(says("x"), models=()) as server, pytest.raises(ModelRefused, match="lists no models"):
        model_of(server, model="").complete(ask())


@pytest.mark.parametrize("body", [{"models": []}, {"data": [{"name": 1}]}, [1], "x"])
def test_a_list_of_models_that_is_none_is_a_fault(body: object) -> None:
    with QuirkyServer(says("x"), models=plain(body)) as server, pytest.raises(ModelFault, match="list of models"):
        model_of(server).list_models()


def test_an_endless_list_of_models_is_a_fault() -> None:
    with QuirkyServer(says("x"), models=endless(b"x" * 65536)) as server, pytest.raises(ModelFault):
        model_of(server, waits=patience(attempts=1)).list_models()


def test_a_url_that_cannot_be_one_is_an_input_error() -> None:
    with pytest.raises(InputError, match="is no URL"):
        OpenAIModel(Endpoint(url=f"http://{'a' * 70}.example/v1"))


def test_several_threads_share_a_client() -> None:
    with QuirkyServer(says("fine")) as server, ThreadPoolExecutor(4) as pool:
        model = model_of(server)
        replies = list(pool.map(lambda n: model.complete(ask(str(n))).text, range(20)))
    assert replies == ["fine"] * 20
    assert sorted(int(body["messages"][0]["content"]) for body in server.bodies) == list(range(20))


@pytest.mark.parametrize("parts", [(), (event(delta(content="begun")),)])
def test_asking_to_stop_ends_an_exchange_at_once(parts: tuple[bytes, ...]) -> None:
    with QuirkyServer(hangs(*parts)) as server, pytest.raises(Interrupted, match="asked to stop"):
        model_of(server, stopping=server.busy.is_set).complete(ask())
    assert len(server.requests) == 1


def test_asking_to_stop_ends_a_stream_that_flows() -> None:
    stop = threading.Event()
    with QuirkyServer(endless(event(delta(content="x")))) as server:
        timer = threading.Timer(0.2, stop.set)
        timer.start()
        with pytest.raises(Interrupted):
            model_of(server, stopping=stop.is_set).complete(ask())
        timer.join()


def test_asking_to_stop_ends_the_wait_between_attempts() -> None:
    time = SkippingTime()
    with QuirkyServer(refuses(503)) as server, pytest.raises(Interrupted):
        model_of(server, time=time, stopping=lambda: time.slept_s > 0.5).complete(ask())
    assert 0.5 < time.slept_s < 0.7


def test_closing_ends_what_is_under_way_and_what_would_come() -> None:
    with QuirkyServer(hangs()) as server, ThreadPoolExecutor(1) as pool:
        model = model_of(server)
        reply = pool.submit(model.complete, ask())
        assert server.busy.wait(5)
        model.close()
        with pytest.raises(Interrupted):
            reply.result()
        with pytest.raises(Interrupted):
            model.list_models()


def test_no_socket_is_left_open_by_a_good_answer_or_a_bad_one() -> None:
    before = _open_sockets()
    with QuirkyServer(says("x"), refuses(500), hangs(event(delta(content="x"))), says("y")) as server:
        model = model_of(server, waits=patience(stall_s=0.2))
        assert [model.complete(ask()).text for _ in range(2)] == ["x", "y"]
    assert _open_sockets() == before


def _open_sockets() -> int:
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.startswith("socket:") for link in links)


def test_the_key_is_in_no_repr() -> None:
    endpoint = Endpoint.from_url("localhost:1", api_key=KEY)
    assert KEY not in repr(endpoint) + repr(OpenAIModel(endpoint))


def test_what_does_not_call_a_server_does_not_load_the_sdk() -> None:
    code = (
        "import sys, utils.completions, utils.text, utils.recordings, utils.llm_endpoint;"
        " sys.exit('openai' in sys.modules or 'httpx2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, timeout=9)


@pytest.fixture
def recorded_llm() -> Iterator[str]:
    shared = CHECKOUT.parent / "shared"
    tool, data = shared / "tools/recorded-llm", shared / "data/recorded/humaneval-codellama.jsonl"
    if not (tool.exists() and data.exists()):
        pytest.skip("../shared/tools/recorded-llm or its data is not beside this checkout")
    faults = ["--fail", "0.3", "--busy", "0.3", "--drop", "0.2", "--garble", "0.3", "--no-json", "--port", "0"]
    with subprocess.Popen(
        [sys.executable, str(tool), "--data", str(data), *faults], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        found = re.match(r"(http://\S+)", server.stdout.readline())
        assert found is not None
        yield found[1]
        server.terminate()


@pytest.mark.shared
def test_ten_answers_of_a_server_with_faults_of_every_kind_arrive_whole(recorded_llm: str) -> None:
    data = CHECKOUT.parent / "shared/data/recorded/humaneval-codellama.jsonl"
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()[:10]]
    time = SkippingTime()
    waits = patience(attempts=60, total_s=1e6)
    model = OpenAIModel(Endpoint.from_url(recorded_llm), waits, clock=time, sleep=time.sleep)
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda row: model.complete(ask(row["prompt"], json_schema=SCHEMA)), rows))
    assert [row["completion"].strip() in visible(reply.text) for row, reply in zip(rows, replies, strict=True)] == [
        True
    ] * 10
    assert [reply.finish for reply in replies] == ["stop"] * 10


def test_a_message_of_a_chat_keeps_its_role() -> None:
    chat = (Message("system", "Be short."), Message("user", "Hi"), Message("assistant", "Yo"), Message("user", "Bye"))
    with QuirkyServer(says("x")) as server:
        model_of(server).complete(type(ask())(messages=chat))
        roles = [message["role"] for message in server.bodies[0]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_a_server_that_nobody_listens_at_is_a_fault_that_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        time = SkippingTime()
        model = OpenAIModel(Endpoint(url=url, model="m"), patience(), clock=time, sleep=time.sleep)
        with pytest.raises(ModelFault) as fault:
            model.complete(ask())
    assert re.fullmatch(
        rf"no connection \(\[Errno \d+\] Connection refused\) at {url} \(3 attempts in 3 s\);"
        " start the model server or correct its URL",
        str(fault.value),
    )
