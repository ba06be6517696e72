"""What a person may give as the model's URL, and what it is taken for."""

import pytest

from utils.errors import InputError
from utils.llm_endpoint import Endpoint


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://localhost:1234/v1", "http://localhost:1234/v1"),
        ("http://localhost:1234", "http://localhost:1234/v1"),
        ("http://localhost:1234/", "http://localhost:1234/v1"),
        (" http://localhost:1234/v1/ ", "http://localhost:1234/v1"),
        ("http://localhost:1234/v1/chat/completions", "http://localhost:1234/v1"),
        ("http://localhost:1234/v1/chat/completions/", "http://localhost:1234/v1"),
        ("http://localhost:1234/v1/models", "http://localhost:1234/v1"),
        ("http://localhost:1234/chat/completions", "http://localhost:1234/v1"),
        ("https://example.org/api/openai", "https://example.org/api/openai"),
        ("HTTP://LOCALHOST:1234", "http://LOCALHOST:1234/v1"),
        ("localhost:1234", "http://localhost:1234/v1"),
        ("ollama:11434", "http://ollama:11434/v1"),
        ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("192.168.0.7:8080", "http://192.168.0.7:8080/v1"),
        ("[::1]:8080", "http://[::1]:8080/v1"),
        ("host.docker.internal:1234", "http://host.docker.internal:1234/v1"),
        ("box.local", "http://box.local/v1"),
        ("api.example.org/v1", "https://api.example.org/v1"),
        ("my_service:80", "http://my_service:80/v1"),
    ],
)
def test_a_url_is_taken_for_what_is_meant(given: str, meant: str) -> None:
    assert Endpoint.from_url(given).url == meant


@pytest.mark.parametrize(
    "given",
    [
        "",
        "   ",
        "http://",
        "http:/localhost:1234",
        "ftp://localhost",
        "http://local host/",
        "http://localhost:12345678",
        "http://localhost:port",
        "http://localhost:",
        "http://[::1",
        "http://[::zz]/",
        "http://a..b/",
        f"http://{'a' * 64}.org/",
        "http://-x-/",
        "http://localhost/v1?key=1",
        "http://localhost/v1#x",
        "http://localhost/\x1b[2J",
        "http://localhost\\v1",
        "/v1",
    ],
)
def test_what_cannot_be_a_url_is_refused_in_one_line(given: str) -> None:
    with pytest.raises(InputError, match=r"^[ -~]+$"):
        Endpoint.from_url(given)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError) as refused:
        Endpoint.from_url("http://me:hush@localhost:1234")
    assert "hush" not in str(refused.value)


def test_a_key_is_tidied_and_hidden() -> None:
    endpoint = Endpoint.from_url("localhost:1", model=None, api_key=" sk-1\n", context_tokens=4096)
    assert (endpoint.api_key, endpoint.model, endpoint.context_tokens) == ("sk-1", "", 4096)
    assert "sk-1" not in repr(endpoint)


@pytest.mark.parametrize("key", ["a b", "a\nb", "clé"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InputError) as refused:
        Endpoint.from_url("localhost:1", api_key=key)
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1234", True),
        ("http://LOCALHOST", True),
        ("http://me.localhost", True),
        ("http://127.8.8.8", True),
        ("http://0.0.0.0:80", True),
        ("http://[::1]:80", True),
        ("http://host.docker.internal", True),
        ("http://192.168.0.7", False),
        ("http://ollama:11434", False),
        ("https://example.org", False),
    ],
)
def test_this_machine_is_known_as_such(url: str, local: bool) -> None:  # noqa: FBT001  a column of the table
    assert Endpoint.from_url(url).local is local
